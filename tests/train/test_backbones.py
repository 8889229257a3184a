"""The networks one can start from."""

import pickle
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from sagui.train.backbones import efficientnet_lite0
from sagui.train.backbones.registry import BACKBONES, find_backbone
from sagui.train.backbones.torch_pickle import read_tensors
from sagui.train.cut import block_ends, cut
from sagui.train.errors import RecipeError, WeightsError

# Blocks as the papers count them, and parameters without the head as Keras documents them (Lite0: 4.65 M in all, of
# which 1.28 M are its head).
EXPECTED = {
    "efficientnet-lite0": (16, 3_413_024),
    "mobilenet-v2": (17, 2_257_984),
    "mobilenet-v3-small": (11, 939_120),
    "mobilenet-v3-large": (15, 2_996_352),
    "resnet50": (16, 23_587_712),
}


@pytest.fixture(scope="module", params=sorted(BACKBONES))
def network(request: pytest.FixtureRequest) -> tuple[str, keras.Model]:
    return request.param, BACKBONES[request.param].build((64, 64, 3))


def test_a_network_is_the_one_of_its_paper(network: tuple[str, keras.Model]) -> None:
    name, model = network
    blocks, parameters = EXPECTED[name]
    assert model.count_params() == parameters
    assert len(block_ends(model, BACKBONES[name].block_end)) == blocks


def test_a_cut_changes_nothing(network: tuple[str, keras.Model]) -> None:
    name, model = network
    trunk, tail = cut(model, BACKBONES[name].block_end, 3)
    photos = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)
    whole = np.asarray(model(photos, training=False))
    parts = np.asarray(tail(trunk(photos, training=False), training=False))
    assert np.allclose(whole, parts, atol=1e-5)
    assert trunk.count_params() + tail.count_params() == model.count_params()


def test_pixels_are_normalized_inside(network: tuple[str, keras.Model]) -> None:
    # Black and white photos must give activations of the same size: without normalization, white would dwarf black.
    name, model = network
    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    seen = keras.Model(model.input, first.input if name != "resnet50" else model.get_layer("normalize").output)
    grey = np.asarray(seen(np.full((1, 64, 64, 3), 127.0, np.float32)))
    assert abs(float(grey.mean())) < (30 if name == "resnet50" else 0.1)


def test_the_whole_network_may_not_be_trained() -> None:
    model = BACKBONES["mobilenet-v2"].build((64, 64, 3))
    with pytest.raises(RecipeError, match="has 17 blocks and at least one stays frozen: fine-tune at most 16"):
        cut(model, BACKBONES["mobilenet-v2"].block_end, 17)


def test_an_unknown_network_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"did you mean mobilenet-v2\?"):
        find_backbone("mobilenet_v2")


def test_imagenet_weights_come_without_a_network() -> None:
    model = efficientnet_lite0.build((64, 64, 3))
    before = model.get_weights()
    efficientnet_lite0.load(model, None)
    changed = [not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)]
    assert all(changed)
    assert np.isfinite(np.asarray(model(np.full((1, 64, 64, 3), 99.0, np.float32)))).all()


def test_no_network_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_file(*_args: object, **_kwargs: object) -> str:
        raise Exception("URL fetch failure on https://storage.googleapis.com: None -- [Errno -3]")  # noqa: TRY002

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    monkeypatch.setattr("keras.src.applications.mobilenet_v2.file_utils.get_file", get_file)
    model = BACKBONES["mobilenet-v2"].build((96, 96, 3))
    with pytest.raises(WeightsError, match=r"could not be had: URL fetch failure .*--weights FILE") as caught:
        BACKBONES["mobilenet-v2"].load(model, None)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["mobilenet-v2", "resnet50"])
def test_weights_come_from_a_file(tmp_path: Path, name: str) -> None:
    keras.utils.set_random_seed(1)
    donor = BACKBONES[name].build((64, 64, 3))
    donor.save_weights(tmp_path / "own.weights.h5")
    keras.utils.set_random_seed(2)
    model = BACKBONES[name].build((64, 64, 3))
    BACKBONES[name].load(model, tmp_path / "own.weights.h5")
    loaded, given = model.get_weights(), donor.get_weights()
    if name == "resnet50":
        loaded[0] = loaded[0][:, :, ::-1]  # its weights expect blue first, our photos have red first
    assert all(np.array_equal(new, old) for new, old in zip(loaded, given, strict=True))


@pytest.mark.parametrize("name", ["mobilenet-v2", "efficientnet-lite0"])
def test_weights_of_another_network_are_refused(tmp_path: Path, name: str) -> None:
    other = BACKBONES["mobilenet-v3-small"].build((64, 64, 3))
    other.save_weights(tmp_path / "other.weights.h5")
    model = BACKBONES[name].build((64, 64, 3))
    with pytest.raises(WeightsError, match=r"other.weights.h5: not"):
        BACKBONES[name].load(model, tmp_path / "other.weights.h5")


@pytest.mark.parametrize("name", ["mobilenet-v2", "efficientnet-lite0"])
@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps({"a": 1})])
def test_what_holds_no_weights_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / "own.weights.h5"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=re.escape(str(path))):
        BACKBONES[name].load(BACKBONES[name].build((64, 64, 3)), path)


def test_a_missing_weights_file_is_named(tmp_path: Path) -> None:
    for name in ("mobilenet-v2", "efficientnet-lite0"):
        with pytest.raises(WeightsError, match=r"gone\.h5"):
            BACKBONES[name].load(BACKBONES[name].build((64, 64, 3)), tmp_path / "gone.h5")


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.witness,))


def test_a_weights_file_runs_no_code(tmp_path: Path) -> None:
    witness, path = tmp_path / "witness", tmp_path / "evil.pth"
    path.write_bytes(b"".join(pickle.dumps(part) for part in (0x1950A86A20F9469CFC6C, 1001, Evil(witness))))
    with pytest.raises(WeightsError, match="which is not a tensor"):
        read_tensors(path)
    assert not witness.exists()


def test_a_truncated_weights_file_is_refused(tmp_path: Path) -> None:
    whole = efficientnet_lite0._weights_file().read_bytes()
    path = tmp_path / "cut.pth"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match=r"cut.pth"):
        read_tensors(path)
