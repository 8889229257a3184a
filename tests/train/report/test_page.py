"""The report, as a browser shows it."""

import re
import subprocess
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sagui.bundle.metrics import proportion
from sagui.train.calibration import Calibration
from sagui.train.quality import Predictions, Quality, accuracy, quality
from sagui.train.recipe.choices import Task
from sagui.train.report.charts import plot_confusion, plot_curves
from sagui.train.report.facts import Facts, LayerRow, Mistake, Picture
from sagui.train.report.page import describe_calibration, render_report, write_report
from sagui.train.unknowns import judge_unknowns
from sagui.train.watch import Epoch

RNG = np.random.default_rng(0)
EVERY_SECTION = (
    "result", "curves", "confusion", "classes", "two-classes", "calibration", "mistakes", "pictures", "feature-maps",
    "unknowns", "folds", "layers", "recipe", "data",
)  # fmt: skip


def predictions(labels: int, n: int = 200, *, several: bool = False) -> Predictions:
    """A network that is often right."""
    rng = np.random.default_rng(labels)
    truth = (rng.random((n, labels)) < 0.3) if several else np.eye(labels)[rng.integers(0, labels, n)] > 0
    logits = 2.0 * truth + rng.normal(0, 1, (n, labels))
    scores = 1 / (1 + np.exp(-logits)) if several else np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Predictions(tuple(f"photo{at}.png" for at in range(n)), truth.astype(np.float32), scores)


def history(losses: Sequence[float] = (1.0, 0.7, 0.5, 0.45, 0.44)) -> tuple[Epoch, ...]:
    probe = [Epoch("probe", at, loss, 0.5 + at / 20, loss, 0.5, 0.003, 1.0) for at, loss in enumerate(losses, 1)]
    tune = [Epoch("fine-tune", at, loss / 2, 0.9, loss / 2, 0.8, 0.001, 2.0) for at, loss in enumerate(losses, 1)]
    return (*probe, *tune)


def png(height: int = 40, width: int = 120) -> bytes:
    return cv2.imencode(".png", RNG.integers(0, 255, (height, width, 3), dtype=np.uint8))[1].tobytes()


def mistake(name: str = "cat/7.png") -> Mistake:
    photo = RNG.integers(0, 255, (32, 32, 3), dtype=np.uint8)
    return Mistake(name, "cat", "dog", 0.97, photo, RNG.random((4, 4)))


def facts(labels: Sequence[str] = ("cat", "dog"), task: Task = "single-label", **changes: Any) -> Facts:
    """A report's facts with every section."""
    test = predictions(len(labels), several=task == "multi-label")
    values: dict[str, Any] = {
        "title": "Pets",
        "backbone": "lenet-5",
        "created": "2026-01-02T03:04:05Z",
        "task": task,
        "labels": tuple(labels),
        "quality": quality(test, labels, task, 1.3, (0.5,) * len(labels) if task == "multi-label" else ()),
        "validation": accuracy(test, task),
        "history": history(),
        "recipe": '[backbone]\nname = "lenet-5"\n',
        "sizes": {"train": 700, "validation": 100, "test": 200},
        "notes": ("2 photos were left out.",),
        "layers": (LayerRow(0, "head", "Sequential", "2", 1234), LayerRow(1, "logits", "Dense", "2", 1234)),
        "pictures": (Picture("Sixteen augmented photos", "Each means the same as its original.", png(60, 60)),),
        "feature_maps": (Picture("First convolution", "Edges.", png()),),
        "mistakes": (mistake(),),
        "unknowns": judge_unknowns(test.scores, test.scores[::-1] * 0.8, labels, 1.3, task),
        "folds": (proportion(80, 100), proportion(90, 100)),
        "versions": {"keras": "3.15"},
        "seconds": {"fit": 12.34},
    }
    return Facts(**(values | changes))


