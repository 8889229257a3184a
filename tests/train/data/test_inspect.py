"""What `sagui data inspect` finds, and what its page shows."""

import base64
import shutil
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import ExifTags, Image

from sagui.train.data.findings import Findings
from sagui.train.data.inspect import inspect
from sagui.train.data.page import render
from sagui.train.datasets.port import Dataset, Part, Photo

Pixels = npt.NDArray[np.uint8]
LABELS = ("cat", "<dog> & pup")
TIMES = "\N{MULTIPLICATION SIGN}"


class Page(HTMLParser):
    """What a browser would show: text and pictures of each section, and what it would load or run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: dict[str, str] = {"": ""}
        self.pictures: dict[str, list[str]] = {"": []}
        self.links: list[str] = []
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self._section = ""
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self._hidden = tag == "style"
        if tag == "h2":
            self._section = found["id"]
            self.text[self._section], self.pictures[self._section] = "", []
        if tag == "img":
            self.pictures[self._section].append(found["alt"])
            self.loaded.append(found["src"])
        if tag == "a":
            self.links.append(found["href"])

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text[self._section] += data

    def handle_endtag(self, tag: str) -> None:
        self._hidden = self._hidden and tag != "style"


def scene(seed: int, height: int = 90, width: int = 120) -> Pixels:
    coarse = np.random.default_rng(seed).integers(0, 255, (9, 9, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


class Album:
    """Photos on the disk, and the dataset they make."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.photos: list[Photo] = []
        root.mkdir()

    def add(self, name: str, pixels: Pixels | bytes, label: int = 0, part: Part | None = None, group: str = "") -> None:
        path = self.root / name
        if isinstance(pixels, bytes):
            path.write_bytes(pixels)
        else:
            cv2.imwrite(str(path), pixels)
        self.photos.append(Photo(name, (label,), LABELS[label], group=group, part=part))

    def shoot(self, name: str, pixels: Pixels, second: int, part: Part | None = None) -> None:
        exif = Image.Exif()
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"2026:01:01 10:00:{second:02}"
        Image.fromarray(pixels).save(self.root / name, exif=exif)
        self.photos.append(Photo(name, (0,), LABELS[0], part=part))

    def dataset(self) -> Dataset:
        return Dataset("album", "My <album>", self.root, LABELS, tuple(self.photos), ("a note & more",))


@pytest.fixture
def album(tmp_path: Path) -> Album:
    found = Album(tmp_path / "album")
    for number in range(30):
        found.add(f"fine{number:02}.png", scene(number), number % 2)
    return found


def look(album: Album) -> tuple[Findings, Page]:
    out = album.root.parent / "out" / "inspect.html"
    findings = inspect(album.dataset(), out, album.root.parent / "cache")
    return findings, Page(out.read_text("utf-8"))


def names(group: tuple[Photo, ...]) -> list[str]:
    return [photo.name for photo in group]


SECTIONS = ["unreadable", "contradictions", "duplicates", "alike", "leaks", "bursts", "tiny", "balance", "sizes"]


def test_good_photos_are_said_to_be_good(album: Album) -> None:
    findings, page = look(album)
    assert findings.lines() == []
    assert list(page.text) == ["", *SECTIONS]
    assert page.links == [f"#{name}" for name in SECTIONS]
    assert "Nothing is wrong with these photos." in page.text[""]
    for name in ("unreadable", "contradictions", "duplicates", "alike", "bursts", "tiny"):
        assert page.text[name].count("Nothing found") == 1
    assert "come without sets" in page.text["leaks"]
    assert "No class has more than 3 times" in page.text["balance"]
    assert f"120{TIMES}90" in page.text["sizes"]
    assert not page.loaded


def test_nothing_is_loaded_from_elsewhere_and_names_are_escaped(album: Album) -> None:
    album.add("<script>alert(1)&.png", scene(0), 0)
    album.add("<b>broken.png", b"", 0)
    _, page = look(album)
    assert "script" not in page.tags
    assert "b" in page.tags  # captions
    assert page.pictures["duplicates"] == ["fine00.png", "<script>alert(1)&.png"]
    assert "<b>broken.png" in page.text["unreadable"]
    assert "<dog> & pup" in page.text["balance"]
    assert "My <album>" in page.text[""]
    assert "a note & more" in page.text[""]
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.loaded)
    assert not {"link", "script", "iframe", "object"} & set(page.tags)


