"""The tables of `schema.sql`, in a real PostgreSQL, with rows that telegraf makes of messages."""

from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from tests.conftest import Mosquitto
from tests.deploy.integrations.messages import bare_telemetry, later, result, telemetry
from tests.deploy.integrations.postgres import Postgres
from tests.deploy.integrations.rows import RECEIVED, changed, reader_of, row_of
from tests.deploy.integrations.telegraf_reading import Config, UnreadableError, take

from sagui.wire import encode

# The PostgreSQL output's documented data types, by telegraf's.
COLUMN_TYPES = {"float": "double precision", "int": "bigint", "string": "text", "bool": "boolean"}


def columns_of(database: Postgres, table: str) -> dict[str, str]:
    found = database.query(
        f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{table}'"  # noqa: S608
    )
    return {one["column_name"]: one["data_type"] for one in found}


@pytest.mark.parametrize("name", ["result", "telemetry", "update/state"])
def test_the_tables_have_a_column_of_the_right_type_for_every_field(
    config: Config, database: Postgres, name: str
) -> None:
    (parser,) = reader_of(config, name)["json_v2"]
    wanted = {one.get("rename", one["path"]): COLUMN_TYPES[one["type"]] for one in parser["field"]}
    wanted |= {one.get("rename", one["path"]): "text" for one in parser.get("tag", ())}
    del wanted["v"]
    wanted |= {"time": "timestamp without time zone", "device": "text", "said_ns": "bigint", "received_ns": "bigint"}
    assert columns_of(database, parser["measurement_name"]) == wanted


def test_tags_are_marked_as_telegraf_looks_for_them(database: Postgres) -> None:
    found = database.query(
        "SELECT c.relname || '.' || a.attname AS name FROM pg_description d"
        " JOIN pg_class c ON c.oid = d.objoid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid"
        " WHERE d.description = 'tag'"
    )
    names = {"results.device", "results.stream", "telemetry.device", "updates.device", "availability.device"}
    assert {one["name"] for one in found} == names


def test_what_is_said_twice_is_there_once(config: Config, database: Postgres) -> None:
    rows = [row_of(config, result(number, later(number))) for number in range(20)]
    database.copy("results", [*rows, *rows[:5]])
    database.copy("results", rows)
    again = row_of(config, result(3, later(3)), at_ns=RECEIVED + 10**9)
    database.copy("results", [again])
    (found,) = database.query("SELECT count(*), count(DISTINCT id) AS ids FROM results")
    assert found == {"count": "20", "ids": "20"}


def test_two_streams_and_two_devices_at_one_moment_are_all_there(config: Config, database: Postgres) -> None:
    said = [result(1, stream="door"), result(2, stream="gate"), result(3)]
    rows = [row_of(config, one, device) for one in said for device in ("porch", "shed")]
    database.copy("results", rows)
    assert database.query("SELECT count(*) FROM results") == [{"count": "6"}]


def test_a_retained_telemetry_that_is_said_again_is_there_once(config: Config, database: Postgres) -> None:
    row = row_of(config, telemetry())
    database.copy("telemetry", [row, row_of(config, telemetry(), "shed"), row_of(config, bare_telemetry(later(30)))])
    database.copy("telemetry", [row])
    assert database.query("SELECT count(*) FROM telemetry") == [{"count": "3"}]


def test_a_hostile_device_does_not_cost_the_others_their_rows(config: Config, database: Postgres) -> None:
    hostile = encode(result(1, label="'); DROP TABLE results; --")).replace(b"DROP", b"\xff\\u0000DROP")
    bad = take(config, "sagui/evil/result", hostile, RECEIVED)
    assert bad
    database.copy("results", [row_of(config, result(2)), bad.row(), row_of(config, result(3, stream="door"))])
    found = database.query("SELECT device, label FROM results ORDER BY id")
    assert [one["device"] for one in found] == ["evil", "porch", "porch"]
    assert found[0]["label"] == "'); ??DROP TABLE results; --"


HOSTILE = [
    {"label": None},
    {"id": None},
    {"score": None},
    {"score": True},
    {"id": "x" * 100_000},
    {"id": "\U0001f600" * 3000},
    {"label": "\0" * 5000},
    {"label": 12, "id": 1.5, "stream": True},
    {"score": 1e999},
    {"frame": {"index": 10**30}},
    {"time": "9999-12-31T23:59:59.999Z"},
    {"time": "0001-01-01T00:00:00.000Z"},
    {"model": {"name": None, "version": {}}},
]


@pytest.mark.parametrize("fields", HOSTILE)
def test_no_message_makes_the_database_refuse_its_batch(
    config: Config, database: Postgres, fields: dict[str, Any]
) -> None:
    try:
        bad = take(config, "sagui/evil/result", changed(**fields), RECEIVED)
    except UnreadableError:
        bad = None
    database.copy("results", [row_of(config, result(1)), *([bad.row()] if bad else []), row_of(config, result(2))])
    found = database.query("SELECT id FROM results WHERE device = 'porch'")
    assert len(found) == 2


def test_the_reader_may_not_change_anything(database: Postgres) -> None:
    for sql in ("DELETE FROM results", "INSERT INTO updates DEFAULT VALUES", "DROP TABLE results"):
        with pytest.raises(AssertionError, match=r"permission denied|must be owner"):
            database.query(sql, user="grafana")


class Away:
    """A client with the session options of an input: it comes, goes, and comes back."""

    def __init__(self, reader: Config, port: int, eventually: Callable[..., bool]) -> None:
        self._reader, self._port, self._eventually = reader, port, eventually
        self.heard: list[tuple[str, bytes]] = []

    def come(self) -> mqtt.Client:
        # Telegraf speaks 3.1.1 unless it is told otherwise.
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._reader["client_id"],
            clean_session=not self._reader["persistent_session"],
        )
        client.on_message = lambda _c, _u, message: self.heard.append((message.topic, bytes(message.payload)))
        subscribed: list[int] = []
        client.on_subscribe = lambda *_: subscribed.append(1)
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        assert self._eventually(client.is_connected)
        client.subscribe([(topic, self._reader["qos"]) for topic in self._reader["topics"]])
        assert self._eventually(lambda: bool(subscribed))
        return client

    def go(self, client: mqtt.Client) -> None:
        client.disconnect()
        client.loop_stop()


def test_what_is_said_while_the_reader_is_away_reaches_the_database_once(
    config: Config, database: Postgres, mosquitto: Mosquitto, eventually: Callable[..., bool]
) -> None:
    away = Away(reader_of(config, "result"), mosquitto.port, eventually)
    away.go(away.come())
    device = mqtt.Client(CallbackAPIVersion.VERSION2)
    device.connect("127.0.0.1", mosquitto.port)
    device.loop_start()
    for number in range(50):
        device.publish("sagui/porch/result", encode(result(number, later(number / 10))), qos=1).wait_for_publish(10)
    away.go(device)
    client = away.come()
    assert eventually(lambda: len(away.heard) == 50)
    away.go(client)
    metrics = [take(config, topic, payload, RECEIVED) for topic, payload in away.heard]
    database.copy("results", [metric.row() for metric in metrics if metric])
    (found,) = database.query("SELECT count(DISTINCT id) AS ids, max(frame_index) AS newest FROM results")
    assert found == {"ids": "50", "newest": "49"}
