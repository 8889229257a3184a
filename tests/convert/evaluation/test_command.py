"""`sagui evaluate`, as it is typed."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from sagui.bundle import read_bundle
from sagui.bundle.metrics import proportion
from sagui.convert.errors import ConvertError
from sagui.convert.evaluation.command import evaluate
from sagui.convert.evaluation.findings import Findings

MakeFolder = Callable[..., Path]


@pytest.fixture
def photos(colour_folder: MakeFolder) -> Path:
    """Three of four are what their folder says."""
    return colour_folder(red=["red", "blue"], blue=["blue"], green=["green"])


def sagui_evaluate(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, list(map(str, arguments)))


def test_a_table_is_printed(toy_bundle: Path, photos: Path) -> None:
    done = sagui_evaluate(toy_bundle, photos)
    assert done.exit_code == 0, done.output
    for text in ("toy 1.2.3", "4 of ", "75.0% (95 % interval", "recall", "called unknown"):
        assert text in done.stdout
    assert "Evaluate toy-1.2.3" not in done.stdout, "progress is not part of the answer"


def test_json_holds_all_and_nothing_else(toy_bundle: Path, photos: Path, tmp_path: Path) -> None:
    done = sagui_evaluate(toy_bundle, photos, "--json", "-")
    findings = msgspec.json.decode(done.stdout, type=Findings)
    assert findings.accuracy == proportion(3, 4)
    done = sagui_evaluate(toy_bundle, photos, "--json", tmp_path / "out.json")
    assert "recall" in done.stdout
    again = msgspec.json.decode((tmp_path / "out.json").read_bytes(), type=Findings)
    assert again.confusions == findings.confusions


def test_a_run_gives_the_numbers_of_the_report(shapes_bundle: Path, shapes_run: Path) -> None:
    done = sagui_evaluate(shapes_bundle, "--run", shapes_run, "--json", "-")
    findings = msgspec.json.decode(done.stdout, type=Findings)
    assert findings.accuracy == read_bundle(shapes_bundle).manifest.metrics.exported.accuracy
    assert findings.subject.part == "test"


@pytest.mark.parametrize(("least", "passes"), [("0.75", True), ("0.76", False)])
def test_too_low_an_accuracy_fails_after_it_was_shown(
    toy_bundle: Path, photos: Path, least: str, *, passes: bool
) -> None:
    done = sagui_evaluate(toy_bundle, photos, "--min-accuracy", least)
    assert "75.0%" in done.stdout
    assert (done.exit_code == 0) == passes
    if not passes:
        assert isinstance(done.exception, ConvertError)
        assert str(done.exception) == "toy: 75.00% of 4 photos are named right, and --min-accuracy asks for 76.00%"


def test_labels_and_pairs_come_from_files(
    toy_file: Path, colour_folder: MakeFolder, colour_labels: Path, tmp_path: Path
) -> None:
    pairs = tmp_path / "map.csv"
    pairs.write_text("class,label\nwarm,red\ncold,blue\n", "utf-8-sig")
    photos = colour_folder(warm=["red"], cold=["blue"])
    done = sagui_evaluate(toy_file, photos, "--labels", colour_labels, "--map", pairs)
    assert done.exit_code == 0, done.output
    assert "100.0%" in done.stdout
    for content, reason in ((b"warm\xff,red", "not a text file in UTF-8"), (None, "No such file")):
        pairs.unlink()
        if content:
            pairs.write_bytes(content)
        refused = sagui_evaluate(toy_file, photos, "--labels", colour_labels, "--map", pairs)
        assert reason in str(refused.exception)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "either DATA"),
        (["photos", "--run", "runs/a"], "either DATA"),
        (["photos", "--data", "elsewhere"], "--data goes with --run"),
        (["photos", "--json", "nowhere/out.json"], "there is no such folder"),
        (["photos", "--min-accuracy", "85"], "0<=x<=1"),
        (["photos", "--engine", "spark"], "Invalid value for '--engine'"),
        (["photos", "--part", "holdout"], "Invalid value for '--part'"),
        (["photos", "--top", "0"], "Invalid value for '--top'"),
    ],
)
def test_wrong_use_is_told_before_any_work(arguments: list[str], reason: str) -> None:
    done = sagui_evaluate("model.sagui", *arguments)
    assert done.exit_code == 2
    assert reason in done.stderr


def test_help_costs_nothing() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from sagui.convert.evaluation.command import evaluate; "
        "assert CliRunner().invoke(evaluate, ['--help']).exit_code == 0; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    tops = {name.partition(".")[0] for name in done.stdout.split()}
    assert not tops & {"tensorflow", "keras", "scipy", "sklearn", "numpy", "cv2", "rich", "ray"}
