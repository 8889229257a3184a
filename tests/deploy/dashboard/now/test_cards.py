from collections.abc import Callable
from html.parser import HTMLParser
from time import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.dashboard.live.board import Seen
from sagui.deploy.dashboard.live.photos import Photo
from sagui.deploy.dashboard.now.cards import card, facts, looked_at, sparkline
from sagui.deploy.dashboard.texts import Language, speak
from sagui.wire import Health, OutboxCounts, Region, UpdateState, encode, timestamp

Look = Callable[..., Seen]


class Tags(HTMLParser):
    """Lists elements and attributes, and collects the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, list[str]] = {}
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


DRAWN = {"g", "title", "rect"}
OURS = {"header", "a", "span", "div", "bdi", "svg", "polyline", "dl", "dt", "dd", "ul", "li", "img"}
HARMLESS = {
    "class", "href", "title", "aria-hidden", "aria-label", "role", "viewbox", "preserveaspectratio", "points", "src",
    "alt", "loading",
}  # fmt: skip


def test_a_card_shows_what_the_device_said(seen: Look, words: Any) -> None:
    html = card(
        seen(
            ("availability", b"online"),
            ("state", words.state("cat", 0.944, age_s=7300)),
            ("telemetry", words.telemetry()),
        ),
        time(),
        "en",
    )
    text = " ".join(Tags(html).text.split())
    for part in ("porch", "online", "cat", "94%", "for 2 h", "10.0", "65 ms", "61 °C", "7", "pets 1.2.3", "no photo"):
        assert part in text


def test_a_card_speaks_portuguese(seen: Look, words: Any) -> None:
    html = card(seen(("availability", b"offline"), ("state", words.state(age_s=200))), time(), "pt")
    assert "há 3 min" in html
    assert "sem foto" in html


@pytest.mark.parametrize(("language", "ours"), [("en", "no frames"), ("pt", "não está enviando imagens")])
def test_a_camera_that_is_away_is_told_once_in_the_readers_language(seen: Look, language: Language, ours: str) -> None:
    health = Health(time=timestamp(time()), mode="normal", camera="away", problem="the camera gives no frames")
    text = Tags(card(seen(("availability", b"online"), ("health", encode(health))), time(), language)).text
    assert text.count(ours) == 1
    assert ("the camera gives" in text) == (language == "en")


def test_words_of_the_device_that_say_more_are_told_too(seen: Look) -> None:
    health = Health(time=timestamp(time()), mode="normal", camera="away", problem="usb:0 is gone")
    html = card(seen(("availability", b"online"), ("health", encode(health))), time(), "pt")
    assert "a câmera não está enviando imagens: <bdi>usb:0 is gone</bdi>" in html


def test_an_update_that_failed_is_told_in_the_readers_language(seen: Look) -> None:
    update = UpdateState(time=timestamp(time()), in_progress=False, phase="failed", error="the disk: full")
    html = card(seen(("availability", b"online"), ("update/state", encode(update))), time(), "pt")
    assert "atualização: falhou: <bdi>the disk: full</bdi>" in html


def test_numbers_are_written_as_the_reader_does(seen: Look, words: Any) -> None:
    one = seen(("telemetry", words.telemetry(fps=12.34, outbox=OutboxCounts(waiting=1234, acknowledged=0, dropped=0))))
    assert [fact.value for fact in facts(one.row, speak("pt"))] == ["12,3", "65 ms", "61 °C", "1.234"]
    assert [fact.value for fact in facts(one.row, speak("en"))] == ["12.3", "65 ms", "61 °C", "1,234"]


def test_a_card_without_numbers_says_nothing_of_them(seen: Look) -> None:
    text = Tags(card(seen(("availability", b"online")), time(), "en")).text
    assert text.count("\N{EN DASH}") == 5
    assert "nothing seen yet" in text


@pytest.mark.parametrize(("said", "css"), [(b"online", "online"), (b"offline", "offline")])
def test_the_status_is_said_in_words_and_marked(seen: Look, said: bytes, css: str) -> None:
    html = card(seen(("availability", said)), time(), "en")
    assert f'class="status {css}"' in html
    assert css in Tags(html).text


def test_a_silent_device_says_for_how_long(seen: Look, words: Any) -> None:
    one = seen(("availability", b"online"), ("telemetry", words.telemetry()))
    html = card(one, time() + 600, "en")
    assert 'class="status stale"' in html
    assert "silent for 10 min" in html


def test_each_stream_has_a_line_and_many_are_counted(seen: Look, words: Any) -> None:
    html = card(
        seen(*((f"state/part-{number}", words.state(stream=f"part-{number}")) for number in range(7))), time(), "en"
    )
    assert html.count('class="stream"') == 4
    assert "and 3 more" in html


def test_a_photo_is_fetched_anew_when_it_changes(seen: Look) -> None:
    one = seen(("availability", b"online"))
    html = card(Seen(one.row, Photo(b"", 5, 0.0), one.scores), time(), "en")
    assert 'src="/photo/porch?5"' in html
    assert 'alt="Latest photo of porch"' in html


shares = st.floats(0, 1)
lengths = st.floats(0, 1, exclude_min=True)


@given(st.builds(Region, x=shares, y=shares, width=lengths, height=lengths))
def test_a_region_is_drawn_within_the_photo(seen: Look, words: Any, region: Region) -> None:
    one = seen(("state/door", words.state(stream="door", region=region)))
    (drawn,) = looked_at(one.row, speak("en"))
    assert drawn.name == "door"
    x, y, width, height = map(float, (drawn.x, drawn.y, drawn.width, drawn.height))
    assert 0 <= x <= x + width <= 1 + 1e-9
    assert 0 <= y <= y + height <= 1 + 1e-9
    assert [x, y] == pytest.approx([region.x, region.y], abs=1e-4)


def test_what_all_streams_look_at_is_drawn_once_there_is_a_photo(seen: Look, words: Any) -> None:
    half = Region(x=0, y=0, width=0.5, height=1)
    one = seen(*((f"state/{name}", words.state(stream=name, region=half)) for name in "abcdef"))
    assert "<rect" not in card(one, time(), "en")
    html = card(Seen(one.row, Photo(b"", 5, 0.0), one.scores), time(), "pt")
    assert html.count("<g>") == 6
    assert 'aria-label="Observado: a, b, c, d, e, f"' in html
    assert Tags(html).tags <= OURS | DRAWN


def test_a_stream_that_looks_at_everything_draws_nothing(seen: Look, words: Any) -> None:
    one = seen(("state", words.state()))
    assert 'class="looks"' not in card(Seen(one.row, Photo(b"", 5, 0.0), one.scores), time(), "en")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_whatever_a_device_says_is_text(seen: Look, words: Any, label: str) -> None:
    attack = f"<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{label}"
    found = Tags(
        card(
            seen(("availability", b"online"), ("state", words.state(attack)), ("health", words.health(attack))),
            time(),
            "en",
        )
    )
    assert found.tags <= OURS - {"img"}
    assert set(found.attributes) <= HARMLESS
    assert "<script>alert(1)</script>" in found.text


def test_what_cannot_be_read_is_told_as_text(seen: Look) -> None:
    html = card(seen(("availability", b"online"), ("health", b'{"v": 7}')), time(), "en")
    assert "messages that cannot be read: 1" in html
    assert "newer than this sagui" in html


@given(st.lists(st.none() | st.floats(0, 1), min_size=60, max_size=60))
def test_a_sparkline_stays_in_its_box(scores: list[float | None]) -> None:
    for line in sparkline(tuple(scores)):
        points = [tuple(map(int, point.split(","))) for point in line.split()]
        assert len(points) >= 2
        assert all(0 <= x <= 120 and 0 <= y <= 24 for x, y in points)
        assert points == sorted(points, key=lambda point: point[0])


def test_a_better_score_is_higher() -> None:
    worse, better = (int(point.split(",")[1]) for point in sparkline((0.1, 0.9))[0].split())
    assert better < worse


def test_a_long_silence_is_a_gap() -> None:
    assert len(sparkline((0.5, 0.5, None, None, 0.5, *[None] * 10, 0.5))) == 2
