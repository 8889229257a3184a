"""Who has a certificate, and under which name the broker knows them. Pure rules, no I/O."""

import re
from dataclasses import dataclass
from typing import Literal

from sagui.deploy.broker.errors import BrokerFolderError
from sagui.errors import SaguiError
from sagui.wire import topics

Role = Literal["device", "operator", "reader"]

_PERSON = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_SEPARATOR = "."
"""No device's name has it, so nobody else's certificate speaks for a device."""


@dataclass(frozen=True)
class Holder:
    """Who holds a certificate.

    Attributes:
        role: ``operator`` plans rollouts and gives orders, ``reader`` (a dashboard) only listens.
        name: A device's is the one in its topics.
    """

    role: Role
    name: str

    @property
    def user(self) -> str:
        """The common name in the certificate: what the broker takes for the user.

        >>> Holder("device", "porch").user, Holder("operator", "ana").user
        ('porch', 'operator.ana')
        """
        return self.name if self.role == "device" else f"{self.role}{_SEPARATOR}{self.name}"


def holder(role: Role, name: str) -> Holder:
    """Checks a name.

    Raises:
        BrokerFolderError: It cannot stand in a topic or an access list.
    """
    if role == "device":
        try:
            topics.check_device(name)
        except SaguiError as error:
            raise BrokerFolderError(str(error)) from error
    elif not _PERSON.fullmatch(name):
        raise BrokerFolderError(f"{role} {name!r}: use 1 to 32 of a-z, 0-9 and -, such as ana")
    return Holder(role, name)


def holder_of(user: str) -> Holder:
    """Gives who is behind a common name.

    >>> holder_of("reader.grafana")
    Holder(role='reader', name='grafana')
    """
    role, separator, name = user.partition(_SEPARATOR)
    if separator and role in {"operator", "reader"}:
        return Holder("operator" if role == "operator" else "reader", name)
    return Holder("device", user)
