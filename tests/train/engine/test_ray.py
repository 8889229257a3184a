"""The same work on two machines gives the same numbers, whatever happens to the workers."""

import hashlib
import os
import pickle
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from msgspec.structs import replace

from sagui.train.cross_validate import Job, cross_validate
from sagui.train.datasets import open_dataset
from sagui.train.engine import LOCAL, Engine
from sagui.train.engine.port import single_threaded
from sagui.train.errors import DatasetError, EngineError, TrainError
from sagui.train.features import extract
from sagui.train.fit import Place
from sagui.train.learn import learn
from sagui.train.networks import build_network
from sagui.train.pipeline import resolve_for
from sagui.train.predict import SharedModel, predict_batch
from sagui.train.prepare import Prepared, prepare_photos
from sagui.train.recipe.choices import (
    Augmentation,
    BackboneChoice,
    InputChoice,
    Recipe,
    SplitChoice,
    TrainingChoice,
)
from sagui.train.split import Split
from sagui.train.store import RecordStore
from sagui.train.sweep.plan import plan
from sagui.train.sweep.run import Options, try_recipes
from sagui.train.sweep.table import sweep_from
from sagui.train.variants import variants

LENET = Recipe(
    backbone=BackboneChoice(name="lenet-5"),
    input=InputChoice(size=28),
    split=SplitChoice(folds=2),
    training=TrainingChoice(epochs=2, batch_size=8),
    augmentation=Augmentation(rotation=10, noise=0.1),
    seed=3,
)
FROZEN = Recipe(input=InputChoice(size=64), augmentation=Augmentation(views="mirror"))


@pytest.fixture(scope="module")
def ray_engine(two_machines: None) -> Engine:
    from ray import cloudpickle

    from sagui.train.engine.choose import choose_engine

    # Workers cannot import a test, so its tasks travel whole.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    return choose_engine("ray")


def prepared(shapes: Path, recipe: Recipe, cache: Path) -> tuple[Recipe, Prepared]:
    dataset = open_dataset(str(shapes))
    recipe = resolve_for(dataset, recipe)
    return recipe, prepare_photos(dataset, recipe, cache)


def where(met: Path, item: int) -> tuple[int, str]:
    """Waits until the other machine works too: one may start a second later, and find nothing left to do."""
    import ray

    node = ray.get_runtime_context().get_node_id()
    (met / node).touch()
    until_s = time.monotonic() + 60
    while len(list(met.iterdir())) == 1 and time.monotonic() < until_s:
        time.sleep(0.01)
    return item, node


def test_work_is_shared_out_and_comes_back_in_order(ray_engine: Engine, tmp_path: Path) -> None:
    items, nodes = zip(*ray_engine.map(where, tmp_path, range(40)), strict=True)
    assert items == tuple(range(40))
    assert len(set(nodes)) == 2
    done = dict(ray_engine.as_done(where, tmp_path, range(40)))
    assert sorted(done) == list(range(40))
    assert all(result[0] == item for item, result in done.items())  # type: ignore[index]


def test_items_are_taken_as_there_is_room(ray_engine: Engine, tmp_path: Path) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    results: Any
    for results in (ray_engine.map(where, tmp_path, items()), ray_engine.as_done(where, tmp_path, items())):
        taken.clear()
        next(results)
        assert len(taken) == 4, "two for each processor"
        results.close()


def test_frozen_features_are_the_same_bit_for_bit(ray_engine: Engine, shapes: Path, tmp_path: Path) -> None:
    recipe, ready = prepared(shapes, FROZEN, tmp_path / "pixels")
    trunk = build_network(recipe, 2).learner("head", 0).trunk
    photos, copies = ready.photos, variants(recipe.augmentation, recipe.seed)
    here, there = (
        extract(trunk, photos.pixels, photos.keys, copies, tmp_path / engine.name, engine)
        for engine in (LOCAL, ray_engine)
    )
    assert len(there.stores) == 2
    for one, other in zip(here.stores, there.stores, strict=True):
        assert np.array_equal(one.take(photos.keys), other.take(photos.keys))


