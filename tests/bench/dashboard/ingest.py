"""How many results a second `sagui dashboard` hears and keeps for a minute, with its page open."""

import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.bench.dashboard.listener import Heard
from tests.bench.dashboard.publisher import names, result_id
from tests.bench.dashboard.stage import (
    SIZE,
    chromium,
    dashboard,
    heard,
    listener,
    mosquitto,
    new_folder,
    publisher,
    said,
)

DEVICES = 100
"""At 50 results a second each; a device's budget for ever is twice that."""

_RATES = (2_000, 3_500, 5_000, 8_000, 12_000)
_PROMISED = 2
_LATE_S, _DRAINED_S = 1.0, 2.0
_CATCHES_UP_S = 60.0
_LOOK_S = 0.1
_EMPTY = "No device has said anything yet"


@dataclass(frozen=True)
class Kept:
    """What became of a rate.

    Attributes:
        offered_per_s: Results that the publisher was asked for each second.
        kept_per_s: Results in the database, over the time from the first being said to the last being there.
        lost: Ids that were said, acknowledged by the broker, and are not in the database.
        late_s: How far the publisher was behind at most.
        half_behind: Results that were said and not yet in the database, halfway.
        drained_s: From the last acknowledgement until all were in the database.
        cpu_us: Processor time of the dashboard for each result, microseconds.
        publisher_us: Likewise of the publisher.
    """

    offered_per_s: float
    kept_per_s: float
    lost: int
    late_s: float
    half_behind: int
    drained_s: float
    cpu_us: float
    publisher_us: float

    @property
    def is_sustained(self) -> bool:
        """Whether it could go on for ever."""
        return not self.lost and self.late_s < _LATE_S and self.drained_s < _DRAINED_S


def most(seconds: float = 60.0, devices: int = DEVICES) -> tuple[Kept, list[Kept]]:
    """Offers 5,000 results a second and then more, or less where that was too much.

    Returns:
        The highest rate that was sustained (the lowest, if none was), and all that was tried.
    """
    tried = [ingest(_RATES[_PROMISED], seconds, devices)]
    others = _RATES[_PROMISED + 1 :] if tried[0].is_sustained else reversed(_RATES[:_PROMISED])
    for per_s in others:
        tried.append(ingest(per_s, seconds, devices))
        if tried[-1].is_sustained != tried[0].is_sustained:
            break
    return max(
        (kept for kept in tried if kept.is_sustained), key=lambda kept: kept.offered_per_s, default=tried[-1]
    ), tried


def bare(count: int = 1_000, devices: int = DEVICES) -> Heard:
    """Has paho alone hear what the broker gives as fast as it can.

    Args:
        count: Results of each device.
        devices: How many.
    """
    with (
        new_folder() as folder,
        mosquitto(folder) as port,
        listener(port, devices * count) as ear,
        publisher(port, devices, 0, count) as process,
    ):
        said(process)
        return heard(ear)


def ingest(per_s: float, seconds: float, devices: int = DEVICES) -> Kept:
    """Offers a rate for a while, and counts what is in the database by id.

    Args:
        per_s: Results of all devices together each second.
        seconds: How long.
        devices: How many.
    """
    count = round(per_s * seconds / devices)
    with (
        new_folder() as folder,
        mosquitto(folder) as port,
        chromium() as browser,
        dashboard(port, folder) as server,
    ):
        page = browser.new_page(viewport=SIZE)
        page.goto(server.url)
        page.get_by_text(_EMPTY).wait_for()
        before_s, database = server.cpu_s(), folder / "history.db"
        with publisher(port, devices, per_s, count) as process:
            start = time.monotonic()
            time.sleep(seconds / 2)
            half = (time.monotonic() - start) * per_s - _stored(database)
            done = said(process)
        drained_s = _drain(database, devices * count)
        page.locator("article.card").nth(devices - 1).wait_for()
        used_s, shown = server.cpu_s() - before_s, page.locator("article.card").count()
        lost = _lost(database, devices, count)
    if shown != devices:
        sys.exit(f"the page shows {shown} devices of {devices}")
    kept_per_s = (devices * count - lost) / (done.took_s + drained_s)
    cpu_us, publisher_us = 1e6 * used_s / devices / count, 1e6 * done.cpu_s / devices / count
    return Kept(per_s, kept_per_s, lost, done.late_s, round(half), drained_s, cpu_us, publisher_us)


def _drain(database: Path, count: int) -> float:
    """Waits until all are there, and says how long that took; in seconds."""
    start = time.monotonic()
    while _stored(database) < count and time.monotonic() < start + _CATCHES_UP_S:
        time.sleep(_LOOK_S)
    return time.monotonic() - start


def _stored(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM result").fetchone()[0])


def _lost(database: Path, devices: int, count: int) -> int:
    wanted = {(name, result_id(number)) for name in names(devices) for number in range(1, count + 1)}
    with closing(sqlite3.connect(database)) as connection:
        there = set(connection.execute("SELECT text, id FROM result JOIN name ON name.key = device"))
    return len(wanted - there)
