"""Which share of a group a wave asks."""

from hypothesis import example, given
from hypothesis import strategies as st

from sagui.deploy.rollout.shares import ask, at_least, at_most, share_for, share_of
from sagui.wire import point

_NAMES = st.lists(st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True), min_size=1, max_size=60, unique=True)
_WAVE = st.integers(1, 1000).map(lambda thousandths: thousandths / 1000)


def asked(rollout: str, devices: list[str], share: float) -> set[str]:
    return {device for device in devices if point(rollout, device) < share}


@given(_NAMES, _WAVE, st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True))
def test_a_wave_asks_its_number_of_devices_rounded_up_and_no_more(
    devices: list[str], wave: float, rollout: str
) -> None:
    wanted = len(asked(rollout, devices, share_for(rollout, devices, wave)))
    assert wanted == ask(len(devices), wave)
    assert 1 <= wanted <= len(devices)
    assert wanted - 1 < round(wave * len(devices), 6) <= wanted or wanted == 1


@given(_NAMES, _WAVE, _WAVE)
def test_a_greater_wave_asks_all_that_a_smaller_asks(devices: list[str], one: float, other: float) -> None:
    small, great = sorted((one, other))
    assert share_for("r", devices, small) <= share_for("r", devices, great)


@given(_NAMES)
def test_the_last_wave_asks_everybody_those_that_are_not_known_included(devices: list[str]) -> None:
    assert share_for("r", devices, 1.0) == 1.0


def test_nobody_known_is_nobody_asked() -> None:
    assert share_for("r", [], 0.5) == 0.0
    assert share_of("r", ["a", "b"], 0) == 0.0


@given(st.integers(0, 100), st.integers(0, 100_000))
@example(7, 100)
@example(29, 100)
@example(95, 20)
def test_shares_are_taken_as_they_are_written(per_cent: int, count: int) -> None:
    assert at_least(per_cent / 100, count) == -(-per_cent * count // 100)
    assert at_most(per_cent / 100, count) == per_cent * count // 100
