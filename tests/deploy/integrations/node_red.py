"""A real Node-RED from npm, with the dashboard's nodes, on a free port of the loopback."""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SETTINGS = """
module.exports = {
    flowFile: 'flow.json',
    uiHost: '127.0.0.1',
    httpAdminRoot: '/admin',
    disableEditor: true,
    credentialSecret: false,
    telemetry: { enabled: false },
    diagnostics: { enabled: false },
    logging: { console: { level: 'info', metrics: false, audit: false } },
    editorTheme: { tours: false, projects: { enabled: false } },
};
"""


class NodeRed:
    """A server with one flow; stopped by `stop`."""

    def __init__(self, program: Path, node: str, folder: Path, flow: Path, port: int, said: Mapping[str, str]) -> None:
        self.port, self._log = port, folder / "log.txt"
        (folder / "settings.js").write_text(SETTINGS, "utf-8")
        shutil.copy(flow, folder / "flow.json")
        # Where Node-RED looks for nodes besides its own folder.
        (folder / "node_modules").symlink_to(program / "node_modules")
        shutil.copy(program / "package.json", folder / "package.json")
        command = [node, str(program / "node_modules/node-red/red.js"), "--userDir", str(folder), "-p", str(port)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=folder, env=os.environ | dict(said), stdout=log, stderr=subprocess.STDOUT
            )

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        return self._log.read_text("utf-8", errors="replace")

    def started(self, eventually: Callable[..., bool]) -> None:
        assert eventually(lambda: "Started flows" in self.log() or self._process.poll() is not None, timeout_s=80), (
            self.log()
        )
        assert self._process.poll() is None, self.log()

    def admin(self, path: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/admin/{path}"
        request = urllib.request.Request(url, headers={"Accept": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return json.load(answer)
