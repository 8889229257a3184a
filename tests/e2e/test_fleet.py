"""The whole path with real parts: keys, a registry behind nginx, mosquitto with TLS, three agents, two rollouts."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import answers, free_port

from sagui.bundle import Manifest, encode_golden, write_bundle
from sagui.bundle.golden import Golden
from sagui.infer.load import from_tflite
from sagui.wire import Result, UpdateState, decode

DEVICES = ("porch", "shed", "attic")

Run = Callable[..., subprocess.CompletedProcess[str]]


def always_red(folder: Path) -> bytes:
    """A network that says one thing, whatever it sees; its golden frames are as it is, so only others find out."""
    import keras

    from sagui.convert.calibrate import representative
    from sagui.convert.export import convert_saved_model, export_saved_model
    from sagui.convert.modes import MODES
    from sagui.convert.quantize import Quantizer

    inputs = keras.Input((16, 16, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(inputs))
    dense = keras.layers.Dense(3, activation="softmax")
    model = keras.Model(inputs, dense(pooled))
    dense.set_weights([0.1 * np.eye(3, dtype=np.float32), np.array([6, 0, 0], np.float32)])
    export_saved_model(model, folder / "saved", "float32")
    photos = representative(list(np.random.default_rng(0).integers(0, 255, (8, 16, 16, 3), dtype=np.uint8)))
    return convert_saved_model(folder / "saved", Quantizer(MODES["int8"], calibration=photos), folder / "log.txt")


class Site:
    """A place with a registry, a broker and devices, made by the commands that a person types."""

    def __init__(self, folder: Path, run: Run, program: Callable[[str], str], eventually: Callable[..., bool]) -> None:
        self.folder, self._run, self._program, self.eventually = folder, run, program, eventually
        self.http, self.mqtts = free_port(), free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._listener: subprocess.Popen[str] | None = None

    def command(self, *arguments: object, status: int = 0) -> str:
        done = self._run(*arguments, cwd=self.folder)
        assert done.returncode == status, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def serve(self) -> None:
        conf = self.folder / "nginx.conf"
        conf.write_text(
            f"pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log; daemon off; user root; events {{}}\n"
            f"http {{ access_log off; server {{ listen 127.0.0.1:{self.http}; root {self.folder}/registry; }} }}\n"
        )
        self._start("nginx", self._program("nginx"), "-c", str(conf), "-p", str(self.folder))

    def broker(self) -> None:
        settings = self.folder / "site" / "mosquitto" / "sagui.conf"
        settings.write_text(settings.read_text() + "user root\n")
        self._start("mosquitto", self._program("mosquitto"), "-c", str(settings))
        assert self.eventually(lambda: answers(self.mqtts))

    def device(self, name: str, bundle: Path, photos: Path) -> None:
        ours = self.folder / "site" / "devices" / name
        settings = self.folder / f"{name}.toml"
        settings.write_text(
            f"""
            device = "{name}"
            model = "{bundle}"
            camera = {{ spec = "folder:{photos}", loop = true, fps = 30 }}
            outbox = {{ place = "{self.folder / "state" / name}" }}
            [broker]
            url = "mqtts://localhost:{self.mqtts}"
            ca = "{ours / "ca.crt"}"
            certificate = "{ours / "agent.crt"}"
            key = "{ours / "agent.key"}"
            [update]
            registry = "http://127.0.0.1:{self.http}"
            root = "{self.folder / "registry" / "root.json"}"
            groups = ["house"]
            shadow_frames = 30
            dwell_s = 1
            """
        )
        self._start(name, sys.executable, "-m", "sagui.cli", "run", "--config", str(settings))

    def as_operator(self) -> list[str]:
        ours = self.folder / "site" / "operators" / "ana"
        files = [
            "--ca",
            f"{ours / 'ca.crt'}",
            "--certificate",
            f"{ours / 'agent.crt'}",
            "--key",
            f"{ours / 'agent.key'}",
        ]
        return ["--group", "house", "--broker", f"mqtts://localhost:{self.mqtts}", *files]

    def updates(self) -> dict[str, UpdateState]:
        """What every device says of its model now."""
        lines = self._hear("sagui/+/update/state", "--retained-only")
        return {topic.split("/")[1]: decode(payload.encode(), UpdateState) for topic, payload in lines}

    def models(self, count: int = 60) -> dict[str, str]:
        """The version that each device's newest results come from."""
        lines = self._hear("sagui/+/result", "-C", str(count))
        return {topic.split("/")[1]: decode(payload.encode(), Result).model.version for topic, payload in lines}

    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.out")))

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _hear(self, topic: str, *options: str) -> list[tuple[str, str]]:
        ours = self.folder / "site" / "operators" / "ana"
        done = subprocess.run(
            [
                *(self._program("mosquitto_sub"), "-h", "localhost", "-p", str(self.mqtts), "-W", "3", "-F", "%t %p"),
                *(
                    "--cafile",
                    str(ours / "ca.crt"),
                    "--cert",
                    str(ours / "agent.crt"),
                    "--key",
                    str(ours / "agent.key"),
                ),
                *("-t", topic, *options),
            ],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return [(topic, payload) for topic, _, payload in (line.partition(" ") for line in done.stdout.splitlines())]

    def _start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.out").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, env=os.environ | {"HOME": str(self.folder)}
            )


