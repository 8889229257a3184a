"""What Bookworm runs."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sagui.deploy.provision.firstrun import firstrun
from sagui.deploy.provision.order import Login, Order
from sagui.deploy.provision.wifi import join


@pytest.mark.parametrize("wifi", [None, join("it's; reboot", "correct horse", "DE")])
def test_shellcheck_finds_no_fault(
    program: Callable[[str], str], make_order: Callable[..., Order], tmp_path: Path, wifi: object
) -> None:
    path = tmp_path / "firstrun.sh"
    path.write_text(firstrun(make_order(wifi=wifi)))
    done = subprocess.run([program("shellcheck"), path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_nothing_secret_is_in_it(make_order: Callable[..., Order]) -> None:
    wifi = join("home", "correct horse", "DE")
    script = firstrun(make_order(wifi=wifi))
    assert wifi.psk not in script
    assert "correct horse" not in script


def test_it_does_its_work_in_order_and_goes(make_order: Callable[..., Order], tmp_path: Path) -> None:
    said, boot = tmp_path / "said", tmp_path / "boot" / "firmware"
    (boot / "sagui").mkdir(parents=True)
    (boot / "sagui" / "first-boot.sh").write_text(f'echo first-boot "$@" >>{said}\n')
    (boot / "cmdline.txt").write_text("a=b systemd.run=/x systemd.run_success_action=reboot systemd.unit=y\n")
    (tmp_path / "etc" / "sudoers.d").mkdir(parents=True)
    stand_in = tmp_path / "stand-in"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >>{said}\n')
    stand_in.chmod(0o755)
    key = "ssh-ed25519 AAAA it's mine"
    script = firstrun(make_order(login=Login("ann", (key,)), wifi=join("home", "correct horse", "DE")))
    for place in ("/usr/lib/raspberrypi-sys-mods/imager_custom", "/usr/lib/userconf-pi/userconf"):
        script = script.replace(place, str(stand_in))
    for place in ("/boot/firmware", "/etc/sudoers.d", "/var/lib"):
        script = script.replace(place, f"{tmp_path}{place}")
    (boot / "firstrun.sh").write_text(script)
    (tmp_path / "rfkill").symlink_to(stand_in)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    assert subprocess.run(["bash", boot / "firstrun.sh"], env=environment, check=False).returncode == 0
    assert said.read_text().splitlines() == [
        "set_hostname porch",
        f"enable_ssh -k {key}",
        "ann *",
        "set_wlan_country DE",
        "unblock wifi",
        "first-boot begin later",
    ]
    assert (tmp_path / "etc/sudoers.d/010_ann-nopasswd").read_text() == "ann ALL=(ALL) NOPASSWD:ALL\n"
    assert not (boot / "firstrun.sh").exists()
    assert (boot / "cmdline.txt").read_text() == "a=b\n"
