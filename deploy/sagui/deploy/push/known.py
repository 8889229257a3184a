"""Whether a device is the one we know: its host key, as OpenSSH keeps them in ``known_hosts``.

Stricter than OpenSSH in two points: a key that is known for port 22 says nothing about another port, and a key is known
for the name that was typed, not for the address behind it, which another device may have had yesterday.
"""

import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from sagui.deploy.push.errors import LinkError, PushError
from sagui.deploy.push.hosts import SSH_PORT

_SYSTEM = Path("/etc/ssh/ssh_known_hosts")
_FOLDER_MODE = 0o700


def written(name: str, port: int | None) -> str:
    """A device as ``known_hosts`` names it.

    >>> written("porch", 22), written("porch", 2222)
    ('porch', '[porch]:2222')
    """
    return name if port in {None, SSH_PORT} else f"[{name}]:{port}"


@dataclass
class KnownHosts:
    """The keys that are known, and where a new one is written.

    Attributes:
        file: The user's list; it need not be there.
        accept_new: Whether a device that is not in it is trusted at first sight. One whose key changed never is.
        read: What is in the list, and in the system's unless the user named a file.
    """

    file: Path
    accept_new: bool = False
    read: asyncssh.SSHKnownHosts = field(default_factory=asyncssh.SSHKnownHosts)

    @classmethod
    def load(cls, file: Path | None, *, accept_new: bool = False) -> "KnownHosts":
        """Reads the lists.

        Args:
            file: None takes the user's and the system's.
            accept_new: See the class.

        Raises:
            PushError: A list cannot be read.
        """
        own = file or Path.home() / ".ssh" / "known_hosts"
        known = cls(own, accept_new)
        for path in (own,) if file else (own, _SYSTEM):
            known._add(path)
        return known

    def _add(self, path: Path) -> None:
        try:
            self.read.load(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except OSError as error:
            raise PushError(f"{path}: cannot be read: {error.strerror}") from error
        except (ValueError, UnicodeDecodeError) as error:
            raise PushError(f"{path}: is no list of host keys: {error}") from error

    def keys(self, name: str, port: int | None) -> asyncssh.known_hosts._KnownHostsResult:
        """What is known of a device: keys, authorities, revoked keys, and the same of certificates."""
        return self.read.match(written(name, port), "", None)

    def refusal(self, name: str, port: int | None, key: asyncssh.SSHKey) -> str | None:
        """Says why a key that is not among the known ones is refused; None if it is taken."""
        known, authorities = self.keys(name, port)[:2]
        shown = f"{key.get_algorithm()} {key.get_fingerprint()}"
        entry = shlex.quote(written(name, port))
        if key in known:
            return None
        if known:
            before = ", ".join(f"{one.get_algorithm()} {one.get_fingerprint()}" for one in known)
            return (
                f"its host key CHANGED: known is {before}, it shows {shown}. Another machine may answer in its place; "
                f"only if you know why (a new card): ssh-keygen -R {entry}{self._option('-f')}, then push again"
            )
        if authorities:
            return f"its host key {shown} is not signed by the authority that {self.file} names for it"
        if self.accept_new:
            return None
        return (
            f"its host key is not known: {shown}. Compare it with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` "
            f"on the device, then accept it: ssh-keyscan{_port_option(port)} {shlex.quote(name)} >> "
            f"{shlex.quote(str(self.file))}, or push with --accept-new"
        )

    def remember(self, name: str, port: int | None, key: asyncssh.SSHKey) -> None:
        """Writes a new device's key to the user's list.

        Raises:
            LinkError: It cannot be written.
        """
        if key in self.keys(name, port)[0]:
            return
        line = f"{written(name, port)} {key.export_public_key('openssh').decode().strip()}\n"
        try:
            self.file.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            with self.file.open("ab+") as file:
                file.write(_line_break(file.tell(), self.file) + line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise LinkError(f"{self.file}: its host key cannot be written: {error.strerror}") from error
        self.read.load(line)

    def _option(self, name: str) -> str:
        return f" {name} {shlex.quote(str(self.file))}"


def _line_break(length: int, path: Path) -> bytes:
    """A list that a person edited may lack its last line break."""
    return b"" if not length or path.read_bytes().endswith(b"\n") else b"\n"


def _port_option(port: int | None) -> str:
    return "" if port in {None, SSH_PORT} else f" -p {port}"
