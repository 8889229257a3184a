"""The automation and the card of the docs: their entities are those that a device makes, their keys Home Assistant's.

The keys are those of https://www.home-assistant.io/docs/automation/yaml/, of the pages of the triggers, conditions and
actions that are used, and of https://www.home-assistant.io/dashboards/ for each card.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sagui.device.discovery import discovery
from sagui.wire import Health, encode, timestamp

FILES = ("automation.yaml", "card.yaml")
ENTITY = re.compile(r"\b((?:binary_sensor|sensor|image|button|update)\.[a-z0-9_]+)")
DURATION = re.compile(r"\d\d:[0-5]\d:[0-5]\d")

# What must be, and what may be.
AUTOMATION = ({"triggers", "actions"}, {"id", "alias", "description", "mode", "max", "conditions", "variables"})
TRIGGERS = {"state": ({"entity_id"}, {"id", "from", "to", "not_from", "not_to", "for", "attribute"})}
CONDITIONS = {"numeric_state": ({"entity_id"}, {"above", "below", "attribute", "value_template", "alias", "enabled"})}
ACTION = ({"action"}, {"data", "target", "alias", "enabled", "metadata", "continue_on_error", "response_variable"})
MODES = {"single", "restart", "queued", "parallel"}

TAPS = {"tap_action", "hold_action", "double_tap_action"}
CARDS = {
    "vertical-stack": ({"cards"}, {"title"}),
    "conditional": ({"conditions", "card"}, set()),
    "picture-entity": (
        {"entity"},
        {"name", "image", "camera_image", "state_image", "aspect_ratio", "show_name", "show_state", "theme"} | TAPS,
    ),
    "tile": (
        {"entity"},
        {"name", "icon", "color", "vertical", "hide_state", "state_content", "features", "show_entity_picture"} | TAPS,
    ),
    "history-graph": (
        {"entities"},
        {"title", "hours_to_show", "min_y_axis", "max_y_axis", "fit_y_data", "logarithmic_scale", "show_names"},
    ),
    "entities": (
        {"entities"},
        {"title", "icon", "show_header_toggle", "state_color", "theme", "header", "footer"},
    ),
}
EVERY_CARD = {"type", "visibility", "grid_options"}
ROWS = {
    "history-graph": ({"entity"}, {"name"}),
    "entities": ({"entity"}, {"type", "name", "icon", "image", "secondary_info", "format", "state_color"} | TAPS),
}
SECONDARY_INFO = {"entity-id", "last-changed", "last-updated", "last-triggered", "position", "brightness"}
CARD_CONDITION = ({"condition", "entity"}, {"state", "state_not"})
STATE_CONTENT = {"state", "last_changed", "last_updated"}


@pytest.fixture(scope="module")
def folder(deployed: Path) -> Path:
    return deployed / "home-assistant"


@pytest.fixture(scope="module")
def automation(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((folder / "automation.yaml").read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def card(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((folder / "card.yaml").read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def made() -> dict[str, dict[str, Any]]:
    """What a device `porch` with all it can have introduces, by entity id."""
    _, payload = discovery("porch", [], None, snapshots=True, version="0.1.0", updates=True)
    return {one["default_entity_id"]: one for one in json.loads(payload)["components"].values()}


def check_keys(held: Mapping[str, Any], keys: tuple[set[str], set[str]], *more: str) -> None:
    required, allowed = keys
    assert required <= set(held), held
    assert set(held) <= required | allowed | set(more), held


def each_card(card: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield card
    for inner in (*card.get("cards", []), *([card["card"]] if "card" in card else [])):
        yield from each_card(inner)


@pytest.mark.parametrize("file", FILES)
def test_every_entity_is_one_that_the_device_makes(folder: Path, file: str, made: dict[str, Any]) -> None:
    found = set(ENTITY.findall((folder / file).read_text("utf-8")))
    assert found
    assert found <= set(made), f"not made: {sorted(found - set(made))}"


def test_the_card_shows_photo_label_confidence_problem_and_update(folder: Path) -> None:
    wanted = {"image.porch_snapshot", "sensor.porch_label", "sensor.porch_confidence"}
    wanted |= {"binary_sensor.porch_problem", "update.porch_update"}
    assert wanted <= set(ENTITY.findall((folder / "card.yaml").read_text("utf-8")))


@pytest.mark.parametrize("file", FILES)
def test_the_docs_show_the_file_as_it_is(folder: Path, root: Path, file: str) -> None:
    text = (folder / file).read_text("utf-8")
    assert f"\n```yaml\n{text}```\n" in (root / "docs" / "home-assistant.md").read_text("utf-8")


def test_the_automation_has_home_assistants_keys(automation: dict[str, Any]) -> None:
    check_keys(automation, AUTOMATION)
    assert automation["mode"] in MODES
    assert automation["alias"]
    assert automation["description"]
    for trigger in automation["triggers"]:
        check_keys(trigger, TRIGGERS[trigger["trigger"]], "trigger")
        assert DURATION.fullmatch(trigger["for"]), "without quotes, YAML 1.1 makes a number of it"
    for condition in automation["conditions"]:
        check_keys(condition, CONDITIONS[condition["condition"]], "condition")
        assert "above" in condition or "below" in condition
    for action in automation["actions"]:
        check_keys(action, ACTION)
        assert re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", action["action"])


def test_the_automation_asks_for_a_confidence_in_the_sensors_unit(
    automation: dict[str, Any], made: dict[str, dict[str, Any]]
) -> None:
    (condition,) = automation["conditions"]
    assert made[condition["entity_id"]]["unit_of_measurement"] == "%"
    assert 1 < condition["above"] < 100


def test_the_automations_message_is_a_sentence(automation: dict[str, Any]) -> None:
    (action,) = automation["actions"]
    changed = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)

    class States:
        """Home Assistant's `states`: a tree of state objects, and a function."""

        sensor = SimpleNamespace(porch_label=SimpleNamespace(last_changed=changed))

        def __call__(self, entity: str, *, with_unit: bool) -> str:
            assert (entity, with_unit) == ("sensor.porch_confidence", True)
            return "94.4 %"

    said = environment.from_string(action["data"]["message"]).render(as_local=lambda at: at, states=States())
    assert said == "The cell is defective since 12:30 (94.4 % sure)."


