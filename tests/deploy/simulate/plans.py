"""A plan for simulated fleets."""

from sagui.wire import Desired, timestamp


def a_plan(**changes: object) -> Desired:
    """One that asks everybody to install 1.1.0."""
    fields: dict[str, object] = {
        "id": "r-1",
        "revision": 0,
        "operator": "me@here",
        "time": timestamp(0),
        "model": "pets",
        "version": "1.1.0",
        "status": "running",
        "share": 1.0,
        "wave": 0,
        "waves": (1.0,),
        "since": timestamp(0),
        "success": 0.95,
        "error": 0.05,
        "dwell_s": 0.0,
        "timeout_s": 600.0,
    }
    return Desired(**(fields | changes))  # type: ignore[arg-type]
