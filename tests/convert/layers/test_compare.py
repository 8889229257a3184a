"""Activations of the float file against those of the quantized one, on small networks."""

from pathlib import Path

import keras
import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from sagui.convert.calibrate import representative
from sagui.convert.errors import ConvertError, InspectError
from sagui.convert.export import convert_saved_model, export_saved_model
from sagui.convert.layers import LayerError, layer_errors, worst
from sagui.convert.modes import MODES
from sagui.convert.quantize import Quantizer

SIDE = 16


def noise_photos(count: int) -> list[npt.NDArray[np.uint8]]:
    rng = np.random.default_rng(5)
    return [rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8) for _ in range(count)]


def small_network(ruin: float = 1.0) -> keras.Model:
    """Two convolutions and a head; one channel of the first is larger by `ruin`, which the second takes back."""
    keras.utils.set_random_seed(11)
    inputs = keras.Input((SIDE, SIDE, 3))
    scaled = keras.layers.Rescaling(1 / 255)(inputs)
    first = keras.layers.Conv2D(8, 3, activation="relu", name="first")
    second = keras.layers.Conv2D(8, 3, activation="relu", name="second")
    head = keras.layers.Dense(2, activation="softmax", name="head")
    pooled = keras.layers.GlobalAveragePooling2D()(second(first(scaled)))
    model = keras.Model(inputs, head(pooled), name="small")
    kernel, bias = first.get_weights()
    kernel[..., 0] *= ruin
    first.set_weights([kernel, bias])
    kernel, bias = second.get_weights()
    kernel[:, :, 0] /= ruin
    second.set_weights([kernel, bias])
    return model


def float_file(model: keras.Model, folder: Path) -> bytes:
    export_saved_model(model, folder / "float", "uint8")
    return convert_saved_model(folder / "float", Quantizer(MODES["none"]), folder / "log.txt")


def both_files(model: keras.Model, folder: Path) -> tuple[bytes, bytes]:
    """The float file and the int8 one."""
    export_saved_model(model, folder / "int8", "float32")
    int8 = Quantizer(MODES["int8"], calibration=representative(noise_photos(8)))
    return float_file(model, folder), convert_saved_model(folder / "int8", int8, folder / "log.txt")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    return both_files(small_network(), tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def ruined(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    return both_files(small_network(1000.0), tmp_path_factory.mktemp("ruined"))


def error(name: str, snr_db: float | None, note: str = "") -> LayerError:
    return LayerError(name=name, kind="CONV_2D", shape=(1, 2), snr_db=snr_db, note=note)  # type: ignore[arg-type]


def test_every_layer_of_a_network_is_measured(good: tuple[bytes, bytes]) -> None:
    errors = layer_errors(*good, noise_photos(4))
    assert {one.kind for one in errors} >= {"CONV_2D", "MEAN", "FULLY_CONNECTED", "SOFTMAX"}
    assert sum(one.kind == "CONV_2D" for one in errors) == 2
    convolutions = [one for one in errors if one.kind == "CONV_2D"]
    for one in convolutions:
        assert one.snr_db is not None
        assert 25 < one.snr_db < 60
        assert one.rmse_steps is not None
        assert 0.1 < one.rmse_steps < 2
    # The second layer takes what the first one gives, with its error.
    assert convolutions[1].input_snr_db == convolutions[0].snr_db


def test_a_channel_that_takes_all_the_range_is_found(ruined: tuple[bytes, bytes], good: tuple[bytes, bytes]) -> None:
    def second(errors: tuple[LayerError, ...]) -> float:
        return next(one.snr_db for one in errors if "second" in one.name and one.snr_db is not None)

    broken = layer_errors(*ruined, noise_photos(4))
    assert second(broken) < 10 < second(layer_errors(*good, noise_photos(4)))
    first = next(one for one in broken if "first" in one.name)
    # Its own ratio looks well: all the signal is in the large channel. The others are rounded away.
    assert first.worst_channel != 0
    assert first.worst_channel_snr_db is not None
    assert first.worst_channel_snr_db < 5
    # Of eight channels all but the large one are noise, and it is this layer that makes them so.
    own = [one.own_noise for one in broken if one.own_noise is not None]
    assert first.own_noise == max(own) > 0.5


def test_a_float_file_against_itself_is_exact(good: tuple[bytes, bytes]) -> None:
    errors = layer_errors(good[0], good[0], noise_photos(2))
    assert {one.note for one in errors} == {"exact"}
    assert worst(errors, 10) == ()


def test_the_same_photos_give_the_same_numbers(good: tuple[bytes, bytes]) -> None:
    assert layer_errors(*good, noise_photos(3)) == layer_errors(*good, noise_photos(3))


def test_the_errors_survive_the_report(good: tuple[bytes, bytes]) -> None:
    errors = layer_errors(*good, noise_photos(2))
    assert msgspec.json.decode(msgspec.json.encode(errors), type=tuple[LayerError, ...]) == errors


def test_the_worst_come_first_and_no_number_at_all_before_them() -> None:
    errors = [error("a", 30.0), error("b", None, "exact"), error("c", 10.0), error("d", None, "not finite")]
    assert [one.name for one in worst(errors, 10)] == ["d", "c", "a"]
    assert [one.name for one in worst(errors, 1)] == ["d"]


def test_a_network_without_numbers_is_named(good: tuple[bytes, bytes], tmp_path: Path) -> None:
    model = small_network()
    layer = model.get_layer("second")
    kernel, bias = layer.get_weights()
    bias[3] = np.nan
    layer.set_weights([kernel, bias])
    found = worst(layer_errors(float_file(model, tmp_path), good[1], noise_photos(2)), 1)[0]
    assert (found.note, found.snr_db) == ("not finite", None)
    assert "second" in found.name


def test_a_layer_that_is_dead_is_named(tmp_path: Path) -> None:
    model = small_network()
    layer = model.get_layer("second")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, bias - 1e6])
    errors = layer_errors(*both_files(model, tmp_path), noise_photos(2))
    assert next(one for one in errors if "second" in one.name).note == "constant"


def test_no_photos_are_refused(good: tuple[bytes, bytes]) -> None:
    with pytest.raises(ConvertError, match="needs photos"):
        layer_errors(*good, [])


def test_files_of_two_networks_are_refused(good: tuple[bytes, bytes], tmp_path: Path) -> None:
    inputs = keras.Input((SIDE, SIDE, 3))
    other = keras.Model(inputs, keras.layers.MaxPooling2D(4, name="other")(inputs))
    with pytest.raises(ConvertError, match="no layer in common"):
        layer_errors(good[0], float_file(other, tmp_path), noise_photos(1))


def test_photos_of_another_size_are_refused(good: tuple[bytes, bytes]) -> None:
    with pytest.raises(ConvertError, match="fails when it is run"):
        layer_errors(*good, [np.zeros((SIDE + 1, SIDE, 3), np.uint8)])


def test_what_is_no_model_is_refused(good: tuple[bytes, bytes]) -> None:
    with pytest.raises(InspectError, match="not a TFLite file"):
        layer_errors(good[0], b"PK not a model", noise_photos(1))
