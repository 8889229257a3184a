"""Settings from environment variables: SAGUI_ and the key. Pure rules, no I/O."""

import functools
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from sagui.device.config.keys import Key, keys, sections
from sagui.device.mqtt.address import PASSWORD, USER

_TRUTHS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_ALIKE = 0.85
"""So alike, of 1, are ``BROKER_ULR`` and ``BROKER_URL`` at the least (0.9), and ``CACHE`` and ``CAMERA`` not (0.55)."""


@functools.cache
def variables() -> Mapping[str, Key]:
    """Every variable with its key."""
    return {key.environment: key for key in keys().values() if key.environment}


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Gives what the environment sets, nested as in a file.

    An empty variable sets nothing. Several values stand with commas between them. A text that is not of the key's type
    is left a text: `judge` will say so.
    """
    data: dict[str, Any] = {}
    for name, key in variables().items():
        if text := environment.get(name, ""):
            table = data.setdefault(key.section, {}) if key.section else data
            table[key.name] = _value(text, key)
    return data


def _value(text: str, key: Key) -> bool | float | str | list[str]:
    word = text.strip()
    if key.several:
        return [one.strip() for one in text.split(",") if one.strip()]
    if key.truth:
        return _TRUTHS.get(word.lower(), text)
    if key.number and re.fullmatch(r"[+-]?[0-9]{1,18}", word):
        return int(word)
    if key.number and not key.whole:
        try:
            return float(word)
        except ValueError:
            return text
    return text


def near_misses(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Finds variables that were most likely meant to set something, and do not.

    Other variables that begin with SAGUI_ are none of the agent's business.

    Returns:
        A sentence for each; values are not shown.
    """
    return tuple(filter(None, (_near_miss(name) for name in sorted(environment))))


def _near_miss(name: str) -> str:
    known = {*variables(), USER, PASSWORD}
    if not name.startswith("SAGUI_") or name in known:
        return ""
    rest = {one.removeprefix("SAGUI_"): one for one in sorted(known)}
    near = [rest[one] for one in get_close_matches(name.removeprefix("SAGUI_"), rest, 1, _ALIKE)]
    tables = {f"SAGUI_{section.upper()}" for section in sections()}
    inside = next((table for table in sorted(tables) if name == table or name.startswith(f"{table}_")), "")
    if not near and name in tables:
        near = [one for one in variables() if one.startswith(f"{name}_")][:1]
    if near:
        return f"the environment variable {name} sets nothing; did you mean {near[0]}?"
    return f"the environment variable {name} sets nothing; `sagui config init` lists all keys" if inside else ""
