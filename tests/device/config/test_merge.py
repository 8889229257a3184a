"""From a file, the environment and the command line to the settings."""

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sagui.device.config.keys import keys, sections
from sagui.device.config.lines import STREAM
from sagui.device.config.merge import examine, merge, missing
from sagui.device.config.read import Document, parse_settings
from sagui.device.config.settings import Settings
from sagui.device.errors import ConfigError


def problems_of(
    text: str, environment: dict[str, str] | None = None, options: dict[str, Any] | None = None
) -> list[str]:
    return list(examine(parse_settings(text.encode(), "x"), environment or {}, options).problems)


def test_without_anything_there_are_the_defaults() -> None:
    assert merge(None, {}) == Settings()
    assert merge(parse_settings(b"", "x"), {}, {}) == Settings()
    assert Settings().threads == 1


def test_a_file_is_taken_over() -> None:
    text = """
        device = "porch"
        camera = {spec = "usb:0", fps = 5}
        [decide]
        agree = "3/5"
        [[stream]]
        name = "door"
        [[stream]]
        name = "gate"
        region = "0,0,0.5,1"
        dwell_s = 2
    """
    settings = merge(parse_settings(text.encode(), "x"), {})
    assert (settings.device, settings.camera.spec, settings.camera.fps) == ("porch", "usb:0", 5.0)
    assert settings.decide.agree == "3/5"
    assert [(stream.name, stream.region, stream.dwell_s) for stream in settings.stream] == [
        ("door", None, None),
        ("gate", "0,0,0.5,1", 2.0),
    ]


EXAMPLES = {path: key for path, key in keys().items() if key.environment}
layers = st.dictionaries(st.sampled_from(sorted(EXAMPLES)), st.sampled_from([0, 1]), max_size=8)


def value(path: str, which: int) -> Any:
    """One of two values that a key may have."""
    key = keys()[path]
    if key.truth:
        return bool(which)
    if key.number:
        return key.example if which else {"snapshot.max_side": 64}.get(path, min(1, key.example) or 0.5)
    if key.several:
        return key.example if which else ("other",)
    others = {"broker.mqtt": "5", "log.format": "json", "decide.agree": "2/3", "broker.url": "mqtts://other"}
    others |= {"camera.spec": "other/"}
    others |= {"update.follow": "latest", "update.registry": "file:///other", "update.window": "22:00-04:00"}
    return key.example if which else others.get(path, "other.so" if path == "delegate" else "other")


