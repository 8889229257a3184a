import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.dashboard.door.access import SESSION_S, Door, check_exposure, is_loopback, is_own_host, is_same_origin
from sagui.deploy.dashboard.errors import DashboardError


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1"])
def test_the_loopback_needs_no_password(host: str) -> None:
    check_exposure(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "dashboard.lan", "", "127.0.0.1.evil.example"])  # noqa: S104 (refused)
def test_a_network_needs_one(host: str) -> None:
    with pytest.raises(DashboardError, match="--password-file"):
        check_exposure(host, None)
    check_exposure(host, "correct horse")
    check_exposure(host, None, has_proxies=True)


def test_a_short_password_is_none() -> None:
    with pytest.raises(DashboardError, match="8 characters") as told:
        check_exposure("127.0.0.1", "hush")
    assert "hush" not in str(told.value)


@pytest.mark.parametrize(
    ("header", "own"),
    [("localhost:8080", True), ("[::1]:8080", True), ("127.0.0.1", True), ("evil.example", False), ("", False)],
)
def test_only_our_own_names_are_answered(header: str, own: bool) -> None:  # noqa: FBT001 (parametrized)
    assert is_own_host(header) is own


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        (None, True),
        ("http://localhost:8080", True),
        ("http://localhost:9090", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
        ("http://[", False),
    ],
)
def test_other_sites_pages_are_known(origin: str | None, same: bool) -> None:  # noqa: FBT001 (parametrized)
    assert is_same_origin(origin, "localhost:8080") is same


@given(st.text())
def test_any_header_is_judged(text: str) -> None:
    assert not is_same_origin(text, "") or text is None
    assert is_loopback(text) in {True, False}
    assert is_own_host(text) in {True, False}


def make_door(now: list[float]) -> Door:
    return Door("correct horse", lambda: now[0])


def test_the_password_opens_and_nothing_else_does() -> None:
    door = make_door([0.0])
    session = door.enter("correct horse", "1.2.3.4")
    assert door.knows(session)
    assert door.enter("wrong", "1.2.3.4") is None
    assert not door.knows(None)
    assert not door.knows("")


def test_a_session_ends() -> None:
    now = [0.0]
    door = make_door(now)
    session = door.enter("correct horse", "1.2.3.4")
    now[0] = SESSION_S - 1.0
    assert door.knows(session)
    now[0] = SESSION_S + 1.0
    assert not door.knows(session)


def test_a_session_of_another_start_is_none() -> None:
    assert not make_door([0.0]).knows(make_door([0.0]).enter("correct horse", "1.2.3.4"))


@given(st.text())
def test_no_session_can_be_made_up(text: str) -> None:
    door = make_door([0.0])
    assert not door.knows(text)
    given_one = door.enter("correct horse", "a") or ""
    assert not door.knows(text + given_one) or not text


def test_a_session_cannot_be_made_longer() -> None:
    door = make_door([0.0])
    until, rest = (door.enter("correct horse", "a") or "").split(".", 1)
    assert not door.knows(f"{int(until) + 1}.{rest}")


def test_who_guesses_has_to_wait_and_others_have_not() -> None:
    now = [0.0]
    door = make_door(now)
    for _ in range(5):
        assert door.enter("wrong", "1.2.3.4") is None
    assert door.must_wait("1.2.3.4")
    assert door.enter("correct horse", "1.2.3.4") is None
    assert door.enter("correct horse", "5.6.7.8") is not None
    now[0] = 61.0
    assert door.enter("correct horse", "1.2.3.4") is not None
