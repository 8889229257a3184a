"""A Wi-Fi, by the key that its passphrase makes, so that the passphrase itself is not written to the card.

The key opens this one Wi-Fi as well as the passphrase does; it opens no other place where the same words are used.
"""

import hashlib
import re
import uuid
from dataclasses import dataclass, field

from sagui.deploy.provision.errors import ProvisionError

_ROUNDS = 4096
_KEY_BYTES = 32
_LONGEST_SSID_BYTES = 32
_SHORTEST, _LONGEST = 8, 63
_KEY = re.compile(r"[0-9a-fA-F]{64}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_SPACE = uuid.UUID("6b1f0c0e-6f0c-4c0b-9d3a-0d4c2f1f7a11")


@dataclass(frozen=True)
class Wifi:
    """A network to join.

    Attributes:
        psk: 64 hexadecimal digits.
        country: Two letters (ISO 3166): which channels may be used.
    """

    ssid: str
    psk: str = field(repr=False)
    country: str = "GB"
    hidden: bool = False


def join(ssid: str, passphrase: str, country: str | None, *, hidden: bool = False) -> Wifi:
    """Makes a network of what a person knows of it.

    Args:
        ssid: Its name.
        passphrase: 8 to 63 ASCII characters, or the 64 digits of the key itself.
        country: Where the device is.
        hidden: Whether the network does not tell its name.

    Raises:
        ProvisionError: With what is wrong; the passphrase is not in it.
    """
    where = check_network(ssid, country)
    if _KEY.fullmatch(passphrase):
        return Wifi(ssid, passphrase.lower(), where, hidden)
    if not _SHORTEST <= len(passphrase) <= _LONGEST or not (passphrase.isascii() and passphrase.isprintable()):
        raise ProvisionError(
            f"the password of the Wi-Fi {ssid!r} must have {_SHORTEST} to {_LONGEST} ASCII characters, "
            f"or be the key of 64 hexadecimal digits"
        )
    return Wifi(ssid, derive(ssid, passphrase), where, hidden)


def check_network(ssid: str, country: str | None) -> str:
    """Sees that a network can be called so, and gives the country in capital letters.

    Raises:
        ProvisionError: It cannot, or there is no such country.
    """
    if not 1 <= len(ssid.encode()) <= _LONGEST_SSID_BYTES or not ssid.isprintable():
        raise ProvisionError(
            f"--wifi {ssid!r}: the name of a network has 1 to {_LONGEST_SSID_BYTES} bytes, in one line"
        )
    if country is None or not _COUNTRY.fullmatch(country.upper()):
        raise ProvisionError("--wifi-country: the two letters of the country where the device is, such as DE")
    return country.upper()


def derive(ssid: str, passphrase: str) -> str:
    """Makes the pre-shared key: PBKDF2-HMAC-SHA1, 4096 rounds, the network's name as salt (IEEE 802.11i, H.4.1).

    >>> derive("IEEE", "password")
    'f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e'

    Returns:
        64 hexadecimal digits.
    """
    return hashlib.pbkdf2_hmac("sha1", passphrase.encode(), ssid.encode(), _ROUNDS, _KEY_BYTES).hex()


def network_config(wifi: Wifi | None) -> dict[str, object]:
    """Writes what netplan reads (version 2): the cable by DHCP, and the Wi-Fi if there is one.

    Neither is waited for at a start: the agent works without a network.
    """
    # Raspberry Pi OS names the first ones so.
    network: dict[str, object] = {
        "version": 2,
        "ethernets": {"eth0": {"dhcp4": True, "dhcp6": True, "optional": True}},
    }
    if wifi is not None:
        point: dict[str, object] = {"password": wifi.psk} | ({"hidden": True} if wifi.hidden else {})
        network["wifis"] = {
            "wlan0": {
                "dhcp4": True,
                "optional": True,
                "regulatory-domain": wifi.country,
                "access-points": {wifi.ssid: point},
            }
        }
    return {"network": network}


def keyfile(wifi: Wifi) -> str:
    """Writes a connection as NetworkManager keeps it (``nm-settings-keyfile``), for systems without netplan."""
    ssid = "".join(f"{byte};" for byte in wifi.ssid.encode())  # as bytes: no character needs an escape
    return (
        f"[connection]\nid=sagui\nuuid={uuid.uuid5(_SPACE, wifi.ssid)}\ntype=wifi\nautoconnect=true\n\n"
        f"[wifi]\nmode=infrastructure\nssid={ssid}\nhidden={str(wifi.hidden).lower()}\n\n"
        f"[wifi-security]\nkey-mgmt=wpa-psk\npsk={wifi.psk}\n\n"
        f"[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n"
    )