def as_variable(value: Any) -> str:
    """A value as the environment gives it."""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def nested(layer: dict[str, int]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for path, which in layer.items():
        section, _, name = path.rpartition(".")
        (data.setdefault(section, {}) if section else data)[name] = value(path, which)
    return data


@given(layers, layers, layers)
def test_the_environment_wins_over_the_file_and_the_command_line_over_both(
    file: dict[str, int], environment: dict[str, int], options: dict[str, int]
) -> None:
    for layer in (file, environment, options):
        if "telemetry.prometheus" in layer:
            layer["telemetry.prometheus"] = 1
        if "broker.key" in layer:
            layer["broker.certificate"] = 1
        if {"update.registry", "update.follow"} & layer.keys():
            layer |= {"update.registry": layer.get("update.registry", 1), "update.root": 1}
    variables = {keys()[path].environment: as_variable(value(path, which)) for path, which in environment.items()}
    merged = merge(
        Document("x", nested(file)), variables, {path: value(path, which) for path, which in options.items()}
    )
    for path, which in (file | environment | options).items():
        held: Any = merged
        for name in path.split("."):
            held = getattr(held, name)
        assert held == value(path, which)
    assert {path for path in EXAMPLES if _get(merged, path) != keys()[path].default} <= {*file, *environment, *options}


def _get(settings: Settings, path: str) -> Any:
    section, _, name = path.rpartition(".")
    return getattr(getattr(settings, section) if section else settings, name)


def test_options_that_were_not_given_change_nothing() -> None:
    document = parse_settings(b"threads = 2\n[camera]\nloop = true", "x")
    settings = merge(document, {"SAGUI_THREADS": ""}, {"threads": None, "camera.loop": None})
    assert (settings.threads, settings.camera.loop) == (2, True)


def test_streams_of_the_command_line_stand_instead_of_those_of_the_file() -> None:
    document = parse_settings(b"[[stream]]\nname='a'\nregion='0,0,1,1'\n[[stream]]\nname='b'", "x")
    settings = merge(document, {}, {"stream": [{"name": "c"}]})
    assert [(stream.name, stream.region) for stream in settings.stream] == [("c", None)]


def test_every_problem_is_named_with_its_source() -> None:
    text = """device = "Porch"
threads = 0
[broker]
mqtt = 5
ulr = "x"
[brokr]
url = 1
[decide]
agree = "5/3"
"""
    found = problems_of(text, {"SAGUI_THREADS": "two"}, {"camera.fps": -1, "decide.x": 1, "stream": [{"name": "A"}]})
    assert found == [
        "x:1: device: device 'Porch' cannot stand in a topic: use 1 to 63 of a-z, 0-9 and -, such as porch-2",
        "x:2: threads = 0: allowed is a whole number, 1 to 64",
        'x:4: broker.mqtt = 5: allowed is "3.1.1", "5" or "auto"',
        "x:5: broker.ulr: there is no such key; did you mean broker.url?",
        "x:6: brokr: there is no such key; did you mean [broker]?",
        (
            "x:9: decide.agree: 5 of 3 frames cannot agree: take 1 to 1000 frames, and no more that agree than there "
            "are, such as 3 of 5"
        ),
        "SAGUI_THREADS = 'two': allowed is a whole number, 1 to 64",
        "--fps = -1: allowed is a number, more than 0 to 1000",
        "command line: decide.x: there is no such key; [decide] has agree, dwell_s, hysteresis, every_s",
        "command line: stream[0].name: stream 'A' cannot stand in a topic: use 1 to 63 of a-z, 0-9 and -, such as door",
    ]


def test_an_error_names_the_first_problems_in_one_line() -> None:
    text = "\n".join(f"x{number} = 1" for number in range(7))
    with pytest.raises(ConfigError, match=r"^x:1: x0: .*; x:5: x4: .*; and 2 more$") as caught:
        merge(parse_settings(text.encode(), "x"), {})
    assert len(caught.value.problems) == 7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("url = 'x'", "x:1: url: there is no such key; did you mean broker.url?"),
        ("agree = '3/5'", "x:1: agree: there is no such key; did you mean decide.agree?"),
        ("'camera.spec' = 'usb:0'", "x:1: camera.spec: there is no such key"),
        ("camra = 1", "x:1: camra: there is no such key; did you mean [camera]?"),
        ("[snapshot]\nmaxside = 1", "x:2: snapshot.maxside: there is no such key; did you mean snapshot.max_side?"),
        ("[[stream]]\nreigon = ''", "x:2: stream[0].reigon: there is no such key; did you mean stream.region?"),
        ("zzz = 1", "x:1: zzz: there is no such key; `sagui config init` lists all keys"),
        ("camera = 'usb:0'", "x:1: camera is a table: write [camera] and below it its keys, such as spec"),
        ("[[camera]]\nspec = 'usb:0'", "x:1: camera is a table: write [camera]"),
        ("[stream]\nname = 'a'", "x:1: stream is an array of tables: write [[stream]] with two brackets"),
        ("stream = [1]", "x:1: stream[0] is an array of tables: write [[stream]]"),
        (
            "".join(f"[[stream]]\nname = '{at}'\n" for at in range(17)),
            "x:33: stream[16]: there are 17 streams; at most 16 are possible",
        ),
        ("threads = 1.0", "x:1: threads = 1.0: allowed is a whole number, 1 to 64"),
        ("threads = true", "x:1: threads = true: allowed is a whole number"),
        ("threads = [1]", "x:1: threads = an array: allowed"),
        (f"threads = 0x{'f' * 9000}", "x:1: threads = a very large number: allowed"),
        ("[camera]\nfps = nan", "x:2: camera.fps = nan: allowed is a number, more than 0 to 1000"),
        ("[decide]\ndwell_s = inf", "x:2: decide.dwell_s = inf: allowed is a number, 0 to 86400"),
        ("[decide]\nhysteresis = 1", "x:2: decide.hysteresis = 1: allowed is a number, 0 to less than 1"),
        ("[log]\nformat = 'jsom'", "x:2: log.format = 'jsom': allowed is \"json\" or \"plain\"; did you mean 'json'?"),
        ("model = ''", "x:1: model = '': allowed is a path"),
        ('model = "a\\u0000b"', "x:1: model = 'a\\x00b': allowed is a path"),
        ("model = 1979-05-27", "x:1: model = a date: allowed is a path"),
        ("delegate = 'gpu'", "x:1: delegate: no device 'gpu': write cpu, auto, edgetpu"),
        ("[home_assistant]\nprefix = '#'", "x:2: home_assistant.prefix: discovery prefix '#' cannot stand in a topic"),
        (
            "[update]\nroot = 'r'\nregistry = 'ftp://h/x'",
            "x:3: update.registry: 'ftp://h/x' is no registry; write http://",
        ),
        ("[update]\nregistry = 'http://h/x'", "x:2: update.registry: a registry needs a root.json"),
        ("[update]\nfollow = 'latest'", "x:2: update.follow: the latest version is the registry's"),
        ("[update]\ngroups = 'all'", "x:2: update.groups = 'all': allowed is up to 16 names"),
        ("[update]\ngroups = ['all', 'The Porch']", "x:2: update.groups: group 'The Porch' cannot stand in a topic"),
        (f"[update]\ngroups = {['a'] * 17}", "x:2: update.groups: 17 groups; a device follows 16 at most"),
        ("[update]\nwindow = '2-5'", "x:2: update.window: '2-5' are no hours; write them as 02:00-05:30"),
        ("[broker]\nkey = 'k'", "x:2: broker.key: a key needs a certificate"),
        ("[broker]\nurl = 'mqtt://b'\nca = 'c'", "x:3: broker.ca: mqtt:// is not encrypted and uses no certificate"),
        ("[[stream]]\nname = 'a'\n[[stream]]\n\nname = 'a'", "x:5: stream[1].name: 'a' is the name of another stream"),
        ("[[stream]]\nname = 'a'\n[[stream]]\n", "x:3: stream[1]: a stream without a name"),
        ('"\\u001b[31m" = 1', "x:1: ?[31m: there is no such key"),
    ],
)
def test_a_wrong_file_is_told_in_one_line(text: str, said: str) -> None:
    (found,) = problems_of(text)
    assert found.startswith(said)
    assert found.isprintable()


