"""The Raspberry Pis that are stood in for, by their processors."""

from dataclasses import dataclass

QEMU = "qemu-aarch64-static"


@dataclass(frozen=True)
class Board:
    """A processor as qemu and Linux call it.

    Attributes:
        cpu: For qemu's ``-cpu``.
        names: The boards that have it.
        part: The number by which /proc/cpuinfo names the core.
        features: What /proc/cpuinfo says it can do, on that board.
    """

    cpu: str
    names: str
    part: str
    features: str

    @property
    def cpuinfo(self) -> str:
        """What LiteRT 2.2 and later read, and crash without."""
        core = (
            f"BogoMIPS\t: 108.00\nFeatures\t: {self.features}\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
            f"CPU variant\t: 0x0\nCPU part\t: {self.part}\nCPU revision\t: 3\n"
        )
        return "\n".join(f"processor\t: {number}\n{core}" for number in range(4))


_ARMV8_0 = "fp asimd evtstrm crc32 cpuid"
_ARMV8_2 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"

BOARDS = (
    Board("cortex-a53", "Pi Zero 2 W, Pi 3", "0xd03", _ARMV8_0),
    Board("cortex-a72", "Pi 4", "0xd08", _ARMV8_0),
    Board("cortex-a76", "Pi 5", "0xd0b", _ARMV8_2),
)
