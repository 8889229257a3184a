"""The authority's folder."""

import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.broker.access import acl
from sagui.deploy.broker.command import broker
from sagui.deploy.broker.errors import BrokerFolderError
from sagui.deploy.broker.folder import BrokerFolder, make_folder, open_folder
from sagui.deploy.broker.people import Holder, holder, holder_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def clock() -> datetime:
    return NOW


@pytest.fixture
def made(tmp_path: Path) -> BrokerFolder:
    return make_folder(tmp_path / "site", "test", None, clock)


def run(*arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(broker, [str(argument) for argument in arguments], env=environment)


def test_a_certificate_names_its_holder_and_lasts_years(made: BrokerFolder) -> None:
    place = made.add(holder("device", "porch"))
    certificate = x509.load_pem_x509_certificate((place / "agent.crt").read_bytes())
    assert certificate.subject.rfc4514_string() == "CN=porch"
    assert certificate.not_valid_before_utc < NOW
    assert certificate.not_valid_after_utc > NOW + timedelta(days=4 * 365)
    assert made.path / "devices" / "porch" == place


def test_no_certificate_outlasts_the_authority(tmp_path: Path) -> None:
    make_folder(tmp_path, "test", None, clock)
    late = open_folder(tmp_path, None, lambda: NOW + timedelta(days=3000))
    place = late.add(holder("device", "porch"))
    ours = x509.load_pem_x509_certificate((tmp_path / "ca" / "ca.crt").read_bytes())
    theirs = x509.load_pem_x509_certificate((place / "agent.crt").read_bytes())
    assert theirs.not_valid_after_utc == ours.not_valid_after_utc


def test_keys_are_for_their_owner_alone(made: BrokerFolder) -> None:
    made.write_broker(["localhost"], PurePosixPath("/etc/mosquitto/sagui"), 8883, None)
    made.add(holder("device", "porch"))
    keys = sorted(path for path in made.path.rglob("*.key"))
    assert [path.name for path in keys] == ["ca.key", "agent.key", "server.key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.path.rglob("*") if path.is_dir()} == {0o700}


def test_a_name_has_one_certificate_at_a_time(made: BrokerFolder) -> None:
    made.add(holder("device", "porch"))
    with pytest.raises(BrokerFolderError, match=r"sagui broker revoke .*/site porch$"):
        made.add(holder("device", "porch"))
    made.revoke(holder("device", "porch"))
    made.add(holder("device", "porch"))
    assert [(one.user, one.revoked is not None) for one in made.entries()] == [("porch", True), ("porch", False)]


def test_what_was_not_issued_cannot_be_revoked(made: BrokerFolder) -> None:
    with pytest.raises(BrokerFolderError, match="no certificate that holds"):
        made.revoke(holder("device", "porch"))


def test_the_revoked_are_in_the_list_that_the_broker_reads(made: BrokerFolder) -> None:
    place = made.add(holder("device", "porch"))
    serial = x509.load_pem_x509_certificate((place / "agent.crt").read_bytes()).serial_number
    made.add(holder("device", "shed"))
    made.revoke(holder("device", "porch"))
    listed = x509.load_pem_x509_crl((made.path / "mosquitto" / "revoked.pem").read_bytes())
    assert [one.serial_number for one in listed] == [serial]


def test_an_authority_is_made_once(made: BrokerFolder) -> None:
    with pytest.raises(BrokerFolderError, match="is not empty"):
        make_folder(made.path, "test", None, clock)


def test_a_folder_without_authority_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BrokerFolderError, match="sagui broker init"):
        open_folder(tmp_path, None, clock)


@pytest.mark.parametrize(
    ("passphrase", "words"), [(None, "SAGUI_BROKER_PASSPHRASE_FILE"), (b"wrong", "passphrase is wrong")]
)
def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path, passphrase: bytes | None, words: str) -> None:
    make_folder(tmp_path / "site", "test", b"right", clock)
    assert b"ENCRYPTED" in (tmp_path / "site" / "ca" / "ca.key").read_bytes()
    open_folder(tmp_path / "site", b"right", clock)
    with pytest.raises(BrokerFolderError, match=words):
        open_folder(tmp_path / "site", passphrase, clock)


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_damaged_key_is_refused(made: BrokerFolder, content: bytes) -> None:
    (made.path / "ca" / "ca.key").write_bytes(content)
    with pytest.raises(BrokerFolderError, match="ca: the authority cannot be read"):
        open_folder(made.path, None, clock)


