"""A broker in wrong hands, or whoever may publish there: it can ask for anything, and signatures decide what comes.

The worst that it gets is one step back: to the model before, which was signed, too, and proven on this device.
"""

import json
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version
from tests.attacks.pets import bundles, device, registry
from tests.attacks.registry import Registry, bundle
from tests.attacks.server import Server
from tests.attacks.updating import Updating, source

from sagui.device.commands import Ignored
from sagui.device.update.orders import LONGEST_PLAN_BYTES, parse_order, parse_plan
from sagui.device.update.policy import Policy
from sagui.device.update.rules import Self, answer
from sagui.wire import Desired, encode, timestamp

__all__ = ["bundles", "device", "registry"]  # fixtures

PLAN = Desired(
    id="2026-11-21-a",
    revision=1,
    operator="me@desk",
    time=timestamp(1_800_000_000),
    model="pets",
    version="1.1.0",
    status="running",
    share=1.0,
    wave=0,
    waves=(1.0,),
    since=timestamp(1_800_000_000),
    success=0.95,
    error=0.05,
    dwell_s=600,
    timeout_s=1800,
)
ME = Self("porch", "pets", "1.0.0", previous="0.9.0", failed=frozenset({"1.2.0"}))
NOON = time(12)

numbers = st.sampled_from(["0", "1", "2", "9", "10", str(2**64)])
versions = st.builds("{}.{}.{}{}".format, numbers, numbers, numbers, st.sampled_from(["", "-rc.1", "-01", "+b", "-"]))
plans = st.builds(
    lambda **changes: msgspec.structs.replace(PLAN, **changes),
    id=st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True),
    revision=st.integers(0, 2**70),
    model=st.sampled_from(["pets", "cats"]),
    version=versions,
    status=st.sampled_from(["running", "paused", "halted", "done"]),
    action=st.sampled_from(["install", "revert"]),
    share=st.floats(0, 1),
)


def plan(**changes: Any) -> Desired:
    return msgspec.structs.replace(PLAN, **changes)


@given(plans, versions)
def test_no_plan_leads_to_what_is_older_failed_or_of_another_model(asked: Desired, mine: str) -> None:
    me = Self("porch", "pets", mine, "0.9.0", ME.failed)
    found = answer(asked, me, NOON)
    if found.verdict == "install":
        assert asked.model == "pets"
        assert asked.version not in me.failed
        assert asked.status in {"running", "done"}
        if Version.is_valid(mine):
            assert Version.parse(asked.version) > Version.parse(mine)
    if found.verdict == "revert":
        assert asked.action == "revert"
        assert asked.version == mine


@given(st.binary(max_size=400))
def test_any_payload_is_a_plan_or_is_ignored(payload: bytes) -> None:
    found = parse_plan(payload)
    assert isinstance(found, Ignored) if payload else found is None
    assert parse_order(payload, retained=True) == parse_order(b"install", retained=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"version": "latest"},
        {"version": "../../1.0.0"},
        {"version": "1.1.0\n"},
        {"version": "1.1.0-" + "x" * 100},
        {"version": None},
        {"model": "../pets"},
        {"model": "pets/../cats"},
        {"model": ""},
        {"id": "a" * 65},
        {"id": "a/b"},
        {"share": 1.5},
        {"share": -0.1},
        {"share": "all"},
        {"waves": []},
        {"waves": [0.1] * 101},
        {"action": "erase"},
        {"status": "go"},
        {"dwell_s": -1},
        {"time": "yesterday"},
        {"reason": "x" * 1001},
        {"revision": -1},
        {"operator": ""},
        {"operator": ["me"]},
    ],
    ids=repr,
)
def test_a_plan_with_one_impossible_field_is_ignored_as_a_whole(changes: Mapping[str, object]) -> None:
    found = parse_plan(json.dumps(json.loads(encode(PLAN)) | changes).encode())
    assert isinstance(found, Ignored)
    assert len(found.text) < 1000
    assert "\n" not in found.text


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 16_000,
        b'{"a":' * 3_000,
        b"x" * (LONGEST_PLAN_BYTES + 1),
        encode(PLAN) + b" " * LONGEST_PLAN_BYTES,
        encode(PLAN).replace(b"1.0", b"NaN"),
        encode(PLAN).replace(b"1.0", b"1e999"),
        encode(PLAN)[:-1],
        encode(PLAN) + encode(PLAN),
        encode(PLAN).decode().encode("utf-16"),
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"0",
    ],
    ids=lambda payload: repr(payload[:12]),
)
def test_a_broken_or_huge_plan_is_ignored(payload: bytes) -> None:
    assert isinstance(parse_plan(payload), Ignored)


