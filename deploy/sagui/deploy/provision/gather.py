"""Reads the files that an order names, and puts the order together."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sagui.bundle import read_bundle
from sagui.deploy.provision.carried import Carried, carry, check_root
from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.keys import public_keys
from sagui.deploy.provision.order import Model, Updates, check_camera
from sagui.wire.topics import check_group

_LONGEST_BYTES = 1 << 20


@dataclass(frozen=True)
class Registry:
    """Where later models come from, as a person names it.

    Attributes:
        folder: A copy of the registry, to carry the model signed; None to carry it as a plain file.
    """

    root: Path | None
    url: str | None
    folder: Path | None
    groups: tuple[str, ...]


def read_model(path: Path) -> Model:
    """Reads a bundle, and checks every entry of it.

    Raises:
        BundleError: It is none, or damaged.
    """
    manifest = read_bundle(path).manifest
    return Model(manifest.name, manifest.version, path.read_bytes())


def read_login_keys(path: Path) -> tuple[str, ...]:
    """Reads the keys of those who may log in.

    Raises:
        ProvisionError: There is none, or a private one.
    """
    return public_keys(_text(path), str(path))


def read_camera(spec: str, file: Path | None) -> str:
    """Gives the camera: from the command line, or, with a password in it, from a file.

    Raises:
        ProvisionError: The file has not one line, or the command line holds a password.
    """
    if file is None:
        return check_camera(spec)
    lines = _text(file).splitlines()
    if len(lines) != 1 or not lines[0].isprintable() or not lines[0].strip():
        raise ProvisionError(f"{file}: one line is wanted, such as rtsp://USER:PASSWORD@HOST/PATH")
    return lines[0].strip()


def read_updates(registry: Registry, model: Model) -> tuple[Updates | None, datetime | None]:
    """Reads the trusted root, and what of the registry travels.

    Returns:
        None without a registry; and when what travels expires, if anything does.

    Raises:
        ProvisionError: What is named does not go together, or is not what it should be.
    """
    for group in registry.groups:
        check_group(group)
    if registry.root is None:
        if registry.url or registry.folder or registry.groups:
            raise ProvisionError("--registry, --registry-dir and --group need --root: what the device is to trust")
        return None, None
    if registry.url is not None and not registry.url.startswith(("http://", "https://")):
        raise ProvisionError(f"--registry {registry.url!r}: write http://HOST/PATH or https://HOST/PATH")
    root = check_root(_text(registry.root).encode(), registry.root)
    carried: Carried | None = None
    if registry.folder is not None:
        carried = carry(registry.folder, root, model)
    files = carried.files if carried else {}
    return Updates(root, registry.url, files, registry.groups), carried.expires if carried else None


def read_password(path: Path) -> str:
    """Reads the one line of a file.

    Raises:
        ProvisionError: It has not one line.
    """
    lines = _text(path).splitlines()
    if len(lines) != 1:
        raise ProvisionError(f"{path}: one line is wanted, with the password and nothing else")
    return lines[0]


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_BYTES + 1)
        if len(content) > _LONGEST_BYTES:
            raise ProvisionError(f"{path}: longer than {_LONGEST_BYTES >> 20} MiB")
        return content.decode()
    except OSError as error:
        raise ProvisionError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ProvisionError(f"{path}: not a text file") from error
