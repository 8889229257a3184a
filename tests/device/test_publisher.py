"""Results and states, as they go to the wire."""

from tests.device.said import Said
from tests.device.sightings import make_stream, see, see_all

from sagui.device.cameras.geometry import Region
from sagui.device.decide import Steadiness
from sagui.device.publisher import Publisher
from sagui.wire import Region as SaidRegion
from sagui.wire import Result, State, decode


class Wire:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.once: list[tuple[str, bytes]] = []
        self.kept: list[tuple[str, bytes]] = []

    def publish(self, topic: str, payload: bytes) -> None:
        self.once.append((topic, payload))

    def retain(self, topic: str, payload: bytes, qos: int = 1) -> None:  # noqa: ARG002 (the port's signature)
        self.kept.append((topic, payload))

    def results(self) -> list[Result]:
        return [decode(payload, Result) for _, payload in self.once]

    def states(self) -> list[tuple[str, State]]:
        return [(topic, decode(payload, State)) for topic, payload in self.kept]


def test_every_frame_is_a_result_and_every_change_a_state() -> None:
    wire = Wire()
    publisher = Publisher(wire, "porch", "b007", Said())
    for sighting in see_all(make_stream(), [0.1, 0.2, 0.9]):
        publisher.saw(sighting)
    assert {topic for topic, _ in wire.once} == {"sagui/porch/result"}
    results = wire.results()
    assert [result.label for result in results] == ["dark", "dark", "bright"]
    assert [result.frame.index for result in results] == [0, 1, 2]
    assert results[0].time == "1970-01-01T00:16:40.000Z"
    assert (results[0].latency_ms.preprocess, results[0].latency_ms.infer, results[0].latency_ms.total) == (0.5, 2, 3)
    assert [(topic, state.label, state.since) for topic, state in wire.states()] == [
        ("sagui/porch/state", "dark", results[0].time),
        ("sagui/porch/state", "bright", results[2].time),
    ]


def test_ids_are_unique_and_count_without_gaps_what_is_said() -> None:
    wire = Wire()
    publisher = Publisher(wire, "porch", "b007", Said())
    for sighting in see_all(make_stream(rules=Steadiness(every_s=2)), [0.1] * 5):
        publisher.saw(sighting)
    ids = [result.id for result in wire.results()]
    assert ids == ["b007-0", "b007-1", "b007-2"]
    assert [result.frame.index for result in wire.results()] == [0, 2, 4]


def test_streams_have_names_and_states_of_their_own() -> None:
    wire = Wire()
    publisher = Publisher(wire, "porch", "b007", Said())
    door, mat = make_stream("door"), make_stream("mat")
    for sighting in (see(door, 0.1), see(mat, 0.9)):
        publisher.saw(sighting)
    assert [(result.stream, result.label) for result in wire.results()] == [("door", "dark"), ("mat", "bright")]
    assert [topic for topic, _ in wire.states()] == ["sagui/porch/state/door", "sagui/porch/state/mat"]


def test_a_state_says_where_its_stream_looks() -> None:
    wire = Wire()
    publisher = Publisher(wire, "porch", "b007", Said())
    for stream in (make_stream("door", Region(0.5, 0.25, 0.5, 0.75)), make_stream("all")):
        publisher.saw(see(stream, 0.9))
    assert [state.region for _, state in wire.states()] == [SaidRegion(x=0.5, y=0.25, width=0.5, height=0.75), None]


def test_the_first_result_is_told_once() -> None:
    said = Said()
    publisher = Publisher(Wire(), "porch", "b007", said)
    for sighting in see_all(make_stream(), [0.9, 0.9]):
        publisher.saw(sighting)
    assert said.texts == ["first result: bright (0.90); results go to sagui/porch/result"]
