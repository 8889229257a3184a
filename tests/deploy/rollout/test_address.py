"""Where the broker is, and who the operator is to it."""

from pathlib import Path

import pytest

from sagui.deploy.rollout.address import PASSWORD, USER, Files, parse_address, remedy
from sagui.deploy.rollout.errors import BrokerError

NO_FILES = Files()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("mqtt://hut", ("hut", 1883, False)),
        ("mqtts://hut", ("hut", 8883, True)),
        ("mqtt://hut:99", ("hut", 99, False)),
        ("hut:99", ("hut", 99, False)),
        ("mqtt://[::1]:99", ("::1", 99, False)),
    ],
)
def test_an_address_is_a_host_and_a_port(url: str, place: tuple[str, int, bool]) -> None:
    address = parse_address(url, {}, NO_FILES)
    assert (address.host, address.port, address.tls is not None) == place


@pytest.mark.parametrize("url", ["", "http://hut", "mqtt://", "mqtt://hut:porch", "mqtt://hut:99999", "mqtt://.."])
def test_what_is_no_address_is_refused_and_one_is_shown(url: str) -> None:
    with pytest.raises(BrokerError, match="mqtt://HOST:PORT"):
        parse_address(url, {}, NO_FILES)


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    with pytest.raises(BrokerError) as caught:
        parse_address("mqtt://ana:s3cret@hut", {}, NO_FILES)
    assert "s3cret" not in str(caught.value)


def test_user_and_password_come_from_the_environment_or_from_files(tmp_path: Path) -> None:
    (tmp_path / "user").write_text("ana\n")
    (tmp_path / "password").write_text("s3cret\r\n")
    files = Files(user=tmp_path / "user", password=tmp_path / "password")
    of_files = parse_address("mqtt://hut", {}, files)
    assert (of_files.user, of_files.password) == ("ana", "s3cret")
    of_environment = parse_address("mqtt://hut", {USER: "bob", PASSWORD: "0ther"}, files)
    assert (of_environment.user, of_environment.password) == ("bob", "0ther")
    assert "0ther" not in repr(of_environment)


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines", b"\xff\xfe", b"nul\0", b"x" * 70_000])
def test_a_password_file_that_holds_no_line_is_named_and_not_shown(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    with pytest.raises(BrokerError, match=str(file)) as caught:
        parse_address("mqtt://hut", {USER: "ana"}, Files(password=file))
    assert len(str(caught.value)) < 300


def test_a_password_without_a_user_is_refused() -> None:
    with pytest.raises(BrokerError, match="without a user; set SAGUI_MQTT_USER, or --user-file"):
        parse_address("mqtt://hut", {PASSWORD: "s3cret"}, NO_FILES)


def test_certificates_without_encryption_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="write mqtts://hut"):
        parse_address("mqtt://hut", {}, Files(authority=tmp_path / "ca.crt"))


@pytest.mark.parametrize("name", ["authority", "certificate"])
@pytest.mark.parametrize(("content", "words"), [(None, "cannot be read"), ("rubbish", "in PEM")])
def test_a_certificate_that_is_none_is_named(tmp_path: Path, name: str, content: str | None, words: str) -> None:
    file = tmp_path / "one.crt"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BrokerError, match=f"{file}.*{words}"):
        parse_address("mqtts://hut", {}, Files(**{name: file}))


def test_a_key_without_its_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match="without its certificate"):
        parse_address("mqtts://hut", {}, Files(key=tmp_path / "one.key"))


def test_a_refusal_that_user_and_password_mend_says_so() -> None:
    for reason in ("Not authorized", "Not authorised", "Bad user name or password"):
        assert remedy(reason) == f"; set {USER} and {PASSWORD}, or --user-file"
    assert remedy("Server busy") == ""
