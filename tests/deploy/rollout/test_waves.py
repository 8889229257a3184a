"""How a person writes a rollout's terms."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.rollout.errors import RolloutError
from sagui.deploy.rollout.waves import parse_duration_s, parse_share, parse_target, parse_waves


@pytest.mark.parametrize(
    ("text", "waves"),
    [
        ("1,5,25,100%", (0.01, 0.05, 0.25, 1.0)),
        ("1%, 5%, 25%, 100%", (0.01, 0.05, 0.25, 1.0)),
        ("1,5,25,100", (0.01, 0.05, 0.25, 1.0)),
        ("0.01,0.5,1", (0.01, 0.5, 1.0)),
        ("0.5,100%", (0.005, 1.0)),
        ("100%", (1.0,)),
        ("1", (1.0,)),
    ],
)
def test_waves_are_shares_of_the_group(text: str, waves: tuple[float, ...]) -> None:
    assert parse_waves(text) == waves


@pytest.mark.parametrize(
    "text",
    ["", "1,5,25", "1%", "5,1,100%", "5,5,100%", "0,100%", "-1,100%", "1;100%", "1,,100%", "1e-3,1", "\u0665,100%"],
)
def test_what_is_no_list_of_waves_is_refused(text: str) -> None:
    with pytest.raises(RolloutError, match="waves"):
        parse_waves(text)


@given(st.lists(st.integers(1, 99), min_size=1, max_size=20, unique=True))
def test_waves_come_back_as_they_were_written(per_cent: list[int]) -> None:
    waves = parse_waves(",".join(map(str, [*sorted(per_cent), 100])) + "%")
    assert [round(100 * wave, 9) for wave in waves] == [*sorted(per_cent), 100]
    assert all(earlier < later for earlier, later in pairwise(waves))


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    for parse in (parse_waves, parse_share, parse_duration_s, parse_target):
        try:
            parse(text)
        except RolloutError as error:
            assert str(error)  # noqa: PT017 (either is right, and nothing else may be raised)


@pytest.mark.parametrize(("text", "share"), [("95%", 0.95), ("0.95", 0.95), ("100%", 1.0), ("1", 1.0), ("0", 0.0)])
def test_a_share_is_per_cent_or_a_number_up_to_1(text: str, share: float) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["95", "101%", "1.01", "-1%", "", "%", "nan", "1e-1"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(RolloutError, match="no share"):
        parse_share(text)


@pytest.mark.parametrize(("text", "seconds"), [("10s", 10), ("10m", 600), ("2h", 7200), ("1d", 86_400), ("0s", 0)])
def test_a_duration_has_a_unit(text: str, seconds: float) -> None:
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["10", "m", "-1s", "1w", "31d", "1h30m", "", "1e3s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(RolloutError):
        parse_duration_s(text)


def test_a_target_is_a_model_and_a_version() -> None:
    assert parse_target("pets==1.4.0-rc.1") == ("pets", "1.4.0-rc.1")


@pytest.mark.parametrize("text", ["pets", "pets=1.4.0", "Pets==1.4.0", "pets==1.4", "pets==1.4.0-01", "==1.4.0", "a=="])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(RolloutError):
        parse_target(text)
