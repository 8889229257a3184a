"""Python: its version, 32 or 64 bits, and whether LiteRT has a wheel for it."""

import platform
import struct
import sys
from dataclasses import dataclass

from sagui.device.doctor.report import Finding, failed, ok, warning

OLDEST = (3, 11)
"""The oldest Python that sagui runs on."""

NEWEST_WHEEL = (3, 14)
"""The newest Python that LiteRT has wheels for."""

_ARCHITECTURES = ("x86_64", "aarch64", "arm64")
_IMAGER = (
    "write the 64-bit Raspberry Pi OS with Raspberry Pi Imager (Zero 2 W, 3, 4, 5 and later take it; the first Pi, the "
    "Pi 2 and the Zero W do not)"
)


@dataclass(frozen=True)
class Interpreter:
    """The Python that asks.

    Attributes:
        version: Such as (3, 11, 2).
        bits: Of its addresses: those of the userland, whatever the kernel has.
        processor: As the kernel calls it, such as ``aarch64``.
        libc: ``glibc``, or empty where it is another.
        system: Such as ``Linux``.
    """

    version: tuple[int, int, int]
    bits: int
    processor: str
    libc: str
    system: str = "Linux"

    @staticmethod
    def present() -> "Interpreter":
        """The one that runs this."""
        return Interpreter(
            sys.version_info[:3],
            8 * struct.calcsize("P"),
            platform.machine(),
            platform.libc_ver()[0],
            platform.system(),
        )

    def __str__(self) -> str:
        return f"Python {'.'.join(map(str, self.version))}, {self.bits}-bit, {self.processor}"


def check_python(python: Interpreter, *, runs: bool) -> list[Finding]:
    """Looks at Python.

    Args:
        python: The interpreter.
        runs: Whether any runtime runs models here: then a missing wheel of LiteRT is no failure.
    """
    if python.version[:2] < OLDEST:
        return [failed("python", f"{python}; sagui needs 3.11", "sudo apt install python3.11, or a newer system")]
    missing = missing_wheel(python)
    if missing is None:
        return [ok("python", str(python))]
    why, mend = missing
    say = warning if runs else failed
    return [say("python", f"{python}: {why}", mend)]


def missing_wheel(python: Interpreter) -> tuple[str, str] | None:
    """Tells why LiteRT has no wheel for an interpreter, and what to do; None when it has one."""
    if python.bits == 32:  # noqa: PLR2004
        kernel = "; the kernel has 64" if python.processor in _ARCHITECTURES else ""
        return f"LiteRT has no wheel for 32-bit systems{kernel}", _IMAGER
    if python.processor not in _ARCHITECTURES:
        return f"LiteRT has no wheel for {python.processor}", "take a machine with a 64-bit Arm or x86 processor"
    if python.system == "Linux" and python.libc != "glibc":
        return (
            "LiteRT has wheels for glibc alone",
            "take a system with glibc, such as Raspberry Pi OS, Debian or Ubuntu",
        )
    if python.version[:2] > NEWEST_WHEEL:
        newest = ".".join(map(str, NEWEST_WHEEL))
        return f"LiteRT's newest wheels are for Python {newest}", f"uv venv --python {newest}, and install sagui there"
    return None