def test_a_file_of_something_else_is_not_told_in_full() -> None:
    found = problems_of("\n".join(f"x{number} = 1" for number in range(5000)))
    assert len(found) == 101
    assert found[-1] == "x:101: x100: there is more from here on; mend the others first"
    assert problems_of("[a]\n" + "\n".join(f"x{number}.password = 1" for number in range(5000)))


@pytest.mark.parametrize(
    "text",
    [
        "password = 's3cret'",
        "[broker]\npassword = 's3cret'",
        "[broker]\nPassWord = 's3cret'",
        "[mqtt]\nx = [{password = 's3cret'}]",
        "[[stream]]\npassword = 's3cret'",
    ],
)
def test_a_password_in_the_file_is_refused(text: str) -> None:
    (found,) = [one for one in problems_of(text) if "no password may stand here" in one]
    assert "password_file" in found
    assert "SAGUI_MQTT_PASSWORD" in found


@pytest.mark.parametrize(
    "text",
    [
        "password = 's3cret'",
        "password = {a = 's3cret'}",
        "[broker]\nurl = 'mqtt://pi:s3cret@broker'",
        "[broker]\nurl = ['mqtt://pi:s3cret@broker']",
        "[broker]\npasswd = 's3cret'",
        "broker = 'mqtt://pi:s3cret@broker'",
        "camera = 'rtsp://pi:s3cret@camera'",
        "[camera]\nspec = 'rtsp://pi:s3cret@[camera'",
        "[camera]\nspec = 'rtsp://pi:s3cret@camera?x=1&rotate=90'",
        f"[camera]\nspec = 'rtsp://pi:s3cret@camera/{'x' * 5000}'",
        "[[camera]]\nspec = 'rtsp://pi:s3cret@camera'",
    ],
)
def test_a_secret_is_never_shown(text: str) -> None:
    found = problems_of(text)
    assert found
    assert not [one for one in found if "s3cret" in one]


