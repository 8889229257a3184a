"""The layers that lose most, as bars in a page: an SVG that follows the page's colours and loads nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from sagui.convert.layers import LayerError

_WIDTH, _NAMES, _VALUES = 760, 330, 60
_ROW, _BAR, _AXIS = 24, 14, 22
_BARS = _WIDTH - _NAMES - _VALUES
_LONGEST = 46
_TICK_DB = 10

# An SVG of this size needs no drawing library, and the same numbers always give the same bytes.
_CHART = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
    """\
<svg role="img" aria-label="{{ about }}" viewBox="0 0 {{ width }} {{ height }}" xmlns="http://www.w3.org/2000/svg" \
style="max-width: {{ width }}px; width: 100%; font: 12px system-ui, sans-serif">
{% for tick in ticks %}
<line x1="{{ tick.x }}" x2="{{ tick.x }}" y1="0" y2="{{ floor }}" style="stroke: var(--line, #dcd8e4)"/>
<text x="{{ tick.x }}" y="{{ height - 6 }}" text-anchor="middle" style="fill: var(--soft, #6a6676)">\
{{ tick.label }}</text>
{% endfor %}
{% for bar in bars %}
<g><title>{{ bar.about }}</title>
<text x="{{ names - 8 }}" y="{{ bar.y + 11 }}" text-anchor="end" style="fill: var(--ink, #1c1b22)">{{ bar.name }}</text>
{% if bar.width %}
<rect x="{{ names }}" y="{{ bar.y }}" width="{{ bar.width }}" height="{{ thick }}" rx="2" \
style="fill: rgb(var(--accent, 122, 81, 149))"/>
{% endif %}
<text x="{{ names + bar.width + 6 }}" y="{{ bar.y + 11 }}" style="fill: var(--ink, #1c1b22)">{{ bar.value }}</text>
</g>
{% endfor %}
</svg>
"""
)


@dataclass(frozen=True)
class _Bar:
    name: str
    about: str
    value: str
    y: int
    width: float


@dataclass(frozen=True)
class _Tick:
    x: float
    label: str


def layer_chart(errors: Sequence[LayerError]) -> Markup:
    """Draws the signal-to-noise ratio of layers: the shorter the bar, the more is lost.

    Args:
        errors: From top to bottom, as `sagui.convert.layers.worst` orders them; nothing is drawn without any.

    Returns:
        An ``<svg>`` with the page's variables ``--ink``, ``--soft``, ``--line`` and ``--accent`` (three numbers).
    """
    if not errors:
        return Markup()
    most = max((error.snr_db for error in errors if error.snr_db is not None), default=0.0)
    top = max(_TICK_DB, -int(-most // _TICK_DB) * _TICK_DB)
    floor = len(errors) * _ROW
    svg = _CHART.render(
        about=f"Signal-to-noise ratio of {len(errors)} layers, in decibels; the shorter the bar, the more is lost",
        width=_WIDTH,
        height=floor + _AXIS,
        floor=floor,
        names=_NAMES,
        thick=_BAR,
        ticks=[_Tick(_x(tick, top), f"{tick} dB") for tick in range(0, top + 1, _TICK_DB)],
        bars=[_bar(error, row, top) for row, error in enumerate(errors)],
    )
    # The template escapes what it is given.
    return Markup(svg)  # noqa: S704


def _bar(error: LayerError, row: int, top: int) -> _Bar:
    # A ratio below zero says that there is more noise than signal: no bar, and the number says the rest.
    width = round(_x(max(error.snr_db or 0.0, 0.0), top) - _NAMES, 1)
    return _Bar(_shortened(error.name), _about(error), _value(error), row * _ROW + (_ROW - _BAR) // 2, width)


def _x(decibels: float, top: int) -> float:
    return round(_NAMES + _BARS * decibels / top, 1)


def _value(error: LayerError) -> str:
    return error.note if error.snr_db is None else f"{error.snr_db:.1f}"


def _about(error: LayerError) -> str:
    parts = [error.name, f"{error.kind} {' x '.join(map(str, error.shape))}"]
    if error.rmse_steps is not None:
        parts.append(f"error {error.rmse_steps:.2f} steps")
    if error.worst_channel_snr_db is not None:
        parts.append(f"channel {error.worst_channel}: {error.worst_channel_snr_db:.1f} dB")
    return "; ".join(parts)


def _shortened(name: str) -> str:
    # The network's own name comes first and is the same for all; what tells layers apart stands at the end.
    layer = name.partition("/")[2] or name
    return layer if len(layer) <= _LONGEST else f"…{layer[1 - _LONGEST :]}"
