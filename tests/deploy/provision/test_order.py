"""What may be asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.provision.errors import ProvisionError
from sagui.deploy.provision.order import (
    Credentials,
    check_broker,
    check_camera,
    check_hostname,
    check_requirement,
    check_user,
)


@pytest.mark.parametrize("hostname", ["porch", "porch-2", "a", "0", "a" * 63])
def test_a_hostname(hostname: str) -> None:
    assert check_hostname(hostname) == hostname


@pytest.mark.parametrize(
    "hostname", ["", "-porch", "porch-", "Porch", "a.b", "a b", "a" * 64, "porch\n", "$(reboot)", "é"]
)
def test_what_no_machine_is_called(hostname: str) -> None:
    with pytest.raises(ProvisionError, match="hostname"):
        check_hostname(hostname)


@pytest.mark.parametrize("user", ["", "root", "sagui", "Pi", "2pi", "pi;id", "pi\n", "a" * 32, "-u"])
def test_who_cannot_log_in(user: str) -> None:
    with pytest.raises(ProvisionError, match="user"):
        check_user(user)


@pytest.mark.parametrize(
    "url", ["mqtt://localhost", "mqtts://broker.local:8883", "mqtt://[fe80::1]:1883", "mqtts://b/"]
)
def test_a_broker(url: str) -> None:
    assert check_broker(url) == url


@pytest.mark.parametrize(
    "url",
    ["", "broker.local", "http://b", "mqtt://", "mqtt://b:99999", "mqtt://b/c", "mqtt://b?x", "mqtt://b\n", "mqtt://["],
)
def test_what_is_no_broker(url: str) -> None:
    with pytest.raises(ProvisionError, match="--broker"):
        check_broker(url)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ProvisionError, match="mqtt-password-file") as caught:
        check_broker("mqtts://me:hunter2@broker.local")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ProvisionError, match="--camera-file") as caught:
        check_camera("rtsp://me:hunter2@camera.local/stream")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ProvisionError, match="no password") as caught:
        check_requirement("sagui[update] @ https://me:hunter2@wheels.local/sagui.whl")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("spec", ["picamera2", "usb:0?rotate=180", "rtsp://camera.local/a@b", "synthetic"])
def test_a_camera(spec: str) -> None:
    assert check_camera(spec) == spec


@pytest.mark.parametrize(
    "text",
    ["sagui", "sagui[update]", "sagui==0.1.0", "Sagui >=1", "sagui; python_version>'3'", "sagui @ ", " sagui~=1 "],
)
def test_the_other_project_of_that_name_is_never_installed(text: str) -> None:
    with pytest.raises(ProvisionError, match="another project"):
        check_requirement(text)


@pytest.mark.parametrize(
    "text", ["acme-sagui[update]==1.0", "sagui[update] @ https://wheels.local/sagui.whl", "sagui-edge"]
)
def test_a_requirement(text: str) -> None:
    assert check_requirement(text) == text


@pytest.mark.parametrize("text", ["", "  ", "--index-url=http://evil", "a\nb"])
def test_what_is_no_requirement(text: str) -> None:
    with pytest.raises(ProvisionError, match="one requirement"):
        check_requirement(text)


@given(st.binary(min_size=8))
def test_credentials_are_not_in_what_is_printed(secret: bytes) -> None:
    shown = repr(Credentials(key=secret, user=secret, password=secret))
    assert shown == "Credentials(ca=None, certificate=None)"
