"""What fuzzing begins with: good input, and input that is bad in a way that readers know. Made by code."""

import io
import zipfile
from collections.abc import Callable

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from tests.conftest import TOY_LABELS, toy_manifest

from sagui.bundle import Golden, encode_golden
from sagui.bundle.archive import pack
from sagui.bundle.manifest import GoldenSpec, InputSpec, encode_manifest
from sagui.bundle.write import encode_bundle
from sagui.convert.metadata import LABELS_FILE, About, add_metadata
from sagui.device.config.template import template
from sagui.wire import Claim, Command, encode

_SIDE = 2


def command_seeds() -> list[bytes]:
    """Commands as they may be said, and as they may not."""
    good = [encode(Command(command=name, id="7")) for name in ("snapshot", "restart", "report")]
    return [*good, b"snapshot", b" report\n", b"", b"{", b'{"command": "explode"}', b"[" * 1000, b"\xff\xfe", b"null"]


def claim_seeds() -> list[bytes]:
    """Claims of others."""
    good = [encode(Claim(boot="a1", up_s=up_s, host=host)) for up_s, host in ((0.0, "pi"), (1e9, "küche\n\x1b[2J"))]
    return [*good, b"{}", b'{"boot":"a","up_s":-1,"host":"b"}', b'{"boot":"\\ud800","up_s":1e400,"host":""}', b"\xff"]


def settings_seeds() -> list[bytes]:
    """What `sagui config init` writes, a whole file, and slips."""
    whole = (
        'device = "porch"\nmodel = "door.sagui"\n[camera]\nspec = "usb:0?rotate=90"\nfps = 5\n'
        '[broker]\nurl = "mqtts://broker:8883"\nca = "ca.crt"\n[decide]\nagree = "3/5"\ndwell_s = 1.5\n'
        '[[stream]]\nname = "left"\nregion = "0,0,0.5,1"\n[[stream]]\nname = "right"\nevery_s = 3\n'
        "[telemetry]\nevery_s = 0\n[snapshot]\nenabled = true\n[outbox]\nrows = 10\ndays = 0.5\n"
    )
    slips = [
        "device = 'Porch'",
        "[camera]\nfps = nan",
        "stream = 1",
        "x = 2026-01-01",
        "a.b.c.d = [[[{}]]]",
        "[[",
        "\0",
    ]
    return [template().encode(), whole.encode(), *(slip.encode() for slip in slips), b"\xef\xbb\xbf", b"\xff"]


def bundle_seeds() -> list[bytes]:
    """A small bundle, whole, cut short, and with a byte changed."""
    whole = _bundle()
    middle = len(whole) // 2
    return [whole, whole[:middle], whole[:middle] + b"!" + whole[middle + 1 :], pack({"a": b""}), b"PK\x03\x04", b""]


def manifest_seeds() -> list[bytes]:
    """A manifest, and others."""
    good = encode_manifest(toy_manifest())
    return [good, good.replace(b'"schema": 1', b'"schema": 9'), good.replace(b"red", b"green"), b"{}", b"\xff", b""]


def golden_seeds() -> list[bytes]:
    """Golden frames, and arrays that are none."""
    good, one = encode_golden(_golden()), io.BytesIO()
    np.save(one, np.zeros((1, 2), np.float32))
    return [good, good[:-10], pack({"frames.npy": one.getvalue()}), pack({"frames.npy": b""}), b""]


def metadata_seeds() -> list[bytes]:
    """Models that describe themselves, with labels compressed in every way there is, and one that does not."""
    plain = _model()
    about = About("names colours", "somebody", "MIT")
    described = add_metadata(plain, "toy", "1.0.0", TOY_LABELS, about)
    ways = (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    return [
        described,
        add_metadata(plain, "", "", ("a", "ü", "🐒")),
        *(_packed(described, way) for way in ways),
        plain,
        b"",
    ]


def camera_seeds() -> list[bytes]:
    """Cameras of every kind."""
    texts = (
        "folder:/photos?roi=0,0.5,1,0.5&rotate=180",
        "file:a.mp4?every=2&mirror=1",
        "usb:0?width=640&height=480&fps=15",
        "/dev/video1",
        "rtsp://me:secret@10.0.0.7:554/live?channel=1#rotate=90",
        "http://[fe80::1]/video?motion=0.5",
        "picamera2:1?stall_seconds=3",
        "synthetic:square?frames=9&stall_after=3",
        "/photos",
        "usb:x",
        "rtsp://[",
        "rtsp://h:99999/",
        "usb:0?roi=nan,0,1,1",
        "?",
        "",
    )
    return [text.encode() for text in texts]


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "command": command_seeds,
    "claim": claim_seeds,
    "settings": settings_seeds,
    "bundle": bundle_seeds,
    "manifest": manifest_seeds,
    "golden": golden_seeds,
    "metadata": metadata_seeds,
    "camera": camera_seeds,
}


def _golden() -> Golden:
    frames = np.arange(3 * _SIDE * _SIDE * 3, dtype=np.uint8).reshape(3, _SIDE, _SIDE, 3)
    return Golden(frames, np.eye(3, dtype=np.uint8))


def _bundle() -> bytes:
    """Small, so that a fuzzer gets around in it; nothing here runs the model."""
    manifest = toy_manifest(
        input=InputSpec(height=_SIDE, width=_SIDE), golden=GoldenSpec(count=3, tolerance=0, unit="steps")
    )
    entries = {"report.json": b"{}", "report.html": b"", "README.md": b"# toy\n"}
    return encode_bundle(manifest, entries | {"model.tflite": b"model", "golden.npz": encode_golden(_golden())})


def _packed(described: bytes, way: int) -> bytes:
    """The same model, with its labels compressed."""
    whole = io.BytesIO(described[: described.rindex(b"PK\x03\x04")])
    with zipfile.ZipFile(whole, "a", way) as archive:
        archive.writestr(LABELS_FILE, "".join(f"{label}\n" for label in TOY_LABELS))
    return whole.getvalue()


def _model() -> bytes:
    """A TFLite file without operators: an input, an output, and nothing between."""
    tensors = []
    for shape in ([1, 16, 16, 3], [1, 3]):
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.name = shape, schema.TensorType.UINT8, "t"
        tensors.append(tensor)
    graph = schema.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs, graph.operators = tensors, [0], [1], []
    model = schema.ModelT()
    model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], [schema.BufferT()], []
    builder = flatbuffers.Builder(256)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
