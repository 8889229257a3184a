"""The folder of a run: written whole or not at all, and never over something else."""

import shutil
from pathlib import Path

import pytest

from sagui.train.errors import RunError
from sagui.train.run import MODEL, check_free, new_folder, read_photo_file, read_run


def test_a_run_is_replaced_whole(tmp_path: Path) -> None:
    for content in ("old", "new"):
        with new_folder(tmp_path / "run", overwrite=True) as folder:
            (folder / "run.json").write_text(content)
            (folder / content).touch()
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["new", "run.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_old_run_stays_if_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_folder(tmp_path / "run") as folder:
        (folder / "run.json").write_text("old")
    rename, calls = Path.rename, []

    def fail_once(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 2:  # the old one is aside, the new one is next
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_once)

    def replace() -> None:
        with new_folder(tmp_path / "run", overwrite=True) as folder:
            (folder / "run.json").write_text("new")

    with pytest.raises(RunError, match="Input/output error"):
        replace()
    assert (tmp_path / "run" / "run.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_failed_run_leaves_nothing(tmp_path: Path) -> None:
    def fill_the_disk() -> None:
        with new_folder(tmp_path / "run") as folder:
            (folder / "model.keras").write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(RunError, match="No space left on device; nothing was kept"):
        fill_the_disk()
    assert not list(tmp_path.iterdir())


def test_a_photo_that_changed_is_found_out(shapes_run: Path, shapes: Path, tmp_path: Path) -> None:
    run = read_run(shapes_run)
    photo = run.split["test"][0]
    moved = tmp_path / "moved"
    shutil.copytree(shapes, moved)
    assert read_photo_file(run, photo, moved)
    (moved / photo.name).write_bytes(b"another photo")
    with pytest.raises(RunError, match="the photo has changed since the training"):
        read_photo_file(run, photo, moved)
    (moved / photo.name).unlink()
    with pytest.raises(RunError, match="say where to with --data DIR"):
        read_photo_file(run, photo, moved)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "run.json").unlink(), "not a finished run"),
        (lambda folder: (folder / "run.json").write_text("{"), "not a run of this sagui"),
        (lambda folder: (folder / MODEL).unlink(), "is missing"),
    ],
)
def test_a_run_that_is_not_whole_is_refused(shapes_run: Path, tmp_path: Path, damage: object, reason: str) -> None:
    shutil.copytree(shapes_run, tmp_path / "run")
    damage(tmp_path / "run")  # type: ignore[operator]
    with pytest.raises(RunError, match=reason):
        read_run(tmp_path / "run")


def test_the_folder_one_is_in_is_no_place_for_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match="is the folder you are in"):
        check_free(Path(), overwrite=False)


def test_a_run_that_exists_is_not_replaced_unasked(shapes_run: Path) -> None:
    with pytest.raises(RunError, match=r"exists; choose another folder with --out, or replace it with --overwrite"):
        check_free(shapes_run, overwrite=False)
    check_free(shapes_run, overwrite=True)


def test_a_folder_that_is_no_run_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("years of work")
    with pytest.raises(RunError, match="is not a run, so it is not replaced"):
        check_free(tmp_path / "thesis", overwrite=True)


def test_a_place_that_cannot_be_written_is_known_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path / "file" / "run", Path("/proc/sagui/run"), Path("/")):
        with pytest.raises(RunError, match="cannot be"):
            check_free(out, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_run_is_not_put_into_another(shapes_run: Path) -> None:
    with pytest.raises(RunError, match="is inside the run"):
        check_free(shapes_run / "again", overwrite=False)


def test_an_older_run_is_refused_by_its_schema(shapes_run: Path, tmp_path: Path) -> None:
    shutil.copytree(shapes_run, tmp_path / "run")
    path = tmp_path / "run" / "run.json"
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 9'))
    with pytest.raises(RunError, match="schema 9, this sagui reads 2"):
        read_run(tmp_path / "run")
