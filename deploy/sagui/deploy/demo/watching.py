"""The agent on a camera, and its results as they arrive."""

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from rich.console import Console

from sagui.deploy.demo.agent_process import AgentProcess, Role
from sagui.deploy.demo.errors import DemoError
from sagui.deploy.demo.listener import listening
from sagui.deploy.demo.live import Watch, showing
from sagui.device.mqtt.address import Address
from sagui.interrupt import Interrupt

_FPS = 20.0
_FIRST_RESULT_S = 30.0
_LAST_RESULTS_S = 5.0
_STEP_S = 0.05


@dataclass(frozen=True)
class Photo:
    """A test photo, and what it shows."""

    path: Path
    label: str


@dataclass(frozen=True)
class Seen:
    """What came of it.

    Attributes:
        received: How many results came over MQTT.
        published: How many the agent published.
        golden_frames: How many it reproduced.
        protocol: The version of MQTT that was spoken; empty for none.
        stopped: Whether a person ended it.
    """

    watch: Watch
    received: int
    published: int
    golden_frames: int
    protocol: str
    stopped: bool


def see(
    bundle: Path, photos: Sequence[Photo], broker: tuple[str, Address], device: str, seconds: float, console: Console
) -> Seen:
    """Runs the agent on the photos, and shows what it says, for so long or until Ctrl-C.

    Args:
        bundle: The model.
        photos: What the camera sees.
        broker: As a person writes it, and as it was read.
        device: The name in the topics.
        seconds: From the first result on.
        console: Where it is shown.

    Raises:
        DemoError: The agent fails, or nothing arrives.
    """
    url, address = broker
    with TemporaryDirectory(prefix="sagui-camera-") as folder:
        camera = Path(folder)
        watch = Watch(link_photos(photos, camera))
        with listening(address, device, watch.add) as listener:
            agent = AgentProcess(bundle, url, Role(device, camera, _FPS), _told(console))
            try:
                stopped = _watch(seconds, agent, watch, console)
                agent.stop()
            finally:
                agent.kill()
            events = agent.events
            if not {"ready", "stopped"} <= events.keys():
                raise DemoError("the agent ended without saying how it went")
            published = int(events["stopped"]["published"])
            listener.wait_for(published, _LAST_RESULTS_S)
            golden = int(events["ready"]["golden"]["count"])
            # It may have been stopped before it was connected.
            protocol = str(events.get("connected", {}).get("protocol", ""))
            return Seen(watch, listener.received, published, golden, protocol, stopped)


def link_photos(photos: Sequence[Photo], folder: Path) -> Mapping[str, str]:
    """Links photos into an empty folder, and tells what each shows."""
    truth = {}
    for number, photo in enumerate(photos):
        name = f"{number:05d}{photo.path.suffix.lower()}"
        (folder / name).symlink_to(photo.path.resolve())
        truth[name] = photo.label
    return truth


def _told(console: Console) -> Callable[[str], None]:
    return lambda text: console.print(f"  agent: {text}", markup=False, soft_wrap=True)


def _watch(seconds: float, agent: AgentProcess, watch: Watch, console: Console) -> bool:
    with Interrupt(patience_s=None).taking(signal.SIGINT) as interrupt, showing(watch, console):
        _wait_for_first(agent, watch, interrupt)
        # The agent's start is not taken off the time to watch.
        deadline = monotonic() + seconds
        while agent.alive() and monotonic() < deadline and not interrupt.wait(_STEP_S):
            pass
        return interrupt.came()


def _wait_for_first(agent: AgentProcess, watch: Watch, interrupt: Interrupt) -> None:
    deadline = monotonic() + _FIRST_RESULT_S
    while agent.alive() and not watch.total_ms and not interrupt.wait(_STEP_S):
        if monotonic() >= deadline:
            raise DemoError(
                f"no result arrived within {_FIRST_RESULT_S:g} s; may this user publish and subscribe to sagui/# there?"
            )
