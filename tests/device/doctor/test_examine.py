"""The whole examination, of machines that are not like ours."""

import json
import socket
from pathlib import Path
from typing import Any

from sagui.device.doctor.examine import examine
from sagui.device.doctor.report import Level
from sagui.device.doctor.subject import Subject
from sagui.device.mqtt.address import Address


def test_a_machine_that_answers_nothing_is_examined_to_the_end(tree: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    subject = Subject(tmp_path, Path("cats.sagui"), broker=Address("127.0.0.1", port))
    findings = list(examine(tree.machine, subject))
    levels = {finding.check: finding.level for finding in findings}
    assert [check for check, level in levels.items() if level is Level.FAILED] == [
        "packages",
        "runtime",
        "model",
        "broker",
    ]
    assert all(finding.mend for finding in findings if finding.level is not Level.OK)


def test_a_pi_in_order_is_all_right(pi: Any, tmp_path: Path) -> None:
    pi.answer("probe import", json.dumps({"version": "99.0", "file": "/x"}))
    pi.answer("probe runtime litert", json.dumps({"name": "litert 2.3.0"}))
    pi.answer("probe runtime", json.dumps({"error": "No module named 'tflite_runtime'"}))
    pi.answer("vcgencmd get_throttled", "throttled=0x0\n")
    pi.answer("timedatectl", "NTPSynchronized=yes\nNTP=yes\n")
    pi.put("sys/class/video4linux/video0/name", "Webcam\n")
    pi.put("dev/video0")
    pi.put("proc/meminfo", "MemAvailable: 900000 kB\n")
    findings = list(examine(pi.machine, Subject(tmp_path)))
    assert {finding.level for finding in findings} == {Level.OK}, findings
    assert [finding.check for finding in findings] == [
        "python",
        "packages",
        "runtime",
        "camera",
        "edgetpu",
        "power",
        "temperature",
        "memory",
        "disk",
        "state",
        "clock",
    ]


def test_findings_come_as_soon_as_they_are_known(tree: Any, tmp_path: Path) -> None:
    first = next(examine(tree.machine, Subject(tmp_path, Path("cats.sagui"))))
    assert first.check == "python"
    assert not any("probe model" in line for line in tree.asked)
