"""The settings on the card are settings of the agent: its own `sagui config check` says so."""

import tomllib
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagui.deploy.provision.order import Credentials, Order, Updates
from sagui.deploy.provision.settings import agent_toml

_ALL = Credentials(b"ca", b"certificate", b"key", b"user", b"password")


def test_the_agent_finds_no_fault_and_nothing_missing(
    run_sagui: Callable[..., object], make_order: Callable[..., Order], tmp_path: Path
) -> None:
    updates = Updates(b"{}", "https://models.local/registry", {}, ("all", "porch"))
    for order in (make_order(), make_order(credentials=_ALL, updates=updates, camera="usb:0")):
        path = tmp_path / "agent.toml"
        path.write_text(agent_toml(order))
        done = run_sagui("config", "check", path)
        assert (done.returncode, done.stdout) == (0, f"{path}: ok\n"), done.stderr  # type: ignore[attr-defined]


def test_what_is_not_given_is_not_set(make_order: Callable[..., Order]) -> None:
    said = tomllib.loads(agent_toml(make_order(device="porch-2")))
    assert said["device"] == "porch-2"
    assert said["model"] == "/opt/sagui/pets-1.4.0.sagui"
    assert said["broker"] == {"url": "mqtts://broker.local"}
    assert "update" not in said


def test_credentials_are_named_and_not_told(make_order: Callable[..., Order]) -> None:
    written = agent_toml(make_order(credentials=Credentials(user=b"me\n", password=b"hunter2\n")))
    assert "hunter2" not in written
    assert tomllib.loads(written)["broker"]["password_file"] == str(Path("/etc/sagui/mqtt-password"))


def test_updates_by_hand_need_the_root_alone(make_order: Callable[..., Order]) -> None:
    said = tomllib.loads(agent_toml(make_order(updates=Updates(b"{}"))))
    assert said["update"] == {"root": "/etc/sagui/root.json"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(camera=st.text(min_size=1).filter(str.isprintable))
def test_any_camera_comes_back_as_it_was(make_order: Callable[..., Order], camera: str) -> None:
    assert tomllib.loads(agent_toml(make_order(camera=camera)))["camera"]["spec"] == camera
