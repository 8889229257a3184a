from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.bundle import Manifest
from sagui.bundle.manifest import Metrics
from sagui.bundle.metrics import Measure, proportion
from sagui.deploy.registry.evaluation import evaluate, is_clearly_worse

PHOTOS = st.integers(1, 2000)
MakeVersion = Callable[..., Manifest]


@pytest.fixture
def version(make_manifest: Callable[..., Manifest]) -> MakeVersion:
    """A version of pets that named so many photos right; its float parent was perfect."""

    def make(number: str, hits: int, n: int, data: str = "0") -> Manifest:
        perfect = make_manifest().metrics.float
        exported = Measure(accuracy=proportion(hits, n), macro_f1=0.0, recall={}, confusion=())
        manifest = make_manifest(name="pets", version=number, metrics=Metrics(float=perfect, exported=exported))
        training = msgspec.structs.replace(manifest.training, dataset_fingerprint=data * 64)
        return msgspec.structs.replace(manifest, training=training)

    return make


def test_the_first_version_stands_alone(version: MakeVersion) -> None:
    said = evaluate(version("1.0.0", 90, 100))
    assert said.lines == ("accuracy of pets==1.0.0: 90.0% of 100 test photos (95 % interval 82.6% to 94.5%)",)
    assert said.warnings == ()


def test_a_version_is_shown_beside_the_latest(version: MakeVersion) -> None:
    said = evaluate(version("1.1.0", 88, 100), version("1.0.0", 90, 100))
    assert said.lines[1].startswith("the latest before it, pets==1.0.0: 90.0% of 100 test photos (95 % interval 82.6%")
    assert said.warnings == ()


def test_a_version_that_is_clearly_worse_is_warned_of(version: MakeVersion) -> None:
    (warning,) = evaluate(version("1.1.0", 60, 100), version("1.0.0", 90, 100)).warnings
    assert warning.startswith("pets==1.1.0 is clearly worse than pets==1.0.0")
    assert warning.endswith("sagui registry prune pets==1.1.0 withdraws it")
    assert evaluate(version("1.1.0", 90, 100), version("1.0.0", 60, 100)).warnings == ()


def test_other_test_photos_are_said_to_be_others(version: MakeVersion) -> None:
    before = version("1.0.0", 90, 100)
    assert evaluate(version("1.1.0", 90, 100, "a"), before).lines[1].endswith(", on another data set")
    assert "data set" not in evaluate(version("1.1.0", 90, 100), before).lines[1]


def test_what_was_not_measured_is_no_zero(version: MakeVersion) -> None:
    said = evaluate(version("1.1.0", 0, 0), version("1.0.0", 90, 100))
    assert said.lines[0] == "accuracy of pets==1.1.0: not measured"
    assert said.warnings == ()


def test_what_the_gate_refused_is_said_again(version: MakeVersion) -> None:
    manifest = version("1.0.0", 90, 100)
    forced = msgspec.structs.replace(manifest.quantization, forced=("3 points lost",))
    (warning,) = evaluate(msgspec.structs.replace(manifest, quantization=forced)).warnings
    assert warning == "the accuracy gate refused pets==1.0.0 when it was converted: 3 points lost"


@given(st.data(), PHOTOS, PHOTOS)
def test_worse_is_one_way_and_beyond_both_intervals(data: st.DataObject, first: int, second: int) -> None:
    one = proportion(data.draw(st.integers(0, first)), first)
    other = proportion(data.draw(st.integers(0, second)), second)
    assert not (is_clearly_worse(one, other) and is_clearly_worse(other, one))
    if is_clearly_worse(one, other):
        assert one.value < other.value
        assert not other.low <= one.high <= other.high
