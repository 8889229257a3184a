"""How updates go on simulated devices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.simulate.course import FAULTS, ON_A_PI, Bad, Fault, installing
from sagui.wire import AT_WORK

ENDS = {None: "confirmed", "golden": "failed", "shadow": "failed", "dwell": "reverted"}


@pytest.mark.parametrize(("fault", "end"), ENDS.items())
def test_an_update_ends_as_its_fault_says(fault: Fault | None, end: str) -> None:
    steps = list(installing(ON_A_PI, fault))
    assert steps[-1].phase == end
    assert all(step.phase in AT_WORK for step in steps[:-1])
    assert (steps[-1].error is None) == (fault is None)


def test_a_hanging_download_never_ends() -> None:
    for step in installing(ON_A_PI, "hang"):
        if step.lasts_s == float("inf"):
            assert step.phase == "downloading"
            return
    pytest.fail("it came to an end")


@pytest.mark.parametrize("fault", ["golden", "shadow"])
def test_what_is_found_before_it_is_at_work_never_is(fault: Fault) -> None:
    assert "activated" not in [step.phase for step in installing(ON_A_PI, fault)]


@given(st.floats(0.1, 1000))
def test_faster_is_faster_by_just_that(times: float) -> None:
    def lasts(of: list[float]) -> float:
        return sum(of)

    slow = lasts([step.lasts_s for step in installing(ON_A_PI, None)])
    fast = lasts([step.lasts_s for step in installing(ON_A_PI.faster(times), None)])
    assert fast == pytest.approx(slow / times)


def test_devices_differ_but_in_the_dwell() -> None:
    rng = np.random.default_rng(1)
    drawn = [ON_A_PI.drawn(rng) for _ in range(200)]
    assert {one.dwell_s for one in drawn} == {ON_A_PI.dwell_s}
    assert len({one.download_s for one in drawn}) == 200
    assert np.median([one.download_s for one in drawn]) == pytest.approx(ON_A_PI.download_s, rel=0.1)


@given(st.floats(0, 1))
def test_a_bad_version_fails_on_its_share_of_devices(share: float) -> None:
    bad = Bad("1.1.0", share)
    faults = [bad.fault(f"sim-{number}") for number in range(400)]
    assert sum(fault is not None for fault in faults) / 400 == pytest.approx(share, abs=0.1)
    assert faults == [bad.fault(f"sim-{number}") for number in range(400)]


def test_a_bad_version_fails_in_all_ways_that_are_named() -> None:
    assert {Bad("1.1.0", how=FAULTS).fault(f"sim-{number}") for number in range(100)} == set(FAULTS)
    assert {Bad("1.1.0", how=("shadow",)).fault(f"sim-{number}") for number in range(100)} == {"shadow"}
