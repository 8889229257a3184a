"""Clients of a real broker."""

from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from sagui.deploy.rollout.address import PASSWORD, USER, Files, parse_address
from sagui.deploy.rollout.client import VERSIONS, make_client


class Known(mqtt.Client):
    """A kind of its own."""


@pytest.mark.parametrize("protocol", VERSIONS)
def test_it_is_of_the_kind_that_was_asked_for_and_says_who_it_is(protocol: str) -> None:
    address = parse_address("mqtt://hut", {USER: "ana", PASSWORD: "s3cret"}, Files())
    made = make_client(address, "sagui-desk", protocol, Known)
    assert isinstance(made, Known)
    assert made.username == "ana"
    assert made.connect_timeout == 10


@pytest.mark.parametrize("lasting", [True, False])
def test_a_lasting_session_of_the_older_protocol_is_kept_by_the_broker(
    mosquitto: Any,
    eventually: Callable[..., bool],
    lasting: bool,  # noqa: FBT001 (parametrized)
) -> None:
    address = parse_address(mosquitto.url, {}, Files())
    known: list[bool] = []
    for visits in (1, 2):
        client = make_client(address, "sagui-desk", "3.1.1", mqtt.Client, lasting=lasting)
        client.on_connect = lambda _client, _data, flags, *_: known.append(flags.session_present)
        client.connect(address.host, address.port)
        client.loop_start()
        assert eventually(lambda visits=visits: len(known) == visits)
        client.disconnect()
        client.loop_stop()
    assert known == [False, lasting]
