"""Attacks on what is signed: each changes an honest registry, and is known by the words of its refusal."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from typing import Any

from securesystemslib.signer import CryptoSigner
from tests.attacks.registry import Registry, bundle, digest, new_key
from tuf.api.metadata import Metadata, MetaFile

PAST = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
LISTS = ("timestamp", "snapshot", "targets", "pets")

Attack = Callable[[Registry], None]


def unsigned(name: str) -> Attack:
    """The list without any signature."""

    def attack(registry: Registry) -> None:
        change(registry, name, lambda document: document.signatures.clear())

    return attack


def by_a_stranger(name: str) -> Attack:
    """The list signed by a key of the attacker's own, who says that it is the right one."""

    def attack(registry: Registry) -> None:
        def sign_anew(document: Metadata[Any]) -> None:
            right = next(iter(document.signatures))
            document.sign(new_key())
            _, signature = document.signatures.popitem()
            signature.keyid = right
            document.signatures[right] = signature

        change(registry, name, sign_anew)

    return attack


def altered(name: str) -> Attack:
    """The list with another content, and the signatures of before."""

    def attack(registry: Registry) -> None:
        def alter(document: Metadata[Any]) -> None:
            document.signed.expires += timedelta(days=300)

        change(registry, name, alter)

    return attack


def change(registry: Registry, name: str, how: Callable[[Metadata[Any]], object]) -> None:
    path = newest(registry, name)
    document = Metadata[Any].from_bytes(registry.files[path])
    how(document)
    registry.files[path] = document.to_bytes()


def newest(registry: Registry, name: str) -> str:
    """Where the present list of a role is served."""
    if name == "timestamp":
        return "metadata/timestamp.json"
    found = (path for path in registry.files if fnmatch(path, f"metadata/*.{name}.json"))
    return max(found, key=lambda path: int(path.split("/")[1].split(".")[0]))


def expired(name: str) -> Attack:
    """The list, honestly signed, whose day has passed."""

    def attack(registry: Registry) -> None:
        if name in registry.roles:
            registry.roles[name].expires = PAST
            registry.release(name)
        else:
            getattr(registry, name).expires = PAST
            registry.release(targets=name == "targets")

    return attack


def below_threshold(registry: Registry) -> None:
    """The model needs two keys now; an attacker has one of them."""
    delegations = registry.targets.delegations
    assert delegations is not None
    assert delegations.roles is not None
    registry.targets.add_key(new_key().public_key, "pets")
    delegations.roles["pets"].threshold = 2
    registry.release("pets", targets=True)


def old_timestamp(registry: Registry) -> None:
    """Yesterday's timestamp again."""
    registry.timestamp.version -= 2
    registry.sign("timestamp")


def old_snapshot(registry: Registry) -> None:
    """Who has the timestamp key leads back to an older snapshot."""
    registry.timestamp.version += 1
    registry.timestamp.snapshot_meta = MetaFile(registry.snapshot.version - 2)
    registry.sign("timestamp")


def old_list_of(name: str) -> Attack:
    """Who has the timestamp and snapshot keys leads back to an older list."""

    def attack(registry: Registry) -> None:
        registry.snapshot.meta[f"{name}.json"] = MetaFile(1)
        registry.snapshot.version += 1
        registry.sign("snapshot")
        registry.timestamp.version += 1
        registry.sign("timestamp")

    return attack


def snapshot_that_forgets(registry: Registry) -> None:
    """Who has those keys takes a model out of the snapshot."""
    del registry.snapshot.meta["pets.json"]
    registry.snapshot.version += 1
    registry.sign("snapshot")
    registry.timestamp.version += 1
    registry.sign("timestamp")


def mixed(name: str) -> Attack:
    """A list of before, honestly signed, under the name of the present one."""

    def attack(registry: Registry) -> None:
        path = newest(registry, name)
        version = int(path.split("/")[1].split(".")[0])
        registry.files[path] = registry.files[f"metadata/{version - 1}.{name}.json"]

    return attack


def root_by_a_stranger(*signers: CryptoSigner) -> Attack:
    """A new root with keys of the attacker's own, which the keys of before did not sign."""

    def attack(registry: Registry) -> None:
        registry.keys.signers["root"] = [new_key()]
        for keyid in list(registry.root.roles["root"].keyids):
            registry.root.revoke_key(keyid, "root")
        registry.root.add_key(registry.keys.signers["root"][0].public_key, "root")
        registry.root.version += 1
        registry.sign_root(*signers)

    return attack


