"""What a sweep found is on the disk after each training, and is found again."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.train.errors import DatasetError, RunError
from sagui.train.sweep.journal import TRIALS, About, Journal, Score

ABOUT = About(dataset="photos", photos="a" * 64)
SCORES = tuple(Score(recipe=str(number) * 64, fold=number, accuracy=number / 10, n=10) for number in range(4))


def written(folder: Path, scores: tuple[Score, ...] = SCORES) -> Journal:
    journal = Journal(folder)
    with journal.open(ABOUT, resume=False) as notes:
        for score in scores:
            notes.add(score)
    return journal


def known(journal: Journal, about: About = ABOUT) -> tuple[Score, ...]:
    with journal.open(about, resume=True) as notes:
        return notes.known


def test_what_was_written_is_known(tmp_path: Path) -> None:
    assert known(written(tmp_path / "sweep")) == SCORES
    assert known(Journal(tmp_path / "new")) == ()


def test_what_failed_is_tried_again(tmp_path: Path) -> None:
    lost = Score(recipe="f" * 64, fold=0, reason="the disk was full")
    assert known(written(tmp_path, (SCORES[0], lost, SCORES[1]))) == SCORES[:2]


@settings(deadline=None, max_examples=40)
@given(cut=st.integers(0, 600))
def test_a_line_that_was_not_ended_is_forgotten(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    journal = written(tmp_path_factory.mktemp("sweep"))
    path = journal.folder / TRIALS
    content = path.read_bytes()[:cut]
    path.write_bytes(content)
    ended = max(0, content.count(b"\n") - 1)
    assert known(journal) == SCORES[:ended]
    with journal.open(ABOUT, resume=True) as notes:
        notes.add(SCORES[3])
    assert known(journal) == (*SCORES[:ended], SCORES[3])


def test_other_photos_are_refused(tmp_path: Path) -> None:
    journal = written(tmp_path)
    with pytest.raises(DatasetError, match=r"the photos of other, or how they are split, are not those .* \(photos\)"):
        known(journal, About(dataset="other", photos="b" * 64))
    assert known(journal) == SCORES


@pytest.mark.parametrize("content", [b"{}\n", b"\xff\xfe\n", b'{"dataset":"a","photos":"b"}\n{"recipe":3}\n'])
def test_what_is_no_journal_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / TRIALS).write_bytes(content)
    with pytest.raises(RunError, match=r"trials\.jsonl: cannot be read: .*; start again with --overwrite"):
        known(Journal(tmp_path), About(dataset="a", photos="b"))
    assert (tmp_path / TRIALS).read_bytes() == content


def test_a_sweep_that_starts_again_leaves_nothing_of_the_old_one(tmp_path: Path) -> None:
    journal = written(tmp_path)
    for name in ("trials.csv", "best.toml", "notes.txt"):
        (tmp_path / name).touch()
    with journal.open(ABOUT, resume=False) as notes:
        assert notes.known == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", TRIALS]


def test_nothing_is_lost_by_accident(tmp_path: Path) -> None:
    journal = written(tmp_path / "sweep")
    with pytest.raises(RunError, match="holds a sweep; go on with --resume, start again with --overwrite"):
        journal.check_free(resume=False, overwrite=False)
    journal.check_free(resume=True, overwrite=False)
    journal.check_free(resume=False, overwrite=True)
    with pytest.raises(RunError, match="say one of them"):
        journal.check_free(resume=True, overwrite=True)


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    Journal(tmp_path / "thesis").check_free(resume=False, overwrite=False)
    (tmp_path / "thesis" / "chapter1.tex").touch()
    for path in (tmp_path / "thesis", tmp_path / "thesis" / "chapter1.tex"):
        with pytest.raises(RunError, match="is not a sweep, so it is left as it is"):
            Journal(path).check_free(resume=False, overwrite=True)


def test_two_sweeps_do_not_write_one_journal(tmp_path: Path) -> None:
    journal = written(tmp_path)
    with journal.open(ABOUT, resume=True), pytest.raises(RunError, match="another sweep writes it"):
        known(journal)
    assert known(journal) == SCORES


def test_a_disk_that_fills_is_named(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with Path("/dev/full").open("wb", buffering=0) as full, journal.open(ABOUT, resume=False) as notes:
        notes._file = full
        with pytest.raises(
            RunError, match=r"cannot be written: No space left on device; mend it, and go on with --res"
        ):
            notes.add(SCORES[0])


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written: Not a directory"):
        known(Journal(tmp_path / "file" / "sweep"))
