"""What is remembered for a while."""

from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.dashboard.drift.memory import Memory


def test_a_value_is_there_until_it_runs_out() -> None:
    memory: Memory[str, int] = Memory(1000)
    memory.put("a", 1, 10, now_s=0, keep_s=60)
    assert (memory.get("a", 59.9), memory.get("a", 60), memory.get("b", 0)) == (1, None, None)


def test_what_ran_out_is_dropped_and_not_only_replaced() -> None:
    memory: Memory[int, int] = Memory(10**9)
    for key in range(1000):
        memory.put(key, key, 10, now_s=0, keep_s=60)
    memory.put(-1, 0, 10, now_s=100, keep_s=60)
    assert (len(memory), memory.size_bytes) == (1, 10)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 60), st.integers(0, 30), st.integers(1, 50)), max_size=60))
def test_it_never_grows_past_its_bound_and_the_newest_is_there(puts: list[tuple[int, int, int, int]]) -> None:
    memory: Memory[int, int] = Memory(100)
    now_s, sizes = 0.0, {}
    for number, (key, size_bytes, later_s, keep_s) in enumerate(puts):
        now_s += later_s
        memory.put(key, number, size_bytes, now_s, keep_s)
        sizes[key] = size_bytes
        assert memory.get(key, now_s) == number
        assert memory.size_bytes == sum(sizes[one] for one in memory._kept) <= 100


def test_what_is_larger_than_all_is_not_kept() -> None:
    memory: Memory[str, int] = Memory(100)
    memory.put("a", 1, 101, now_s=0, keep_s=60)
    assert (memory.get("a", 0), memory.size_bytes) == (None, 0)
