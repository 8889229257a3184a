"""A new registry: its keys, and what they sign at first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Delegations, Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

from sagui.deploy.registry import lifetimes as life
from sagui.deploy.registry.errors import PublishError
from sagui.deploy.registry.keyring.files import Keyring, key_files
from sagui.deploy.registry.memory import remember
from sagui.deploy.registry.release import set_expiry, sign
from sagui.deploy.registry.state import State
from sagui.deploy.registry.storage import put_metadata
from sagui.registry import METADATA, TARGETS
from sagui.registry import ROOT as ROOT_FILE

_MOST_KEYS = 20


@dataclass(frozen=True)
class Plan:
    """How a registry is to be.

    Attributes:
        root_dir: Where root's keys go; None is the folder ``root`` beside the others.
        root_keys: How many there are.
        root_threshold: How many of them must sign.
        passphrase: What all keys are encrypted with; None leaves them as they are.
        lifetimes: By role, where the default will not do.
    """

    root_dir: Path | None = None
    root_keys: int = 1
    root_threshold: int = 1
    passphrase: bytes | None = None
    lifetimes: Mapping[str, timedelta] = field(default_factory=dict)


def create(folder: Path, keys: Path, plan: Plan | None = None, *, now: datetime) -> Path:
    """Makes the keys and an empty registry.

    Args:
        folder: The registry: new, or empty.
        keys: Where private keys go; never within the registry.
        plan: How it is to be; one root key beside the others, without it.
        now: UTC.

    Returns:
        The root that devices are given to trust.

    Raises:
        PublishError: Something is there already, or cannot be written; nothing is overwritten.
    """
    plan = plan or Plan()
    root_dir = plan.root_dir or keys / life.ROOT
    _check_plan(plan)
    _check_places(folder, keys, root_dir)
    online = Keyring(keys, passphrase=plan.passphrase)
    offline = Keyring(root_dir, passphrase=plan.passphrase)
    roots = [offline.make(life.ROOT) for _ in range(plan.root_keys)]
    others = {role: online.make(role) for role in life.ROLES if role != life.ROOT}
    state = _first_state(folder, roots, others, plan.root_threshold)
    for role in life.ROLES:
        set_expiry(state.signed(role), role, now, plan.lifetimes)
    _write(state, roots, others)
    remember(keys, state)
    return folder / ROOT_FILE


def check_threshold(keys: int, threshold: int) -> None:
    """Checks how many keys there are to be, and how many must sign.

    Raises:
        PublishError: It cannot be.
    """
    if not 1 <= threshold <= keys <= _MOST_KEYS:
        raise PublishError(
            f"{threshold} of {keys} root keys cannot be: give --root-keys from 1 to {_MOST_KEYS}, and a "
            "--root-threshold that is no larger"
        )


def keep_apart(folder: Path, *private: Path) -> None:
    """Checks that no private key lies where it would be served.

    Raises:
        PublishError: A folder of keys is the registry, or within it.
    """
    for keys in private:
        if keys.resolve().is_relative_to(folder.resolve()):
            raise PublishError(f"{keys}: is within the registry {folder}, which is served; keep keys elsewhere")


def _check_plan(plan: Plan) -> None:
    check_threshold(plan.root_keys, plan.root_threshold)


def _check_places(folder: Path, keys: Path, root_dir: Path) -> None:
    keep_apart(folder, keys, root_dir)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PublishError(f"{folder}: is there already and not empty; give --registry a new folder")
    for place in (keys, root_dir):
        if place.is_dir() and (there := key_files(place)):
            raise PublishError(f"{there[0][2]}: is there already; keys are never overwritten, give another folder")


def _first_state(folder: Path, roots: list[CryptoSigner], others: Mapping[str, CryptoSigner], threshold: int) -> State:
    root = Root(consistent_snapshot=True)
    for signer in roots:
        root.add_key(signer.public_key, life.ROOT)
    root.roles[life.ROOT].threshold = threshold
    for role, signer in others.items():
        root.add_key(signer.public_key, role)
    targets = Targets(delegations=Delegations({}, {}))
    return State(folder, Metadata(root), Metadata(Timestamp()), Metadata(Snapshot()), Metadata(targets))


def _write(state: State, roots: list[CryptoSigner], others: Mapping[str, CryptoSigner]) -> None:
    def put(role: str, signers: list[CryptoSigner]) -> MetaFile:
        metadata = state.metadata(role)
        content = sign(metadata, signers)
        put_metadata(state.folder, role, None if role == life.TIMESTAMP else 1, content)
        return MetaFile.from_data(1, content, ["sha256"])

    state.folder.mkdir(parents=True, exist_ok=True)
    for name in (METADATA, TARGETS):
        (state.folder / name).mkdir(exist_ok=True)
    state.snapshot.signed.meta[f"{life.TARGETS}.json"] = put(life.TARGETS, [others[life.TARGETS]])
    state.timestamp.signed.snapshot_meta = put(life.SNAPSHOT, [others[life.SNAPSHOT]])
    put(life.TIMESTAMP, [others[life.TIMESTAMP]])
    # Before the first root is there, the folder is no registry.
    put(life.ROOT, roots)
