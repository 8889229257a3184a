"""Renewing signatures: what a weekly cron does, so that devices know that nothing was kept from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sagui.deploy.registry import lifetimes as life
from sagui.deploy.registry.keyring.files import Keyring
from sagui.deploy.registry.memory import load_ours, remember
from sagui.deploy.registry.release import Release, lifetime_of
from sagui.deploy.registry.state import State
from sagui.deploy.registry.storage import only_writer

_ROOT_NOTICE = timedelta(days=60)


@dataclass(frozen=True)
class Renewal:
    """What was renewed.

    Attributes:
        roles: Those that signed again.
        notes: What a person should do, one line each.
        expires: When devices will find the registry too old, if nobody renews again.
    """

    roles: tuple[str, ...]
    notes: tuple[str, ...]
    expires: datetime


def refresh(
    folder: Path,
    keys: Path,
    *,
    now: datetime,
    lifetimes: Mapping[str, timedelta] | None = None,
    keyring: Keyring | None = None,
) -> Renewal:
    """Renews the timestamp, and everything else of which half the time is over and the key is here.

    Args:
        folder: The registry.
        keys: Where the keys are; those of snapshot and timestamp are enough.
        now: UTC.
        lifetimes: By role, where another one is wanted from now on.
        keyring: The keys, opened; else those in ``keys``.

    Raises:
        PublishError: The key of timestamp or snapshot is missing, or the registry is not ours, behind, or being
            changed.
    """
    keyring, chosen = keyring or Keyring(keys), lifetimes or {}
    load_ours(folder, keys)
    with only_writer(folder):
        state = load_ours(folder, keys)
        release = Release(state, keyring, now, chosen)
        due = [role for role in (life.TARGETS, *state.models) if _is_wanted(state, role, now, chosen)]
        here = [role for role in due if release.can_sign(role)]
        release.unlock(*here)
        snapshot = bool(here) or _is_wanted(state, life.SNAPSHOT, now, chosen)
        models = [role for role in here if role != life.TARGETS]
        release.commit(models, targets=life.TARGETS in here, snapshot=snapshot)
        remember(keys, state)
    renewed = (*here, *([life.SNAPSHOT] if snapshot else []), life.TIMESTAMP)
    return Renewal(renewed, notes(state, now), first_expiry(state)[1])


def first_expiry(state: State) -> tuple[str, datetime]:
    """Names the role whose signature runs out first, and when."""
    return min(((role, state.signed(role).expires) for role in (*life.ROLES, *state.models)), key=lambda one: one[1])


def notes(state: State, now: datetime) -> tuple[str, ...]:
    """Says what runs out soon, or did, and how to mend it; one line each."""
    lines = []
    for role in (*life.ROLES, *sorted(state.models)):
        signed = state.signed(role)
        early = _ROOT_NOTICE if role == life.ROOT else lifetime_of(signed, role) / 4
        if signed.expires - now <= early:
            lines.append(f"{role} {_when(signed.expires, now)}; {_remedy(role)}")
    return tuple(lines)


def _is_wanted(state: State, role: str, now: datetime, chosen: Mapping[str, timedelta]) -> bool:
    signed = state.signed(role)
    if (role if role in life.ROLES else "model") in chosen:
        return True
    return life.is_due(signed.expires, lifetime_of(signed, role), now)


def _when(expires: datetime, now: datetime) -> str:
    day = f"{expires:%Y-%m-%d %H:%M} UTC"
    return f"expired on {day}: devices refuse the registry" if expires <= now else f"expires on {day}"


def _remedy(role: str) -> str:
    if role == life.ROOT:
        return "run sagui keys renew where the root keys are"
    if role in {life.SNAPSHOT, life.TIMESTAMP}:
        return "run sagui publish --refresh"
    return f"run sagui publish --refresh where the key of {role} is"
