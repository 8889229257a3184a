"""The page *Now*: a card for each device."""

from dataclasses import replace
from itertools import islice
from time import time
from typing import Any

from nicegui import ui

from sagui.deploy.dashboard.frame import Frame
from sagui.deploy.dashboard.live.board import Board
from sagui.deploy.dashboard.now.cards import card
from sagui.deploy.dashboard.now.order import SHOWS, SORTS, Choice, Show, Sort, is_shown, sort_key
from sagui.deploy.dashboard.texts import figure
from sagui.deploy.watch import Row

TICK_S = 0.2
"""So often what changed is sent to a browser."""

MOST_CARDS = 150
"""So many cards are written at most at each tick."""

_EVERYTHING_S = 5.0
"""So often all cards are written anew: devices fall silent, and times pass."""


class NowPage:
    """One reader's page: only cards that read differently are sent."""

    def __init__(self, board: Board, frame: Frame) -> None:
        """Builds it.

        Args:
            board: What is shown.
            frame: Around it.
        """
        self._board, self._frame = board, frame
        self._choice = Choice()
        self._cards: dict[str, ui.html] = {}
        self._rows: dict[str, Row] = {}
        self._pending: dict[str, None] = {}
        self._serial, self._all_s = 0, 0.0
        self._build()
        self.tick()
        self._arrange(time())  # of nobody, too
        ui.timer(TICK_S, self.tick, immediate=False)

    def tick(self) -> None:
        """Shows what changed, a part at a time: a large fleet never holds up a page."""
        now_s = time()
        self._serial, names = self._board.changed(self._serial)
        self._pending |= dict.fromkeys(sorted(names))
        if now_s - self._all_s >= _EVERYTHING_S:
            self._all_s = now_s
            self._pending |= dict.fromkeys(self._cards)
        batch = list(islice(self._pending, MOST_CARDS))
        for name in batch:
            del self._pending[name]
        if batch:
            self._show(batch, now_s)
            self._arrange(now_s)
        elif not self._cards:
            self._tell(0, now_s)

    def _build(self) -> None:
        say = self._frame.say
        with ui.element("div").classes("tools"):
            search = ui.input(say("filter"), on_change=lambda event: self._choose(search=event.value or ""))
            search.props("outlined dense clearable debounce=200 type=search")
            shows: dict[Show, str] = {one: say(one) for one in SHOWS}
            show = ui.select(shows, value="all", label=say("show"))
            show.props("outlined dense").on_value_change(lambda event: self._choose(show=event.value))
            sorts: dict[Sort, str] = {one: say(f"by_{one}") for one in SORTS}
            sort = ui.select(sorts, value="device", label=say("sort"))
            sort.props("outlined dense").on_value_change(lambda event: self._choose(sort=event.value))
        self._count = ui.label().classes("count")
        self._empty = ui.label().classes("quiet")
        self._grid = ui.element("div").classes("cards")

    def _choose(self, **chosen: Any) -> None:  # noqa: ANN401 (what the fields give)
        self._choice = replace(self._choice, **chosen)
        self._arrange(time())

    def _show(self, names: list[str], now_s: float) -> None:
        seen = self._board.see(names)
        for name in names:
            if name not in seen:
                self._remove(name)
                continue
            html = card(seen[name], now_s, self._frame.language)
            self._rows[name] = seen[name].row
            known = self._cards.get(name)
            if known is None:
                with self._grid:
                    # The browser cleans it once more (DOMPurify).
                    self._cards[name] = ui.html(html, sanitize=True, tag="article").classes("card")
            elif known.content != html:
                known.content = html

    def _remove(self, name: str) -> None:
        self._rows.pop(name, None)
        if gone := self._cards.pop(name, None):
            gone.delete()

    def _arrange(self, now_s: float) -> None:
        shown = 0
        for name, one in self._cards.items():
            fits = is_shown(self._rows[name], self._choice, now_s)
            shown += fits
            if one.visible != fits:
                one.set_visibility(fits)
        order = sorted(self._cards, key=lambda name: sort_key(self._rows[name], self._choice, now_s))
        children = [self._cards[name] for name in order]
        slot = self._grid.default_slot
        if slot.children != children:
            slot.children = list(children)
            self._grid.update()
        self._tell(shown, now_s)

    def _tell(self, shown: int, now_s: float) -> None:
        say = self._frame.say
        statuses = [row.status(now_s) for row in self._rows.values()]
        counts = {status: figure(statuses.count(status), ",", say) for status in ("online", "stale", "offline")}
        self._count.set_text(say("count", devices=figure(len(statuses), ",", say), **counts) if statuses else "")
        nobody = "broker_awaited" if self._board.is_awaited else "nobody"
        self._empty.set_text(say("nothing_fits" if statuses else nobody))
        self._empty.set_visibility(not shown)
