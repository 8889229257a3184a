"""Publishing a bundle: into the registry, and into the signed list of its model's versions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from tuf.api.metadata import DelegatedRole, Delegations, Metadata, TargetFile, Targets

from sagui.bundle import Bundle, BundleError, decode_bundle, read_bundle
from sagui.deploy.registry import lifetimes as life
from sagui.deploy.registry.create import keep_apart
from sagui.deploy.registry.defaults import PATCHES
from sagui.deploy.registry.errors import PublishError
from sagui.deploy.registry.evaluation import Evaluation, evaluate
from sagui.deploy.registry.keyring.files import Keyring
from sagui.deploy.registry.memory import load_ours, remember
from sagui.deploy.registry.release import Release
from sagui.deploy.registry.state import State, read_target
from sagui.deploy.registry.storage import only_writer, put_target
from sagui.deploy.registry.versions import check_version, is_worth, latest, oldest_first, patch_sources, same_precedence
from sagui.deploy.registry.withdrawn import refuse_withdrawn
from sagui.progress import SILENT, Progress
from sagui.registry import Index, Patch, Published, bundle_path, decode_index, encode_index, index_path, patch_path
from sagui.registry.patch import make_patch


@dataclass(frozen=True)
class Offer:
    """A bundle that is to be published.

    Attributes:
        content: The file.
        bundle: What it is, checked.
    """

    content: bytes
    bundle: Bundle

    @property
    def model(self) -> str:
        """The model's name."""
        return self.bundle.manifest.name

    @property
    def version(self) -> str:
        """SemVer."""
        return self.bundle.manifest.version

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What publishing did.

    Attributes:
        changed: Whether anything did; the same bundle again changes nothing.
        published: The version as it is listed.
        model: Its name.
        latest: The version that devices take that follow no plan.
        new_key: The file of the key that was made, if this was the first of its name.
        evaluation: How good it is beside the latest one before; empty if nothing changed.
    """

    changed: bool
    published: Published
    model: str
    latest: str
    new_key: Path | None = None
    evaluation: Evaluation = field(default_factory=Evaluation)


@dataclass(frozen=True)
class Wish:
    """How to publish.

    Attributes:
        patches: From how many earlier versions patches are made; 0 makes none.
        lifetimes: By role, where another one is wanted from now on.
    """

    patches: int = PATCHES
    lifetimes: Mapping[str, timedelta] = field(default_factory=dict)


def publish(
    path: Path,
    folder: Path,
    keys: Path,
    *,
    now: datetime,
    wish: Wish | None = None,
    keyring: Keyring | None = None,
    progress: Progress = SILENT,
) -> Outcome:
    """Publishes a bundle.

    A device sees the registry as it was or as it becomes: whenever this is killed, it may be run again.

    Args:
        path: The bundle.
        folder: The registry.
        keys: Where the keys are.
        now: UTC.
        wish: Patches and lifetimes.
        keyring: The keys, opened; else those in ``keys``.
        progress: Shows the work on patches.

    Raises:
        BundleError: It is no bundle.
        PublishError: The version is there with other content or was withdrawn, a key is missing, or the registry is
            not ours, behind, or being changed by somebody else.
    """
    keep_apart(folder, keys)
    offer = _read(path)
    wish, keyring = wish or Wish(), keyring or Keyring(keys)
    load_ours(folder, keys)  # says what is wrong with the folder before a lock is made in it
    with only_writer(folder):
        state = load_ours(folder, keys)
        index = state.index(offer.model)
        if (there := _already(offer, index)) and index:
            put_target(folder, there.path, offer.content)
            return Outcome(changed=False, published=there, model=offer.model, latest=index.latest)
        refuse_withdrawn(offer.model, offer.version, state.withdrawn(offer.model))
        evaluation = _evaluate(state, offer, index)
        release = Release(state, keyring, now, wish.lifetimes)
        new_key = _open_role(release, keyring, offer.model)
        entry = _add_files(state, offer, index, now, wish.patches, progress)
        after = put_index(state, offer.model, [*(index.versions if index else ()), entry])
        release.commit([offer.model], targets=new_key is not None)
        remember(keys, state)
    return Outcome(True, entry, offer.model, after.latest, new_key, evaluation)


def put_index(state: State, model: str, versions: list[Published]) -> Index:
    """Writes a model's list of versions, and names it among its targets.

    Raises:
        RegistryError: The list is too long to be read.
    """
    index = Index(model=model, latest=latest(one.version for one in versions), versions=oldest_first(versions))
    content = encode_index(index)
    decode_index(content)
    _add_target(state, index_path(model), content)
    return index


def _read(path: Path) -> Offer:
    read_bundle(path).golden()
    content = path.read_bytes()
    # What is published is what was checked, whatever happened to the file in between.
    offer = Offer(content, decode_bundle(content))
    check_version(offer.version)
    if offer.model in life.ROLES:
        raise PublishError(
            f"{path}: a model cannot be called {offer.model}, which is a role of every registry; convert it again with "
            "another --name"
        )
    return offer


def _already(offer: Offer, index: Index | None) -> Published | None:
    same = same_precedence(offer.version, (one.version for one in index.versions)) if index else None
    there = index.find(same) if index and same else None
    if there is None or there.sha256 == offer.digest:
        return there
    if there.version != offer.version:
        raise PublishError(
            f"{offer.model}=={offer.version} cannot be told from {there.version}, which is published: what follows + "
            "does not count; give it a higher version"
        )
    raise PublishError(
        f"{offer.model}=={offer.version} is published already, with other content; a version never changes, convert "
        "with a higher --version"
    )


def _evaluate(state: State, offer: Offer, index: Index | None) -> Evaluation:
    manifest = offer.bundle.manifest
    before = index.find(index.latest) if index else None
    if before is None:
        return evaluate(manifest)
    target = state.models[offer.model].signed.targets[before.path]
    try:
        return evaluate(manifest, decode_bundle(read_target(state.folder, target)).manifest)
    except (PublishError, BundleError) as error:
        # An evaluation is worth less than a publication.
        alone = evaluate(manifest)
        said = f"not compared with {offer.model}=={before.version}, the latest before it: {error}"
        return Evaluation(alone.lines, (*alone.warnings, said))


def _open_role(release: Release, keyring: Keyring, model: str) -> Path | None:
    """Opens the model's key; for a new name, makes one and has targets say that it may sign this model."""
    state = release.state
    if model in state.models:
        release.unlock(model)
        return None
    release.unlock(life.TARGETS)
    signer = keyring.make(model)
    role = DelegatedRole(model, [], 1, terminating=True, paths=[f"{model}/*"])
    targets = state.targets.signed
    targets.delegations = targets.delegations or Delegations({}, {})
    targets.delegations.roles = {**(targets.delegations.roles or {}), model: role}
    targets.add_key(signer.public_key, model)
    state.models[model] = Metadata(Targets(version=1))
    # Committing counts on from here.
    state.models[model].signed.version = 0
    release.hand_over(model, [signer])
    return keyring.path(model, signer.public_key.keyid)


