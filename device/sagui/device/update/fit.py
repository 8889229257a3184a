"""Whether a bundle can stand in the place of the model at work, on this camera. Pure rules, no I/O."""

from collections.abc import Sequence

from sagui.bundle import Manifest
from sagui.device.errors import UpdateError
from sagui.infer.load import LoadedModel

MOST_ENLARGED = 4.0
"""A picture that is made larger than so many times is mush: each of its pixels becomes sixteen."""


def check_fit(manifest: Manifest, old: LoadedModel, pictures: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Compares a bundle with the model at work and with what the camera gives.

    Args:
        manifest: The bundle's.
        old: The model at work.
        pictures: Height and width, in pixels, of what each stream looks at; empty if there was no frame yet.

    Returns:
        What a person should know, a line each.

    Raises:
        UpdateError: It cannot stand there.
    """
    check_name(manifest.name, old)
    # What the model at work does already is no reason against the next one.
    before = max((_enlarged(old.classifier.spec.height, old.classifier.spec.width, one) for one in pictures), default=1)
    spec = manifest.input
    after = max((_enlarged(spec.height, spec.width, one) for one in pictures), default=1)
    if after > max(MOST_ENLARGED, before):
        height, width = max(pictures, key=lambda one: _enlarged(spec.height, spec.width, one))
        raise UpdateError(
            f"{_name(manifest)} wants pictures of {spec.width} x {spec.height}, the camera gives {width} x {height}: "
            "choose a larger picture or region, or a model for smaller ones"
        )
    return tuple(_notes(manifest, old, enlarged=after > max(1, before)))


def check_name(model: str, old: LoadedModel) -> None:
    """Checks that a bundle is a version of the model at work.

    Raises:
        UpdateError: It is another model, or the one at work is no bundle.
    """
    if old.proof is None:
        raise UpdateError(f"{old.name} is a plain TFLite file, which has no versions; set `model` to a bundle (.sagui)")
    if model != old.name:
        raise UpdateError(f"the bundle is of {model}, and this device runs {old.name}; set `model` to change that")


def _notes(manifest: Manifest, old: LoadedModel, *, enlarged: bool) -> list[str]:
    spec, was = manifest.input, old.classifier.spec
    notes = []
    if enlarged:
        size = f"{spec.width} x {spec.height}"
        notes.append(f"{_name(manifest)} wants pictures of {size}, more than the camera gives: they are enlarged")
    if spec.channels < was.channels:
        notes.append(f"{_name(manifest)} sees grey, where {old.version} sees colours")
    gone = [label for label in old.classifier.labels if label not in manifest.labels]
    if gone:
        names = ", ".join(map(repr, gone[:3])) + (", ..." if len(gone) > 3 else "")  # noqa: PLR2004 (a short line)
        notes.append(f"{_name(manifest)} knows {len(gone)} labels of {old.version} no more: {names}")
    return notes


def _enlarged(height: int, width: int, picture: tuple[int, int]) -> float:
    return max(height / picture[0], width / picture[1])


def _name(manifest: Manifest) -> str:
    return f"{manifest.name} {manifest.version}"
