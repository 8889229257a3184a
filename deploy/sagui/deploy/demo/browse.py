"""Cameras and a dashboard to look at, until the person has seen enough."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import numpy as np
from rich.console import Console

from sagui.deploy.demo.agent_process import AgentProcess, Role
from sagui.deploy.demo.child import Child
from sagui.deploy.demo.dashboard_process import DashboardProcess, free_port
from sagui.deploy.demo.errors import DemoError
from sagui.deploy.demo.listener import forget
from sagui.deploy.demo.watching import Photo, link_photos
from sagui.device.mqtt.address import parse_address
from sagui.interrupt import Interrupt

_FPS = 1.0
_DWELL_S = 6
"""A label stays for so long that there is a photo of each: snapshots are 5 seconds apart."""

_TELEMETRY_S = 5
_OPEN_S = 60.0
_STEP_S = 0.05


@dataclass(frozen=True)
class Scene:
    """What is looked at.

    Attributes:
        broker: The address.
        protocol: The version of MQTT that it speaks.
        bundle: The model.
        photos: What the cameras see.
        devices: Their names; each sees a part of the photos.
        port: Where the dashboard listens, or the next free one.
    """

    broker: str
    protocol: str
    bundle: Path
    photos: Sequence[Photo]
    devices: tuple[str, ...]
    port: int


def browse(scene: Scene, console: Console) -> None:
    """Starts cameras and dashboard, prints its address, and waits for Ctrl-C; then ends all of them.

    Raises:
        DemoError: One of them ended by itself.
    """
    with ExitStack() as stack:
        # What is first here is undone last: no second Ctrl-C leaves a thing half ended.
        interrupt = stack.enter_context(Interrupt(patience_s=None).taking(signal.SIGINT))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="sagui-dashboard-")))
        stack.callback(forget, parse_address(scene.broker, os.environ), scene.devices)
        dashboard = DashboardProcess(scene.broker, _port(scene, console), scene.protocol, folder / "history.db")
        stack.callback(dashboard.kill)
        children: list[Child] = [dashboard]
        for role in _roles(scene, folder):
            agent = AgentProcess(scene.bundle, scene.broker, role, lambda _: None)
            stack.callback(agent.kill)
            children.append(agent)
        names = ", ".join(scene.devices)
        console.print(f"  {len(scene.devices)} cameras, each with a photo a second: {names}", highlight=False)
        if _wait(dashboard.opened.is_set, children, interrupt, _OPEN_S):
            console.print(f"\ndashboard: {dashboard.url}", highlight=False, soft_wrap=True)
            console.print("Ctrl-C ends all of it; nothing of it is kept.")
            _wait(lambda: False, children, interrupt, inf)
        for child in children:
            child.ask_to_end()
        for child in children:
            child.join()
        console.print("Cameras and dashboard have ended.")


def _port(scene: Scene, console: Console) -> int:
    port = free_port(scene.port)
    if port != scene.port:
        console.print(f"  port {scene.port} is taken: the dashboard takes {port}", highlight=False)
    return port


def _roles(scene: Scene, folder: Path) -> Iterator[Role]:
    order = np.random.default_rng(0).permutation(len(scene.photos))
    for number, device in enumerate(scene.devices):
        camera = folder / device
        camera.mkdir()
        link_photos([scene.photos[index] for index in order[number :: len(scene.devices)]], camera)
        options = ("--snapshots", "--dwell", str(_DWELL_S))
        yield Role(device, camera, _FPS, options, {"SAGUI_TELEMETRY_EVERY_S": str(_TELEMETRY_S)})


def _wait(done: Callable[[], bool], children: Sequence[Child], interrupt: Interrupt, timeout_s: float) -> bool:
    """Waits until it is done; False where Ctrl-C came first.

    Raises:
        DemoError: A child ended by itself, or it takes too long.
    """
    until = monotonic() + timeout_s
    while not done():
        if interrupt.wait(_STEP_S):
            return False
        for child in children:
            if not child.alive():
                child.join()
                raise DemoError(f"{child.name} ended by itself")
        if monotonic() > until:
            raise DemoError(f"the dashboard did not open within {timeout_s:g} s")
    return True
