"""Comparisons as words, tables and a chart: rules without I/O."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sagui.deploy.dashboard.drift.survey import Drift, Found
from sagui.deploy.dashboard.past.charts import MOST_LABELS
from sagui.deploy.dashboard.texts import Say, figure
from sagui.deploy.dashboard.writing import NONE
from sagui.deploy.history.drift import SHORTEST_MS, UNKNOWN, WEEK_MS, LabelShare, Verdict
from sagui.deploy.history.rows import DAY_MS, HOUR_MS

SPANS = {"1h": HOUR_MS, "24h": DAY_MS, "7d": 7 * DAY_MS}
"""How long the present may be."""

_MARKS: dict[Verdict, str] = {"changed": "▲", "steady": "●", "too few": "…"}
_RANKS: tuple[Verdict, ...] = ("changed", "steady", "too few")
_COLUMNS = ("device", "verdict", "distance", "score_then", "score_now", "results_then", "results_now", "model")
_TOLD = 2
"""So many labels are named in a warning, the most moved."""

_WORTH = 0.03
_LONGEST = 40

# Two of Okabe and Ito's colours, which people see apart whatever colours they see (jfly.uni-koeln.de/color).
_THEN, _NOW = "#7F7F7F", "#0072B2"


def summary(found: Found, left_out: int, say: Say) -> str:
    """Says in a line how many have changed, and how many are not known.

    Args:
        found: What became of those that were asked for.
        left_out: So many devices were not.
        say: The reader's language.
    """
    told = []
    if found.drifts:
        verdicts = [drift.comparison.verdict for drift in found.drifts]
        changed, steady, few = (verdicts.count(one) for one in _RANKS)
        told.append(say("drift_count", changed=changed, steady=steady, few=few))
    if found.failed:
        why = next(iter(found.failed.values()))
        told.append(say("drift_failed", count=figure(len(found.failed), ",", say), why=why))
    if left_out:
        told.append(say("drift_left_out", count=figure(left_out, ",", say)))
    return " ".join(told) or say("drift_nothing")


def ranked(drifts: Iterable[Drift]) -> list[Drift]:
    """Sorts, the most changed first."""

    def rank(drift: Drift) -> tuple[int, float, str]:
        return _RANKS.index(drift.comparison.verdict), -drift.comparison.distance, drift.name

    return sorted(drifts, key=rank)


def verdict(drift: Drift, say: Say) -> str:
    """Says in a word how it is, with a mark before it."""
    name = drift.comparison.verdict
    return f"{_MARKS[name]} {say('drift_' + name.replace(' ', '_'))}"


def columns(say: Say) -> list[dict[str, Any]]:
    """Gives the columns of `line`."""
    left = {"device", "verdict", "model"}
    names = {name: say(name if name in {"device", "model"} else f"drift_{name}") for name in _COLUMNS}
    return [
        {"name": name, "label": label, "field": name, "sortable": True, "align": "left" if name in left else "right"}
        for name, label in names.items()
    ]


def line(drift: Drift, say: Say) -> dict[str, Any]:
    """Gives a stream's line of the table, in a form that the table can sort."""
    one = drift.comparison
    is_told = bool(one.count_then and one.count_now)
    return {
        "device": drift.name,
        "verdict": verdict(drift, say),
        "distance": figure(one.distance, ".2f", say) if is_told else "",
        "score_then": _score(one.score_then, say),
        "score_now": _score(one.score_now, say),
        "results_then": one.count_then,
        "results_now": one.count_now,
        "model": " ".join(drift.model),
    }


def explanation(drift: Drift, say: Say) -> str:
    """Says plainly what the comparison found, and what to do about it."""
    one = drift.comparison
    if not one.is_whole:
        return say("drift_cut_why")
    then, now = (figure(count, ",", say) for count in (one.count_then, one.count_now))
    if _is_young(drift):
        return say("drift_young", when=_moment(_comparable_ms(drift)), now=now)
    if one.verdict == "too few":
        return say("drift_few_why", then=then, now=now, needed=figure(one.needed, ",", say))
    scores = {"then": _score(one.score_then, say), "now": _score(one.score_now, say)}
    if one.verdict == "steady":
        distance, limit = (figure(number, ".2f", say) for number in (one.distance, one.limit))
        return say("drift_steady_why", distance=distance, limit=limit, **scores)
    told = list(_moved(drift, say))
    if "score" in one.reasons:
        told.append(say("drift_fell", **scores))
    text = "; ".join(told)
    return f"{text[:1].upper()}{text[1:]}. {say('drift_advice')}"


def unknowns(drift: Drift, say: Say) -> str:
    """Says how much was not known, then and now."""
    one = drift.comparison
    then, now = _share(one.unknown_then, one.count_then, say), _share(one.unknown_now, one.count_now, say)
    return say("drift_unknown", then=then, now=now)


