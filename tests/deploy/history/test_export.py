import csv
import io
from collections.abc import Callable

import pyarrow.parquet as pq  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.history import Row
from sagui.deploy.history.export import COLUMNS, csv_pages, write_parquet

Make = Callable[..., Row]


def as_table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_csv_has_a_head_and_a_line_for_each_result(row: Make) -> None:
    table = as_table(b"".join(csv_pages([[row()], [row(1, time_ms=None, label='a "b", c\n')]])))
    assert table[0] == list(COLUMNS)
    assert table[1][:6] == [
        "porch", "9f86d081884c-0", "2026-11-21T12:00:00.000Z", "2026-11-21T12:00:00.000Z", "2026-11-21T12:00:00.040Z",
        "cat",
    ]  # fmt: skip
    assert (table[2][3], table[2][5]) == ("", 'a "b", c\n')


def test_no_label_becomes_a_formula(row: Make) -> None:
    table = as_table(b"".join(csv_pages([[row(label='=HYPERLINK("http://x")', model="@x", version="-1")]])))
    assert [table[1][index] for index in (5, 7, 8)] == ['\'=HYPERLINK("http://x")', "'@x", "'-1"]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_any_label_is_one_field(label: str) -> None:
    made = Row("porch", "a-1", 1, 1, 1, label, 0.5, "pets", "1.0.0", "", 1.0)
    table = as_table(b"".join(csv_pages([[made]])))
    assert len(table) == 2
    assert table[1][5].removeprefix("'") == label.removeprefix("'")


def test_parquet_holds_the_same_with_types(row: Make) -> None:
    file = io.BytesIO()
    odd = row(1, label="=1+1", time_ms=None, stream="door")
    write_parquet([[row()], [odd]], file)
    table = pq.read_table(file).to_pylist()
    assert list(table[0]) == list(COLUMNS)
    assert table[0]["at"].isoformat() == "2026-11-21T12:00:00+00:00"
    assert (table[1]["label"], table[1]["time"], table[1]["stream"], table[1]["score"]) == ("=1+1", None, "door", 0.75)


def test_nothing_is_a_file_too() -> None:
    file = io.BytesIO()
    write_parquet([], file)
    assert pq.read_table(file).num_rows == 0
    assert as_table(b"".join(csv_pages([]))) == [list(COLUMNS)]
