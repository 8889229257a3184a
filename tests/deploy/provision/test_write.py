"""All files, or none."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sagui.deploy.provision.card import Entry, card_files
from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.order import Credentials, Order
from sagui.deploy.provision.partition import Partition, inspect
from sagui.deploy.provision.write import write_card

_Snapshot = Callable[[Path], dict[str, bytes]]


@pytest.fixture
def entries(make_order: Callable[..., Order], trixie: Path) -> dict[str, Entry]:
    order = make_order(credentials=Credentials(password=b"hunter2\n"))
    return card_files(order, "trixie", (trixie / "cmdline.txt").read_text())


def test_all_is_there_and_the_rest_stays(trixie: Path, entries: dict[str, Entry], snapshot: _Snapshot) -> None:
    before = snapshot(trixie)
    write_card(inspect(trixie, None), entries)
    assert snapshot(trixie) == before | {path: entry.content for path, entry in entries.items()}


def test_twice_is_once(trixie: Path, entries: dict[str, Entry], snapshot: _Snapshot) -> None:
    write_card(inspect(trixie, None), entries)
    once = snapshot(trixie)
    (trixie / "sagui" / "left-over").touch()
    write_card(inspect(trixie, None), entries)
    assert snapshot(trixie) == once


def test_secrets_are_private_where_the_filesystem_knows_the_word(trixie: Path, entries: dict[str, Entry]) -> None:
    write_card(inspect(trixie, None), entries)
    assert (trixie / "sagui/secrets/mqtt-password").stat().st_mode & 0o077 == 0
    assert (trixie / "sagui").stat().st_mode & 0o077 == 0


def test_a_card_without_room_is_refused_first(trixie: Path, entries: dict[str, Entry], snapshot: _Snapshot) -> None:
    before = snapshot(trixie)
    with pytest.raises(ProvisionError, match=r"1 MiB are free, and 1[78] MiB are needed"):
        write_card(Partition(trixie, "trixie", "", 1 << 20), entries)
    assert snapshot(trixie) == before


def _count(monkeypatch: pytest.MonkeyPatch, name: str, fail_at: int) -> list[int]:
    """Lets the n-th call of a function of the filesystem fail, once."""
    calls, real = [0], getattr(Path if hasattr(Path, name) else os, name)

    def counted(*arguments: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == fail_at:
            raise OSError(28, "No space left on device")
        return real(*arguments, **options)

    monkeypatch.setattr(Path if hasattr(Path, name) else os, name, counted)
    return calls


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("name", ["fsync", "rename", "replace", "mkdir"])
def test_whatever_fails_the_card_is_as_it_was(
    trixie: Path,
    entries: dict[str, Entry],
    snapshot: _Snapshot,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    again: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    if again:
        write_card(inspect(trixie, None), entries)
        entries = entries | {"user-data": Entry(b"# Written by sagui provision.\n# another\n")}
    before = snapshot(trixie)
    partition = inspect(trixie, None)
    with monkeypatch.context() as counting:
        total = _count(counting, name, fail_at=-1)
        write_card(partition, entries)
    restore(trixie, before)
    assert total[0] > 0
    for fail_at in range(1, total[0] + 1):
        with monkeypatch.context() as failing:
            _count(failing, name, fail_at)
            with pytest.raises(ProvisionError, match="No space left on device; nothing was changed"):
                write_card(partition, entries)
        assert snapshot(trixie) == before, f"{name} {fail_at} of {total[0]}"


def restore(folder: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(folder)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
