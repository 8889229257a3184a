"""``cmdline.txt``: the kernel's options, one line, in which only ours are exchanged."""

from sagui.deploy.provision.order import System
from sagui.deploy.provision.wifi import Wifi

_INSTANCE = "ds=nocloud"
_COUNTRY = "cfg80211.ieee80211_regdom="
_RUN = (
    "systemd.run=/boot/firmware/firstrun.sh",
    "systemd.run_success_action=reboot",
    "systemd.unit=kernel-command-line.target",
)
_RUN_KEYS = tuple(option.partition("=")[0] + "=" for option in _RUN)


def options(line: str, system: System, instance: str, wifi: Wifi | None) -> str:
    r"""Gives the line with what the first boot needs; doing it twice is doing it once.

    >>> options("console=tty1 rootwait\n", "trixie", "sagui-1", None)
    'console=tty1 rootwait ds=nocloud;i=sagui-1\n'

    Args:
        line: As it is.
        system: What is on the card.
        instance: cloud-init's name for this installation. It must stand here, too, for an older one to lose.
        wifi: For its country; without one, the country stays as it was.
    """
    dropped = (_INSTANCE, *_RUN_KEYS) + ((_COUNTRY,) if wifi else ())
    kept = [option for option in line.split() if not option.startswith(dropped)]
    ours = [f"{_INSTANCE};i={instance}"] if system == "trixie" else list(_RUN)
    country = [_COUNTRY + wifi.country] if wifi else []
    return " ".join(kept + country + ours) + "\n"


def starts_a_program(line: str) -> bool:
    """Whether the next boot runs a script once, as Raspberry Pi Imager's customisation does."""
    return any(option.startswith("systemd.run=") for option in line.split())
