"""How many connections this machine lets a process have."""

import resource

from sagui.deploy.simulate.errors import SimulationError

_OTHERS = 64
"""Files that are open beside connections."""


def allow_connections(count: int) -> None:
    """Raises this process' limit of open files as far as many connections need.

    Raises:
        SimulationError: The machine does not allow that many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = count + _OTHERS
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SimulationError(
            f"{count} devices need {needed} open files, and a process may have {hard} here: "
            f"as root, `ulimit -n {needed}` in this shell, or simulate fewer"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
