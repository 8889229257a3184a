"""What the frozen trunk makes of photos is computed once, and is the network's own."""

from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from sagui.bundle.manifest import InputSpec
from sagui.train import features as features_module
from sagui.train.audit import Audited, audit
from sagui.train.backbones import efficientnet_lite0
from sagui.train.backbones.port import Options
from sagui.train.backbones.registry import find_backbone
from sagui.train.datasets import open_dataset
from sagui.train.features import extract, extract_plain, trunk_digest
from sagui.train.predict import SharedModel, predict_batch
from sagui.train.recipe.choices import Augmentation
from sagui.train.variants import variants

DIHEDRAL = variants(Augmentation(views="dihedral"), 0)


@pytest.fixture(scope="module")
def photos(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    return audit(open_dataset(str(shapes)), InputSpec(height=64, width=64), tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def trunk() -> keras.Model:
    network = efficientnet_lite0.build((64, 64, 3), Options())
    efficientnet_lite0.load(network, None, Options())
    return network


def test_cached_features_are_the_networks_own(photos: Audited, trunk: keras.Model, tmp_path: Path) -> None:
    keys = photos.keys[:3]
    found = extract(trunk, photos.pixels, keys, DIHEDRAL, tmp_path)
    for variant, store in zip(DIHEDRAL, found.stores, strict=True):
        made = variant.of(photos.pixels.take(keys), keys).astype(np.float32)
        assert np.allclose(store.take(keys), np.asarray(trunk(made, training=False)), atol=2e-2, rtol=2e-2)


def test_they_are_computed_once(
    photos: Audited, trunk: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []

    def count(shared: SharedModel, batch: np.ndarray) -> np.ndarray:
        computed.append(len(batch))
        return predict_batch(shared, batch)

    monkeypatch.setattr(features_module, "predict_batch", count)
    for keys in (photos.keys[:10], photos.keys[:10], photos.keys[5:15]):
        extract_plain(trunk, photos.pixels, keys, tmp_path)
    assert computed == [10, 5]


def test_other_weights_have_other_features(photos: Audited, trunk: keras.Model, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    other = efficientnet_lite0.build((64, 64, 3), Options())
    one, two = (extract_plain(network, photos.pixels, photos.keys[:2], tmp_path) for network in (trunk, other))
    assert not np.allclose(one.stores[0].take(photos.keys[:2]), two.stores[0].take(photos.keys[:2]))


def test_a_trunk_is_named_by_how_it_computes_and_not_by_what_keras_calls_it() -> None:
    def digest(name: str, options: Options) -> str:
        network = find_backbone(name).build((64, 64, 3), options)
        network.set_weights([np.ones(array.shape, array.dtype) for array in network.get_weights()])
        return trunk_digest(network)

    plain = Options()
    assert digest("vgg-style", plain) != digest("vgg-style", Options(padding="valid"))
    assert digest("mobilenet-v3-small", plain) == digest("mobilenet-v3-small", plain)


def test_photos_fitted_otherwise_have_other_features(tmp_path: Path, trunk: keras.Model) -> None:
    for kind in ("cat", "dog"):
        (tmp_path / "photos" / kind).mkdir(parents=True)
        wide = np.repeat(np.linspace(0, 250, 160, dtype=np.uint8)[None, :, None], 40, 0).repeat(3, 2)
        cv2.imwrite(str(tmp_path / "photos" / kind / "1.png"), wide + np.uint8(kind == "dog"))
    found = {}
    for fit in ("squash", "crop"):
        spec = InputSpec(height=64, width=64, fit=fit)
        seen = audit(open_dataset(str(tmp_path / "photos")), spec, tmp_path / "cache")
        found[fit] = extract_plain(trunk, seen.pixels, seen.keys, tmp_path / "cache").stores[0].take(seen.keys)
    assert not np.allclose(found["squash"], found["crop"])


def test_random_copies_are_the_same_whatever_came_before(photos: Audited, trunk: keras.Model, tmp_path: Path) -> None:
    random = variants(Augmentation(views="mirror", rotation=30, noise=0.1, copies=2), 7)
    assert len(random) == 3
    keys = photos.keys[:6]
    whole = extract(trunk, photos.pixels, keys, random, tmp_path / "a")
    extract(trunk, photos.pixels, keys[3:], random, tmp_path / "b")
    later = extract(trunk, photos.pixels, keys, random, tmp_path / "b")
    for one, two in zip(whole.stores, later.stores, strict=True):
        assert np.allclose(one.take(keys), two.take(keys), atol=1e-2)
    assert not np.allclose(whole.stores[1].take(keys), whole.stores[2].take(keys), atol=1e-2)
