"""The model: whether it can be read, runs here, and reproduces its golden frames."""

from pathlib import Path

from sagui.device.doctor.probe import run_probe
from sagui.device.doctor.report import Finding, failed, ok, warning
from sagui.device.machine import Machine


def check_model(machine: Machine, path: Path, labels: Path | None = None) -> list[Finding]:
    """Loads a model in a process of its own, and proves it.

    Args:
        machine: Where.
        path: A bundle or a TFLite file.
        labels: A text file with a label a line, for a TFLite file without any.
    """
    probed = run_probe(machine, "model", str(path), *([str(labels)] if labels else []))
    if probed.crashed:
        mend = "convert it again; if another model crashes too: pip install -U ai-edge-litert"
        return [failed("model", f"{path}: {probed.error}", mend)]
    if probed.error:
        return [failed("model", _named(path, probed.error), _mend(probed.error, path))]
    values = probed.values
    name = f"{values['name']} {values['version']} ({values['labels']} labels) on {values['runtime']}"
    findings = [warning("model", note, f"sagui inspect {path}") for note in values["notes"]]
    golden = values["golden"]
    if golden is None:
        return [*findings, ok("model", f"{name}; a plain TFLite file has no golden frames that would prove it")]
    difference = f"largest difference {golden['difference']:g} {golden['unit']}"
    return [*findings, ok("model", f"{name}: {golden['count']} golden frames reproduced ({difference})")]


def _named(path: Path, error: str) -> str:
    return error if str(path) in error else f"{path}: {error}"


def _mend(error: str, path: Path) -> str:
    if "No such file" in error:
        return f"ls {path.parent}"
    if "Permission denied" in error:
        return f"chmod +r {path}"
    if "golden frames differ" in error:
        return "copy the bundle again; if it differs again: pip install -U ai-edge-litert"
    return "copy the file again, or make it again on the workstation: sagui convert RUN"
