"""Being told to end, by whoever starts and stops programs."""

import signal


def end_well() -> None:
    """Has SIGTERM, and a terminal that closes, raise SystemExit: so what was started is ended too."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _end)


def _end(number: int, _: object) -> None:
    raise SystemExit(128 + number)
