"""Where a network runs: on the CPU, or on what a delegate library drives. No I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from sagui.infer.errors import NoRuntimeError

EDGETPU_LIBRARY = "libedgetpu.so.1"
"""The delegate of the Coral Edge TPU, as the linker finds it."""

_EDGETPU = re.compile(r"edgetpu(?::(?P<number>\d{1,3}))?")


@dataclass(frozen=True)
class Delegate:
    """A library that runs a network, or parts of it, otherwise than the CPU's kernels do.

    Attributes:
        library: Its path; a bare name is looked up by the linker.
        options: What it is told, as names and values of its own.
    """

    library: str
    options: tuple[tuple[str, str], ...] = ()

    @property
    def edgetpu(self) -> bool:
        """Whether it runs what the Edge TPU compiler made."""
        return PurePath(self.library).name.startswith("libedgetpu.")

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.options)
        return f"{PurePath(self.library).name}{f' ({told})' if told else ''}"


@dataclass(frozen=True)
class Device:
    """A person's choice.

    Attributes:
        delegate: What shall run the network; None for the CPU.
        optional: Whether the CPU may take over.
    """

    delegate: Delegate | None = None
    optional: bool = False


CPU = Device()
AUTO = Device(Delegate(EDGETPU_LIBRARY), optional=True)
"""An Edge TPU if the model was compiled for one and it works here, else the CPU."""


def parse_device(text: str, options: Mapping[str, str] | None = None) -> Device:
    """Reads a choice.

    Args:
        text: ``cpu``, ``auto``, ``edgetpu`` (any), ``edgetpu:N`` (that one, counted from 0), or the path of a delegate
            library, which has ``.so`` in its name.
        options: For the delegate library.

    Raises:
        NoRuntimeError: It is none of these, or options are given to what takes none.
    """
    told = tuple((options or {}).items())
    if text in ("cpu", "auto"):
        if told:
            raise NoRuntimeError(f"device {text!r} takes no options; name edgetpu or a delegate library with them")
        return CPU if text == "cpu" else AUTO
    if found := _EDGETPU.fullmatch(text):
        # libedgetpu counts devices of any bus as ":0", ":1".
        which = () if found["number"] is None else (("device", f":{int(found['number'])}"),)
        return Device(Delegate(EDGETPU_LIBRARY, which + told))
    if ".so" in PurePath(text).name and "\0" not in text:
        return Device(Delegate(text, told))
    raise NoRuntimeError(
        f"no device {text!r}: write cpu, auto, edgetpu, edgetpu:N or the path of a delegate library (.so)"
    )