def periods(drift: Drift, say: Say) -> str:
    """Says what was compared; of a first week without results nothing."""
    week, now = (f"{_moment(begin)} \N{EN DASH} {_moment(end)}" for begin, end in (drift.week_ms, drift.now_ms))
    if not drift.comparison.count_then:
        return say("drift_period", model=" ".join(drift.model), now=now)
    return say("drift_periods", model=" ".join(drift.model), week=week, now=now)


def label_columns(say: Say) -> list[dict[str, Any]]:
    """Gives the columns of `label_lines`."""
    names = {"label": "label", "then": "drift_share_then", "now": "drift_share_now", "score_then": "drift_score_then",
             "score_now": "drift_score_now"}  # fmt: skip
    return [
        {"name": name, "label": say(key), "field": name, "align": "left" if name == "label" else "right"}
        for name, key in names.items()
    ]


def label_lines(drift: Drift, say: Say) -> list[dict[str, Any]]:
    """Gives the labels as lines of a table, for those who cannot see a chart."""
    one = drift.comparison
    return [
        {
            "key": number,
            "label": say("other") if share.label is None else share.label,
            "then": _share(share.then, one.count_then, say),
            "now": _share(share.now, one.count_now, say),
            "score_then": _score(share.score_then, say),
            "score_now": _score(share.score_now, say),
        }
        for number, share in enumerate(one.shares)
    ]


def chart(drift: Drift, say: Say) -> dict[str, Any]:
    """Gives ECharts' options: for each label a bar then and a bar now, in percent; of a side without results none."""
    one = drift.comparison
    shares = _charted(one.shares)
    names = [say("other") if label is None else label[:_LONGEST] for label, _, _ in shares]
    ink, faint = {"color": "currentColor"}, {"lineStyle": {"color": "#80808055"}}
    sides = (
        ("drift_share_then", _THEN, one.count_then, [then for _, then, _ in shares]),
        ("drift_share_now", _NOW, one.count_now, [now for _, _, now in shares]),
    )
    bars = [
        {"name": say(name), "itemStyle": {"color": colour}, "data": data}
        for name, colour, count, data in sides
        if count
    ]
    return {
        "textStyle": ink,
        # Rich text: a label is never taken for HTML.
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, "renderMode": "richText", "confine": True},
        "legend": {"textStyle": ink, "top": 0},
        "grid": {"left": 8, "right": 24, "top": 36, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "value", "max": 100, "axisLabel": ink | {"formatter": "{value}%"}, "splitLine": faint},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": names,
            "axisLabel": ink | {"width": 110, "overflow": "truncate"},
        },
        "series": [bar | {"type": "bar", "animation": False, "barMaxWidth": 24} for bar in bars],
    }


def _moved(drift: Drift, say: Say) -> Iterable[str]:
    one = drift.comparison
    when = _when(drift.week_ms[1] - drift.week_ms[0], say)
    moved = sorted(one.shares, key=lambda share: -abs(share.now - share.then))
    named = [share for share in moved[:_TOLD] if abs(share.now - share.then) >= _WORTH] or moved[:1]
    if "labels" not in one.reasons:
        named = [share for share in moved if share.label == UNKNOWN and "unknown" in one.reasons]
    elif "unknown" in one.reasons:
        named += [share for share in moved if share.label == UNKNOWN and share not in named]
    for share in named:
        label = say("other") if share.label is None else share.label[:_LONGEST]
        yield say("drift_moved", label=label, then=f"{share.then:.0%}", when=when, now=f"{share.now:.0%}")


def _when(length_ms: int, say: Say) -> str:
    if length_ms >= WEEK_MS:
        return say("drift_in_week")
    days = round(length_ms / DAY_MS)
    return say("drift_in_days", days=days) if days > 1 else say("drift_in_day")


def _charted(shares: Sequence[LabelShare]) -> list[tuple[str | None, float, float]]:
    """The largest labels and all others together, in percent."""
    own = sorted((share for share in shares if share.label is not None), key=lambda one: -max(one.then, one.now))
    found = [(share.label, round(100 * share.then, 1), round(100 * share.now, 1)) for share in own[:MOST_LABELS]]
    rest = [*own[MOST_LABELS:], *(share for share in shares if share.label is None)]
    if not rest:
        return found
    then, now = (100 * sum(part) for part in zip(*((share.then, share.now) for share in rest), strict=True))
    return [*found, (None, round(then, 1), round(now, 1))]


def _is_young(drift: Drift) -> bool:
    return drift.week_ms[1] - drift.week_ms[0] < SHORTEST_MS


def _comparable_ms(drift: Drift) -> int:
    """From when on the first day is over before the present begins; the first week ends at a whole hour."""
    (first_ms, _), (begin_ms, end_ms) = drift.week_ms, drift.now_ms
    return -(-(first_ms + SHORTEST_MS) // HOUR_MS) * HOUR_MS + end_ms - begin_ms


def _share(share: float, count: int, say: Say) -> str:
    return figure(share, ".1%", say) if count else NONE


def _score(score: float | None, say: Say) -> str:
    return "" if score is None else figure(score, ".2f", say)


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
