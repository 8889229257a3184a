"""Which Python LiteRT has a wheel for."""

from dataclasses import replace

import pytest

from sagui.device.doctor.python import Interpreter, check_python, missing_wheel
from sagui.device.doctor.report import Level

PI = Interpreter((3, 11, 2), 64, "aarch64", "glibc")


def test_this_very_python_is_all_right() -> None:
    assert check_python(Interpreter.present(), runs=True)[0].level is Level.OK


def test_a_64_bit_pi_is_all_right() -> None:
    (finding,) = check_python(PI, runs=True)
    assert (finding.level, finding.text) == (Level.OK, "Python 3.11.2, 64-bit, aarch64")


@pytest.mark.parametrize(
    ("changes", "why", "mend"),
    [
        ({"bits": 32, "processor": "armv7l"}, "no wheel for 32-bit systems", "64-bit Raspberry Pi OS"),
        ({"bits": 32}, "32-bit systems; the kernel has 64", "64-bit Raspberry Pi OS"),
        ({"processor": "riscv64"}, "no wheel for riscv64", "64-bit Arm or x86"),
        ({"libc": ""}, "glibc alone", "Debian"),
        ({"version": (3, 15, 0)}, "newest wheels are for Python 3.14", "uv venv --python 3.14"),
    ],
)
def test_a_missing_wheel_is_named_and_fails_unless_another_runtime_runs(
    changes: dict[str, object], why: str, mend: str
) -> None:
    python = replace(PI, **changes)  # type: ignore[arg-type]
    (without,), (beside) = check_python(python, runs=False), check_python(python, runs=True)
    assert (without.level, beside[0].level) == (Level.FAILED, Level.WARNING)
    assert why in without.text
    assert mend in without.mend


def test_an_old_python_fails_even_if_something_runs() -> None:
    (finding,) = check_python(replace(PI, version=(3, 9, 2)), runs=True)
    assert finding.level is Level.FAILED
    assert "sagui needs 3.11" in finding.text


def test_libc_matters_on_linux_alone() -> None:
    assert missing_wheel(Interpreter((3, 12, 0), 64, "arm64", "", "Darwin")) is None
