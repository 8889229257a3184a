"""The page *Drift*: what each device sees now, against its first week."""

from html import escape
from time import monotonic

from nicegui import ui
from starlette.requests import Request

from sagui.deploy.dashboard.drift import views
from sagui.deploy.dashboard.drift.survey import KEEP_S, MOST_DEVICES, Drift, Found, Survey
from sagui.deploy.dashboard.frame import Frame
from sagui.deploy.history import HistoryError
from sagui.deploy.history.drift import Comparison

_TURN_S = 0.5
"""So long, about, devices are compared before other readers have their turn."""

_MOST_AT_ONCE = 50

_SHOW_S = 1.0
"""What is found is shown so often while the rest is still compared."""

_LINES = 10
_DEFAULT = "24h"


class DriftPage:
    """One reader's page."""

    def __init__(self, survey: Survey, frame: Frame, request: Request) -> None:
        """Builds it; what is compared comes a moment later.

        Args:
            survey: Compares.
            frame: Around it.
            request: May name ``device`` and ``span``.
        """
        self._survey, self._say = survey, frame.say
        self._client = ui.context.client
        self._drifts: dict[str, Drift] = {}
        self._load_number, self._is_loading = 0, False
        self._chosen = request.query_params.get("device", "")
        self._shown: tuple[str, Comparison] | None = None
        self._periods: ui.label | None = None
        span = request.query_params.get("span", _DEFAULT)
        self._build(span if span in views.SPANS else _DEFAULT)
        ui.timer(0, self._load, once=True)
        ui.timer(KEEP_S, self._reload, immediate=False)

    def _build(self, span: str) -> None:
        say = self._say
        with ui.element("div").classes("tools"):
            spans = {one: say(f"drift_{one}") for one in views.SPANS}
            self._span = ui.select(spans, value=span, label=say("drift_span")).props("outlined dense")
            self._search = ui.input(say("search")).props("outlined dense clearable type=search")
        self._note = ui.label(say("drift_wait")).classes("count").props("role=status")
        self._table = ui.table(
            columns=views.columns(say),
            rows=[],
            row_key="device",
            selection="single",
            pagination=_LINES,
            on_select=self._select,
        )
        self._table.props("flat dense").classes("panel").bind_filter_from(self._search, "value")
        self._table.props["rows-per-page-label"] = say("rows_per_page")
        self._details = ui.element("div").classes("panels")
        self._span.on_value_change(self._load)

    async def _reload(self) -> None:
        """Compares again, unless that is still being done: a slow database would never be through."""
        if not self._is_loading:
            await self._load()

    async def _load(self) -> None:
        """Compares all devices; a later call takes over from an earlier one."""
        self._load_number += 1
        number, self._is_loading = self._load_number, True
        try:
            names = await self._survey.devices()
            found = await self._compare(names[:MOST_DEVICES], number)
            if found:
                self._list(found.drifts)
                self._note.set_text(views.summary(found, max(0, len(names) - MOST_DEVICES), self._say))
                self._choose()
        except HistoryError as error:
            self._note.set_text(str(error))
        finally:
            self._is_loading = self._is_loading and number != self._load_number

    async def _compare(self, names: list[str], number: int) -> Found | None:
        """Compares some devices at a time; None where a later call took over, or the reader went."""
        found, is_first, shown_s = Found(), not self._drifts, monotonic()
        done, size = 0, 1
        while done < len(names):
            began_s = monotonic()
            few = await self._survey.look(names[done : done + size], views.SPANS[self._span.value])
            if number != self._load_number or self._client.is_deleted:
                return None
            found.drifts += few.drifts
            found.failed |= few.failed
            done, size = done + size, _next_size(size, monotonic() - began_s)
            if is_first and monotonic() - shown_s > _SHOW_S:
                shown_s = monotonic()
                self._list(found.drifts)
                self._note.set_text(self._say("drift_progress", done=min(done, len(names)), all=len(names)))
        return found if number == self._load_number else None

    def _list(self, found: list[Drift]) -> None:
        ranked = views.ranked(found)
        self._drifts = {drift.name: drift for drift in ranked}
        rows = [views.line(drift, self._say) for drift in ranked]
        if rows != self._table.rows:
            self._table.rows = rows

    def _choose(self) -> None:
        """Shows what was chosen: by the reader, by the address, or else the most changed."""
        of_device = [name for name, drift in self._drifts.items() if self._chosen in {name, drift.device}]
        name = next(iter((*of_device, *self._drifts)), None)
        self._table.selected = [row for row in self._table.rows if row["device"] == name]
        self._show()

    def _select(self) -> None:
        self._chosen = self._table.selected[0]["device"] if self._table.selected else ""
        self._show()

    def _show(self) -> None:
        drift = self._drifts.get(self._table.selected[0]["device"]) if self._table.selected else None
        shown = (drift.name, drift.comparison) if drift else None
        if shown != self._shown:  # else a warning would be read aloud again each minute
            self._shown = shown
            self._details.clear()
            if drift:
                self._detail(drift)
        elif drift and self._periods:
            self._periods.set_text(views.periods(drift, self._say))

    def _detail(self, drift: Drift) -> None:
        say, verdict = self._say, drift.comparison.verdict
        with self._details:
            with ui.element("section").classes("panel"):
                title = f"{drift.name}: {views.verdict(drift, say)}"
                ui.html(escape(title), sanitize=True, tag="h2")
                told = ui.label(views.explanation(drift, say)).classes("drift-why")
                if verdict == "changed":
                    told.classes("changed").props("role=alert")
                ui.label(views.unknowns(drift, say))
                self._periods = ui.label(views.periods(drift, say)).classes("quiet")
            if drift.comparison.shares:
                with ui.element("section").classes("panel"):
                    ui.html(escape(say("drift_labels")), sanitize=True, tag="h2")
                    ui.echart(views.chart(drift, say), renderer="svg").classes("chart")
                with ui.element("section").classes("panel"):
                    lines = views.label_lines(drift, say)
                    ui.table(columns=views.label_columns(say), rows=lines, row_key="key").props("flat dense")


def _next_size(size: int, took_s: float) -> int:
    """So many devices next, that they take about `_TURN_S`; twice as many as before at most.

    >>> [_next_size(8, took_s) for took_s in (0.0, 0.5, 1.0, 60.0)]
    [16, 8, 4, 1]
    """
    return max(1, min(2 * size, _MOST_AT_ONCE, int(size * _TURN_S / max(took_s, 1e-3))))
