"""An evaluation on a terminal."""

import io

import msgspec
from rich.console import Console

from sagui.bundle.manifest import Decision
from sagui.bundle.metrics import proportion
from sagui.convert.evaluation.findings import Findings, Subject, find
from sagui.convert.evaluation.match import match
from sagui.convert.evaluation.score import Answer, Scored
from sagui.convert.evaluation.show import summary, write_terminal


def findings(classes: tuple[str, ...] = ("cat", "dog"), top: int = 1, threshold: float = 0.5) -> Findings:
    """Every photo is called the first class."""
    subject = Subject(
        model="pets", version="1.0.0", sha256="0" * 64, threads=2, engine="local", data="photos/", part="test"
    )
    answers = tuple(
        Answer(number, 0, 0.8, in_top=True, preprocess_ms=0.5, infer_ms=2.0) for number in range(len(classes))
    )
    scored = Scored(answers, {}, frozenset({"litert 9"}))
    return find(subject, scored, match(classes, classes), top, Decision(threshold=threshold), notes=("A [note].",))


def shown(found: Findings) -> str:
    console = Console(file=io.StringIO(), width=120)
    write_terminal(console, found)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_summary_says_it_all() -> None:
    rows = dict(summary(findings(top=2)))
    assert rows["model"] == "pets 1.0.0"
    assert rows["photos"] == "2 of photos/ (the test set)"
    assert rows["accuracy"] == "50.0% (95 % interval 9.5% to 90.5%)"
    assert rows["top-2 accuracy"].startswith("100.0%")
    assert rows["macro F1"] == "0.333"
    assert rows["calibration error"] == "30.0 points"
    assert rows["called unknown"].endswith("with a score under 0.5")
    assert rows["a photo takes"] == "2.5 ms on average: 0.5 to fit it, 2.0 in the network"
    assert rows["runtime"] == "litert 9, 2 threads, engine local"


def test_where_all_is_unknown_no_accuracy_is_made_up() -> None:
    assert dict(summary(findings(threshold=0.9)))["accuracy of the others"] == "no photos"


def test_classes_confusions_and_notes_are_shown_as_they_are_called() -> None:
    text = shown(findings(("[red]cat[/red]", "dog")))
    assert "[red]cat[/red]" in text
    assert "A [note]." in text
    assert "100.0%" in text


def test_of_many_classes_the_worst_are_shown() -> None:
    text = shown(findings(tuple(f"class{number:02d}" for number in range(40))))
    recall, confusions = text.split("the worst 30 of 40 classes")
    # The one that is always right is not among the worst.
    assert "class00" not in recall
    assert "class01" in recall
    assert "class00" in confusions
    assert "and 29 more pairs" in confusions


def test_a_class_without_photos_has_no_recall() -> None:
    found = msgspec.structs.replace(findings(), recall={"cat": proportion(0, 0)})
    row = next(line for line in shown(found).splitlines() if "cat" in line)
    assert "%" not in row


def test_a_class_without_photos_is_not_among_the_worst() -> None:
    recall = {f"class{number:02d}": proportion(1, 1) for number in range(40)} | {"absent": proportion(0, 0)}
    assert "absent" not in shown(msgspec.structs.replace(findings(), recall=recall))
