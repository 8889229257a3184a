"""What is seen before a card is written: by the agent's own check, and by eye."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.deploy.provision.certificates import make_pair

from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.order import Credentials, Order, Updates
from sagui.deploy.provision.proof import check_name, prove_settings, warnings

MakeOrder = Callable[..., Order]


def test_settings_that_the_agent_takes_pass(make_order: MakeOrder) -> None:
    prove_settings(make_order(camera="usb:0"))


def test_settings_that_the_agent_refuses_are_refused_in_its_words(make_order: MakeOrder) -> None:
    with pytest.raises(
        ProvisionError, match=r"refuse its settings: camera\.spec: camera: usb:9x has no number"
    ) as caught:
        prove_settings(make_order(camera="usb:9x"))
    assert "/dev/stdin" not in str(caught.value)


def test_all_that_the_agent_refuses_is_told(make_order: MakeOrder) -> None:
    with pytest.raises(ProvisionError, match=r"camera\.spec: .*; update\.registry: "):
        prove_settings(make_order(camera="usb:9x", updates=Updates(b"{}", "https://", {}, ())))


def test_a_certificate_for_another_name_is_refused_unless_that_is_wanted(make_order: MakeOrder, tmp_path: Path) -> None:
    order = make_order(credentials=Credentials(certificate=make_pair(tmp_path, "shed")[0].read_bytes()))
    with pytest.raises(ProvisionError, match=r"is for 'shed', and the device is called 'porch'.*--force"):
        check_name(order, force=False)
    check_name(order, force=True)
    assert [line for line in warnings(order) if "is for 'shed'" in line]


def test_the_devices_own_certificate_passes(make_order: MakeOrder, tmp_path: Path) -> None:
    order = make_order(credentials=Credentials(certificate=make_pair(tmp_path, "porch")[0].read_bytes()))
    check_name(order, force=False)
    assert not warnings(order)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9:1883", "[::1]:8883", "me.localhost"])
def test_a_broker_or_a_registry_on_the_device_itself_looks_like_a_slip(make_order: MakeOrder, host: str) -> None:
    why = "is the device itself, not this machine; name a host that the device can reach"
    order = make_order(broker=f"mqtts://{host}", updates=Updates(b"{}", f"http://{host}/models"))
    assert warnings(order) == [
        f"the broker mqtts://{host} {why}",
        f"the registry http://{host}/models {why}",
    ]


@pytest.mark.parametrize("host", ["broker.local", "192.168.0.9", "localhost.example", "[fd00::7]:8883"])
def test_any_other_place_is_no_slip(make_order: MakeOrder, host: str) -> None:
    assert not warnings(make_order(broker=f"mqtts://{host}", updates=Updates(b"{}", f"https://{host}/models")))
