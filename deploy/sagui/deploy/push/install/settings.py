"""The first settings of a device that has none. Pure rules, no I/O."""

import json
import re

_LONGEST = 63


def device_name(host: str) -> str:
    """Makes a device's name of its host name.

    >>> device_name("Porch.local")
    'porch'
    """
    name = re.sub(r"[^a-z0-9-]+", "-", host.partition(".")[0].lower()).strip("-")
    return name[:_LONGEST] or "device"


def first_settings(host: str, model: str, root: str | None) -> str:
    """Writes what can be known without a person: camera and broker cannot.

    Args:
        host: The device's host name.
        model: Where the first model is on the device.
        root: Where the root that it trusts is, if it trusts one.
    """
    lines = [
        "# The least that the agent needs. Every key, and what it does: sagui config init",
        f"device = {_quoted(device_name(host))}",
        f"model = {_quoted(model)}",
        "",
        "[camera]",
        '# spec = "picamera2"',
        "",
        "[broker]",
        '# url = "mqtts://broker.local:8883"',
    ]
    if root is not None:
        lines += ["", "[update]", f"root = {_quoted(root)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    # A JSON string of printable ASCII is a TOML basic string.
    return json.dumps(text)
