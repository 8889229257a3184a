"""Lines about photos."""

from hypothesis import given
from hypothesis import strategies as st

from sagui.device.collect.records import Record, encode_record, entries_of, read_records
from sagui.wire import LabelScore


def record(path: str = "cat/1.jpg", guess: str = "cat", interest: float = 0.5) -> Record:
    top = (LabelScore(label=guess, score=0.6), LabelScore(label="dog", score=0.4))
    return Record(
        time="2026-01-02T03:04:05.678Z",
        path=path,
        guess=guess,
        top=top,
        model="toy 1.2.3",
        reason="unsure",
        interest=interest,
    )


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))))
def test_records_are_read_as_they_were_written(pairs: list[tuple[str, str]]) -> None:
    records = [record(path, guess) for path, guess in pairs]
    assert read_records(b"".join(map(encode_record, records))) == (records, 0)


@given(st.integers(0, 200))
def test_a_line_that_power_cut_off_costs_only_itself(length: int) -> None:
    line = encode_record(record())
    found, bad = read_records(line + line[: min(length, len(line) - 2)])
    assert found == [record()]
    assert bad == (length > 0)


@given(st.binary())
def test_rubbish_is_counted(content: bytes) -> None:
    found, bad = read_records(content)
    assert found == []
    assert bad == sum(bool(line.strip()) for line in content.splitlines())


def test_deep_rubbish_is_counted() -> None:
    assert read_records(b"[" * 100_000) == ([], 1)


def test_what_a_person_moved_or_relabelled_is_theirs() -> None:
    records = [record("cat/1.jpg"), record("cat/2.jpg"), record("cat/3.jpg")]
    sizes = {"cat/1.jpg": 10, "cat/2.jpg": 20, "dog/3.jpg": 30}
    entries = entries_of(records, sizes, {"cat/1.jpg": "cat", "cat/2.jpg": "lynx"})
    assert {entry.path: entry.mine for entry in entries} == {"cat/1.jpg": True, "cat/2.jpg": False, "dog/3.jpg": False}
    assert [entry.bytes for entry in entries] == [10, 20, 30]
