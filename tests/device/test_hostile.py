"""The agent against what people and other programs may do to it: garbage, swapped models, any label and any name."""

import json
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tests.conftest import free_port
from tests.device.hardship import COLLECTING, Eventually, Flood, ended, garbage, goes_on, numbers, resident_bytes
from tests.device.running import Agent, Reader

from sagui.bundle import Golden, Manifest, decode_golden, encode_golden, write_bundle
from sagui.bundle.archive import pack, unpack
from sagui.bundle.manifest import Decision
from sagui.cli import cli
from sagui.device.capture.labels import folder_of
from sagui.device.collect.table import FILE, labels
from sagui.wire import State, Telemetry, decode, topics

MEBIBYTE = 1 << 20
GROWTH_BYTES = 24 * MEBIBYTE
"""A quarter of what the agent needs at all; keeping half of what is said to it would be more."""

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def flood(mosquitto: Any) -> Iterator[Flood]:
    somebody = Flood(mosquitto.port)
    yield somebody
    somebody.close()


@contextmanager
def hearing(port: int, name: str) -> Iterator[Reader]:
    """Hears none of the garbage: for who is a thousand messages behind, mosquitto drops results too."""
    subscriber = Reader(port, f"sagui/porch/{name}")
    assert subscriber.subscribed.wait(30)
    yield subscriber
    subscriber.close()


@pytest.fixture
def results(mosquitto: Any) -> Iterator[Reader]:
    with hearing(mosquitto.port, "result") as subscriber:
        yield subscriber


@pytest.fixture
def health(mosquitto: Any) -> Iterator[Reader]:
    with hearing(mosquitto.port, "telemetry") as subscriber:
        yield subscriber


