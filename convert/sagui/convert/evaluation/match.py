"""Which of a model's labels mean which of the photos' classes. Pure rules, no I/O."""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from sagui.convert.errors import ConvertError

_NAMED = 5
_COLUMNS = ("class", "label")

Pairs = Sequence[tuple[str, str]]
"""Classes of the photos, each with a label of the model that means it."""


@dataclass(frozen=True)
class Matching:
    """A model's labels and the classes of photos, brought together.

    Attributes:
        names: What a photo may be called: the classes in their order, then what else the model can say.
        answers: For each output of the model, a number in ``names``.
        known: The numbers of the classes that the model can name.
        notes: What a person should know about how they were matched, a sentence each.
    """

    names: tuple[str, ...]
    answers: tuple[int, ...]
    known: frozenset[int]
    notes: tuple[str, ...] = ()


def match(
    classes: Sequence[str], labels: Sequence[str], pairs: Pairs = (), *, ignore_unknown: bool = False
) -> Matching:
    """Finds the labels that mean each class: those it is paired with, or of the same name, or else of a similar one.

    Outputs with the same label are one answer. Similar are names that differ only by case, space or underscores.

    Args:
        classes: Of the photos.
        labels: One for each output of the model.
        pairs: What a person said; a class may have several labels. It is not looked for by its name any more.
        ignore_unknown: Accept classes that the model has no label for.

    Raises:
        ConvertError: A pair names what is not there, a label would mean two classes, or a class has no label.
    """
    owners = _paired(classes, labels, pairs)
    owners |= _equal(classes, labels, owners)
    similar = _similar(classes, labels, owners)
    owners |= similar
    known = frozenset(owners.values())
    unknown = [name for number, name in enumerate(classes) if number not in known]
    if not known or (unknown and not ignore_unknown):
        raise ConvertError(_lacking(unknown, classes, labels))
    names, answers = _answers(classes, labels, owners)
    return Matching(names, answers, known, tuple(_notes(similar, names, classes, labels)))


def fold(name: str) -> str:
    """A name without what is easily written otherwise: case, space, underscores, Unicode's form.

    >>> fold(" Ankle_Boot ") == fold("ankle  boot")
    True
    """
    # Folding takes letters apart, and what it leaves may come together with an accent behind it.
    folded = unicodedata.normalize("NFD", name.replace("_", " ")).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def read_pairs(text: str, source: str) -> tuple[tuple[str, str], ...]:
    """Reads which label means which class, from a table: ``class,label``, a pair a line.

    Args:
        text: The table; its first line may name the columns.
        source: What it is called, for messages.

    Raises:
        ConvertError: A line has no two cells, a cell is empty, or there is no line at all.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        pairs = [_pair(cells, f"{source}, line {reader.line_num}") for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise ConvertError(f"{source}, line {reader.line_num}: cannot be read: {error}; {_HOW}") from error
    if pairs and tuple(map(fold, pairs[0])) == _COLUMNS:
        del pairs[0]
    if not pairs:
        raise ConvertError(f"{source}: no pairs; write one a line: the photos' class, a comma, the model's label")
    return tuple(pairs)


_HOW = "write the photos' class, a comma, the model's label; a name with commas in quotes"


def _pair(cells: Sequence[str], where: str) -> tuple[str, str]:
    if len(cells) != len(_COLUMNS) or not all(map(str.strip, cells)):
        raise ConvertError(f"{where}: {len(cells)} cells ({', '.join(map(repr, cells))}), not two names; {_HOW}")
    name, label = cells
    return name.strip(), label.strip()


def _paired(classes: Sequence[str], labels: Sequence[str], pairs: Pairs) -> dict[int, int]:
    """The class of each output that a person has paired."""
    owners: dict[int, int] = {}
    for name, label in pairs:
        # Classes are unique; the first of equal ones is the one.
        number = _places(name, classes, "class of the photos")[0]
        for output in _places(label, labels, "label of the model"):
            other = owners.setdefault(output, number)
            if other != number:
                raise ConvertError(
                    f"label {labels[output]!r} is paired with the classes {classes[other]!r} and {classes[number]!r}; "
                    "a label can mean one class only: make one class of them"
                )
    return owners


def _places(name: str, names: Sequence[str], what: str) -> list[int]:
    """Where a name stands: as it is written, or else a similar one."""
    places = [at for at, one in enumerate(names) if one == name]
    places = places or [at for at, one in enumerate(names) if fold(one) == fold(name)]
    if not places:
        raise ConvertError(f"{name!r} is no {what}{_near(name, names)}")
    return places


def _equal(classes: Sequence[str], labels: Sequence[str], owners: Mapping[int, int]) -> dict[int, int]:
    settled = set(owners.values())
    numbers = {name: number for number, name in enumerate(classes) if number not in settled}
    return {at: numbers[label] for at, label in enumerate(labels) if at not in owners and label in numbers}


def _similar(classes: Sequence[str], labels: Sequence[str], owners: Mapping[int, int]) -> dict[int, int]:
    settled = set(owners.values())
    numbers: dict[str, list[int]] = {}
    for number, name in enumerate(classes):
        if number not in settled:
            numbers.setdefault(fold(name), []).append(number)
    found = {at: numbers.get(fold(label), []) for at, label in enumerate(labels) if at not in owners}
    for at, meant in found.items():
        if len(meant) > 1:
            both = " and ".join(repr(classes[number]) for number in meant)
            raise ConvertError(f"the classes {both} both mean the label {labels[at]!r}; make one class of them")
    return {at: meant[0] for at, meant in found.items() if meant}


def _answers(
    classes: Sequence[str], labels: Sequence[str], owners: Mapping[int, int]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """All names, and the number of each output's."""
    names, numbers, answers = list(classes), dict[str, int](), []
    for at, label in enumerate(labels):
        if at in owners:
            answers.append(owners[at])
            continue
        if label not in numbers:
            numbers[label] = len(names)
            # The pairs may have given a label of the class's own name another meaning.
            names.append(f"{label} (of the model)" if label in classes else label)
        answers.append(numbers[label])
    return tuple(names), tuple(answers)


def _notes(
    similar: Mapping[int, int], names: Sequence[str], classes: Sequence[str], labels: Sequence[str]
) -> Iterator[str]:
    if similar:
        alike = [f"{classes[number]!r} and {labels[at]!r}" for at, number in similar.items()]
        yield f"Taken for the same name: {_first(alike)}."
    if others := names[len(classes) :]:
        yield f"The model knows {len(others)} labels that no photo here has: {_first([repr(name) for name in others])}."


def _lacking(unknown: Sequence[str], classes: Sequence[str], labels: Sequence[str]) -> str:
    shown = _first([repr(name) for name in unknown])
    them = "any class" if len(unknown) == len(classes) else f"the {'class' if len(unknown) == 1 else 'classes'}"
    leave = "" if len(unknown) == len(classes) else ", or leave their photos out with --ignore-unknown-classes"
    return (
        f"the model has no label for {them} of the photos: {shown}{_near(unknown[0], labels)}; say which label means "
        f"which class with --map FILE{leave}"
    )


def _near(name: str, names: Sequence[str]) -> str:
    folded = {fold(one): one for one in names}
    # ImageNet's labels are lists of synonyms.
    holding = [one for one in folded if fold(name) in one]
    near = holding or get_close_matches(fold(name), folded, 1)
    return f" (did you mean {folded[near[0]]!r}?)" if near else f" (there are {_first([repr(one) for one in names])})"


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
