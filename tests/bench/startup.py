"""How long a person waits: for the help, and for the first result."""

import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from tests.bench.rows import Row, median_ms

_BARE = textwrap.dedent(
    """
    import sys, cv2, numpy as np, paho.mqtt.client as mqtt
    from ai_edge_litert.interpreter import Interpreter
    model, photo, port = sys.argv[1:]
    interpreter = Interpreter(model_path=model)
    interpreter.allocate_tensors()
    frame = cv2.resize(cv2.cvtColor(cv2.imread(photo), cv2.COLOR_BGR2RGB), (224, 224))
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], frame[np.newaxis])
    interpreter.invoke()
    scores = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", int(port))
    client.loop_start()
    client.publish("sagui/bench/result", str(scores.argmax()), qos=1).wait_for_publish(5)
    """
)


def cli_help() -> Row:
    """`sagui --help` against an interpreter that imports click and ends."""
    ours = [str(Path(sys.executable).with_name("sagui")), "--help"]
    bare = [sys.executable, "-c", "import click"]
    return Row(
        "cli_help",
        median_ms(lambda: subprocess.run(ours, check=True, stdout=subprocess.DEVNULL), 15),
        "ms",
        "python -c 'import click'",
        median_ms(lambda: subprocess.run(bare, check=True), 15),
    )


def first_result(model: bytes, bundle: Path, port: int, folder: Path) -> Row:
    """From starting `sagui run` to its first result at a subscriber, against a bare script."""
    camera = folder / "camera"
    camera.mkdir()
    photo = camera / "photo.jpg"
    cv2.imwrite(str(photo), np.random.default_rng(0).integers(0, 255, (480, 640, 3), dtype=np.uint8))
    plain = folder / "model.tflite"
    plain.write_bytes(model)
    agent = ["-m", "sagui.cli", "run", str(bundle), "--camera", str(camera), "--broker", f"mqtt://127.0.0.1:{port}"]
    ours = [sys.executable, *agent, "--device", "bench", "--outbox", str(folder / "outbox")]
    bare = [sys.executable, "-c", _BARE, str(plain), str(photo), str(port)]
    arrived = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
    client.on_message = lambda *_: arrived.set()
    client.connect("127.0.0.1", port)
    client.subscribe("sagui/bench/result", qos=1)
    client.loop_start()

    def until_result(command: list[str]) -> float:
        times = []
        for _ in range(8):
            arrived.clear()
            start = time.perf_counter()
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                assert arrived.wait(30), "no result"
                times.append(1000 * (time.perf_counter() - start))
                process.wait(30)
        return float(np.median(times[1:]))

    value, against = until_result(ours), until_result(bare)
    client.disconnect()
    client.loop_stop()
    return Row("first_result", value, "ms", "a bare script without checks", against)
