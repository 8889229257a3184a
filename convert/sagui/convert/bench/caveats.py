"""Why the numbers of a card may not be what the board can do. Pure rules, no I/O."""

from collections.abc import Iterator, Sequence

from sagui.convert.bench.card import Board, Condition, Measured

HOT_C = 80.0
"""From here on a Raspberry Pi slows its cores down.

https://www.raspberrypi.com/documentation/computers/raspberry-pi.html#frequency-management-and-thermal-control
"""

_FULL_CLOCK = 0.95
_BUSY_CORES = 0.15
_ENOUGH_RUNS = 100
_NOW, _SINCE_START = 0xF, 16
# https://www.raspberrypi.com/documentation/computers/os.html#get_throttled
_THROTTLED_BITS = (
    "the supply voltage is too low",
    "the clock is capped",
    "the cores are throttled",
    "the soft temperature limit is reached",
)


def caveats(board: Board, measured: Sequence[Measured]) -> tuple[str, ...]:
    """Says what disturbed the measurements, a sentence each; nothing if nothing did.

    Args:
        board: As it was before the first.
        measured: In the order they were made.
    """
    return (*_of_board(board), *(line for one in measured for line in _of_one(board, one)))


def _of_board(board: Board) -> Iterator[str]:
    governor = board.before.governor
    if governor is not None and governor != "performance":
        yield (
            f"the governor is {governor}, not performance, so the clock may lag behind the work: "
            "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
        )
    if board.before.load is not None and board.before.load >= board.cores / 2:
        yield (
            f"before the start the load average was {board.before.load:.2f} on {board.cores} cores: "
            "programs ran in the minute before; wait and measure again"
        )


def _of_one(board: Board, one: Measured) -> Iterator[str]:
    where = f"at {one.threads} thread{'s' * (one.threads > 1)}"
    if one.threads > board.cores:
        yield f"{where}: there are only {board.cores} cores"
    if one.runs < _ENOUGH_RUNS:
        yield f"{where}: p99 of {one.runs} runs is about the slowest of them; ask for --runs 100 or more"
    if one.other_cores is not None and one.other_cores > _BUSY_CORES:
        yield (
            f"{where}: other programs kept {one.other_cores:.1f} cores busy, so the times are noisy; "
            "stop them and measure again"
        )
    for reason in slowed(board.before, one.after):
        yield f"{where}: the board slowed down: {reason}"


def slowed(before: Condition, after: Condition) -> Iterator[str]:
    """Says by what signs a board slowed down.

    Args:
        before: How it fared before the work.
        after: And at its end, with the work still hot.
    """
    if after.clock_mhz and after.max_clock_mhz and after.clock_mhz < _FULL_CLOCK * after.max_clock_mhz:
        yield f"its clock ended at {after.clock_mhz:,.0f} of {after.max_clock_mhz:,.0f} MHz"
    yield from throttled_reasons(before.throttled, after.throttled)
    if before.throttle_count is not None and after.throttle_count is not None:
        times = after.throttle_count - before.throttle_count
        if times > 0:
            yield f"the cores were throttled {times} times for heat; cool it"
    if after.temperature_c is not None and after.temperature_c >= HOT_C:
        yield f"it reached {after.temperature_c:.0f} °C; cool it"


def throttled_reasons(before: int | None, after: int | None) -> Iterator[str]:
    """Puts the bits of ``vcgencmd get_throttled`` in words.

    Bits 0 to 3 are of this moment; 16 to 19 say that it happened since the start of the system, so of those only
    what is new is said.

    Args:
        before: The bits before the work; None if they are not known.
        after: And after it.
    """
    if after is None:
        return
    new = after & ~(before or 0)
    for bit, reason in enumerate(_THROTTLED_BITS):
        if (after & _NOW) >> bit & 1 or new >> (_SINCE_START + bit) & 1:
            yield f"{reason} (get_throttled 0x{after:x})"
