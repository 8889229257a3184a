"""Tables of photos, as spreadsheets and scripts write them."""

import csv
import io
import math
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sagui.train.data.export import write_table
from sagui.train.datasets.columns import COLUMNS, Row, read_rows
from sagui.train.datasets.port import Dataset, Part, Photo
from sagui.train.datasets.table import read_table
from sagui.train.errors import DatasetError

TWO = "path,label\na.png,cat\nb.png,dog\n"


def table(folder: Path, text: str | bytes, photos: Sequence[str] = ("a.png", "b.png"), name: str = "t.csv") -> Path:
    for photo in photos:
        (folder / photo).parent.mkdir(parents=True, exist_ok=True)
        (folder / photo).write_bytes(b"photo")
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(path: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        read_table(path)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{path.parent}/", "")


def test_every_column_is_read(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "Path, LABEL ,weight,group,split\nin/a.png,dog,2.5,monday,train\nb.png,cat,,,\nc.png,cat,1e-3,monday,Val\n"
        "d.png,cat,1,,validation\ne.png,cat,1,,TEST\nf.png,dog,1,,valid\ng.png,dog,1,,test\n",
        ["in/a.png", *(f"{name}.png" for name in "bcdefg")],
    )
    dataset = read_table(path)
    assert dataset.labels == ("cat", "dog")
    assert dataset.photos == (
        Photo("in/a.png", (1,), "dog", "monday", 2.5, "train"),
        Photo("b.png", (0,), "cat"),
        Photo("c.png", (0,), "cat", "monday", 0.001, "validation"),
        Photo("d.png", (0,), "cat", part="validation"),
        Photo("e.png", (0,), "cat", part="test"),
        Photo("f.png", (1,), "dog", part="validation"),
        Photo("g.png", (1,), "dog", part="test"),
    )
    assert (dataset.source, dataset.title, dataset.root) == (str(path), "t", tmp_path)
    assert (dataset.task, dataset.notes) == ("single-label", ())


def test_several_labels_make_it_multi_label(tmp_path: Path) -> None:
    path = table(tmp_path, "path,labels\na.png,dog | cat\nb.png,\nc.png,cat|cat\n", ["a.png", "b.png", "c.png"])
    dataset = read_table(path)
    assert dataset.task == "multi-label"
    assert dataset.labels == ("cat", "dog")
    assert [(photo.labels, photo.stratum) for photo in dataset.photos] == [((0, 1), "cat|dog"), ((), ""), ((0,), "cat")]


def test_one_class_is_enough_if_some_photos_lack_it(tmp_path: Path) -> None:
    assert read_table(table(tmp_path, "path,labels\na.png,smoke\nb.png,\n")).labels == ("smoke",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.tsv", "path\tlabel\na.png\tcat\nb.png\tdog, of some kind\n"),
        ("T.TSV", 'path\tlabel\r\na.png\tcat\r\nb.png\t"dog, of some kind"\r\n'),
        ("t.csv", "path;label\na.png;cat\nb.png;dog, of some kind\n"),
        ("t.csv", '\ufeffpath,label\r\n\r\na.png,cat\r\nb.png,"dog, of some kind"\r\n,\r\n'),
    ],
)
def test_what_spreadsheets_write_is_read(tmp_path: Path, name: str, text: str) -> None:
    dataset = read_table(table(tmp_path, text, name=name))
    assert dataset.labels == ("cat", "dog, of some kind")
    assert [photo.name for photo in dataset.photos] == ["a.png", "b.png"]


def test_photos_elsewhere_are_found_from_what_they_have_in_common(tmp_path: Path) -> None:
    text = f"path,label\n../one/a.png,cat\n{tmp_path}/two/x/../b.png,dog\n"
    path = table(tmp_path, text, ["one/a.png", "two/b.png"], "t.csv")
    inner = tmp_path / "tables"
    inner.mkdir()
    dataset = read_table(path.rename(inner / "t.csv"))
    assert dataset.root == tmp_path
    assert [photo.name for photo in dataset.photos] == ["one/a.png", "two/b.png"]


