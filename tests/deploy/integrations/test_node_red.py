"""`flow.json` in a real Node-RED: imported, connected to a real broker over TLS, and looked at in a real browser."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from tests.conftest import free_port, wait_until
from tests.deploy.integrations.broker_site import Site
from tests.deploy.integrations.messages import later, result, telemetry
from tests.deploy.integrations.node_red import NodeRed
from tests.deploy.integrations.npm_packages import installed

from sagui.wire import State, encode, topics

DEVICES = ("porch", "shed", "evil")
# One of each message that the page is to show.
SHOWN = ("94.4 %", "61.2 °C", "2 of 3", "cracked", "The last photo of porch", "&lt;img src=x", "speaks a version")


def environment(site: Site) -> dict[str, str]:
    place = site.reader
    return {
        "SAGUI_BROKER": f"mqtts://localhost:{site.port}",
        "SAGUI_CA": str(place / "ca.crt"),
        "SAGUI_CERTIFICATE": str(place / "agent.crt"),
        "SAGUI_KEY": str(place / "agent.key"),
    }


@pytest.fixture(scope="module")
def flow_file(deployed: Path) -> Path:
    return deployed / "node-red" / "flow.json"


@pytest.fixture(scope="module")
def flow(flow_file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(flow_file.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def site(program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(program, tmp_path_factory.mktemp("broker"), DEVICES, "node-red")
    yield site
    site.stop()


@pytest.fixture(scope="module")
def node_red(
    program: Callable[[str], str], flow_file: Path, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NodeRed]:
    node, npm = program("node"), program("npm")
    package = installed(flow_file.with_name("package.json"), npm)
    server = NodeRed(package, node, tmp_path_factory.mktemp("node-red"), flow_file, free_port(), environment(site))
    try:
        server.started(wait_until)
        assert wait_until(lambda: "Connected to broker" in server.log()), server.log()
        yield server
    finally:
        server.stop()


def seen(browser: str, url: str, profile: Path) -> str:
    """The page as a browser has drawn it, half a minute of its own time after it was opened; empty if it hangs."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    options += ["--disable-background-networking", f"--user-data-dir={profile}", "--virtual-time-budget=30000"]
    command = [browser, *options, "--dump-dom", url]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False).stdout
    except subprocess.TimeoutExpired:
        return ""


