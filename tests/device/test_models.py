"""Models behind streams."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tests.device.said import Said

from sagui.bundle import Manifest, decode_golden, encode_golden, write_bundle
from sagui.bundle.golden import Golden
from sagui.device.cameras.geometry import Region
from sagui.device.config.streams import StreamPlan
from sagui.device.decide import Steadiness
from sagui.device.errors import DeviceError
from sagui.device.models import open_streams
from sagui.device.streams import encode
from sagui.infer.errors import GoldenError
from sagui.infer.runtimes.device import CPU

RULES = Steadiness(agree=2, window=3)
LEFT, RIGHT = Region(0, 0, 0.5, 1), Region(0.5, 0, 0.5, 1)


@pytest.fixture
def plain(toy_tflite: bytes, tmp_path: Path) -> tuple[str, str]:
    """A file of another maker, with labels of its own."""
    (tmp_path / "plain.tflite").write_bytes(toy_tflite)
    (tmp_path / "labels.txt").write_text("rot\ngrün\nblau\n")
    return str(tmp_path / "plain.tflite"), str(tmp_path / "labels.txt")


def test_streams_share_a_model_that_is_loaded_and_proven_once(toy_bundle: Path) -> None:
    said = Said()
    plans = [StreamPlan(name, part, str(toy_bundle), None, RULES) for name, part in (("l", LEFT), ("r", RIGHT))]
    left, right = open_streams(plans, 1, CPU, said)
    assert left.model is right.model
    assert left.decider is not right.decider
    assert (left.name, left.region, left.decider.rules) == ("l", LEFT, RULES)
    assert said.events == ["ready"]
    assert said.fields[0]["golden"]["count"] == 3


def test_each_model_has_labels_of_its_own(
    toy_bundle: Path, plain: tuple[str, str], make_photo: Callable[[str], npt.NDArray[np.uint8]]
) -> None:
    said = Said()
    plans = [StreamPlan("ours", None, str(toy_bundle), None, RULES), StreamPlan("theirs", None, *plain, RULES)]
    streams = open_streams(plans, 1, CPU, said)
    inputs = encode(make_photo("green"), streams)
    labels = [
        stream.decider.take(stream.model.classifier.infer(one.inputs).scores, 0, 0).verdict.label
        for stream, one in zip(streams, inputs, strict=True)
    ]
    assert labels == ["green", "grün"]
    assert "nothing proves it" in said.texts[1]


def test_one_file_with_other_labels_is_another_model(plain: tuple[str, str], tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("rouge\nvert\nbleu\n")
    model, labels = plain
    plans = [StreamPlan("a", None, model, labels, RULES), StreamPlan("b", None, model, str(other), RULES)]
    one, two = open_streams(plans, 1, CPU, Said())
    assert one.model.classifier.labels != two.model.classifier.labels


def test_inputs_of_one_model_do_not_overwrite_each_other(
    toy_bundle: Path, make_photo: Callable[[str], npt.NDArray[np.uint8]]
) -> None:
    plans = [StreamPlan(name, part, str(toy_bundle), None, RULES) for name, part in (("l", LEFT), ("r", RIGHT))]
    streams = open_streams(plans, 1, CPU, Said())
    photo = make_photo("red")
    photo[:, photo.shape[1] // 2 :] = make_photo("blue")[:, photo.shape[1] // 2 :]
    left, right = encode(photo, streams)
    assert (left.inputs != right.inputs).any()


def test_a_stream_without_a_model_is_named() -> None:
    with pytest.raises(DeviceError, match="stream door has no model"):
        open_streams([StreamPlan("door", None, None, None, RULES)], 1, CPU, Said())


def test_one_model_that_is_not_proven_stops_all(
    toy_bundle: Path, tmp_path: Path, bundle_entries: dict[str, bytes], make_manifest: Callable[..., Manifest]
) -> None:
    golden = decode_golden(bundle_entries["golden.npz"])
    off = golden.outputs.copy()
    off[0, 0] ^= 1
    entries = bundle_entries | {"golden.npz": encode_golden(Golden(golden.frames, off))}
    bad = write_bundle(tmp_path, make_manifest(), entries)
    plans = [StreamPlan("a", None, str(toy_bundle), None, RULES), StreamPlan("b", None, str(bad), None, RULES)]
    with pytest.raises(GoldenError, match="the model is not used"):
        open_streams(plans, 1, CPU, Said())
