"""A device's day on the page: bands, their table, and the scores of a label."""

from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from sagui.deploy.dashboard.past.bands import bands_html, interval_columns, interval_rows, newest_first, notes
from sagui.deploy.dashboard.past.charts import slot_chart, slot_summary
from sagui.deploy.dashboard.past.day import DeviceDay
from sagui.deploy.dashboard.past.extent import extent_of
from sagui.deploy.dashboard.texts import Say

PAGE_SIZES = (10, 25, 50, 100)
ALL = -1
"""Stands for all labels together; the others are numbers of `DeviceDay.labels`, the one past them all is the rest."""


class DayView:
    """One reader's view of a day."""

    def __init__(self, day: DeviceDay, say: Say) -> None:
        """Builds the timeline and its table where it is called.

        Args:
            day: What is shown.
            say: In the reader's language.
        """
        self._day, self._say = day, say
        self._intervals = newest_first(day.intervals)
        self._extent = extent_of(day.intervals, day.begin_ms)
        self._has_streams = any(one.stream for one in self._intervals)

    def show_timeline(self) -> None:
        """Builds the bands, and the table of the same."""
        say = self._say
        with ui.element("section").classes("panel"):
            ui.html(say("timeline"), sanitize=True, tag="h2")
            ui.html(bands_html(self._day, self._extent, say), sanitize=True)
            ui.label(notes(self._day, self._extent, say)).classes("quiet note")
            ui.html(say("timeline_table"), sanitize=True, tag="h3")
            columns = interval_columns(say, has_streams=self._has_streams)
            self._table = ui.table(columns=columns, rows=[], row_key="key", pagination={})
            self._table.props("flat dense").on("request", self._turn)
            self._table.props["rows-per-page-options"] = list(PAGE_SIZES)
            self._table.props["rows-per-page-label"] = say("rows_per_page")
            self._show_page(1, PAGE_SIZES[0])

    def show_scores(self) -> None:
        """Builds the chart of five minutes, and the choice of a label."""
        say, labels = self._say, self._day.labels
        names = {ALL: say("all_labels")} | dict(enumerate(labels))
        if any(self._day.scores.line(len(labels))):
            names[len(labels)] = say("other")
        with ui.element("section").classes("panel"):
            ui.html(say("slot_scores"), sanitize=True, tag="h2")
            choice = ui.select(names, value=ALL, label=say("slot_label"))
            choice.props("outlined dense").classes("choice").on_value_change(
                lambda event: self._show_slots(event.value)
            )
            slots = self._day.scores.line()
            self._chart = ui.echart(slot_chart(slots, self._extent, say), renderer="svg").classes("chart low")
            self._summary = ui.label(slot_summary(slots, say)).classes("quiet note").props("role=status")

    def _show_slots(self, label: int) -> None:
        slots = self._day.scores.line(None if label == ALL else label)
        self._chart.options.update(slot_chart(slots, self._extent, self._say))
        self._chart.update()
        self._summary.set_text(slot_summary(slots, self._say))

    def _turn(self, event: GenericEventArguments) -> None:
        asked: dict[str, Any] = event.args["pagination"]
        self._show_page(int(asked["page"]), int(asked["rowsPerPage"]))

    def _show_page(self, number: int, size: int) -> None:
        size = size if size in PAGE_SIZES else PAGE_SIZES[0]
        count = len(self._intervals)
        number = min(max(1, number), max(1, -(-count // size)))
        shown = self._intervals[(number - 1) * size : number * size]
        self._table.rows = interval_rows(shown, self._day.begin_ms, self._say)
        self._table.pagination = {"page": number, "rowsPerPage": size, "rowsNumber": count}