def _add_files(
    state: State, offer: Offer, index: Index | None, now: datetime, count: int, progress: Progress
) -> Published:
    path = bundle_path(offer.model, offer.version)
    _add_target(state, path, offer.content)
    sources = patch_sources(offer.version, index.versions if index else (), count)
    return Published(
        version=offer.version,
        path=path,
        sha256=offer.digest,
        bytes=len(offer.content),
        published=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        patches=_add_patches(state, offer, sources, progress) if sources else (),
    )


def _add_patches(state: State, offer: Offer, sources: list[Published], progress: Progress) -> tuple[Patch, ...]:
    made: list[Patch] = []
    targets = state.models[offer.model].signed.targets
    with progress.task(f"patches to {offer.model}=={offer.version}", len(sources)) as advance:
        for source in sources:
            content = make_patch(read_target(state.folder, targets[source.path]), offer.content)
            advance(1, f"from {source.version}: {len(content) / 1e3:.1f} kB")
            if is_worth(len(content), len(offer.content)):
                path = patch_path(offer.model, source.sha256, offer.digest)
                _add_target(state, path, content)
                made.append(Patch(of=source.sha256, path=path, bytes=len(content)))
    return tuple(made)


def _add_target(state: State, path: str, content: bytes) -> None:
    role = state.models[path.partition("/")[0]].signed
    put_target(state.folder, path, content)
    role.targets[path] = TargetFile.from_data(path, content, ["sha256"])