def test_every_card_has_home_assistants_keys(card: dict[str, Any]) -> None:
    for one in each_card(card):
        check_keys(one, CARDS[one["type"]], *EVERY_CARD)
        for row in one.get("entities", []):
            check_keys(row, ROWS[one["type"]])
            assert row.get("secondary_info", "last-changed") in SECONDARY_INFO
        for condition in one.get("conditions", []):
            check_keys(condition, CARD_CONDITION)
            assert condition["condition"] == "state"
            assert condition["state"] in {"on", "off"}, "without quotes, YAML 1.1 makes true of on"


def test_what_a_tile_shows_of_an_entity_it_has(card: dict[str, Any], made: dict[str, dict[str, Any]]) -> None:
    problem = made["binary_sensor.porch_problem"]["json_attributes_template"]
    health = encode(Health(time=timestamp(0), mode="normal", camera="away", problem="no frame"))
    rendered = ImmutableSandboxedEnvironment().from_string(problem).render(value_json=json.loads(health))
    attributes = {"binary_sensor.porch_problem": set(json.loads(rendered))}
    tiles = [one for one in each_card(card) if one["type"] == "tile"]
    assert tiles
    for tile in tiles:
        assert set(tile["state_content"]) <= STATE_CONTENT | attributes.get(tile["entity"], set())


def test_a_picture_is_a_photos_entity(card: dict[str, Any]) -> None:
    (picture,) = [one for one in each_card(card) if one["type"] == "picture-entity"]
    assert picture["entity"].startswith("image.")
