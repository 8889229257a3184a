"""Who a person is by the word of a proxy."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sagui.deploy.dashboard.door.access import came_straight
from sagui.deploy.dashboard.door.proxies import LONGEST_USER, Proxies, parse_proxies
from sagui.deploy.dashboard.errors import DashboardError, ForgedError

PROXY, STRANGER = "10.0.0.2", "10.0.0.3"


def believed(*addresses: str) -> Proxies:
    proxies = parse_proxies("Remote-User", addresses or (PROXY,))
    assert proxies is not None
    return proxies


def test_the_proxy_says_who_it_is() -> None:
    assert believed().user(PROXY, [b"ana"]) == "ana"


def test_nobody_is_who_is_not_named() -> None:
    assert believed().user(PROXY, []) is None
    assert believed().user(PROXY, [b""]) is None
    assert believed().user(STRANGER, []) is None


@given(st.binary(), st.ip_addresses())
@example(b"", "")
@example(b"ana", "testclient")
@example(b"ana", "10.0.0.2 ")
@example(b"ana", "10.0.0.20")
def test_nobody_else_is_believed(value: bytes, peer: object) -> None:
    if str(peer) != PROXY:
        with pytest.raises(ForgedError, match="Only the proxy may say remote-user"):
            believed().user(str(peer), [value])


@given(st.lists(st.binary(), min_size=2))
def test_several_are_refused_even_where_they_are_the_same(values: list[bytes]) -> None:
    with pytest.raises(ForgedError, match="more than one"):
        believed().user(PROXY, values)


@given(st.binary())
@example("\N{RIGHT-TO-LEFT OVERRIDE}ana".encode())
@example(b"mallory, ana")
@example(b"ana\r\nx: y")
@example(b"\xff")
@example(b"\xa0")
@example(b"x" * (LONGEST_USER + 1))
def test_what_is_let_in_is_a_name_that_can_be_shown(value: bytes) -> None:
    try:
        name = believed().user(PROXY, [value])
    except ForgedError as error:
        assert str(error) == "remote-user is no name of a user."  # noqa: PT017 (either is right)
        return
    assert name is None or (name.isprintable() and "," not in name and 0 < len(name) <= LONGEST_USER)
    assert (name or "").encode() == value.strip(b" \t")


@pytest.mark.parametrize(
    "name", ["ana", "ana@example.org", "CORP\\ana", "Ana Súarez", "安娜", "<b>", "x" * LONGEST_USER]
)
def test_names_of_people_are_let_in(name: str) -> None:
    assert believed().user(PROXY, [name.encode()]) == name


@pytest.mark.parametrize(
    ("addresses", "peer", "trusted"),
    [
        (("127.0.0.1",), "127.0.0.1", True),
        (("127.0.0.1",), "127.0.0.2", False),
        (("127.0.0.1",), "::ffff:127.0.0.1", True),
        (("10.0.0.0/24",), "10.0.0.255", True),
        (("10.0.0.0/24",), "10.0.1.0", False),
        (("10.0.0.1", "fd00::/8"), "fd00::1", True),
        (("::1",), "0:0:0:0:0:0:0:1", True),
        (("fe80::1",), "fe80::2", False),
        (("10.0.0.1",), "", False),
    ],
)
def test_addresses_and_networks_are_known(addresses: tuple[str, ...], peer: str, trusted: bool) -> None:  # noqa: FBT001 (parametrized)
    assert believed(*addresses).trusts(peer) is trusted


def test_nothing_asked_for_is_nothing() -> None:
    assert parse_proxies(None, ()) is None


FOR_EVERYBODY = (
    *(
        "Host",
        "cookie",
        "X-Forwarded-For",
        "Authorization",
        "Proxy-Authorization",
        "Cache-Control",
        "Pragma",
        "Range",
        "Via",
    ),
    *("DNT", "Priority", "Sec-CH-UA", "If-None-Match", "X-Forwarded-Server", "X-Forwarded-Ssl", "X-Request-Id"),
)
"""Anybody's browser, or any proxy, writes these."""


@pytest.mark.parametrize(
    ("header", "addresses", "why"),
    [
        (None, ("127.0.0.1",), "without --user-header"),
        ("Remote-User", (), "add --trusted-proxy"),
        ("Remote-User", ("10.0.0.1/24",), "has host bits set"),
        ("Remote-User", ("proxy.lan",), "use 127.0.0.1 or 10.0.0.0/24"),
        ("Remote-User", ("127.0.0.1", "0.0.0.0/0"), "believe anybody"),
        ("Remote-User", ("::/0",), "believe anybody"),
        *(
            (name, ("127.0.0.1",), "use one such as Remote-User")
            for name in ("", "a b", "Remote_User", "X:", "é", "x\n")
        ),
        *((name, ("127.0.0.1",), "use one such as Remote-User") for name in FOR_EVERYBODY),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(header: str | None, addresses: tuple[str, ...], why: str) -> None:
    with pytest.raises(DashboardError, match=re.escape(why)) as told:
        parse_proxies(header, addresses)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("host", "peer", "straight"),
    [
        ("dashboard.lan", "127.0.0.1", False),
        ("dashboard.lan:8443", "127.0.0.1", False),
        ("localhost:8080", "127.0.0.1", False),
        ("evil.example:8080", "127.0.0.1", True),
        ("evil.example:99999", "127.0.0.1", True),
        ("dashboard.lan:8080", "10.0.0.2", False),
    ],
)
def test_a_name_that_was_pointed_at_us_is_known_by_our_port(host: str, peer: str, straight: bool) -> None:  # noqa: FBT001 (parametrized)
    assert came_straight(host, peer, 8080) is straight


def test_a_page_at_our_port_need_not_say_it_where_it_is_the_usual_one() -> None:
    assert came_straight("evil.example", "127.0.0.1", 80)
