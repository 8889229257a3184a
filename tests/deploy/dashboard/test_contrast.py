"""Text can be read: WCAG 2.2, 1.4.3 (AA), on every ground on which it stands."""

import re
from importlib.resources import files

import pytest

CSS = (files("sagui.deploy.dashboard") / "templates" / "style.css").read_text()
AA = 4.5

ON_EVERY_PAPER = ("ink", "quiet", "accent", "good")
PAIRS = [
    *((text, paper) for text in ON_EVERY_PAPER for paper in ("paper", "ground")),
    *((text, paper) for text in ("ink", "quiet", "accent") for paper in ("bad-paper", "warn-paper")),
    ("bad", "bad-paper"),
    ("warn", "warn-paper"),
]


def colours(selector: str) -> dict[str, str]:
    block = re.search(rf"{re.escape(selector)} \{{(.*?)\}}", CSS, re.DOTALL)
    assert block is not None
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block[1]))


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("selector", [":root", ".body--dark"])
@pytest.mark.parametrize(("text", "paper"), PAIRS)
def test_text_stands_out(selector: str, text: str, paper: str) -> None:
    theme = colours(selector)
    assert contrast(theme[text], theme[paper]) >= AA


def test_the_measure_is_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
