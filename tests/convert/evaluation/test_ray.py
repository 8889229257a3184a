"""Photos that are scored by other processes get the same answers."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from sagui.convert.errors import ConvertError
from sagui.convert.evaluation.findings import Findings
from sagui.convert.evaluation.model import read_model
from sagui.convert.evaluation.run import evaluate
from sagui.convert.evaluation.samples import of_dataset, of_run
from sagui.train.datasets import open_dataset
from sagui.train.engine import Engine

MIB = 2**20


@pytest.fixture(scope="module")
def ray_engine() -> Iterator[Engine]:
    try:
        import ray
    except ModuleNotFoundError:
        reason = "Ray is not installed: pip install 'sagui[ray]'"
        if os.environ.get("SAGUI_REQUIRE_PROGRAMS"):
            pytest.fail(reason)
        pytest.skip(reason)
    from sagui.train.engine.choose import choose_engine

    ray.init(
        address="local",
        num_cpus=2,
        object_store_memory=100 * MIB,
        include_dashboard=False,
        logging_level=logging.ERROR,
        log_to_driver=False,
    )
    yield choose_engine("ray")
    ray.shutdown()


def without_circumstances(findings: Findings) -> Findings:
    """What does not depend on where the photos were scored."""
    subject = msgspec.structs.replace(findings.subject, engine="")
    latency = msgspec.structs.replace(findings.latency, preprocess_ms=0.0, infer_ms=0.0)
    return msgspec.structs.replace(findings, subject=subject, latency=latency)


def test_a_run_gives_the_same_numbers(ray_engine: Engine, shapes_bundle: Path, shapes_run: Path) -> None:
    model, photos = read_model(shapes_bundle), of_run(shapes_run, "all")
    there, here = evaluate(model, photos, engine=ray_engine), evaluate(model, photos)
    assert there.accuracy.n == 60
    assert without_circumstances(there) == without_circumstances(here)
    assert there.subject.engine == "ray"


def test_photos_that_cannot_be_read_are_the_same(
    ray_engine: Engine, toy_bundle: Path, colour_folder: Callable[..., Path]
) -> None:
    folder = colour_folder(red=["red"] * 20, blue=["blue", "red"])
    (folder / "red" / "empty.png").touch()
    model, photos = read_model(toy_bundle), of_dataset(open_dataset(str(folder)))
    there, here = evaluate(model, photos, engine=ray_engine), evaluate(model, photos)
    assert there.unreadable == {"red/empty.png": "the file is empty"}
    assert without_circumstances(there) == without_circumstances(here)


def test_photos_that_a_worker_does_not_see_end_it(
    ray_engine: Engine, toy_bundle: Path, colour_folder: Callable[..., Path]
) -> None:
    folder = colour_folder(red=["red"], blue=["blue"])
    photos = of_dataset(open_dataset(str(folder)))
    (folder / "red" / "0.png").unlink()
    with pytest.raises(ConvertError, match="a folder that all machines share"):
        evaluate(read_model(toy_bundle), photos, engine=ray_engine)
