"""Whether a device is whole, told from its disk alone, by code that shares nothing with what wrote it."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from tests.torture.device import World


class TornError(AssertionError):
    """The device would run neither the old model nor the new one, or says what is not so."""


def what_starts(world: World) -> str:
    """Names the version that would be at work if the device started now.

    Raises:
        TornError: It is not whole, or something else.
    """
    ledger = _ledger(world.store / "ledger.json")
    for slot in ("current", "previous", "staged"):
        held = (ledger.get(slot) or {}).get("held") if slot == "staged" else ledger.get(slot)
        if held:
            _check(world, world.store / "objects" / f"{held['sha256']}.sagui", held["version"])
    current = ledger.get("current")
    version = current["version"] if current else world.settings
    if not current:
        _check(world, world.bundle(version), version)
    if version not in {world.old, world.new}:
        raise TornError(f"{version} would start")
    return str(version)


def check_lives(world: World) -> None:
    """Checks what was at work so far, and what was said of it.

    Raises:
        TornError: Something else than the old model or the new one was, or success was told too early.
    """
    for version, sha256 in world.ran():
        if version not in {world.old, world.new} or sha256 != _hash(world.bundle(version)):
            raise TornError(f"{version} was at work with SHA-256 {sha256}")
    ran, said = {version for version, _ in world.ran()}, world.said()
    if said and said[-1].phase == "confirmed" and _ledger(world.store / "ledger.json").get("trial"):
        raise TornError("success was told, and is not on the disk yet")
    for state in said:
        if state.phase == "confirmed" and state.installed_version not in ran:
            raise TornError(f"{state.installed_version} was confirmed before it was at work")


def check_end(world: World, ends: Literal["old", "new"]) -> None:
    """Checks how it ended.

    Raises:
        TornError: Otherwise than it should.
    """
    version = world.new if ends == "new" else world.old
    if what_starts(world) != version:
        raise TornError(f"ended on {what_starts(world)}, not on {version}")
    last, ledger = world.said()[-1], _ledger(world.store / "ledger.json")
    good = last.phase == "confirmed" if ends == "new" else last.phase in {"reverted", "failed"}
    if not good or last.installed_version != version or last.in_progress:
        raise TornError(f"ended with the words {last}")
    if ends == "old" and not (last.error and [one["version"] for one in ledger.get("failed", [])] == [world.new]):
        raise TornError(f"the new version would be tried again: {last}, {ledger.get('failed')}")
    outcome, previous = ledger.get("outcome") or {}, ledger.get("previous")
    if ends == "new" and (outcome.get("phase"), outcome.get("version")) != ("confirmed", version):
        raise TornError(f"success was told of a model that was never on trial to its end: {outcome}")
    if ends == "new" and (previous["version"] if previous else world.settings) != world.old:
        raise TornError(f"the model before is not kept: {previous}")
    if ledger.get("trial") or ledger.get("staged"):
        raise TornError(f"something is left to be done: {ledger}")


def check_tidy(world: World) -> None:
    """Checks that nothing is kept that nobody needs.

    Raises:
        TornError: Something is, or something lacks.
    """
    ledger = _ledger(world.store / "ledger.json")
    needed = {f"{held['sha256']}.sagui" for slot in ("current", "previous") if (held := ledger.get(slot))}
    if {path.name for path in (world.store / "objects").iterdir()} != needed:
        raise TornError("objects are left that nobody needs, or lack")


def _ledger(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        ledger = json.loads(path.read_bytes())
    except ValueError as error:
        raise TornError(f"the ledger is torn: {error}") from error
    if not isinstance(ledger, dict):
        raise TornError("the ledger is torn")
    return ledger


def _check(world: World, path: Path, version: str) -> None:
    if not path.exists():
        raise TornError(f"{version} is in the ledger, and its file is not there")
    if _hash(path) != _hash(world.bundle(version)):
        raise TornError(f"{version} is in the ledger, and its file is not whole")


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
