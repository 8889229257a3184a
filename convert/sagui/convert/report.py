"""What the bundle says about its model: for programs, for people in a browser, and as a model card."""

from collections.abc import Sequence

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from sagui.bundle.metrics import Measure
from sagui.convert.edgetpu.report import EdgeTpuReport
from sagui.convert.gate import Verdict
from sagui.convert.layers import LayerError
from sagui.convert.layers_chart import layer_chart
from sagui.convert.ranges import Calibrated
from sagui.train.run import Run


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A mode that was tried.

    Attributes:
        reason: Why it was not taken; empty if it was.
        bytes: Size of its file; 0 where none could be made.
        accuracy: Of the test photos.
        passed: Whether the gate let it pass.
    """

    mode: str
    reason: str = ""
    bytes: int = 0
    accuracy: float = 0.0
    passed: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """``report.json``: the exported file and its float parent on the same test photos.

    Attributes:
        kept_float: Layers that stayed in floats.
        calibrated: Whether the representative photos told the ranges; None where none were needed.
        verdict: What the gate found.
        photos: The names of ``verdict.changed``, in their order.
        layers: Those whose activations suffered most.
        culprits: Those that add most of it themselves.
        tried: The modes that were tried, in this order; the last is the one that was taken.
        edgetpu: What an Edge TPU would run of it, or does; None where it is not in full int8.
        bytes_float: Size of the same network as a float TFLite file.
    """

    schema: int = 2
    name: str
    version: str
    created: str
    labels: tuple[str, ...]
    mode: str
    about_mode: str
    kept_float: tuple[str, ...] = ()
    calibrated: Calibrated | None
    parent: Measure = msgspec.field(name="float")
    exported: Measure
    verdict: Verdict
    photos: tuple[str, ...]
    layers: tuple[LayerError, ...]
    culprits: tuple[str, ...]
    tried: tuple[Tried, ...]
    edgetpu: EdgeTpuReport | None = None
    temperature: float
    threshold: float
    bytes_float: int
    bytes_exported: int

    @property
    def forced(self) -> bool:
        """Whether it was shipped although the gate refused it."""
        return not self.verdict.passed


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
        report=report,
        run=run,
        confusions=confusions(report.exported, report.labels),
        chart=layer_chart(report.layers),
    )
    return page.encode()


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