def test_folds_are_the_same(ray_engine: Engine, shapes: Path, tmp_path: Path) -> None:
    recipe, ready = prepared(shapes, LENET, tmp_path)
    dataset = open_dataset(str(shapes))
    job, folds = Job(ready.photos, dataset.labels, recipe, tmp_path), ready.folds(dataset, recipe)
    assert cross_validate(job, folds, ray_engine) == cross_validate(job, folds)


def test_a_sweep_finds_the_same(ray_engine: Engine, shapes: Path, tmp_path: Path) -> None:
    base = replace(LENET, split=SplitChoice(), training=TrainingChoice(epochs=1, batch_size=8))
    trials = plan(sweep_from({"values": {"regularization.l2": [1e30, 0.0]}}, "r"), base)
    here, there = (
        try_recipes(open_dataset(str(shapes)), trials, tmp_path / engine.name, tmp_path, Options(engine=engine))
        for engine in (LOCAL, ray_engine)
    )
    for best, failed in (here.standings, there.standings):
        assert (best.contestant.trial.number, best.reason) == (2, "")
        assert "the loss became" in failed.reason
    assert here.standings[0].accuracy == there.standings[0].accuracy


def learned_weights(job: Job, parts: Split) -> str:
    model = learn(job.photos, parts, job.labels, job.recipe, Place(job.cache)).model
    return hashlib.sha256(b"".join(array.tobytes() for array in model.get_weights())).hexdigest()


def test_what_is_learned_is_the_same_bit_for_bit(ray_engine: Engine, shapes: Path, tmp_path: Path) -> None:
    recipe, ready = prepared(shapes, LENET, tmp_path)
    job = Job(ready.photos, ("disc", "square"), recipe, tmp_path)
    assert list(ray_engine.map(learned_weights, job, [ready.parts])) == [learned_weights(job, ready.parts)]


def threads(_: object, name: str) -> str | None:
    return os.environ.get(name)


@single_threaded
def threads_of_one(_: object, name: str) -> str | None:
    return os.environ.get(name)


