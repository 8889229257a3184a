import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.push.errors import PushError
from sagui.deploy.push.hosts import Host, distinct, parse_host, parse_list

NAMES = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,30}", fullmatch=True) | st.sampled_from(["fe80::1", "::1", "fe80::1%eth0"])
HOSTS = st.builds(
    Host, NAMES, st.none() | st.from_regex(r"[a-z][a-z0-9._-]{0,10}", fullmatch=True), st.none() | st.integers(1, 65535)
)


@given(HOSTS)
def test_a_device_is_read_as_it_is_written(host: Host) -> None:
    assert parse_host(str(host)) == host


@given(st.text())
def test_whatever_is_typed_is_a_device_or_refused(text: str) -> None:
    try:
        host = parse_host(text)
    except PushError:
        return
    assert not host.name.startswith("-")
    assert not (host.user or "").startswith("-")
    assert " " not in str(host)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "pi@",
        "@porch",
        "-oProxyCommand=x",
        "pi@-x",
        "porch:0",
        "porch:65536",
        "porch:",
        "a b",
        "porch\n",
        "[::1]:x",
    ],
)
def test_what_is_no_device_is_refused(text: str) -> None:
    with pytest.raises(PushError, match="is no device"):
        parse_host(text)


def test_a_list_skips_comments_and_names_the_line_that_is_wrong() -> None:
    assert parse_list("# fleet\npi@a\n\n  b:2222 # shed\n", "fleet.txt") == (Host("a", "pi"), Host("b", None, 2222))
    with pytest.raises(PushError, match=r"^fleet.txt:2: 'pi@' is no device"):
        parse_list("pi@a\npi@\n", "fleet.txt")
    with pytest.raises(PushError, match=r"^fleet.txt: names no device"):
        parse_list("\n# none\n", "fleet.txt")


@pytest.mark.parametrize("other", ["pi@porch", "root@porch", "PORCH", "porch:22", "porch."])
def test_a_device_in_two_spellings_is_one(other: str) -> None:
    with pytest.raises(PushError, match="name each device once"):
        distinct([parse_host("pi@porch"), parse_host(other)])


def test_two_ports_are_two_devices_and_none_is_too_few() -> None:
    two = (parse_host("porch"), parse_host("porch:2222"))
    assert distinct(two) == two
    with pytest.raises(PushError, match="no device is named"):
        distinct([])
