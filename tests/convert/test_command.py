"""`sagui convert` on the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sagui.bundle import read_bundle
from sagui.cli import cli
from sagui.convert import command
from sagui.convert.errors import GateError
from sagui.infer.metadata import read_metadata


def test_what_was_chosen_is_in_the_bundle_and_beside_it(shapes_run: Path, tmp_path: Path) -> None:
    asked = ["--quantize", "none", "--name", "shapes", "--version", "3.1.4", "--author", "A. Nyone"]
    done = CliRunner().invoke(
        cli, ["convert", str(shapes_run), "--out", str(tmp_path), *asked, "--license", "CC0-1.0", "--c-array"]
    )
    assert done.exit_code == 0, done.output
    assert "shapes-3.1.4.sagui: none, " in done.output
    model = read_bundle(tmp_path / "shapes-3.1.4.sagui").model
    found = read_metadata(model)
    assert (found.author, found.license) == ("A. Nyone", "CC0-1.0")
    source = (tmp_path / "shapes_model.c").read_text()
    assert source.count("0x") >= len(model)
    assert "shapes_model.h" in done.output


def test_a_refusal_shows_the_photos_that_changed_sides(
    shapes_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise GateError("it fell too far", ["a.png is disc: float says disc (0.90), this file square (0.60)"])

    monkeypatch.setattr(command, "convert_run", refuse)
    done = CliRunner().invoke(cli, ["convert", str(shapes_run), "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "  a.png is disc: float says disc (0.90), this file square (0.60)",
        "Error: it fell too far",
    ]


@pytest.mark.parametrize(
    "wrong", [["--quantize", "int4"], ["--io", "float32"], ["--max-drop", "-1"], ["--min-agreement", "101"]]
)
def test_a_wrong_choice_is_wrong_use(wrong: list[str]) -> None:
    assert CliRunner().invoke(cli, ["convert", "runs/x", *wrong]).exit_code == 2
