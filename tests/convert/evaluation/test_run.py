"""The whole of an evaluation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from sagui.bundle import Manifest, read_bundle, write_bundle
from sagui.bundle.manifest import Decision
from sagui.bundle.metrics import proportion
from sagui.convert.errors import ConvertError
from sagui.convert.evaluation.findings import Findings
from sagui.convert.evaluation.model import SharedModel, read_model
from sagui.convert.evaluation.run import Options, evaluate
from sagui.convert.evaluation.samples import of_dataset, of_run
from sagui.convert.evaluation.score import BATCH, Work
from sagui.infer.classify import Classifier
from sagui.infer.errors import ModelError
from sagui.progress import Advance
from sagui.train.datasets import open_dataset

MakeFolder = Callable[..., Path]


@pytest.fixture
def toy(toy_bundle: Path) -> SharedModel:
    return read_model(toy_bundle)


def evaluated(model: SharedModel, folder: Path, **options: object) -> Findings:
    return evaluate(model, of_dataset(open_dataset(str(folder))), Options(**options))  # type: ignore[arg-type]


def test_a_run_gives_exactly_what_the_report_of_its_bundle_says(shapes_bundle: Path, shapes_run: Path) -> None:
    findings = evaluate(read_model(shapes_bundle), of_run(shapes_run))
    reported = read_bundle(shapes_bundle).manifest.metrics.exported
    assert findings.accuracy == reported.accuracy
    assert findings.recall == reported.recall
    assert findings.macro_f1 == pytest.approx(reported.macro_f1)
    assert not findings.unreadable
    assert not findings.skipped
    assert not findings.notes


def test_photos_are_named_and_confusions_counted(toy: SharedModel, colour_folder: MakeFolder) -> None:
    folder = colour_folder(red=["red", "red", "blue"], green=["green"], blue=["blue"] * 4)
    findings = evaluated(toy, folder)
    assert findings.accuracy == proportion(7, 8)
    assert findings.recall["red"] == proportion(2, 3)
    assert [(one.truth, one.named, one.photos) for one in findings.confusions] == [("red", "blue", 1)]
    assert findings.subject.model == "toy"
    assert findings.subject.version == "1.2.3"
    assert findings.runtime.split()[0] in {"litert", "tflite-runtime", "tensorflow"}
    assert findings.top is None, "a class is always among the 5 best of 3"
    assert findings.latency.infer_ms > 0


def test_some_classes_are_enough(toy: SharedModel, colour_folder: MakeFolder) -> None:
    findings = evaluated(toy, colour_folder(red=["red", "green"], blue=["blue", "blue"]))
    assert findings.accuracy == proportion(3, 4)
    assert list(findings.recall) == ["blue", "red"]
    assert [(one.truth, one.named) for one in findings.confusions] == [("red", "green")]


def test_classes_the_model_lacks_are_left_out_only_when_told(toy: SharedModel, colour_folder: MakeFolder) -> None:
    folder = colour_folder(red=["red"], green=["green"], mauve=["red", "blue"])
    with pytest.raises(ConvertError, match="no label for the class of the photos: 'mauve'"):
        evaluated(toy, folder)
    findings = evaluated(toy, folder, ignore_unknown=True)
    assert findings.accuracy == proportion(2, 2)
    assert findings.skipped == {"mauve": 2}


def test_pairs_name_what_other_models_call_otherwise(toy: SharedModel, colour_folder: MakeFolder) -> None:
    folder = colour_folder(warm=["red", "red"], cold=["blue", "green", "red"])
    pairs = (("warm", "red"), ("cold", "blue"), ("cold", "green"))
    findings = evaluated(toy, folder, pairs=pairs)
    assert findings.accuracy == proportion(4, 5)
    assert findings.recall == {"cold": proportion(2, 3), "warm": proportion(2, 2)}


def test_the_class_may_be_among_the_best(toy: SharedModel, colour_folder: MakeFolder) -> None:
    findings = evaluated(toy, colour_folder(red=["red", "green"], blue=["blue", "red"]), top=2)
    assert findings.top is not None
    assert findings.top.k == 2
    assert findings.accuracy == proportion(2, 4)
    # What is not shown scores alike, and then the first label wins: red beside the green, and green beside the red.
    assert findings.top.accuracy == proportion(3, 4)
    with pytest.raises(ConvertError, match="--top 3: the model has 3 labels"):
        evaluated(toy, colour_folder("other", red=["red"], blue=["blue"]), top=3)


def test_photos_that_the_model_may_have_learned_from_are_told(toy: SharedModel, colour_folder: MakeFolder) -> None:
    # The manifest of the toy says that it learned from colours.
    told = evaluated(toy, colour_folder("colours", red=["red"], blue=["blue"])).notes
    assert any("was made with photos called 'colours', too" in note for note in told)
    assert not any("made with" in note for note in evaluated(toy, colour_folder(red=["red"], blue=["blue"])).notes)


def test_photos_that_cannot_be_read_are_counted(toy: SharedModel, colour_folder: MakeFolder) -> None:
    folder = colour_folder(red=["red"], blue=["blue"])
    (folder / "red" / "empty.png").touch()
    (folder / "blue" / "text.jpg").write_text("no photo")
    findings = evaluated(toy, folder)
    assert findings.accuracy == proportion(2, 2)
    assert findings.unreadable["red/empty.png"] == "the file is empty"
    assert "not a photo that can be read" in findings.unreadable["blue/text.jpg"]
    assert "cannot be read (2)" in findings.notes[-1]


def test_without_any_photo_nothing_is_said(toy: SharedModel, colour_folder: MakeFolder) -> None:
    folder = colour_folder(red=["red"], blue=["blue"])
    for photo in folder.rglob("*.png"):
        photo.write_bytes(b"")
    with pytest.raises(ConvertError, match=r"none of the 2 photos can be read; blue/0.png: the file is empty"):
        evaluated(toy, folder)


def test_a_bundles_threshold_is_judged(
    bundle_entries: dict[str, bytes], make_manifest: Callable[..., Manifest], tmp_path: Path, colour_folder: MakeFolder
) -> None:
    folder = colour_folder(red=["red"], blue=["blue"])
    sure = make_manifest(decision=Decision(threshold=1.0))
    naming = evaluated(read_model(write_bundle(tmp_path, sure, bundle_entries)), folder).decision
    assert naming is not None
    assert naming.unknown == proportion(2, 2)


def test_a_bare_file_has_no_threshold(toy_file: Path, colour_labels: Path, colour_folder: MakeFolder) -> None:
    findings = evaluated(read_model(toy_file, colour_labels), colour_folder(red=["red"], blue=["blue"]))
    assert findings.decision is None
    assert findings.accuracy == proportion(2, 2)


def test_scores_that_are_no_numbers_end_it(
    toy: SharedModel, colour_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Classifier, "scores", lambda *_: np.full(3, np.nan))
    with pytest.raises(ModelError, match=r"scores that are no numbers \(NaN\) to blue/0.png"):
        evaluated(toy, colour_folder(red=["red"], blue=["blue"]))


class CountedProgress:
    """Remembers the steps of each task."""

    def __init__(self) -> None:
        self.tasks: dict[str, list[int]] = {}

    @contextmanager
    def task(self, what: str, total: int | None = None) -> Iterator[Advance]:
        done = self.tasks.setdefault(f"{what} {total}", [])

        def advance(steps: int = 1, note: str = "") -> None:
            done.append(steps)

        yield advance

    def say(self, line: str) -> None:
        raise AssertionError(line)


def test_progress_is_told_batch_by_batch(toy: SharedModel, colour_folder: MakeFolder) -> None:
    folder = colour_folder(red=["red"] * BATCH, blue=["blue"] * 2)
    (folder / "blue" / "empty.png").touch()
    progress = CountedProgress()
    evaluate(toy, of_dataset(open_dataset(str(folder))), progress=progress)
    assert progress.tasks == {f"Evaluate toy-1.2.3 {BATCH + 3}": [BATCH, 3]}


def test_only_one_batch_is_worked_on_at_a_time(toy: SharedModel, colour_folder: MakeFolder) -> None:
    sizes: list[int] = []

    class Watching:
        name, remote = "watching", False

        def map(self, task: Callable[..., object], shared: Work, items: Iterator[object]) -> Iterator[object]:
            for item in items:
                sizes.append(len(item))  # type: ignore[arg-type]
                yield task(shared, item)

    photos = of_dataset(open_dataset(str(colour_folder(red=["red"] * 30, blue=["blue"] * 10))))
    findings = evaluate(toy, photos, engine=Watching())  # type: ignore[arg-type]
    assert findings.accuracy == proportion(40, 40)
    assert findings.subject.engine == "watching"
    assert max(sizes) == BATCH
