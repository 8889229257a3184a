"""Who a person is by the word of a reverse proxy: rules without I/O."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from sagui.deploy.dashboard.errors import DashboardError, ForgedError

LONGEST_USER = 128

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")

_OTHERWISE_USED = re.compile(
    r"accept.*|authorization|cache-control|connection|content-.*|cookie|dnt|expect|forwarded|from|host|if-.*|keep-alive"
    r"|max-forwards|origin|pragma|priority|proxy-.*|range|referer|save-data|sec-.*|te|trailer|transfer-encoding|upgrade.*"
    r"|user-agent|via|x-csrf.*|x-forwarded-(?!user|email|preferred-username).*|x-real-ip|x-request.*",
    re.IGNORECASE,
)
"""Browsers or proxies write these for everybody."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Proxies:
    """Those who are believed.

    Attributes:
        header: In which they say who a person is; small letters.
        networks: Where they are.
    """

    header: str
    networks: tuple[Network, ...]

    def trusts(self, peer: str) -> bool:
        """Whether a proxy is at that address.

        Args:
            peer: The other end of the connection itself; whatever a header says of it does not count.
        """
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self.networks)

    def user(self, peer: str, values: Sequence[bytes]) -> str | None:
        """Gives the user of a request; None if nobody says who it is.

        Args:
            peer: The other end of the connection itself.
            values: Of all headers of that name.

        Raises:
            ForgedError: Somebody says it who is not to be believed, or it is no name.
        """
        if values and not self.trusts(peer):
            raise ForgedError(f"Only the proxy may say {self.header}.")
        if len(values) > 1:
            raise ForgedError(f"There is more than one {self.header}.")
        # What is no UTF-8 becomes what cannot be printed.
        name = values[0].decode(errors="surrogateescape").strip(" \t") if values else ""
        # A comma is how a proxy joins its own word to that of the one before it, who may be anybody.
        if len(name) > LONGEST_USER or not name.isprintable() or "," in name:
            raise ForgedError(f"{self.header} is no name of a user.")
        return name or None


def parse_proxies(header: str | None, addresses: Sequence[str]) -> Proxies | None:
    """Reads what was asked for on the command line; None if nothing was.

    Args:
        header: The name of the header.
        addresses: Of proxies, or of networks of them.

    Raises:
        DashboardError: It says what to do.
    """
    if header is None:
        if addresses:
            raise DashboardError("--trusted-proxy says nothing without --user-header; add --user-header Remote-User")
        return None
    if not addresses:
        raise DashboardError("--user-header could be written by anybody; add --trusted-proxy with the proxy's address")
    if not _NAME.fullmatch(header) or _OTHERWISE_USED.fullmatch(header):
        raise DashboardError(f"--user-header {header!r} is no header for users; use one such as Remote-User")
    return Proxies(header.lower(), tuple(map(_network, addresses)))


def _network(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise DashboardError(f"--trusted-proxy: {error}; use 127.0.0.1 or 10.0.0.0/24") from error
    if network.prefixlen == 0:
        raise DashboardError(f"--trusted-proxy {text} would believe anybody; name the proxy's own address")
    return network
