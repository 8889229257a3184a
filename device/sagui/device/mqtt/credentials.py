"""User and password for the broker: from the environment, or from files. Neither is ever shown."""

import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from sagui.device.errors import BrokerError

USER, PASSWORD = "SAGUI_MQTT_USER", "SAGUI_MQTT_PASSWORD"
LONGEST_BYTES = 65_535
"""What MQTT has room for (MQTT 5, 1.5.4)."""


def find_credentials(
    environment: Mapping[str, str],
    user_file: Path | None,
    password_file: Path | None,
    warn: Callable[[str], None],
) -> tuple[str | None, str | None]:
    """Finds user and password; the environment goes before the files.

    Args:
        environment: Where they are under `USER` and `PASSWORD`.
        user_file: Holds the user alone.
        password_file: Holds the password alone.
        warn: Told of a password that every user of the machine can read.

    Raises:
        BrokerError: A file cannot be used, or there is a password and no user.
    """
    user = _find(environment, USER, user_file)
    password = _find(environment, PASSWORD, password_file)
    if password is not None and user is None:
        raise BrokerError(f"broker: a password without a user; set {USER}, or user_file")
    if password_file is not None and PASSWORD not in environment and _open_to_all(password_file):
        warn(f"{password_file}: every user of this machine can read the password; chmod o-r {password_file}")
    return user, password


def _find(environment: Mapping[str, str], name: str, path: Path | None) -> str | None:
    if name in environment:
        return _checked(environment[name], name)
    return None if path is None else _read(path)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_BYTES + 3)
    except OSError as error:
        raise BrokerError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        text = content.decode()
    except UnicodeDecodeError:
        # Without its cause: that holds what the file does.
        raise BrokerError(f"{path}: is not UTF-8 text") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise BrokerError(f"{path}: is empty")
    return _checked(text, str(path))


def _checked(text: str, where: str) -> str:
    """Refuses what MQTT cannot carry; paho would fail on it later, and show it."""
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError:
        raise BrokerError(f"{where}: is not UTF-8 text") from None
    if size_bytes > LONGEST_BYTES:
        raise BrokerError(f"{where}: is longer than {LONGEST_BYTES} bytes")
    if any(letter in text for letter in "\0\r\n"):
        raise BrokerError(f"{where}: must be one line")
    return text


def _open_to_all(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False
