"""All scenarios, all points."""

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tests.torture.check import TornError
from tests.torture.points import audited_points, happens, points
from tests.torture.scenarios import SCENARIOS, Scenario, copy_of, make_models
from tests.torture.signed import serving


@dataclass
class Result:
    """What became of the devices.

    Attributes:
        whole: How many stayed whole, and ended as they should.
        torn: What happened to the others.
    """

    whole: int = 0
    torn: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.whole + len(self.torn)} points, {self.whole} whole, {len(self.torn)} torn"

    def add(self, other: "Result") -> None:
        """Adds others."""
        self.whole += other.whole
        self.torn += other.torn


def torture(
    folder: Path, every: int, seed: int, say: Callable[[str], None], scenarios: Sequence[Scenario] = SCENARIOS
) -> Result:
    """Tries one of ``every`` points of each scenario, drawn by ``seed``; 1 tries all."""
    result, models, shares = Result(), make_models(folder / "registry"), os.cpu_count() or 1
    with serving(models), ProcessPoolExecutor(shares, get_context("fork")) as workers:
        for scenario in scenarios:
            # A scenario cannot be sent, because it holds functions; where it stands can.
            number = SCENARIOS.index(scenario)
            jobs = [
                workers.submit(_share, folder, models, number, (share, shares), (every, seed))
                for share in range(shares)
            ]
            of_it = Result()
            for job in jobs:
                of_it.add(job.result())
            for line in of_it.torn:
                say(line)
            say(f"{scenario.name}: {of_it}")
            result.add(of_it)
    return result


def _share(folder: Path, models: Path, number: int, share: tuple[int, int], draw: tuple[int, int]) -> Result:
    """Tries every n-th of the points that are drawn."""
    scenario, result, rng = SCENARIOS[number], Result(), np.random.default_rng(draw[1])
    place = folder / f"{number}-{share[0]}"
    (place / "device").mkdir(parents=True)
    world = scenario.prepare(place / "device", models)
    try:
        there = list(points(scenario, world, place / "rehearsal"))
        if scenario.audited:
            there += audited_points(scenario, world, place / "audited")
    except TornError as error:
        return Result(torn=[f"{scenario.name}: when nothing happens: {error}"])
    tried = [one for one in there if not rng.integers(draw[0])]
    for point in tried[share[0] :: share[1]]:
        device = copy_of(world, place / "tried")
        try:
            happens(scenario, device, point)
            result.whole += 1
        except TornError as error:
            result.torn.append(f"{scenario.name}: {point.what} (call {point.at}): {error}")
        shutil.rmtree(device.folder)
    return result
