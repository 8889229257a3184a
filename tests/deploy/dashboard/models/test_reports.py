"""The registry's bundles and their reports: read from a folder and over HTTP, whatever they hold."""

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.deploy.dashboard.models.shelves import HTML, Registry
from tests.deploy.dashboard.now.test_cards import Tags

from sagui.bundle.manifest import Metrics, Quantization
from sagui.bundle.metrics import Measure, Proportion, proportion
from sagui.deploy.dashboard.command import dashboard
from sagui.deploy.dashboard.door.access import Door
from sagui.deploy.dashboard.door.gate import Gate
from sagui.deploy.dashboard.errors import DashboardError
from sagui.deploy.dashboard.models import shelf as shelves
from sagui.deploy.dashboard.models import source as sources
from sagui.deploy.dashboard.models.contents import Contents, Listed, Summary
from sagui.deploy.dashboard.models.page import model_row
from sagui.deploy.dashboard.models.reports import add_reports
from sagui.deploy.dashboard.models.shelf import Shelf, Source
from sagui.deploy.dashboard.models.source import TufSource, open_source
from sagui.deploy.dashboard.models.versions import accuracy, written
from sagui.deploy.dashboard.texts import LANGUAGES, speak
from sagui.deploy.registry.errors import PublishError
from sagui.deploy.watch import Row
from sagui.errors import SaguiError
from sagui.registry import Index, Published
from sagui.wire import Telemetry, decode

Eventually = Callable[..., bool]
EVIL = "<script>alert(1)</script><form action=/login method=post></form>"


@pytest.fixture
def registry(tmp_path: Path, make_manifest: Any) -> Registry:
    made = Registry(tmp_path, make_manifest)
    made.publish("1.3.0")
    made.publish("1.4.0", html=EVIL.encode())
    return made


@pytest.fixture
def open_shelf(eventually: Eventually) -> Iterator[Callable[..., Shelf]]:
    opened: list[Shelf] = []

    def start(source: Source, every_s: float = 0.05) -> Shelf:
        source.every_s = every_s
        opened.append(Shelf(source))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def shelf(registry: Registry, open_shelf: Callable[..., Shelf], eventually: Eventually) -> Shelf:
    made = open_shelf(open_source(str(registry.folder), None))
    assert eventually(lambda: len(made.contents.opened) == 2)
    return made


def client(shelf: Shelf | None, door: Door | None = None) -> TestClient:
    app = FastAPI(openapi_url=None)
    add_reports(app, shelf)
    return TestClient(Gate(app, door), base_url="http://localhost:8080", follow_redirects=False)


def versions(contents: Contents) -> dict[str, list[str]]:
    assert contents.listed
    return {name: [one.version for one in index.versions] for name, index in contents.listed.models.items()}


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


def test_a_registry_that_did_not_change_is_not_read_again(registry: Registry) -> None:
    source = open_source(str(registry.folder), None)
    assert source.look() is not None
    assert source.look() is None
    registry.publish("1.5.0")
    assert source.look() is not None


def test_a_registry_is_read_again_where_tmp_was_tidied_up(registry: Registry) -> None:
    source = open_source(str(registry.folder), None)
    source.look()
    shutil.rmtree(source._scratch.name)
    registry.publish("1.5.0")
    listed = source.look()
    assert listed
    assert source.fetch(listed.models["pets"].versions[-1])


def test_a_list_that_speaks_of_another_bundle_than_was_signed_is_not_believed(registry: Registry) -> None:
    source = open_source(str(registry.folder), None)
    listed = source.look()
    assert listed
    first = listed.models["pets"].versions[0]
    with pytest.raises(DashboardError, match="is not the bundle that was signed"):
        source.fetch(msgspec.structs.replace(first, sha256="0" * 64))
    with pytest.raises(DashboardError, match="is not the bundle that was signed"):
        source.fetch(msgspec.structs.replace(first, path="../../etc/passwd", version="9.9.9"))


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


def test_a_folder_that_is_no_registry_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="does not exist"):
        open_source(str(tmp_path / "nowhere"), None)


