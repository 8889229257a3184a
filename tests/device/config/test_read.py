"""The file of settings, from the disk to what it holds."""

import os
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sagui.device.config.read import MAX_BYTES, Document, is_there, parse_settings, read_settings
from sagui.device.errors import ConfigError


def test_a_file_is_read_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text('device = "porch"\n\n[broker]\nurl = "mqtt://häuschen"\n', "utf-8")
    document = read_settings(path)
    assert document.name == str(path)
    assert document.data == {"device": "porch", "broker": {"url": "mqtt://häuschen"}}
    assert document.line(("broker", "url")) == 4


def test_an_empty_file_is_one(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.touch()
    assert read_settings(path).data == {}


def test_without_a_text_there_are_no_lines() -> None:
    assert Document("a", {"device": "porch"}).line(("device",)) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = 1\nb 2", "x:2:3: not TOML: Expected '=' after a key in a key/value pair"),
        (b"a = 1\nb = ", "x:2:5: not TOML: Invalid value"),
        (b"a = 1\nb = porch", 'x:2:5: not TOML: Invalid value; texts stand in quotes, such as "porch"'),
        (b"a = [\n1,\n", "x:2:3: not TOML: "),
        (b"a = 1\na = 2", "x:2:6: not TOML: Cannot overwrite a value"),
        (b"[a]\n[a]\n", "x:2:3: not TOML: Cannot declare ('a',) twice"),
        (b"\xef\xbb\xbfa = 1", "x:1:1: begins with a byte order mark"),
        ("a = 1".encode("utf-16"), "x:1:1: this is UTF-16; save it as UTF-8"),
        (b"a = 1\n\0\0\0", "x:2: holds a NUL byte, so it is damaged or not text"),
        (b'a = 1\nb = "\xe4"', "x:2: byte 0xe4 is not UTF-8"),
        (b"a = " + b"[" * 50_000, "x: arrays or tables stand too deep in each other"),
        (b"a = " + b"9" * 5000, "x: not TOML that can be read: "),
    ],
)
def test_what_is_no_toml_is_refused_with_its_place(content: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match="^" + re.escape(said)) as caught:
        parse_settings(content, "x")
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=40) | st.text(st.sampled_from("a1.=[]{}\"'\\#,\n\r\t_-:é"), max_size=40).map(str.encode))
@example(b'a = "\\')
@example(b"a = 1979-13-01")
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        data = tomllib.loads(content.decode())
    except (ValueError, RecursionError):
        with pytest.raises(ConfigError, match=r"^x:"):
            parse_settings(content, "x")
        return
    document = parse_settings(content, "x")
    assert document.data == data
    assert all(document.line((key,)) for key in document.data)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    for name, said in {
        "": "not a file",
        "pipe": "not a file",
        "none": "there is no such file; `sagui config init ",
        "file/inside": "cannot be read: Not a directory",
        "loop": "cannot be read: Too many levels of symbolic links",
        "x" * 300: "cannot be read: File name too long",
        "\0": "is no path",
    }.items():
        with pytest.raises(ConfigError, match=said):
            read_settings(tmp_path / name)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "agent.toml"
    path.touch()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # the tests may run as root, who may read all
    with pytest.raises(ConfigError, match=r"agent\.toml: cannot be read: Permission denied"):
        read_settings(path)


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_bytes(b"#" * MAX_BYTES)
    assert read_settings(path).data == {}
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="larger than 1048576 bytes"):
        read_settings(path)


def test_whether_a_file_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "file").touch()
    assert is_there(tmp_path / "file")
    assert is_there(tmp_path / "dangling")  # somebody meant it to be there
    assert not is_there(tmp_path / "none")
    assert not is_there(tmp_path / "file" / "inside")

    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "lstat", refuse)
    assert is_there(tmp_path / "none")
