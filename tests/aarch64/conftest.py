"""The root, and bundles that this machine made for the boards to prove."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import pytest
from tests.aarch64.boards import BOARDS, Board
from tests.aarch64.root import RootMissingError, ServerAwayError, find_root
from tests.interop.networks import LABELS, SIDE, build_network, convert, entries_of, photos

from sagui.bundle import Manifest, write_bundle
from sagui.bundle.manifest import GoldenSpec, InputSpec, Quantization
from sagui.convert.modes import MODES, ModeName

# `make test-aarch64` tries them all; the slowest of them speaks for them in the ordinary tests.
CHOSEN = BOARDS if os.environ.get("SAGUI_TEST_BOARDS") == "all" else BOARDS[:1]


@pytest.fixture(scope="session")
def root_folder() -> Path:
    """Where it cannot be had, a skip on a user's machine; in CI a failure, unless a server is away."""
    try:
        return find_root()
    except RootMissingError as error:
        if os.environ.get("SAGUI_REQUIRE_PROGRAMS") and not isinstance(error, ServerAwayError):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session", params=CHOSEN, ids=lambda board: board.cpu)
def board(request: pytest.FixtureRequest) -> Board:
    chosen: Board = request.param
    return chosen


@pytest.fixture(scope="session")
def python(root_folder: Path, board: Board) -> Path:
    """The board's Python: a program of this machine that starts qemu."""
    return root_folder / "boards" / board.cpu / "python"


@pytest.fixture(scope="session")
def network() -> Iterator[keras.Model]:
    yield build_network()
    keras.backend.clear_session()


@pytest.fixture(scope="session")
def network_bundle(
    network: keras.Model, make_manifest: Callable[..., Manifest], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[ModeName], Path]:
    """A small network with the ops that ours are made of, converted here; one bundle for each way to convert."""
    made: dict[str, Path] = {}

    def make(mode: ModeName) -> Path:
        how = MODES[mode]
        manifest = make_manifest(
            name=mode,
            labels=LABELS,
            input=InputSpec(height=SIDE, width=SIDE),
            quantization=Quantization(mode=mode),
            golden=GoldenSpec(count=len(photos()), tolerance=how.golden_tolerance, unit=how.golden_unit),
        )
        return write_bundle(tmp_path_factory.mktemp(mode), manifest, entries_of(convert(network, mode)))

    def once(mode: ModeName) -> Path:
        if mode not in made:
            made[mode] = make(mode)
        return made[mode]

    return once
