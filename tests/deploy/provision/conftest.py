"""Cards, keys and orders, none of which needs a Raspberry Pi."""

import base64
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sagui.bundle import Manifest, encode_golden, write_bundle
from sagui.bundle.golden import Golden
from sagui.deploy.provision.order import Login, Model, Order, Wheel

CMDLINE = "console=serial0,115200 console=tty1 root=PARTUUID=4e639091-02 rootfstype=ext4 fsck.repair=yes rootwait\n"
STOCK_USER_DATA = "#cloud-config\n\n# hostname: raspberrypi\n#packages:\n#- avahi-daemon\n"


def make_public_key(kind: str = "ssh-ed25519", body: bytes = b"\0\0\0\x20" + bytes(32)) -> str:
    blob = struct.pack(">I", len(kind)) + kind.encode() + body
    return f"{kind} {base64.b64encode(blob).decode()} me@desk"


@pytest.fixture
def public_key() -> Callable[..., str]:
    return make_public_key


@pytest.fixture
def ssh_key(tmp_path: Path) -> Path:
    path = tmp_path / "id_ed25519.pub"
    path.write_text(make_public_key() + "\n")
    return path


@pytest.fixture
def trixie(tmp_path: Path) -> Path:
    """The boot partition of a freshly written 64-bit Trixie."""
    return _partition(
        tmp_path / "bootfs",
        {
            "config.txt": "arm_64bit=1\n",
            "cmdline.txt": CMDLINE,
            "issue.txt": "Raspberry Pi reference 2025-12-04\n",
            "kernel8.img": "kernel",
            "kernel_2712.img": "kernel",
            "user-data": STOCK_USER_DATA,
            "meta-data": "dsmode: local\ninstance_id: rpios-image\n",
            "network-config": "# nothing\n",
        },
    )


@pytest.fixture
def bookworm(tmp_path: Path) -> Path:
    """The boot partition of a freshly written 64-bit Bookworm."""
    return _partition(
        tmp_path / "boot12",
        {
            "config.txt": "arm_64bit=1\n",
            "cmdline.txt": CMDLINE.rstrip() + " quiet init=/usr/lib/raspberrypi-sys-mods/firstboot\n",
            "issue.txt": "Raspberry Pi reference 2024-11-19\nGenerated using pi-gen\n",
            "kernel8.img": "kernel",
        },
    )


@pytest.fixture
def snapshot() -> Callable[[Path], dict[str, bytes]]:
    """All files below a folder."""
    return lambda folder: {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def bundle(tmp_path: Path, make_manifest: Callable[..., Manifest]) -> Path:
    """A bundle that is whole; what is in its model is of no matter here."""
    golden = encode_golden(Golden(np.zeros((3, 16, 16, 3), np.uint8), np.zeros((3, 3), np.uint8)))
    entries = dict.fromkeys(("model.tflite", "report.json", "report.html", "README.md"), b"x" * 100)
    manifest = make_manifest(name="pets", version="1.4.0")
    return write_bundle(tmp_path, manifest, entries | {"golden.npz": golden})


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """What is looked for in a wheel, and nothing else."""
    path = tmp_path / "sagui-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sagui/device/agent.py", "")
    return path


@pytest.fixture
def make_order(bundle: Path) -> Callable[..., Order]:
    """An order in which only what a test is about must be named."""

    def make(**changes: object) -> Order:
        fields: dict[str, object] = {
            "hostname": "porch",
            "device": "porch",
            "login": Login("pi", (make_public_key(),)),
            "broker": "mqtts://broker.local",
            "camera": "picamera2",
            "model": Model("pets", "1.4.0", bundle.read_bytes()),
            "sagui": Wheel("sagui-0.1.0-py3-none-any.whl", b"wheel"),
        }
        return Order(**(fields | changes))  # type: ignore[arg-type]

    return make


def _partition(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder
