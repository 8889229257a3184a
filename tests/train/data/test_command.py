"""`sagui data`, as it is typed."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sagui.train.data.command import data
from sagui.train.datasets import Dataset
from sagui.train.errors import DatasetError


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for name in ("cat/1.png", "dog/1.png", "dog/2.heic"):
        path = tmp_path / "pets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"photo")
    return tmp_path / "pets"


def sagui_data(*arguments: object) -> Result:
    return CliRunner().invoke(data, list(map(str, arguments)))


def test_export_says_what_it_wrote(pets: Path, tmp_path: Path) -> None:
    done = sagui_data("export", pets, tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{tmp_path / 'out'}: 2 photos of 2 classes\n"
    assert (tmp_path / "out" / "dog" / "1.png").read_bytes() == b"photo"


def test_export_names_the_table_when_it_knows_more(pets: Path, tmp_path: Path) -> None:
    (pets / "t.csv").write_text("path,label,weight\ncat/1.png,cat,2\ndog/1.png,dog,1\n")
    out = tmp_path / "out"
    done = sagui_data("export", pets / "t.csv", out)
    assert done.stdout == f"{out}: 2 photos of 2 classes; give {out / 'labels.csv'} to sagui train, it knows all\n"


def test_export_replaces_only_when_told(pets: Path, tmp_path: Path) -> None:
    assert sagui_data("export", pets, tmp_path / "out").exit_code == 0
    refused = sagui_data("export", pets, tmp_path / "out")
    assert isinstance(refused.exception, DatasetError)
    assert sagui_data("export", pets, tmp_path / "out", "--overwrite", "--link").exit_code == 0
    assert (tmp_path / "out" / "cat" / "1.png").samefile(pets / "cat" / "1.png")


def test_inspect_prints_each_finding(pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def inspect(dataset: Dataset, out: Path, cache: Path, progress: object) -> SimpleNamespace:
        asked.update(labels=dataset.labels, out=out, cache=cache)
        return SimpleNamespace(lines=lambda: ["2 photos", "nothing is wrong"])

    module = ModuleType("sagui.train.data.inspect")
    module.inspect = inspect  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sagui.train.data.inspect", module)
    monkeypatch.setenv("SAGUI_CACHE", str(tmp_path / "cache"))
    done = sagui_data("inspect", pets, "--out", tmp_path / "page.html")
    assert done.exit_code == 0, done.output
    assert asked == {"labels": ("cat", "dog"), "out": tmp_path / "page.html", "cache": tmp_path / "cache"}
    note, *rest = done.stdout.splitlines()
    assert "photos of other kinds were left out (1 .heic)" in note
    assert rest == ["2 photos", "nothing is wrong", f"{tmp_path / 'page.html'}: the page with all of it"]


@pytest.mark.parametrize("command", ["export", "inspect"])
def test_help_is_there(command: str) -> None:
    done = sagui_data(command, "--help")
    assert done.exit_code == 0
    assert "keras:NAME=FILE" in done.output or "what sagui train takes" in done.output
