"""`sagui demo --dashboard` as a person sees it: real photos, real agents, a real broker, a real browser."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.deploy.processes import children_of, still_there
from tests.deploy.small_demo import copy_some_cells

CAMERAS = ("line-1", "line-2", "line-3")
LABELS = re.compile(r"^(defective|functional)$")


@pytest.fixture
def demo(root: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The command, on so few photos that it learns in seconds."""
    for name in ("cells", "temporary", "cwd"):
        (tmp_path / name).mkdir()
    copy_some_cells(tmp_path / "cells")
    environment = os.environ | {
        "PYTHONPATH": str(root),
        "SAGUI_CACHE": str(tmp_path / "cache"),
        "TMPDIR": str(tmp_path / "temporary"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    command = [sys.executable, "-um", "tests.deploy.small_demo", str(tmp_path / "cells")]
    process = subprocess.Popen(
        [*command, "--out", "out", "--seconds", "1", "--dashboard", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path / "cwd",
        env=environment,
    )
    yield process
    if process.poll() is None:
        process.terminate()
        process.wait(60)


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("dashboard: "):
            return line.split()[1]
    raise AssertionError("".join(lines))


@pytest.mark.timeout(600)
def test_the_demo_is_seen_in_a_browser_until_ctrl_c(
    tab: Any, demo: subprocess.Popen[str], tmp_path: Path, screenshots: Path
) -> None:
    url = address(demo)
    tab.set_viewport_size({"width": 1200, "height": 400})
    tab.goto(url)
    for camera in CAMERAS:
        card = tab.locator("article.card", has=tab.get_by_role("link", name=camera, exact=True))
        expect(card.locator(".label")).to_have_text(LABELS)
        expect(card.locator(".score")).to_have_text(re.compile(r"^\d+%$"))
        expect(card.locator(".status.online")).to_be_visible()
        expect(card).to_contain_text("cells 1.0.0")
        expect(card).to_contain_text(" ms")  # its numbers have come
        photo = card.get_by_role("img", name=f"Latest photo of {camera}")
        expect(photo).to_be_visible()
        expect(photo).to_have_js_property("naturalWidth", 300)
    expect(tab.locator("article.card")).to_have_count(len(CAMERAS))
    tab.screenshot(path=str(screenshots / "dashboard.png"))
    tab.goto(f"{url}/history")
    expect(tab.get_by_text("defective").first).to_be_visible()
    tab.set_viewport_size({"width": 1200, "height": 900})
    tab.screenshot(path=str(screenshots / "dashboard-history.png"))

    children = children_of(demo.pid)
    assert len(children) == 1 + len(CAMERAS)
    demo.send_signal(signal.SIGINT)
    rest, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0, rest
    assert not still_there(children)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) != 0
    assert sorted(path.name for path in (tmp_path / "cwd").iterdir()) == ["out"]
    assert sorted(path.name for path in (tmp_path / "cwd" / "out").iterdir()) == [
        "cells-1.0.0.sagui",
        "run",
        "summary.json",
    ]
    assert not list((tmp_path / "temporary").glob("sagui-*"))
    assert not (tmp_path / "state").exists()
