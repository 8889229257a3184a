"""The points at which something happens: before and after each call, one by one, each on a device of its own."""

import errno
import mmap
import os
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from tests.torture.check import TornError, check_end, check_lives, check_tidy, what_starts
from tests.torture.device import AGAIN, CRASHED, ENDED, TIRED, Life, World
from tests.torture.scenarios import Scenario, copy_of
from tests.torture.signed import audit

from sagui.device.store.filesystem import RealFilesystem
from sagui.device.store.hazardous import WRITES, HazardousFilesystem
from sagui.device.store.hazards import Calm, Hazard, Kill, Refuse
from sagui.device.store.volatile import Loss, VolatileFilesystem

MOST_LIVES = 20
FAULTY = 6
"""How a life ends that a fault of the code ended."""

FOR_EVER = 1_000_000
LOSSES: tuple[Loss, ...] = ("content", "names", "oldest names")

Result = TypeVar("Result")
Make = Callable[[int, VolatileFilesystem], Hazard]
"""Makes a hazard: how many calls are left until it strikes, and the disk."""


@dataclass(frozen=True)
class Point:
    """Something that happens to a device.

    Attributes:
        what: For a person, with the call.
        at: Which call, or which word, from 0.
        make: Makes the hazard; None stops the device cleanly when it says its word.
        only: Counts these calls alone.
        again: The start that follows is killed, too, at this call.
        audited: Counts calls to the system, instead of those of the store's disk.
    """

    what: str
    at: int
    make: Make | None
    only: frozenset[str] | None = None
    again: int | None = None
    audited: bool = False


class Counted:
    """Counts calls over all lives of a device, in memory that its processes share."""

    def __init__(self, inner: Hazard, shared: mmap.mmap, only: frozenset[str] | None) -> None:
        self._inner, self._shared, self._only = inner, shared, only

    def meet(self, call: str, action: Callable[[], Result], half: Callable[[], object] | None = None) -> Result:
        if self._only is None or call in self._only:
            _set(self._shared, _get(self._shared) + 1)
        return self._inner.meet(call, action, half)


def points(scenario: Scenario, world: World, folder: Path) -> Iterator[Point]:
    """Rehearses a scenario, and gives all that can happen in it."""
    calls, words = _rehearse(scenario, copy_of(world, folder))
    for at, (call, halves) in enumerate(calls):
        yield Point(f"killed before {call}", at, lambda left, _disk: Kill(left, "before"))
        yield Point(f"killed after {call}", at, lambda left, _disk: Kill(left, "after"))
        if halves:
            yield Point(f"killed amid {call}", at, lambda left, _disk: Kill(left, "amid"))
        for loss in LOSSES:
            yield Point(f"power cut after {call}, {loss} lost", at, _cut(loss))
        yield Point(f"{call} fails with EIO", at, lambda left, _disk: Refuse(left, errno.EIO))
    writes = [call for call, _ in calls if call in WRITES]
    for at, call in enumerate(writes):
        for times, how in ((1, "once"), (FOR_EVER, "from then on")):
            yield Point(f"disk full at {call}, {how}", at, _full(times), WRITES)
    for at in range(len(calls)):
        yield Point("killed, and killed again at the next start", at, _cut(LOSSES[at % len(LOSSES)]), again=at * 7 % 23)
    for at in range(words):
        yield Point("stopped when it says something", at, None)


def audited_points(scenario: Scenario, world: World, folder: Path) -> Iterator[Point]:
    """Rehearses a scenario, and gives all calls to the system, before each of which the device can be killed."""
    calls, _ = _rehearse(scenario, copy_of(world, folder), audited=True)
    for at, (call, _) in enumerate(calls):
        yield Point(f"killed before the system's {call}", at, lambda left, _disk: Kill(left, "before"), audited=True)


def happens(scenario: Scenario, world: World, point: Point) -> None:
    """Lets it happen, has the device start again until it is quiet, and checks it all the while.

    Args:
        scenario: The story.
        world: The device, fresh.
        point: What happens.

    Raises:
        TornError: It was not whole at some time, or did not end as it should.
    """
    shared = mmap.mmap(-1, 16)
    struck, again = False, point.again
    for _ in range(MOST_LIVES):
        if struck and again is not None:
            second = Point(point.what, again, point.make)
            again = None
            status = _life(scenario, world, second, mmap.mmap(-1, 16), calm=False)
        else:
            status = _life(scenario, world, point, shared, calm=struck)
        struck = struck or status in {-signal.SIGKILL, TIRED} or _get(shared) > point.at
        what_starts(world)
        check_lives(world)
        if status == ENDED:
            break
        if status not in {-signal.SIGKILL, AGAIN, TIRED, CRASHED}:
            raise TornError(f"a life ended with {status}")
    else:
        raise TornError(f"no end after {MOST_LIVES} starts: {world.said()[-1:]}")
    if not struck:
        raise TornError("it never happened: the device does otherwise than when it was rehearsed")
    check_end(world, scenario.ends)
    _stays(scenario, world)


