"""Everything that is written to a card, and where."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from shlex import quote
from typing import Any

from sagui.bundle.archive import digest
from sagui.deploy.provision import settings
from sagui.deploy.provision.cloud import MARK, dump, meta_data, user_data
from sagui.deploy.provision.firstrun import firstrun
from sagui.deploy.provision.kernel_line import options
from sagui.deploy.provision.order import Order, System, Wheel
from sagui.deploy.provision.partition import FOLDER
from sagui.deploy.provision.wifi import keyfile, network_config

SECRETS = f"{FOLDER}/secrets"
PUBLIC = f"{FOLDER}/public"
REGISTRY = f"{FOLDER}/registry"
_HIDDEN = "(not shown)"
_OURS = ("first-boot.sh", "sagui-first-boot.service", "sagui-device.service", "90-sagui-watchdog.conf")
_PICAMERA = "python3-picamera2"


@dataclass(frozen=True)
class Entry:
    """A file of the card.

    Attributes:
        shown: What a person may see of it, where that is not the file as it is: secrets, and what is no text.
    """

    content: bytes = field(repr=False)
    shown: str | None = None


def card_files(order: Order, system: System, cmdline: str) -> dict[str, Entry]:
    """Gives all files by their path on the boot partition; ``cmdline.txt`` is the last.

    Args:
        order: What is asked for.
        system: What is on the card.
        cmdline: Its ``cmdline.txt`` as it is.
    """
    inner = _carried(order) | _secrets(order, system) | {f"{FOLDER}/first-boot.env": _text(first_boot_env(order))}
    outer = _cloud(order) if system == "trixie" else {"firstrun.sh": _text(firstrun(order))}
    instance = f"sagui-{order.hostname}-{_digest(inner | outer)}"
    if system == "trixie":
        outer["meta-data"] = _text(meta_data(instance))
    line = options(cmdline, system, instance, order.wifi)
    # The empty file turns the SSH server on, on both systems.
    return inner | outer | {"ssh": _text(""), "cmdline.txt": _text(line)}


def first_boot_env(order: Order) -> str:
    """Writes what the first boot's script is told, as a shell reads it."""
    picamera = order.camera.partition("?")[0].partition("#")[0] == "picamera2"
    carried = isinstance(order.sagui, Wheel)
    signed = order.updates is not None and bool(order.updates.carried)
    told = {
        "PACKAGES": "python3-venv avahi-daemon" + (f" {_PICAMERA}" if picamera else ""),
        # picamera2 comes from apt alone; the other cameras are better off with the newest wheels.
        "VENV_OPTIONS": "--system-site-packages" if picamera else "",
        "WHEEL": order.sagui.file if isinstance(order.sagui, Wheel) else "",
        "REQUIREMENT": "" if carried else str(order.sagui),
        "MODEL": order.model.file,
        "SHA256": digest(order.model.content),
        "SIGNED": f"{order.model.name}=={order.model.version}" if signed else "",
    }
    return "".join(f"{key}={quote(value)}\n" for key, value in told.items())


def _cloud(order: Order) -> dict[str, Entry]:
    network: Any = network_config(order.wifi)
    written = f"# {MARK}.\n" + dump(network)
    shown = written.replace(order.wifi.psk, _HIDDEN) if order.wifi else None
    return {"user-data": _text(user_data(order)), "network-config": Entry(written.encode(), shown)}


def _carried(order: Order) -> dict[str, Entry]:
    ours = files("sagui.deploy.provision") / "on_card"
    found = {f"{FOLDER}/{name}": _text((ours / name).read_text("utf-8")) for name in _OURS}
    if isinstance(order.sagui, Wheel):
        found[f"{FOLDER}/{order.sagui.file}"] = _opaque(order.sagui.content)
    found[f"{FOLDER}/{order.model.file}"] = _opaque(order.model.content)
    given = order.credentials
    public = {settings.CA: given.ca, settings.CERTIFICATE: given.certificate}
    if order.updates is not None:
        public[settings.ROOT] = order.updates.root
        found |= {f"{REGISTRY}/{path}": _opaque(content) for path, content in order.updates.carried.items()}
    return found | {f"{PUBLIC}/{name}": _opaque(content) for name, content in public.items() if content is not None}


def _secrets(order: Order, system: System) -> dict[str, Entry]:
    given = order.credentials
    named = {settings.KEY: given.key, settings.USER: given.user, settings.PASSWORD: given.password}
    if order.wifi is not None and system == "bookworm":
        named["sagui.nmconnection"] = keyfile(order.wifi).encode()
    found = {f"{SECRETS}/{name}": Entry(content, _HIDDEN) for name, content in named.items() if content is not None}
    # A camera's address may hold a password.
    text = settings.agent_toml(order)
    shown = settings.agent_toml(replace(order, camera=_HIDDEN)) if "@" in order.camera else None
    return found | {f"{SECRETS}/{settings.SETTINGS}": Entry(text.encode(), shown)}


def _digest(entries: Mapping[str, Entry]) -> str:
    whole = hashlib.sha256()
    for path in sorted(entries):
        whole.update(path.encode() + b"\0" + hashlib.sha256(entries[path].content).digest())
    return whole.hexdigest()[:8]


def _text(text: str) -> Entry:
    return Entry(text.encode())


def _opaque(content: bytes) -> Entry:
    return Entry(content, f"({len(content):,} bytes)")
