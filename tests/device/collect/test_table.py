"""The table in which a person corrects the guesses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.device.collect import table

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)


@given(st.dictionaries(_TEXT, _TEXT.map(str.strip)))
def test_labels_are_read_as_they_were_written(labels: dict[str, str]) -> None:
    content = table.HEADER + b"".join(table.row(path, label) for path, label in labels.items())
    assert table.labels(content) == labels


@given(st.dictionaries(_TEXT, _TEXT.map(str.strip)), st.sets(_TEXT))
def test_only_what_is_gone_is_left_out(labels: dict[str, str], gone: set[str]) -> None:
    gone |= set(list(labels)[::2])
    content = table.HEADER + b"".join(table.row(path, label) for path, label in labels.items())
    left = table.without(content, gone.__contains__)
    assert table.labels(left) == {path: label for path, label in labels.items() if path not in gone}


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_a_spreadsheet_wrote_stays_so(separator: str, mark: bytes) -> None:
    lines = ["label,note,path", "lynx,sure,a.jpg", "cat,,b.jpg"]
    content = mark + "\r\n".join(lines).replace(",", separator).encode()
    assert table.labels(content) == {"a.jpg": "lynx", "b.jpg": "cat"}
    left = table.without(content, {"b.jpg"}.__contains__)
    assert left == mark + "label,note,path\nlynx,sure,a.jpg\n".replace(",", separator).encode()
    assert table.without(content, lambda _: False) == content


@pytest.mark.parametrize("content", [b"", b"\n", b"name,kind\na,b\n", b"\xff\xfe", b'path,label\n"open', b"\0"])
def test_what_is_no_such_table_is_left_alone(content: bytes) -> None:
    assert table.labels(content) == {}
    assert table.without(content, lambda _: True) == content


@given(st.binary())
def test_no_content_breaks_it(content: bytes) -> None:
    assert content.startswith(table.healed(content))
    table.labels(content)
    table.without(content, lambda _: True)
