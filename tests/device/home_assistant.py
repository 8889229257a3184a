"""Home Assistant's rules for the one message that introduces a device.

Those of Home Assistant 2026.11: https://www.home-assistant.io/integrations/mqtt/ and its pages of the platforms, and
the schemas of its `mqtt` integration.
"""

import re
from typing import Any

EVERY_ENTITY = {
    "platform",
    "unique_id",
    "default_entity_id",
    "name",
    "icon",
    "entity_category",
    "enabled_by_default",
    "availability",
    "json_attributes_topic",
    "json_attributes_template",
    "qos",
}


READS = {"state_topic", "value_template", "expire_after", "force_update", "device_class"}


KEYS = {
    "sensor": EVERY_ENTITY | READS | {"unit_of_measurement", "state_class", "suggested_display_precision", "options"},
    "binary_sensor": EVERY_ENTITY | READS | {"payload_on", "payload_off", "off_delay"},
    "image": EVERY_ENTITY | {"image_topic", "content_type", "image_encoding", "url_topic", "url_template"},
    "button": EVERY_ENTITY | {"command_topic", "command_template", "payload_press", "retain", "device_class"},
    "update": EVERY_ENTITY
    | {"state_topic", "value_template", "latest_version_topic", "latest_version_template", "device_class"}
    | {"command_topic", "payload_install", "retain", "title", "release_summary", "release_url", "entity_picture"},
}


REQUIRED = {
    "sensor": {"state_topic"},
    "binary_sensor": {"state_topic"},
    "image": {"image_topic"},
    "button": {"command_topic"},
    "update": {"state_topic"},
}


CATEGORIES = {
    "sensor": {"diagnostic"},
    "binary_sensor": {"diagnostic"},
    "image": {"diagnostic"},
    "button": {"config", "diagnostic"},
    "update": {"config", "diagnostic"},
}


UNITS = {
    "temperature": {"°C", "°F", "K"},
    "signal_strength": {"dB", "dBm"},
    "duration": {"d", "h", "min", "s", "ms", "µs"},
    "data_size": {"bit", "B", "kB", "MB", "GB", "KiB", "MiB", "GiB", "TiB"},
}


OTHER_CLASSES = {
    "binary_sensor": {"connectivity", "problem"},
    "button": {"identify", "restart", "update"},
    "update": {"firmware"},
}


# What the entity takes from its state, with the types that its schema wants; null is allowed for the percentage alone.
UPDATE_KEYS = {"installed_version": str, "latest_version": str, "in_progress": bool, "update_percentage": int | None}


STATE_CLASSES = {"measurement", "measurement_angle", "total", "total_increasing"}


ENTITY_ID = re.compile(r"(?!.+__)(?!_)[\da-z_]+(?<!_)\.(?!_)[\da-z_]+(?<!_)")


def check_device(said: dict[str, Any]) -> None:
    device = said["device"]
    assert set(device) <= {"identifiers", "name", "manufacturer", "model", "sw_version"}
    assert device["identifiers"]
    assert all(isinstance(text, str) for text in (*device["identifiers"], device["name"], device["sw_version"]))
    assert said["origin"]["name"]
    assert said["origin"]["support_url"].startswith("https://")
    assert said["availability"][0]["topic"] == "sagui/porch/availability"


def check_entity(entity: dict[str, Any]) -> None:
    platform = entity["platform"]
    assert set(entity) <= KEYS[platform]
    assert set(entity) >= REQUIRED[platform] | {"unique_id", "name", "default_entity_id"}
    assert ENTITY_ID.fullmatch(entity["default_entity_id"])
    assert entity["default_entity_id"].startswith(f"{platform}.")
    assert entity.get("entity_category", "diagnostic") in CATEGORIES[platform]
    assert entity.get("icon", "mdi:x").startswith("mdi:")
    for key, value in entity.items():
        if key.endswith("topic"):
            assert value.startswith("sagui/porch/")
            assert not set(value) & {"+", "#", "\0"}
    check_classes(entity)


def check_classes(entity: dict[str, Any]) -> None:
    platform, device_class, unit = entity["platform"], entity.get("device_class"), entity.get("unit_of_measurement")
    if platform == "sensor":
        assert entity.get("state_class", "measurement") in STATE_CLASSES
        if device_class is not None:
            assert unit in UNITS[device_class]
        # Numbers have both, and are drawn as curves; texts have neither.
        assert (unit is None) == ("state_class" not in entity)
    elif device_class is not None:
        assert device_class in OTHER_CLASSES[platform]
    if "expire_after" in entity:
        assert isinstance(entity["expire_after"], int)
        assert entity["expire_after"] > 0
