"""The page that describes the wire: its examples are payloads."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sagui.wire import PAYLOADS, Desired, Message, UpdateOrder, UpdateState, decode, encode, topics

EXAMPLE = re.compile(r"^## `([a-z/]+)`\n+```json\n(.*?)\n```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "mqtt.md").read_text()


TOPICS = {
    UpdateState: topics.update_state("porch"),
    UpdateOrder: topics.update_set("porch"),
    Desired: topics.desired("porch"),
}


def named(kind: type[Message]) -> str:
    known = TOPICS.get(kind, "").removeprefix("sagui/porch/").removeprefix("sagui/fleet/porch/")
    return known or kind.__name__.lower()


@pytest.mark.parametrize("kind", PAYLOADS)
def test_every_payload_has_an_example_that_is_one(page: str, kind: type[Message]) -> None:
    example: dict[str, Any] = json.loads(dict(EXAMPLE.findall(page))[named(kind)])
    said = json.loads(encode(decode(json.dumps(example).encode(), kind)))
    assert said == example, "a key is not known, or missing"


def test_no_example_is_of_a_payload_that_is_not_there(page: str) -> None:
    assert set(dict(EXAMPLE.findall(page))) == {named(kind) for kind in PAYLOADS}


@pytest.mark.parametrize("name", ["availability", *map(named, PAYLOADS), "snapshot"])
def test_every_topic_is_in_the_table(page: str, name: str) -> None:
    topic = {"desired": "sagui/fleet/GROUP/desired"}.get(name, name)
    of_device = name in {"update/state", "update/set", "desired"} or getattr(topics, name)("porch")
    assert of_device in {True, f"sagui/porch/{name}"}
    assert re.search(rf"^\| \[?`{topic}`", page, re.MULTILINE)
