"""Cameras, from a tree of files as Linux has it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sagui.device.doctor.camera import check_camera, find_holders, find_nodes
from sagui.device.doctor.report import Level
from sagui.device.machine import Machine


def plug_usb(tree: Any, number: int = 0, title: str = "HD Pro Webcam C920") -> None:
    for node, index in ((number, 0), (number + 1, 1)):
        tree.put(f"sys/class/video4linux/video{node}/name", f"{title}\n")
        tree.put(f"sys/class/video4linux/video{node}/index", f"{index}\n")
        tree.put(f"dev/video{node}")


def plug_ribbon(tree: Any, title: str = "unicam-image") -> None:
    tree.put("sys/class/video4linux/video0/name", f"{title}\n")
    tree.put("dev/video0")


def hold(tree: Any, process: int, comm: str, cmdline: str, device: str = "/dev/video0") -> None:
    tree.put(f"proc/{process}/comm", f"{comm}\n")
    tree.put(f"proc/{process}/cmdline", cmdline)
    tree.link(f"proc/{process}/fd/0", "/dev/null")
    tree.link(f"proc/{process}/fd/7", device)


def test_a_usb_camera_is_seen_once_and_a_pis_codecs_are_not(pi: Any) -> None:
    plug_usb(pi)
    (finding,) = check_camera(pi.machine)
    assert (finding.level, finding.text) == (Level.OK, "/dev/video0 (HD Pro Webcam C920), free")


def test_without_a_camera_a_pi_is_told_of_both_kinds(pi: Any) -> None:
    (finding,) = check_camera(pi.machine)
    assert finding.level is Level.WARNING
    assert "rpicam-hello --list-cameras" in finding.mend


def test_another_machine_is_not_told_of_ribbon_cables(tree: Any) -> None:
    assert "rpicam" not in check_camera(tree.machine)[0].mend


def test_who_holds_the_camera_is_named(tree: Any) -> None:
    plug_usb(tree)
    hold(tree, 812, "motion", "/usr/bin/motion\0-n\0")
    hold(tree, 813, "bash", "bash\0", "/dev/video1")
    (finding,) = check_camera(tree.machine)
    assert finding.level is Level.FAILED
    assert "held by motion (process 812)" in finding.text
    assert finding.mend.endswith("kill 812")


@pytest.mark.parametrize(
    ("comm", "cmdline"),
    [("sagui", "/opt/sagui/bin/python\0/opt/sagui/bin/sagui\0run\0"), ("python3", "python3\0-m\0sagui.cli\0run\0")],
)
def test_the_agent_itself_may_hold_it(tree: Any, comm: str, cmdline: str) -> None:
    plug_usb(tree)
    hold(tree, 99, comm, cmdline)
    (finding,) = check_camera(tree.machine)
    assert (finding.level, finding.text) == (Level.OK, "/dev/video0 (HD Pro Webcam C920), held by sagui (process 99)")


def test_processes_that_may_not_be_looked_into_are_not_passed_over_in_silence(tree: Any) -> None:
    plug_usb(tree)
    tree.put("proc/77/fd")  # a file cannot be listed, as another user's folder cannot
    (finding,) = check_camera(tree.machine)
    assert finding.level is Level.OK
    assert "free as far as this user sees" in finding.text


def test_real_processes_are_looked_into(tmp_path: Path) -> None:
    device = tmp_path / "video0"
    device.touch()
    assert find_holders(Machine(), {str(device)})[0] == []
    with device.open():
        (holder,), _ = find_holders(Machine(), {str(device)})
    assert holder.process == os.getpid()
    assert not holder.ours


def test_a_user_outside_the_group_is_told_the_command(tree: Any) -> None:
    plug_usb(tree)
    tree.forbidden.add("video0")
    (finding,) = check_camera(tree.machine)
    assert finding.level is Level.FAILED
    assert finding.mend.startswith("sudo usermod -aG video")


def test_a_camera_without_a_device_file_fails(tree: Any) -> None:
    plug_usb(tree)
    (tree.root / "dev/video0").unlink()
    (finding,) = check_camera(tree.machine)
    assert finding.level is Level.FAILED
    assert "no device file" in finding.text


@pytest.mark.parametrize("title", ["unicam-image", "rp1-cfe-csi2_ch0"])
def test_a_ribbon_camera_needs_picamera2(pi: Any, title: str) -> None:
    plug_ribbon(pi, title)
    pi.answer("import picamera2", json.dumps({"error": "No module named 'picamera2'"}))
    (finding,) = check_camera(pi.machine)
    assert finding.level is Level.FAILED
    assert "apt install python3-picamera2" in finding.mend
    assert "--system-site-packages" in finding.mend
    pi.answer("import picamera2", json.dumps({"version": "", "file": "/usr/lib/python3/dist-packages/picamera2"}))
    (finding,) = check_camera(pi.machine)
    assert (finding.level, finding.text) == (Level.OK, f"one on the ribbon cable ({title}), free")


def test_a_picamera2_built_for_another_numpy_is_told_from_a_missing_one(pi: Any) -> None:
    plug_ribbon(pi)
    error = "numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, got 88"
    pi.answer("import picamera2", json.dumps({"error": error}))
    (finding,) = check_camera(pi.machine)
    assert finding.level is Level.FAILED
    assert finding.mend.startswith("pip install 'numpy>=1.26,<2'")


def test_nodes_are_found_without_an_index(tree: Any) -> None:
    tree.put("sys/class/video4linux/video3/name", "Camera\n")
    assert [node.name for node in find_nodes(tree.machine)] == ["video3"]
