"""What a refusal of the TUF client means: the attack that it stopped, by the name that TUF's papers give it.

Names as in "Survivable Key Compromise in Software Update Systems" (Samuel et al., CCS 2010) and in the specification,
https://theupdateframework.github.io/specification/latest/, section 1.5.2.
"""

import re
from collections.abc import Callable
from datetime import datetime

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError

ROOT, TIMESTAMP, SNAPSHOT = "root", "timestamp", "snapshot"

_SIGNED_BY = re.compile(r"was signed by (\d+)/(\d+) keys")


STRANGER = (
    "this registry belongs to other keys than the root.json this device trusts; give the device this registry's "
    "root.json if that is meant"
)
"""Said of a new root that nobody signed whom this device trusts: most often the address is another registry's."""


def diagnose(error: Exception, role: str, now: datetime) -> str:
    """Names the attack, in one line.

    Args:
        error: What the TUF client raised: a `RepositoryError`, or that a file is too long.
        role: The list that was asked for last: root, timestamp, snapshot, targets, or a model's name.
        now: What this device takes for the time; TUF compared with it.
    """
    for kind, say in _WORDS:
        if isinstance(error, kind):
            return say(str(error) or type(error).__name__, role, now)
    return f"{role}.json is not to be trusted: {error}"


def is_root(content: bytes) -> bool:
    """Whether it can be read as a root; who signed it is another question."""
    try:
        return isinstance(Metadata[Root].from_bytes(content).signed, Root)
    except RepositoryError:
        return False


def is_a_strangers(offered: bytes, trusted: bytes) -> bool:
    """Whether none of the keys that a root names for roots signed another root.

    Args:
        offered: The new root, as it came.
        trusted: The root that it is to follow.
    """
    try:
        old, new = Metadata[Root].from_bytes(trusted), Metadata[Root].from_bytes(offered)
        return not old.signed.get_verification_result(ROOT, new.signed_bytes, new.signatures).signed
    except (RepositoryError, ValueError, AttributeError):  # a list, but no root
        return False


def _unsigned(said: str, role: str, _now: datetime) -> str:
    found = _SIGNED_BY.search(said)
    valid, needed = (int(found[1]), int(found[2])) if found else (0, 1)
    if role == ROOT:
        return (
            f"root rotation broken: the new root.json is not signed by enough keys of the old and of its own ({said})"
        )
    if valid:
        return f"below threshold: {role}.json has {valid} good signatures of {needed} that are needed"
    return (
        f"unsigned or wrong key: no signature of {role}.json is by a key that this device trusts; "
        "is the registry another one than root.json was taken from?"
    )


def _expired(said: str, _role: str, now: datetime) -> str:
    return (
        f"freeze: {said}; either an old state is shown to this device, or nobody renewed it "
        f"(sagui publish --refresh), or this device's clock is wrong: it says {now:%Y-%m-%d %H:%M} UTC"
    )


def _version(said: str, role: str, _now: datetime) -> str:
    if role == ROOT:
        return f"root rotation broken: {said}"
    if role == TIMESTAMP:
        what = "snapshot rollback" if "snapshot version" in said else "version rollback"
        return f"{what}: timestamp.json is older than what this device saw already ({said})"
    if role == SNAPSHOT and not said.startswith("Expected snapshot version"):
        return f"version rollback: snapshot.json lists something older than this device saw already ({said})"
    return f"mix-and-match: {role}.json is of another state of the registry than the rest ({said})"


def _mismatch(said: str, role: str, _now: datetime) -> str:
    return f"mix-and-match: {role}.json is not the file that was signed for: hash or length mismatch ({said})"


def _garbled(_said: str, role: str, _now: datetime) -> str:
    return f"unsigned: what came as {role}.json is no signed list; is that the registry, or a network's login page?"


def _endless(_said: str, role: str, _now: datetime) -> str:
    return f"endless data: {role}.json is longer than it may be"


def _incomplete(said: str, role: str, _now: datetime) -> str:
    if "missing info" in said:
        return f"snapshot rollback: snapshot.json lacks what this device saw already ({said})"
    return f"mix-and-match: {role}.json does not fit the rest ({said})"


_WORDS: tuple[tuple[type[Exception], Callable[[str, str, datetime], str]], ...] = (
    (DownloadLengthMismatchError, _endless),
    (UnsignedMetadataError, _unsigned),
    (ExpiredMetadataError, _expired),
    (BadVersionNumberError, _version),
    (LengthOrHashMismatchError, _mismatch),
    (DeserializationError, _garbled),
    (RepositoryError, _incomplete),
)
"""In this order: the last is the family of the others."""
