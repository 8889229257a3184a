"""How an update goes on a simulated device: its steps, how long each takes, and how a bad version fails. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

import numpy as np

from sagui.wire import Phase, point

Fault = Literal["golden", "shadow", "dwell", "hang"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
"""Golden frames are not reproduced; it disagrees in the shadow; it is unwell at work; it never ends."""

_WHY: Mapping[Fault, str] = {
    "golden": "golden frame 3 of 8: output 1 is off by 41 steps, 0 are allowed (simulated)",
    "shadow": "it says cat to 97 % of the frames, the model at work to 31 % (simulated)",
    "dwell": "it was killed 4 times within a minute of its start (simulated)",
}
_SPREAD = 0.3


@dataclass(frozen=True)
class Times:
    """How long the parts of an update take, in seconds. By default, about as on a Raspberry Pi.

    Attributes:
        download_s: Fetching 5 MB over a slow line.
        prove_s: Reproducing the golden frames.
        shadow_s: 100 frames at 2 a second.
        restart_s: From ``offline`` to ``online``.
        dwell_s: How long the new model must be well.
    """

    download_s: float = 30.0
    prove_s: float = 3.0
    shadow_s: float = 50.0
    restart_s: float = 3.0
    dwell_s: float = 60.0

    def faster(self, times: float) -> "Times":
        """Gives the same, so many times faster."""
        return Times(
            self.download_s / times,
            self.prove_s / times,
            self.shadow_s / times,
            self.restart_s / times,
            self.dwell_s / times,
        )

    def drawn(self, rng: np.random.Generator) -> "Times":
        """Gives those of one device: all but the dwell differ, log-normally with a sigma of 0.3."""
        factors = rng.lognormal(0, _SPREAD, 4).tolist()
        return Times(
            self.download_s * factors[0],
            self.prove_s * factors[1],
            self.shadow_s * factors[2],
            self.restart_s * factors[3],
            self.dwell_s,
        )


ON_A_PI = Times()


@dataclass(frozen=True)
class Bad:
    """A version that does not do.

    Attributes:
        version: Which.
        share: The share of devices on which it fails.
        how: In which ways; each device has one of them.
    """

    version: str
    share: float = 1.0
    how: tuple[Fault, ...] = ("golden", "shadow", "dwell")

    def fault(self, device: str) -> Fault | None:
        """Says how it fails on a device; None where it works. Always the same for the same device."""
        if point(f"bad/{self.version}", device) >= self.share:
            return None
        return self.how[int(point(f"how/{self.version}", device) * len(self.how))]


@dataclass(frozen=True)
class Step:
    """One step of an update.

    Attributes:
        phase: What it is called on the wire.
        lasts_s: Until the next step; infinity never gets there.
        percent: How far it is, where that can be told.
        error: Why it failed, or what it waits for.
        fails: Whether the version is not to be tried again.
        restarts: Whether the agent begins anew with it.
    """

    phase: Phase
    lasts_s: float = 0.0
    percent: int | None = None
    error: str | None = None
    fails: bool = False
    restarts: bool = False


def installing(times: Times, fault: Fault | None) -> Iterator[Step]:
    """Gives the steps by which a version is installed, or fails."""
    yield Step("announced")
    yield Step("downloading", times.download_s / 2, 0)
    yield Step("downloading", inf if fault == "hang" else times.download_s / 2, 50)
    yield Step("verified")
    yield Step("staged")
    yield Step("proving", times.prove_s)
    if fault == "golden":
        yield Step("failed", error=_WHY[fault], fails=True)
        return
    yield Step("shadow", times.shadow_s / 2, 0)
    yield Step("shadow", times.shadow_s / 2, 50)
    if fault == "shadow":
        yield Step("failed", error=_WHY[fault], fails=True)
        return
    yield Step("activated", times.restart_s + times.dwell_s, restarts=True)
    if fault == "dwell":
        yield Step("reverted", times.restart_s, error=_WHY[fault], restarts=True)
        return
    yield Step("confirmed")


def reverting(times: Times, why: str) -> Iterator[Step]:
    """Gives the steps by which a device goes back to the model before, because somebody wants it to."""
    yield Step("reverted", times.restart_s, error=why, restarts=True)
