from hypothesis import given
from hypothesis import strategies as st

from sagui.device.update.policy import Policy
from sagui.device.update.trial import Judgement, Watch, judge, look

POLICY = Policy(dwell_s=60.0, least_frames=10, longest_s=3600.0)


def after(*looks: tuple[float, str | None], frames: int = 100) -> Judgement:
    """How it is judged after these looks: when, and what was wrong."""
    watch = Watch(looks[0][0])
    for now_s, problem in looks:
        watch = look(watch, now_s, problem)
    return judge(watch, *looks[-1][:1], frames, looks[-1][1], POLICY)


def test_well_for_the_dwell_with_enough_frames_is_confirmed() -> None:
    assert after((0.0, None), (59.0, None)).verdict == "go on"
    assert after((0.0, None), (60.0, None)).verdict == "confirm"
    assert after((0.0, None), (600.0, None), frames=9).verdict == "go on"


def test_a_problem_begins_the_dwell_anew() -> None:
    assert after((0.0, None), (50.0, "no camera"), (51.0, None), (70.0, None)).verdict == "go on"
    assert after((0.0, None), (50.0, "no camera"), (51.0, None), (111.0, None)).verdict == "confirm"


def test_not_well_for_the_dwell_is_reverted_and_the_words_say_why() -> None:
    assert after((0.0, "no camera"), (59.0, "no camera")) == Judgement("go on", "no camera")
    assert after((0.0, "no camera"), (60.0, "no camera")) == Judgement("revert", "not well for 60 s: no camera")


def test_what_is_never_confirmed_is_reverted_in_the_end() -> None:
    assert after((0.0, None), (3600.0, None), frames=3).reason == "not confirmed within 3600 s: 3 of 10 frames"


@given(
    st.lists(
        st.tuples(st.integers(0, 400).map(lambda eighths: eighths / 8), st.sampled_from([None, None, "ill"])),
        min_size=1,
        max_size=20,
    ),
    st.integers(0, 20),
)
def test_nothing_is_confirmed_too_early_or_while_something_is_wrong(
    steps: list[tuple[float, str | None]], frames: int
) -> None:
    now_s, looks = 0.0, []
    for wait_s, problem in steps:
        now_s += wait_s
        looks.append((now_s, problem))
    judgement = after(*looks, frames=frames)
    assert 0 <= judgement.percent <= 100
    if judgement.verdict == "confirm":
        assert frames >= POLICY.least_frames
        recent = [problem for at_s, problem in looks if at_s > looks[-1][0] - POLICY.dwell_s]
        assert set(recent) == {None}
        assert looks[-1][0] - looks[0][0] >= POLICY.dwell_s