@pytest.fixture(scope="module")
def page(program: Callable[[str], str], site: Site, node_red: NodeRed, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the dashboard shows after two devices said what they do, and one what it likes."""
    for device, label in (("porch", "defective"), ("shed", "functional")):
        site.say(device, topics.availability(device), topics.ONLINE, "-r")
        site.say(device, topics.result(device), encode(result(1, label=label)))
        site.say(device, topics.telemetry(device), encode(telemetry(waiting=7)), "-r")
    state = State(label="cracked", score=0.875, since="2026-11-21T04:07:02.329Z", model=result().model)
    site.say("shed", topics.state("shed"), encode(state), "-r")
    photo = cv2.imencode(".jpg", np.full((60, 80, 3), 90, np.uint8))[1].tobytes()
    site.say("porch", topics.snapshot("porch"), photo, "-r")
    for payload in hostile():
        site.say("evil", topics.result("evil"), payload)
    site.say("evil", topics.snapshot("evil"), b"<svg onload=alert(1)>", "-r")
    site.say("evil", topics.telemetry("evil"), b'{"v": 1, "fps": "fast", "latency_ms": 7, "outbox": []}', "-r")
    browser, profiles = program("chromium"), tmp_path_factory.mktemp("profiles")
    text = ""
    for attempt in range(3):
        text = seen(browser, f"http://127.0.0.1:{node_red.port}/dashboard/cameras", profiles / str(attempt))
        if all(shown in text for shown in SHOWN):
            break
    return text


def hostile() -> list[bytes]:
    newer = encode(msgspec.structs.replace(result(2, later(1)), label="<img src=x onerror=alert(1)>"))
    return [
        b" ",
        b"not JSON",
        b"[1, 2]",
        b"null",
        b'{"v": 1, "label": {"toString": 1}, "model": 3}',
        b'{"v": 1, "label": "x", "score": "high", "__proto__": {"online": true}}',
        b"9" * 200_000,
        newer,
        newer.replace(b'"v":1', b'"v":2').replace(b"<img", b"<b>later"),
    ]


# Runs a function node's code as Node-RED does, with a clock of our own; prints what the last message gave.
BENCH = """
const [codes, steps] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const store = () => {
    const kept = {};
    return { get: (key) => kept[key], set: (key, value) => { kept[key] = value; } };
};
const flow = store();
const contexts = {};
let now = 0;
const clock = class extends Date { constructor() { super(now); } static now() { return now; } };
let given = null;
for (const step of steps) {
    now = step.at * 1000;
    contexts[step.node] = contexts[step.node] || store();
    const msg = { topic: step.topic, payload: Buffer.from(step.payload || '', 'latin1') };
    given = new Function('msg', 'context', 'flow', 'Date', codes[step.node])(msg, contexts[step.node], flow, clock);
}
console.log(JSON.stringify(given));
"""


@pytest.fixture
def bench(program: Callable[[str], str], flow: list[dict[str, Any]]) -> Callable[[list[dict[str, Any]]], Any]:
    codes = {one["id"]: one["func"] for one in flow if one["type"] == "function"}

    def run(steps: list[dict[str, Any]]) -> Any:
        done = subprocess.run(
            [program("node"), "-e", BENCH], input=json.dumps([codes, steps]), capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    return run


def heard(device: str, name: str, payload: bytes, at_s: float = 0.0, node: str = "sagui-keep") -> dict[str, Any]:
    return {"node": node, "topic": f"sagui/{device}/{name}", "payload": payload.decode("latin1"), "at": at_s}


SHOW = {"node": "sagui-show", "topic": "", "at": 100.0}


def test_a_device_that_says_nothing_for_two_minutes_is_silent(bench: Callable[..., Any]) -> None:
    said = [heard("porch", "availability", b"online"), heard("shed", "availability", b"online", at_s=60.0)]
    rows = bench([*said, SHOW | {"at": 150.0}])[0]["payload"]
    assert [(row["device"], row["note"], row["heard"]) for row in rows] == [
        ("porch", "silent", "150 s ago"),
        ("shed", "", "90 s ago"),
    ]


def test_each_stream_of_a_camera_has_its_label(bench: Callable[..., Any]) -> None:
    said = [result(1, label="open", stream="door"), result(2, label="shut", stream="gate")]
    said += [result(3, label="shut", stream="door")]
    rows = bench([*(heard("porch", "result", encode(one)) for one in said), SHOW])[0]["payload"]
    assert [(row["device"], row["label"], row["score"]) for row in rows] == [("porch", "door: shut, gate: shut", "")]


def test_no_more_than_a_thousand_devices_are_kept(bench: Callable[..., Any]) -> None:
    rows = bench([*(heard(f"d{number}", "availability", b"online") for number in range(1010)), SHOW])[0]["payload"]
    assert len(rows) == 1000


@pytest.mark.parametrize("device", ["fleet", "__proto__", "PORCH", "x" * 64, "<b>"])
def test_what_is_no_device_is_left_out(bench: Callable[..., Any], device: str) -> None:
    assert bench([heard(device, "availability", b"online"), SHOW])[0]["payload"] == []


def test_only_the_newest_photo_of_each_of_twelve_devices_is_kept(bench: Callable[..., Any]) -> None:
    jpeg = b"\xff\xd8\xff\xe0"
    said = [heard(f"d{number}", "snapshot", jpeg + b"%d" % number, node="sagui-photo") for number in (*range(15), 14)]
    assert [one["device"] for one in bench(said)["payload"]] == [f"d{number}" for number in range(14, 2, -1)]
    forgotten = bench([*said, heard("d14", "snapshot", b"", node="sagui-photo")])["payload"]
    assert [one["device"] for one in forgotten] == [f"d{number}" for number in range(13, 2, -1)]
    assert bench([heard("d1", "snapshot", jpeg + b"x" * 262_141, node="sagui-photo")]) is None


def test_every_wire_group_and_setting_leads_to_a_node_of_the_flow(flow: list[dict[str, Any]]) -> None:
    kinds = {one["id"]: one["type"] for one in flow}
    assert len(kinds) == len(flow)
    links = {"z": "tab", "broker": "mqtt-broker", "group": "ui-group", "page": "ui-page", "ui": "ui-base"}
    links |= {"theme": "ui-theme", "tls": "tls-config"}
    for one in flow:
        for key, kind in links.items():
            if one["type"] != "mqtt-broker" or key != "broker":
                assert not one.get(key) or kinds[one[key]] == kind, (one["id"], key)
        assert all(to in kinds for output in one.get("wires", []) for to in output), one["id"]


def test_it_hears_what_devices_say(flow: list[dict[str, Any]]) -> None:
    heard = {one["topic"] for one in flow if one["type"] == "mqtt in"}
    names = ("state", "state/+", "result", "telemetry", "availability", "snapshot")
    assert heard == {topics.every(name) for name in names}


def test_it_holds_no_address_and_no_secret(flow: list[dict[str, Any]]) -> None:
    (server,) = (one for one in flow if one["type"] == "mqtt-broker")
    (files,) = (one for one in flow if one["type"] == "tls-config")
    assert server["broker"] == "${SAGUI_BROKER}"
    assert (files["ca"], files["cert"], files["key"]) == ("${SAGUI_CA}", "${SAGUI_CERTIFICATE}", "${SAGUI_KEY}")
    assert files["verifyservercert"] is True
    assert not any("credentials" in one for one in flow)


def test_all_nodes_resolve(node_red: NodeRed, flow: list[dict[str, Any]]) -> None:
    sets = node_red.admin("nodes")
    known = {kind for one in sets if one["enabled"] and not one.get("err") for kind in one["types"]}
    assert {one["type"] for one in flow} - {"tab"} <= known
    running = {one["id"] for one in node_red.admin("flows")}
    assert running == {one["id"] for one in flow}


def test_it_starts_without_a_complaint(node_red: NodeRed) -> None:
    complaints = [line for line in node_red.log().splitlines() if "[error]" in line or "missing types" in line]
    assert complaints == []


def test_a_published_result_reaches_the_dashboard(page: str) -> None:
    for shown in ("porch", "defective", "94.4 %", "64.8 ms", "61.2 °C", "2 of 3"):
        assert shown in page, shown


def test_the_state_overtakes_the_result(page: str) -> None:
    assert "cracked" in page
    assert "87.5 %" in page
    assert "functional" not in page


def test_the_snapshot_is_shown(page: str) -> None:
    assert page.count("data:image/jpeg;base64,") == 1
    assert "The last photo of porch" in page


def test_what_a_hostile_device_says_stays_text(page: str) -> None:
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page
    assert "<svg onload" not in page
    assert "later" not in page


def test_a_newer_version_is_shown_as_such(page: str) -> None:
    assert "speaks a version that is not understood" in page


def test_nothing_that_was_said_broke_a_node(node_red: NodeRed, page: str) -> None:
    assert page
    assert "[error]" not in node_red.log()
