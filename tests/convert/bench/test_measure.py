"""Measuring for real: a process of its own, honest numbers, and a process that dies."""

import json
import sys
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from click.testing import CliRunner, Result

from sagui.convert.bench import child
from sagui.convert.bench.board import Machine
from sagui.convert.bench.card import decode_card
from sagui.convert.bench.child import Job, best_labels, measure_here
from sagui.convert.bench.command import bench as command
from sagui.convert.bench.errors import BenchError
from sagui.convert.bench.measure import Plan, bench, measure_apart, read_subject
from sagui.errors import SaguiError
from sagui.infer.load import load_model

MEGABYTE = 1_000_000


@pytest.fixture
def toy_file(tmp_path: Path, toy_tflite: bytes) -> Path:
    (tmp_path / "toy.tflite").write_bytes(toy_tflite)
    return tmp_path / "toy.tflite"


@pytest.fixture
def job(tmp_path: Path, toy_file: Path) -> Job:
    np.save(tmp_path / "frame.npy", np.full((48, 64, 3), 200, np.uint8))
    return Job(
        model=str(toy_file),
        labels=("red", "green", "blue"),
        threads=1,
        frame=str(tmp_path / "frame.npy"),
        runs=30,
        seconds=1.0,
        warmup=2,
    )


def call(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def test_a_bundle_gets_a_card(toy_bundle: Path) -> None:
    card = bench(toy_bundle, Plan((1, 2), runs=25, warmup=1))
    assert [one.threads for one in card.measured] == [1, 2]
    assert (card.model.name, card.model.version, card.model.quantization) == ("toy", "1.2.3", "int8")
    assert card.frame.source == "golden"
    assert card.accuracy is not None
    assert card.accuracy.exported.n == 30
    for one in card.measured:
        assert one.runs == 25
        assert 0 < one.invoke.p50_ms <= one.end_to_end.p99_ms
        assert one.end_to_end.p50_ms <= one.end_to_end.p90_ms <= one.end_to_end.p99_ms
        assert one.frames_per_second == pytest.approx(1000 / one.end_to_end.p50_ms)
        assert "litert" in one.runtime
        assert any("p99 of 25 runs" in warning for warning in card.warnings)


def test_the_memory_is_that_of_the_process_that_measures_and_not_of_this_one(job: Job) -> None:
    ballast = np.ones(400 * MEGABYTE, np.uint8)
    memory = measure_apart(job).memory
    assert memory.before_load_bytes is not None
    assert memory.resident_bytes is not None
    assert memory.peak_bytes is not None
    assert 10 * MEGABYTE < memory.before_load_bytes < memory.resident_bytes <= memory.peak_bytes < len(ballast)


def test_the_parts_are_of_the_same_runs(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_TELLING_S", 3600.0)
    one = measure_here(job, Machine())
    parts_ms = one.preprocess.p50_ms + one.invoke.p50_ms + one.rest.p50_ms
    assert one.end_to_end.p50_ms == pytest.approx(parts_ms, rel=0.5)
    assert one.other_cores is None  # they are too short to tell


def test_a_run_that_is_long_enough_tells_what_other_programs_did(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_TELLING_S", 0.0)
    told = measure_here(job, Machine()).other_cores
    assert told is not None
    assert told >= 0


def test_seconds_set_the_number_of_runs_if_no_number_does(job: Job) -> None:
    one = measure_here(msgspec.structs.replace(job, runs=None, seconds=0.6), Machine())
    assert one.runs > 100
    # Ten frames are timed however little time there is.
    assert measure_here(msgspec.structs.replace(job, runs=None, seconds=1e-9), Machine()).runs == 10


def test_what_the_board_says_at_the_end_is_kept(job: Job, pi: Path) -> None:
    one = measure_here(job, Machine(pi, lambda command: "throttled=0x4" if command == "get_throttled" else None))
    assert (one.after.clock_mhz, one.after.throttled) == (1500, 4)
    assert one.memory.peak_bytes is None  # this board has no proc/self
    assert one.energy is None


def test_the_best_labels_come_first(toy_bundle: Path) -> None:
    classifier = load_model(toy_bundle).classifier
    assert best_labels(classifier, np.array([0.1, 0.7, 0.2])) == [("green", 0.7), ("blue", 0.2), ("red", 0.1)]


def test_a_plain_file_without_labels_is_measured_by_numbers(toy_file: Path) -> None:
    subject = read_subject(toy_file)
    assert subject.labels == ("0", "1", "2")
    card = bench(toy_file, Plan((1,), runs=10))
    assert (card.accuracy, card.model.version, card.model.quantization) == (None, None, None)
    assert card.frame.source == "noise"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import os; os.abort()", "was ended by SIGABRT; the runtime said nothing"),
        (
            "import os, sys; print('no memory', file=sys.stderr); sys.stderr.flush(); os.kill(os.getpid(), 11)",
            "was ended by SIGSEGV: no memory",
        ),
        ("raise SystemExit('broken')", r"gave no answer \(exit status 1\): broken"),
        ("print('hello')", r"gave no answer \(exit status 0\)"),
        ("print('{}')", r"gave no answer \(exit status 0\)"),
    ],
)
def test_a_process_that_dies_is_one_line_that_names_the_signal(job: Job, program: str, said: str) -> None:
    with pytest.raises(BenchError, match=said) as caught:
        measure_apart(job, (sys.executable, "-c", program))
    assert "\n" not in str(caught.value)
    assert f"{job.model}: the process that measured 1 thread" in str(caught.value)


def test_what_native_code_prints_is_no_part_of_the_answer(job: Job) -> None:
    noisy = (
        "import os; from sagui.convert.bench import child; measure = child.measure_here; "
        "child.measure_here = lambda *given: (os.write(1, b'INFO: delegate'), measure(*given))[1]; child.main()"
    )
    assert measure_apart(job, (sys.executable, "-c", noisy)).runs == 30


def test_a_model_that_fails_is_refused_in_its_own_words(job: Job, tmp_path: Path) -> None:
    (tmp_path / "broken.tflite").write_bytes(Path(job.model).read_bytes()[:200])
    with pytest.raises(BenchError, match=r"broken.tflite: "):
        measure_apart(msgspec.structs.replace(job, model=str(tmp_path / "broken.tflite")))
    with pytest.raises(BenchError, match="2 labels for 3 outputs"):
        measure_apart(msgspec.structs.replace(job, labels=("a", "b")))


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "not a TFLite file"), (b"hello world", "not a TFLite file"), (None, "cannot be read")]
)
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "m.tflite").write_bytes(content)
    with pytest.raises(SaguiError, match=rf"m\.tflite: {said}"):
        bench(tmp_path / "m.tflite", Plan((1,), runs=1))


