"""The command line: quick to start, clear when it fails."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from sagui.cli import COMMANDS, cli

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    shown = CliRunner().invoke(cli, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert "Usage: " in shown.output
    assert len(shown.output.splitlines()) > 8


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_in_the_table_is_the_commands_own(name: str) -> None:
    import importlib

    entry = COMMANDS[name]
    assert getattr(importlib.import_module(entry.module), entry.name).short_help == entry.summary


def test_help_lists_every_command() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).output
    for name, entry in COMMANDS.items():
        assert name in shown
        assert entry.summary in shown


def test_wrong_use_is_status_2(run_sagui: Run) -> None:
    assert run_sagui("classify").returncode == 2
    assert run_sagui("trian").returncode == 2
    assert run_sagui("classify", "model", "photo", "--top", "none").returncode == 2


def test_an_error_is_one_line_and_status_1(run_sagui: Run, tmp_path: Path) -> None:
    done = run_sagui("classify", tmp_path / "gone.sagui", "photo.jpg")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"Error: {tmp_path}/gone.sagui: cannot be read: No such file or directory"]
    assert done.stdout == ""


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m sagui.cli config schema"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        command.split(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""


def test_debug_shows_where_it_came_from(run_sagui: Run, tmp_path: Path) -> None:
    done = run_sagui("--debug", "classify", tmp_path / "gone.sagui", "photo.jpg")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    # A Pi without TensorFlow: importing it fails.
    (tmp_path / "tensorflow.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'tensorflow'\", name=__name__)"
    )
    (tmp_path / "keras.py").write_text("raise ModuleNotFoundError(\"No module named 'keras'\", name=__name__)")
    for command in ("train", "convert", "demo"):
        done = subprocess.run(
            [sys.executable, "-m", "sagui.cli", command, "--help"],
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            check=False,
        )
        assert done.returncode == 1
        extra = COMMANDS[command].extra
        assert done.stderr.splitlines()[-1] == f"Error: this needs TensorFlow: pip install 'sagui[{extra}]'"


@pytest.mark.parametrize("arguments", [("inspect", "MODEL"), ("data", "inspect", "PHOTOS")], ids=" ".join)
def test_a_missing_extra_is_named_when_a_command_finds_out_late(
    tmp_path: Path, toy_bundle: Path, colours: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'rich'\", name=__name__)"
    )
    places = {"MODEL": str(toy_bundle), "PHOTOS": str(colours)}
    done = subprocess.run(
        [sys.executable, "-m", "sagui.cli", *(places.get(part, part) for part in arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "Error: this needs rich: pip install 'sagui[train]'\n"


@pytest.mark.parametrize("as_json", [False, True])
def test_classify_names_photos(run_sagui: Run, toy_bundle: Path, colours: Path, as_json: bool) -> None:  # noqa: FBT001
    photos = sorted(colours.iterdir())
    done = run_sagui("classify", toy_bundle, *photos, "--top", 2, *(["--json"] if as_json else []))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(photos)
    for photo, line in zip(photos, lines, strict=True):
        label = photo.stem.partition("-")[2]
        assert f'"label": "{label}"' in line if as_json else f"{photo}: {label} (" in line


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["train", "{empty}", "--out", "{new}"], "no photos"),
        (["train", "/nowhere", "--out", "{new}"], "no such folder or table"),
        (
            ["train", "{shapes}", "--out", "{new}", "--backbone", "resnet"],
            "no backbone 'resnet'; did you mean resnet50",
        ),
        (["train", "{shapes}", "--out", "{new}", "--weights", "/nowhere.pth", "--image-size", "32"], "/nowhere.pth"),
        (["train", "{shapes}", "--out", "{shapes}"], "exists; choose another folder"),
        (["convert", "{empty}"], "not a finished run"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    run_sagui: Run, tmp_path: Path, shapes: Path, arguments: list[str], reason: str
) -> None:
    (tmp_path / "empty").mkdir()
    names = {"empty": tmp_path / "empty", "new": tmp_path / "out" / "run", "shapes": shapes}
    done = run_sagui(*(part.format(**names) for part in arguments), SAGUI_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert reason in errors[0]
    assert "Traceback" not in done.stderr
    assert not names["new"].exists()
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True