def test_the_root_is_the_table_s_folder_when_all_photos_are_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table(tmp_path, TWO.replace("a.png", "x/./a.png").replace("b.png", "x/y/../b.png"), ["x/a.png", "x/b.png"])
    monkeypatch.chdir(tmp_path)
    dataset = read_table(Path("t.csv"))
    assert dataset.root == tmp_path
    assert [photo.name for photo in dataset.photos] == ["x/a.png", "x/b.png"]


def test_space_around_a_path_is_forgiven_unless_it_is_in_the_name(tmp_path: Path) -> None:
    dataset = read_table(table(tmp_path, "label,path\ncat, a.png\ndog, b.png \n", ["a.png", " b.png "]))
    assert [photo.name for photo in dataset.photos] == ["a.png", " b.png "]


def test_unknown_columns_are_told(tmp_path: Path) -> None:
    path = table(tmp_path, "path,label,colour,shot by\na.png,cat,red,me\nb.png,dog,blue,you\n")
    assert read_table(path).notes == (f"{path}: unknown columns were ignored: colour, shot by.",)


def test_a_photo_named_twice_alike_is_kept_once_and_told(tmp_path: Path) -> None:
    path = table(tmp_path, TWO + "./a.png,cat\nx/../b.png,dog\n")
    dataset = read_table(path)
    assert [photo.name for photo in dataset.photos] == ["a.png", "b.png"]
    assert dataset.notes == (f"{path}: 2 photos are there twice with the same values; lines 4, 5 were left out.",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("path,label\na.png,cat\nb.png,dog\n./a.png,dog\n", "t.csv, lines 2 and 4, column 'label' ('cat' and 'dog')"),
        ("path,labels\na.png,x|y\nb.png,\na.png,x\n", "t.csv, lines 2 and 4, column 'label' ('x|y' and 'x')"),
        ("path,label,split\na.png,cat,train\nb.png,dog,\na.png,cat,test\n", "column 'split' ('train' and 'test')"),
        ("path,label,weight\na.png,cat,1\nb.png,dog,\na.png,cat,2\n", "column 'weight' (1.0 and 2.0)"),
        ("path,label,group\na.png,cat,x\nb.png,dog,\na.png,cat,y\n", "column 'group' ('x' and 'y')"),
    ],
)
def test_a_photo_named_twice_differently_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    message = refusal(table(tmp_path, text))
    assert reason in message
    assert "is there twice; remove the line that is wrong" in message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "t.csv: the table is empty; its first line names the columns: path,label"),
        ("\n\n", "t.csv: the table is empty"),
        ("path,label\n", "t.csv: no photos, only the names of columns"),
        ("a.png,cat\nb.png,dog\n", "line 1: no column 'path' among 'a.png', 'cat'; name the columns in the first line"),
        ("paths,label\na.png,cat\n", "line 1: no column 'path' among 'label', 'paths'; rename 'paths' to 'path'"),
        (
            "path,Lable\na.png,cat\n",
            "line 1: no column 'label' or 'labels' among 'path', 'Lable'; rename 'Lable' to 'label'",
        ),
        (
            "path,class\na.png,cat\n",
            "line 1: no column 'label' or 'labels' among 'path', 'class'; rename 'class' to 'label'",
        ),
        ("Filename,tags\na.png,x\n", "line 1: no column 'path' among 'Filename', 'tags'; rename 'Filename' to 'path'"),
        (
            "path,tags\na.png,x\n",
            "line 1: no column 'label' or 'labels' among 'path', 'tags'; rename 'tags' to 'labels'",
        ),
        ("path,label,labels\na.png,cat,dog\n", "line 1: columns 'label' and 'labels' are both there; keep 'label'"),
        ("path,label,Path\na.png,cat,b.png\n", "line 1: column 'path' is there twice; remove one"),
        ("path,label\na.png,cat\nb.png\n", "line 3: 1 cells, but the first line names 2 columns (path, label)"),
        ("path,label\na.png,cat,\nb.png,dog\n", "line 2: 3 cells, but the first line names 2 columns"),
        ('path,label\na.png,cat\nb.png,"dog\n', "line 3: cannot be read: unexpected end of data"),
        ('path,label\na.png,cat\nb.png,"dog" x\n', "line 3: cannot be read"),
        ("path,label\na.png,\nb.png,dog\n", "line 2, column 'label': it is empty; write what the photo shows"),
        ('path,label\n"a\nx.png",cat\nb.png,\n', "t.csv, line 4, column 'label': it is empty"),
        ("path,label\n\n ,cat\nb.png,dog\n", "line 3, column 'path': ' ' is no path"),
        ("path,label\na\0.png,cat\nb.png,dog\n", "line 2, column 'path': 'a\\x00.png' is no path"),
        ("path,label\na.png,cat|dog\nb.png,dog\n", "column 'label': 'cat|dog' holds |; call the column 'labels'"),
        ("path,labels\na.png,cat||dog\nb.png,\n", "line 2, column 'labels': 'cat||dog' holds an empty label"),
        ("path,labels\na.png,\nb.png,\n", "column 'labels': no photo has any"),
        ("path,labels\na.png,cat\nb.png,cat\n", "only one class, 'cat'"),
        ("path,label\na.png,cat\nb.png,cat\n", "t.csv: only one class, 'cat'; add photos of at least one more"),
        ("path,label\na.png,Cat\nb.png,cat \n", "labels 'Cat' (t.csv, line 2) and 'cat ' (t.csv, line 3) differ only"),
        ('path,label\na.png,cat\nb.png,"d\nog"\n', "line 3: label 'd\\nog' holds characters that cannot be shown"),
        (
            "path,label,split\na.png,cat,tset\nb.png,dog,\n",
            "line 2, column 'split': 'tset' is no set (did you mean test?)",
        ),
        ("path,label,split\na.png,cat,7\nb.png,dog,\n", "column 'split': '7' is no set; write train, validation (or"),
        ("path,label,split\na.png,cat,train\nb.png,dog,test\n", "the train set has no photo of class 'dog'; put some"),
        ("path,label,split\na.png,cat,\nb.png,dog,val\n", "the train set has no photo of class 'dog'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_fix(tmp_path: Path, text: str, reason: str) -> None:
    assert reason in refusal(table(tmp_path, text))


@pytest.mark.parametrize("weight", ["0", "-1", "nan", "inf", "-inf", "much", "0,5", "1e999"])
def test_a_weight_is_a_positive_number(tmp_path: Path, weight: str) -> None:
    message = refusal(table(tmp_path, f'path,label,weight\na.png,cat,1\nb.png,dog,"{weight}"\n'))
    assert f"t.csv, line 3, column 'weight': '{weight}' is no positive number; write one such as 0.5" in message


def test_missing_photos_are_counted_and_the_first_named(tmp_path: Path) -> None:
    rows = "".join(f"gone{number}.png,cat\n" for number in range(12))
    message = refusal(table(tmp_path, f"path,label\na.png,dog\n{rows}sub,cat\n"))
    assert "column 'path': 13 of 14 photos are missing: line 3: gone0.png; line 4: gone1.png;" in message
    assert "line 12: gone9.png; and 3 more; write each path from " in message
    assert "gone10.png" not in message


def test_paths_of_windows_and_paths_too_long_are_missing_photos(tmp_path: Path) -> None:
    message = refusal(table(tmp_path, f"path,label\na.png,cat\nsub\\b.png,dog\n{'x' * 5000}.png,dog\n"))
    assert "2 of 3 photos are missing" in message
    assert "write each path with forward slashes, from" in message


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le"])
def test_other_encodings_are_named_by_line(tmp_path: Path, encoding: str) -> None:
    content = (
        "path,label\na.png,cat\nb.png,c\u00e3o\u0100\u20ac\n" if encoding != "latin-1" else TWO + "c.png,c\u00e3o\n"
    )
    message = refusal(table(tmp_path, content.encode(encoding)))
    assert "is not UTF-8; save the table as UTF-8 (in a spreadsheet: CSV UTF-8)" in message or "no column" in message
    if encoding == "latin-1":
        assert "t.csv, line 4: byte 0xe3 is not UTF-8" in message


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    assert "t.csv: cannot be read: No such file or directory; give a .csv or .tsv file" in refusal(tmp_path / "t.csv")


# Anything a file may be called, and anything a person may call a class, a group or a set.
words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20)
file_names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20).filter(
    lambda name: name not in {".", ".."} and bool(name.strip()) and len(name.encode()) < 200
)
parts: st.SearchStrategy[Part | None] = st.sampled_from([None, "train", "validation", "test"])
weights = st.floats(min_value=0, exclude_min=True, allow_nan=False, allow_infinity=False)


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    alike = st.lists(words.map(str.strip).filter(bool), unique_by=lambda label: label.lower(), min_size=2, max_size=4)
    labels = tuple(sorted(draw(alike)))
    assume(all(label.isprintable() and "|" not in label and "  " not in label for label in labels))
    assume(all(unicodedata.is_normalized("NFC", label) for label in labels))
    multi = draw(st.booleans())
    names = draw(st.lists(file_names, unique=True, min_size=len(labels), max_size=8))
    photos = []
    for position, name in enumerate(names):
        # A class without photos would not come back.
        one = position if position < len(labels) else draw(st.integers(0, len(labels) - 1))
        more = draw(st.sets(st.integers(0, len(labels) - 1))) if multi else set[int]()
        mine = tuple(sorted({one, *more}))
        stratum = "|".join(labels[number] for number in mine)
        group = draw(st.one_of(st.just(""), words.map(str.strip)))
        photos.append(Photo(name, mine, stratum, group, draw(st.one_of(st.just(1.0), weights))))
    return Dataset("t", "t", Path(), labels, tuple(photos), (), "multi-label" if multi else "single-label")


