"""Attacks on the way of a bundle itself: nothing but the signed bytes ever gets a name that a store knows."""

from pathlib import Path

import msgspec
import pytest
import zstandard
from tests.attacks.devices import IMPATIENT, Device
from tests.attacks.registry import Registry, bundle, digest
from tests.attacks.server import (
    Answer,
    Server,
    breaking_off,
    dripping,
    dripping_headers,
    endless,
    instead,
    other_range,
    redirect,
    silent,
    status,
)

from sagui.device.errors import DistrustError, SourceAwayError
from sagui.device.update.limits import LIMITS
from sagui.registry.patch import make_patch

OLD = bundle(0)
NEW = OLD[:30_000] + b"a new head" + OLD[30_000:]
EVIL = OLD[:30_000] + b"a bad head" + OLD[30_000:]
SLOW = (dripping, dripping_headers, silent)
BOMB = zstandard.ZstdCompressor().compress(bytes(1 << 28))


@pytest.fixture
def installed(registry: Registry, device: Device) -> Path:
    """Version 1.0.0, as the device keeps it; 1.1.0 is published with a patch that leads to it from there."""
    path = device.folder / "1.0.0.sagui"
    path.write_bytes(OLD)
    registry.publish("pets", "1.1.0", NEW, patch_from=["1.0.0"])
    return path


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (instead(EVIL), "^hash mismatch: pets/pets-1.1.0.sagui"),
        (instead(OLD), "^length mismatch"),
        (instead(NEW[:-1]), "^length mismatch"),
        (instead(NEW + b"x"), "^endless data: pets/pets-1.1.0.sagui"),
        (endless, "^endless data"),
    ],
)
def test_another_bundle_is_refused_by_its_name_and_leaves_nothing(
    answer: Answer, words: str, installed: Path, server: Server, device: Device
) -> None:
    before = device.left()
    server.answers["1.1.0.sagui"] = answer
    with pytest.raises(DistrustError, match=words):
        device.update()
    assert device.left() == before
    server.answers.clear()
    assert device.update().read_bytes() == NEW


@pytest.mark.parametrize("answer", SLOW)
def test_a_bundle_that_does_not_come_is_not_waited_for(
    answer: Answer, installed: Path, server: Server, device: Device
) -> None:
    server.answers["1.1.0.sagui"] = answer
    with pytest.raises(SourceAwayError, match=r"^slow retrieval"):
        device.update(limits=IMPATIENT)
    assert f"{digest(NEW)}.sagui" not in device.left()
    server.answers.clear()
    assert device.update().read_bytes() == NEW


@pytest.mark.parametrize(
    "answer",
    [
        instead(make_patch(OLD, EVIL)),
        instead(b""),
        instead(b"x" * 75),
        instead(BOMB),
        endless,
        dripping,
        dripping_headers,
        silent,
        status(404),
        status(500),
        breaking_off(10),
        other_range,
        redirect("file:///etc/passwd"),
    ],
)
def test_whatever_is_wrong_with_a_patch_the_whole_bundle_is_fetched(
    answer: Answer, installed: Path, server: Server, device: Device
) -> None:
    server.answers[".zst"] = answer
    path = device.update(have=installed, limits=IMPATIENT if answer in SLOW else LIMITS)
    assert path.read_bytes() == NEW
    assert server.ranges(".zst")
    assert device.left() == sorted([path.name, f"{digest(OLD)}.sagui"])


@pytest.mark.parametrize("patch", [make_patch(OLD, EVIL), make_patch(EVIL, NEW), BOMB, b"", b"no patch at all"])
def test_a_patch_that_is_signed_and_leads_elsewhere_is_left_for_the_whole_bundle(
    patch: bytes, installed: Path, registry: Registry, server: Server, device: Device
) -> None:
    one = registry.versions("pets")[-1]
    registry.add_target(registry.roles["pets"], one.patches[0].path, patch)
    listed = msgspec.structs.replace(one, patches=(msgspec.structs.replace(one.patches[0], bytes=len(patch)),))
    registry.put_index("pets", listed)
    registry.release("pets")
    assert device.update(have=installed).read_bytes() == NEW
    assert server.ranges("1.1.0.sagui")


def test_a_patch_that_nobody_signed_is_left_for_the_whole_bundle(
    installed: Path, registry: Registry, server: Server, device: Device
) -> None:
    del registry.roles["pets"].targets[registry.versions("pets")[-1].patches[0].path]
    registry.release("pets")
    assert device.update(have=installed).read_bytes() == NEW
    assert not server.ranges(".zst")
