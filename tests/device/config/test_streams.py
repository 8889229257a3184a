"""The streams that settings ask for."""

from sagui.device.cameras.geometry import Region
from sagui.device.config.merge import merge
from sagui.device.config.read import parse_settings
from sagui.device.config.settings import Settings
from sagui.device.config.streams import StreamPlan, plan_streams
from sagui.device.decide import Steadiness


def plans(text: str) -> tuple[StreamPlan, ...]:
    return plan_streams(merge(parse_settings(text.encode(), "x"), {}))


def test_without_any_there_is_one_of_the_whole_picture() -> None:
    assert plan_streams(Settings()) == (StreamPlan(None, None, None, None, Steadiness()),)
    (plan,) = plans("model = 'm'\nlabels = 'l'\n[decide]\nagree = '3/5'\ndwell_s = 2\nhysteresis = 0.1\nevery_s = 60")
    assert plan == StreamPlan(None, None, "m", "l", Steadiness(3, 5, 2, 0.1, 60))


def test_a_stream_takes_over_what_it_does_not_set() -> None:
    one, two = plans(
        "model = 'm'\nlabels = 'l'\n[decide]\nagree = '3/5'\ndwell_s = 2\n"
        "[[stream]]\nname = 'door'\nregion = '0,0,1,0.5'\ndwell_s = 0\nhysteresis = 0.2\nevery_s = 1\n"
        "[[stream]]\nname = 'gate'\nagree = '1/1'"
    )
    assert one == StreamPlan("door", Region(0, 0, 1, 0.5), "m", "l", Steadiness(3, 5, 0, 0.2, 1))
    assert two == StreamPlan("gate", None, "m", "l", Steadiness(1, 1, 2))


def test_labels_belong_to_the_model_beside_them() -> None:
    one, two, three = plans(
        "model = 'm'\nlabels = 'l'\n[[stream]]\nname = 'a'\nmodel = 'n'\n"
        "[[stream]]\nname = 'b'\nmodel = 'n'\nlabels = 'k'\n[[stream]]\nname = 'c'\nlabels = 'k'"
    )
    assert [(plan.model, plan.labels) for plan in (one, two, three)] == [("n", None), ("n", "k"), ("m", "k")]
