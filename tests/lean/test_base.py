"""`pip install sagui` and nothing else: what a person on a Raspberry Pi types."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.interop.environments import ProgramMissingError, clean_environment, find_python
from tests.lean.environments import LITERT, source_path

Runner = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def on_device(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Runs Python with the base dependencies alone; they are installed once."""
    try:
        python = find_python(LITERT)
    except ProgramMissingError as error:
        if os.environ.get("SAGUI_REQUIRE_PROGRAMS"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    state = tmp_path_factory.mktemp("state")
    path = source_path(tmp_path_factory.mktemp("metadata"))
    environment = clean_environment() | {"PYTHONPATH": path, "XDG_STATE_HOME": str(state)}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(python), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)

    return run


@pytest.fixture(scope="module")
def sagui_on_device(on_device: Runner) -> Runner:
    return lambda *arguments: on_device("-m", "sagui.cli", *arguments)


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_nothing_of_the_workstation_is_there(on_device: Runner) -> None:
    looked = "tensorflow", "keras", "tflite_runtime", "PIL", "rich", "scipy", "jinja2", "matplotlib", "pytest"
    code = f"from importlib.util import find_spec; print([name for name in {looked} if find_spec(name)])"
    assert succeeded(on_device("-c", code)) == "[]\n"


def test_selftest_proves_a_bundle(sagui_on_device: Runner, toy_bundle: Path) -> None:
    told = json.loads(succeeded(sagui_on_device("selftest", toy_bundle, "--json")))
    assert (told["ok"], told["frames"], told["difference"]) == (True, 3, 0.0)
    assert told["runtime"].startswith("litert ")


def test_classify_names_photos(sagui_on_device: Runner, toy_bundle: Path, colours: Path) -> None:
    photos = sorted(colours.iterdir())
    named = succeeded(sagui_on_device("classify", toy_bundle, *photos)).splitlines()
    assert [line.split(" (")[0] for line in named] == [f"{photo}: {photo.stem.partition('-')[2]}" for photo in photos]


def test_the_agent_publishes(sagui_on_device: Runner, toy_bundle: Path, colours: Path, mosquitto: Any) -> None:
    camera = ("--camera", f"folder:{colours}", "--broker", mosquitto.url, "--device", "pole", "--json")
    said = succeeded(sagui_on_device("run", toy_bundle, *camera)).splitlines()
    stopped = next(event for event in map(json.loads, said) if event["event"] == "stopped")
    assert (stopped["published"], stopped["acknowledged"]) == (6, 6)


def test_doctor_finds_all_packages(sagui_on_device: Runner) -> None:
    findings = json.loads(sagui_on_device("doctor", "--json").stdout)["findings"]
    levels = {finding["check"]: finding["level"] for finding in findings}
    assert (levels["python"], levels["packages"], levels["runtime"]) == ("ok", "ok", "ok")


def test_training_says_what_it_needs(sagui_on_device: Runner) -> None:
    done = sagui_on_device("train", "photos")
    assert done.returncode == 1
    assert "pip install 'sagui[train]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
