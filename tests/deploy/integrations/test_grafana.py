"""Grafana's files: the rules of their documentation, and every panel's SQL against a real PostgreSQL.

Grafana itself is not to be had where these tests run. Its macros are expanded as
https://grafana.com/docs/grafana/latest/datasources/postgres/ says.
"""

import json
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.integrations.messages import NOON, later, nanoseconds, result, telemetry, update
from tests.deploy.integrations.npm_packages import installed
from tests.deploy.integrations.postgres import Postgres
from tests.deploy.integrations.rows import row_of
from tests.deploy.integrations.telegraf_reading import Config, Metric, take

from sagui.wire import encode, topics

Panel = dict[str, Any]
SPAN = (NOON - timedelta(hours=1), NOON + timedelta(hours=1))
DEVICES = ("porch", "shed", "it's")
# Grafana's types have enumerations, to which a JSON file's texts would not be assigned.
PLAIN = """
import type { Dashboard } from "@grafana/schema";
type Plain<T> = T extends string ? `${T}`
  : T extends (infer One)[] ? Plain<One>[]
  : T extends object ? { [K in keyof T]: Plain<T[K]> }
  : T;
"""


@pytest.fixture(scope="session")
def dashboard(deployed: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((deployed / "grafana/dashboards/sagui-fleet.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="session")
def panels(dashboard: dict[str, Any]) -> dict[str, Panel]:
    return {panel["title"]: panel for panel in dashboard["panels"]}


def expand(sql: str, devices: tuple[str, ...] = DEVICES, interval_s: int = 60) -> str:
    """The SQL that Grafana sends to the database."""
    start, end = (f"'{moment:%Y-%m-%dT%H:%M:%SZ}'" for moment in SPAN)
    sql = sql.replace("$__timeFilter(time)", f"time BETWEEN {start} AND {end}")
    group = f"floor(extract(epoch from time)/{interval_s})*{interval_s}"
    sql = sql.replace("$__timeGroupAlias(time, $__interval)", f'{group} AS "time"')
    quoted = ",".join("'" + one.replace("'", "''") + "'" for one in devices)
    sql = sql.replace("${device:sqlstring}", quoted)
    assert "$" not in sql, sql
    return sql.replace("now()", f"timestamptz {end}")


def fill(database: Postgres, config: Config) -> None:
    """An hour of three devices, from the very messages they say."""
    rows: dict[str, list[dict[str, Any]]] = {"results": [], "telemetry": [], "updates": [], "availability": []}

    def hear(topic: str, payload: bytes, at_s: float) -> None:
        metric: Metric | None = take(config, topic, payload, nanoseconds(later(at_s + 0.1)))
        assert metric
        rows[metric.name].append(metric.row())

    for place, device in enumerate(DEVICES):
        hear(f"sagui/{device}/availability", topics.OFFLINE if place == 1 else topics.ONLINE, 0)
        for number in range(30):
            at_s = number * 60.0 + place
            label = "defective" if number % 3 == place else "functional"
            hear(f"sagui/{device}/result", encode(result(number, later(at_s), label)), at_s)
            said = telemetry(later(at_s), waiting=place * 10, temperature_c=50.0 + place + number / 10)
            hear(f"sagui/{device}/telemetry", encode(said), at_s)
        version, phase = (("1.0.0", "confirmed"), ("1.1.0", "confirmed"), ("1.1.0", "reverted"))[place]
        hear(f"sagui/{device}/update/state", encode(update(later(5.0), "1.0.0", "confirmed")), 5.0)
        hear(f"sagui/{device}/update/state", encode(update(later(900.0), version, phase)), 900.0)
    for table, some in rows.items():
        database.copy(table, some)


@pytest.fixture
def filled(database: Postgres, config: Config) -> Postgres:
    fill(database, config)
    return database


def rows_of(
    panels: dict[str, Panel], title: str, database: Postgres, devices: tuple[str, ...] = DEVICES
) -> list[dict[str, str]]:
    (target,) = panels[title]["targets"]
    return database.query(expand(target["rawSql"], devices), user="grafana")


def compile_dashboard(text: str, program: Callable[[str], str], root: Path, folder: Path) -> str:
    """What TypeScript's compiler has to say about a dashboard, by Grafana's own types; nothing if all is well."""
    package = root / "tests" / "deploy" / "integrations" / "grafana-types" / "package.json"
    modules = installed(package, program("npm")) / "node_modules"
    (folder / "node_modules").symlink_to(modules)
    (folder / "dashboard.ts").write_text(PLAIN + f"export const dashboard: Plain<Dashboard> = {text};\n", "utf-8")
    options = ["--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "bundler", "--module", "esnext"]
    command = [program("node"), str(modules / "typescript" / "bin" / "tsc"), *options, "dashboard.ts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout


def test_the_dashboard_is_one_by_grafanas_own_types(
    dashboard: dict[str, Any], program: Callable[[str], str], root: Path, tmp_path: Path
) -> None:
    assert compile_dashboard(json.dumps(dashboard), program, root, tmp_path) == ""


def test_the_types_find_what_is_wrong(
    dashboard: dict[str, Any], program: Callable[[str], str], root: Path, tmp_path: Path
) -> None:
    wrong = json.dumps(dashboard).replace('"palette-classic"', '"rainbow"', 1)
    assert '"rainbow"' in compile_dashboard(wrong, program, root, tmp_path)


def test_the_dashboard_keeps_the_rules_of_its_format(dashboard: dict[str, Any]) -> None:
    assert isinstance(dashboard["schemaVersion"], int)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}", dashboard["uid"])
    assert "id" not in dashboard, "an id is the database's; a provisioned file has a uid"
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    assert min(ids) > 0
    for panel in dashboard["panels"]:
        assert panel["type"] in {"stat", "table", "timeseries"}
        assert panel["title"]
        assert panel["targets"]


def test_panels_do_not_overlap_and_fit(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_panel_asks_the_provisioned_source(dashboard: dict[str, Any], deployed: Path) -> None:
    text = (deployed / "grafana/provisioning/datasources/sagui.yaml").read_text("utf-8")
    (source,) = yaml.safe_load(text)["datasources"]
    wanted = {"type": source["type"], "uid": source["uid"]}
    for panel in dashboard["panels"]:
        assert panel["datasource"] == wanted
        assert all(target["datasource"] == wanted for target in panel["targets"])
    assert [one["datasource"] for one in dashboard["templating"]["list"]] == [wanted]


def test_no_secret_and_no_address_is_in_the_files(deployed: Path) -> None:
    text = (deployed / "grafana/provisioning/datasources/sagui.yaml").read_text("utf-8")
    (source,) = yaml.safe_load(text)["datasources"]
    assert source["secureJsonData"]["password"].startswith("$")
    assert source["url"].startswith("$")
    assert source["user"] == "grafana"


def test_the_provider_reads_the_folder_that_the_containers_mount(deployed: Path) -> None:
    text = (deployed / "grafana/provisioning/dashboards/sagui.yaml").read_text("utf-8")
    (provider,) = yaml.safe_load(text)["providers"]
    services = yaml.safe_load((deployed / "compose/compose.yaml").read_text("utf-8"))["services"]
    mounts = dict(one.split(":")[:2] for one in services["grafana"]["volumes"])
    assert mounts["../grafana/dashboards"] == provider["options"]["path"]
    assert mounts["../grafana/provisioning"] == "/etc/grafana/provisioning"


def test_every_panel_has_an_answer_of_the_shape_its_kind_needs(panels: dict[str, Panel], filled: Postgres) -> None:
    for title, panel in panels.items():
        rows = rows_of(panels, title, filled)
        assert rows, title
        if panel["targets"][0]["format"] == "time_series":
            assert list(rows[0]) == ["time", "metric", "value"], title
            moments = [float(row["time"]) for row in rows]
            assert moments == sorted(moments), title
            assert SPAN[0].timestamp() <= moments[0] <= SPAN[1].timestamp(), title
            assert all(row["value"] != "" for row in rows), title


def test_an_empty_database_answers_without_an_error(panels: dict[str, Panel], database: Postgres) -> None:
    for title, panel in panels.items():
        rows = rows_of(panels, title, database)
        assert (len(rows) == 1) == (panel["type"] == "stat"), title


def test_the_numbers_are_those_of_the_messages(panels: dict[str, Panel], filled: Postgres) -> None:
    assert rows_of(panels, "Devices online", filled) == [{"online": "2"}]
    assert rows_of(panels, "Results", filled) == [{"results": "90"}]
    assert rows_of(panels, "Waiting on devices", filled) == [{"waiting": "30"}]
    counts: dict[str, int] = {}
    for row in rows_of(panels, "Labels over time", filled):
        counts[row["metric"]] = counts.get(row["metric"], 0) + int(row["value"])
    assert counts == {"defective": 30, "functional": 60}


def test_silent_are_those_who_were_not_heard_for_two_minutes(panels: dict[str, Panel], filled: Postgres) -> None:
    assert rows_of(panels, "Devices that are silent", filled) == [{"silent": "3"}]
    filled.query(expand("UPDATE telemetry SET received_ns = extract(epoch FROM now()) * 1e9 WHERE device = 'shed'"))
    assert rows_of(panels, "Devices that are silent", filled) == [{"silent": "2"}]


def test_the_table_has_a_line_for_each_device_with_its_newest_numbers(
    panels: dict[str, Panel], filled: Postgres
) -> None:
    rows = {row["device"]: row for row in rows_of(panels, "Devices", filled)}
    assert set(rows) == set(DEVICES)
    assert (rows["shed"]["availability"], rows["porch"]["availability"]) == ("offline", "online")
    assert (rows["it's"]["temperature"], rows["it's"]["outbox"], rows["it's"]["p95"]) == ("54.9", "20", "64.8")
    assert rows["porch"]["heard"] == str(nanoseconds(later(29 * 60 + 0.1)) // 10**6)


def test_each_stream_has_a_line(panels: dict[str, Panel], config: Config, database: Postgres) -> None:
    database.copy(
        "results",
        [
            row_of(config, result(1, later(1), "open", stream="door")),
            row_of(config, result(2, later(2), "shut", stream="door")),
            row_of(config, result(3, later(3), "shut", stream="gate")),
        ],
    )
    found = [(row["device"], row["stream"], row["label"]) for row in rows_of(panels, "Devices", database)]
    assert found == [("porch", "door", "shut"), ("porch", "gate", "shut")]


def test_a_device_that_only_said_offline_is_in_the_table(panels: dict[str, Panel], filled: Postgres) -> None:
    filled.query("INSERT INTO availability VALUES (now(), 'attic', 'offline', 1, 1)")
    rows = {row["device"]: row for row in rows_of(panels, "Devices", filled, (*DEVICES, "attic"))}
    assert (rows["attic"]["availability"], rows["attic"]["label"]) == ("offline", "")


def test_versions_are_counted_by_device(panels: dict[str, Panel], filled: Postgres) -> None:
    found = {(row["version"], row["phase"], row["devices"], row["which"])
             for row in rows_of(panels, "Which version runs where", filled)}  # fmt: skip
    assert found == {
        ("1.0.0", "confirmed", "1", "porch"),
        ("1.1.0", "confirmed", "1", "shed"),
        ("1.1.0", "reverted", "1", "it's"),
    }


def test_only_the_chosen_devices_count(panels: dict[str, Panel], filled: Postgres) -> None:
    assert rows_of(panels, "Results", filled, ("it's",)) == [{"results": "30"}]
    assert {row["metric"] for row in rows_of(panels, "Temperature", filled, ("porch",))} == {"porch"}


def test_the_variable_lists_the_devices(dashboard: dict[str, Any], filled: Postgres) -> None:
    (variable,) = dashboard["templating"]["list"]
    assert [row["device"] for row in filled.query(variable["query"], user="grafana")] == sorted(DEVICES)