@settings(deadline=None, max_examples=60)
@given(datasets(), st.sampled_from(["t.csv", "t.tsv"]))
def test_a_table_that_was_written_reads_as_the_same_photos(dataset: Dataset, name: str) -> None:
    assume(name not in {photo.name for photo in dataset.photos})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        for photo in dataset.photos:
            (path.parent / photo.name).write_bytes(b"photo")
        write_table(dataset, [photo.name for photo in dataset.photos], path)
        again = read_table(path)
    assert again.photos == dataset.photos
    assert (again.labels, again.task) == (dataset.labels, dataset.task)


@settings(deadline=None)
@given(st.lists(parts, min_size=2, max_size=6))
def test_sets_survive_a_table(given_parts: list[Part | None]) -> None:
    # Both classes in each set, so that none is missing.
    photos = tuple(
        Photo(f"{position}-{label}.png", (label,), "ab"[label], part=part)
        for position, part in enumerate([*given_parts, "train"])
        for label in (0, 1)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        for photo in photos:
            (path.parent / photo.name).write_bytes(b"photo")
        write_table(Dataset("t", "t", Path(), ("a", "b"), photos), [photo.name for photo in photos], path)
        assert read_table(path).photos == photos


cells = st.text(st.sampled_from('abc,;\t"|\r\n \0\u00e9.01-'), max_size=12)


def quoted(rows: list[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["path", "label", "weight"], *rows])
    return buffer.getvalue()


def as_it_is(rows: list[list[str]]) -> str:
    return "\n".join(",".join(row) for row in rows)


def rows_or_refusal(text: str) -> list[Row] | DatasetError:
    try:
        return read_rows(text, ",", "t.csv")[1]
    except DatasetError as error:
        return error


@settings(max_examples=200)
@given(
    st.lists(st.lists(st.one_of(cells, st.sampled_from(COLUMNS)), max_size=5), max_size=5),
    st.sampled_from([quoted, as_it_is]),
)
@example([["path", "label"], ["a", "b"]], as_it_is)
@example([["a", "b", "0.5"]], quoted)
def test_any_table_is_read_or_refused_in_one_way(
    rows: list[list[str]], written: Callable[[list[list[str]]], str]
) -> None:
    read = rows_or_refusal(written(rows))
    if isinstance(read, DatasetError):
        assert str(read).startswith("t.csv")
    else:
        assert all(row.path.strip() and row.weight > 0 and math.isfinite(row.weight) for row in read)
