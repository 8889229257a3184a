"""The agent's settings, ``/etc/sagui/agent.toml``, and where the files that they name will be."""

from typing import Any

import tomli_w

from sagui.deploy.provision.order import Order

ETC = "/etc/sagui"
HOME = "/opt/sagui"

CA = "ca.crt"
CERTIFICATE = "agent.crt"
KEY = "agent.key"
USER = "mqtt-user"
PASSWORD = "mqtt-password"  # noqa: S105 (a file's name)
ROOT = "root.json"
SETTINGS = "agent.toml"


def agent_toml(order: Order) -> str:
    """Writes the settings of the agent on this card."""
    settings: dict[str, Any] = {
        "device": order.device,
        "model": f"{HOME}/{order.model.file}",
        # A camera on the network, or one whose driver is slow, may come after the agent.
        "camera": {"spec": order.camera, "patient": True},
        "broker": {"url": order.broker} | _files(order),
    }
    if order.updates is not None:
        update: dict[str, Any] = {"root": f"{ETC}/{ROOT}"}
        if order.updates.url is not None:
            update["registry"] = order.updates.url
        if order.updates.groups:
            update["groups"] = list(order.updates.groups)
        settings["update"] = update
    return "# Written by sagui provision. What there is besides: sagui config init.\n" + tomli_w.dumps(settings)


def _files(order: Order) -> dict[str, str]:
    given = order.credentials
    named = {
        "ca": (given.ca, CA),
        "certificate": (given.certificate, CERTIFICATE),
        "key": (given.key, KEY),
        "user_file": (given.user, USER),
        "password_file": (given.password, PASSWORD),
    }
    return {key: f"{ETC}/{name}" for key, (content, name) in named.items() if content is not None}
