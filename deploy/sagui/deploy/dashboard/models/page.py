"""The page *Models*: which version runs where, how updates get on, and asking for another."""

import re
from collections import Counter
from functools import partial
from secrets import token_hex
from time import time
from typing import Any, Protocol

from nicegui import run, ui

from sagui.deploy.dashboard.errors import UnaskedError
from sagui.deploy.dashboard.frame import Frame
from sagui.deploy.dashboard.live.board import Board
from sagui.deploy.dashboard.models.contents import Contents
from sagui.deploy.dashboard.models.reckoner import Reckoner
from sagui.deploy.dashboard.models.rollouts import RolloutsPanel
from sagui.deploy.dashboard.models.shelf import Shelf
from sagui.deploy.dashboard.models.versions import VersionsPanel
from sagui.deploy.dashboard.texts import Say
from sagui.deploy.watch import Row
from sagui.wire import UpdateOrder
from sagui.wire.updates import ModelVersion

TICK_S = 1.0
_VERSION = re.compile(ModelVersion.__metadata__[0].pattern)  # type: ignore[attr-defined]
_COLUMNS = ("device", "status", "model", "version", "registry", "latest", "phase", "groups", "note")
_CHOICES = 6


class Orders(Protocol):
    """Asks devices about their model."""

    def order(self, device: str, order: UpdateOrder) -> None:
        """Asks one; raises `UnaskedError`."""


def model_row(row: Row, now_s: float, say: Say, contents: Contents | None = None) -> dict[str, Any]:
    """Gives a device's line of the table.

    Args:
        row: The device.
        now_s: Unix time.
        say: Says texts in the reader's language.
        contents: Of the registry, if one was given.
    """
    update, model = row.update, row.model
    place = contents.place(model.name, model.version) if contents and model and model.name else None
    percent = "" if update is None or update.update_percentage is None else f" {update.update_percentage}%"
    notes = [say("pinned")] if update and update.pinned else []
    notes += [update.error] if update and update.error else []
    return {
        "device": row.device,
        "status": say(row.status(now_s)),
        "model": model.name if model else "",
        "version": model.version if model else "",
        "registry": say(f"place_{place}") if place else "",
        "latest": (update.latest_version or "") if update else "",
        "phase": f"{say(f'phase_{update.phase}')}{percent}" if update else "",
        "groups": ", ".join(row.groups),
        "note": "; ".join(notes),
    }


def shares(rows: list[dict[str, Any]]) -> list[str]:
    """Says how many devices run which model, the most frequent first.

    >>> shares([{"model": "pets", "version": "1.0.0"}] * 3)
    ['pets 1.0.0: 3']
    """
    counted = Counter(f"{row['model']} {row['version']}".strip() for row in rows)
    return [f"{name}: {count:,}" for name, count in counted.most_common() if name]


class ModelsPage:
    """One reader's page."""

    def __init__(self, board: Board, orders: Orders, frame: Frame, reckoner: Reckoner, shelf: Shelf | None) -> None:
        """Builds it.

        Args:
            board: What is shown.
            orders: Asks devices.
            frame: Around it.
            reckoner: Knows how rollouts stand.
            shelf: Has the registry; None where none was given.
        """
        self._board, self._orders, self._say, self._shelf = board, orders, frame.say, shelf
        say = frame.say
        with ui.element("section").classes("panel"):
            ui.html(say("runs_where"), sanitize=True, tag="h2")
            self._shares = ui.label().classes("shares")
        self._rollouts = RolloutsPanel(reckoner, board, say)
        self._build_table()
        self._versions = VersionsPanel(shelf, say)
        self._show_rows()
        ui.timer(TICK_S, self._tick, immediate=False)

    def _build_table(self) -> None:
        say = self._say
        with ui.element("div").classes("tools"):
            ui.button(say("install"), on_click=lambda: self._ask("install"))
            ui.button(say("revert"), on_click=lambda: self._ask("revert")).props("outline")
            self._search = ui.input(say("search")).props("outlined dense clearable type=search")
        columns = [
            {"name": one, "label": say(one), "field": one, "sortable": True, "align": "left"}
            for one in _COLUMNS
            if one != "registry" or self._shelf is not None
        ]
        self._table = ui.table(columns=columns, rows=[], row_key="device", selection="multiple", pagination=50)
        self._table.props("flat dense").classes("panel").bind_filter_from(self._search, "value")
        self._table.props["rows-per-page-label"] = say("rows_per_page")

    async def _tick(self) -> None:
        self._show_rows()
        self._versions.tick()
        await self._rollouts.tick()

    def _show_rows(self) -> None:
        now_s, contents = time(), self._shelf.contents if self._shelf else None
        known = sorted(self._board.rows(), key=lambda row: row.device)
        rows = [model_row(row, now_s, self._say, contents) for row in known]
        if rows != self._table.rows:
            self._table.rows = rows
            self._shares.set_text(" · ".join(shares(rows)[:20]))

    def _ask(self, what: str) -> None:
        say, devices = self._say, [row["device"] for row in self._table.selected]
        if not devices:
            ui.notify(say("choose_devices"))
            return
        with ui.dialog(value=True) as dialog, ui.card():
            ui.label(say(f"{what}_ask", count=f"{len(devices):,}")).classes("ask")
            ui.label(", ".join(devices[:20]) + (" ..." if len(devices) > 20 else ""))  # noqa: PLR2004 (a line or two)
            version = None
            if what == "install":
                version = ui.input(say("install_version"), validation={say("bad_version"): is_version})
                version.classes("wide")
                self._offer(version)
            ui.label(say("signed_only")).classes("quiet")

            async def go() -> None:
                if version is None or version.validate():
                    dialog.close()
                    await self._order(what, devices, (version.value or None) if version else None)

            with ui.row().classes("answers"):
                ui.button(say("cancel"), on_click=dialog.close).props("flat autofocus")
                ui.button(say(what), on_click=go)
        dialog.on("hide", dialog.delete)

    def _offer(self, version: ui.input) -> None:
        """Lays the registry's newest versions of the chosen devices' models beside the field."""
        models = sorted({row["model"] for row in self._table.selected})
        contents = self._shelf.contents if self._shelf else Contents()
        if lacking := contents.lacking(models):
            shown = ", ".join(lacking[:_CHOICES]) + (" ..." if len(lacking) > _CHOICES else "")
            ui.label(self._say("lacking", models=shown)).classes("quiet")
        choices = contents.choices(models, _CHOICES)
        if not choices:
            return
        with ui.element("div").classes("links"):
            ui.label(self._say("from_registry")).classes("quiet")
            for one in choices:
                ui.button(one, on_click=partial(version.set_value, one)).props("outline dense no-caps")

    async def _order(self, what: str, devices: list[str], version: str | None) -> None:
        asked, why = 0, ""
        name = f"dashboard-{token_hex(4)}"
        for device in devices:
            order = UpdateOrder(order="revert" if what == "revert" else "install", version=version, id=name)
            try:
                await run.io_bound(self._orders.order, device, order)
                asked += 1
            except UnaskedError as error:
                why = error.told(self._say)
                break
        if why:
            ui.notify(self._say("not_ordered", why=why), type="negative")
        else:
            ui.notify(self._say("ordered", count=f"{asked:,}"), type="positive")


def is_version(text: str | None) -> bool:
    """Whether a device can be asked for it; nothing asks for the newest.

    >>> is_version("1.4.0"), is_version(""), is_version("newest")
    (True, True, False)
    """
    return not text or bool(_VERSION.match(text))
