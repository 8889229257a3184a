"""The real dashboard, `sagui dashboard`, in a process of its own."""

import errno
import socket
import threading
from importlib.util import find_spec
from pathlib import Path

from sagui.deploy.demo.child import Child
from sagui.deploy.demo.errors import DemoError

_HOST = "127.0.0.1"
_PORTS = 100
_NEEDED = {"nicegui": "NiceGUI", "fastapi": "FastAPI", "psycopg": "psycopg", "pyarrow": "PyArrow"}
_SAYS = "dashboard: "


def require_dashboard() -> None:
    """Sees that its packages are here, without loading them.

    Raises:
        DemoError: One is missing; which extra brings it is said.
    """
    for package, name in _NEEDED.items():
        if find_spec(package) is None:
            raise DemoError(f"this needs {name}: pip install 'sagui[dashboard]'")


def free_port(first: int) -> int:
    """Gives this port of the loopback, or the next that nobody listens on; 0 stays 0.

    Raises:
        DemoError: There is none within a hundred, or it may not be taken.
    """
    if first == 0:
        return 0
    for port in range(first, min(first + _PORTS, 65_536)):
        try:
            socket.create_server((_HOST, port)).close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise DemoError(f"cannot listen on {_HOST}:{port}: {error.strerror}; choose another --port") from error
        else:
            return port
    raise DemoError(f"the ports from {first} on are all taken; choose another --port")


class DashboardProcess(Child):
    """Starts the dashboard, which says where its pages are.

    Attributes:
        url: Of the pages; empty as long as they cannot be opened.
        opened: Set when they can be.
    """

    def __init__(self, broker: str, port: int, protocol: str, database: Path) -> None:
        """Starts it.

        Args:
            broker: The address.
            port: Of the loopback.
            protocol: The version of MQTT that the broker speaks.
            database: Where it remembers.
        """
        self.url, self.opened = "", threading.Event()
        options = ["--broker", broker, "--port", str(port), "--mqtt", protocol, "--database", str(database)]
        super().__init__("the dashboard", ["dashboard", *options], self._take)

    def _take(self, line: str) -> None:
        if line.startswith(_SAYS):
            self.url = line.removeprefix(_SAYS).strip()
            self.opened.set()