def test_thumbnails_are_small_jpegs_of_the_photos(album: Album) -> None:
    album.add("large.png", scene(7, 900, 1200))
    album.add("large too.png", scene(7, 900, 1200))
    _, page = look(album)
    content = base64.b64decode(page.loaded[0].partition(",")[2])
    small = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert small is not None
    assert small.shape == (120, 160, 3)
    assert np.abs(small.astype(int) - scene(7, 120, 160)).mean() < 6


def test_any_number_of_unreadable_photos_is_shown_by_name_and_reason(album: Album) -> None:
    album.add("one.jpg", b"")
    findings, page = look(album)
    assert findings.lines() == ["1 photo cannot be read"]
    assert "one.jpg" in page.text["unreadable"]
    assert "the file is empty" in page.text["unreadable"]
    assert "Training leaves them out" in page.text["unreadable"]
    for number in range(60):
        album.add(f"broken{number}.jpg", b"no photo")
    findings, page = look(album)
    assert findings.lines()[0] == "61 photos cannot be read, more than 5%: training refuses them"
    assert "training refuses these photos" in page.text["unreadable"]
    assert "and 11 more" in page.text["unreadable"]


def test_not_a_single_photo_is_shown_too(tmp_path: Path) -> None:
    empty = Album(tmp_path / "album")
    empty.add("broken.jpg", b"no photo")
    findings, page = look(empty)
    assert findings.sizes is None
    assert "No photo can be read." in page.text["sizes"]


def test_copies_and_contradictions_are_shown(album: Album) -> None:
    for name, label in (("copy.png", 0), ("third.png", 0), ("wrong.png", 1)):
        source = "fine02.png" if label else "fine00.png"
        album.add(name, (album.root / source).read_bytes(), label)
    findings, page = look(album)
    assert findings.lines() == [
        "2 photos: the same file under several labels",
        "2 photos: the same file is there under another name",
    ]
    assert page.pictures["contradictions"] == ["fine02.png", "wrong.png"]
    assert "different labels" in page.text["contradictions"]
    assert page.pictures["duplicates"] == ["fine00.png", "copy.png", "third.png"]
    assert not page.pictures["alike"]


def test_near_duplicates_are_shown_side_by_side_those_of_two_labels_first(album: Album) -> None:
    album.add("again.jpg", scene(0), 0)
    album.add("smaller.jpg", scene(0, 60, 80), 0)
    album.add("other label.jpg", scene(2), 1)
    findings, page = look(album)
    assert findings.lines() == ["5 photos in 2 groups look nearly the same, 1 group under different labels"]
    assert [names(group) for group in findings.alike] == [
        ["fine02.png", "other label.jpg"],
        ["fine00.png", "again.jpg", "smaller.jpg"],
    ]
    assert page.pictures["alike"] == ["fine02.png", "other label.jpg", "fine00.png", "again.jpg", "smaller.jpg"]
    assert page.text["alike"].count("different labels") == 1


def test_a_large_group_shows_what_differs_first(album: Album) -> None:
    for number in range(20):
        album.add(
            f"series{number:02}.jpg", np.clip(scene(0).astype(int) + number, 0, 255).astype(np.uint8), int(number == 19)
        )
    findings, page = look(album)
    assert len(findings.alike[0]) == 21
    assert page.pictures["alike"][:3] == ["fine00.png", "series19.jpg", "series00.jpg"]
    assert len(page.pictures["alike"]) == 8
    assert "and 13 more" in page.text["alike"]


def test_at_most_fifty_photos_are_shown_of_a_finding(album: Album) -> None:
    for number in range(30):
        album.add(f"again{number:02}.png", (album.root / f"fine{number:02}.png").read_bytes(), number % 2)
    for number in range(60):
        album.add(f"tiny{number}.png", np.random.default_rng(number).integers(0, 255, (31, 40, 3), dtype=np.uint8))
    _, page = look(album)
    assert len(page.pictures["duplicates"]) == 50
    assert "and 5 more groups" in page.text["duplicates"]
    assert len(page.pictures["tiny"]) == 50
    assert "and 10 more" in page.text["tiny"]
    assert f"40{TIMES}31 pixels" in page.text["tiny"]


