"""What the keys' folder remembers of the registry: its root, and the newest versions that were signed.

So that a publisher notices a registry that was restored from an old copy: devices refuse what is older than what they
know, and two different files of one version would be worse.
"""

from pathlib import Path

import msgspec
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata

from sagui.bundle.replace import write_bytes
from sagui.deploy.registry.errors import BehindError, KeysError, PublishError
from sagui.deploy.registry.lifetimes import ROLES, ROOT
from sagui.deploy.registry.state import State, load
from sagui.deploy.registry.storage import metadata_path
from sagui.registry import ROOT as ROOT_FILE

NEWEST = "newest.json"
"""The newest version of each role, beside the keys."""


def load_ours(folder: Path, keys: Path) -> State:
    """Reads a registry to change it: it must be the one that the keys are for, and as new as they know.

    Raises:
        ForeignError: See `state.load`.
        BehindError: It is older than what these keys signed.
        KeysError: The memory cannot be read.
    """
    trusted = keys / ROOT_FILE
    state = load(folder, trusted.read_bytes() if trusted.is_file() else None)
    for role, version in _recall(keys).items():
        here = state.signed(role).version if role in state.models or role in ROLES else 0
        if here < version:
            raise BehindError(
                f"{folder}: is behind: {role} is version {here} here, and version {version} was signed with the keys "
                f"in {keys}; bring back the newest copy of the registry, devices refuse an older one"
            )
    return state


def load_known(folder: Path, keys: Path, root: Path | None) -> State:
    """Reads a registry to look into it.

    Args:
        folder: The registry.
        keys: The keys' folder, if it is there: says whether the registry is ours, and as new as we know.
        root: A root that is trusted instead.

    Raises:
        ForeignError: See `load_ours`.
        BehindError: Likewise.
        PublishError: The root cannot be read.
    """
    if root is None:
        return load_ours(folder, keys)
    return load(folder, read_root(root))


def read_root(path: Path) -> bytes:
    """Reads a root that a person says to trust.

    Raises:
        PublishError: It cannot be read, or is none.
    """
    try:
        content = path.read_bytes()
        kind = Metadata.from_bytes(content).signed.type
    except OSError as error:
        raise PublishError(f"{path}: cannot be read: {error.strerror}; give the root.json that devices have") from error
    except RepositoryError:
        kind = "nothing"
    if kind != ROOT:
        raise PublishError(f"{path}: is no root of a registry; give the root.json that devices have")
    return content


def remember(keys: Path, state: State) -> None:
    """Keeps what was signed, and gives the newest root the name that does not change.

    It comes after the registry is written, so that a publisher who was killed may go on.
    """
    root = metadata_path(state.folder, ROOT, state.root.signed.version).read_bytes()
    versions = {role: state.signed(role).version for role in (*ROLES, *sorted(state.models)) if role != ROOT}
    for path, content in (
        (state.folder / ROOT_FILE, root),
        (keys / ROOT_FILE, root),
        (keys / NEWEST, msgspec.json.format(msgspec.json.encode(versions), indent=2) + b"\n"),
    ):
        if not path.is_file() or path.read_bytes() != content:
            write_bytes(path, content)


def _recall(keys: Path) -> dict[str, int]:
    path = keys / NEWEST
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise KeysError(f"{path}: cannot be read: {error}; delete it, publishing writes it again") from error
