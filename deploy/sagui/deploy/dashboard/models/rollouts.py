"""The part of the page *Models* that shows how rollouts get on."""

from collections.abc import Mapping

from nicegui import run, ui

from sagui.deploy.dashboard.live.board import Board
from sagui.deploy.dashboard.live.plans import MOST_GROUPS, Kept
from sagui.deploy.dashboard.models.reckoner import Reckoner, View
from sagui.deploy.dashboard.models.waves import Rollout, Wave
from sagui.deploy.dashboard.texts import Say, figure
from sagui.deploy.dashboard.writing import NONE, page
from sagui.deploy.rollout.standing import UNDER_WAY, Standing

MOST_OPEN = 8
"""Where there are more rollouts, all are folded at first."""

NEAR = 10
"""So many waves before the present one, and after it, are shown."""

_MARKS = {"running": "▶", "paused": "❚❚", "halted": "■", "done": "✓"}
_STANDINGS: tuple[Standing, ...] = (
    "confirmed",
    "pending",
    "waiting",
    "failed",
    "timed-out",
    "offline",
    "away",
    "pinned",
    "ahead",
    "left-out",
    "not-asked",
)


class RolloutsPanel:
    """One reader's panel."""

    def __init__(self, reckoner: Reckoner, board: Board, say: Say) -> None:
        """Builds it, with how they stood at the last look.

        Args:
            reckoner: Knows how rollouts stand.
            board: Knows how many plans were left out.
            say: Says texts in the reader's language.
        """
        self._reckoner, self._board, self._say = reckoner, board, say
        self._shown: View | None = None
        self._parts: dict[str, tuple[ui.html, ui.html]] = {}
        self._written: dict[str, Rollout | Kept] = {}
        with ui.element("section").classes("panel"):
            ui.html(say("rollouts"), sanitize=True, tag="h2")
            self._note = ui.label().classes("quiet")
            self._groups = ui.element("div").classes("rollouts")
        self._show(reckoner.view)

    async def tick(self) -> None:
        """Shows what changed."""
        self._show(await run.io_bound(self._reckoner.look) or ())

    def _show(self, view: View) -> None:
        self._tell(len(view))
        if view is self._shown:
            return
        self._shown = view
        if [one.group for one in view] != list(self._parts):
            self._rebuild(view)
        for one in view:
            if self._written.get(one.group) == one:
                continue
            self._written[one.group] = one
            for part, html in zip(self._parts[one.group], written(one, self._say), strict=True):
                if part.content != html:
                    part.content = html

    def _tell(self, groups: int) -> None:
        left_out = self._board.plans_left_out if groups >= MOST_GROUPS else 0
        nothing = "broker_awaited" if self._board.is_awaited else "no_rollouts"
        note = "" if groups else self._say(nothing)
        self._note.set_text(self._say("plans_left_out", count=figure(left_out, ",", self._say)) if left_out else note)
        self._note.set_visibility(bool(self._note.text))

    def _rebuild(self, view: View) -> None:
        """Anew when groups come or go: those that are there keep their places, as their names have an order."""
        self._groups.clear()
        self._parts.clear()
        self._written.clear()
        with self._groups:
            for one in view:
                ended = one.plan is not None and one.plan.status == "done"
                folded = ended or len(view) > MOST_OPEN
                with ui.element("details").classes("rollout").props("" if folded else "open"):
                    with ui.element("summary"):
                        headline = ui.html("", sanitize=True, tag="span").classes("headline")
                    region = ui.element("div").classes("scrolls")
                    region.props(f'tabindex=0 role=region aria-label="{one.group}"')
                    with region:
                        self._parts[one.group] = headline, ui.html("", sanitize=True)


def written(one: Rollout | Kept, say: Say) -> tuple[str, str]:
    """Writes a group's rollout: the headline, and the rest, as HTML in which all that was heard is text."""
    if isinstance(one, Kept):
        return page("plan.html.j2", one=one, say=say), page("trouble.html.j2", text=one.trouble)
    plan = one.plan
    head = page("plan.html.j2", one=one, say=say, mark=_MARKS[plan.status])
    facts = {
        say("operator"): plan.operator,
        say("wave_since"): moment_text(plan.since),
        say("revision"): figure(plan.revision, ",", say),
    }
    near = [(number, wave) for number, wave in enumerate(one.waves, 1) if abs(number - 1 - plan.wave) <= NEAR]
    body = page(
        "waves.html.j2",
        one=one,
        say=say,
        facts=facts,
        lines=[line(number, wave, say) for number, wave in near],
        more=len(one.waves) - len(near),
        counts=counts(one.of, say),
        waits=waits(one, say),
        figure=figure,
    )
    return head, body


def waits(one: Rollout, say: Say) -> str:
    """Says what a running rollout waits for; nothing of another."""
    wait = one.waits
    if one.due:
        return say("wave_due", group=one.group)
    if wait is None:
        return ""
    if one.plan.action == "revert":
        running = sum(one.of.get(standing, 0) for standing in UNDER_WAY)
        return say("wave_back", count=figure(running, ",", say), version=one.plan.version)
    if not wait.counted:
        return say("wave_nobody")
    if wait.until is not None:
        return say("wave_well", time=f"{wait.until:%Y-%m-%d %H:%M:%S}")
    numbers = {"confirmed": wait.confirmed, "counted": wait.counted, "needed": wait.needed}
    return say("wave_needs", **{name: figure(number, ",", say) for name, number in numbers.items()})


def line(number: int, wave: Wave, say: Say) -> dict[str, object]:
    """Gives a wave's line of the table.

    Args:
        number: From 1.
        wave: Which.
        say: Says texts in the reader's language.
    """
    known = wave.turn != "coming"
    counted = wave.confirmed + wave.failed + wave.under_way
    numbers = (wave.confirmed, wave.failed, wave.under_way, wave.away, wave.aside)
    return {
        "number": number,
        "turn": wave.turn,
        "share": f"{figure(100 * wave.share, '.4g', say)} %",
        "devices": figure(wave.devices, ",", say),
        "numbers": [figure(one, ",", say) if known else NONE for one in numbers],
        "confirmed": wave.confirmed,
        "counted": counted,
        # Of 100, for the bar: what is left is under way, or not there.
        "good": round(100 * wave.confirmed / counted, 1) if counted else 0,
        "bad": round(100 * wave.failed / counted, 1) if counted else 0,
        "text": _confirmed(wave.confirmed, counted, say) if known else say("wave_coming"),
    }


def _confirmed(count: int, counted: int, say: Say) -> str:
    return say("confirmed_of", count=figure(count, ",", say), all=figure(counted, ",", say))


def counts(of: Mapping[Standing, int], say: Say) -> str:
    """Says how many devices stand how; what none does is left out."""
    return ", ".join(f"{figure(of[one], ',', say)} {say(f'standing_{one}')}" for one in _STANDINGS if of.get(one))


def moment_text(time: str) -> str:
    """Shows a time of the wire to the minute.

    >>> moment_text("2026-11-21T10:00:59.000Z")
    '2026-11-21 10:00 UTC'
    """
    return f"{time[:10]} {time[11:16]} UTC"
