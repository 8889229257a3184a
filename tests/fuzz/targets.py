"""What reads bytes that anyone may have written, each as a function that a fuzzer can call.

A target takes any bytes and gives whether they were accepted. It raises for nothing but a fault of ours: refusing, in
one line and with an error of the family, is no fault.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sagui.bundle.errors import BundleError
from sagui.bundle.golden import decode_golden
from sagui.bundle.manifest import Manifest, decode_manifest, encode_manifest
from sagui.bundle.read import decode_bundle
from sagui.device.cameras.options import KEYS, parse_options
from sagui.device.cameras.spec import SCHEMES, split_spec
from sagui.device.commands import Ignored, parse_command
from sagui.device.config.keys import keys, sections
from sagui.device.config.merge import examine, missing
from sagui.device.config.read import parse_settings
from sagui.device.config.streams import plan_streams
from sagui.device.errors import CameraError, ConfigError
from sagui.device.mqtt.claim import explain_yield, judge
from sagui.device.plan import camera_name, interval_s, leaves_out, outbox_limits, state_folder
from sagui.errors import SaguiError
from sagui.infer.metadata import ModelMetadata, read_metadata
from sagui.wire import Claim, Command, WireError, decode, encode, topics


@dataclass(frozen=True)
class Target:
    """A reader, and what a fuzzer should know of it.

    Attributes:
        run: Gives whether the bytes were accepted; whatever it raises is a fault.
        words: What its language is made of, to begin with.
        longest_bytes: No use in trying more.
    """

    run: Callable[[bytes], bool]
    words: tuple[bytes, ...] = ()
    longest_bytes: int = 4096


def take_command(data: bytes) -> bool:
    """``sagui/<device>/command``."""
    asked = parse_command(data, retained=False)
    if isinstance(asked, Ignored):
        _is_one_line(asked.text)
        return False
    assert decode(encode(asked), Command) == asked
    return True


def hear_claim(data: bytes) -> bool:
    """``sagui/<device>/claim``."""
    try:
        heard = decode(data, Claim)
    except WireError as error:
        _is_one_line(str(error))
        return False
    judge(Claim(boot="0123456789ab", up_s=60.0, host="pi"), heard)
    _is_one_line(explain_yield("porch", heard))
    return True


def read_settings(data: bytes) -> bool:
    """A file of settings, and all that is made of it without looking at the disk."""
    try:
        document = parse_settings(data, "agent.toml")
    except ConfigError as error:
        _is_one_line(str(error))
        return False
    merged = examine(document, {})
    for problem in (*merged.problems, *missing(merged.settings)):
        _is_one_line(problem)
    if merged.problems or missing(merged.settings):
        return False
    settings = merged.settings
    topics.result(settings.device or "")
    topics.discovery(settings.device or "", settings.home_assistant.prefix)
    outbox_limits(settings), state_folder(settings, {}), camera_name(settings), leaves_out(settings)
    interval_s(settings), plan_streams(settings)
    return True


def read_bundle(data: bytes) -> bool:
    """A ``.sagui`` file."""
    return _accepted(lambda: decode_bundle(data).golden(), BundleError)


def read_manifest(data: bytes) -> bool:
    """Its ``manifest.json``, which stands before any hash is checked."""
    found: list[Manifest] = []
    if not _accepted(lambda: found.append(decode_manifest(data)), BundleError):
        return False
    assert decode_manifest(encode_manifest(found[0])) == found[0]
    return True


def read_golden(data: bytes) -> bool:
    """Its ``golden.npz``."""
    return _accepted(lambda: decode_golden(data), BundleError)


def describe_model(data: bytes) -> bool:
    """A TFLite file's own description; a damaged one is none."""
    found = read_metadata(data)
    for text in (found.name, found.version, *(found.labels or ())):
        text.encode()
    return found != ModelMetadata()


def name_camera(data: bytes) -> bool:
    """``--camera``, with all options."""

    def split() -> None:
        source = split_spec(text)
        parse_options(source.query, "file" if source.kind == "path" else source.kind)

    text = data.decode("utf-8", "surrogateescape")  # as the command line gives what is no text
    return _accepted(split, CameraError)


def _accepted(read: Callable[[], object], family: type[SaguiError]) -> bool:
    try:
        read()
    except family as error:
        _is_one_line(str(error))
        return False
    return True


def _is_one_line(text: str) -> None:
    assert text.strip(), "a refusal says why"
    assert "\n" not in text, f"more than one line: {text!r}"


def _quoted(*words: str) -> tuple[bytes, ...]:
    return tuple(f'"{word}"'.encode() for word in words)


TARGETS = {
    "command": Target(take_command, _quoted("command", "v", "id", "snapshot", "restart", "report"), 2048),
    "claim": Target(hear_claim, _quoted("boot", "up_s", "host", "v")),
    "settings": Target(
        read_settings,
        tuple(f"[{name}]\n".encode() for name in sections())
        + tuple(f"{key.name} = {key.example!r}\n".encode() for key in keys().values()),
    ),
    "bundle": Target(read_bundle, (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"), 16384),
    "manifest": Target(read_manifest, _quoted(*Manifest.__struct_fields__, "sha256", "bytes")),
    "golden": Target(read_golden, (b"\x93NUMPY\x01\0", b"'descr': '|u1'", b"'shape': (1, 2)", b"'<f4'", b"'|O'")),
    "metadata": Target(describe_model, (b"TFLITE_METADATA", b"TFL3", b"M001", b"labels.txt", b"PK\x01\x02")),
    "camera": Target(
        name_camera,
        tuple(f"{scheme}://".encode() for scheme in sorted(SCHEMES))
        + tuple(f"&{key}=".encode() for key in sorted(KEYS))
        + (b"folder:", b"file:", b"usb:", b"picamera2", b"synthetic", b"/dev/video", b"?", b"#"),
        512,
    ),
}