def test_labels_are_not_for_bundles(toy_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="a bundle has labels of its own"):
        read_subject(toy_bundle, tmp_path / "labels.txt")


def test_the_command_shows_a_table_and_writes_the_card(toy_bundle: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "red.png"), np.full((30, 40, 3), (0, 0, 200), np.uint8))
    out = tmp_path / "card.json"
    result = call(toy_bundle, "--threads", "2,1,2", "--runs", 10, "--photo", tmp_path / "red.png", "--json", out)
    assert result.exit_code == 0, result.output
    assert "Measure at 2 threads (10 runs)" in result.stderr
    assert "toy 1.2.3 (int8" in result.stdout
    assert "frame: red.png, 40 x 30" in result.stdout
    assert [one.threads for one in decode_card(out.read_bytes()).measured] == [2, 1]


def test_a_dash_gives_the_card_alone(toy_bundle: Path) -> None:
    result = call(toy_bundle, "--threads", 1, "--seconds", 0.01, "--warmup", 0, "--json", "-")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["kind"] == "sagui-bench"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--threads", "0"], "not a list of numbers from 1 to 64"),
        (["--threads", "1,,2"], "not a list of numbers"),
        (["--threads", "65"], "not a list of numbers"),
        (["--threads", "²"], "not a list of numbers"),
        (["--runs", "5", "--seconds", "1"], "give one of them"),
        (["--seconds", "0"], "--seconds"),
        (["--json", "/nowhere/at/all.json"], "there is no folder /nowhere/at"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_measured(toy_bundle: Path, arguments: list[str], said: str) -> None:
    result = call(toy_bundle, *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert "Measure at" not in result.output
