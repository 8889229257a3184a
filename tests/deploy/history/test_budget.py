from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.history.budget import BURST, Budget


def test_a_whole_outbox_may_come_at_once() -> None:
    budget = Budget(lambda: 0.0)
    assert all(budget.spend() for _ in range(BURST))
    assert not budget.spend()
    assert budget.left_out == 1


@given(st.lists(st.floats(0, 5), max_size=200))
def test_no_more_is_kept_than_the_burst_and_its_rate(pauses: list[float]) -> None:
    now = [0.0]
    budget = Budget(lambda: now[0], burst=10, per_s=2.0)
    kept = 0
    for pause in pauses:
        now[0] += pause
        kept += budget.spend()
    assert kept <= 10 + 2.0 * now[0] + 1e-6
    assert kept + budget.left_out == len(pauses)


def test_a_device_that_keeps_to_its_rate_loses_nothing() -> None:
    now = [0.0]
    budget = Budget(lambda: now[0], burst=10, per_s=2.0)
    for _ in range(1000):
        now[0] += 0.5
        assert budget.spend()
