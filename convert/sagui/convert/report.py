"""What the bundle says about its model: for programs, for people in a browser, and as a model card."""

from collections.abc import Sequence

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from sagui.bundle.metrics import Measure
from sagui.train.run import Run


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the gate's table, in fractions and percentage points."""

    what: str
    before: float
    after: float
    points: float
    allowed: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """``report.json``: the exported file and its float parent on the same test photos.

    Attributes:
        agreement: Share of the photos that both name the same.
        losses: What the gate looked at.
        bytes_float: Size of the same network as a float TFLite file.
    """

    schema: int = 1
    name: str
    version: str
    created: str
    labels: tuple[str, ...]
    mode: str
    about_mode: str
    calibration: int
    parent: Measure = msgspec.field(name="float")
    exported: Measure
    agreement: float
    losses: tuple[Loss, ...]
    temperature: float
    threshold: float
    bytes_float: int
    bytes_exported: int


def encode_report(report: Report) -> bytes:
    """Writes ``report.json``."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def render_html(report: Report, run: Run) -> bytes:
    """Writes ``report.html``: one file, nothing loaded from elsewhere."""
    return _render("report.html", report, run)


def render_card(report: Report, run: Run) -> bytes:
    """Writes ``README.md``, the model card (Mitchell et al., "Model Cards for Model Reporting", FAT* 2019)."""
    return _render("README.md", report, run)


def confusions(measure: Measure, labels: Sequence[str]) -> list[tuple[str, str, int]]:
    """Truth, name given and count of what is taken for something else, most often first."""
    pairs = [
        (labels[truth], labels[named], count)
        for truth, row in enumerate(measure.confusion)
        for named, count in enumerate(row)
        if truth != named and count
    ]
    return sorted(pairs, key=lambda pair: -pair[2])[:10]


def _render(template: str, report: Report, run: Run) -> bytes:
    environment = Environment(
        loader=PackageLoader("sagui.convert"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["percent"] = _percent
    page = environment.get_template(template).render(
        report=report, run=run, confusions=confusions(report.exported, report.labels)
    )
    return page.encode()


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
