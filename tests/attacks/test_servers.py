"""A server that holds a device up, feeds it without end, or sends it elsewhere, on its way to what is signed."""

import pytest
from tests.attacks.devices import IMPATIENT, Device
from tests.attacks.registry import Registry
from tests.attacks.server import (
    Answer,
    Server,
    dripping,
    dripping_headers,
    endless,
    instead,
    redirect,
    serving,
    silent,
    status,
)

from sagui.device.errors import DistrustError, SourceAwayError, SourceError

# A server that will not end.


@pytest.mark.parametrize("part", ["root.json", "timestamp.json", "snapshot.json", "targets.json", "pets.json"])
def test_a_list_without_end_is_cut_off(part: str, registry: Registry, server: Server, device: Device) -> None:
    registry.release("pets", targets=True)
    server.answers[part] = endless
    with pytest.raises(DistrustError, match=rf"^endless data: {part}"):
        device.find()


def test_a_list_of_versions_without_end_is_cut_off(server: Server, device: Device) -> None:
    server.answers["index.json"] = endless
    with pytest.raises(DistrustError, match=r"^endless data: pets/index.json goes on"):
        device.find()


@pytest.mark.parametrize("answer", [dripping, dripping_headers, silent])
@pytest.mark.parametrize("part", ["timestamp.json", "index.json"])
def test_lists_that_do_not_come_are_not_waited_for(part: str, answer: Answer, server: Server, device: Device) -> None:
    server.answers[part] = answer
    with pytest.raises(SourceAwayError, match=r"^slow retrieval"):
        device.find(limits=IMPATIENT)


@pytest.mark.parametrize("content", [b"", b"{}", b"x" * 20])
def test_another_list_of_versions_than_was_signed_is_refused(content: bytes, server: Server, device: Device) -> None:
    server.answers["index.json"] = instead(content)
    with pytest.raises(DistrustError, match=r"^length mismatch: pets/index.json"):
        device.find()


def test_a_list_of_versions_of_the_same_length_is_refused_by_its_hash(server: Server, device: Device) -> None:
    server.answers["index.json"] = lambda handler, content: instead(content.replace(b"1.0.0", b"9.0.0"))(handler, b"")
    with pytest.raises(DistrustError, match=r"^hash mismatch: pets/index.json"):
        device.find()


# A server that is merely not well.


@pytest.mark.parametrize("code", [500, 502, 503, 429, 408])
@pytest.mark.parametrize("part", ["root.json", "timestamp.json", "index.json"])
def test_a_server_in_trouble_is_asked_another_time(code: int, part: str, server: Server, device: Device) -> None:
    server.answers[part] = status(code)
    with pytest.raises(SourceAwayError, match=str(code)):
        device.find()
    server.answers.clear()
    assert device.find().version == "1.0.0"


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_what_is_not_there_is_no_registry(code: int, server: Server, device: Device) -> None:
    server.answers["timestamp.json"] = status(code)
    with pytest.raises(SourceError, match=rf"is no registry: timestamp.json is not there .*{code}") as refused:
        device.find()
    assert not isinstance(refused.value, DistrustError | SourceAwayError)


def test_redirects_within_http_are_followed(registry: Registry, server: Server, device: Device) -> None:
    with serving(registry.files) as mirror:
        server.answers["timestamp.json"] = redirect(f"{mirror.url}/metadata/timestamp.json")
        assert device.find().version == "1.0.0"
        assert mirror.ranges("timestamp.json")


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://example.org/x", "gopher://x", ""])
def test_redirects_elsewhere_are_not_followed(to: str, server: Server, device: Device) -> None:
    server.answers["timestamp.json"] = redirect(to)
    with pytest.raises(SourceError, match="neither http nor https"):
        device.find()


def test_redirects_in_a_circle_are_left(server: Server, device: Device) -> None:
    server.answers["timestamp.json"] = redirect("/metadata/timestamp.json")
    with pytest.raises(SourceError, match="redirected more than 5 times"):
        device.find()
