"""What cloud-init and netplan themselves say of what is written for them."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sagui.deploy.provision.card import card_files
from sagui.deploy.provision.cloud import meta_data, user_data
from sagui.deploy.provision.order import Login, Order
from sagui.deploy.provision.wifi import join

_LINE = "console=tty1 root=PARTUUID=1-02\n"
_NAMES = ("home", "NO", "0x1f", "a: b", 'it\'s "mine" #1', "Café ☕", "-", "[x]", "12:30", "null", "%d\\n")


def _cloud_init(program: Callable[[str], str], path: Path) -> subprocess.CompletedProcess[str]:
    command = [program("cloud-init"), "schema", "--config-file", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_cloud_init_finds_no_fault(
    program: Callable[[str], str], make_order: Callable[..., Order], tmp_path: Path
) -> None:
    path = tmp_path / "user-data"
    path.write_text(user_data(make_order()))
    done = _cloud_init(program, path)
    assert (done.returncode, done.stdout.startswith("Valid cloud-config")) == (0, True), done.stdout + done.stderr
    path.write_text(path.read_text().replace("manage_etc_hosts: true", "manage_etc_hosts: [1]"))
    assert _cloud_init(program, path).returncode == 1, "the check finds faults"


def test_nobody_logs_in_by_a_password(make_order: Callable[..., Order], public_key: Callable[..., str]) -> None:
    keys = (public_key(), public_key("sk-ssh-ed25519@openssh.com"))
    said: Any = yaml.safe_load(user_data(make_order(login=Login("ann", keys))))
    assert said["ssh_pwauth"] is False
    assert said["user"]["name"] == "ann"
    assert said["user"]["lock_passwd"] is True
    assert said["user"]["ssh_authorized_keys"] == list(keys)
    assert "passwd" not in said["user"]


def test_the_first_boot_is_begun(make_order: Callable[..., Order]) -> None:
    said: Any = yaml.safe_load(user_data(make_order()))
    begin = [["systemctl", "enable", "--now", "ssh"], ["bash", "/boot/firmware/sagui/first-boot.sh", "begin"]]
    assert said["runcmd"] == begin
    said = yaml.safe_load(user_data(make_order(wifi=join("home", "correct horse", "DE"))))
    assert said["runcmd"] == [["rfkill", "unblock", "wifi"], *begin]


@pytest.mark.parametrize("ssid", _NAMES)
def test_netplan_makes_the_network_of_any_name(
    program: Callable[[str], str], make_order: Callable[..., Order], tmp_path: Path, ssid: str
) -> None:
    wifi = join(ssid, "correct horse", "NO", hidden=True)
    entries = card_files(make_order(wifi=wifi), "trixie", _LINE)
    folder = tmp_path / "etc" / "netplan"
    folder.mkdir(parents=True)
    # Raspberry Pi OS hands all networks to NetworkManager, by a file of its own like this one.
    for name, content in (
        ("00-network-manager-all.yaml", b"network: {version: 2, renderer: NetworkManager}\n"),
        ("50-cloud-init.yaml", entries["network-config"].content),
    ):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    done = subprocess.run(
        [program("netplan"), "generate", "--root-dir", tmp_path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    made = list((tmp_path / "run/NetworkManager/system-connections").glob("*wlan0*"))
    assert len(made) == 1
    assert f"psk={wifi.psk}" in made[0].read_text().splitlines()
    assert "hidden=true" in made[0].read_text()


def test_cloud_init_reads_the_network(
    program: Callable[[str], str], make_order: Callable[..., Order], tmp_path: Path
) -> None:
    entries = card_files(make_order(wifi=join("NO", "correct horse", "NO")), "trixie", _LINE)
    path = tmp_path / "network-config"
    path.write_bytes(entries["network-config"].content)
    command = [program("cloud-init"), "devel", "net-convert", "--network-data", str(path), "--kind", "yaml"]
    command += ["--directory", str(tmp_path / "out"), "--distro", "debian", "--output-kind", "netplan"]
    subprocess.run(command, check=True, capture_output=True)
    (written,) = (tmp_path / "out").rglob("*.yaml")
    said: Any = yaml.safe_load(written.read_text())
    assert said["network"]["wifis"]["wlan0"]["access-points"] == {"NO": {"password": _psk(entries)}}
    assert said["network"]["wifis"]["wlan0"]["regulatory-domain"] == "NO"


def _psk(entries: Any) -> str:
    said: Any = yaml.safe_load(entries["network-config"].content)
    return str(said["network"]["wifis"]["wlan0"]["access-points"]["NO"]["password"])


def test_another_card_is_another_instance(make_order: Callable[..., Order]) -> None:
    one, two = (card_files(make_order(camera=camera), "trixie", _LINE) for camera in ("usb:0", "usb:1"))
    assert one["meta-data"].content != two["meta-data"].content
    instance = yaml.safe_load(one["meta-data"].content)["instance-id"]
    assert f"ds=nocloud;i={instance}" in one["cmdline.txt"].content.decode().split()
    assert yaml.safe_load(meta_data("x")) == {"instance-id": "x", "dsmode": "local"}


def test_the_example_is_what_is_written(make_order: Callable[..., Order], root: Path) -> None:
    entries = card_files(make_order(wifi=join("home", "correct horse", "DE")), "trixie", _LINE)
    for name in ("user-data", "network-config"):
        assert (root / "deploy" / "cloud-init" / name).read_bytes() == entries[name].content
