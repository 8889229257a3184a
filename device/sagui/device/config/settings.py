"""Everything a person may set for the agent, as data.

What each key means stands here and nowhere else: `sagui config init`, `sagui config schema`, the messages of
`sagui config check` and the table in ``docs/configuration.md`` are told from these structs.
"""

from typing import Annotated, Any, Literal

import msgspec

MAX_STREAMS = 16
"""More regions of one camera than a Pi can look at."""

_DAY_S = 86_400


def _about(description: str, **extra: Any) -> msgspec.Meta:  # noqa: ANN401 (a value of any key)
    """Describes a key.

    Args:
        description: One sentence; it follows the key's name in a file and a table.
        extra: ``allowed`` (what it may be, where the type does not tell), ``example`` and ``unset`` (a value, and what
            happens without one, where there is no default), ``option`` (of `sagui run`), ``secret`` (the value is
            never shown: a password may be in it).
    """
    return msgspec.Meta(description=description, extra=extra)


_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
_File = _Text | None
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Wait = Annotated[float, msgspec.Meta(ge=0, le=_DAY_S)]
_Hysteresis = Annotated[float, msgspec.Meta(ge=0, lt=1)]

_MODEL = "The model: a bundle (.sagui), or a TFLite image classifier."
_LABELS = "A text file with a label a line, for a TFLite file without any."
_AGREE = "How many of the newest frames must show a label before it becomes the present one."
_AGREE_ALLOWED = "N/M, N of the newest M frames, M up to 1000"
_DWELL = "Seconds that a label stays before another may follow."
_HYSTERESIS = "By so much another label must score better than the present one to follow it."
_EVERY = "Least seconds from one result to the next as long as the label stays; a change is said at once."


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file."""


class Camera(Section, frozen=True, kw_only=True):
    """Where frames come from."""

    spec: Annotated[
        _Text | None,
        _about(
            "The camera, see docs/cameras.md.",
            allowed="folder:DIR, file:VIDEO, usb:0, rtsp://..., picamera2 or synthetic, with options behind it",
            example="usb:0?rotate=180",
            unset="none; a start needs it",
            option="--camera",
            secret=True,
        ),
    ] = None
    loop: Annotated[bool, _about("Start again at the end of a folder or a video file.", option="--loop")] = False
    fps: Annotated[
        Annotated[float, msgspec.Meta(gt=0, le=1000)] | None,
        _about("At most so many frames a second.", example=5.0, unset="as many as can be", option="--fps"),
    ] = None
    patient: Annotated[bool, _about("Wait for a live camera that is not there yet when the agent starts.")] = False


class Broker(Section, frozen=True, kw_only=True):
    """Where results go. User and password have files of their own, or SAGUI_MQTT_USER and SAGUI_MQTT_PASSWORD."""

    url: Annotated[
        _Text | None,
        _about(
            "The MQTT broker.",
            allowed="mqtt://HOST:PORT or mqtts://HOST:PORT",
            example="mqtts://broker.local:8883",
            unset="none; a start needs it",
            option="--broker",
            secret=True,
        ),
    ] = None
    mqtt: Annotated[
        Literal["auto", "5", "3.1.1"], _about("The protocol's version; auto tries 5 first.", option="--mqtt")
    ] = "auto"
    ca: Annotated[
        _File,
        _about(
            "A file of certificates to trust, for mqtts.",
            example="/etc/sagui/ca.crt",
            option="--ca",
            unset="the system's",
        ),
    ] = None
    certificate: Annotated[
        _File,
        _about(
            "A file with our certificate, where the broker asks for one.",
            option="--certificate",
            example="/etc/sagui/agent.crt",
        ),
    ] = None
    key: Annotated[
        _File,
        _about(
            "A file with the key of the certificate.",
            example="/etc/sagui/agent.key",
            option="--key",
            unset="in the certificate's file",
        ),
    ] = None
    user_file: Annotated[
        _File,
        _about(
            "A file that holds the user's name.",
            example="/etc/sagui/mqtt-user",
            option="--user-file",
            unset="SAGUI_MQTT_USER",
        ),
    ] = None
    password_file: Annotated[
        _File,
        _about(
            "A file that holds the password.",
            example="/run/credentials/sagui-device.service/mqtt-password",
            option="--password-file",
            unset="SAGUI_MQTT_PASSWORD",
        ),
    ] = None


class Outbox(Section, frozen=True, kw_only=True):
    """Where results wait for the broker. What is past a limit is dropped, oldest first."""

    place: Annotated[
        _Text | None,
        _about(
            "A folder, or memory.",
            allowed="the path of a folder, or memory",
            example="/var/lib/sagui",
            unset="below $STATE_DIRECTORY or ~/.local/state/sagui",
            option="--outbox",
        ),
    ] = None
    rows: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] | None,
        _about(
            "At most so many results wait.",
            example=100_000,
            unset="1000000, and 10000 in memory",
            option="--outbox-rows",
        ),
    ] = None
    mib: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=1_048_576)] | None,
        _about(
            "Likewise, by the size of their payload in MiB.",
            example=64,
            unset="512, and 16 in memory",
            option="--outbox-mib",
        ),
    ] = None
    days: Annotated[
        Annotated[float, msgspec.Meta(gt=0, le=36_500)] | None,
        _about("Likewise, by their age in days of running.", example=7.0, unset="30", option="--outbox-days"),
    ] = None


class Decide(Section, frozen=True, kw_only=True):
    """How hard it is to change the present label. The defaults follow every frame."""

    agree: Annotated[_Text, _about(_AGREE, allowed=_AGREE_ALLOWED, option="--agree")] = "1/1"
    dwell_s: Annotated[_Wait, _about(_DWELL, option="--dwell")] = 0.0
    hysteresis: Annotated[_Hysteresis, _about(_HYSTERESIS, option="--hysteresis")] = 0.0
    every_s: Annotated[_Wait, _about(_EVERY, option="--every")] = 0.0


class Stream(Section, frozen=True, kw_only=True):
    """One region of the camera, looked at by one model: a table for each. Without any, it is the whole picture."""

    name: Annotated[
        _Text | None,
        _about(
            "Its name in topics and results; needed where there are several streams.",
            allowed="1 to 63 of a-z, 0-9 and -",
            example="door",
        ),
    ] = None
    region: Annotated[
        _Text | None,
        _about(
            "The part of the picture it looks at.",
            allowed="x,y,width,height in shares of the frame, 0 to 1, and inside it",
            example="0,0.5,1,0.5",
            unset="all of it",
        ),
    ] = None
    model: Annotated[_File, _about(_MODEL, example="/var/lib/sagui/door.sagui", unset="model")] = None
    labels: Annotated[
        _File,
        _about(_LABELS, example="/var/lib/sagui/labels.txt", unset="labels, if the stream has no model of its own"),
    ] = None
    agree: Annotated[_Text | None, _about(_AGREE, allowed=_AGREE_ALLOWED, example="3/5", unset="decide.agree")] = None
    dwell_s: Annotated[_Wait | None, _about(_DWELL, example=2.0, unset="decide.dwell_s")] = None
    hysteresis: Annotated[_Hysteresis | None, _about(_HYSTERESIS, example=0.1, unset="decide.hysteresis")] = None
    every_s: Annotated[_Wait | None, _about(_EVERY, example=10.0, unset="decide.every_s")] = None


class Telemetry(Section, frozen=True, kw_only=True):
    """What the agent tells about itself."""

    every_s: Annotated[
        _Wait,
        _about("Seconds from one telemetry message to the next; 0 is none.", allowed="0, or a number, 1 to 86400"),
    ] = 60.0
    prometheus: Annotated[
        _Text | None,
        _about(
            "Serve the same numbers to Prometheus at this address.",
            allowed="HOST:PORT, such as 127.0.0.1:9105",
            option="--prometheus",
            example="127.0.0.1:9105",
            unset="they are not served",
        ),
    ] = None


class Health(Section, frozen=True, kw_only=True):
    """When the agent gives up, for its service manager to start it again."""

    stuck_seconds: Annotated[
        Annotated[float, msgspec.Meta(ge=1, le=3600)],
        _about("Seconds after which a frame that is not finished ends the process."),
    ] = 30.0
    safe_mode: Annotated[
        bool, _about("After five crashes in ten minutes, start without camera and model, and publish why.")
    ] = True


class Snapshot(Section, frozen=True, kw_only=True):
    """Photos over MQTT. Whoever reads the broker sees them."""

    enabled: Annotated[bool, _about("Publish the photo that changed the label.", option="--snapshots")] = False
    quality: Annotated[Annotated[int, msgspec.Meta(ge=1, le=100)], _about("Of the JPEG, in percent.")] = 80
    max_side: Annotated[
        Annotated[int, msgspec.Meta(ge=16, le=4096)], _about("Larger photos are made smaller: pixels of the long side.")
    ] = 640


class HomeAssistant(Section, frozen=True, kw_only=True):
    """Discovery by Home Assistant."""

    discovery: Annotated[bool, _about("Announce the device to Home Assistant.", option="--discovery")] = False
    prefix: Annotated[
        _Text,
        _about("Home Assistant's discovery prefix.", allowed="a-z, A-Z, 0-9, _ and -, parts separated by /"),
    ] = "homeassistant"


class Collect(Section, frozen=True, kw_only=True):
    """Frames kept for the next training. They stay on the device until somebody fetches them."""

    folder: Annotated[
        _File, _about("Where to keep frames.", example="/var/lib/sagui/collect", unset="none are kept")
    ] = None
    mib: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=1_048_576)],
        _about("At most so many MiB; then the least interesting frames go."),
    ] = 200
    below: Annotated[_Share, _about("Keep frames whose best score is below this.")] = 0.5
    margin: Annotated[_Share, _about("Keep frames whose two best scores are closer together than this.")] = 0.2
    every_s: Annotated[_Wait, _about("Least seconds from one kept frame to the next.")] = 60.0
    flicker_s: Annotated[
        _Wait, _about("Keep the frame at which the label changed, if the one before stayed for less seconds.")
    ] = 5.0


class Update(Section, frozen=True, kw_only=True):
    """How the model is exchanged for a newer one, see docs/fleet.md. It concerns `model`, not those of streams."""

    registry: Annotated[
        _Text | None,
        _about(
            "Where new versions of the model are published.",
            allowed="http://..., https://... or file:///...",
            example="https://models.local/registry",
            unset="none are fetched",
        ),
    ] = None
    root: Annotated[
        _File,
        _about(
            "The registry's root.json: by its keys, and no others, a new model is known.",
            example="/etc/sagui/root.json",
            unset="none is trusted",
        ),
    ] = None
    groups: Annotated[
        tuple[_Text, ...],
        _about(
            "The groups whose plans are followed.",
            allowed="up to 16 names, each 1 to 63 of a-z, 0-9 and -",
        ),
    ] = ("all",)
    follow: Annotated[
        Literal["plan", "latest"],
        _about("Take what a group's plan asks for, or the registry's latest version as soon as it is there."),
    ] = "plan"
    every_s: Annotated[
        Annotated[float, msgspec.Meta(ge=0, le=30 * _DAY_S)],
        _about(
            "Seconds from one look into the registry to the next; 0 is never.",
            allowed="0, or a number, 1 to 2592000",
        ),
    ] = 3600.0
    pin: Annotated[bool, _about("Keep this device's model, whatever a plan asks for.")] = False
    window: Annotated[
        _Text | None,
        _about(
            "The hours in which a model may be exchanged, in the device's local time.",
            allowed="HH:MM-HH:MM, over midnight too",
            example="02:00-05:30",
            unset="always",
        ),
    ] = None
    shadow_frames: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=100_000)],
        _about("Frames on which a new model is compared with the old one before it is put to work; 0 is none."),
    ] = 100
    disagree: Annotated[
        _Share,
        _about(
            "Share of these frames that the new model may name otherwise than the old one; 1 allows all, for a model "
            "that is meant to differ."
        ),
    ] = 0.25
    dwell_s: Annotated[_Wait, _about("Seconds that a new model must do well, before the old one is given up.")] = 60.0


class Log(Section, frozen=True, kw_only=True):
    """What the agent writes to its standard output."""

    format: Annotated[Literal["plain", "json"], _about("json says one object a line.", option="--log-format")] = "plain"


class Settings(Section, frozen=True, kw_only=True):
    """All settings of `sagui run`."""

    device: Annotated[
        _Text | None,
        _about(
            "This device's name in the topics.",
            allowed="1 to 63 of a-z, 0-9 and -",
            example="porch-2",
            unset="none; a start needs it",
            option="--device",
        ),
    ] = None
    model: Annotated[
        _File, _about(_MODEL, example="/var/lib/sagui/model.sagui", unset="none; a start needs it", option="MODEL")
    ] = None
    labels: Annotated[_File, _about(_LABELS, example="/var/lib/sagui/labels.txt", option="--labels")] = None
    threads: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=64)], _about("CPU threads for the network.", option="--threads")
    ] = 1
    delegate: Annotated[
        _Text,
        _about(
            "Where the network runs; auto takes an Edge TPU if the model was compiled for one that works here.",
            allowed="auto, cpu, edgetpu, edgetpu:N or the path of a delegate library (.so)",
            option="--delegate",
        ),
    ] = "auto"
    camera: Camera = Camera()
    broker: Broker = Broker()
    outbox: Outbox = Outbox()
    decide: Decide = Decide()
    stream: Annotated[tuple[Stream, ...], msgspec.Meta(max_length=MAX_STREAMS)] = ()
    telemetry: Telemetry = Telemetry()
    health: Health = Health()
    snapshot: Snapshot = Snapshot()
    home_assistant: HomeAssistant = HomeAssistant()
    collect: Collect = Collect()
    update: Update = Update()
    log: Log = Log()
