"""The bar chart of the layers that lose most."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from sagui.convert.layers import LayerError
from sagui.convert.layers_chart import layer_chart

SVG = "{http://www.w3.org/2000/svg}"


def error(name: str, snr_db: float | None, **fields: object) -> LayerError:
    return LayerError(name=name, kind="CONV_2D", shape=(1, 8, 8, 4), snr_db=snr_db, **fields)  # type: ignore[arg-type]


def parse(chart: str) -> ET.Element:
    return ET.fromstring(chart)  # noqa: S314 (our own)


def widths(chart: str) -> list[float]:
    return [float(bar.attrib["width"]) for bar in parse(chart).iter(f"{SVG}rect")]


def test_bars_are_as_long_as_their_numbers() -> None:
    one, two = widths(layer_chart([error("a", 10.0), error("b", 20.0)]))
    assert two == 2 * one > 0


def test_a_layer_is_told_with_its_numbers() -> None:
    chart = layer_chart([error("block/add", 12.34, rmse_steps=1.5, worst_channel=3, worst_channel_snr_db=-2.0)])
    for text in ("block/add", "12.3", "CONV_2D 1 x 8 x 8 x 4", "error 1.50 steps", "channel 3: -2.0 dB"):
        assert text in chart


def test_more_noise_than_signal_has_no_bar_but_a_number() -> None:
    chart = layer_chart([error("a", -4.0)])
    assert widths(chart) == []
    assert ">-4.0<" in chart


def test_what_has_no_number_is_named() -> None:
    assert ">not finite<" in layer_chart([error("a", None, note="not finite")])


def test_nothing_is_drawn_of_nothing() -> None:
    assert layer_chart([]) == ""


def test_the_same_numbers_give_the_same_bytes() -> None:
    errors = [error("a", 10.0), error("b", 33.3)]
    assert layer_chart(errors) == layer_chart(errors)


def test_the_name_of_the_network_is_left_out_of_the_labels() -> None:
    texts = [text.text for text in parse(layer_chart([error("small_1/block1/add", 1.0)])).iter(f"{SVG}text")]
    assert "block1/add" in texts


def test_names_are_harmless_and_their_ends_are_kept() -> None:
    chart = layer_chart([error("<script>alert(1)</script>" + "x" * 60 + "/end", 10.0)])
    assert "<script>" not in chart
    assert "/end<" in chart


@given(st.lists(st.floats(-50, 200) | st.none(), min_size=1, max_size=12))
def test_every_chart_is_well_formed_and_its_bars_stay_inside(ratios: list[float | None]) -> None:
    chart = layer_chart([error(f"layer{number}", ratio) for number, ratio in enumerate(ratios)])
    root = parse(chart)
    right = float(root.attrib["viewBox"].split()[2])
    for bar in root.iter(f"{SVG}rect"):
        assert float(bar.attrib["x"]) + float(bar.attrib["width"]) <= right
    assert len(list(root.iter(f"{SVG}title"))) == len(ratios)
