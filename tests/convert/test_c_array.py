"""A model as C source: a compiler has the last word."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.c_array import c_identifier, c_string, write_c_array

LABELS = ("red", 'with "quotes"', "back\\slash", "Größe", "what??!", "日本", "7\t8", "")

MAIN = """\
#include <stdio.h>
#include <stdint.h>
#include "solar_cells_model.h"
int main(void) {
    fwrite(solar_cells_model, 1, solar_cells_model_len, stdout);
    fprintf(stderr, "%d\\n", (int)((uintptr_t)solar_cells_model % 16));
    for (unsigned int i = 0; i < solar_cells_labels_len; i++) fprintf(stderr, "%s%c", solar_cells_labels[i], 0);
    return 0;
}
"""


def compiled(folder: Path, files: dict[str, str], *command: str) -> subprocess.CompletedProcess[bytes]:
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    subprocess.run([*command, "-o", "out"], cwd=folder, check=True, capture_output=True)
    return subprocess.run([folder / "out"], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("compiler", "main"), [("cc -std=c99 -Wall -Wextra -pedantic -Werror", "main.c"), ("c++ -Werror", "main.cc")]
)
def test_the_bytes_come_back_equal(
    compiler: str, main: str, toy_tflite: bytes, tmp_path: Path, program: Callable[[str], str]
) -> None:
    name, *flags = compiler.split()
    files = write_c_array(toy_tflite, "solar-cells", LABELS)
    assert sorted(files) == ["solar_cells_model.c", "solar_cells_model.h"]
    # The array is compiled as C, and used from C or from C++.
    (tmp_path / "solar_cells_model.c").write_text(files["solar_cells_model.c"])
    (tmp_path / "solar_cells_model.h").write_text(files["solar_cells_model.h"])
    subprocess.run([program("cc"), "-c", "solar_cells_model.c"], cwd=tmp_path, check=True, capture_output=True)
    done = compiled(tmp_path, {main: MAIN}, program(name), *flags, main, "solar_cells_model.o")
    assert done.stdout == toy_tflite
    border, _, labels = done.stderr.partition(b"\n")
    assert border == b"0"
    assert labels.decode().split("\0")[:-1] == list(LABELS)


def test_without_labels_there_is_no_array_of_them() -> None:
    assert "labels" not in "".join(write_c_array(b"TFL3", "toy").values())


@given(st.binary(min_size=1, max_size=60))
def test_every_byte_is_written(content: bytes) -> None:
    source = write_c_array(content, "toy")["toy_model.c"]
    assert bytes(int(byte, 16) for byte in re.findall(r"0x([0-9a-f]{2})\b", source)) == content
    assert f"toy_model_len = {len(content)};" in source


@given(st.text(max_size=30))
def test_any_name_becomes_one_that_c_allows(name: str) -> None:
    identifier = c_identifier(name)
    assert re.fullmatch(r"[A-Za-z][0-9A-Za-z]*(_[0-9A-Za-z]+)*", identifier)
    assert c_identifier(identifier) == identifier


@given(st.text(max_size=30))
def test_any_label_becomes_one_string(label: str) -> None:
    literal = c_string(label)
    assert literal.isascii()
    assert literal.isprintable()
    # JSON knows no octal escapes; hexadecimal ones of four digits mean the same.
    text = json.loads(re.sub(r"\\([0-7]{3})", lambda match: f"\\u{int(match[1], 8):04x}", literal))
    assert text.encode("latin-1").decode() == label
