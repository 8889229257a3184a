"""What docs/scale.md says of consumers that share the work, on a real broker."""

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from tests.conftest import wait_until
from tests.deploy.simulate.running import Fleet


def results(log: Path) -> list[str]:
    """What a consumer got, among what it says of itself."""
    return [line for line in log.read_text().splitlines() if line.startswith("{")]


def test_two_consumers_of_one_group_get_each_result_once(mosquitto: Any, tmp_path: Path) -> None:
    logs = [tmp_path / "one", tmp_path / "two"]
    command = ["mosquitto_sub", "-d", "-p", str(mosquitto.port), "-q", "1", "-t", "$share/archive/sagui/+/result"]
    consumers = []
    for log in logs:
        with log.open("wb") as file:
            consumers.append(subprocess.Popen(["stdbuf", "-oL", *command], stdout=file))
    try:
        assert wait_until(lambda: all("Subscribed" in log.read_text() for log in logs))
        with Fleet(mosquitto.url, "--devices", "10", "--results-per-s", "10") as fleet:
            fleet.until(lambda record: record["results"] > 200)
            fleet.stop()
        said = fleet.records[-1]["results"]
        assert wait_until(lambda: sum(len(results(log)) for log in logs) >= said)
    finally:
        for consumer in consumers:
            consumer.terminate()
            consumer.wait(10)
    got = [Counter(json.loads(line)["id"] for line in results(log)) for log in logs]
    assert sum(got, Counter()).total() == len(sum(got, Counter())) == said
    assert all(got)
