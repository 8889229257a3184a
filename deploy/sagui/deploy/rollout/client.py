"""A client of paho for a broker's address: every command says in the same way who it is, and whom it trusts."""

from typing import TypeVar

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from sagui.deploy.rollout.address import Address

ANSWER_S = 10.0
"""How long a broker may take to answer."""

VERSIONS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}

_Client = TypeVar("_Client", bound=mqtt.Client)


def make_client(address: Address, name: str, protocol: str, kind: type[_Client], *, lasting: bool = False) -> _Client:
    """Makes a client that has not dialled yet.

    Args:
        address: The broker.
        name: By which the broker knows it.
        protocol: The version of MQTT, a key of `VERSIONS`.
        kind: `paho.mqtt.client.Client`, or one of ours.
        lasting: Whether it connects again by itself and, with 3.1.1, has the broker keep its session; with 5 that is
            asked for when it dials.
    """
    client = kind(
        CallbackAPIVersion.VERSION2,
        client_id=name,
        protocol=VERSIONS[protocol],
        clean_session=None if protocol == "5" else not lasting,
        reconnect_on_failure=lasting,
    )
    if address.tls is not None:
        client.tls_set_context(address.tls)
    if address.user is not None:
        client.username_pw_set(address.user, address.password)
    client.connect_timeout = ANSWER_S
    return client
