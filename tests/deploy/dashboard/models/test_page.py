"""A device's line on the page Models."""

from collections.abc import Callable
from time import time

from sagui.deploy.dashboard.live.board import Seen
from sagui.deploy.dashboard.models.page import model_row
from sagui.deploy.dashboard.texts import speak
from sagui.wire import UpdateState, encode, timestamp


def test_the_phase_of_an_update_is_in_the_readers_language(seen: Callable[..., Seen]) -> None:
    state = UpdateState(time=timestamp(time()), in_progress=True, phase="downloading", update_percentage=40)
    row = seen(("update/state", encode(state))).row
    assert model_row(row, time(), speak("en"))["phase"] == "downloading 40%"
    assert model_row(row, time(), speak("pt"))["phase"] == "baixando 40%"


def test_a_device_that_says_nothing_of_updates_has_no_phase(seen: Callable[..., Seen]) -> None:
    assert model_row(seen(("availability", b"online")).row, time(), speak("en"))["phase"] == ""
