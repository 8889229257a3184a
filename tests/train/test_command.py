"""`sagui train` on the command line."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sagui.train.recipe.choices import Recipe
from sagui.train.recipe.read import read_recipe

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_explain_is_a_recipe_file(run_sagui: Run, tmp_path: Path) -> None:
    done = run_sagui("train", "--explain")
    assert done.returncode == 0, done.stderr
    (tmp_path / "recipe.toml").write_text(done.stdout)
    assert read_recipe(tmp_path / "recipe.toml") == Recipe()


def test_options_settings_and_files_come_together(run_sagui: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("seed = 5\n[training]\nepochs = 7\n")
    done = run_sagui(
        "train", "--explain", "--recipe", tmp_path / "mine.toml", "--epochs", 9, "--set", "optimizer.name=sgd"
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert {"seed = 5", "epochs = 9", 'name = "sgd"'} <= set(lines)


def test_it_trains_and_says_where_to_read(run_sagui: Run, shapes: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = run_sagui(
        "train", shapes, "--out", out, "--backbone", "lenet-5", "--epochs", 2, SAGUI_CACHE=str(tmp_path / "cache")
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{out}: ")
    assert done.stdout.rstrip().endswith(f"read {out}/report.html")


def test_find_lr_suggests_one(run_sagui: Run, shapes: Path, tmp_path: Path) -> None:
    out = tmp_path / "rates"
    done = run_sagui(
        "train", shapes, "--out", out, "--backbone", "lenet-5", "--find-lr", SAGUI_CACHE=str(tmp_path / "cache")
    )
    assert done.returncode == 0, done.stderr
    assert "--set optimizer.learning_rate=" in done.stdout
    assert (out / "learning-rate.png").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        ([], 2, "Missing argument 'DATA'"),
        (["elpv"], 2, "Missing option '--out'"),
        (["elpv", "--out", "x", "--set", "optimizer.nam=sgd"], 1, "did you mean optimizer.name"),
        (["elpv", "--out", "x", "--epochs", "many"], 1, "training.epochs = many: allowed is a whole number from 1"),
        (["elpv", "--out", "x", "--recipe", "gone.toml"], 1, "gone.toml: the recipe cannot be read"),
        (["elpv", "--out", "x", "--engine", "spark"], 2, "Invalid value for '--engine'"),
    ],
)
def test_wrong_use_is_told_in_a_line(
    run_sagui: Run, tmp_path: Path, arguments: list[str], status: int, reason: str
) -> None:
    done = run_sagui("train", *arguments, SAGUI_CACHE=str(tmp_path))
    assert done.returncode == status
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