def test_a_worker_takes_one_thread_unless_that_changes_numbers(
    ray_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    assert list(ray_engine.map(threads, None, ["TF_NUM_INTRAOP_THREADS"])) == ["3"]
    for matters, number in ((False, "1"), (True, "3")):
        monkeypatch.setattr("sagui.train.engine.ray.threads_change_predictions", lambda matters=matters: matters)
        assert list(ray_engine.map(threads_of_one, None, ["TF_NUM_INTRAOP_THREADS"])) == [number]


def test_what_tasks_share_is_opened_once_by_each_worker(ray_engine: Engine) -> None:
    assert set(ray_engine.map(count_openings, Counted(), range(20))) == {1}


class Counted:
    """Knows how often it arrived in a process."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrive, ()


def _arrive() -> int:
    os.environ["ARRIVALS"] = str(int(os.environ.get("ARRIVALS", "0")) + 1)
    return int(os.environ["ARRIVALS"])


def count_openings(shared: int, _: int) -> int:
    assert shared == int(os.environ["ARRIVALS"])
    return shared


def process(_: object, __: int) -> int:
    return os.getpid()


@single_threaded
def process_of_one(_: object, __: int) -> int:
    return os.getpid()


def test_a_worker_that_learned_often_is_replaced(ray_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagui.train.engine.ray._TRAININGS", 5)
    assert len(set(ray_engine.map(process_of_one, None, range(15)))) <= 2
    assert len(set(ray_engine.map(process, None, range(15)))) >= 3


def killed_once(marker: Path, item: int) -> int:
    if item == 2 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * item


def test_a_worker_that_is_killed_is_replaced(ray_engine: Engine, tmp_path: Path) -> None:
    assert list(ray_engine.map(killed_once, tmp_path / "one", range(5))) == [0, 10, 20, 30, 40]
    assert dict(ray_engine.as_done(killed_once, tmp_path / "two", range(5))) == {0: 0, 1: 10, 2: 20, 3: 30, 4: 40}
    assert (tmp_path / "one").exists()
    assert (tmp_path / "two").exists()


def dies(_: object, item: int) -> int:
    if item == 1:
        os._exit(1)
    return item


def test_a_worker_that_always_dies_is_told_of(ray_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagui.train.engine.ray.MAX_RETRIES", 1)
    with pytest.raises(EngineError, match=r"died 2 times, most likely for want of memory; let fewer run .*--num-cpus"):
        list(ray_engine.map(dies, None, [0, 1]))
    # It does not stop the others where they can do without it.
    done = dict(ray_engine.as_done(dies, None, [0, 1, 2, 3, 4, 5]))
    assert isinstance(done.pop(1), EngineError)
    assert done == {item: item for item in (0, 2, 3, 4, 5)}


def refuses(error: Exception, item: int) -> int:
    if item == 3:
        raise error
    return item


@pytest.mark.parametrize("error", [DatasetError("photo 3 is upside down"), KeyError("three")])
def test_an_error_comes_out_as_itself(ray_engine: Engine, error: Exception) -> None:
    results: Any
    for results in (ray_engine.map(refuses, error, range(5)), ray_engine.as_done(refuses, error, range(5))):
        with pytest.raises(type(error)) as raised:
            list(results)
        assert type(raised.value) is type(error)
        assert str(raised.value) == str(error)


def test_what_cannot_arrive_is_told_of(ray_engine: Engine) -> None:
    with pytest.raises(EngineError, match="Ray could not run a task"):
        list(ray_engine.map(where, None, [Unreadable()]))  # type: ignore[arg-type]


class Unreadable:
    def __reduce__(self) -> tuple[Any, ...]:
        return _no_arrival, ()


def _no_arrival() -> None:
    raise ValueError("not here")


def size_of(store: RecordStore, key: str) -> int:
    return int(store.take([key]).sum())


def filled_store(folder: Path, count: int) -> RecordStore:
    store = RecordStore(folder, (2,), "uint8")
    with store.writing() as writer:
        writer.add([f"{number:064x}" for number in range(count)], np.ones((count, 2)))
    return store


def test_a_machine_that_does_not_see_the_cache_says_so(ray_engine: Engine, tmp_path: Path) -> None:
    store = filled_store(tmp_path / "cache", 3)
    assert list(ray_engine.map(size_of, store, [f"{1:064x}"])) == [2]
    shutil.rmtree(tmp_path / "cache")
    with pytest.raises(TrainError, match=r"does not see .*; let SAGUI_CACHE name a folder that all machines share"):
        list(ray_engine.map(size_of, store, [f"{1:064x}"]))
    assert not (tmp_path / "cache").exists()


def test_a_store_travels_as_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parcel = pickle.dumps(filled_store(Path("cache"), 1000))
    assert len(parcel) < 1000
    monkeypatch.chdir("/")
    arrived = pickle.loads(parcel)  # noqa: S301 (our own)
    assert len(arrived) == 1000
    (tmp_path / "cache" / "keys.txt").write_text("")
    with pytest.raises(TrainError, match="does not see"):
        pickle.loads(parcel)  # noqa: S301 (our own)


def test_a_network_travels_whole(ray_engine: Engine) -> None:
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, keras.layers.GlobalMaxPooling2D()(keras.layers.Conv2D(4, 3)(inputs)))
    shared = SharedModel.of(model, ray_engine)
    assert shared.model is None
    photos = np.arange(2 * 8 * 8 * 3, dtype=np.uint8).reshape(2, 8, 8, 3)
    (there,) = ray_engine.map(predict_batch, shared, [photos])
    assert np.array_equal(there, predict_batch(SharedModel.of(model, LOCAL), photos))