def test_anothers_key_is_refused(made: BrokerFolder, tmp_path: Path) -> None:
    other = make_folder(tmp_path / "other", "other", None, clock)
    (made.path / "ca" / "ca.key").write_bytes((other.path / "ca" / "ca.key").read_bytes())
    with pytest.raises(BrokerFolderError, match="does not belong to its certificate"):
        open_folder(made.path, None, clock)


def test_a_damaged_list_is_refused(made: BrokerFolder) -> None:
    (made.path / "ca" / "issued.json").write_text("[{}]")
    with pytest.raises(BrokerFolderError, match=r"issued\.json: cannot be read"):
        made.entries()


@pytest.mark.parametrize("name", ["", "Porch", "a.b", "a b", "x\ntopic readwrite #", "#", "+", "fleet"])
def test_names_that_would_mean_something_else_are_refused(name: str) -> None:
    with pytest.raises(BrokerFolderError):
        holder("device", name)


@pytest.mark.parametrize("name", ["", "Ana", "a.b", "ana\ntopic write #", "-"])
def test_people_too(name: str) -> None:
    with pytest.raises(BrokerFolderError, match="operator"):
        holder("operator", name)


@given(st.sampled_from(["device", "operator", "reader"]), st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True))
def test_the_user_tells_the_holder(role: str, name: str) -> None:
    one = Holder(role, name)  # type: ignore[arg-type]
    assert holder_of(one.user) == one


def test_the_access_list_has_a_part_for_each_person_and_none_for_devices() -> None:
    text = acl([Holder("device", "porch"), Holder("reader", "grafana"), Holder("operator", "ana")])
    assert "porch" not in text
    operator, reader = text.partition("user operator.ana\n")[2].split("user reader.grafana\n")
    assert "topic write sagui/fleet/+/desired" in operator
    assert "write" not in reader


def test_the_command_says_where_everything_is(tmp_path: Path) -> None:
    done = run("init", tmp_path / "site", "--host", "broker.local", "--device", "porch", "--operator", "ana")
    assert done.exit_code == 0
    assert "clients: mqtts://broker.local:8883" in done.output
    assert f"device porch: {tmp_path}/site/devices/porch" in done.output
    assert f"operator ana: {tmp_path}/site/operators/ana" in done.output
    listed = run("list", tmp_path / "site")
    assert "porch" in listed.output
    assert "operator" in listed.output


@pytest.mark.parametrize("name", ["porch", "a" * 63])
def test_the_list_shows_whole_days_on_80_columns(tmp_path: Path, name: str) -> None:
    made = make_folder(tmp_path / "site", "test", None, clock)
    made.add(holder("device", name))
    made.revoke(holder("device", name))
    made.add(holder("operator", "ana"))
    listed = run("list", tmp_path / "site", COLUMNS="80")
    assert listed.exit_code == 0
    assert max(map(len, listed.output.splitlines())) <= 80
    (title, first, *more, last) = (line.split() for line in listed.output.splitlines())
    assert title == ["role", "name", "issued", "until", "revoked"]
    assert [first[0], first[1] + "".join(part for line in more for part in line)] == ["device", name]
    assert (first[2], first[4]) == ("2026-11-21", "2026-11-21")
    assert re.fullmatch(r"operator ana 2026-11-21 20\d\d-\d\d-\d\d", " ".join(last))


def test_nothing_is_made_for_a_name_that_is_refused(tmp_path: Path) -> None:
    done = run("init", tmp_path / "site", "--host", "broker.local", "--device", "Porch")
    assert isinstance(done.exception, BrokerFolderError)
    assert not (tmp_path / "site").exists()


def test_the_passphrase_comes_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("open sesame\n")
    site = tmp_path / "site"
    run("init", site, "--host", "broker.local", SAGUI_BROKER_PASSPHRASE_FILE=str(secret))
    assert isinstance(run("add", site, "device", "porch").exception, BrokerFolderError)
    done = run("add", site, "device", "porch", SAGUI_BROKER_PASSPHRASE_FILE=str(secret))
    assert done.exit_code == 0
    secret.write_text("")
    done = run("add", site, "device", "shed", SAGUI_BROKER_PASSPHRASE_FILE=str(secret))
    assert "is empty" in str(done.exception)


def test_the_example_in_the_repository_is_what_is_written(tmp_path: Path, root: Path) -> None:
    run("init", tmp_path / "site", "--host", "broker.local", "--operator", "ana", "--reader", "grafana")
    for name in ("sagui.conf", "acl"):
        assert (root / "deploy" / "mosquitto" / name).read_text() == (
            tmp_path / "site" / "mosquitto" / name
        ).read_text()
