"""Whether the agent will take what is written for it, asked of the agent itself; and what looks like a slip."""

import subprocess
import sys
import tempfile
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from sagui.deploy.provision.credentials import common_name
from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.order import Order
from sagui.deploy.provision.settings import SETTINGS, agent_toml

_MOST_SECONDS = 60


def prove_settings(order: Order) -> None:
    """Has this machine's ``sagui config check`` read the settings, so that no card boots into an agent that stops.

    A camera's password may be in them: they lie meanwhile in a folder that only we can look into.

    Raises:
        ProvisionError: The agent refuses them; in its own words.
    """
    with tempfile.TemporaryDirectory(prefix="sagui-settings-") as folder:
        path = Path(folder, SETTINGS)
        path.write_text(agent_toml(order), encoding="utf-8")
        command = [sys.executable, "-m", "sagui.cli", "config", "check", str(path)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_MOST_SECONDS)  # noqa: S603
        except subprocess.TimeoutExpired as error:
            raise ProvisionError(f"sagui config check did not end within {_MOST_SECONDS} s; try again") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["sagui config check says no"]
        # After the file and the line, which nobody can look up any more.
        words = (line.partition(": ")[2] if line.startswith(str(path)) else line for line in lines)
        raise ProvisionError(f"the agent would refuse its settings: {'; '.join(words)}")


def check_name(order: Order, *, force: bool) -> None:
    """Sees that the certificate is the device's own: a broker takes its name for the user's.

    Raises:
        ProvisionError: It is for another name, and that is not what is wanted.
    """
    certificate = order.credentials.certificate
    if certificate is None or force or (name := common_name(certificate)) == order.device:
        return
    raise ProvisionError(
        f"--certificate is for {name!r}, and the device is called {order.device!r}: the broker would take it for the "
        "other; take its own, which sagui broker add makes, or write the card all the same with --force"
    )


def warnings(order: Order) -> list[str]:
    """What works, but hardly as it is meant."""
    found = [
        f"{what} {url} is the device itself, not this machine; name a host that the device can reach"
        for what, url in (("the broker", order.broker), ("the registry", order.updates.url if order.updates else None))
        if url is not None and _is_loopback(url)
    ]
    if order.credentials.password is not None and order.broker.startswith("mqtt:"):
        found.append("mqtt:// sends the password as it is; mqtts:// would not")
    certificate = order.credentials.certificate
    if certificate is not None and (name := common_name(certificate)) != order.device:
        found.append(f"the certificate is for {name!r}, and the device is called {order.device!r}")
    return found


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:  # a name
        return False
    return address.is_loopback or address.is_unspecified
