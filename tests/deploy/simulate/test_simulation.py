"""A simulation from its start to its end, in memory."""

import json
import re
import resource

import pytest

from sagui.deploy.simulate.device import Profile
from sagui.deploy.simulate.errors import SimulationError
from sagui.deploy.simulate.limits import allow_connections
from sagui.deploy.simulate.memory import MemoryClock, MemoryNetwork
from sagui.deploy.simulate.simulation import Run, Simulation, names


def simulated(how: Run, *, there: bool = True) -> tuple[Simulation, MemoryNetwork, list[str]]:
    clock, lines = MemoryClock(), list[str]()
    network = MemoryNetwork(clock)
    network.open = there
    return Simulation(Profile(results_per_s=2.0), how, network, lines.append, clock), network, lines


def test_it_tells_how_it_goes_and_ends_in_time() -> None:
    simulation, network, lines = simulated(Run(10, duration_s=60))
    standing = simulation.run()
    assert (standing.devices, standing.online) == (10, 10)
    assert standing.late_s < 0.01
    assert standing.results == pytest.approx(1200, abs=20)
    assert len(lines) == 12
    assert re.fullmatch(r" +\d+ s  10 of 10 online  20 results/s  10 on 1\.0\.0", lines[-1])
    assert network.retained == {}


def test_for_programs_it_tells_objects() -> None:
    simulation, _, lines = simulated(Run(3, duration_s=20, json=True))
    simulation.run()
    last = json.loads(lines[-1])
    assert last["devices"] == last["online"] == 3
    assert last["delivered"] > last["results"] > 0


def test_who_keeps_finds_what_the_devices_said() -> None:
    simulation, network, _ = simulated(Run(3, duration_s=20, forget=False))
    simulation.run()
    assert len(network.retained) == 3 * 5


def test_it_can_be_stopped() -> None:
    simulation, network, _ = simulated(Run(3))
    simulation.stopped = True
    simulation.run()
    assert network.connected == frozenset()


def test_a_broker_that_is_not_there_is_named_and_not_waited_for_for_ever() -> None:
    simulation, _, _ = simulated(Run(3), there=False)
    with pytest.raises(SimulationError, match="no device comes onto the broker: nobody answers"):
        simulation.run()


def test_a_broker_that_goes_for_a_while_ends_nothing() -> None:
    simulation, network, lines = simulated(Run(3, duration_s=60, every_s=10))

    def say(line: str) -> None:
        lines.append(line)
        network.open = len(lines) != 1  # away from 10 s to 20 s
        if not network.open:
            for device in network.connected:
                network.cut(device)

    simulation._say = say
    assert simulation.run().online == 3
    assert "0 of 3 online" in lines[1]


def test_names_have_as_many_digits_as_the_last_one() -> None:
    assert names("sim", 1000)[::999] == ["sim-0001", "sim-1000"]


@pytest.mark.parametrize("prefix", ["No", "", "a" * 63, "a/b"])
def test_a_prefix_that_cannot_stand_in_a_topic_is_refused(prefix: str) -> None:
    if prefix:
        with pytest.raises(SimulationError, match="cannot stand in a topic"):
            names(prefix, 10)
    else:
        assert names(prefix, 1) == ["-1"]


def test_a_machine_that_allows_too_few_connections_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1024))
    raised: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: raised.append(limits))
    allow_connections(100)
    assert raised == []
    allow_connections(900)
    assert raised == [(964, 1024)]
    with pytest.raises(SimulationError, match="1000 devices need 1064 open files, and a process may have 1024"):
        allow_connections(1000)
