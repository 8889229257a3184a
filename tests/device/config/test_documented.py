"""docs/configuration.md says what is so."""

import re
from pathlib import Path

import pytest

from sagui.device.config.keys import Key, keys
from sagui.device.config.load import is_live
from sagui.device.config.merge import examine, missing
from sagui.device.config.read import parse_settings
from sagui.device.config.template import toml_value

PAGE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text("utf-8")


def row(key: Key) -> str:
    """A key's line of the table."""
    default = key.unset if key.default is None else f"`{toml_value(key.default)}`"
    cells = (
        f"`{key.path}`",
        key.about,
        key.allowed,
        default,
        f"`{key.environment}`" if key.environment else "",
        "at once" if is_live(key.path) else "",
    )
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("key", keys().values(), ids=lambda key: key.path)
def test_each_key_is_in_the_table(key: Key) -> None:
    assert row(key) in PAGE.splitlines()


def test_nothing_else_is_in_the_table() -> None:
    assert re.findall(r"^\| `([a-z_.]+)` \|", PAGE, re.MULTILINE) == list(keys())


def test_the_example_is_right() -> None:
    examples = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert examples
    for example in examples:
        assert examine(parse_settings(example.encode(), "x"), {}).problems == ()
    settings, _ = examine(parse_settings(examples[0].encode(), "x"), {})
    assert missing(settings) == ()
    assert [stream.name for stream in settings.stream] == ["door", "gate"]


def test_the_errors_on_the_page_are_those_that_are_said() -> None:
    text, said = re.findall(
        r"```console\n\$ cat agent.toml\n(.*?)\$ sagui config check agent.toml\n(.*?)```", PAGE, re.DOTALL
    )[0]
    assert list(examine(parse_settings(text.encode(), "agent.toml"), {}).problems) == said.splitlines()
