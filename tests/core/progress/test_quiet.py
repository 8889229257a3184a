"""The chatter of native libraries."""

import os
import tempfile
from pathlib import Path

import pytest

from sagui.progress.quiet import quiet_native


def test_it_is_held_back_and_shown_where_the_work_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_native():
        os.write(2, b"chatter\n")
    assert capfd.readouterr().err == ""

    def fail() -> None:
        with quiet_native():
            os.write(2, b"the reason\n")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert capfd.readouterr().err == "the reason\n"


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux has files without a disk")
def test_it_needs_no_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[bytes] = []

    def fail() -> None:
        with quiet_native(told.append):
            os.write(2, b"chatter\n")
            raise ZeroDivisionError

    with monkeypatch.context() as without:
        without.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
        with pytest.raises(ZeroDivisionError):
            fail()
    assert told == [b"chatter\n"]
    assert capfd.readouterr().err == ""
