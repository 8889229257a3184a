"""A folder of photos as a camera."""

from pathlib import Path

import pytest

from sagui.device.cameras import open_camera
from sagui.device.errors import CameraError


def ignore(text: str) -> None:
    raise AssertionError(text)


def test_a_folder_gives_its_photos_in_order(colours: Path) -> None:
    camera = open_camera(f"folder:{colours}", loop=False, warn=ignore)
    frames = list(iter(camera.read, None))
    assert [frame.source for frame in frames] == sorted(path.name for path in colours.iterdir())
    assert [frame.index for frame in frames] == list(range(6))
    assert frames[0].photo[0, 0].tolist() == [220, 30, 30]  # red, green, blue
    assert 0 <= frames[0].age_ms() < 60_000


def test_a_folder_can_go_round(colours: Path) -> None:
    camera = open_camera(str(colours), loop=True, warn=ignore)
    frames = [camera.read() for _ in range(13)]
    assert [frame.index for frame in frames if frame] == list(range(13))
    assert frames[0] is not None
    assert frames[12] is not None
    assert frames[0].source == frames[12].source
    camera.close()
    assert camera.read() is None


def test_a_damaged_photo_is_named_once_and_passed_over(colours: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("not a photo")
    (tmp_path / "b.png").write_bytes(next(colours.iterdir()).read_bytes())
    warnings: list[str] = []
    camera = open_camera(str(tmp_path), loop=True, warn=warnings.append)
    assert [frame.source for frame in (camera.read(), camera.read()) if frame] == ["b.png", "b.png"]
    assert len(warnings) == 1
    assert "a.jpg" in warnings[0]


def test_a_folder_of_damaged_photos_does_not_spin_for_ever(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("not a photo")
    camera = open_camera(str(tmp_path), loop=True, warn=lambda _: None)
    with pytest.raises(CameraError, match="none of the 1 photos"):
        camera.read()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="no photos"):
        open_camera(str(tmp_path), loop=False, warn=ignore)
