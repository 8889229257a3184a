"""The page that shows what was found: one file, nothing loaded from elsewhere."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from sagui.infer.errors import PhotoError
from sagui.infer.preprocess import read_photo
from sagui.train.audit import MAX_UNREADABLE_SHARE, TINY_PIXELS
from sagui.train.balance import MAX_RATIO
from sagui.train.data.findings import Findings, Group, disagree
from sagui.train.datasets.port import Dataset, Photo
from sagui.train.recipe.choices import SplitChoice

MAX_SHOWN = 50
"""Photos that are shown of each finding."""
_MAX_OF_GROUP = 8
_SIDE_PIXELS = 160
_JPEG_QUALITY = 80


@dataclass(frozen=True)
class Picture:
    """A thumbnail and what is written below it.

    Attributes:
        source: A data URI; empty if the photo cannot be shown.
        name: The photo's name.
        notes: Its labels, its set, its size.
    """

    source: str
    name: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """Photos side by side.

    Attributes:
        heading: What they have in common; may be empty.
        warning: What is wrong with them; may be empty.
        pictures: The first of them.
        more: How many more there are.
    """

    heading: str
    warning: str
    pictures: tuple[Picture, ...]
    more: int


@dataclass(frozen=True)
class Section:
    """One kind of finding.

    Attributes:
        name: For links.
        short: Its name in the list of sections.
        title: A heading.
        meaning: What it is and why it matters.
        action: What training does about it.
        well: What is said if nothing was found.
        count: What was found, in words; empty if nothing was.
        rows: Photos, group by group.
        more: How many more groups there are.
    """

    name: str
    short: str
    title: str
    meaning: str
    action: str
    well: str = "Nothing found."
    count: str = ""
    rows: tuple[Row, ...] = ()
    more: int = 0


def render(findings: Findings) -> str:
    """Makes the page, as HTML."""
    environment = Environment(
        # The look of the report of a training is the look of this page.
        loader=ChoiceLoader([PackageLoader("sagui.train.data"), PackageLoader("sagui.train.report")]),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = lambda count: f"{count:,}"
    return environment.get_template("inspect.html").render(
        findings=findings,
        dataset=findings.dataset,
        sections=_sections(findings),
        max_unreadable=f"{MAX_UNREADABLE_SHARE:.0%}",
        unreadable=list(findings.unreadable.items())[:MAX_SHOWN],
        max_ratio=f"{MAX_RATIO:g}",
        largest=max(findings.counts, default=0),
        balance=sorted(zip(findings.dataset.labels, findings.counts, strict=True), key=lambda row: -row[1]),
    )


def _sections(findings: Findings) -> list[Section]:
    dataset = findings.dataset
    return [
        _fill(section, groups, lambda group: _row(dataset, group))
        for section, groups in (
            (_CONTRADICTIONS, findings.contradictions),
            (_DUPLICATES, findings.duplicates),
            (_ALIKE, findings.alike),
        )
    ] + [
        _leak_section(findings),
        _fill(_BURSTS, findings.bursts, lambda group: replace(_row(dataset, group), warning="")),
        _tiny_section(findings),
    ]


def _leak_section(findings: Findings) -> Section:
    if not any(photo.part for photo in findings.dataset.photos):
        return replace(
            _LEAKS,
            well="These photos come without sets: training draws them, and keeps together what belongs together.",
        )
    why = {leak.photos: leak.why for leak in findings.leaks}
    return _fill(
        _LEAKS, [leak.photos for leak in findings.leaks], lambda group: _row(findings.dataset, group, why[group])
    )


def _tiny_section(findings: Findings) -> Section:
    sizes = {photo.name: f"{width}\u00d7{height} pixels" for photo, (height, width) in findings.tiny}
    photos = tuple(photo for photo, _ in findings.tiny)
    if not photos:
        return _TINY
    shown = tuple(_picture(findings.dataset, photo, sizes[photo.name]) for photo in photos[:MAX_SHOWN])
    return replace(_TINY, count=_photos(len(photos)), rows=(Row("", "", shown, len(photos) - len(shown)),))


def _fill(section: Section, groups: Sequence[Group], make: Callable[[Group], Row]) -> Section:
    """Shows groups until there are enough photos."""
    rows: list[Row] = []
    for group in groups:
        if sum(len(row.pictures) for row in rows) + min(len(group), _MAX_OF_GROUP) > MAX_SHOWN:
            break
        rows.append(make(group))
    if not groups:
        return section
    count = f"{_photos(sum(map(len, groups)))} in {len(groups)} group{'s' if len(groups) > 1 else ''}"
    return replace(section, count=count, rows=tuple(rows), more=len(groups) - len(rows))


def _row(dataset: Dataset, group: Group, heading: str = "") -> Row:
    pictures = tuple(_picture(dataset, photo) for photo in _various(group)[:_MAX_OF_GROUP])
    return Row(heading, "different labels" if disagree(group) else "", pictures, len(group) - len(pictures))


def _various(group: Group) -> Group:
    """The same photos, one of each kind first, so that it is seen what differs."""
    firsts = {(frozenset(photo.labels), photo.part): photo for photo in reversed(group)}.values()
    return tuple(sorted(group, key=lambda photo: photo not in firsts))


def _picture(dataset: Dataset, photo: Photo, note: str = "") -> Picture:
    labels = ", ".join(dataset.labels[number] for number in photo.labels) or "no label"
    return Picture(_thumbnail(dataset, photo), photo.name, tuple(filter(None, (labels, photo.part, note))))


def _thumbnail(dataset: Dataset, photo: Photo) -> str:
    try:
        pixels = read_photo(dataset.path(photo))
    except PhotoError:  # it was there a moment ago
        return ""
    scale = min(1.0, _SIDE_PIXELS / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    done, content = cv2.imencode(
        ".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    )
    return "data:image/jpeg;base64," + base64.b64encode(content.tobytes()).decode() if done else ""


def _photos(count: int) -> str:
    return f"{count:,} photo{'s' if count != 1 else ''}"


_CONTRADICTIONS = Section(
    "contradictions",
    "Labels",
    "The same photo under several labels",
    "These files are the same, byte for byte, but their labels differ. One of them must be wrong.",
    "Training leaves all of them out. Delete the wrong ones, and the right one is used.",
)
_DUPLICATES = Section(
    "duplicates",
    "Copies",
    "Copies",
    "These files are the same, byte for byte. A copy teaches nothing new, and one that is tested on after another was "
    "learned from measures memory.",
    "Training keeps the first of each group and leaves the others out.",
)
_ALIKE = Section(
    "alike",
    "Nearly the same",
    "Photos that look nearly the same",
    "Their perceptual hashes and their thumbnails agree: one picture saved again, or one scene a moment later. If some "
    "are learned from and others tested on, the result looks better than it is. Where their labels differ, look twice.",
    "Training keeps each group on one side of the split (split.near_duplicates), unless you chose the sets yourself.",
)
_LEAKS = Section(
    "leaks",
    "Leakage",
    "Leakage between the sets",
    "You chose the sets of these photos, and photos that belong together lie in several of them. What is learned from "
    "one is known of the other, so the result will be too good.",
    "Training keeps your sets and says so; of copies of one file, it keeps the first. Move each group into one set.",
)
_BURSTS = Section(
    "bursts",
    "Bursts",
    "Bursts",
    f"One camera took these within {SplitChoice().burst_seconds:g} seconds of one another, as their EXIF data say. "
    "They show one scene.",
    "Training keeps each burst on one side of the split (split.burst_seconds), unless you chose the sets yourself.",
)
_TINY = Section(
    "tiny",
    "Tiny",
    "Tiny photos",
    f"Their shorter side has fewer than {TINY_PIXELS} pixels. Enlarged to the network's input, they show little.",
    "Training uses them. Replace them by larger ones if you have any.",
)
