"""The key of a Wi-Fi, and the two files that it is written to."""

import configparser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.wifi import derive, join, keyfile, network_config


@pytest.mark.parametrize(
    ("ssid", "passphrase", "key"),
    [  # IEEE 802.11i-2004, H.4.3
        ("IEEE", "password", "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"),
        ("ThisIsASSID", "ThisIsAPassword", "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af"),
        ("Z" * 32, "a" * 32, "becb93866bb8c3832cb777c2f559807c8c59afcb6eae734885001300a981cc62"),
    ],
)
def test_the_standards_own_examples(ssid: str, passphrase: str, key: str) -> None:
    assert derive(ssid, passphrase) == key
    assert join(ssid, passphrase, "de").psk == key


def test_the_key_itself_may_be_given() -> None:
    assert join("home", "AB" * 32, "DE").psk == "ab" * 32


@pytest.mark.parametrize("passphrase", ["", "1234567", "x" * 64, "g" * 64, "ümlaut-ümlaut", "tab\tbed tab\t", "a" * 65])
def test_what_no_access_point_takes_is_refused_and_not_repeated(passphrase: str) -> None:
    with pytest.raises(ProvisionError, match="8 to 63 ASCII") as caught:
        join("home", passphrase, "DE")
    assert not passphrase or passphrase not in str(caught.value)


@pytest.mark.parametrize("ssid", ["", "a" * 33, "é" * 17, "a\nb", "a\0"])
def test_what_no_network_is_called(ssid: str) -> None:
    with pytest.raises(ProvisionError, match="--wifi"):
        join(ssid, "password", "DE")


@pytest.mark.parametrize("country", [None, "", "D", "DEU", "12", "D\n"])
def test_a_country_is_needed(country: str | None) -> None:
    with pytest.raises(ProvisionError, match="--wifi-country"):
        join("home", "password", country)


def test_the_key_is_not_in_what_is_printed() -> None:
    assert "psk" not in repr(join("home", "password", "DE"))


def test_a_cable_alone() -> None:
    network: Any = network_config(None)["network"]
    assert network["version"] == 2
    assert "wifis" not in network
    assert network["ethernets"]["eth0"]["dhcp4"] is True


def test_nobody_waits_for_a_network_at_a_start() -> None:
    network: Any = network_config(join("home", "password", "DE", hidden=True))["network"]
    for interface in [*network["ethernets"].values(), *network["wifis"].values()]:
        assert interface["optional"] is True
    assert network["wifis"]["wlan0"]["access-points"]["home"]["hidden"] is True


_NAMES = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=8).filter(str.isprintable)


@given(_NAMES)
def test_networkmanager_reads_any_name(ssid: str) -> None:
    read = configparser.ConfigParser(interpolation=None)
    read.read_string(keyfile(join(ssid, "password", "DE")))
    written = bytes(int(byte) for byte in read["wifi"]["ssid"].rstrip(";").split(";"))
    assert written.decode() == ssid
    assert read["wifi-security"]["psk"] == derive(ssid, "password")
