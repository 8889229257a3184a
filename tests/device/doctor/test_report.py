"""Findings as values."""

from sagui.device.doctor.report import Level, count, document, failed, ok, warning

FINDINGS = [ok("a", "well"), warning("b", "hm", "do this"), failed("c", "no", "do that"), ok("d", "well")]


def test_levels_are_counted() -> None:
    assert count(FINDINGS) == {Level.OK: 2, Level.WARNING: 1, Level.FAILED: 1}


def test_programs_get_every_finding_and_the_counts() -> None:
    told = document(iter(FINDINGS))
    assert (told["ok"], told["warning"], told["failed"]) == (2, 1, 1)
    assert told["findings"][1] == {"check": "b", "level": "warning", "text": "hm", "mend": "do this"}
    assert told["findings"][0]["mend"] == ""
