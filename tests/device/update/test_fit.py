"""Whether a bundle can stand in the place of the model at work."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.sightings import make_stream

from sagui.bundle import Manifest
from sagui.bundle.manifest import InputSpec
from sagui.device.errors import UpdateError
from sagui.device.update.fit import MOST_ENLARGED, check_fit, check_name
from sagui.infer.load import LoadedModel, load_model

Make = Callable[..., Manifest]


@pytest.fixture
def old(toy_bundle: Path) -> LoadedModel:
    return load_model(toy_bundle)


def test_a_newer_version_of_the_same_model_fits(make_manifest: Make, old: LoadedModel) -> None:
    assert check_fit(make_manifest(version="2.0.0"), old, [(480, 640)]) == ()
    assert check_fit(make_manifest(version="2.0.0"), old, []) == ()


def test_another_model_does_not(make_manifest: Make, old: LoadedModel) -> None:
    with pytest.raises(UpdateError, match=r"the bundle is of cats, and this device runs toy; set `model`"):
        check_fit(make_manifest(name="cats"), old, [])


def test_a_plain_file_has_no_versions() -> None:
    with pytest.raises(UpdateError, match=r"toy is a plain TFLite file, which has no versions"):
        check_name("toy", make_stream().model)


def test_a_model_for_pictures_far_larger_than_the_cameras_is_refused(make_manifest: Make, old: LoadedModel) -> None:
    large = make_manifest(version="2.0.0", input=InputSpec(height=320, width=320))
    with pytest.raises(UpdateError, match=r"toy 2\.0\.0 wants pictures of 320 x 320, the camera gives 160 x 40"):
        check_fit(large, old, [(480, 640), (40, 160)])


def test_one_for_somewhat_larger_pictures_is_warned_of(make_manifest: Make, old: LoadedModel) -> None:
    large = make_manifest(version="2.0.0", input=InputSpec(height=320, width=320))
    assert check_fit(large, old, [(240, 320)]) == (
        "toy 2.0.0 wants pictures of 320 x 320, more than the camera gives: they are enlarged",
    )


def test_what_the_model_at_work_does_already_is_no_reason(make_manifest: Make, old: LoadedModel) -> None:
    # 16 x 16 of 2 x 2: eight times.
    assert check_fit(make_manifest(version="2.0.0"), old, [(2, 2)]) == ()


def test_labels_that_are_gone_and_colours_that_are_not_seen_are_named(make_manifest: Make, old: LoadedModel) -> None:
    grey = make_manifest(
        version="2.0.0",
        labels=("red", "verde", "azul"),
        input=InputSpec(height=16, width=16, channels=1, colour="grey"),
    )
    assert check_fit(grey, old, [(40, 40)]) == (
        "toy 2.0.0 sees grey, where 1.2.3 sees colours",
        "toy 2.0.0 knows 2 labels of 1.2.3 no more: 'green', 'blue'",
    )


sides = st.integers(1, 4096)


@given(sides, sides, st.lists(st.tuples(sides, sides), max_size=4))
def test_it_is_refused_exactly_where_the_picture_would_be_mush(
    height: int, width: int, pictures: list[tuple[int, int]]
) -> None:
    model = make_stream().model
    old = replace(model, name="toy", proof=(None, None))  # type: ignore[arg-type]
    worst = max((max(height / high, width / wide) for high, wide in pictures), default=1)
    before = max((max(4 / high, 4 / wide) for high, wide in pictures), default=1)
    manifest = _manifest(height, width)
    if worst > max(MOST_ENLARGED, before):
        with pytest.raises(UpdateError, match="choose a larger picture"):
            check_fit(manifest, old, pictures)
    else:
        assert bool(check_fit(manifest, old, pictures)) == (worst > max(1, before))


def _manifest(height: int, width: int) -> Manifest:
    from tests.conftest import toy_manifest

    return toy_manifest(labels=("dark", "bright"), input=InputSpec(height=height, width=width))
