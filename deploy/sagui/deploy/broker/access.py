"""Mosquitto's settings and access list, as text. Pure rules, no I/O.

The words are those of https://mosquitto.org/man/mosquitto-conf-5.html.
"""

from collections.abc import Iterable
from pathlib import PurePosixPath

from sagui.deploy.broker.people import Holder

PORT = 8883
"""MQTT over TLS, as registered with IANA."""

CONF = "sagui.conf"
ACL = "acl"
CA = "ca.crt"
CERTIFICATE = "server.crt"
KEY = "server.key"
REVOKED = "revoked.pem"

LONGEST_MESSAGE_BYTES = 1 << 20
"""A snapshot has 256 KiB at most, a plan a few hundred bytes."""

# `%u` is the user: the name in the certificate. Each line is one that docs/mqtt.md has a reason for.
_DEVICES = """\
# A device says what it sees, below its own name alone ...
pattern write sagui/%u/availability
pattern write sagui/%u/result
pattern write sagui/%u/state
pattern write sagui/%u/state/+
pattern write sagui/%u/telemetry
pattern write sagui/%u/health
pattern write sagui/%u/snapshot
pattern write sagui/%u/claim
pattern write sagui/%u/update/state
pattern write homeassistant/device/%u/config
# ... and hears what it is asked, its own name when another claims it, and the plans of groups.
pattern read sagui/%u/command
pattern read sagui/%u/update/set
pattern read sagui/%u/claim
pattern read sagui/%u/availability
pattern read sagui/fleet/+/desired
pattern read homeassistant/status
"""


STORED = "/var/lib/mosquitto/"
"""Where Debian's mosquitto may write."""


def conf(folder: PurePosixPath, port: int = PORT, address: str | None = None) -> str:
    """Writes the settings of a broker that nobody enters without a certificate of ours.

    Args:
        folder: Where its files will be.
        port: Where it listens.
        address: On which of the machine's addresses; None is all.
    """
    return f"""\
# Written by `sagui broker init`. Nobody enters without a certificate that the authority signed.
#
# What the broker keeps (plans, states) must outlive its restart. Debian's mosquitto.conf says so; where this file is
# read alone, take the # away:
#persistence true
#persistence_location {STORED}
per_listener_settings false
listener {port}{f" {address}" if address else ""}
allow_anonymous false
cafile {folder / CA}
certfile {folder / CERTIFICATE}
keyfile {folder / KEY}
crlfile {folder / REVOKED}
tls_version tlsv1.2
require_certificate true
# The name in the certificate is the user; a user name that a client sends is not looked at.
use_identity_as_username true
acl_file {folder / ACL}
# A reader that is away gets what it missed, for a week, and one that is there gets thousands of results a second. Not 0
# for "any number": then mosquitto 2.0.11 hangs up on who says what it may not, and the client does not learn why.
persistent_client_expiration 7d
max_queued_messages 1000000
max_inflight_messages 1000
max_queued_bytes 67108864
max_packet_size {LONGEST_MESSAGE_BYTES}
"""


def acl(holders: Iterable[Holder]) -> str:
    """Writes who may say and hear what. Devices share their lines: a new one needs no change here.

    Args:
        holders: Devices among them are left out.
    """
    people = sorted((one for one in holders if one.role != "device"), key=lambda one: one.user)
    return (
        "# Written by `sagui broker`: its own changes are written over yours.\n"
        + _DEVICES
        + "".join(map(_person, people))
    )


def _person(one: Holder) -> str:
    lines = [f"\nuser {one.user}", "topic read sagui/#", "topic read homeassistant/#"]
    if one.role == "operator":
        lines += [
            "topic write sagui/+/command",
            "topic write sagui/+/update/set",
            "topic write sagui/fleet/+/desired",
            "topic write homeassistant/status",
        ]
    return "\n".join(lines) + "\n"