def test_a_refused_name_does_not_make_another_problem() -> None:
    text = "[[stream]]\nname = 'A'\n[[stream]]\nname = 'b'\n[broker]\ncertificate = 1\nkey = 'k'"
    assert [one.split()[0] for one in problems_of(text)] == ["x:2:", "x:6:"]


def test_what_is_missing_is_named_in_all_its_ways() -> None:
    assert missing(Settings()) == (
        "device: set device in the file, SAGUI_DEVICE, or --device of `sagui run`",
        "broker.url: set url in [broker] in the file, SAGUI_BROKER_URL, or --broker of `sagui run`",
        "camera.spec: set spec in [camera] in the file, SAGUI_CAMERA_SPEC, or --camera of `sagui run`",
        "model: set model in the file, SAGUI_MODEL, or MODEL of `sagui run`",
    )
    given = {"device": "a", "broker.url": "b", "camera.spec": "usb:0"}
    assert missing(merge(None, {}, given | {"model": "m"})) == ()
    assert missing(merge(None, {}, given | {"stream": [{"model": "m"}]})) == ()
    assert len(missing(merge(None, {}, given | {"stream": [{"name": "a", "model": "m"}, {"name": "b"}]}))) == 1


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.just(date(2026, 1, 1))
    | st.sampled_from(["usb:0", "3/5", "mqtt://b", 10**400, math.nan, b"x"])
)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
known = sorted({*(key.name for key in keys().values()), *sections(), "password"})
tables = st.dictionaries(
    st.sampled_from(known) | st.text(max_size=4) | st.integers(),
    anything,
    max_size=5,
)


@given(
    st.dictionaries(
        st.sampled_from(known) | st.text(max_size=4) | st.none(),
        anything | tables | st.lists(tables, max_size=4),
        max_size=5,
    )
)
@example({STREAM: [{"name": None}, {}]})
@example({"broker": {"key": "a"}, STREAM: [{"name": "a"}, {"name": "a"}]})
def test_any_data_are_settings_or_refused(data: dict[str, Any]) -> None:
    settings, problems = examine(Document("x", data), {})
    assert isinstance(settings, Settings)
    assert all(problem.isprintable() for problem in problems)
    assert problems or None not in data
    if problems:
        with pytest.raises(ConfigError):
            merge(Document("x", data), {})


@given(st.dictionaries(st.sampled_from(sorted(EXAMPLES)), st.text(max_size=6) | st.sampled_from(["1", "3/5", "on"])))
def test_any_environment_is_settings_or_refused(texts: dict[str, str]) -> None:
    environment = {keys()[path].environment: text for path, text in texts.items()}
    found = examine(None, environment).problems
    assert all(problem.startswith("SAGUI_") for problem in found)
    assert len(found) <= len(texts) + 1


headers = st.sampled_from([f"[{name}]" for name in sections()] + ["[[stream]]", "[stream.x]", "[[camera]]", "[x.y]"])
written = st.sampled_from(
    ["1", "-1", "1.5", "nan", "true", '"usb:0"', '"3/5"', '"mqtts://b"', "[1]", "{a = 1}", "'''\n'''"]
)
pairs = st.builds("{} = {}".format, st.sampled_from([*known, "broker.url", "'x y'", "stream.name"]), written)


@given(st.lists(headers | pairs | st.sampled_from(["", "# x", "=", '"']), max_size=12).map("\n".join))
def test_any_file_is_settings_or_refused_with_its_lines(text: str) -> None:
    try:
        document = parse_settings(text.encode(), "x")
    except ConfigError:
        return
    problems = examine(document, {}).problems
    lines = [int(problem.split(":")[1]) for problem in problems]
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)