@pytest.mark.parametrize(("version", "count"), [("5", 10_000), ("3.1.1", 2_000)])
def test_a_flood_of_garbage_costs_no_result_and_no_memory(
    write_settings: Callable[..., Path],
    start: Callable[..., Agent],
    flood: Flood,
    results: Reader,
    health: Reader,
    eventually: Eventually,
    version: str,
    count: int,
) -> None:
    path = write_settings("[telemetry]\nevery_s = 1\n[home_assistant]\ndiscovery = true\n[snapshot]\nenabled = true\n")
    agent = start("--config", path, "--mqtt", version)
    assert eventually(lambda: len(results.results()) >= 3)
    where = [topics.command("porch"), topics.claim("porch"), topics.home_assistant_status()]

    def pour(count: int) -> None:
        for topic in where:
            flood.pour(topic, [*garbage(count // len(where)), bytes(MEBIBYTE), b"[" * MEBIBYTE])

    pour(1_000)
    assert goes_on(results, eventually)
    before = resident_bytes(agent)
    pour(count)
    assert goes_on(results, eventually)
    assert resident_bytes(agent) - before < GROWTH_BYTES

    def reported() -> bool:
        flood.pour(where[0], [b"report"])  # one may be dropped, behind the flood
        return agent.said("command") is not None

    assert eventually(reported)
    assert eventually(lambda: ignored(health) > 100)
    others = {"ready", "warning", "command"}
    complaints = [(one["event"], one.get("reason")) for one in agent.events if one["event"] not in others]
    assert len(complaints) == len(set(complaints))
    assert {("command-ignored", "unknown"), ("command-ignored", "long"), ("claim-ignored", None)} <= set(complaints)
    # A broker of MQTT 5 is asked to keep what is that large to itself.
    assert (("message-dropped", "large") in complaints) == (version == "3.1.1")
    assert not [one for one in agent.events if one["event"] == "warning"]
    ended(agent)
    assert eventually(lambda: len(numbers(results)) == (agent.said("stopped") or {})["published"])
    assert numbers(results) == list(range(len(numbers(results))))


def ignored(health: Reader) -> int:
    """How many commands the agent has ignored, by the newest that it told of itself."""
    told = health.payloads("sagui/porch/telemetry")
    return decode(told[-1], Telemetry).ignored_commands if told else 0


def swap(path: Path, content: bytes) -> None:
    """Writes over a file in its place, as a careless copy does: who has it open, or mapped, sees it change."""
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()


@pytest.fixture
def model(toy_bundle: Path, tmp_path: Path) -> Path:
    path = tmp_path / "model.sagui"
    path.write_bytes(toy_bundle.read_bytes())
    return path


@pytest.fixture
def bundles(
    tmp_path: Path, bundle_entries: dict[str, bytes], make_manifest: Callable[..., Manifest]
) -> dict[str, bytes]:
    """What may lie in the place of the model: by what was done to it."""
    golden = decode_golden(bundle_entries["golden.npz"])
    off = encode_golden(Golden(golden.frames, golden.outputs ^ np.uint8(1)))
    proven = write_bundle(tmp_path, make_manifest(version="2.0.0"), bundle_entries).read_bytes()
    unproven = write_bundle(tmp_path, make_manifest(version="3.0.0"), bundle_entries | {"golden.npz": off}).read_bytes()
    return {"proven": proven, "unproven": unproven, "cut short": proven[: len(proven) // 2], "emptied": b""}


@pytest.mark.parametrize(
    ("done", "said"),
    [
        ("proven", ""),
        ("unproven", "the model is not used"),
        ("cut short", "not a bundle, or a damaged one"),
        ("emptied", "model.sagui: "),
        ("deleted", "model.sagui: cannot be read"),
    ],
)
def test_a_model_that_is_swapped_counts_at_the_next_start_and_only_if_it_is_proven(
    write_settings: Callable[..., Path],
    start: Callable[..., Agent],
    model: Path,
    bundles: dict[str, bytes],
    reader: Reader,
    eventually: Eventually,
    done: str,
    said: str,
) -> None:
    path = write_settings(model=model)
    agent = start("--config", path)
    assert eventually(lambda: len(reader.results()) >= 3)
    if done in bundles:
        swap(model, bundles[done])
    else:
        model.unlink()
    agent.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: agent.said("reloaded") is not None)
    assert goes_on(reader, eventually, 10)
    assert [result.label for result in reader.results()][:6] == ["red", "green", "blue"] * 2
    ended(agent)
    assert eventually(lambda: len(reader.results()) == (agent.said("stopped") or {})["published"])
    assert {result.model.version for result in reader.results()} == {"1.2.3"}
    count = len(reader.results())
    again = start("--config", path)
    if not said:
        assert eventually(lambda: {result.model.version for result in reader.results()[count:]} == {"2.0.0"})
        ended(again)
        return
    status, errors = again.wait()
    assert status == 1
    assert said in errors
    assert len(errors.splitlines()) == 1
    assert len(reader.results()) == count


ODD_LABELS = ("\u202eقرد", "🐒🏽\u200d\nred\r\u2028\x1b[2J\0", "🦧" * 200)
"""From right to left; of several code points, with lines and a terminal's orders in it; of 800 bytes."""


def test_any_label_of_a_bundle_comes_through_as_it_is(
    write_settings: Callable[..., Path],
    start: Callable[..., Agent],
    tmp_path: Path,
    noise: Path,
    bundle_entries: dict[str, bytes],
    make_manifest: Callable[..., Manifest],
    reader: Reader,
    eventually: Eventually,
) -> None:
    decision = Decision(threshold=0.0, unknown="\u2066?")
    bundle = write_bundle(tmp_path, make_manifest(labels=ODD_LABELS, decision=decision), bundle_entries)
    folder = tmp_path / "collected"
    more = COLLECTING.format(folder=folder) + "[home_assistant]\ndiscovery = true\n"
    agent = start("--config", write_settings(more, bundle, noise))
    assert eventually(lambda: {result.label for result in reader.results()} == set(ODD_LABELS))
    assert {each.label for result in reader.results() for each in result.top} == set(ODD_LABELS)
    states = {decode(payload, State).label for payload in reader.payloads("sagui/porch/state")}
    assert states <= set(ODD_LABELS)
    assert eventually(lambda: len({path.parent for path in folder.rglob("*.jpg")}) == len(ODD_LABELS))
    ended(agent)
    places = {path.parent for path in folder.rglob("*.jpg")}
    assert places == {folder / folder_of(label) for label in ODD_LABELS}
    guesses = labels((folder / FILE).read_bytes())
    assert {(folder / path).parent: label for path, label in guesses.items()} == {
        folder / folder_of(label): label.strip() for label in ODD_LABELS
    }


def test_labels_and_names_of_a_plain_file_reach_every_place_that_shows_them(
    toy_tflite: bytes,
    tmp_path: Path,
    colours: Path,
    mosquitto: Any,
    start: Callable[..., Agent],
    eventually: Eventually,
) -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    lines = ("x" * 10_240, "\u202eרד", "e\u0301 🐒 {{ 1 }}")
    (tmp_path / "labels.txt").write_text("\n".join(lines))
    model = tmp_path / 'a "model"\\\n\u202e{x="1"} 1.tflite'
    model.write_bytes(toy_tflite)
    reader, port = Reader(mosquitto.port, "#"), free_port()
    assert reader.subscribed.wait(30)
    given = ("--camera", colours, "--broker", mosquitto.url, "--labels", tmp_path / "labels.txt", "--loop", "--fps", 20)
    agent = start(model, *given, "--discovery", "--prometheus", f"127.0.0.1:{port}")
    assert eventually(lambda: {result.label for result in reader.results()} == set(lines))
    assert {result.model.name for result in reader.results()} == {model.stem}
    assert eventually(lambda: bool(reader.payloads("sagui/porch/telemetry")))
    introduced = json.loads(reader.payloads("homeassistant/device/porch/config")[0])
    assert introduced["device"]["model"] == f"{model.stem} 0.0.0"
    told = decode(reader.payloads("sagui/porch/telemetry")[0], Telemetry)
    assert told.model is not None
    assert told.model.name == model.stem
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        families = list(parser.text_string_to_metric_families(answer.read().decode()))
    assert {sample.name for family in families for sample in family.samples} >= {"sagui_frames_total"}
    ended(agent)
    reader.close()


def test_what_is_no_unicode_is_refused_in_one_line(
    toy_bundle: Path,
    toy_tflite: bytes,
    tmp_path: Path,
    colours: Path,
    run_sagui: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    entries = unpack(toy_bundle.read_bytes())
    alone = entries["manifest.json"].replace(b'"green"', b'"gr\\ud83een"')
    (tmp_path / "alone.sagui").write_bytes(pack(entries | {"manifest.json": alone}))
    (tmp_path / "plain.tflite").write_bytes(toy_tflite)
    (tmp_path / "labels.txt").write_bytes("red\n\ud83e\nblue\n".encode("utf-8", "surrogatepass"))
    for given, why in (
        ([tmp_path / "alone.sagui"], "alone.sagui: manifest.json: "),
        ([tmp_path / "plain.tflite", "--labels", tmp_path / "labels.txt"], "labels.txt: not a text file in UTF-8"),
    ):
        done = run_sagui("run", *given, "--camera", colours, "--broker", "mqtt://127.0.0.1:1", "--device", "porch")
        assert done.returncode == 1
        assert why in done.stderr
        assert len(done.stderr.splitlines()) == 1


NO_DEVICES = ("+", "#", "a/b", "/", "x" * 64, "$SYS", "porch\n", "porch\u202e", "PORCH", "üben", "..", "a b")


@pytest.mark.parametrize("source", ["command line", "environment", "file"])
def test_a_name_that_cannot_stand_in_a_topic_is_refused_wherever_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    others = ["model.sagui", "--camera", "usb:0", "--broker", "mqtt://127.0.0.1:1"]
    # An empty variable sets nothing, as everywhere; elsewhere it is a name like others.
    for name in (*NO_DEVICES, *(() if source == "environment" else ("",))):
        path = tmp_path / "agent.toml"
        path.write_text(f"device = {json.dumps(name)}\n" if source == "file" else "")
        given = ["--config", str(path), *others, *(["--device", name] if source == "command line" else [])]
        environment = {"SAGUI_DEVICE": name if source == "environment" else None}
        done = CliRunner().invoke(cli, ["run", *given], env=environment)
        assert done.exit_code == 1, name
        assert "a-z, 0-9 and -" in done.output or "allowed is" in done.output
        assert len(done.output.splitlines()) == 1
        assert done.output.strip().isprintable()
