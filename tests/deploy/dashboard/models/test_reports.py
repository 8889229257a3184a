"""Reports of bundles: shown without any right, told in a line where they cannot be."""

from collections.abc import Callable

import pytest
from tests.deploy.dashboard.models.asking import EVIL, Eventually, client, versions
from tests.deploy.dashboard.models.shelves import HTML, Registry
from tests.deploy.dashboard.now.test_cards import Tags

from sagui.deploy.dashboard.door.access import Door
from sagui.deploy.dashboard.errors import DashboardError
from sagui.deploy.dashboard.models import shelf as shelves
from sagui.deploy.dashboard.models import source as sources
from sagui.deploy.dashboard.models.contents import Contents, Summary
from sagui.deploy.dashboard.models.shelf import Shelf
from sagui.deploy.dashboard.models.source import TufSource, open_source
from sagui.deploy.dashboard.models.versions import written
from sagui.deploy.dashboard.texts import speak


def test_a_hostile_report_is_shown_without_any_right(shelf: Shelf) -> None:
    answer = client(shelf).get("/report/pets/1.4.0")
    assert (answer.status_code, answer.text) == (200, EVIL)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"].split("; ")
    assert policy[:4] == ["sandbox", "default-src 'none'", "img-src data:", "style-src 'unsafe-inline'"]
    assert "form-action 'none'" in policy
    assert not any("script" in one or "allow" in one for one in policy)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_reports_are_behind_the_login(shelf: Shelf) -> None:
    assert client(shelf, Door("correct horse", lambda: 0.0)).get("/report/pets/1.4.0").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "pets/9.9.9", "dogs/1.4.0", "pets/..", "../pets/1.4.0", "..%2f..%2fetc/passwd", "pets/1.4.0%00",
        "pets/1.4.0%0a", "%2e%2e/1.4.0", "pets/..%2f..%2froot.json", "PETS/1.4.0", f"pets/{'1' * 5000}",
    ],
)  # fmt: skip
def test_only_what_is_published_can_be_asked_for(shelf: Shelf, path: str) -> None:
    answer = client(shelf).get(f"/report/{path}")
    assert answer.status_code == 404
    assert "root:" not in answer.text
    assert answer.text.count("\n") <= 1


def test_without_a_registry_it_is_said_how_to_give_one() -> None:
    answer = client(None).get("/report/pets/1.4.0")
    assert (answer.status_code, "--registry DIR" in answer.text) == (404, True)


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_bundle_that_is_not_what_was_signed_is_told_in_a_line(
    registry: Registry, open_shelf: Callable[..., Shelf], eventually: Eventually, damage: str
) -> None:
    path = registry.publish("1.5.0")
    content = path.read_bytes()
    path.unlink()
    if damage == "changed":
        path.write_bytes(content[:-1] + b"x")
    shelf = open_shelf(open_source(str(registry.folder), None))
    assert eventually(lambda: len(shelf.contents.opened) == 3)
    answer = client(shelf).get("/report/pets/1.5.0")
    assert answer.status_code == 404
    assert answer.text.count("\n") == 1
    assert "pets-1.5.0.sagui" in answer.text
    assert "pets-1.5.0.sagui" in Tags(written(shelf.contents, speak("en"))).text
    path.write_bytes(content)  # and a moment later it is whole
    assert client(shelf).get("/report/pets/1.5.0").content == HTML
    assert all(isinstance(one, Summary) for one in shelf.contents.opened.values())


def test_what_could_not_be_opened_is_tried_again_when_something_was_published(
    registry: Registry, open_shelf: Callable[..., Shelf], eventually: Eventually
) -> None:
    path = registry.publish("1.5.0")
    content = path.read_bytes()
    path.unlink()
    shelf = open_shelf(open_source(str(registry.folder), None))
    assert eventually(lambda: any(isinstance(one, str) for one in shelf.contents.opened.values()))
    path.write_bytes(content)
    registry.publish("1.6.0")
    assert eventually(lambda: [type(one) for one in shelf.contents.opened.values()] == [Summary] * 4)


