"""The page *History*: a day of a device, or of all."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from time import time
from urllib.parse import urlencode

from nicegui import run, ui
from starlette.requests import Request

from sagui.deploy.dashboard.frame import Frame
from sagui.deploy.dashboard.live.board import Board
from sagui.deploy.dashboard.past.charts import LabelCount, count_chart, score_chart, table_columns, table_rows
from sagui.deploy.dashboard.past.day import Past, read_past
from sagui.deploy.dashboard.past.view import DayView
from sagui.deploy.history import History, HistoryError
from sagui.wire import WireError, topics

ALL = ""
"""Stands for all devices."""


def day_ms(text: str) -> int | None:
    """Reads a day, as the beginning of it in UTC; None where it is no day.

    >>> day_ms("2026-11-21")
    1795219200000
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def day_beside(text: str, days: int) -> str:
    """Gives the day that is so many after; where there is none, today.

    >>> day_beside("2026-12-31", 1), day_beside("2026-12-31", -1)
    ('2027-01-01', '2026-12-30')
    """
    try:
        return (date.fromisoformat(text) + timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return _today()


def _today() -> str:
    return datetime.fromtimestamp(time(), UTC).date().isoformat()


def _known_as(device: str) -> str:
    try:
        return topics.check_device(device)
    except WireError:
        return ALL


class HistoryPage:
    """One reader's page."""

    def __init__(self, history: History, board: Board, frame: Frame, request: Request) -> None:
        """Builds it; what is in the database comes a moment later.

        Args:
            history: What is shown.
            board: Knows devices that have no results yet.
            frame: Around it.
            request: May name ``device`` and ``day``.
        """
        self._history, self._board, self._frame = history, board, frame
        asked = request.query_params
        self._asked_device = _known_as(asked.get("device", ALL))
        day = asked.get("day", "")
        self._loads, self._one_at_a_time = 0, asyncio.Lock()
        self._build(day if day_ms(day) is not None else _today())
        ui.timer(0, self._open, once=True)

    def _build(self, day: str) -> None:
        say = self._frame.say
        with ui.element("div").classes("tools"):
            self._device = ui.select({ALL: say("all_devices")}, value=ALL, label=say("device"), with_input=True)
            self._device.props("outlined dense").on_value_change(self._load)
            with ui.element("div").classes("days"):
                self._step("previous_day", "←", -1)
                self._day = ui.input(say("day"), value=day, on_change=self._load).props("outlined dense type=date")
                self._step("next_day", "→", 1)
        self._links = ui.element("div").classes("links")
        self._note = ui.label().classes("quiet").props("role=status")
        self._content = ui.element("div").classes("panels")

    async def _open(self) -> None:
        say, is_known = self._frame.say, True
        names = {row.device for row in self._board.rows()}
        try:
            names |= set(await run.io_bound(self._history.devices) or [])
            is_known = self._asked_device in names | {ALL}
        except HistoryError as error:
            self._note.set_text(str(error))
        if self._content.is_deleted:
            return
        if is_known:
            names |= {self._asked_device} - {ALL}
        self._device.set_options({ALL: say("all_devices")} | {name: name for name in sorted(names)})
        if not is_known:
            self._link(None, None)
            self._clear(say("no_device", device=self._asked_device))
        elif self._asked_device != self._device.value:
            self._device.set_value(self._asked_device)  # which loads
        else:
            await self._load()

    async def _load(self) -> None:
        say, device = self._frame.say, self._device.value or None
        begin_ms = day_ms(self._day.value or "")
        self._link(device, begin_ms)
        self._loads += 1
        if begin_ms is None:
            self._clear(say("no_day"))
            return
        mine, past, trouble = self._loads, None, ""
        async with self._one_at_a_time:
            if mine != self._loads:  # another day was chosen while the last was being read
                return
            try:
                past = await run.io_bound(read_past, self._history, begin_ms, device, say("other"))
            except HistoryError as error:
                trouble = str(error)
        if mine == self._loads and not self._content.is_deleted:
            self._show(past, trouble)

    def _show(self, past: Past | None, trouble: str) -> None:
        say = self._frame.say
        if past is None or not past.labels:
            self._clear(trouble or say("no_results"))
            return
        self._clear("" if past.day else say("timeline_choose"))
        view = DayView(past.day, say) if past.day else None
        with self._content:
            if view:
                view.show_timeline()
            self._panel(say("per_hour"), count_chart(past.labels), "chart")
            self._panel(say("scores"), score_chart(past.labels), "chart low")
            if view:
                view.show_scores()
            self._show_table(past.labels)

    def _show_table(self, labels: list[LabelCount]) -> None:
        say = self._frame.say
        with ui.element("section").classes("panel"):
            ui.html(say("day_table"), sanitize=True, tag="h2")
            ui.table(columns=table_columns(say), rows=table_rows(labels, say), row_key="label").props("flat dense")

    def _step(self, key: str, sign: str, days: int) -> None:
        def go() -> None:
            self._day.set_value(day_beside(self._day.value or "", days))  # which loads

        name = self._frame.say(key)
        ui.button(sign, on_click=go, color=None).props(f'flat dense aria-label="{name}" title="{name}"').classes("step")

    def _clear(self, note: str) -> None:
        self._note.set_text(note)
        self._note.set_visibility(bool(note))
        self._content.clear()

    def _panel(self, title: str, options: dict[str, object], classes: str) -> None:
        with ui.element("section").classes("panel"):
            ui.html(title, sanitize=True, tag="h2")
            ui.echart(options, renderer="svg").classes(classes)

    def _link(self, device: str | None, begin_ms: int | None) -> None:
        say = self._frame.say
        self._links.clear()
        with self._links:
            if device is None or begin_ms is None:
                ui.label(say("export_choose")).classes("quiet")
                return
            query = urlencode({"device": device, "day": self._day.value})
            ui.label(say("export"))
            ui.link("CSV", f"/export/csv?{query}")
            ui.link("Parquet", f"/export/parquet?{query}")
