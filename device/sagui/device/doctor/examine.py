"""All checks in their order. Composition only."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sagui.device.doctor.broker import check_broker
from sagui.device.doctor.camera import check_camera
from sagui.device.doctor.clock import check_clock
from sagui.device.doctor.edgetpu import check_edgetpu
from sagui.device.doctor.model import check_model
from sagui.device.doctor.packages import ask_packages, ask_runtimes, check_packages, check_runtimes
from sagui.device.doctor.power import check_power, check_temperature
from sagui.device.doctor.python import Interpreter, check_python, missing_wheel
from sagui.device.doctor.registry import check_registry
from sagui.device.doctor.report import Finding
from sagui.device.doctor.space import check_disk, check_memory, check_state
from sagui.device.doctor.subject import Subject
from sagui.device.machine import Machine


def examine(machine: Machine, subject: Subject) -> Iterator[Finding]:
    """Examines a machine; each finding comes as soon as it is known.

    Args:
        machine: Where to look.
        subject: What else to look at.
    """
    packages, tried = ask_packages(machine), ask_runtimes(machine)
    python = Interpreter.present()
    yield from check_python(python, runs=any(not one.error for one in tried.values()))
    yield from check_packages(packages)
    missing = missing_wheel(python)
    yield from check_runtimes(tried, packages, *([missing[1]] if missing else []))
    yield from check_camera(machine)
    yield from check_edgetpu(machine)
    yield from check_power(machine)
    yield from check_temperature(machine)
    yield from check_memory(machine)
    yield from check_disk(subject.state)
    yield from check_state(subject.state)
    now = datetime.now(UTC)
    yield from check_clock(machine, now)
    if subject.model is not None:
        yield from check_model(machine, subject.model, subject.labels)
    if subject.broker is not None:
        yield from check_broker(machine, subject.broker, subject.files, subject.versions, now)
    if subject.registry is not None:
        yield from check_registry(subject.registry)