def test_bursts_are_shown(album: Album) -> None:
    for number, second in enumerate((1, 3, 5, 40)):
        album.shoot(f"shot{number}.jpg", scene(100 + number), second)
    findings, page = look(album)
    assert findings.lines() == ["3 photos in 1 burst"]
    assert page.pictures["bursts"] == ["shot0.jpg", "shot1.jpg", "shot2.jpg"]


def test_what_a_persons_sets_leak_is_shown(tmp_path: Path) -> None:
    album = Album(tmp_path / "album")
    parts: tuple[Part, ...] = ("train", "validation", "test")
    for number in range(30):
        album.add(f"fine{number:02}.png", scene(number), number % 2, parts[number % 3])
    _, page = look(album)
    assert page.text["leaks"].count("Nothing found.") == 1
    album.add("copy.png", (album.root / "fine00.png").read_bytes(), 0, "test")
    album.add("near.jpg", scene(3), 1, "test")
    album.add("near in its set.jpg", scene(6), 0, "train")
    album.add("near without a set.jpg", scene(9), 1)
    album.shoot("shot0.jpg", scene(100), 1, "train")
    album.shoot("shot1.jpg", scene(101), 2, "validation")
    album.add("night0.png", scene(102), 0, "train", "night")
    album.add("night1.png", scene(103), 0, "test", "night")
    findings, page = look(album)
    assert [(leak.why, names(leak.photos)) for leak in findings.leaks] == [
        ("the same file", ["fine00.png", "copy.png"]),
        ("nearly the same", ["fine03.png", "near.jpg"]),
        ("one burst", ["shot0.jpg", "shot1.jpg"]),
        ("one group", ["night0.png", "night1.png"]),
    ]
    assert "leakage: 4 groups of photos that belong together, in several sets" in findings.lines()
    assert page.pictures["leaks"] == [name for leak in findings.leaks for name in names(leak.photos)]
    assert "the same file" in page.text["leaks"]
    assert "cat, test" in page.text["leaks"]


def test_uneven_classes_are_shown_as_bars(album: Album) -> None:
    for number in range(40):
        album.add(f"more{number}.png", scene(200 + number), 0)
    findings, page = look(album)
    (line,) = findings.lines()
    assert line.startswith("class imbalance: class 'cat' has 55 photos and '<dog> & pup' has 15, 3.7 times as many")
    assert "Uneven:" in page.text["balance"]
    out = (album.root.parent / "out" / "inspect.html").read_text("utf-8")
    assert "width: 100.0%" in out
    assert "width: 27.3%" in out


def test_a_photo_that_went_away_meanwhile_is_not_shown(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    album.add("copy.png", (album.root / "fine00.png").read_bytes())

    def late(findings: Findings) -> str:
        (album.root / "copy.png").unlink()
        return render(findings)

    monkeypatch.setattr("sagui.train.data.inspect.render", late)
    _, page = look(album)
    assert page.pictures["duplicates"] == ["fine00.png"]
    assert "cannot be shown" in page.text["duplicates"]


def test_sizes_are_summed_up(tmp_path: Path) -> None:
    album = Album(tmp_path / "album")
    for number, (height, width) in enumerate(((40, 50), (40, 50), (400, 300), (100, 90), (60, 70))):
        album.add(f"{number}.png", scene(number, height, width))
    sizes = look(album)[0].sizes
    assert sizes is not None
    assert (sizes.smallest, sizes.median, sizes.largest) == ((40, 50), (60, 70), (400, 300))
    assert sizes.common[0] == ((40, 50), 2)


def test_the_page_replaces_an_old_one_and_the_photos_stay(album: Album) -> None:
    before = {path.name: path.read_bytes() for path in album.root.iterdir()}
    look(album)
    shutil.copy(album.root / "fine00.png", album.root / "unlisted.png")
    look(album)
    (album.root / "unlisted.png").unlink()
    assert {path.name: path.read_bytes() for path in album.root.iterdir()} == before
    assert [path.name for path in (album.root.parent / "out").iterdir()] == ["inspect.html"]
