"""New keys for old ones: when one was lost, seen by others, or grew old.

Whatever the next root will ask for is signed by the old key and the new one first. So devices with either root accept
the registry, at every moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Root, Targets

from sagui.deploy.registry import lifetimes as life
from sagui.deploy.registry.create import check_threshold, keep_apart
from sagui.deploy.registry.errors import PublishError
from sagui.deploy.registry.keyring.files import Keyring
from sagui.deploy.registry.memory import load_ours, remember
from sagui.deploy.registry.release import Release, renew, sign
from sagui.deploy.registry.state import State
from sagui.deploy.registry.storage import only_writer, put_metadata


@dataclass(frozen=True)
class Rotation:
    """What changed.

    Attributes:
        role: Whose key.
        made: The new key files.
        retired: Old key files that are of no use any more.
        root: The root's version now.
    """

    role: str
    made: tuple[Path, ...]
    retired: tuple[Path, ...]
    root: int


@dataclass(frozen=True)
class Roots:
    """How root is to be signed from now on; None leaves it as it is."""

    keys: int | None = None
    threshold: int | None = None


class Rotator:
    """Changes keys.

    Args:
        folder: The registry.
        keys: Where the keys are.
        root_dirs: Where root's keys are; new ones are written to the first.
        now: UTC.
        keyring: The keys, opened.
        root_keyring: Root's, opened.
    """

    def __init__(
        self,
        folder: Path,
        keys: Path,
        root_dirs: Sequence[Path] = (),
        *,
        now: datetime,
        keyring: Keyring | None = None,
        root_keyring: Keyring | None = None,
    ) -> None:
        places = root_dirs or (keys / life.ROOT,)
        keep_apart(folder, keys, *places)
        self._folder, self._keys, self._now = folder, keys, now
        self._keyring = keyring or Keyring(keys)
        self._root_keyring = root_keyring or Keyring(*places)

    def rotate(self, role: str, roots: Roots | None = None) -> Rotation:
        """Gives a role a new key, and signs all that depends on it.

        Args:
            role: ``root``, ``targets``, ``snapshot``, ``timestamp``, or a model's name.
            roots: How many root keys there are to be; for ``root`` alone.

        Raises:
            PublishError: A key that must sign is missing, or the registry is not ours, behind, or being changed.
        """
        load_ours(self._folder, self._keys)
        with only_writer(self._folder):
            state = load_ours(self._folder, self._keys)
            if role == life.ROOT:
                done = self._rotate_root(state, roots or Roots())
            elif role in life.ROLES:
                done = self._rotate_online(state, role)
            elif role in state.models:
                done = self._rotate_model(state, role)
            else:
                raise PublishError(f"{role}: no role and no model; there are {', '.join((*life.ROLES, *state.models))}")
            remember(self._keys, state)
        return done

    def renew_root(self) -> int:
        """Signs root again, with the same keys; gives its version.

        Raises:
            PublishError: See `rotate`.
        """
        load_ours(self._folder, self._keys)
        with only_writer(self._folder):
            state = load_ours(self._folder, self._keys)
            self._put_root(state, self._root_signers(state))
            remember(self._keys, state)
        return state.root.signed.version

    def _rotate_root(self, state: State, roots: Roots) -> Rotation:
        old = self._root_signers(state)
        asked = state.root.signed.roles[life.ROOT]
        count, threshold = roots.keys or len(asked.keyids), roots.threshold or asked.threshold
        check_threshold(count, threshold)
        new = [self._root_keyring.make(life.ROOT) for _ in range(count)]
        retired = self._exchange(state.root.signed, life.ROOT, new, self._root_keyring)
        asked.threshold = threshold
        self._put_root(state, [*old, *new])
        return self._done(state, life.ROOT, new, retired, self._root_keyring)

    def _rotate_online(self, state: State, role: str) -> Rotation:
        roots = self._root_signers(state)
        release = Release(state, self._keyring, self._now)
        # Without the old key, devices are told to come back later until the new root is there, an instant afterwards.
        old = self._old_signers(state.root.signed, role)
        release.hand_over(role, old)
        release.unlock(role)
        new = self._keyring.make(role)
        release.sign_also(role, [new])
        release.commit(targets=role == life.TARGETS, snapshot=role == life.SNAPSHOT)
        retired = self._exchange(state.root.signed, role, [new], self._keyring)
        self._put_root(state, roots)
        return self._done(state, role, [new], retired, self._keyring)

    def _rotate_model(self, state: State, model: str) -> Rotation:
        release = Release(state, self._keyring, self._now)
        release.unlock(life.TARGETS)
        new = self._keyring.make(model)
        retired = self._exchange(state.targets.signed, model, [new], self._keyring)
        # One snapshot names both files, so that nobody sees one without the other.
        release.hand_over(model, [new])
        release.commit([model], targets=True)
        return self._done(state, model, [new], retired, self._keyring)

    def _root_signers(self, state: State) -> list[CryptoSigner]:
        asked = state.root.signed.roles[life.ROOT]
        return self._root_keyring.signers(life.ROOT, asked.keyids, asked.threshold)

    def _old_signers(self, by: Root, role: str) -> list[CryptoSigner]:
        found = (self._keyring.find(role, keyid) for keyid in by.roles[role].keyids)
        return [signer for signer in found if signer]

    def _exchange(
        self, by: Root | Targets, role: str, new: Sequence[CryptoSigner], keyring: Keyring
    ) -> tuple[Path, ...]:
        before = list(by.get_delegated_role(role).keyids)
        paths = [keyring.path(role, keyid) for keyid in before]
        for keyid in before:
            by.revoke_key(keyid, role)
        for signer in new:
            by.add_key(signer.public_key, role)
        return tuple(path for path in paths if path)

    def _put_root(self, state: State, signers: Sequence[CryptoSigner]) -> None:
        renew(state.root.signed, life.ROOT, self._now)
        put_metadata(self._folder, life.ROOT, state.root.signed.version, sign(state.root, signers))

    @staticmethod
    def _done(
        state: State, role: str, new: Sequence[CryptoSigner], retired: tuple[Path, ...], keyring: Keyring
    ) -> Rotation:
        made = (keyring.path(role, signer.public_key.keyid) for signer in new)
        return Rotation(role, tuple(path for path in made if path), retired, state.root.signed.version)
