"""Whether the time can be true, and who keeps it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sagui.device.doctor.clock import check_clock
from sagui.device.doctor.report import Level

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
SHOW = "timedatectl show"


@pytest.mark.parametrize("year", [1970, 2025, 2076, 2199])
def test_a_year_that_cannot_be_fails_whatever_the_service_says(tree: Any, year: int) -> None:
    tree.answer(SHOW, "NTPSynchronized=yes\nNTP=yes\n")
    (finding,) = check_clock(tree.machine, NOW.replace(year=year))
    assert finding.level is Level.FAILED
    assert "timedatectl set-ntp true" in finding.mend


@pytest.mark.parametrize(
    ("shown", "level", "words"),
    [
        ("NTPSynchronized=yes\nNTP=yes\n", Level.OK, "kept right"),
        ("NTP=yes\nNTPSynchronized=no\n", Level.WARNING, "has not told the time yet"),
        ("NTPSynchronized=no\nNTP=no\n", Level.WARNING, "nothing keeps it right"),
        ("nonsense\n", Level.WARNING, "not known"),
    ],
)
def test_who_keeps_the_time_is_asked(tree: Any, shown: str, level: Level, words: str) -> None:
    tree.answer(SHOW, shown)
    (finding,) = check_clock(tree.machine, NOW)
    assert finding.level is level
    assert words in finding.text


def test_without_timedatectl_the_services_own_file_tells(tree: Any) -> None:
    assert "not known" in check_clock(tree.machine, NOW)[0].text
    tree.put("run/systemd/timesync/synchronized")
    assert check_clock(tree.machine, NOW)[0].level is Level.OK
