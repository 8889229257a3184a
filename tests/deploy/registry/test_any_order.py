"""Whatever is done to a registry in whatever order, a device that looks now and then follows."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagui.deploy.registry.create import create
from sagui.deploy.registry.errors import PublishError
from sagui.deploy.registry.prune import prune
from sagui.deploy.registry.publish import Wish, publish
from sagui.deploy.registry.refresh import refresh
from sagui.deploy.registry.rotate import Rotator
from sagui.deploy.registry.verify import verify

ROLES = ("root", "targets", "snapshot", "timestamp", "pets")
STEPS = st.one_of(
    st.tuples(st.just("publish"), st.integers(0, 4)),
    st.tuples(st.just("refresh"), st.integers(0, 10)),
    st.tuples(st.just("rotate"), st.integers(0, len(ROLES) - 1)),
    st.tuples(st.just("withdraw"), st.integers(0, 4)),
    st.tuples(st.just("look"), st.just(0)),
)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(STEPS, max_size=8))
def test_a_device_always_follows(device: Any, make_bundle: Callable[..., Path], steps: list[tuple[str, int]]) -> None:
    now, there, gone = datetime.now(UTC) - timedelta(days=1), {"0.0.0"}, set[str]()
    with tempfile.TemporaryDirectory() as scratch:
        folder, keys = Path(scratch, "registry"), Path(scratch, "keys")
        create(folder, keys, now=now)
        reader = type(device)(folder, (folder / "root.json").read_bytes(), Path(scratch, "device"))
        publish(make_bundle("0.0.0"), folder, keys, now=now)
        for what, number in steps:
            version = f"1.{number}.0"
            if what == "publish" and version in gone:
                with pytest.raises(PublishError, match="was withdrawn"):
                    publish(make_bundle(version), folder, keys, now=now)
            elif what == "publish":
                publish(make_bundle(version), folder, keys, now=now, wish=Wish(patches=1))
                there.add(version)
            elif what == "refresh":
                refresh(folder, keys, now=now, lifetimes={"model": timedelta(days=20 + number)})
            elif what == "rotate":
                Rotator(folder, keys, now=now).rotate(ROLES[number])
            elif what == "withdraw" and version in there:
                prune(folder, keys, now=now, named=[f"pets=={version}"])
                there.remove(version)
                gone.add(version)
            elif what == "look":
                assert set(reader.versions()) == there
        assert set(reader.versions()) == there
        assert verify(folder, keys=keys).problems == ()
