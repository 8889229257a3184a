"""How charts look: on a page they follow its colours, in a file they are on paper."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_SIZE = (4.6, 3.2)


@dataclass(frozen=True)
class Palette:
    """Colours by what they are for.

    Attributes:
        ink: Text.
        line: Axes, grids, and what is of less weight.
        train: The first of two things that are compared,
        validation: and the second.
    """

    ink: str
    line: str
    train: str
    validation: str


PAPER = Palette(ink="#1c1b22", line="#c9c4d4", train="#7a5195", validation="#ef8a17")
# In an SVG these stand for the page's own colours, and are exchanged for them.
_PAGE = Palette(ink="#010101", line="#020202", train="#030303", validation="#040404")
_VARIABLES = {
    _PAGE.ink: "var(--ink)",
    _PAGE.line: "var(--line)",
    _PAGE.train: "var(--train)",
    _PAGE.validation: "var(--validation)",
}


@contextmanager
def style(palette: Palette) -> Iterator[None]:
    """Draws in these colours while the block lasts."""
    settings: Any = {
        "axes.edgecolor": palette.line,
        "axes.grid": True,
        "axes.labelcolor": palette.ink,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": palette.ink,
        "figure.constrained_layout.use": True,
        "grid.color": palette.line,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "sagui",
        "text.color": palette.ink,
        # A class may be called "$5 or $10": that is no formula.
        "text.parse_math": False,
        "xtick.color": palette.ink,
        "ytick.color": palette.ink,
    }
    with mpl.rc_context(settings):
        yield


def svg_chart(about: str, draw: Callable[[Axes, Palette], None], size: tuple[float, float] = _SIZE) -> Markup:
    """Draws a chart to be put into a page.

    Args:
        about: What it shows, for those who cannot see it.
        draw: Draws it.
        size: In inches.
    """
    content = io.StringIO()
    with style(_PAGE):
        figure = Figure(figsize=size)
        draw(figure.subplots(), _PAGE)
        figure.savefig(content, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = content.getvalue()
    svg = svg[svg.index("<svg") :]
    # Several charts share a page: groups need no names, and metadata point to other sites.
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    for stand_in, variable in _VARIABLES.items():
        svg = svg.replace(stand_in, variable)
    # What was escaped by matplotlib, and by us here, is safe.
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{escape(about)}" ', 1))  # noqa: S704
