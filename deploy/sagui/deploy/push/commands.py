"""What is run on a device: commands as data. Pure rules, no I/O.

Each is a list of words; the adapter quotes them. Scripts are POSIX sh and take what varies as arguments, so that
nothing is ever pasted into one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sagui.deploy.push.parcel import Parcel

SERVICE_USER = "sagui"
FOLDER_MARK = "sagui-folder "
SIZE_MARK = "sagui-size "
"""Begin the lines that are for us: a login script may print lines of its own."""

# Its input ends with the connection, however that ends; so the folder never outlives us.
_KEEP = f"""
umask 022
folder=$(mktemp -d "${{TMPDIR:-/var/tmp}}/sagui-push.XXXXXXXX") || exit 1
trap 'rm -rf -- "$folder"' EXIT
trap 'exit 1' HUP INT TERM
chmod "$1" "$folder"
printf '{FOLDER_MARK}%s\\n' "$folder"
while read -r _; do :; done
"""

# sshd sends no signal to what it started when a connection is gone; the end of its input is all that is told.
_GUARD = """
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
(while read -r _; do :; done; kill -TERM "$child") <&3 >/dev/null 2>&1 3<&- &
watcher=$!
wait "$child"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"""

_RECEIVE = f'umask 022; cat >"$1" && echo "{SIZE_MARK}$(wc -c <"$1")"'
_CHECK = 'cd "$1" && sha256sum -c -'
_FOLDERS = 'umask 022; cd "$1" && shift && mkdir -p -- "$@"'


def script(text: str, *arguments: str) -> list[str]:
    """A POSIX script with its arguments."""
    return ["sh", "-c", text, "sh", *arguments]


def keep_folder(*, private: bool) -> list[str]:
    """Makes a folder, names it, and removes it when the input ends."""
    return script(_KEEP, "700" if private else "755")


def guarded(command: Sequence[str]) -> list[str]:
    """Runs a command that is ended when the input ends."""
    return script(_GUARD, *command)


def make_folders(folder: str, parcel: Parcel) -> list[str]:
    """Makes the folders that the parcel's pieces lie in."""
    return script(_FOLDERS, folder, *parcel.folders)


def receive(path: str) -> list[str]:
    """Writes the input to a file, and prints how long it is."""
    return script(_RECEIVE, path)


def received_bytes(out: str) -> int:
    """Reads how much arrived; 0 if that was not said."""
    sizes = [line.removeprefix(SIZE_MARK).strip() for line in out.splitlines() if line.startswith(SIZE_MARK)]
    return int(sizes[-1]) if sizes and sizes[-1].isdigit() else 0


def check(folder: str) -> list[str]:
    """Compares files with the list of `checksums`, which is the input."""
    return script(_CHECK, folder)


def checksums(parcel: Parcel) -> bytes:
    """What ``sha256sum -c`` reads."""
    return "".join(f"{piece.sha256}  {piece.place}\n" for piece in parcel.pieces).encode()


@dataclass(frozen=True)
class Device:
    """How sagui is called on a device.

    Attributes:
        sagui: The program there.
        config: The agent's settings there; empty leaves it to sagui.
        sudo: Whether the agent has a user of its own, which we become for it.
    """

    sagui: str = "/opt/sagui/bin/sagui"
    config: str = "/etc/sagui/agent.toml"
    sudo: bool = True

    def become(self, user: str, *, root: bool = False) -> list[str]:
        """What goes before a command to run it as the service's user, or as root."""
        wanted = "root" if root else SERVICE_USER
        if user == wanted or (not self.sudo and not root):
            return []
        if user == "root":
            # Without root's home, so that the user's own is taken.
            return ["runuser", "-u", wanted, "--", "env", "-u", "HOME"]
        return ["sudo", "-n", "--"] if root else ["sudo", "-n", "-u", wanted, "--"]

    def selftest(self, user: str, bundle: str) -> list[str]:
        """Proves a bundle."""
        return [*self.become(user), *guarded([self.sagui, "selftest", bundle])]

    def install(self, user: str, folder: str, parcel: Parcel, wait_s: float) -> list[str]:
        """Has the agent take the model, and waits until it stands."""
        if parcel.signed:
            what = ["--registry", f"file://{folder}", f"{parcel.model}=={parcel.version}"]
        else:
            what = ["--unsigned", f"{folder}/{parcel.bundle.place}"]
        return [*self.become(user), *guarded(self._update("install", *what, "--wait", "--timeout", f"{wait_s:g}"))]

    def status(self, user: str) -> list[str]:
        """Asks how an update stands."""
        return [*self.become(user), *self._update("status", "--json")]

    def revert(self, user: str) -> list[str]:
        """Goes back to the model before."""
        return [*self.become(user), *self._update("revert")]

    def check_settings(self) -> list[str]:
        """Says what is wrong in the agent's settings, and what they lack."""
        return [self.sagui, "config", "check", self.config]

    def _update(self, order: str, *arguments: str) -> list[str]:
        config = ["--config", self.config] if self.config else []
        return [self.sagui, "update", order, *arguments, *config]
