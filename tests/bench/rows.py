"""What a benchmark reports."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """One measurement beside what it is measured against, in the same unit and the same run."""

    name: str
    value: float
    unit: str
    against: str
    against_value: float

    @property
    def ratio(self) -> float:
        """``value / against_value``."""
        return self.value / self.against_value


def median_ms(work: Callable[[], object], runs: int, warmup: int = 1) -> float:
    """The median time of some work, in milliseconds."""
    for _ in range(warmup):
        work()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def write_rows(rows: list[Row], path: Path) -> None:
    """Writes ``bench.json``; rows of an earlier run that were not measured again stay."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(path.read_text()) if path.exists() else []
    content = {row["name"]: row for row in before} | {row.name: {**row._asdict(), "ratio": row.ratio} for row in rows}
    path.write_text(json.dumps(list(content.values()), indent=2) + "\n")
