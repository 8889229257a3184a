"""What the doctor says of a registry."""

from pathlib import Path

import pytest

from sagui.device.doctor.registry import check_registry
from sagui.device.doctor.report import Level
from sagui.device.doctor.subject import Published
from sagui.device.errors import DistrustError, SourceAwayError, SourceError
from sagui.device.update.source import Candidate

WANTED = Published("https://models.example.org", Path("/etc/sagui/root.json"), "pets")


class Answers:
    """A registry that gives an answer, or raises it."""

    def __init__(self, answer: Candidate | Exception) -> None:
        self._answer = answer

    def find(self, model: str, version: str | None) -> Candidate:
        assert (model, version) == ("pets", None)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def fetch(self, *_: object) -> None:
        raise AssertionError("the doctor changes nothing")


def test_a_registry_that_is_well_tells_the_latest_version() -> None:
    (found,) = check_registry(WANTED, Answers(Candidate("pets", "1.4.0", "0" * 64, 1)))
    assert found.level is Level.OK
    assert "pets is 1.4.0" in found.text


@pytest.mark.parametrize(
    ("error", "level", "mend"),
    [
        (SourceAwayError("no answer"), Level.WARNING, "works without it"),
        (DistrustError("wrong key"), Level.FAILED, "/etc/sagui/root.json"),
        (SourceError("pets is not there"), Level.FAILED, "publish"),
    ],
)
def test_trouble_is_told_with_what_to_do(error: Exception, level: Level, mend: str) -> None:
    (found,) = check_registry(WANTED, Answers(error))
    assert (found.level, found.text) == (level, str(error))
    assert mend in found.mend


def test_a_model_that_is_no_bundle_has_no_versions() -> None:
    (found,) = check_registry(Published(WANTED.url, WANTED.root, None))
    assert found.level is Level.WARNING
    assert "no bundle" in found.text


def test_a_registry_that_does_not_answer_is_asked_for_real(tmp_path: Path) -> None:
    root = tmp_path / "root.json"
    root.write_text("{}")
    (found,) = check_registry(Published(f"file://{tmp_path}/gone", root, "pets"))
    assert found.level is not Level.OK


def test_a_file_of_settings_names_all_that_is_looked_at(tmp_path: Path, toy_bundle: Path) -> None:
    from sagui.device.doctor.by_settings import of_settings

    file = tmp_path / "agent.toml"
    file.write_text(
        f"""
        device = "porch"
        model = "{toy_bundle}"
        broker = {{ url = "mqtt://broker.local:1884", mqtt = "5" }}
        outbox = {{ place = "{tmp_path / "state"}" }}
        update = {{ registry = "https://models.example.org", root = "{tmp_path / "root.json"}" }}
        """
    )
    subject = of_settings(file, {"SAGUI_MQTT_USER": "ana"})
    assert (subject.state, subject.model, subject.versions) == (tmp_path / "state", toy_bundle, ("5",))
    assert subject.broker is not None
    assert (subject.broker.host, subject.broker.port, subject.broker.user) == ("broker.local", 1884, "ana")
    assert subject.registry == Published("https://models.example.org", tmp_path / "root.json", "toy")