def test_another_registrys_root_is_refused(registry: Registry, tmp_path: Path, make_manifest: Any) -> None:
    other = Registry(tmp_path / "other", make_manifest)
    with pytest.raises(PublishError, match="another registry"):
        open_source(str(registry.folder), other.root)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(folder: Path, kind: type[_Quiet] = _Quiet) -> Iterator[str]:
    def handler(*arguments: Any) -> _Quiet:
        return kind(*arguments, directory=str(folder))

    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_registry_is_read_over_http(
    registry: Registry, open_shelf: Callable[..., Shelf], eventually: Eventually
) -> None:
    with served(registry.folder) as url:
        shelf = open_shelf(open_source(f"{url}/", registry.root))
        assert eventually(lambda: len(shelf.contents.opened) == 2)
        assert shelf.report("pets", "1.3.0") == HTML
    assert eventually(lambda: "cannot be had" in shelf.contents.trouble)
    assert versions(shelf.contents) == {"pets": ["1.3.0", "1.4.0"]}
    assert shelf.report("pets", "1.3.0") == HTML


def test_a_server_that_gives_a_byte_now_and_then_is_left(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    class Drips(_Quiet):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            with suppress(OSError):
                for _ in range(200):
                    self.wfile.write(b" ")
                    sleep(0.02)

    monkeypatch.setattr(sources, "_FILE_S", 0.1)
    with served(registry.folder, Drips) as url, pytest.raises(DashboardError, match=r"took more than 0\.1 s"):
        open_source(url, registry.root).look()


def test_a_server_that_hangs_up_is_told(registry: Registry) -> None:
    class HangsUp(_Quiet):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b"{")

    with (
        served(registry.folder, HangsUp) as url,
        pytest.raises(DashboardError, match="cannot be had: the connection was cut off"),
    ):
        open_source(url, registry.root).look()


def test_another_registry_behind_the_address_is_not_believed(
    registry: Registry, tmp_path: Path, make_manifest: Any
) -> None:
    other = Registry(tmp_path / "other", make_manifest)
    with served(registry.folder) as url, pytest.raises(DashboardError, match="another registry than the root is for"):
        open_source(url, other.root).look()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("ftp://models.local", "is no address"),
        ("https://", "is no address"),
        ("https://[::1", "is no address"),
        ("https://models.local/?key=1", "is no address"),
        ("https://ana:hush@models.local", "leave user and password out"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(address: str, why: str, registry: Registry) -> None:
    with pytest.raises(DashboardError, match=why) as caught:
        open_source(address, registry.root)
    assert "hush" not in str(caught.value)


def test_an_address_needs_a_root(registry: Registry) -> None:
    with pytest.raises(DashboardError, match="add --root FILE"):
        open_source("https://models.local", None)


@pytest.mark.parametrize(("where", "why"), [("nowhere", "does not exist"), ("https://models.local", "--root FILE")])
def test_the_command_says_so_before_it_serves(where: str, why: str, tmp_path: Path) -> None:
    options = ("--broker", "mqtt://127.0.0.1:1", "--database", str(tmp_path / "history.db"), "--registry", where)
    done = CliRunner().invoke(dashboard, options)
    assert isinstance(done.exception, SaguiError | SystemExit)
    assert done.exit_code
    assert why in f"{done.output}{done.exception}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_bundles_say_is_text(
    registry: Registry, open_shelf: Callable[..., Shelf], eventually: Eventually, language: Any
) -> None:
    registry.publish("1.5.0", created=EVIL, quantization=Quantization(mode="mixed", forced=(EVIL,)))
    shelf = open_shelf(open_source(str(registry.folder), None))
    assert eventually(lambda: len(shelf.contents.opened) == 3)
    tags = Tags(written(shelf.contents, speak(language)))
    assert "script" not in tags.tags
    assert EVIL[:10] in tags.text
    assert tags.attributes["href"] == [f"/report/pets/{version}" for version in ("1.5.0", "1.4.0", "1.3.0")]


def test_how_good_a_version_is_is_shown(
    registry: Registry, open_shelf: Callable[..., Shelf], eventually: Eventually
) -> None:
    def measured(hits: int) -> Measure:
        return Measure(accuracy=proportion(hits, 200), macro_f1=0.0, recall={}, confusion=())

    registry.publish("1.5.0+b.1", metrics=Metrics(float=measured(190), exported=measured(180)))
    shelf = open_shelf(open_source(str(registry.folder), None))
    assert eventually(lambda: len(shelf.contents.opened) == 3)
    tags = Tags(written(shelf.contents, speak("en")))
    assert "90.0 % (85.1" in tags.text
    assert "95.0 % (91.0" in tags.text
    assert client(shelf).get(tags.attributes["href"][0]).content == HTML


@pytest.mark.parametrize("value", [-1.0, 2.0, 1e308])
def test_an_accuracy_that_cannot_be_one_is_not_shown(value: float) -> None:
    assert len(accuracy(Proportion(value=value, n=10, low=0.0, high=1.0))) == 1


