"""User, password and files of a broker's address; that they are never shown."""

import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.errors import BrokerError
from sagui.device.mqtt.address import PASSWORD, USER, Address, parse_address
from sagui.device.mqtt.credentials import LONGEST_BYTES

SECRET = "s3cr3t-w0rd"  # noqa: S105 (a test's own)
URL = "mqtt://broker"


@pytest.fixture
def user_file(tmp_path: Path) -> Path:
    path = tmp_path / "user"
    path.write_text("pi\n")
    return path


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    return path


def test_they_come_from_files(user_file: Path, password_file: Path) -> None:
    warned: list[str] = []
    address = parse_address(URL, {}, user_file=user_file, password_file=password_file, warn=warned.append)
    assert (address.user, address.password) == ("pi", SECRET)
    assert warned == []


def test_the_environment_goes_before_files(user_file: Path, tmp_path: Path) -> None:
    address = parse_address(URL, {USER: "ada", PASSWORD: "x"}, user_file=user_file, password_file=tmp_path / "none")
    assert (address.user, address.password) == ("ada", "x")
    assert parse_address(URL, {PASSWORD: "x"}, user_file=user_file).user == "pi"


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"x", "x"),
        (b"x\n", "x"),
        (b"x\r\n", "x"),
        (b" x \n", " x "),
        ("żółw\n".encode(), "żółw"),
        (b"y" * LONGEST_BYTES + b"\r\n", "y" * LONGEST_BYTES),
    ],
)
def test_only_the_newline_at_the_end_is_left_out(
    user_file: Path, tmp_path: Path, content: bytes, password: str
) -> None:
    (tmp_path / "secret").write_bytes(content)
    assert parse_address(URL, {}, user_file=user_file, password_file=tmp_path / "secret").password == password


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (SECRET.encode() + b"\xff", "is not UTF-8 text"),
        (SECRET.encode() + b"\n\n", "must be one line"),
        (b"pi\n" + SECRET.encode(), "must be one line"),
        (SECRET.encode() + b"\0", "must be one line"),
        (SECRET.encode() * LONGEST_BYTES, "is longer than 65535 bytes"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_not_shown(
    user_file: Path, tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(BrokerError) as caught:
        parse_address(URL, {}, user_file=user_file, password_file=path)
    assert str(caught.value) == f"{path}: {why}"
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_file_that_is_not_there_is_named(user_file: Path, tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="none: cannot be read: No such file"):
        parse_address(URL, {}, user_file=user_file, password_file=tmp_path / "none")
    with pytest.raises(BrokerError, match="cannot be read: Is a directory"):
        parse_address(URL, {}, user_file=tmp_path)


def test_a_password_that_all_can_read_is_warned_of(user_file: Path, password_file: Path) -> None:
    password_file.chmod(0o644)
    warned: list[str] = []
    parse_address(URL, {}, user_file=user_file, password_file=password_file, warn=warned.append)
    assert len(warned) == 1
    assert f"chmod o-r {password_file}" in warned[0]
    assert SECRET not in warned[0]


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({PASSWORD: SECRET}, "a password without a user"),
        ({USER: "pi", PASSWORD: f"{SECRET}\udcff"}, f"{PASSWORD}: is not UTF-8 text"),
        ({USER: "pi", PASSWORD: f"{SECRET}\n"}, f"{PASSWORD}: must be one line"),
        ({USER: "p" * 70_000}, f"{USER}: is longer"),
    ],
)
def test_an_environment_that_cannot_be_used_is_refused(environment: dict[str, str], why: str) -> None:
    with pytest.raises(BrokerError, match=why) as caught:
        parse_address(URL, environment)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@given(st.text(min_size=1), st.sampled_from(["mqtt", "mqtts"]))
def test_an_address_never_shows_its_password(password: str, scheme: str) -> None:
    secret = f"<{password}>"
    for url in (f"{scheme}://broker", f"{scheme}://pi:{secret}@broker", f"pi:{secret}@broker"):
        try:
            address = parse_address(url, {USER: "pi", PASSWORD: secret})
        except BrokerError as error:
            shown = str(error)
        else:
            assert address.password == secret
            shown = f"{address} {address!r}"
        assert secret not in shown


@pytest.mark.parametrize("sign", "#/?[]:@%\\ ")
def test_a_password_with_signs_of_an_address_in_it_is_not_repeated(sign: str) -> None:
    for password in (f"{SECRET}{sign}x", f"x{sign}{SECRET}"):
        with pytest.raises(BrokerError, match=PASSWORD) as caught:
            parse_address(f"mqtt://pi:{password}@broker:1883", {})
        assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_addresses_of_before_are_as_they_were() -> None:
    assert parse_address("broker", {}) == Address("broker", 1883)
