"""The agent as a user runs it, told to update itself from a registry that attacks it: it goes on with its work.

A few attacks of each kind: `test_updater` plays all of them, without a process.
"""

import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import publish
from tests.attacks.registry import Registry, bundle
from tests.attacks.server import Answer, Server, dripping, endless, instead, serving
from tests.attacks.signing import ATTACKS
from tests.device.running import Agent, Reader

from sagui.bundle import Manifest, write_bundle
from sagui.wire import UpdateOrder, UpdateState, decode, encode

Eventually = Callable[..., bool]

STATE = "sagui/porch/update/state"
SIGNED = ("unsigned timestamp", "expired timestamp", "version rollback", "mixed targets", "root of a stranger")
SERVED: dict[str, tuple[str, Answer, str]] = {
    "endless list": ("timestamp.json", endless, "^endless data: timestamp.json"),
    "another bundle": (".sagui", instead(b"x"), "^length mismatch: toy/toy-1.3.0.sagui"),
}


class Attacked:
    """An agent at work, its registry, and what is heard of it."""

    def __init__(self, agent: Agent, registry: Registry, server: Server, reader: Reader, port: int) -> None:
        self.agent, self.registry, self.server, self.reader = agent, registry, server, reader
        self._port = port

    def order(self, version: str | None = None) -> None:
        order = encode(UpdateOrder(order="install", version=version))
        publish.single("sagui/porch/update/set", order, qos=1, hostname="127.0.0.1", port=self._port)

    def states(self) -> list[UpdateState]:
        return [decode(payload, UpdateState) for payload in self.reader.payloads(STATE)]

    def says(self, words: str) -> bool:
        state = self.states()[-1]
        return state.phase in {"failed", "waiting"} and re.search(words, state.error or "") is not None

    def end(self) -> None:
        self.agent.process.send_signal(signal.SIGTERM)
        returned, errors = self.agent.wait()
        assert returned == 0, errors


@pytest.fixture
def attacked(
    toy_bundle: Path,
    make_manifest: Callable[..., Manifest],
    bundle_entries: dict[str, bytes],
    colours: Path,
    mosquitto: Any,
    eventually: Eventually,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Attacked]:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    registry = Registry()
    registry.publish("cats", "9.0.0", bundle(9))
    registry.publish("toy", "1.2.3", toy_bundle.read_bytes())
    new = write_bundle(tmp_path, make_manifest(version="1.3.0"), bundle_entries)
    registry.publish("toy", "1.3.0", new.read_bytes())
    root, settings = tmp_path / "root.json", tmp_path / "agent.toml"
    root.write_bytes(registry.trusted)
    reader = Reader(mosquitto.port)
    assert reader.subscribed.wait(30)
    with serving(registry.files) as server:
        settings.write_text(
            f'model = "{toy_bundle}"\n[camera]\nspec = "folder:{colours}"\nloop = true\nfps = 20\n'
            f'[broker]\nurl = "{mosquitto.url}"\n'
            f'[update]\nregistry = "{server.url}"\nroot = "{root}"\nevery_s = 0\nshadow_frames = 5\ndwell_s = 1\n'
        )
        agent = Agent("--config", settings)
        try:
            assert eventually(lambda: len(reader.results()) >= 2 and len(reader.payloads(STATE)) > 0)
            yield Attacked(agent, registry, server, reader, mosquitto.port)
        finally:
            agent.process.kill()
            agent.process.wait()
            reader.close()


def test_attacks_one_after_another_are_said_while_results_go_on(attacked: Attacked, eventually: Eventually) -> None:
    registry = attacked.registry
    for name in SIGNED:
        attack, words = ATTACKS[name]
        attacked.order("9.9.9")
        assert eventually(lambda: attacked.says(r"9\.9\.9 is not in the registry")), (name, attacked.states()[-1])
        registry.release("toy", targets=True)
        honest = registry.twin()
        attack(registry)
        attacked.order()
        assert eventually(lambda words=words: attacked.says(words)), (name, attacked.states()[-1])
        goes_on(attacked, eventually)
        for _ in range(2):
            honest.release("toy", targets=True)
        registry.restore(honest)
    for name, (part, answer, words) in SERVED.items():
        attacked.server.answers[part] = answer
        attacked.order()
        assert eventually(lambda words=words: attacked.says(words)), (name, attacked.states()[-1])
        goes_on(attacked, eventually)
        attacked.server.answers.clear()
    assert {state.installed_version for state in attacked.states()} == {"1.2.3"}
    attacked.order()
    assert eventually(lambda: attacked.states()[-1].phase == "confirmed", 120), attacked.states()[-1]
    assert attacked.states()[-1].installed_version == "1.3.0"
    goes_on(attacked, eventually)
    assert attacked.reader.results()[-1].model.version == "1.3.0"
    attacked.end()


def test_an_agent_works_and_ends_as_ever_while_a_registry_holds_it_up(
    attacked: Attacked, eventually: Eventually
) -> None:
    attacked.server.answers[".sagui"] = dripping
    attacked.order()
    assert eventually(lambda: attacked.states()[-1].phase == "downloading")
    goes_on(attacked, eventually)
    assert attacked.states()[-1].installed_version == "1.2.3"
    attacked.end()


def test_a_broker_in_wrong_hands_is_ignored_while_results_go_on(
    attacked: Attacked, mosquitto: Any, eventually: Eventually
) -> None:
    for payload in (b"[" * 10_000, b"x" * 100_000, b"\xff", json.dumps({"v": 9, "model": "toy"}).encode()):
        for topic in ("sagui/porch/update/set", "sagui/fleet/all/desired"):
            publish.single(topic, payload, qos=1, retain=True, hostname="127.0.0.1", port=mosquitto.port)
    assert eventually(lambda: attacked.agent.said("update-ignored") is not None)
    goes_on(attacked, eventually)
    assert {state.phase for state in attacked.states()} == {"idle"}
    attacked.end()


def goes_on(attacked: Attacked, eventually: Eventually) -> None:
    """The agent says what it sees."""
    before = len(attacked.reader.results())
    assert eventually(lambda: len(attacked.reader.results()) >= before + 2)
