"""What is wrong with a device, the worst first."""

import pytest
from tests.deploy.watch.saying import NOON_S, health, result, state, telemetry, update

from sagui.deploy.watch import Fleet, Trouble, troubles
from sagui.deploy.watch.troubles import UNREADABLE_S


def found(*said: tuple[str, bytes], now_s: float = NOON_S) -> list[Trouble]:
    fleet = Fleet()
    for kind, payload in said:
        fleet.take(f"sagui/porch/{kind}", payload, NOON_S, retained=False)
    row = fleet.row("porch")
    assert row is not None
    return list(troubles(row, now_s))


def test_a_well_device_has_none() -> None:
    said = (("availability", b"online"), ("health", health()), ("telemetry", telemetry()), ("state", state()))
    assert found(*said, ("update/state", update(phase="confirmed"))) == []


def test_a_device_that_is_away_is_only_that() -> None:
    said = (("health", health(camera="away")), ("telemetry", telemetry(throttled=("throttled",))))
    assert found(*said, ("availability", b"offline")) == [Trouble("offline")]


def test_silence_is_told_with_its_length() -> None:
    said = (("availability", b"online"), ("telemetry", telemetry()))
    assert found(*said, now_s=NOON_S + 200) == [Trouble("stale", number=200)]


@pytest.mark.parametrize(
    ("kind", "payload", "trouble"),
    [
        ("health", health(mode="safe", camera="none", problem="3 crashes"), Trouble("safe", "3 crashes")),
        ("health", health(camera="away", problem="no frames"), Trouble("camera", "no frames")),
        ("health", health(problem="the disk is full"), Trouble("problem", "the disk is full")),
        (
            "telemetry",
            telemetry(throttled=("hot", "throttled")),
            Trouble("throttled", "hot, throttled"),
        ),
        ("telemetry", telemetry(NOON_S + 60), Trouble("clock", number=60.0)),
        ("update/state", update(phase="failed", error="a bad signature"), Trouble("update", "failed: a bad signature")),
        ("update/state", update(phase="reverted"), Trouble("update", "reverted: it does not say why")),
    ],
)
def test_each_trouble_has_a_kind_and_the_devices_words(kind: str, payload: bytes, trouble: Trouble) -> None:
    assert found((kind, payload)) == [trouble]


def test_a_flood_is_told_with_its_height() -> None:
    assert found(*[("result", result())] * 400) == [Trouble("flood", number=400)]


def test_words_that_cannot_be_read_are_told_as_long_as_they_stand_and_a_while_after() -> None:
    (trouble,) = found(("health", b"{}"), now_s=NOON_S + 1e6)
    assert (trouble.kind, trouble.number) == ("unreadable", 1)
    assert "missing required field" in trouble.said
    mended = (("health", b"{}"), ("health", health()))
    assert [one.kind for one in found(*mended)] == ["unreadable"]
    assert found(*mended, now_s=NOON_S + UNREADABLE_S + 1) == []


def test_the_worst_comes_first() -> None:
    said = (("availability", b"online"), ("health", health(camera="away")), ("state", b"?"), ("telemetry", telemetry()))
    kinds = [one.kind for one in found(*said, ("update/state", update(phase="failed")), now_s=NOON_S + 300)]
    assert kinds == ["stale", "camera", "update", "unreadable"]
