"""What telegraf makes of a message by its documentation: telegraf itself is not to be had where these tests run.

Reads `telegraf.conf` and follows the rules of

- https://docs.influxdata.com/telegraf/v1/input-plugins/mqtt_consumer/ (topic_parsing)
- https://docs.influxdata.com/telegraf/v1/data_formats/input/json_v2/ (paths, types, optional; null is left out)
- https://docs.influxdata.com/telegraf/v1/processor-plugins/strings/ and ../starlark/

as far as the file makes use of them. Whatever else stands in the file is an error here.
"""

import json
import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

Config = dict[str, Any]
_MISSING = object()
_LAYOUT = "2006-01-02T15:04:05Z07:00"
_LONE = re.compile("[\ud800-\udfff]+")


class UnreadableError(Exception):
    """Telegraf logs an error and leaves the message out."""


@dataclass
class Metric:
    """One row: what telegraf hands to its outputs. Times are in nanoseconds since 1970."""

    name: str
    time: int
    tags: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """The columns that the PostgreSQL output writes."""
        whole, rest = divmod(self.time, 10**9)
        stamp = datetime.fromtimestamp(whole, UTC)
        return {"time": f"{stamp:%Y-%m-%d %H:%M:%S}.{rest // 1000:06d}", **self.tags, **self.fields}


def load(path: Path) -> Config:
    return tomllib.loads(path.read_text("utf-8"))


def take(config: Config, topic: str, payload: bytes, received_ns: int) -> Metric | None:
    """Gives the row of a message; none, where the processors leave it out.

    Raises:
        UnreadableError: Telegraf cannot parse the message.
    """
    for reader in config["inputs"]["mqtt_consumer"]:
        if any(_hears(pattern, topic) for pattern in reader["topics"]):
            metric = _parse(reader, payload, received_ns)
            _parse_topic(reader, topic, metric)
            return _process(config, metric, received_ns)
    raise AssertionError(f"nobody subscribed to {topic}")


def _hears(pattern: str, topic: str) -> bool:
    levels, said = pattern.split("/"), topic.split("/")
    return len(levels) == len(said) and all(a in {"+", b} for a, b in zip(levels, said, strict=True))


def _parse(reader: Config, payload: bytes, received_ns: int) -> Metric:
    if reader["data_format"] == "value":
        assert reader["data_type"] == "string"
        text = payload.decode(errors="surrogateescape").strip("\x00 \t\r\n")
        return Metric(reader["name_override"], received_ns, fields={reader["value_field_name"]: text})
    assert reader["data_format"] == "json_v2"
    try:
        document = json.loads(payload.decode(errors="surrogateescape"), parse_constant=_no_json)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("invalid JSON") from error
    (parser,) = reader["json_v2"]
    metric = Metric(parser["measurement_name"], _time(parser, document))
    for one in parser.get("tag", ()):
        _add(metric.tags, one, _follow(document, one["path"]), "string")
    for one in parser["field"]:
        _add(metric.fields, one, _follow(document, one["path"]), one["type"])
    return metric


def _no_json(name: str) -> float:
    raise ValueError(name)


def _time(parser: Config, document: object) -> int:
    assert parser["timestamp_format"] == _LAYOUT
    said = _follow(document, parser["timestamp_path"])
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError as error:
        raise UnreadableError(f"time {said!r}") from error
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    exact = (since.days * 86400 + since.seconds) * 10**9 + since.microseconds * 1000
    # Go counts nanoseconds in 64 bits: outside of the years 1678 to 2262 they come round again.
    return (exact + 2**63) % 2**64 - 2**63


def _follow(document: object, path: str) -> object:
    """A path of GJSON: keys, indices, and ``#`` for how many."""
    for key in path.split("."):
        if key == "#":
            document = len(document) if isinstance(document, list) else _MISSING
        elif isinstance(document, dict):
            document = document.get(key, _MISSING)
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            return _MISSING
    return document


def _add(to: dict[str, Any], one: Config, value: object, wanted: str) -> None:
    if value is _MISSING:
        if not one.get("optional", False):
            raise UnreadableError(f"the path {one['path']} does not exist")
        return
    if value is None or isinstance(value, dict):
        return
    # Each element would be a row of its own.
    assert not isinstance(value, list), one["path"]
    to[one.get("rename", one["path"].rsplit(".", 1)[-1])] = _convert(value, wanted)


def _convert(value: object, wanted: str) -> object:
    try:
        match wanted:
            case "string":
                return _text(value)
            case "int" if isinstance(value, bool | int | float | str):
                # In Go a whole number has 64 bits, whatever it was read from.
                return max(-(2**63), min(2**63 - 1, int(value)))
            case "float" if isinstance(value, int | float | str):
                # Telegraf leaves true and false as they are.
                return value if isinstance(value, bool) else float(value)
            case "bool" if value in {0, 1, "true", "false", "True", "False"}:
                return value in {1, "true", "True"}
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"{value!r} is no {wanted}") from error
    raise UnreadableError(f"{value!r} is no {wanted}")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _parse_topic(reader: Config, topic: str, metric: Metric) -> None:
    assert reader["topic_tag"] == ""
    for parsing in reader["topic_parsing"]:
        assert set(parsing) == {"topic", "tags"}
        assert len(parsing["tags"].split("/")) == len(parsing["topic"].split("/")), "telegraf would not start"
        if _hears(parsing["topic"], topic):
            names = zip(parsing["tags"].split("/"), topic.split("/"), strict=True)
            metric.tags |= {name: level for name, level in names if name != "_"}


def _process(config: Config, metric: Metric, received_ns: int) -> Metric | None:
    (strings,), (starlark,) = config["processors"]["strings"], config["processors"]["starlark"]
    assert strings["order"] < starlark["order"]
    for values in (metric.fields, metric.tags):
        kind = "field" if values is metric.fields else "tag"
        for key, value in values.items():
            if isinstance(value, str):
                values[key] = _clean(strings, kind, key, value)
    passed: Metric | None = _script(starlark["source"], received_ns)(metric)
    return passed


def _clean(strings: Config, kind: str, key: str, value: str) -> str:
    for rule in strings["valid_utf8"]:
        if rule.get(kind) in {"*", key}:
            value = _LONE.sub(rule["replacement"], value)
    for rule in strings["replace"]:
        if rule.get(kind) in {"*", key}:
            value = value.replace(rule["old"], rule["new"])
    for rule in strings["left"]:
        if rule.get(kind) in {"*", key}:
            value = value[: rule["width"]]
    return value


def _script(source: str, received_ns: int) -> Any:
    """The Starlark function: what of the language is used means the same in Python."""
    loaded, _, rest = source.strip().partition("\n")
    assert loaded == 'load("time.star", "time")'
    names: dict[str, Any] = {
        "time": SimpleNamespace(now=lambda: SimpleNamespace(unix_nano=received_ns)),
        "type": lambda value: "string" if isinstance(value, str) else type(value).__name__,
    }
    exec(rest, names)  # noqa: S102 (a file of ours)
    return names["apply"]