def test_a_signed_file_that_is_no_bundle_is_told(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TufSource, "fetch", lambda *_: b"PK\x03\x04 nonsense")
    answer = client(shelf).get("/report/pets/1.4.0")
    assert answer.status_code == 404
    assert "not a bundle, or a damaged one" in answer.text


def test_another_versions_bundle_is_not_taken_for_it(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch, first = TufSource.fetch, shelf.contents.listed.models["pets"].versions[0]  # type: ignore[union-attr]
    monkeypatch.setattr(TufSource, "fetch", lambda self, _: fetch(self, first))
    assert "says that it is pets 1.3.0" in client(shelf).get("/report/pets/1.4.0").text


@pytest.mark.parametrize(("html", "why"), [(b"x" * 2000, "2,000 bytes"), (b" \n", "is empty")])
def test_a_report_that_cannot_be_shown_is_told(
    registry: Registry, open_shelf: Callable[..., Shelf], eventually: Eventually, monkeypatch: pytest.MonkeyPatch,
    html: bytes, why: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(shelves, "LONGEST_REPORT_BYTES", 1000)
    registry.publish("1.5.0", html=html)
    shelf = open_shelf(open_source(str(registry.folder), None))
    assert eventually(lambda: shelf.contents.place("pets", "1.5.0") == "listed")
    with pytest.raises(DashboardError, match=why):
        shelf.report("pets", "1.5.0")


def test_a_bundle_that_is_too_large_is_not_read(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGEST_BUNDLE_BYTES", 100)
    source = open_source(str(registry.folder), None)
    listed = source.look()
    assert listed
    with pytest.raises(DashboardError, match="bytes; 100 are read at most"):
        source.fetch(listed.models["pets"].versions[0])


def test_reports_in_memory_are_bounded(
    registry: Registry, open_shelf: Callable[..., Shelf], eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "MOST_REPORTS_BYTES", 2500)
    for number in range(5):
        registry.publish(f"2.{number}.0", html=b"x" * 1000)
    shelf = open_shelf(open_source(str(registry.folder), None))
    assert eventually(lambda: shelf.contents.place("pets", "2.4.0") == "listed")
    for number in (0, 1, 2, 3, 4, 0):
        assert shelf.report("pets", f"2.{number}.0") == b"x" * 1000
    assert sum(map(len, shelf._reports.values())) <= 2500


def test_what_is_published_and_withdrawn_is_seen(registry: Registry, shelf: Shelf, eventually: Eventually) -> None:
    assert versions(shelf.contents) == {"pets": ["1.3.0", "1.4.0"]}
    registry.publish("1.0.0", name="birds")
    assert eventually(lambda: versions(shelf.contents).get("birds") == ["1.0.0"])
    registry.withdraw("1.4.0")
    assert eventually(lambda: versions(shelf.contents)["pets"] == ["1.3.0"])
    contents = shelf.contents
    assert contents.place("pets", "1.3.0") == "listed"
    assert contents.place("pets", "1.4.0") == "withdrawn"
    assert contents.place("pets", "7.0.0") == "stranger"
    assert Contents().place("pets", "1.3.0") is None


def test_a_registry_that_is_spoilt_later_leaves_what_was_known_and_is_told(
    registry: Registry, shelf: Shelf, eventually: Eventually
) -> None:
    stamp = registry.folder / "metadata" / "timestamp.json"
    content = stamp.read_bytes()
    stamp.write_bytes(content.replace(b'"version": 3', b'"version": 9'))
    assert eventually(lambda: "changed without the keys" in shelf.contents.trouble)
    assert versions(shelf.contents) == {"pets": ["1.3.0", "1.4.0"]}
    stamp.write_bytes(content)
    assert eventually(lambda: not shelf.contents.trouble)
