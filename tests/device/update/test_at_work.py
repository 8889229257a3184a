"""The agent at work, where new models are tried: real bundles on the real runtime."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import TOY_LABELS, plain_photo
from tests.core.infer.delegates import badly_scaled
from tests.device.said import Said
from tests.device.test_publisher import Wire

from sagui.bundle import Golden, encode_golden
from sagui.bundle.manifest import InputSpec
from sagui.device.cameras import Frame, Incident
from sagui.device.cameras.geometry import Region
from sagui.device.condition import Condition
from sagui.device.decide import Decider
from sagui.device.errors import Cancelled, UpdateError
from sagui.device.observers import Sighting
from sagui.device.streams import Stream
from sagui.device.telemetry.measure import Meter
from sagui.device.update.at_work import Doing, Workplace
from sagui.device.update.shadow_rules import FEWEST
from sagui.infer.load import load_model
from sagui.infer.runtimes.device import CPU

Make = Callable[..., Path]


class Scene:
    """A workplace, and a loop that shows it frames."""

    def __init__(self, bundle: Path, frames: int = 20, region: Region | None = None) -> None:
        model = load_model(bundle)
        self.stream = Stream(None, model, Decider(model.classifier.labels, model.classifier.decision), region)
        self.said, self.ending = Said(), threading.Event()
        self.workplace = Workplace([self.stream], CPU, 1, self.said, self.ending, frames)
        self.percents: list[int] = []

    def look(self, index: int) -> Sighting:
        frame = Frame(plain_photo(TOY_LABELS[index % 3], 40), index)
        seen = self.stream.model.classifier.classify(frame.photo)
        decided = self.stream.decider.take(seen.scores, float(index), float(index))
        sighting = Sighting(self.stream, frame, seen, decided, float(index), 1.0)
        self.workplace.saw(sighting)
        return sighting

    @contextmanager
    def running(self) -> Iterator[None]:
        """The loop, in a thread of its own; what it meets there is raised here."""
        over, errors = threading.Event(), list[Exception]()

        def loop() -> None:
            try:
                for index in itertools.count():
                    self.look(index)
                    if over.wait(0.002):
                        return
            except Exception as error:  # noqa: BLE001 (it is looked at)
                errors.append(error)

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        assert not errors, "the agent's loop must never meet what a new model does"

    def shadow(self, bundle: Path) -> None:
        with self.running():
            self.workplace.shadow(bundle, self.percents.append)


@pytest.fixture
def scene(make_bundle: Make) -> Scene:
    return Scene(make_bundle("1.0.0"))


def test_a_good_model_is_proven_and_passes_beside_the_old_one(scene: Scene, make_bundle: Make) -> None:
    scene.workplace.prove(make_bundle("1.1.0"))
    scene.shadow(make_bundle("1.1.0"))
    assert scene.percents[-1] == 100
    assert scene.said.events == ["shadow"]
    assert scene.said.texts[0].startswith("toy 1.1.0 beside 1.0.0: 20 frames, 100% alike, median score")


def test_other_golden_outputs_are_refused(scene: Scene, liar: Callable[[str], Path]) -> None:
    with pytest.raises(UpdateError, match=r"^this machine does not compute what the workstation did"):
        scene.workplace.prove(liar("1.1.0"))


def test_a_model_that_ends_the_process_ends_another_one(
    scene: Scene, make_bundle: Make, toy_tflite: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagui.infer.choose.CANDIDATES", ("litert",))
    with pytest.raises(UpdateError, match=r"does not survive this model \(ended by SIG"):
        scene.workplace.prove(make_bundle("1.1.0", {"model.tflite": badly_scaled(toy_tflite)}))


def test_another_model_is_refused_and_so_is_what_is_no_bundle(scene: Scene, make_bundle: Make, tmp_path: Path) -> None:
    with pytest.raises(UpdateError, match=r"the bundle is of cats, and this device runs toy"):
        scene.workplace.prove(make_bundle("1.1.0", name="cats"))
    broken = tmp_path / "x.sagui"
    broken.write_bytes(make_bundle("1.1.0").read_bytes()[:-40])
    for bad in (broken, tmp_path / "gone.sagui"):
        with pytest.raises(UpdateError) as refused:
            scene.workplace.prove(bad)
        assert "\n" not in str(refused.value)


def test_what_the_camera_gives_is_known_from_its_frames(make_bundle: Make) -> None:
    # Of 40 x 40, the stream looks at 3 x 3; the model at work takes 16 x 16, too, so that is no reason.
    scene = Scene(make_bundle("1.0.0"), region=Region(0, 0, 0.075, 0.075))
    large = encode_golden(Golden(np.zeros((3, 64, 64, 3), np.uint8), np.zeros((3, 3), np.uint8)))
    scene.look(0)
    scene.workplace.prove(make_bundle("1.1.0"))
    with pytest.raises(UpdateError, match=r"toy 1\.2\.0 wants pictures of 64 x 64, the camera gives 3 x 3"):
        scene.workplace.prove(make_bundle("1.2.0", {"golden.npz": large}, input=InputSpec(height=64, width=64)))


def test_a_model_that_names_all_otherwise_is_refused_beside_the_old_one(scene: Scene, make_bundle: Make) -> None:
    other = make_bundle("1.2.0", labels=("green", "blue", "red"))
    scene.workplace.prove(other)
    with pytest.raises(UpdateError, match=r"1\.2\.0 beside 1\.0\.0: it gives 100% of 20 frames another label"):
        scene.shadow(other)
    assert scene.workplace._slot.inner is None, "the loop is left alone afterwards"


def test_it_is_compared_on_enough_frames_or_on_none(make_bundle: Make) -> None:
    few = Scene(make_bundle("1.0.0"), frames=1)
    few.shadow(make_bundle("1.1.0"))
    assert few.said.fields[0]["frames"] == FEWEST
    none = Scene(make_bundle("1.0.0"), frames=0)
    none.workplace.shadow(make_bundle("1.1.0"), none.percents.append)
    assert not none.said.events


def test_an_end_of_the_agent_breaks_the_comparison_off(scene: Scene, make_bundle: Make) -> None:
    threading.Timer(0.3, scene.ending.set).start()
    with pytest.raises(Cancelled):
        scene.workplace.shadow(make_bundle("1.1.0"), scene.percents.append)  # no frame ever comes
    with pytest.raises(Cancelled):
        scene.workplace.shadow(make_bundle("1.1.0"), scene.percents.append)


def test_a_camera_that_is_away_is_no_fault_of_the_models(scene: Scene) -> None:
    meter, condition = Meter(), Condition(Wire(), "porch", lambda: 0.0)
    doing = Doing(meter, condition)
    assert (doing.frames(), doing.problem()) == (0, None)
    for index in range(3):
        meter.saw(scene.look(index))
    assert doing.frames() == 3
    condition.camera(Incident("lost", "usb:0", "no frame for 10 s", 0, 10.0, 1.0))
    assert doing.problem() is None
    condition.fail("the network is broken")
    assert doing.problem() == "the network is broken"
    assert np.isfinite(scene.look(0).seen.scores).all()
