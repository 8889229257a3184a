"""What of a registry travels, with real registries, and python-tuf's client on what arrives."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from tuf.ngclient.updater import Updater

from sagui.bundle import Manifest, encode_golden, read_bundle, write_bundle
from sagui.deploy.provision.card import card_files
from sagui.deploy.provision.carried import carry, check_root
from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.gather import Registry, read_model, read_updates
from sagui.deploy.provision.order import Model, Order, Updates
from sagui.deploy.provision.partition import inspect
from sagui.deploy.provision.settings import agent_toml
from sagui.deploy.provision.write import write_card
from sagui.deploy.registry.create import create
from sagui.deploy.registry.fetcher import BASE, FolderFetcher
from sagui.deploy.registry.publish import publish
from sagui.device.errors import UpdateError
from sagui.device.update.command import update

_NOW = datetime.now(UTC)


@pytest.fixture
def other_bundle(tmp_path: Path, bundle: Path, make_manifest: Callable[..., Manifest]) -> Path:
    """Another model, which has no business on the card."""
    read = read_bundle(bundle)
    manifest = make_manifest(name="cars", version="2.0.0")
    (tmp_path / "other").mkdir()
    entries = {name: content for name, content in read.entries.items() if name != "golden.npz"}
    return write_bundle(tmp_path / "other", manifest, entries | {"golden.npz": encode_golden(read.golden())})


def _registry(folder: Path, *bundles: Path, now: datetime = _NOW) -> tuple[Path, bytes]:
    folder.mkdir(exist_ok=True)
    create(folder / "registry", folder / "keys", now=now)
    for path in bundles:
        publish(path, folder / "registry", folder / "keys", now=now)
    return folder / "registry", (folder / "registry" / "root.json").read_bytes()


def test_a_device_trusts_what_arrives_and_nothing_else_travels(
    tmp_path: Path, bundle: Path, other_bundle: Path
) -> None:
    registry, root = _registry(tmp_path / "office", other_bundle, bundle)
    carried = carry(registry, root, read_model(bundle))
    assert not [path for path in carried.files if "cars" in path]
    assert _NOW < carried.expires < _NOW + timedelta(days=60)
    card = tmp_path / "card"
    for path, content in carried.files.items():
        (card / path).parent.mkdir(parents=True, exist_ok=True)
        (card / path).write_bytes(content)
    device = tmp_path / "device"
    device.mkdir()
    places = (str(device), f"{BASE}/metadata/", str(device), f"{BASE}/targets/")
    updater = Updater(*places, FolderFetcher(card), bootstrap=root)
    updater.refresh()
    for name in ("index.json", "pets-1.4.0.sagui"):
        found = updater.get_targetinfo(f"pets/{name}")
        assert found is not None
        content = Path(updater.download_target(found)).read_bytes()
    assert content == bundle.read_bytes()


def test_the_devices_own_command_takes_it_from_the_card(
    tmp_path: Path, bundle: Path, trixie: Path, make_order: Callable[..., Order]
) -> None:
    registry, root = _registry(tmp_path / "office", bundle)
    carried = carry(registry, root, read_model(bundle))
    order = make_order(updates=Updates(root, carried=carried.files))
    write_card(inspect(trixie, None), card_files(order, "trixie", (trixie / "cmdline.txt").read_text()))
    card, settings = trixie / "sagui", tmp_path / "agent.toml"
    settings.write_text(agent_toml(order).replace("/opt/sagui", str(card)).replace("/etc/sagui", str(card / "public")))
    # As first-boot.sh calls it.
    asked = ["install", "pets==1.4.0", "--config", str(settings), "--state", str(tmp_path / "state")]
    asked += ["--registry", f"file://{card}/registry", "--root", str(card / "public" / "root.json")]
    done = CliRunner().invoke(update, asked)
    assert (done.exit_code, "pets 1.4.0 is at work already" in done.output) == (0, True), done.output
    (timestamp,) = card.rglob("timestamp.json")
    timestamp.write_bytes(timestamp.read_bytes().replace(b'"version": 2', b'"version": 9'))
    assert isinstance(CliRunner().invoke(update, asked).exception, UpdateError)


def test_a_model_that_was_not_published(tmp_path: Path, bundle: Path, other_bundle: Path) -> None:
    registry, root = _registry(tmp_path / "office", bundle)
    with pytest.raises(ProvisionError, match=r"no cars 2\.0\.0 in it; sagui publish"):
        carry(registry, root, read_model(other_bundle))
    with pytest.raises(ProvisionError, match="another one than this file"):
        carry(registry, root, Model("pets", "1.4.0", b"changed"))


def test_the_root_of_another_registry(tmp_path: Path, bundle: Path) -> None:
    registry, _ = _registry(tmp_path / "office", bundle)
    _, foreign = _registry(tmp_path / "foreign")
    with pytest.raises(ProvisionError, match="registry"):
        carry(registry, foreign, read_model(bundle))


def test_a_registry_that_nobody_renewed(tmp_path: Path, bundle: Path) -> None:
    registry, root = _registry(tmp_path / "office", bundle, now=_NOW - timedelta(days=300))
    with pytest.raises(ProvisionError, match="sagui publish --refresh"):
        carry(registry, root, read_model(bundle))


def test_a_folder_that_is_no_registry(tmp_path: Path, bundle: Path) -> None:
    _, root = _registry(tmp_path / "office", bundle)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProvisionError, match="empty"):
        carry(tmp_path / "empty", root, read_model(bundle))


def test_a_target_that_was_changed(tmp_path: Path, bundle: Path) -> None:
    registry, root = _registry(tmp_path / "office", bundle)
    (target,) = registry.rglob("*.pets-1.4.0.sagui")
    target.write_bytes(target.read_bytes()[:-1] + b"!")
    with pytest.raises(ProvisionError, match="registry"):
        carry(registry, root, read_model(bundle))


def test_what_is_no_root(tmp_path: Path, bundle: Path) -> None:
    registry, root = _registry(tmp_path / "office", bundle)
    assert check_root(root, tmp_path / "root.json") == root
    timestamp = (registry / "metadata" / "timestamp.json").read_bytes()
    for content in (timestamp, b"", b"{}", b"-----BEGIN PRIVATE KEY-----", b"[" * 100_000):
        with pytest.raises(ProvisionError, match=r"file: not the root of a registry"):
            check_root(content, Path("file"))


@pytest.mark.parametrize(
    "named",
    [
        Registry(None, "https://models.local", None, ()),
        Registry(None, None, Path("registry"), ()),
        Registry(None, None, None, ("porch",)),
    ],
)
def test_nothing_is_followed_without_a_root(bundle: Path, named: Registry) -> None:
    with pytest.raises(ProvisionError, match="need --root"):
        read_updates(named, read_model(bundle))


def test_an_address_of_a_registry(tmp_path: Path, bundle: Path) -> None:
    _, root = _registry(tmp_path / "office")
    path = tmp_path / "root.json"
    path.write_bytes(root)
    for url in ("models.local", "ftp://models.local", "file:///srv"):
        with pytest.raises(ProvisionError, match="--registry"):
            read_updates(Registry(path, url, None, ()), read_model(bundle))
    updates, expires = read_updates(Registry(path, "https://models.local", None, ("porch",)), read_model(bundle))
    assert updates is not None
    assert (updates.url, updates.groups, updates.root, expires) == ("https://models.local", ("porch",), root, None)
