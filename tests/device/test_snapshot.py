"""Photos on MQTT: when, and how small."""

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.device.said import Said
from tests.device.sightings import make_stream, see

from sagui.device.errors import DeviceError
from sagui.device.observers import Sighting
from sagui.device.snapshot import LARGEST_BYTES, Snapshots, SnapshotSettings, Timing, encode_jpeg, forget
from sagui.infer.preprocess import Photo


class Kept:
    """An outlet that keeps what it is told to retain."""

    def __init__(self) -> None:
        self.retained: list[tuple[str, bytes]] = []

    def publish(self, topic: str, payload: bytes) -> None:
        raise AssertionError(f"{len(payload)} bytes on {topic} must not wait in the outbox")

    def retain(self, topic: str, payload: bytes, qos: int = 1) -> None:
        assert qos == 0  # a photo that is late is of no use: the next follows
        self.retained.append((topic, payload))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def decoded(jpeg: bytes) -> Photo:
    """What a reader sees, RGB."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture[..., ::-1], np.uint8)


def noise(height: int, width: int) -> Photo:
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)


def seen(*, changed: bool, photo: Photo | None = None) -> Sighting:
    sighting = see(make_stream(), 0.5)
    frame = sighting.frame if photo is None else msgspec.structs.replace(sighting.frame, photo=photo)
    decided = msgspec.structs.replace(sighting.decided, changed=changed)
    return msgspec.structs.replace(sighting, frame=frame, decided=decided)


def test_red_stays_red() -> None:
    photo = np.zeros((32, 32, 3), np.uint8)
    photo[..., 0] = 250
    red, green, blue = decoded(encode_jpeg(photo))[16, 16]
    assert red > 240
    assert max(green, blue) < 15


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((480, 640), (120, 160)), ((640, 480), (160, 120)), ((100, 100), (100, 100)), ((2000, 3), (160, 1))],
)
def test_a_photo_is_made_smaller_in_proportion_and_never_larger(
    shape: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert decoded(encode_jpeg(noise(*shape), max_side=160)).shape[:2] == expected


def test_a_better_quality_is_larger() -> None:
    photo = cv2.GaussianBlur(noise(100, 100), (5, 5), 0).astype(np.uint8)
    assert len(encode_jpeg(photo, quality=30)) < len(encode_jpeg(photo, quality=95))


def test_the_worst_photo_fits() -> None:
    photo = noise(1080, 1920)
    jpeg = encode_jpeg(photo, max_side=1920, quality=100)
    assert len(jpeg) <= LARGEST_BYTES
    assert min(decoded(jpeg).shape[:2]) > 100


@settings(deadline=None)
@given(
    height=st.integers(1, 80),
    width=st.integers(1, 80),
    max_side=st.integers(1, 100),
    quality=st.integers(1, 100),
    largest_bytes=st.integers(1000, 20_000),
)
def test_every_photo_is_as_small_as_asked(
    height: int, width: int, max_side: int, quality: int, largest_bytes: int
) -> None:
    jpeg = encode_jpeg(noise(height, width), max_side, quality, largest_bytes)
    assert len(jpeg) <= largest_bytes
    assert max(decoded(jpeg).shape[:2]) <= max_side


def test_what_can_never_fit_is_refused() -> None:
    with pytest.raises(DeviceError, match="no JPEG is as small as 10 bytes"):
        encode_jpeg(noise(64, 64), largest_bytes=10)


@pytest.mark.parametrize("shape", [(0, 0, 3), (4, 0, 3)])
def test_what_is_no_photo_is_refused_in_one_line(shape: tuple[int, ...]) -> None:
    with pytest.raises(DeviceError, match="makes no JPEG") as refused:
        encode_jpeg(np.zeros(shape, np.uint8))
    assert "\n" not in str(refused.value)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 10), st.booleans(), st.booleans()), max_size=50), st.floats(0, 10))
def test_changes_come_no_faster_than_allowed_and_are_not_forgotten(
    frames: list[tuple[float, bool, bool]], least_s: float
) -> None:
    timing, now, last, owed = Timing(least_s), 0.0, -np.inf, False
    for passed, changed, asked in frames:
        now += passed
        owed |= changed
        due = timing.due(now, changed=changed, asked=asked)
        assert due == (asked or (owed and now - last >= least_s))
        if due:
            last, owed = now, False


def test_a_photo_is_kept_by_the_broker_when_the_state_changes_or_somebody_asks() -> None:
    outlet, clock = Kept(), Clock()
    snapshots = Snapshots(outlet, "porch", Said(), clock=clock)
    snapshots.saw(seen(changed=False))
    assert outlet.retained == []
    snapshots.saw(seen(changed=True))
    snapshots.saw(seen(changed=False))
    assert [topic for topic, _ in outlet.retained] == ["sagui/porch/snapshot"]
    snapshots.ask()
    snapshots.saw(seen(changed=False))
    snapshots.saw(seen(changed=False))
    assert len(outlet.retained) == 2
    clock.now += 5
    snapshots.saw(seen(changed=True))
    assert len(outlet.retained) == 3


def test_the_photo_is_of_the_whole_frame_as_set() -> None:
    outlet = Kept()
    snapshots = Snapshots(outlet, "porch", Said(), SnapshotSettings(max_side=50, quality=50))
    snapshots.saw(seen(changed=True, photo=noise(100, 200)))
    ((_, jpeg),) = outlet.retained
    assert decoded(jpeg).shape == (25, 50, 3)


def test_a_photo_that_cannot_be_made_does_not_end_the_agent() -> None:
    outlet, said = Kept(), Said()
    snapshots = Snapshots(outlet, "porch", said, SnapshotSettings(least_s=0))
    for _ in range(2):
        snapshots.saw(seen(changed=True, photo=np.zeros((0, 0, 3), np.uint8)))
    assert outlet.retained == []
    assert said.events == ["snapshot-failed"]


def test_the_last_photo_can_be_taken_back() -> None:
    assert forget("porch") == ("sagui/porch/snapshot", b"")
