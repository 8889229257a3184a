"""From what a person wrote to a camera."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sagui.device.cameras import Incident, open_camera
from sagui.device.errors import CameraError


def ignore(text: str) -> None:
    raise AssertionError(text)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("folder:/nowhere", "/nowhere is no folder"),
        ("telescope", "there is no 'telescope'; use folder:DIR, file:VIDEO"),
        ("", "names none; use folder:DIR"),
        ("x" * 5000, "cannot be looked at: File name too long"),
        ("synthetic:sunset", "there is no scene 'sunset'"),
        ("synthetic?every=soon", "every=soon is not allowed; every is seconds"),
        ("synthetic:square?channel=4", "there is no option 'channel'"),
    ],
)
def test_what_is_no_camera_is_refused(spec: str, reason: str) -> None:
    with pytest.raises(CameraError, match=reason):
        open_camera(spec, loop=False, warn=ignore)


def test_options_go_with_a_plain_path(colours: Path) -> None:
    camera = open_camera(f"{colours}?roi=0,0,0.5,0.25&rotate=90", loop=False, warn=ignore)
    frame = camera.read()
    assert frame is not None
    assert frame.photo.shape == (10, 20, 3)
    with pytest.raises(CameraError, match="every does not go with folder"):
        open_camera(f"{colours}?every=1", loop=False, warn=ignore)


def test_a_question_mark_may_be_in_a_plain_path(colours: Path, tmp_path: Path) -> None:
    folder = tmp_path / "who?rotate=9"
    folder.mkdir()
    (folder / "a.png").write_bytes(next(colours.iterdir()).read_bytes())
    assert open_camera(str(folder), loop=False, warn=ignore).read() is not None


def test_a_synthetic_camera_gives_every_frame() -> None:
    camera = open_camera("synthetic:visits?frames=70", loop=False, warn=ignore)
    labels = [frame.source for frame in iter(camera.read, None)]
    assert labels == ["nothing"] * 60 + ["blue"] * 10


def test_a_camera_that_stalls_says_so_and_comes_back() -> None:
    incidents: list[Incident] = []
    back = threading.Event()

    def tell(incident: Incident) -> None:
        incidents.append(incident)
        if incident.kind == "back":
            back.set()

    spec = "synthetic:square?fps=200&stall_after=5&stall_seconds=1&rotate=90"
    camera = open_camera(spec, loop=False, warn=ignore, tell=tell)
    assert back.wait(20)
    frame = camera.read()
    camera.close()
    assert [incident.kind for incident in incidents][:2] == ["lost", "back"]
    assert incidents[0].reason == "no frame for 1 s"
    assert incidents[0].camera == "synthetic:square"
    assert frame is not None
    assert frame.photo.shape == (320, 240, 3)
    assert camera.read() is None


def test_whoever_gives_no_place_for_incidents_gets_them_as_warnings() -> None:
    warnings: list[str] = []
    warned = threading.Event()

    def warn(text: str) -> None:
        warnings.append(text)
        warned.set()

    camera = open_camera("synthetic?fps=200&stall_after=2&stall_seconds=1", loop=False, warn=warn)
    assert warned.wait(20)
    camera.close()
    assert warnings[0].startswith("camera: synthetic stopped (no frame for 1 s); next try in ")


def test_every_frame_is_a_sign_of_life() -> None:
    beats: list[None] = []
    camera = open_camera("synthetic?frames=30&every=1", loop=False, warn=ignore, beat=lambda: beats.append(None))
    assert len(list(iter(camera.read, None))) == 3
    assert len(beats) == 30


def test_an_adapter_is_imported_when_it_is_asked_for() -> None:
    code = "import sys, sagui.device.cameras; print(*(n for n in sys.modules if n.startswith('sagui.device.cameras.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.rpartition(".")[2] for name in done.stdout.split()}
    assert not loaded & {"folder", "opencv", "usb", "v4l2", "network", "picamera", "synthetic", "motion", "live"}