@pytest.fixture
def site(
    tmp_path: Path,
    run_sagui: Run,
    program: Callable[[str], str],
    eventually: Callable[..., bool],
) -> Iterator[Site]:
    site = Site(tmp_path, run_sagui, program, eventually)
    yield site
    site.stop()


def test_a_good_model_reaches_every_camera_and_a_bad_one_at_most_the_first_wave(
    site: Site,
    make_manifest: Callable[..., Manifest],
    bundle_entries: dict[str, bytes],
    colours: Path,
    tmp_path: Path,
) -> None:
    def bundle(version: str, entries: dict[str, bytes] = bundle_entries) -> Path:
        return write_bundle(tmp_path, make_manifest(version=version), entries)

    names = [word for device in DEVICES for word in ("--device", device)]
    site.command("keys", "init")
    where = ["--install-dir", tmp_path / "site" / "mosquitto", "--port", site.mqtts, "--bind", "127.0.0.1"]
    site.command("broker", "init", "site", "--host", "localhost", *names, "--operator", "ana", *where)
    site.command("publish", bundle("1.1.0"))
    site.serve()
    site.broker()
    first = bundle("1.0.0")
    for device in DEVICES:
        site.device(device, first, colours)
    assert site.eventually(lambda: set(site.updates()) == set(DEVICES), 60), site.log()
    assert site.eventually(lambda: [one.installed_version for one in site.updates().values()] == ["1.0.0"] * 3)

    terms = ["--success", "100%", "--error", "0%", "--dwell", "1s", "--timeout", "60s", *site.as_operator()]
    said = site.command("rollout", "start", "toy==1.1.0", "--waves", "30,100%", *terms)
    assert "done" in said
    confirmed = dict.fromkeys(DEVICES, ("1.1.0", "confirmed"))
    assert site.eventually(
        lambda: {name: (one.installed_version, one.phase) for name, one in site.updates().items()} == confirmed
    )
    assert site.eventually(lambda: site.models() == dict.fromkeys(DEVICES, "1.1.0"))

    model = always_red(tmp_path)
    runtime = from_tflite(model, "toy", ("red", "green", "blue")).classifier.runtime
    frames = np.random.default_rng(1).integers(0, 255, (3, 16, 16, 3), dtype=np.uint8)
    golden = Golden(frames, np.stack([runtime.invoke(frame).reshape(-1) for frame in frames]))
    bad = bundle_entries | {"model.tflite": model, "golden.npz": encode_golden(golden)}
    site.command("publish", bundle("1.2.0", bad))
    said = site.command("rollout", "start", "toy==1.2.0", "--waves", "30,100%", *terms, status=1)
    assert "halted" in said
    phases = ["confirmed", "confirmed", "failed"]
    assert site.eventually(lambda: sorted(state.phase for state in site.updates().values()) == phases)
    states = site.updates()
    failed = next(state for state in states.values() if state.phase == "failed")
    assert "red" in (failed.error or "")
    assert site.eventually(lambda: site.models() == dict.fromkeys(DEVICES, "1.1.0"))

    assert "no device that is there runs 1.2.0" in site.command("rollout", "revert", *site.as_operator())
    assert site.eventually(lambda: site.models() == dict.fromkeys(DEVICES, "1.1.0"))
