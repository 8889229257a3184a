"""What the agent said last of its updates, left beside the ledger: the ledger knows only how they ended.

A person who asks on the device hears the same as on MQTT. The file belongs to the ledger as it was then: when that is
another one, the agent has something newer to say, or another program changed it.
"""

import fcntl
import os
import time
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec

from sagui.bundle.replace import write_bytes
from sagui.device.store.store import LEDGER
from sagui.wire import UpdateState

SAID = "said.json"
LOCK = "agent.lock"
"""Held by the agent as long as it lives, however it ends."""

_LONGEST_BYTES = 64 * 1024
_TRIES, _LOOK_S = 5, 0.02


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """The agent's last word.

    Attributes:
        state: As it was published.
        ledger: SHA-256 of the ledger's file at that time; empty where there was none.
    """

    v: Literal[1] = 1
    state: UpdateState
    ledger: str


class LastWord:
    """Keeps the agent's last word. One thread at a time may use it."""

    def __init__(self, folder: Path) -> None:
        """Writes nothing yet.

        Args:
            folder: The store's; made when there is something to keep.
        """
        self._folder = folder
        self._kept: tuple[object, ...] | None = None
        self._lock: int | None = None

    def keep(self, state: UpdateState) -> None:
        """Writes it down if another phase or reason is said; a device that never has any leaves no file.

        Raises:
            OSError: The disk cannot be used.
        """
        words = (state.phase, state.error, state.rollout, state.installed_version, state.latest_version)
        if words == self._kept:
            return
        path = self._folder / SAID
        if state.phase == "idle" and not state.error and not path.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._hold()
        write_bytes(path, msgspec.json.encode(Said(state=state, ledger=_digest(self._folder))))
        self._kept = words

    def _hold(self) -> None:
        if self._lock is not None:
            return
        descriptor = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        for _ in range(_TRIES):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # somebody looks just now
                time.sleep(_LOOK_S)
            else:
                self._lock = descriptor
                return
        os.close(descriptor)

    def close(self) -> None:
        """The agent ends."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def last_word(folder: Path) -> UpdateState | None:
    """Gives what the agent said last, if it is of the ledger as it is now.

    Args:
        folder: The store's.
    """
    try:
        with (folder / SAID).open("rb") as file:
            said = msgspec.json.decode(file.read(_LONGEST_BYTES), type=Said)
        return said.state if said.ledger == _digest(folder) else None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def is_agent_there(folder: Path) -> bool:
    """Whether an agent that said something is running."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _digest(folder: Path) -> str:
    try:
        return sha256((folder / LEDGER).read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""
