"""Delegates that work, refuse, crash and hang: a real library, built here, through the path that libedgetpu takes."""

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.core.infer.delegates import badly_scaled, build_delegate, compile_for_edgetpu

from sagui.bundle import Manifest, encode_golden, read_bundle, write_bundle
from sagui.bundle.golden import Golden
from sagui.infer import choose
from sagui.infer.choose import load_runtime, probe_model
from sagui.infer.errors import GoldenError, ModelError, NoRuntimeError
from sagui.infer.load import from_tflite, load_model
from sagui.infer.probe import PROBE_SECONDS
from sagui.infer.probe_child import Answer, Trial
from sagui.infer.runtimes import AUTO, CPU, Delegate, Device, parse_device

LABELS = ("red", "green", "blue")
ADDITION = (files("sagui.infer") / "probe.tflite").read_bytes()


@pytest.fixture(scope="session")
def library(program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_delegate(program("gcc"), tmp_path_factory.mktemp("delegate") / "libnpu.so")


@pytest.fixture(scope="session")
def libedgetpu(program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with the Edge TPU's name, which runs the Edge TPU's op."""
    return build_delegate(program("gcc"), tmp_path_factory.mktemp("edgetpu") / "libedgetpu.so.1")


def that(library: Path, **options: object) -> Delegate:
    return Delegate(str(library), tuple((name, str(value)) for name, value in options.items()))


def test_a_delegate_that_works_is_used(library: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    runtime = load_runtime(ADDITION, 1, ["litert"], that(library, witness=witness))
    assert runtime.name.startswith("litert ")
    assert " with libnpu.so (witness=" in runtime.name
    assert runtime.invoke(np.array([1.0, 2.0], np.float32)).tolist() == [[2.0, 4.0]]
    # Once in the trial, once here.
    assert witness.read_text() == "prepared\n" * 2


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("refuse", r"litert: Failed to load delegate from .*libnpu.so no device of this kind is plugged in"),
        ("fail", r"litert: this delegate fails to prepare"),
        ("abort", r"litert: ended by SIGABRT: the driver is older than the device"),
        ("fault", r"litert: ended by SIGSEGV"),
    ],
)
def test_a_delegate_that_does_not_work_is_told_in_one_line(library: Path, what: str, reason: str) -> None:
    with pytest.raises(NoRuntimeError, match=rf"^libnpu.so \(do={what}\) does not work here \({reason}.*\)$"):
        load_runtime(ADDITION, 1, ["litert"], that(library, do=what))


def test_a_delegate_that_hangs_costs_the_time_limit_alone(library: Path) -> None:
    with pytest.raises(NoRuntimeError, match=r"does not work here \(litert: no answer in 2 s\)"):
        load_runtime(ADDITION, 1, ["litert"], that(library, do="hang"), limit_s=2.0)


def test_a_library_that_is_not_there_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoRuntimeError) as refused:
        load_runtime(ADDITION, 1, ["litert", "tensorflow"], Delegate("/no/such/libnpu.so"))
    assert str(refused.value) == (
        "libnpu.so does not work here "
        "(litert: /no/such/libnpu.so: cannot open shared object file: No such file or directory)"
    )


def test_what_is_no_delegate_library_is_told(tmp_path: Path) -> None:
    text = tmp_path / "libnpu.so"
    text.write_text("hello")
    with pytest.raises(NoRuntimeError, match=r"\(litert: .*libnpu.so: (file too short|invalid ELF header)\)"):
        load_runtime(ADDITION, 1, ["litert"], Delegate(str(text)))
    with pytest.raises(NoRuntimeError, match=r"\(litert: .*undefined symbol: tflite_plugin_create_delegate\)"):
        load_runtime(ADDITION, 1, ["litert"], Delegate("libc.so.6"))


def tried(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Answer]) -> list[str]:
    """Replaces the trials by answers; gives the names in the order they were tried."""
    names: list[str] = []

    def answer(trial: Trial) -> Answer:
        names.append(trial.runtime)
        return answers[trial.runtime]

    monkeypatch.setattr("sagui.infer.probe.try_apart", answer)
    return names


def test_tensorflows_interpreter_takes_delegates_too(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A trial of TensorFlow takes seconds to import it; it is the same as LiteRT's.
    tried(monkeypatch, {"tensorflow": Answer("works", "tensorflow")})
    runtime = load_runtime(ADDITION, 1, ["tensorflow"], that(library, witness=tmp_path / "witness"))
    assert runtime.name.startswith("tensorflow ")
    assert runtime.invoke(np.array([1.0, 2.0], np.float32)).tolist() == [[2.0, 4.0]]
    assert (tmp_path / "witness").read_text() == "prepared\n"


def test_the_next_runtime_is_tried_where_the_first_crashes(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"tflite_runtime": Answer("died", "ended by SIGSEGV"), "litert": Answer("works", "litert")}
    names = tried(monkeypatch, answers)
    assert load_runtime(ADDITION, 1, ["tflite_runtime", "litert"], that(library)).name.startswith("litert ")
    assert names == ["tflite_runtime", "litert"]


def test_a_device_that_is_gone_after_the_trial_is_told(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried(monkeypatch, {"litert": Answer("works", "litert")})
    with pytest.raises(NoRuntimeError, match=r"\(litert: Failed to load delegate from"):
        load_runtime(ADDITION, 1, ["litert"], that(library, do="refuse"))


# The CPU, tried in a process of its own.


@pytest.fixture
def nothing_survived() -> Iterator[None]:
    choose._survived.clear()
    yield
    choose._survived.clear()


@pytest.mark.usefixtures("nothing_survived")
def test_a_model_that_ends_the_process_is_an_error(toy_tflite: bytes) -> None:
    with pytest.raises(
        ModelError, match=r"litert .* does not survive this model \(ended by SIG\w+.*\).*convert it again"
    ):
        probe_model(badly_scaled(toy_tflite))


@pytest.mark.usefixtures("nothing_survived")
def test_loading_with_a_probe_survives_such_a_model(toy_tflite: bytes, tmp_path: Path) -> None:
    path, labels = tmp_path / "toy.tflite", tmp_path / "labels.txt"
    path.write_bytes(badly_scaled(toy_tflite))
    labels.write_text("red\ngreen\nblue\n")
    with pytest.raises(ModelError, match=r"toy.tflite: litert .* does not survive this model"):
        load_model(path, labels, probe=True)


@pytest.mark.usefixtures("nothing_survived")
def test_a_model_that_survived_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    names = tried(monkeypatch, {"litert": Answer("works", "litert")})
    probe_model(ADDITION)
    probe_model(ADDITION)
    assert names == ["litert"]
    probe_model(ADDITION + b"other")
    assert names == ["litert", "litert"]


@pytest.mark.usefixtures("nothing_survived")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer("late", "no answer in 30 s"), r"litert .* gives no answer in 30 s: the machine is too busy"),
        (Answer("refused", "Didn't find op"), "the runtime cannot use this model: Didn't find op"),
    ],
)
def test_a_model_that_failed_is_tried_again(answer: Answer, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = tried(monkeypatch, {"litert": answer})
    for _ in range(2):
        with pytest.raises(ModelError, match=reason):
            probe_model(ADDITION)
    assert len(names) == 2


def test_what_is_no_model_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    names = tried(monkeypatch, {})
    with pytest.raises(ModelError, match="not a TFLite file"):
        probe_model(b"hello")
    assert not names


# The Edge TPU: a bundle with a file that was compiled for it.


@pytest.fixture(scope="session")
def recorded(toy_bundle: Path) -> Golden:
    return read_bundle(toy_bundle).golden()


@pytest.fixture(scope="session")
def compiled_bundle(
    toy_tflite: bytes,
    bundle_entries: dict[str, bytes],
    make_manifest: Callable[..., Manifest],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    entries = bundle_entries | {"model_edgetpu.tflite": compile_for_edgetpu(toy_tflite)}
    return write_bundle(tmp_path_factory.mktemp("compiled"), make_manifest(), entries)


def edgetpu(library: Path, recorded: Golden, off: int = 0, **options: Any) -> Device:
    """A device whose outputs are the golden ones, save for ``off`` steps of the highest."""
    high, low = int(recorded.outputs.max()), int(recorded.outputs.min())
    return Device(that(library, **({"do": "run", "high": high - off, "low": low} | options)))


def test_the_compiled_file_runs_on_the_edge_tpu(libedgetpu: Path, compiled_bundle: Path, recorded: Golden) -> None:
    model = load_model(compiled_bundle, device=edgetpu(libedgetpu, recorded))
    assert "with libedgetpu.so.1" in model.classifier.runtime.name
    assert model.delegate is not None
    proof = model.prove()
    assert proof is not None
    assert proof.count == 3


def test_an_edge_tpu_may_be_one_step_off(libedgetpu: Path, compiled_bundle: Path, recorded: Golden) -> None:
    model = load_model(compiled_bundle, device=edgetpu(libedgetpu, recorded, off=1))
    proof = model.prove()
    assert proof is not None
    assert (proof.difference, model.tolerance) == (1.0, 1.0)
    assert load_model(compiled_bundle).tolerance == 0.0


def test_two_steps_are_too_many(libedgetpu: Path, compiled_bundle: Path, recorded: Golden) -> None:
    model = load_model(compiled_bundle, device=edgetpu(libedgetpu, recorded, off=2))
    with pytest.raises(GoldenError, match=r"3 of 3 golden frames differ, by up to 2 \(steps; 1 allowed\)"):
        model.prove()


def test_one_step_must_not_change_a_name(
    libedgetpu: Path,
    toy_tflite: bytes,
    bundle_entries: dict[str, bytes],
    make_manifest: Callable[..., Manifest],
    recorded: Golden,
    tmp_path: Path,
) -> None:
    def bundle(row: list[int], version: str) -> Path:
        golden = encode_golden(Golden(recorded.frames, np.array([row] * 3, np.uint8)))
        compiled = compile_for_edgetpu(toy_tflite)
        entries = bundle_entries | {"golden.npz": golden, "model_edgetpu.tflite": compiled}
        return write_bundle(tmp_path, make_manifest(version=version), entries)

    # The library names red, green and blue, each with 100 against 99.
    device = edgetpu(libedgetpu, recorded, high=100, low=99)
    with pytest.raises(GoldenError, match=r"2 of 3 golden frames have another label with litert"):
        load_model(bundle([100, 99, 99], "1.0.0"), device=device).prove()
    # Three labels share the highest golden output: each of them is right.
    assert load_model(bundle([100, 100, 100], "2.0.0"), device=device).prove() is not None


def test_a_crash_while_it_runs_is_met_in_the_trial(libedgetpu: Path, compiled_bundle: Path, recorded: Golden) -> None:
    device = edgetpu(libedgetpu, recorded, do="abort-invoke")
    with pytest.raises(NoRuntimeError, match=r"litert: ended by SIGABRT.*is the Edge TPU plugged in, and libedgetpu1"):
        load_runtime(read_bundle(compiled_bundle).entries["model_edgetpu.tflite"], 1, ["litert"], device.delegate)


def test_auto_takes_the_cpu_where_no_edge_tpu_works_and_says_why(compiled_bundle: Path) -> None:
    auto = Device(Delegate("/no/such/libedgetpu.so.1"), optional=True)
    model = load_model(compiled_bundle, device=auto)
    assert model.delegate is None
    assert model.notes[0].startswith("it runs on the CPU: libedgetpu.so.1 does not work here (litert: /no/such/")
    assert model.prove() is not None


def test_auto_takes_an_edge_tpu_that_works(libedgetpu: Path, compiled_bundle: Path, recorded: Golden) -> None:
    auto = Device(edgetpu(libedgetpu, recorded).delegate, optional=True)
    model = load_model(compiled_bundle, device=auto)
    assert model.delegate is not None
    assert model.notes == ()


def test_auto_asks_no_edge_tpu_for_what_was_not_compiled(toy_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = tried(monkeypatch, {})
    assert load_model(toy_bundle, device=AUTO).delegate is None
    assert not names


def test_an_edge_tpu_without_a_compiled_file_is_refused(toy_bundle: Path) -> None:
    with pytest.raises(ModelError, match="nothing in it was compiled for an Edge TPU"):
        load_model(toy_bundle, device=parse_device("edgetpu"))


def test_another_library_gets_the_file_for_the_cpu(library: Path, compiled_bundle: Path, tmp_path: Path) -> None:
    model = load_model(compiled_bundle, device=Device(that(library, witness=tmp_path / "witness")))
    assert (tmp_path / "witness").exists()
    assert model.tolerance == 0.0
    assert model.prove() is not None


def test_a_compiled_file_alone_runs_and_needs_an_edge_tpu(
    libedgetpu: Path, toy_tflite: bytes, recorded: Golden, make_photo: Callable[..., np.ndarray]
) -> None:
    compiled = compile_for_edgetpu(toy_tflite)
    model = from_tflite(compiled, "toy", LABELS, 1, edgetpu(libedgetpu, recorded))
    assert model.classifier.labels[model.classifier.classify(make_photo("green", 40)).best()] == "green"
    with pytest.raises(ModelError, match=r"compiled for a Coral Edge TPU .*choose the device edgetpu"):
        from_tflite(compiled, "toy", LABELS, 1, CPU)
    gone = Device(Delegate("/no/such/libedgetpu.so.1"), optional=True)
    with pytest.raises(NoRuntimeError, match=r"libedgetpu.so.1 does not work here"):
        from_tflite(compiled, "toy", LABELS, 1, gone)


def test_a_trial_has_time_for_an_edge_tpu_that_gets_its_firmware() -> None:
    assert PROBE_SECONDS >= 10
