"""Cards and bundles side by side."""

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from sagui.bundle import Manifest, measure, write_bundle
from sagui.bundle.manifest import Metrics, Quantization
from sagui.convert.bench.card import Card, Measured, Memory, encode_card
from sagui.convert.bench.compare import compare_cards, verdict
from sagui.convert.bench.compare_command import compare, names_of

Make = Callable[..., Card]
MakeMeasured = Callable[..., Measured]


@pytest.fixture
def two_cards(tmp_path: Path, make_card: Make, make_measured: MakeMeasured) -> tuple[Path, Path]:
    first = make_card()
    model = msgspec.structs.replace(first.model, bytes=2_000_000)
    other = make_card(model=model, measured=(make_measured(1, 5.0),), accuracy=None, warnings=("hot",))
    (tmp_path / "plain.json").write_bytes(encode_card(first))
    (tmp_path / "small.json").write_bytes(encode_card(other))
    return tmp_path / "plain.json", tmp_path / "small.json"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(compare, [str(argument) for argument in arguments], env={"COLUMNS": "300"})


def words(result: Result) -> str:
    return " ".join(result.output.split())


def test_cards_are_put_side_by_side(two_cards: tuple[Path, Path]) -> None:
    result = call(*two_cards)
    assert result.exit_code == 0, result.output
    text = words(result)
    assert "card ┃ plain ┃ small" in text
    assert "model.tflite │ 4.0 MB │ 2.0 MB (0.50)" in text
    assert "end to end, p50 │ 10.00 ms │ 5.00 ms (0.50)" in text
    assert "frames per second │ 100.0 │ 200.0 (2.00)" in text
    assert "top-1 │ 88.0% │ not told" in text
    assert "small is 2.00 times as fast as plain at 1 thread (5.00 ms against 10.00 ms)" in text
    assert "warning: small: hot" in text


def test_a_thread_count_that_one_card_lacks_was_not_measured(two_cards: tuple[Path, Path]) -> None:
    text = words(call(*two_cards))
    assert "4 threads ┃ plain ┃ small" in text
    assert "end to end, p50 │ 4.00 ms │ not measured" in text
    assert "at 4 threads" not in text


def test_what_makes_cards_incomparable_is_said(make_card: Make, make_measured: MakeMeasured) -> None:
    card = make_card()
    other = make_card(
        board=msgspec.structs.replace(card.board, cpu="Cortex-A53"),
        frame=msgspec.structs.replace(card.frame, height=2000),
        measured=(make_measured(1, runtime="tensorflow 2.21"),),
    )
    warnings = compare_cards([card, other], ["a", "b"]).warnings
    assert [line.split(",")[0] for line in warnings] == [
        "the cards are of different boards",
        "the cards are of different runtimes",
        "the frames had different sizes",
    ]
    assert compare_cards([card, card], ["a", "b"]).warnings == ()


def test_values_that_are_not_told_have_no_multiple(make_card: Make, make_measured: MakeMeasured) -> None:
    silent = make_card(measured=(make_measured(1, memory=Memory(), energy=None),))
    for cards in ([silent, make_card()], [make_card(), silent]):
        rows = {row[0]: row[1:] for row in compare_cards(cards, ["a", "b"]).tables[1].rows}
        assert sorted(rows["peak memory"]) == ["70.0 MB", "not told"]
        assert sorted(rows["energy per frame"]) == ["50.0 mJ", "not told"]


@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e6))
def test_who_is_faster_does_not_depend_on_who_comes_first(one_ms: float, other_ms: float) -> None:
    said, turned = verdict("a", "b", one_ms, other_ms), verdict("b", "a", other_ms, one_ms)
    if "within" in said:
        assert "within" in turned
    else:
        assert said == turned
        assert said.startswith("a" if one_ms < other_ms else "b")


def test_bundles_are_put_side_by_side_by_their_manifests(
    toy_bundle: Path, make_manifest: Callable[..., Manifest], bundle_entries: dict[str, bytes], tmp_path: Path
) -> None:
    labels = make_manifest().labels
    truth = np.array([0, 1, 2, 2])
    metrics = Metrics(float=measure(truth, truth, labels), exported=measure(truth, np.array([0, 1, 1, 2]), labels))
    training = msgspec.structs.replace(make_manifest().training, dataset_fingerprint="9" * 64)
    forced = Quantization(mode="int8", forced=("accuracy fell",))
    changed = make_manifest(name="other", metrics=metrics, training=training, quantization=forced)
    other = write_bundle(tmp_path, changed, bundle_entries)
    result = call(toy_bundle, other)
    assert result.exit_code == 0, result.output
    text = words(result)
    assert "top-1 │ 100.0% │ 75.0%" in text
    assert "change against float │ +0.0 points │ -25.0 points" in text
    assert "(1.00)" in text
    assert "made of different photos" in text
    assert "warning: other-1.2.3: shipped although the gate refused it: accuracy fell" in text


def test_kinds_are_not_mixed(two_cards: tuple[Path, Path], tmp_path: Path, toy_bundle: Path) -> None:
    (tmp_path / "run").mkdir()
    for paths in ((two_cards[0], tmp_path / "run"), (toy_bundle, two_cards[0]), (tmp_path / "run", toy_bundle)):
        result = call(*paths)
        assert result.exit_code == 1
        assert "compare one kind at a time" in str(result.exception)


def test_a_plain_model_must_be_measured_first(two_cards: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(b"\x1c\0\0\0TFL3 and more")
    assert "measure it first: sagui bench" in str(call(two_cards[0], tmp_path / "m.tflite").exception)


def test_what_is_no_card_is_refused_by_name(two_cards: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "cake.json").write_text("[1, 2]")
    assert "cake.json: not a report card" in str(call(two_cards[0], tmp_path / "cake.json").exception)
    assert "gone.json: cannot be read: No such file" in str(call(two_cards[0], tmp_path / "gone.json").exception)


@pytest.mark.parametrize("times", [1, 2])
def test_one_card_is_not_enough(two_cards: tuple[Path, Path], times: int) -> None:
    result = call(*[two_cards[0]] * times)
    assert result.exit_code == 2
    assert "name two different report cards or more" in result.output


def test_a_page_is_of_runs_alone(two_cards: tuple[Path, Path], tmp_path: Path) -> None:
    result = call(*two_cards, "--html", tmp_path / "page.html")
    assert result.exit_code == 2
    assert "--html writes a page of training runs; these are report cards" in result.output
    assert not (tmp_path / "page.html").exists()


def test_runs_are_compared_as_ever(tmp_path: Path, shapes_run: Path) -> None:
    result = call(shapes_run, shapes_run)
    assert result.exit_code == 2
    assert "name two different runs or more" in result.output
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("run.json", "predictions.npz", "model.keras"):
        (copy / name).write_bytes((shapes_run / name).read_bytes())
    result = call(shapes_run, copy, "--html", tmp_path / "page.html")
    assert result.exit_code == 0, result.output
    assert "right on exactly the same ones" in words(result)
    assert "<svg" in (tmp_path / "page.html").read_text()


def test_comparing_runs_without_the_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("sagui.train.compare")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    result = call(tmp_path / "a", tmp_path / "b")
    assert result.exit_code == 1
    assert "pip install 'sagui[train]'" in result.output


def test_cards_of_the_same_name_are_told_apart_by_their_folders() -> None:
    assert names_of([Path("a/card.json"), Path("b/card.json")]) == ("a/card.json", "b/card.json")
    assert names_of([Path("a/pi4.json"), Path("b/pi5.json")]) == ("pi4", "pi5")
