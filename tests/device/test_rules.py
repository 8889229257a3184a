"""The rules of the agent, without a camera or a broker."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.bundle.manifest import Decision
from sagui.device.decide import Verdict, decide, follow
from sagui.device.errors import BrokerError
from sagui.device.mqtt.address import Address, parse_address

LABELS = ("cat", "dog", "owl")


def test_the_best_label_wins() -> None:
    verdict = decide(np.array([0.2, 0.7, 0.1]), LABELS, Decision(threshold=0.5))
    assert verdict == Verdict("dog", 0.7, (("dog", 0.7), ("cat", 0.2), ("owl", 0.1)))


def test_below_the_threshold_it_is_unknown() -> None:
    verdict = decide(np.array([0.4, 0.35, 0.25]), LABELS, Decision(threshold=0.5, unknown="no idea"))
    assert (verdict.label, verdict.score, verdict.top[0][0]) == ("no idea", 0.4, "cat")


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.floats(0, 1), st.integers(1, 5))
def test_a_verdict_is_sorted_and_consistent(scores: list[float], threshold: float, count: int) -> None:
    verdict = decide(np.array(scores), LABELS, Decision(threshold=threshold), count)
    assert [score for _, score in verdict.top] == sorted(scores, reverse=True)[:count]
    assert verdict.score == max(scores)
    assert (verdict.label == "unknown") == (max(scores) < threshold)


@given(st.lists(st.sampled_from(LABELS), min_size=1, max_size=40))
def test_a_state_lasts_as_long_as_its_label(labels: list[str]) -> None:
    standing, changes = None, 0
    for now, label in enumerate(labels):
        after = follow(standing, Verdict(label, 0.9, ()), float(now))
        changes += after is not standing
        standing = after
        assert standing.label == label
        assert all(seen == label for seen in labels[int(standing.since) : now + 1])
    assert changes == 1 + sum(one != two for one, two in pairwise(labels))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://broker", Address("broker", 1883)),
        ("mqtts://broker", Address("broker", 8883, tls=True)),
        ("mqtt://10.0.0.2:1999", Address("10.0.0.2", 1999)),
        ("mqtt://[::1]:1884", Address("::1", 1884)),
        ("broker.local", Address("broker.local", 1883)),
        ("broker.local:77", Address("broker.local", 77)),
    ],
)
def test_addresses(url: str, address: Address) -> None:
    assert parse_address(url, {}) == address


@pytest.mark.parametrize(
    "url",
    [
        "http://broker",
        "mqtt://",
        "mqtt://broker:port",
        "mqtt://broker:99999",
        "://x",
        "mqtt://[::1",
        "mqtt://broker..local",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BrokerError, match="mqtt://HOST:PORT"):
        parse_address(url, {})


def test_a_password_comes_from_the_environment() -> None:
    address = parse_address("mqtt://broker", {"SAGUI_MQTT_USER": "pi", "SAGUI_MQTT_PASSWORD": "s3cret"})
    assert (address.user, address.password) == ("pi", "s3cret")
    assert "s3cret" not in repr(address)
    assert "s3cret" not in str(address)


def test_a_password_on_the_command_line_is_refused_and_not_repeated() -> None:
    with pytest.raises(BrokerError, match="SAGUI_MQTT_PASSWORD") as caught:
        parse_address("mqtt://pi:s3cret@broker", {})
    assert "s3cret" not in str(caught.value)
