from collections.abc import Callable
from time import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.dashboard.live.board import Seen
from sagui.deploy.dashboard.now.order import SORTS, Choice, Sort, is_shown, sort_key
from sagui.deploy.watch import Row

Look = Callable[..., Seen]


def rows(seen: Look, words: Any) -> list[Row]:
    return [
        seen(("availability", b"online"), ("state", words.state("dog", 0.5, 60)), device="a").row,
        seen(("availability", b"offline"), ("state", words.state("Cat", 0.9, 600)), device="b").row,
        seen(("availability", b"online"), ("health", words.health("dirty lens")), device="c").row,
    ]


def ordered(found: list[Row], sort: Sort) -> list[str]:
    return [row.device for row in sorted(found, key=lambda row: sort_key(row, Choice(sort=sort), time()))]


def test_cards_are_sorted_as_chosen(seen: Look, words: Any) -> None:
    found = rows(seen, words)
    assert ordered(found, "device") == ["a", "b", "c"]
    assert ordered(found, "trouble") == ["b", "c", "a"]
    assert ordered(found, "label") == ["b", "a", "c"]
    assert ordered(found, "since") == ["a", "b", "c"]
    assert ordered(found, "score") == ["a", "b", "c"]


def test_the_search_finds_devices_and_labels(seen: Look, words: Any) -> None:
    found = rows(seen, words)

    def shown(choice: Choice) -> list[str]:
        return [row.device for row in found if is_shown(row, choice, time())]

    assert shown(Choice(search=" cAT ")) == ["b"]
    assert shown(Choice(search="a")) == ["a", "b"]
    assert shown(Choice(show="offline")) == ["b"]
    assert shown(Choice(show="online")) == ["a", "c"]
    assert shown(Choice(show="in_trouble")) == ["b", "c"]
    assert shown(Choice(search="dog", show="offline")) == []


@given(st.sampled_from(SORTS), st.lists(st.tuples(st.text(max_size=5), st.floats(0, 1)), max_size=6))
def test_every_order_can_be_sorted(seen: Look, words: Any, sort: Sort, said: list[tuple[str, float]]) -> None:
    found = [seen(("availability", b"online"), device="empty").row]
    for number, (label, score) in enumerate(said):
        text = label.encode(errors="replace").decode()
        found.append(seen(("state", words.state(text, score)), device=f"d{number}").row)
    assert len(ordered(found, sort)) == len(found)
