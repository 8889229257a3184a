"""What is brought to a bare device besides the model."""

import zipfile
from dataclasses import dataclass
from email.parser import BytesParser
from pathlib import Path

from sagui.deploy.push.errors import PushError
from sagui.deploy.push.parcel import Parcel, Piece, piece_of
from sagui.deploy.push.signed import newest_root

UNIT = "sagui-device.service"
_OURS = "sagui/device/start.py"


@dataclass(frozen=True)
class Parts:
    """What is copied to a device that is set up.

    Attributes:
        bundle: The first model.
        unit: The systemd unit.
        wheel: Sagui itself; None where the device has it.
        root: The registry's root that the device is to trust; None for an unsigned push.
        settings: The agent's settings for a device that has none; None writes the least.
    """

    bundle: Piece
    unit: Piece
    wheel: Piece | None = None
    root: Piece | None = None
    settings: Piece | None = None

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Those that are there."""
        return tuple(
            piece for piece in (self.bundle, self.unit, self.wheel, self.root, self.settings) if piece is not None
        )

    @property
    def bytes(self) -> int:
        """Of all."""
        return sum(piece.bytes for piece in self.pieces)


def gather(
    parcel: Parcel, registry: Path | None, wheel: Path | None, settings: Path | None, unit: Path | None
) -> Parts:
    """Finds and measures the parts.

    Raises:
        PushError: One is missing, or is not what it should be.
    """
    if wheel is not None:
        _require_ours(wheel)
    return Parts(
        bundle=piece_of(parcel.bundle.source, f"{parcel.model}-{parcel.version}.sagui"),
        unit=piece_of(unit or own_unit(), unit.name if unit else UNIT),
        wheel=piece_of(wheel, wheel.name) if wheel else None,
        root=piece_of(newest_root(registry), "root.json") if registry else None,
        settings=piece_of(settings, "agent.toml") if settings else None,
    )


def own_unit() -> Path:
    """Finds the unit that sagui brings: beside the package in a clone, with what goes on a card in an installed sagui.

    Raises:
        PushError: It is in neither place.
    """
    package = Path(__file__).parents[2]
    for folder in (package.parents[1] / "systemd", package / "provision" / "on_card"):
        if (folder / UNIT).is_file():
            return folder / UNIT
    raise PushError(f"{UNIT} is not in this sagui; name the file with --unit")


def _require_ours(wheel: Path) -> None:
    """Refuses what is not sagui; on PyPI another project has its name."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            found = next((name for name in names if name.endswith(".dist-info/METADATA")), None)
            name = BytesParser().parsebytes(archive.read(found))["Name"] if found else None
    except (OSError, zipfile.BadZipFile) as error:
        raise PushError(f"{wheel}: is no wheel; build one in the clone of sagui: pip wheel --no-deps .") from error
    if name != "sagui" or _OURS not in names:
        raise PushError(f"{wheel}: is no wheel of this sagui; build one in its clone: pip wheel --no-deps .")
