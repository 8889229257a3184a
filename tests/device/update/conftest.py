"""Bundles of several versions, and a registry that holds them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.device.update.signing import Registry

from sagui.bundle import Manifest, decode_golden, encode_golden, write_bundle
from sagui.bundle.golden import Golden


@pytest.fixture
def make_bundle(
    tmp_path: Path, make_manifest: Callable[..., Manifest], bundle_entries: dict[str, bytes]
) -> Callable[..., Path]:
    """Writes a version of the toy; keys of the manifest may be others."""

    def make(version: str, more: dict[str, bytes] | None = None, **changes: Any) -> Path:
        folder = tmp_path / "bundles"
        folder.mkdir(exist_ok=True)
        entries = bundle_entries | {"README.md": f"# toy {version}\n".encode()} | (more or {})
        return write_bundle(folder, make_manifest(version=version, **changes), entries)

    return make


@pytest.fixture
def liar(make_bundle: Callable[..., Path], bundle_entries: dict[str, bytes]) -> Callable[[str], Path]:
    """Writes a version whose golden frames promise other outputs than its network gives."""

    def make(version: str) -> Path:
        golden = decode_golden(bundle_entries["golden.npz"])
        false = encode_golden(Golden(golden.frames, golden.outputs[::-1].copy()))
        return make_bundle(version, {"golden.npz": false})

    return make


@pytest.fixture
def registry(tmp_path: Path, make_bundle: Callable[..., Path]) -> Registry:
    """A registry with versions 1.0.0 and 1.1.0 of the toy."""
    made = Registry(tmp_path / "registry")
    made.publish(make_bundle("1.0.0"), make_bundle("1.1.0"))
    return made


@pytest.fixture
def settings_file(
    tmp_path: Path, registry: Registry, make_bundle: Callable[..., Path], colours: Path, stopped_mosquitto: Any
) -> Callable[..., Path]:
    """Writes settings of an agent that runs 1.0.0, and follows the registry; it is quick to be content."""

    def write(update: str = "", root: Path = registry.root, fps: int = 50) -> Path:
        path = tmp_path / "agent.toml"
        path.write_text(
            f'model = "{make_bundle("1.0.0")}"\ndevice = "porch"\n[camera]\nspec = "folder:{colours}"\nloop = true\n'
            f'fps = {fps}\n[broker]\nurl = "{stopped_mosquitto.url}"\n[telemetry]\nevery_s = 3600\n'
            f'[update]\nregistry = "{registry.url}"\nroot = "{root}"\nevery_s = 0\nshadow_frames = 20\n'
            f"dwell_s = 1\n{update}"
        )
        return path

    return write
