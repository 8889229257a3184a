"""What must hold of classes and sets, wherever the photos come from. Pure rules, no I/O."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from sagui.train.datasets.port import Part, Photo
from sagui.train.errors import DatasetError

MAX_LABEL_CHARACTERS = 200
"""As many as the manifest of a bundle takes."""

PARTS: dict[str, Part] = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
"""What people call the sets of a split."""


def part_called(word: str) -> Part | None:
    """The set that a word means, in any case; None if it means none."""
    return PARTS.get(word.strip().lower())


def are_sets(folders: Iterable[str]) -> bool:
    """Whether folders of these names hold sets and not classes: one is train, and one is another set."""
    parts = {part_called(name) for name in folders} - {None}
    return "train" in parts and len(parts) > 1


def class_names(places: Mapping[str, str]) -> dict[str, str]:
    """The name of each class, from how its label was written.

    Args:
        places: Where each label was found first, for messages.

    Returns:
        What was written, to the name: without space around it, in Unicode's composed form.

    Raises:
        DatasetError: A label cannot be one, or two differ only in what nobody sees.
    """
    names: dict[str, str] = {}
    alike: dict[str, str] = {}
    for written, place in places.items():
        names[written] = _class_name(written, place)
        twin = alike.setdefault(" ".join(names[written].lower().split()), written)
        if twin != written:
            raise DatasetError(
                f"labels {twin!r} ({places[twin]}) and {written!r} ({place}) differ only by case or space; "
                "write both alike if they are one class, or give them different names"
            )
    return names


def _class_name(written: str, place: str) -> str:
    name = unicodedata.normalize("NFC", written.strip())
    if not name:
        raise DatasetError(f"{place}: the label is empty; write what the photo shows")
    if not name.isprintable():
        raise DatasetError(f"{place}: label {written!r} holds characters that cannot be shown; rename it")
    if len(name) > MAX_LABEL_CHARACTERS:
        raise DatasetError(
            f"{place}: label {name[:20]!r}... has {len(name)} characters; {MAX_LABEL_CHARACTERS} at most, shorten it"
        )
    return name


def check_sets(photos: Sequence[Photo], labels: Sequence[str], source: str) -> None:
    """Makes sure that each set a person made holds every class.

    A class that is not learned from cannot be named, and one that is missing elsewhere cannot be measured. Photos
    without a set are to be split later, so they count as photos to learn from.

    Raises:
        DatasetError: A class is missing in a set.
    """
    given = {photo.part for photo in photos}
    if given <= {None}:
        return
    learned: tuple[Part | None, ...] = ("train", None)
    for part, members in (("train", learned), ("validation", ("validation",)), ("test", ("test",))):
        if part != "train" and part not in given:
            continue
        held = {number for photo in photos if photo.part in members for number in photo.labels}
        missing = [label for number, label in enumerate(labels) if number not in held]
        if missing:
            raise DatasetError(
                f"{source}: the {part} set has no photo of {_named(missing)}; put some there, or remove the class, "
                "or name no sets and let sagui split"
            )


def _named(labels: Sequence[str]) -> str:
    shown = ", ".join(repr(label) for label in labels[:5])
    what = "class" if len(labels) == 1 else "classes"
    return f"{what} {shown}{f' and {len(labels) - 5} more' if len(labels) > 5 else ''}"  # noqa: PLR2004 (as shown)
