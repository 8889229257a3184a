"""The list of versions, and what may be chosen from it."""

from collections.abc import Callable
from time import sleep
from typing import Any

import pytest
from tests.deploy.dashboard.models.asking import EVIL, Eventually, client, index
from tests.deploy.dashboard.models.shelves import HTML, Registry
from tests.deploy.dashboard.now.test_cards import Tags

from sagui.bundle.manifest import Metrics, Quantization
from sagui.bundle.metrics import Measure, Proportion, proportion
from sagui.deploy.dashboard.errors import DashboardError
from sagui.deploy.dashboard.models import shelf as shelves
from sagui.deploy.dashboard.models.contents import Contents, Listed
from sagui.deploy.dashboard.models.page import model_row
from sagui.deploy.dashboard.models.shelf import Shelf
from sagui.deploy.dashboard.models.source import open_source
from sagui.deploy.dashboard.models.versions import accuracy, written
from sagui.deploy.dashboard.texts import LANGUAGES, speak
from sagui.deploy.watch import Row
from sagui.registry import Index, Published
from sagui.wire import Telemetry, decode


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
    assert len(accuracy(Proportion(value=value, n=10, low=0.0, high=1.0), speak("en"))) == 1


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
