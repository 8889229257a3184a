"""`make bench`: measures, prints a table, and writes ``runs/bench.json``."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from tests.conftest import free_port

from sagui.progress.quiet import quiet_native

with quiet_native():
    import keras
    import tensorflow as tf
    from tests.bench.agent import measure_apart
    from tests.bench.conversion import classifier_vs_bare, int8_latency, int8_size
    from tests.bench.mediapipe import classifier_vs_mediapipe
    from tests.bench.network import bundle, mobilenet_v2_int8
    from tests.bench.outbox import outbox_rate
    from tests.bench.rows import Row, write_rows
    from tests.bench.scale import memory_200k
    from tests.bench.speed import decode, feature_extraction, train_step
    from tests.bench.startup import cli_help, first_result
    from tests.bench.training import time_to_accuracy_fine_tune, time_to_accuracy_probe

OUT = Path("runs/bench.json")
_SOAK_SIDE = 64
"""Small photos, so that many are done in minutes."""

TRAINING = {
    row.__name__: row
    for row in (decode, feature_extraction, train_step, time_to_accuracy_probe, time_to_accuracy_fine_tune)
}
AGENT = ("agent_overhead", "agent_fps_1", "agent_fps_2", "frame_to_broker_p99", "agent_memory")
DEVICE = {row.__name__: row for row in (outbox_rate,)}
CONVERSION = {row.__name__: row for row in (int8_size, int8_latency, classifier_vs_bare, classifier_vs_mediapipe)}
NAMES = ("cli_help", "first_result", *AGENT, *DEVICE, *CONVERSION, *TRAINING)
LARGE = ("memory_200k", "soak_growth")
"""Only when they are asked for: they need minutes, and gigabytes of disk."""


@contextmanager
def mosquitto() -> Iterator[int]:
    """A real broker on a free port."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        sys.exit("make bench needs mosquitto: apt-get install mosquitto")
    port = free_port()
    with subprocess.Popen([program, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(0.5)
        try:
            yield port
        finally:
            process.terminate()


def measure_all(names: list[str]) -> list[Row]:
    """Runs the benchmarks asked for; all, if none is named."""
    rows = []
    if not names or "cli_help" in names:
        rows.append(cli_help())
    if not names or {"first_result", *AGENT} & set(names):
        with TemporaryDirectory() as folder, mosquitto() as port:
            model = mobilenet_v2_int8()
            path = bundle(model, Path(folder))
            if not names or "first_result" in names:
                rows.append(first_result(model, path, port, Path(folder)))
            rows += [measure_apart(name, path, port) for name in AGENT if not names or name in names]
    rows += [work() for name, work in (DEVICE | CONVERSION | TRAINING).items() if not names or name in names]
    if "soak_growth" in names:
        with TemporaryDirectory() as folder, mosquitto() as port:
            path = bundle(mobilenet_v2_int8(_SOAK_SIDE), Path(folder))
            rows.append(measure_apart("soak_growth", path, port))
    if "memory_200k" in names:
        with TemporaryDirectory() as folder:
            rows.append(memory_200k(Path(folder)))
    return rows


def main() -> None:
    """Measures and reports."""
    if unknown := set(sys.argv[1:]) - set(NAMES) - set(LARGE):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join((*NAMES, *LARGE))}")
    keras.utils.set_random_seed(0)
    # As trainings always do.
    tf.config.experimental.enable_op_determinism()
    rows = measure_all(sys.argv[1:])
    table = Table("name", "value", "unit", "against", "its value", "ratio")
    for row in rows:
        table.add_row(
            row.name, f"{row.value:.2f}", row.unit, row.against, f"{row.against_value:.2f}", f"{row.ratio:.3f}"
        )
    Console().print(table)
    write_rows(rows, OUT)


if __name__ == "__main__":
    main()
