"""What a value must be besides its type: by the rules of those who use it.

No I/O, but for a look whether a bare word names a folder or a file here.

They are imported on use: a camera's rules bring OpenCV, those of deciding numpy.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from sagui.device.config.lines import Place, is_stream
from sagui.device.errors import CameraError, ConfigError
from sagui.device.mqtt.address import parse_address
from sagui.wire.topics import check_device, check_group, check_prefix, check_stream

if TYPE_CHECKING:
    from sagui.device.cameras.geometry import Region

_MOST_GROUPS = 16


def parse_agree(text: str) -> tuple[int, int]:
    """Reads how many of how many frames must agree.

    Raises:
        DeviceError: It is no such pair.

    >>> parse_agree("3/5")
    (3, 5)
    """
    from sagui.device.decide import Steadiness

    found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    if found is None:
        raise ConfigError(f"{text!r} is no share of the newest frames; write it as 3/5, three of five")
    agree, window = map(int, found.groups())
    Steadiness(agree, window)
    return agree, window


def parse_region(text: str) -> "Region":
    """Reads a part of a picture: ``x,y,width,height``, in shares of it.

    Raises:
        ConfigError: It is none.

    >>> parse_region("0,0.5,1,0.5")
    Region(x=0.0, y=0.5, width=1.0, height=0.5)
    """
    from sagui.device.cameras.options import parse_options

    try:
        region = parse_options(urlencode({"roi": text}), "usb").region
    except CameraError as error:
        raise ConfigError(
            f"{text!r} is no region; give x,y,width,height in shares of the frame, 0 to 1, and inside it"
        ) from error
    assert region is not None  # noqa: S101 (it was asked for)
    return region


def check_endpoint(text: str) -> None:
    """Checks an address to serve Prometheus at, as the agent reads it.

    Raises:
        TelemetryError: It is none.
    """
    from sagui.device.telemetry.prometheus import parse_endpoint

    parse_endpoint(text)


def check_camera(spec: str) -> None:
    """Takes a camera's spec apart, options included, without looking for the camera.

    Raises:
        CameraError: It is no camera, or an option is wrong.
    """
    from sagui.device.cameras.options import KEYS, parse_options
    from sagui.device.cameras.spec import HELP, split_spec

    source = split_spec(spec)
    if source.kind != "path":
        parse_options(source.query, source.kind)
    elif not any(sign in source.address for sign in "/.") and not Path(source.address).exists():
        # Such as a slip in `usb`. It may hold a password, as in `rtsp:user:password@host`.
        word = repr(source.address) if re.fullmatch(r"[\w-]+", source.address) else "this"
        raise CameraError(f"camera: {word} names none, nor a folder or file here; use {HELP}")
    elif any(option.partition("=")[0] in KEYS for option in source.query.split("&")):
        # Only the disk knows whether it is a folder or a video; the latter takes all options of the former.
        parse_options(source.query, "file")


def check_delegate(text: str) -> None:
    """Checks where a network is to run, without looking for it.

    Raises:
        NoRuntimeError: It is no such place.
    """
    from sagui.infer.runtimes.device import parse_device

    parse_device(text)


def check_period(seconds: float) -> None:
    """Checks the time from one message to the next.

    Raises:
        ConfigError: It would be a flood.
    """
    if 0 < seconds < 1:
        raise ConfigError(f"{seconds:g} seconds is too often; take 1 or more, or 0 for none")


def parse_window(text: str) -> tuple[time, time]:
    """Reads hours of the day: the first minute in them, and the first after them.

    Raises:
        ConfigError: They are none.

    >>> parse_window("22:00-04:30")
    (datetime.time(22, 0), datetime.time(4, 30))
    """
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", text)
    if found is None or found[1] + found[2] == found[3] + found[4]:
        raise ConfigError(f"{text!r} are no hours; write them as 02:00-05:30, or 22:00-04:00 over midnight")
    hours = [int(part) for part in found.groups()]
    return time(hours[0], hours[1]), time(hours[2], hours[3])


def check_groups(groups: Sequence[str]) -> None:
    """Checks names of groups, which stand in topics.

    Raises:
        SaguiError: One of them cannot, or they are too many.
    """
    if len(groups) > _MOST_GROUPS:
        raise ConfigError(f"{len(groups)} groups; a device follows {_MOST_GROUPS} at most")
    for group in groups:
        check_group(group)


def check_registry(url: str) -> None:
    """Checks where models are published, without looking there.

    Raises:
        ConfigError: It is no such place.
    """
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise ConfigError("no user or password may stand in it; what a registry holds is signed, and needs none")
    try:
        parts = urlsplit(url)
        where = parts.hostname if parts.scheme in {"http", "https"} else parts.path if parts.scheme == "file" else None
    except ValueError:  # brackets of an address that do not match
        where = None
    if not where or (parts.scheme == "file" and (parts.netloc or not where.startswith("/"))):
        raise ConfigError(f"{url!r} is no registry; write http://HOST/..., https://HOST/... or file:///FOLDER")


RULES: Mapping[str, Callable[[Any], object]] = {
    "device": check_device,
    "delegate": check_delegate,
    "camera.spec": check_camera,
    "broker.url": lambda url: parse_address(url, {}),
    "decide.agree": parse_agree,
    "stream.name": check_stream,
    "stream.region": parse_region,
    "stream.agree": parse_agree,
    "telemetry.every_s": check_period,
    "telemetry.prometheus": check_endpoint,
    "home_assistant.prefix": check_prefix,
    "update.registry": check_registry,
    "update.groups": check_groups,
    "update.every_s": check_period,
    "update.window": parse_window,
}
"""By key: called with a value of its type, raises a SaguiError."""


def conflicts(values: Mapping[Place, object], refused: Collection[Place]) -> Iterator[tuple[Place, str]]:
    """Finds what does not go together.

    Args:
        values: What all sources give together; ``("stream", 0)`` stands for a stream, whatever keys it has.
        refused: Keys that were given, but not as they may be.

    Yields:
        A key, and what is wrong with it.
    """
    yield from _certificates(values, refused)
    registry, root = ("update", "registry"), ("update", "root")
    if registry in values and root not in values and root not in refused:
        yield registry, "a registry needs a root.json, whose keys are trusted; give update.root, too"
    if values.get(("update", "follow")) == "latest" and registry not in values and registry not in refused:
        yield ("update", "follow"), "the latest version is the registry's; give update.registry, too"
    streams = [place for place in values if is_stream(place)]
    seen: set[object] = set()
    for stream in streams:
        place = (*stream, "name")
        name = values.get(place)
        if name is None and len(streams) > 1 and place not in refused:
            yield stream, "a stream without a name; where there are several, each needs one"
        elif name is not None and name in seen:
            yield place, f"{name!r} is the name of another stream, too; each needs its own"
        seen.add(name)


def _certificates(values: Mapping[Place, object], refused: Collection[Place]) -> Iterator[tuple[Place, str]]:
    key, certificate = ("broker", "key"), ("broker", "certificate")
    if key in values and certificate not in values and certificate not in refused:
        yield key, "a key needs a certificate; give broker.certificate, too"
    url = values.get(("broker", "url"))
    if url is None or str(url).lower().startswith("mqtts://"):
        return
    for place in (("broker", "ca"), certificate, key):
        if place in values:
            yield place, "mqtt:// is not encrypted and uses no certificate; write mqtts:// in broker.url"
