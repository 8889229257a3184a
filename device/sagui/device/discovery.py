"""What Home Assistant is told of the device, in one message, so that it shows it without a line of configuration.

The keys are those of https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload and of the pages of its
platforms ``sensor``, ``binary_sensor``, ``image``, ``button`` and ``update``. A template that finds nothing gives
``None``, which Home Assistant shows as unknown.
"""

import math
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from sagui.wire import Command, CommandName, ModelRef, UpdateOrder, encode, topics

Component = dict[str, Any]

PREFIX = "homeassistant"
SUPPORT_URL = "https://github.com/sagui-edge/sagui"

_LONGEST_STATE = 255
_MISSED_TELEMETRIES = 3
_NO_TELEMETRY = 0.0

_LABEL = f"{{{{ value_json.label[:{_LONGEST_STATE}] if value_json.label is string else none }}}}"
_CONFIDENCE = "{{ (value_json.score * 100) | round(1) if value_json.score is number else none }}"
_STATE_ATTRIBUTES = (
    "{{ {'score': value_json.score | default(none), 'since': value_json.since | default(none),"
    " 'model': (value_json.model | default({}, true)).name | default(none),"
    " 'model_version': (value_json.model | default({}, true)).version | default(none)} | tojson }}"
)
_HEALTH_ATTRIBUTES = (
    "{{ {'problem': value_json.problem | default(none), 'mode': value_json.mode | default(none),"
    " 'since': value_json.time | default(none)} | tojson }}"
)
_PROBLEM = (
    "{{ 'ON' if value_json.problem | default(none) is string or value_json.mode | default(none) == 'safe' else 'OFF' }}"
)
_CAMERA = "{{ {'ok': 'ON', 'away': 'OFF'}.get(value_json.camera | default(none), none) }}"
_THROTTLED = (
    "{{ ('ON' if value_json.throttled else 'OFF') if value_json.throttled | default(none) is not none else none }}"
)

# An entity of this platform takes no other keys, and no version that is null; a percentage that is null ends its bar.
_UPDATE = (
    "{{ dict(value_json.items() | selectattr(0, 'in', ['installed_version', 'latest_version', 'in_progress'])"
    " | rejectattr(1, 'none'), update_percentage=value_json.update_percentage | default(none)) | tojson }}"
)
_UPDATE_ATTRIBUTES = (
    "{{ {'phase': value_json.phase | default(none), 'error': value_json.error | default(none),"
    " 'model': value_json.model | default(none), 'rollout': value_json.rollout | default(none),"
    " 'pinned': value_json.pinned | default(none)} | tojson }}"
)


def _number(key: str) -> str:
    return f"{{{{ value_json.{key} | default(none) }}}}"


def _part(outer: str, key: str) -> str:
    return f"{{{{ (value_json.{outer} | default({{}}, true)).{key} | default(none) }}}}"


def _mib(key: str) -> str:
    return f"{{{{ (value_json.{key} / 1048576) | round(1) if value_json.{key} is number else none }}}}"


# Name, template, and what else is said of each number that telemetry holds.
_NUMBERS: dict[str, tuple[str, str, Component]] = {
    "fps": (
        "Frames per second",
        _number("fps"),
        {"unit_of_measurement": "fps", "icon": "mdi:speedometer", "suggested_display_precision": 1},
    ),
    "latency_p95": (
        "Latency p95",
        _part("latency_ms", "p95"),
        {"device_class": "duration", "unit_of_measurement": "ms", "suggested_display_precision": 1},
    ),
    "temperature": (
        "Temperature",
        _number("temperature_c"),
        {"device_class": "temperature", "unit_of_measurement": "°C", "suggested_display_precision": 1},
    ),
    "outbox_waiting": (
        "Results waiting",
        _part("outbox", "waiting"),
        {"unit_of_measurement": "results", "icon": "mdi:tray-full"},
    ),
    "wifi_signal": (
        "Wi-Fi signal",
        _number("wifi_dbm"),
        {"device_class": "signal_strength", "unit_of_measurement": "dBm"},
    ),
    "disk_free": ("Disk free", _mib("disk_free_bytes"), {"device_class": "data_size", "unit_of_measurement": "MiB"}),
    "memory": ("Memory", _mib("memory_bytes"), {"device_class": "data_size", "unit_of_measurement": "MiB"}),
    "uptime": ("Uptime", _number("uptime_s"), {"device_class": "duration", "unit_of_measurement": "s"}),
}


def discovery(
    device: str,
    streams: Sequence[str],
    model: ModelRef | None,
    *,
    snapshots: bool,
    version: str,
    prefix: str = PREFIX,
    telemetry_s: float = 60.0,
    updates: bool = False,
) -> tuple[str, bytes]:
    """Makes the retained message that introduces the device.

    What is turned off is named with its platform alone: Home Assistant takes away what an earlier message brought.

    Args:
        device: The name in the topics.
        streams: The names of the parts of the camera; empty where there is one, without a name.
        model: The classifier; None where there is none, or several.
        snapshots: Whether photos are published.
        version: Sagui's.
        prefix: Where Home Assistant listens.
        telemetry_s: Time from one telemetry to the next; 0 where there is none.
        updates: Whether new versions of the model come from a registry.

    Returns:
        The topic and the payload.

    Raises:
        WireError: The device, a stream or the prefix cannot stand in a topic.
    """
    components = {
        **_labels(device, streams),
        **_snapshots(device, on=snapshots),
        **_telemetry(device, telemetry_s),
        **_health(device),
        **_update(device, on=updates),
        "restart": _button(device, "restart", "Restart", device_class="restart", entity_category="config"),
        "report": _button(device, "report", "Report", icon="mdi:clipboard-text-outline", entity_category="diagnostic"),
    }
    message = {
        "device": _device(device, model, version),
        "origin": {"name": "sagui", "sw_version": version, "support_url": SUPPORT_URL},
        "availability": [
            {
                "topic": topics.availability(device),
                "payload_available": topics.ONLINE.decode(),
                "payload_not_available": topics.OFFLINE.decode(),
            }
        ],
        "qos": 1,
        "components": {key: _identified(device, key, component) for key, component in components.items()},
    }
    return topics.discovery(device, prefix), msgspec.json.encode(message)


