"""How a reader's page takes what is compared; what it looks like is in test_browser.py."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from tests.deploy.dashboard.drift.test_views import CHANGED, STEADY

from sagui.deploy.dashboard.drift.page import DriftPage
from sagui.deploy.dashboard.drift.survey import Drift, Found
from sagui.deploy.dashboard.texts import speak
from sagui.deploy.history import HistoryError


class Slow:
    """Compares when it is told to."""

    def __init__(self, answers: dict[str, Drift | str]) -> None:
        self._answers = answers
        self.go_on = asyncio.Event()
        self.begun = 0
        self.is_away = False

    async def devices(self) -> list[str]:
        if self.is_away:
            raise HistoryError("database x: away")
        self.begun += 1
        return list(self._answers)

    async def look(self, devices: Sequence[str], _span_ms: int) -> Found:
        await self.go_on.wait()
        found = Found()
        for device in devices:
            answer = self._answers[device]
            if isinstance(answer, str):
                found.failed[device] = answer
            else:
                found.drifts.append(answer)
        return found


class Page(DriftPage):
    """Has no browser."""

    def __init__(self, survey: Any) -> None:
        self._survey, self._say, self._client = survey, speak("en"), SimpleNamespace(is_deleted=False)  # type: ignore[assignment]
        self._drifts, self._load_number, self._is_loading = {}, 0, False
        self._span = SimpleNamespace(value="24h")  # type: ignore[assignment]
        self._note = SimpleNamespace(set_text=self._tell)  # type: ignore[assignment]
        self.note, self.listed = "", list[str]()

    def _tell(self, text: str) -> None:
        self.note = text

    def _list(self, found: list[Drift]) -> None:
        self.listed = [drift.device for drift in found]

    def _choose(self) -> None:
        pass


def test_a_device_that_fails_leaves_the_others_on_the_page() -> None:
    async def look() -> Page:
        survey = Slow({"slow": "timed out", "porch": CHANGED, "attic": STEADY})
        survey.go_on.set()
        page = Page(survey)
        await page._load()
        return page

    page = asyncio.run(look())
    assert page.listed == ["porch", "attic"]
    assert page.note.startswith("Changed: 1. Steady: 1. Too few results: 0. ")
    assert page.note.endswith("Not compared, as the database failed: 1 (timed out).")


def test_a_slow_comparison_is_not_begun_again_before_it_is_through() -> None:
    async def look() -> tuple[int, list[str], int]:
        survey = Slow({"porch": CHANGED})
        page = Page(survey)
        first = asyncio.create_task(page._load())
        await asyncio.sleep(0)
        await page._reload()
        begun = survey.begun
        survey.go_on.set()
        await first
        await page._reload()
        return begun, page.listed, survey.begun

    assert asyncio.run(asyncio.wait_for(look(), 10)) == (1, ["porch"], 2)


def test_a_choice_of_the_reader_takes_over_from_what_is_compared() -> None:
    async def look() -> tuple[int, bool]:
        survey = Slow({"porch": CHANGED})
        page = Page(survey)
        both = [asyncio.create_task(page._load()) for _ in range(2)]
        await asyncio.sleep(0)
        survey.go_on.set()
        await asyncio.gather(*both)
        return survey.begun, page._is_loading

    assert asyncio.run(asyncio.wait_for(look(), 10)) == (2, False)


def test_a_database_that_is_away_is_told_at_once_and_asked_again() -> None:
    async def look() -> tuple[str, str]:
        survey = Slow({"porch": CHANGED})
        survey.go_on.set()
        survey.is_away = True
        page = Page(survey)
        await page._load()
        told, survey.is_away = page.note, False
        await page._reload()
        return told, page.note

    told, then = asyncio.run(look())
    assert told == "database x: away"
    assert then.startswith("Changed: 1.")