class Page(HTMLParser):
    """What a test wants to know of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.sections: list[str] = []
        self.tags: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.in_cell = False
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"th", "td"}:
            self.in_cell = True
            self.tables[-1][-1].append("")
        if tag == "section":
            self.sections.append(attributes["id"])
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
        else:
            self.loaded += [
                attributes[name] for name in ("src", "href", "xlink:href", "data", "srcset") if name in attributes
            ]

    def handle_endtag(self, tag: str) -> None:
        if tag in {"th", "td"}:
            self.in_cell = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.in_cell:
            self.tables[-1][-1][-1] += " ".join(data.split())


@pytest.fixture
def browse(program: Callable[[str], str], tmp_path: Path) -> Callable[[Path], Page]:
    """Opens a page in a real browser, and gives what the browser made of it."""

    def open_page(path: Path) -> Page:
        command = [
            program("chromium"), "--headless", "--no-sandbox", "--disable-gpu",
            f"--user-data-dir={tmp_path / 'chromium'}", "--dump-dom", path.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return Page(done.stdout)

    return open_page


def test_a_browser_shows_every_section_and_loads_nothing(browse: Callable[[Path], Page], tmp_path: Path) -> None:
    write_report(tmp_path, facts())
    page = browse(tmp_path / "report.html")
    assert page.sections == list(EVERY_SECTION)
    assert set(page.links) == {f"#{name}" for name in EVERY_SECTION[1:]}
    assert page.tags.count("svg") == 7
    assert page.tags.count("img") == 4
    assert all(source.startswith(("data:image/", "#")) for source in page.loaded)
    assert "200 test photos are named right" in page.text
    assert "is cat, named dog (97.0\N{NO-BREAK SPACE}%)" in page.text
    assert "2-fold cross-validation: 85.0\N{NO-BREAK SPACE}% on average" in page.text
    assert "standard deviation of 7.1 points" in page.text


def test_nothing_in_the_page_points_to_another_site() -> None:
    html = render_report(facts())
    # Names of XML namespaces look like addresses; nothing else may.
    rest = re.sub(r'xmlns(:\w+)?="[^"]*"', "", html)
    assert not re.findall(r"https?://[^\s<]*", rest)
    assert "default-src 'none'" in html


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"unknowns": None}, "unknowns"),
        ({"folds": ()}, "folds"),
        ({"pictures": ()}, "pictures"),
        ({"feature_maps": ()}, "feature-maps"),
        ({"labels": ("cat", "dog", "owl")}, "two-classes"),
    ],
)
def test_what_was_not_measured_is_left_out(changes: dict[str, Any], missing: str) -> None:
    page = Page(render_report(facts(**changes)))
    assert page.sections == [name for name in EVERY_SECTION if name != missing]
    assert f"#{missing}" not in page.links


def test_the_headline_says_how_sure_it_is_and_what_guessing_would_reach() -> None:
    found = facts()
    text = " ".join(Page(render_report(found)).text.split())
    share = found.quality.accuracy
    assert f"{100 * share.value:.1f} % of 200 test photos are named right" in text
    assert f"lies between {100 * share.low:.1f} % and {100 * share.high:.1f} %" in text
    commonest = max(found.quality.per_class, key=lambda one: one.n)
    assert f"the commonest class, {commonest.label}, would be right for {commonest.n / 2:.1f} %" in text


def test_confusion_is_told_in_counts_and_in_shares() -> None:
    photos = Predictions(tuple("abcdefg"), np.eye(3)[[0, 0, 0, 0, 1, 1, 1]], np.eye(3)[[0, 0, 0, 1, 1, 1, 2]])
    labels = ("cat", "dog", "owl")
    page = Page(render_report(facts(labels, quality=quality(photos, labels))))
    counts, shares = page.tables[:2]
    assert counts[1:] == [["cat", "3", "1", "0"], ["dog", "0", "2", "1"], ["owl", "0", "0", "0"]]
    assert shares[1] == ["cat", "75.0", "25.0", "0.0"]
    # No photo shows an owl: there is nothing to take a share of.
    assert shares[3] == ["owl", "\N{EN DASH}", "\N{EN DASH}", "\N{EN DASH}"]
    assert "Most often: cat taken for dog (1); dog taken for owl (1)." in page.text


def test_many_classes_are_a_picture_not_a_table() -> None:
    page = Page(render_report(facts([f"class {at}" for at in range(40)])))
    assert page.tags.count("table") == 3
    assert "large as" not in page.text
    assert page.tags.count("svg") == 6


def test_several_labels_have_measures_of_their_own() -> None:
    page = Page(render_report(facts(("cat", "dog", "owl"), "multi-label")))
    text = " ".join(page.text.split())
    assert "have every label right" in text
    assert "Hamming loss" in text
    assert "wrongly given" in text
    assert "commonest" not in text
    assert "Most often" not in text


def test_a_network_without_mistakes_says_so() -> None:
    photos = Predictions(("a", "b"), np.eye(2), np.eye(2) * 0.8 + 0.1)
    text = Page(render_report(facts(quality=quality(photos, ("cat", "dog")), mistakes=()))).text
    assert "There is none among the test photos" in text


def test_a_loss_that_is_no_number_is_drawn_and_told() -> None:
    page = Page(render_report(facts(history=history((1.0, 0.8, float("nan"), float("nan"))))))
    assert "Diverged" in page.text


def test_without_a_history_the_page_says_so() -> None:
    assert "No epoch was recorded" in Page(render_report(facts(history=()))).text


@pytest.mark.parametrize(
    "labels", [('<script>alert("x")</script>', "$5 & $10"), ("$\\oops$", "_"), ("caf\u00e9", "\u732b")]
)
def test_labels_are_text_whatever_they_hold(labels: tuple[str, str], tmp_path: Path) -> None:
    page = Page(render_report(facts(labels, notes=(f"in {labels[0]}",), mistakes=(mistake(f"{labels[0]}/1.png"),))))
    assert "script" not in page.tags
    assert page.text.count(labels[0]) > 5
    plot_confusion(facts(labels).quality, labels, tmp_path / "confusion.png")
    assert cv2.imread(str(tmp_path / "confusion.png")) is not None


def test_charts_take_the_colours_of_the_page() -> None:
    html = render_report(facts())
    for chart in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        assert "var(--ink)" in chart
        assert not re.findall(r"#0[1-4]0[1-4]0[1-4]\b", chart)
        assert "#000000" not in chart


def test_the_same_facts_give_the_same_page() -> None:
    found = facts()
    assert render_report(found) == render_report(found)


def calibration(confidence: float, before: float, after: float) -> Calibration:
    judged = quality(Predictions(("a",), np.eye(2)[[0]], np.array([[confidence, 1 - confidence]])), ("a", "b"))
    bins = judged.calibration.before
    return Calibration(temperature=1.5, ece_before=before, ece_after=after, before=bins, after=bins)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (calibration(0.9, 0.10, 0.02), "less sure than it could be: scores and shares are 10.0 points apart"),
        (calibration(0.9, 0.10, 0.02), "brings it down to 2.0"),
        (calibration(0.9, 0.10, 0.12), "does not help here: it is then 12.0"),
        (calibration(0.9, 0.02, 0.02), "The scores mean what they say"),
        (calibration(0.9, 0.02, 0.02), "changes that little"),
    ],
)
def test_calibration_is_told_in_words(found: Calibration, said: str) -> None:
    assert said in describe_calibration(found)


def test_a_network_that_is_too_sure_is_told_so() -> None:
    photos = Predictions(("a", "b"), np.eye(2)[[0, 1]], np.array([[0.9, 0.1], [0.9, 0.1]]))
    judged = quality(photos, ("a", "b")).calibration
    assert "surer than it should be: scores and shares are 40.0 points apart" in describe_calibration(judged)


def test_a_low_score_of_several_labels_is_a_no_and_may_be_too_timid() -> None:
    photos = Predictions(("a", "b"), np.eye(2)[[0, 1]], np.array([[0.7, 0.3], [0.3, 0.7]]))
    judged = quality(photos, ("a", "b"), "multi-label").calibration
    assert "less sure than it could be" in describe_calibration(judged, several=True)


def size(path: Path) -> tuple[int, int]:
    picture = cv2.imread(str(path))
    assert picture is not None
    height, width, _ = picture.shape
    return width, height


def test_curves_are_written_as_a_picture(tmp_path: Path) -> None:
    plot_curves(history(), tmp_path / "curves.png")
    assert size(tmp_path / "curves.png") == (1080, 432)


@pytest.mark.parametrize("labels", [2, 12, 150])
def test_a_confusion_matrix_of_any_size_is_written_as_a_picture(tmp_path: Path, labels: int) -> None:
    found: Quality = quality(predictions(labels), [str(at) for at in range(labels)])
    plot_confusion(found, [f"a long name {at}" for at in range(labels)], tmp_path / "confusion.png")
    width, height = size(tmp_path / "confusion.png")
    assert 300 < height < width < 2100


def test_several_labels_are_drawn_as_found_missed_and_wrongly_given(tmp_path: Path) -> None:
    found = facts(("cat", "dog", "owl"), "multi-label")
    plot_confusion(found.quality, found.labels, tmp_path / "confusion.png")
    assert size(tmp_path / "confusion.png")[0] == 960