# On a device with a registry that is honest.


def test_a_plan_for_what_nobody_signed_fails_and_says_so(device: Updating) -> None:
    state = device.plan(plan(version="6.6.6"))
    assert state.phase == "failed"
    assert "pets 6.6.6 is not in the registry; the newest are 1.0.0, 1.1.0" in (state.error or "")
    assert (state.rollout, state.installed_version) == (PLAN.id, "1.0.0")
    assert device.is_as_before()


def test_a_plan_for_an_older_version_is_not_followed_though_it_was_signed(
    registry: Registry, server: Server, device: Updating
) -> None:
    registry.publish("pets", "0.9.0", bundle(3))
    asked = len(server.asked)
    state = device.plan(plan(version="0.9.0"))
    assert (state.installed_version, state.in_progress) == ("1.0.0", False)
    assert len(server.asked) == asked
    assert device.is_as_before()


def test_a_plan_for_another_model_is_none_of_this_devices(server: Server, device: Updating) -> None:
    asked = len(server.asked)
    state = device.plan(plan(model="cats", version="9.0.0"))
    assert state.phase == "idle"
    assert len(server.asked) == asked
    assert device.is_as_before()


def test_a_plan_to_go_back_where_nothing_was_before_changes_nothing(device: Updating) -> None:
    state = device.plan(plan(action="revert", version="1.0.0"))
    assert "no model before 1.0.0" in (state.error or "")
    assert device.is_as_before()


def test_plans_that_change_their_mind_all_the_time_break_nothing(device: Updating) -> None:
    for revision in range(30):
        status = ("halted", "paused", "running")[revision % 3]
        version = ("6.6.6", "0.1.0", "7.7.7")[revision % 3]
        device.plan(plan(revision=revision, status=status, version=version, share=float(revision % 2)))
        assert device.is_as_before()
    state = device.plan(PLAN)
    while state.phase not in {"failed", "waiting"} and not device.restarts:
        state = device.tick()
    current = device.ledger().current
    assert current is not None
    assert current.version == "1.1.0"


def test_a_pinned_device_stays_whatever_is_asked(bundles: tuple[Path, Path], tmp_path: Path) -> None:
    pinned = Updating(bundles[0], tmp_path / "pinned", None, Policy(pinned=True))
    assert pinned.plan(PLAN).phase == "waiting"
    assert pinned.order("1.1.0").phase in {"failed", "waiting"}
    assert pinned.is_as_before()


def test_what_failed_here_is_not_asked_for_again() -> None:
    found = answer(plan(version="1.2.0"), ME, NOON)
    assert (found.verdict, found.reason.partition(";")[0]) == ("nothing", "1.2.0 was tried and did not do")


def test_one_step_back_is_all_that_a_broker_gets(
    registry: Registry, server: Server, bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    quick = Policy(dwell_s=0, least_frames=0)

    def started() -> Updating:
        return Updating(bundles[0], tmp_path, source(server.url, registry.trusted, tmp_path), quick)

    device = started()
    while not device.restarts:
        device.plan(PLAN)
    device = started()
    while device.ledger().trial:
        device.tick()
    device.plan(plan(id="evil", action="revert"))
    assert device.restarts
    device = started()
    state = device.plan(plan(id="evil-2"))
    assert state.installed_version == "1.0.0"
    assert "1.1.0 was taken back here" in (state.error or "")
    device.plan(plan(id="evil-3", action="revert", version="1.0.0"))
    assert not device.restarts
    assert device.ledger().current is None
