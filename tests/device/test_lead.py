"""When the next frame is fetched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.lead import REMEMBERED, Lead

_TIMES = st.lists(st.floats(0, 10), min_size=1, max_size=2 * REMEMBERED)


def test_at_first_it_is_fetched_at_once() -> None:
    lead = Lead()
    assert lead.wait_s() == 0
    lead.prepared(0.01)
    assert lead.wait_s() == 0


def test_beside_a_slow_network_it_is_fetched_late() -> None:
    lead = Lead()
    lead.prepared(0.004)
    lead.ran(0.100)
    assert lead.wait_s() == pytest.approx(0.100 - 0.005 - 0.005)


def test_beside_a_fast_network_it_is_fetched_at_once() -> None:
    lead = Lead()
    lead.prepared(0.0002)
    lead.ran(0.009)
    assert lead.wait_s() == 0


def test_one_slow_camera_frame_is_reckoned_with_and_forgotten_in_time() -> None:
    lead = Lead()
    lead.ran(0.1)
    lead.prepared(0.090)
    lead.prepared(0.004)
    assert lead.wait_s() == 0
    for _ in range(REMEMBERED):
        lead.prepared(0.004)
    assert lead.wait_s() > 0.08


@given(_TIMES, _TIMES)
def test_the_frame_is_never_late_if_things_take_as_long_as_before(prepared: list[float], ran: list[float]) -> None:
    lead = Lead()
    for took in prepared:
        lead.prepared(took)
    for took in ran:
        lead.ran(took)
    newest_prepared, newest_ran = prepared[-REMEMBERED:], ran[-REMEMBERED:]
    wait = lead.wait_s()
    assert wait == 0 or wait + max(newest_prepared) < min(newest_ran)