def retraction(device: str, prefix: str = PREFIX) -> tuple[str, bytes]:
    """Makes the retained message that takes the device back, with all that Home Assistant made of it.

    Raises:
        WireError: The device or the prefix cannot stand in a topic.
    """
    return topics.discovery(device, prefix), b""


def has_started(payload: bytes, *, retained: bool) -> bool:
    """Whether a message on `topics.home_assistant_status` asks to hear all that is retained again.

    Home Assistant says ``online`` when it has started. One that the broker kept is old news: a device that has just
    connected says everything anyway.
    """
    return payload == topics.ONLINE and not retained


def _device(device: str, model: ModelRef | None, version: str) -> Component:
    shown: Component = {
        "identifiers": [f"sagui_{device}"],
        "name": device,
        "manufacturer": "sagui",
        "sw_version": version,
    }
    if model is not None:
        # A plain file's name may hold what is no Unicode.
        shown["model"] = f"{model.name} {model.version}".encode(errors="replace").decode()
    return shown


def _identified(device: str, key: str, component: Component) -> Component:
    if component.keys() == {"platform"}:
        return component
    entity = re.sub("[-_]+", "_", f"{device}_{key}").strip("_")
    return {
        **component,
        "unique_id": f"sagui_{device}_{key}",
        "default_entity_id": f"{component['platform']}.{entity}",
    }


def _labels(device: str, streams: Sequence[str]) -> dict[str, Component]:
    if not streams:
        return _label(device, None)
    found: dict[str, Component] = {"label": {"platform": "sensor"}, "confidence": {"platform": "sensor"}}
    for stream in streams:
        found |= _label(device, stream)
    return found


def _label(device: str, stream: str | None) -> dict[str, Component]:
    topic = topics.state(device, stream)
    # No stream's name has an underscore, so that no two keys are the same.
    of = "" if stream is None else f"{stream}_"
    return {
        f"{of}label": {
            "platform": "sensor",
            "name": "Label" if stream is None else f"{stream} label",
            "icon": "mdi:tag-text-outline",
            "state_topic": topic,
            "value_template": _LABEL,
            "json_attributes_topic": topic,
            "json_attributes_template": _STATE_ATTRIBUTES,
        },
        f"{of}confidence": {
            "platform": "sensor",
            "name": "Confidence" if stream is None else f"{stream} confidence",
            "icon": "mdi:percent-outline",
            "state_topic": topic,
            "value_template": _CONFIDENCE,
            "unit_of_measurement": "%",
            "state_class": "measurement",
        },
    }


def _snapshots(device: str, *, on: bool) -> dict[str, Component]:
    if not on:
        return {"snapshot": {"platform": "image"}, "take_snapshot": {"platform": "button"}}
    image = {
        "platform": "image",
        "name": "Snapshot",
        "image_topic": topics.snapshot(device),
        "content_type": "image/jpeg",
    }
    return {"snapshot": image, "take_snapshot": _button(device, "snapshot", "Take snapshot", icon="mdi:camera")}


def _telemetry(device: str, every_s: float) -> dict[str, Component]:
    if every_s == _NO_TELEMETRY:
        return {**{key: {"platform": "sensor"} for key in _NUMBERS}, "throttled": {"platform": "binary_sensor"}}
    common = {
        "state_topic": topics.telemetry(device),
        "expire_after": math.ceil(_MISSED_TELEMETRIES * every_s) + 1,
        "entity_category": "diagnostic",
    }
    found: dict[str, Component] = {
        key: {
            "platform": "sensor",
            "name": name,
            "value_template": template,
            "state_class": "measurement",
            **common,
            **more,
        }
        for key, (name, template, more) in _NUMBERS.items()
    }
    throttled = {"name": "Throttled", "device_class": "problem", "value_template": _THROTTLED}
    return {**found, "throttled": {"platform": "binary_sensor", **throttled, **common}}


def _health(device: str) -> dict[str, Component]:
    common = {
        "platform": "binary_sensor",
        "state_topic": topics.health(device),
        "entity_category": "diagnostic",
    }
    return {
        "camera": {**common, "name": "Camera", "device_class": "connectivity", "value_template": _CAMERA},
        "problem": {
            **common,
            "name": "Problem",
            "device_class": "problem",
            "value_template": _PROBLEM,
            "json_attributes_topic": topics.health(device),
            "json_attributes_template": _HEALTH_ATTRIBUTES,
        },
    }


def _update(device: str, *, on: bool) -> dict[str, Component]:
    if not on:
        return {"update": {"platform": "update"}}
    topic = topics.update_state(device)
    update = {
        "platform": "update",
        "name": "Model",
        "device_class": "firmware",
        "entity_category": "config",
        "state_topic": topic,
        "value_template": _UPDATE,
        "json_attributes_topic": topic,
        "json_attributes_template": _UPDATE_ATTRIBUTES,
        "command_topic": topics.update_set(device),
        "payload_install": encode(UpdateOrder(order="install")).decode(),
        "retain": False,
    }
    return {"update": update}


def _button(device: str, command: CommandName, name: str, **more: str) -> Component:
    return {
        "platform": "button",
        "name": name,
        "command_topic": topics.command(device),
        "payload_press": encode(Command(command=command)).decode(),
        "retain": False,
        **more,
    }