def test_a_long_list_of_versions_is_shortened_and_the_oldest_are_not_opened(
    registry: Registry, open_shelf: Callable[..., Shelf], eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "OPENED", 1)
    monkeypatch.setattr("sagui.deploy.dashboard.models.versions.MOST_SHOWN", 1)
    shelf = open_shelf(open_source(str(registry.folder), None))
    assert eventually(lambda: len(shelf.contents.opened) == 1)
    assert "and 1 older ones" in Tags(written(shelf.contents, speak("en"))).text
    assert shelf.report("pets", "1.3.0") == HTML
    assert len(shelf.contents.opened) == 2


def test_choices_are_the_newest_of_the_devices_models(shelf: Shelf) -> None:
    assert shelf.contents.choices(["pets", "dogs"], 6) == ["1.4.0", "1.3.0"]
    assert shelf.contents.choices(["pets"], 1) == ["1.4.0"]
    assert Contents().choices(["pets"], 6) == []


def test_a_model_without_a_version_is_lacking_once_the_registry_is_known(shelf: Shelf) -> None:
    assert shelf.contents.lacking(["pets", "dogs", "birds", ""]) == ["birds", "dogs"]
    assert Contents().lacking(["pets"]) == []


def index(model: str, *versions: str) -> Index:
    def published(version: str) -> Published:
        sha256 = hashlib.sha256(f"{model} {version}".encode()).hexdigest()
        return Published(
            version=version, path=f"{model}/{version}", sha256=sha256, bytes=1, published="2026-11-21T10:00:00Z"
        )

    return Index(model=model, latest=versions[-1], versions=tuple(map(published, versions)))


def test_every_model_has_its_turn_among_the_choices() -> None:
    many = [f"1.{number}.0" for number in range(10)]
    birds, cats, dogs = index("birds", *many), index("cats", "2.0.0", "2.1.0"), index("dogs", "3.0.0")
    contents = Contents(Listed({one.model: one for one in (birds, cats, dogs)}))
    turns = ["1.9.0", "2.1.0", "3.0.0", "1.8.0", "2.0.0", "1.7.0"]
    assert contents.choices(["birds", "cats", "dogs"], 6) == turns
    assert contents.choices(["birds", "cats", "dogs"], 2) == turns[:2]
    assert contents.choices(["birds"], 6) == many[:-7:-1]


class Counted:
    """A source whose bundles cannot be had, and that remembers when which was asked for."""

    every_s = 0.02

    def __init__(self, *indexes: Index) -> None:
        self.looks, self.fetched = 0, list[tuple[int, str]]()
        self._listed = Listed({one.model: one for one in indexes})

    def look(self) -> Listed | None:
        self.looks += 1
        return self._listed if self.looks == 1 else None

    def fetch(self, published: Published) -> bytes:
        sleep(2 * self.every_s)
        self.fetched.append((self.looks, published.path))
        raise DashboardError("gone")


def test_bundles_that_take_long_do_not_keep_it_from_looking(
    open_shelf: Callable[..., Shelf], eventually: Eventually
) -> None:
    source = Counted(index("pets", *(f"1.{number}.0" for number in range(5))))
    open_shelf(source, source.every_s)
    assert eventually(lambda: len(source.fetched) == 5)
    assert source.fetched == [(number, f"pets/1.{5 - number}.0") for number in range(1, 6)]


def test_the_newest_of_each_model_are_opened_before_older_ones_and_so_many_in_all(
    open_shelf: Callable[..., Shelf], eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "MOST_OPENED", 5)
    source = Counted(*(index(name, "1.0.0", "1.1.0", "1.2.0") for name in ("birds", "cats", "dogs")))
    shelf = open_shelf(source, source.every_s)
    assert eventually(lambda: len(source.fetched) == 5 and source.looks > 7)
    names = ["birds/1.2.0", "cats/1.2.0", "dogs/1.2.0", "birds/1.1.0", "cats/1.1.0"]
    assert [path for _, path in source.fetched] == names
    assert len(shelf.contents.opened) == 5


def test_a_devices_line_says_whether_its_version_is_in_the_registry(shelf: Shelf, words: Any) -> None:
    def line(**model: str) -> Any:
        said = decode(words.telemetry(), Telemetry)
        row = Row("porch", telemetry=decode(words.telemetry(model=model), Telemetry) if model else said)
        return model_row(row, 0.0, speak("en"), shelf.contents)["registry"]

    assert line(name="pets", version="1.4.0") == "there"
    assert line(name="pets", version="1.9.0") == "not there"
    assert line() == ""