def root_without_its_own_keys(registry: Registry) -> None:
    """A new root that the old keys signed, and the new ones did not."""
    old = registry.keys.signers["root"]
    registry.rotate("root")
    registry.keys.signers["root"] = old
    registry.sign_root()


def root_that_skips(registry: Registry) -> None:
    """Version 3 of the root where version 2 should be."""
    registry.rotate("timestamp")
    registry.rotate("timestamp")
    registry.files["metadata/2.root.json"] = registry.files["metadata/3.root.json"]


def foreign(registry: Registry) -> None:
    """Another registry at the same address."""
    other = Registry()
    other.publish("pets", "9.0.0", bundle(9))
    registry.files.clear()
    registry.files.update(other.files)


def login_page(registry: Registry) -> None:
    """What a hotel's network answers to everything."""
    registry.files["metadata/timestamp.json"] = b"<html>Welcome! Please log in.</html>"


def deep(registry: Registry) -> None:
    """JSON that makes parsers recurse."""
    registry.files["metadata/timestamp.json"] = b"[" * 15_000


def other_bundle_in_the_list(registry: Registry) -> None:
    """The list of versions speaks of another file than the model's role signed for."""
    one = registry.publish("pets", "1.1.0", bundle(1))
    registry.roles["pets"].targets[one.path].hashes["sha256"] = digest(b"another")
    registry.release("pets")


def bundle_that_nobody_signed(registry: Registry) -> None:
    """The list of versions speaks of a file that no role signed for."""
    one = registry.publish("pets", "1.1.0", bundle(1))
    del registry.roles["pets"].targets[one.path]
    registry.release("pets")


def list_of_another_model(registry: Registry) -> None:
    """The list of versions is that of another model."""
    registry.put_index("pets", name="cats")
    registry.release("pets")


def bundle_of_another_model(registry: Registry) -> None:
    """The list of versions leads to a bundle of another model."""
    registry.put_index("pets", *registry.versions("cats"))
    registry.release("pets")


ATTACKS: dict[str, tuple[Attack, str]] = {
    **{f"unsigned {name}": (unsigned(name), "^unsigned") for name in LISTS},
    **{f"wrong key {name}": (by_a_stranger(name), "wrong key") for name in LISTS},
    **{f"altered {name}": (altered(name), "^unsigned") for name in LISTS},
    **{f"expired {name}": (expired(name), "^freeze: .*expired.*clock") for name in LISTS},
    "below threshold": (below_threshold, "^below threshold: pets.json has 1 good signatures of 2"),
    "version rollback": (old_timestamp, "^version rollback: timestamp"),
    "snapshot rollback": (old_snapshot, "^snapshot rollback"),
    "targets rollback": (old_list_of("targets"), "^version rollback: snapshot.json"),
    "model rollback": (old_list_of("pets"), "^version rollback: snapshot.json"),
    "snapshot forgets": (snapshot_that_forgets, "^snapshot rollback: .*lacks"),
    "mixed snapshot": (mixed("snapshot"), "^mix-and-match: snapshot"),
    "mixed targets": (mixed("targets"), "^mix-and-match: targets"),
    "mixed model": (mixed("pets"), "^mix-and-match: pets"),
    "root of a stranger": (root_by_a_stranger(), "^this registry belongs to other keys than the root.json"),
    "root not of its own": (root_without_its_own_keys, "^root rotation broken"),
    "root skips": (root_that_skips, "^root rotation broken: .*version 2.*version 3"),
    "foreign registry": (foreign, "wrong key.*another one than root.json"),
    "login page": (login_page, "^unsigned: .*login page"),
    "deep JSON": (deep, "^unsigned: .*no signed list"),
    "other bundle in the list": (other_bundle_in_the_list, "^hash or length mismatch"),
    "bundle not signed": (bundle_that_nobody_signed, "^unsigned: .*nobody signed"),
    "list of another model": (list_of_another_model, "^mix-and-match: .*versions of cats"),
    "bundle of another model": (bundle_of_another_model, "^unsigned|^hash or length mismatch"),
}
