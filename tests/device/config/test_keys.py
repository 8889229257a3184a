"""What is told of each key, and that the defaults are those of the parts that take them."""

import click
import msgspec
import pytest

from sagui.device.collect.rules import Limits as CollectLimits
from sagui.device.command import run
from sagui.device.config.judge import judge
from sagui.device.config.keys import Key, keys, sections
from sagui.device.config.merge import write_place
from sagui.device.config.settings import Settings, Stream
from sagui.device.config.streams import plan_streams
from sagui.device.decide import Steadiness
from sagui.device.health.stuck import STUCK_SECONDS
from sagui.device.outbox.rules import IN_MEMORY, Limits
from sagui.device.snapshot import SnapshotSettings


def test_every_field_of_the_settings_is_a_key() -> None:
    tables = {"": Settings, "stream": Stream} | {
        field.name: type(field.default)
        for field in msgspec.structs.fields(Settings)
        if isinstance(field.default, msgspec.Struct)
    }
    fields = {f"{table}.{name}" if table else name for table, kind in tables.items() for name in kind.__struct_fields__}
    assert set(keys()) == fields - set(sections())


@pytest.mark.parametrize("key", keys().values(), ids=lambda key: key.path)
def test_each_key_is_described_and_its_example_may_be(key: Key) -> None:
    assert key.about.endswith(".")
    assert key.allowed
    assert (key.default is None) == bool(key.unset)
    table = {key.name: key.example}
    data = {"stream": [table]} if key.section == "stream" else {key.section: table} if key.section else table
    assert judge(data, write_place).problems == ()


def test_each_option_is_one_of_run_and_gives_its_key() -> None:
    names = {option: parameter.name for parameter in run.params for option in parameter.opts}
    for key in keys().values():
        if key.option == "MODEL":
            assert names["model"] == key.path
        elif key.option:
            assert names[key.option] == key.path.replace(".", "__")
    told = {key.option for key in keys().values()}
    ours = {name for name in names if name.startswith("--")} - {"--config", "--json"}
    assert ours == {option for option in told if option.startswith("--")}


def test_options_that_were_not_given_are_none() -> None:
    context = run.make_context("run", [], resilient_parsing=True)
    given = {name for name, value in context.params.items() if value is not None}
    assert given <= {"as_json"}
    assert isinstance(context, click.Context)


def test_defaults_are_those_of_the_parts() -> None:
    settings = Settings()
    assert plan_streams(settings)[0].rules == Steadiness()
    assert settings.health.stuck_seconds == STUCK_SECONDS
    collect, theirs = settings.collect, CollectLimits()
    assert (collect.mib * 2**20, collect.below, collect.margin) == (theirs.bytes, theirs.below, theirs.margin)
    assert (collect.every_s, collect.flicker_s) == (theirs.every_s, theirs.flicker_s)
    snapshot = SnapshotSettings()
    assert (settings.snapshot.quality, settings.snapshot.max_side) == (snapshot.quality, snapshot.max_side)


def test_what_is_said_of_the_outbox_is_so() -> None:
    disk, memory = Limits(), IN_MEMORY
    assert keys()["outbox.rows"].unset == f"{disk.rows}, and {memory.rows} in memory"
    assert keys()["outbox.mib"].unset == f"{disk.bytes // 2**20}, and {memory.bytes // 2**20} in memory"
    assert keys()["outbox.days"].unset == f"{disk.age_s / 86_400:g}" == f"{memory.age_s / 86_400:g}"
