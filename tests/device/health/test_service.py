"""The unit file, against the agent's own numbers and by systemd's own check."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from sagui.device.cameras.backoff import Backoff
from sagui.device.health.crashes import CRASHES, WINDOW_S
from sagui.device.health.stuck import STUCK_SECONDS
from sagui.device.start import DRAIN_SECONDS

_SLOW_START_S = 30.0


class Unit(configparser.ConfigParser):
    """Keys as systemd writes them; of one that is given several times, the last is read."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture(scope="module")
def path(root: Path) -> Path:
    return root / "deploy" / "systemd" / "sagui-device.service"


@pytest.fixture(scope="module")
def unit(path: Path) -> Unit:
    parsed = Unit(strict=False, interpolation=None, comment_prefixes=("#",), inline_comment_prefixes=None)
    parsed.read(path)
    return parsed


def test_it_speaks_the_agents_protocol(unit: Unit) -> None:
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["NotifyAccess"] == "main"
    assert service["ExecStart"].endswith("/sagui run --config /etc/sagui/agent.toml")
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert service["StateDirectory"] == "sagui"


def test_a_stack_dump_comes_before_the_watchdog(unit: Unit) -> None:
    assert float(unit["Service"]["WatchdogSec"]) >= 1.5 * STUCK_SECONDS
    # Half an interval may go by before the first beat, and the camera's retries tell nobody for as long as they rest.
    assert float(unit["Service"]["WatchdogSec"]) >= Backoff().most_s


def test_systemd_never_gives_up_and_crashes_come_fast_enough_for_safe_mode(unit: Unit) -> None:
    service = unit["Service"]
    assert service["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    slowest_s = _SLOW_START_S + float(service["WatchdogSec"]) + float(service["RestartSec"])
    assert (CRASHES - 1) * slowest_s <= WINDOW_S, "five bites of the watchdog are five crashes in the window"


def test_a_clean_stop_has_time_for_the_broker(unit: Unit) -> None:
    assert float(unit["Service"]["TimeoutStopSec"]) > 2 * DRAIN_SECONDS


def test_camera_edge_tpu_and_memory_stay_in_reach(unit: Unit) -> None:
    service = unit["Service"]
    assert set(service["SupplementaryGroups"].split()) == {"video", "plugdev"}
    for key in ("PrivateDevices", "PrivateUsers", "ProcSubset", "MemoryDenyWriteExecute"):
        assert key not in service, f"{key} takes something away that the agent needs"
    assert "AF_NETLINK" in service["RestrictAddressFamilies"], "libusb and libcamera hear of devices by it"
    assert "AF_UNIX" in service["RestrictAddressFamilies"], "the notify socket is one"


def test_it_is_hardened(unit: Unit) -> None:
    service = unit["Service"]
    assert service["User"] == "sagui"
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert service["ProtectSystem"] == "strict"


def test_no_password_is_in_it(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert not [line for line in lines if "password" in line.lower()]
    assert "EnvironmentFile=-/etc/sagui/environment" in lines


def test_systemd_finds_no_fault(path: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: apt-get install systemd")
    copy = tmp_path / path.name
    # It looks whether the program is there.
    copy.write_text(path.read_text().replace("/opt/sagui/bin/sagui", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    copy.write_text(copy.read_text().replace("WatchdogSec=60", "WatchdogSec=soon"))
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    assert "soon" in done.stderr, "the check finds faults"
