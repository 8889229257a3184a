"""A Raspberry Pi made of files, and brokers that refuse."""

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

# `openssl req -x509` makes no certificate that has expired; `openssl ca` does.
AUTHORITY = """[ca]
default_ca = own
[own]
database = {name}.index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copyall
[any]
commonName = supplied
"""


@pytest.fixture
def pi(tree: Any) -> Any:
    """A Raspberry Pi 4 as its kernel shows it, with nothing plugged in."""
    tree.put("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.5\0")
    for number, title in ((10, "bcm2835-codec-decode"), (13, "bcm2835-isp"), (19, "rpi-hevc-dec")):
        tree.put(f"sys/class/video4linux/video{number}/name", f"{title}\n")
        tree.put(f"sys/class/video4linux/video{number}/index", "0\n")
    tree.put("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
    tree.put("sys/class/thermal/thermal_zone0/temp", "48312\n")
    return tree


@pytest.fixture
def broker_that_answers() -> Iterator[Callable[[dict[int, bytes | None]], int]]:
    """Starts a broker that answers CONNECT by the protocol's level, 5 or 4; None: it holds its tongue."""
    listeners: list[socket.socket] = []

    def serve(listener: socket.socket, answers: dict[int, bytes | None]) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                line.settimeout(5)
                packet = line.recv(1024)
                answer = answers[packet[8]] if len(packet) > 8 else None
                if answer is not None:
                    line.sendall(answer)
                    with suppress(ConnectionError):
                        line.recv(1024)

    def start(answers: dict[int, bytes | None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=serve, args=(listener, answers), daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()


@pytest.fixture
def certify(tmp_path: Path, program: Callable[[str], str]) -> Callable[..., tuple[Path, Path]]:
    """Makes a certificate that signs itself, and its key."""

    def openssl(*arguments: object) -> None:
        command = [program("openssl"), *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)

    def make(name: str, days: int = 365, host: str = "localhost", begins: int = -1) -> tuple[Path, Path]:
        certificate, key, request = (tmp_path / f"{name}.{kind}" for kind in ("crt", "key", "csr"))
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        who = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
        openssl("req", "-new", *curve, *who, "-keyout", key, "-out", request)
        (tmp_path / f"{name}.index").touch()
        (tmp_path / f"{name}.cnf").write_text(AUTHORITY.format(name=name))
        dates = [datetime.now(UTC) + timedelta(days=day) for day in (begins, days)]
        first, last = (f"{date:%Y%m%d%H%M%SZ}" for date in dates)
        own = ["-selfsign", "-keyfile", key, "-in", request, "-out", certificate, "-startdate", first, "-enddate", last]
        openssl("ca", "-config", f"{name}.cnf", "-batch", "-notext", *own)
        return certificate, key

    return make
