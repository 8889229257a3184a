"""What the agent says on its own machine."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.device.events import Events, JsonEvents, PlainEvents, one_line

BOTH = pytest.mark.parametrize("make", [PlainEvents, JsonEvents])


def stream(encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding, newline="\n")


def written(into: io.TextIOWrapper) -> list[str]:
    assert isinstance(into.buffer, io.BytesIO)
    return into.buffer.getvalue().decode(into.encoding).splitlines()


@BOTH
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "iso-8859-1"])
@settings(deadline=None)
@given(text=st.text(st.characters()))  # those that stand alone for half a letter, too
def test_any_text_is_one_line_in_any_encoding(make: type[PlainEvents], encoding: str, text: str) -> None:
    into = stream(encoding)
    make(into).say("result", text)
    (line,) = written(into)
    assert line.isprintable()


def test_a_person_can_read_what_can_be_shown() -> None:
    assert one_line("küche 🐒") == "küche 🐒"
    into = stream()
    PlainEvents(into).say("first-result", "first result: küche 🐒")
    assert written(into)[0].endswith("Z first result: küche 🐒")


def test_a_program_gets_the_text_as_it_was() -> None:
    into = stream("ascii")
    JsonEvents(into).say("first-result", "a\nb\x1b🐒", label="\u202e")
    told = json.loads(written(into)[0])
    assert (told["text"], told["label"]) == ("a\nb\x1b🐒", "\u202e")


@BOTH
def test_a_log_on_a_full_disk_or_without_a_reader_stops_nobody(make: type[PlainEvents]) -> None:
    closed, full = stream(), Path("/dev/full").open("w")  # noqa: SIM115 (closing it is what fails)
    closed.close()
    for into in (full, closed):
        events: Events = make(into)
        for _ in range(1000):
            events.say("frame", "x" * 100)
    with pytest.raises(OSError, match="No space left"):
        full.close()