def _stays(scenario: Scenario, world: World) -> None:
    """One more start changes nothing, and tries nothing again."""
    seen = len(world.ran())
    _life(scenario, world, Point("nothing happens", 0, None), mmap.mmap(-1, 16), calm=True)
    check_end(world, scenario.ends)
    check_tidy(world)
    if [version for version, _ in world.ran()[seen:]] != [what_starts(world)]:
        raise TornError("another model was at work for one more start")


def _life(scenario: Scenario, world: World, point: Point, shared: mmap.mmap, *, calm: bool) -> int:
    """Runs one life; gives its status, or the negative signal that ended it."""
    return _wait(_fork(lambda: _device(scenario, world, point, shared, calm=calm)))


def _fork(make: Callable[[], Life]) -> int:
    """Begins a life in a process of its own."""
    child = os.fork()
    if child:
        return child
    status = FAULTY
    try:
        status = make().live()
    except BaseException:  # noqa: BLE001 (nothing of the parent's may run in the child)
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _device(scenario: Scenario, world: World, point: Point, shared: mmap.mmap, *, calm: bool) -> Life:
    disk, calmness = VolatileFilesystem(RealFilesystem()), Calm()
    if calm:
        return Life(world, HazardousFilesystem(disk, calmness), calmness, None, scenario.source)
    if point.make is None:
        files, stop_at = HazardousFilesystem(disk, calmness), point.at - _get(shared)
        return Life(world, files, calmness, stop_at, scenario.source, lambda: _set(shared, _get(shared) + 1))
    hazard = Counted(point.make(point.at - _get(shared), disk), shared, point.only)
    if point.audited:
        audit(lambda event: hazard.meet(event, _nothing))
        return Life(world, HazardousFilesystem(disk, calmness), calmness, None, scenario.source)
    return Life(world, HazardousFilesystem(disk, hazard), hazard, None, scenario.source)


def _rehearse(scenario: Scenario, world: World, *, audited: bool = False) -> tuple[list[tuple[str, bool]], int]:
    """Gives the calls, with whether each can be half done, and how often something is said."""
    calls: list[tuple[str, bool]] = []
    for _ in range(MOST_LIVES):
        reading, writing = os.pipe()
        child = _fork(partial(_rehearsing, scenario, world, writing, audited=audited))
        os.close(writing)
        with os.fdopen(reading) as lines:
            calls += [(name, half == "1") for name, half in (line.split() for line in lines)]
        status = _wait(child)
        if status == ENDED:
            check_end(world, scenario.ends)
            return calls, len(world.said())
    raise TornError(f"{scenario.name}: no end without any mishap")


def _rehearsing(scenario: Scenario, world: World, writing: int, *, audited: bool) -> Life:
    spoken = _Spoken(writing)
    hazard: Hazard = Calm() if audited else spoken
    if audited:
        audit(lambda event: spoken.meet(event, _nothing))
    return Life(world, HazardousFilesystem(RealFilesystem(), hazard), hazard, None, scenario.source)


class _Spoken:
    """Nothing happens; each call is told at once."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def meet(self, call: str, action: Callable[[], Result], half: Callable[[], object] | None = None) -> Result:
        os.write(self._descriptor, f"{call} {int(half is not None)}\n".encode())
        return action()


def _cut(loss: Loss) -> Make:
    return lambda left, disk: Kill(left, "after", lambda: disk.cut(loss))


def _nothing() -> None:
    """A call of which only the name is known."""


def _full(times: int) -> Make:
    return lambda left, _disk: Refuse(left, errno.ENOSPC, times, WRITES)


def _get(shared: mmap.mmap) -> int:
    return int(struct.unpack_from("q", shared)[0])


def _set(shared: mmap.mmap, value: int) -> None:
    struct.pack_into("q", shared, 0, value)
