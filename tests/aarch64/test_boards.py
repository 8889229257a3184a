"""The core of the device with the wheels that a Raspberry Pi installs, on its processors, as qemu knows them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from tests.aarch64.boards import Board
from tests.interop.environments import clean_environment
from tests.lean.environments import source_path

from sagui.bundle import encode_golden, read_bundle, write_bundle
from sagui.bundle.golden import Golden
from sagui.convert.modes import ModeName
from sagui.wire import Result, decode

PROVE = Path(__file__).parents[1] / "interop" / "tflite_runtime_prove.py"
LOOK = """
import json, os, platform, sys
from pathlib import Path
part = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("CPU part"))
print(json.dumps([platform.machine(), part.split()[-1], sys.executable, os.confstr("CS_GNU_LIBC_VERSION")]))
"""

# qemu takes ten times as long as the processor it runs on; two cores may be shared.
pytestmark = pytest.mark.timeout(600)
_ANSWER_S = 280

Runner = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def on_board(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Runs Python on the board."""
    environment = clean_environment() | {
        "PYTHONPATH": source_path(tmp_path_factory.mktemp("metadata")),
        "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")),
    }

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(python), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=_ANSWER_S, check=False)

    return run


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_it_is_that_processor_and_debians_c_library(on_board: Runner, board: Board, python: Path) -> None:
    assert answer(on_board("-c", LOOK)) == ["aarch64", board.part, str(python), "glibc 2.36"]


@pytest.mark.parametrize("mode", ["int8", "dynamic", "none"])
def test_the_golden_frames_of_this_machine_are_reproduced(
    on_board: Runner, network_bundle: Callable[[ModeName], Path], mode: ModeName
) -> None:
    path = network_bundle(mode)
    bundle = read_bundle(path)
    said = answer(on_board(PROVE, path))
    assert said["runtime"].startswith("litert ")
    difference = np.abs(np.array(said["outputs"], np.float64) - bundle.golden().outputs.astype(np.float64)).max()
    assert difference <= bundle.manifest.golden.tolerance
    assert said["difference"] == pytest.approx(difference)
    if mode == "int8":
        assert difference == 0


def test_selftest_proves_a_bundle(on_board: Runner, toy_bundle: Path) -> None:
    told = answer(on_board("-m", "sagui.cli", "selftest", toy_bundle, "--json"))
    assert (told["ok"], told["frames"], told["difference"], told["tolerance"]) == (True, 3, 0.0, 0.0)
    assert told["runtime"].startswith("litert ")


def test_selftest_refuses_other_golden_frames(
    on_board: Runner, toy_bundle: Path, bundle_entries: dict[str, bytes], tmp_path: Path
) -> None:
    bundle = read_bundle(toy_bundle)
    off = Golden(bundle.golden().frames, bundle.golden().outputs[::-1])
    path = write_bundle(tmp_path, bundle.manifest, bundle_entries | {"golden.npz": encode_golden(off)})
    done = on_board("-m", "sagui.cli", "selftest", path, "--json")
    assert done.returncode == 1
    assert "2 of 3 golden frames differ" in json.loads(done.stdout)["error"]


def test_classify_names_photos(on_board: Runner, toy_bundle: Path, colours: Path) -> None:
    photos = sorted(colours.iterdir())
    done = on_board("-m", "sagui.cli", "classify", toy_bundle, *photos, "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    named = [json.loads(line)["label"] for line in done.stdout.splitlines()]
    assert named == [photo.stem.partition("-")[2] for photo in photos]


def test_the_agent_publishes_what_it_sees(
    on_board: Runner, toy_bundle: Path, colours: Path, mosquitto: Any, eventually: Callable[..., bool]
) -> None:
    payloads: list[bytes] = []
    reader = mqtt.Client(CallbackAPIVersion.VERSION2)
    subscribed: list[object] = []
    reader.on_connect = lambda client, *_: client.subscribe("sagui/pole/result", qos=1)
    reader.on_subscribe = lambda *_: subscribed.append(True)
    reader.on_message = lambda _client, _data, message: payloads.append(bytes(message.payload))
    reader.connect("127.0.0.1", mosquitto.port)
    reader.loop_start()
    try:
        assert eventually(lambda: bool(subscribed))
        camera = ("--camera", f"folder:{colours}", "--broker", mosquitto.url, "--device", "pole", "--json")
        done = on_board("-m", "sagui.cli", "run", toy_bundle, *camera)
        assert done.returncode == 0, done.stderr[-2000:]
        assert eventually(lambda: len(payloads) == 6)
    finally:
        reader.disconnect()
        reader.loop_stop()
    results = [decode(payload, Result) for payload in payloads]
    assert [result.label for result in results] == ["red", "green", "blue"] * 2
    assert len({result.id for result in results}) == 6
    events = {event["event"]: event for event in map(json.loads, done.stdout.splitlines())}
    assert events["ready"]["golden"] == {"count": 3, "difference": 0.0, "unit": "steps"}
    assert events["stopped"]["acknowledged"] == 6
