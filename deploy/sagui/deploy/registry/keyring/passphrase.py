"""Where passphrases come from: a file that a variable names, or the terminal; never the command line."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from sagui.deploy.registry.errors import KeysError

VARIABLE = "SAGUI_KEYS_PASSPHRASE_FILE"

Ask = Callable[[Path], bytes]
"""Gives the passphrase of a key file."""


def from_file() -> bytes | None:
    """Reads the passphrase from the file that the variable names; None if it names none.

    Raises:
        KeysError: The file cannot be read, or is empty.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        return None
    try:
        passphrase = Path(name).read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise KeysError(f"{name}: cannot be read: {error.strerror}; {VARIABLE} names it") from error
    if not passphrase:
        raise KeysError(f"{name}: is empty; write the passphrase into it, {VARIABLE} names it")
    return passphrase


def ask_terminal(key: Path) -> bytes:
    """Asks for the passphrase of a key.

    Raises:
        KeysError: There is no terminal to ask on.
    """
    import click

    if not sys.stdin.isatty():
        raise KeysError(f"{key}: is encrypted, and there is no terminal to ask on; name a file in {VARIABLE}")
    text: str = click.prompt(f"Passphrase of {key.name}", hide_input=True, err=True)
    return text.encode()


def choose() -> bytes:
    """Has a person choose a passphrase: from the file if the variable names one, else typed twice.

    Raises:
        KeysError: There is no terminal to ask on.
    """
    import click

    if (given := from_file()) is not None:
        return given
    if not sys.stdin.isatty():
        raise KeysError(f"there is no terminal to choose a passphrase on; name a file that holds it in {VARIABLE}")
    text: str = click.prompt("Passphrase for the new keys", hide_input=True, confirmation_prompt=True, err=True)
    return text.encode()
