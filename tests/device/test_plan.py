"""From settings to what the parts take."""

from pathlib import Path
from typing import Any

import pytest

from sagui.device.config.merge import merge
from sagui.device.config.settings import Settings
from sagui.device.errors import BrokerError
from sagui.device.plan import camera_name, interval_s, leaves_out, outbox_limits, read_address, state_folder


def settings(**options: Any) -> Settings:
    given = {name.replace("__", "."): value for name, value in options.items()}
    return merge(None, {}, {"device": "porch", **given})


@pytest.mark.parametrize(
    ("spec", "fps", "expected"),
    [
        ("usb:0", None, False),
        ("usb:0?rotate=180", None, False),
        ("usb:0?motion=0.5", None, True),
        ("usb:0?every=5", None, True),
        ("usb:0", 2.0, True),
    ],
)
def test_frames_left_out_on_purpose_are_known(spec: str, fps: float | None, *, expected: bool) -> None:
    assert leaves_out(settings(camera__spec=spec, camera__fps=fps)) is expected


def test_the_state_is_where_the_outbox_is() -> None:
    environment = {"STATE_DIRECTORY": "/var/lib/sagui"}
    assert state_folder(settings(outbox__place="/data"), environment) == Path("/data")
    assert state_folder(settings(), environment) == Path("/var/lib/sagui/porch")
    assert state_folder(settings(outbox__place="memory"), environment) == Path("/var/lib/sagui/porch")


def test_an_outbox_in_memory_is_smaller_unless_somebody_says() -> None:
    assert outbox_limits(settings(outbox__place="memory")).rows < outbox_limits(settings()).rows
    assert outbox_limits(settings(outbox__place="memory", outbox__rows=7)).rows == 7


def test_frames_a_second_become_an_interval() -> None:
    assert interval_s(settings(camera__fps=4.0)) == 0.25
    assert interval_s(settings()) == 0


def test_a_camera_is_named_without_its_password() -> None:
    name = camera_name(settings(camera__spec="rtsp://me:s3cret@10.0.0.7/live"))
    assert "s3cret" not in name
    assert "10.0.0.7" in name


def test_credentials_come_from_files(tmp_path: Path) -> None:
    for name in ("user", "password"):
        (tmp_path / name).write_text(f"my-{name}\n")
        (tmp_path / name).chmod(0o600)
    plan = settings(
        broker__url="mqtt://broker",
        broker__user_file=str(tmp_path / "user"),
        broker__password_file=str(tmp_path / "password"),
    )
    told: list[str] = []
    address = read_address(plan, {}, told.append)
    assert (address.user, address.password) == ("my-user", "my-password")
    assert not told
    with pytest.raises(BrokerError, match="no-such"):
        read_address(settings(broker__url="mqtts://broker", broker__ca=str(tmp_path / "no-such.crt")), {}, told.append)
