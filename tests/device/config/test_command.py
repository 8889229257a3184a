"""`sagui config check`, `schema` and `init`."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from sagui.device.config.command import config
from sagui.device.config.keys import keys
from sagui.device.config.merge import merge
from sagui.device.config.read import DEFAULT_PATH, parse_settings
from sagui.device.config.settings import Settings
from sagui.device.config.template import template
from sagui.device.errors import ConfigError


def call(*arguments: object) -> Result:
    result = CliRunner().invoke(config, list(map(str, arguments)))
    if isinstance(result.exception, ConfigError):
        return result
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def without_marks(text: str) -> str:
    return re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE)


def test_a_good_file_is_ok_and_what_is_missing_is_said(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text('device = "porch"\n')
    result = call("check", path)
    assert result.exit_code == 0
    ok, *missing = result.stdout.splitlines()
    assert ok == f"{path}: ok"
    assert [line.split(": ")[:2] for line in missing] == [
        ["missing for a start", "broker.url"],
        ["missing for a start", "camera.spec"],
        ["missing for a start", "model"],
    ]


def test_all_that_is_wrong_is_said_a_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGUI_THREADS", "none of this command's business")
    path = tmp_path / "agent.toml"
    path.write_text("threads = 0\n" + "".join(f"x{number} = 1\n" for number in range(9)))
    result = call("check", path)
    assert (result.exit_code, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{path}:{number}" for number in range(1, 11)]
    assert lines[0] == f"{path}:1: threads = 0: allowed is a whole number, 1 to 64"


def test_a_camera_that_is_none_is_told_with_its_line_and_what_may_be(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text('device = "porch"\n[camera]\nspec = "banana"\n')
    result = call("check", path)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{path}:3: camera.spec: camera: 'banana' names none")
    assert "use folder:DIR, file:VIDEO, usb:0" in line


def test_a_file_that_cannot_be_read_is_wrong_too(tmp_path: Path) -> None:
    result = call("check", tmp_path / "none.toml")
    assert result.exit_code == 1
    assert "there is no such file" in result.stderr


def test_the_usual_file_is_checked_if_none_is_named() -> None:
    (parameter,) = [one for one in config.commands["check"].params if one.name == "file"]
    assert parameter.default == DEFAULT_PATH


def test_what_init_writes_sets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    result = call("init", path)
    assert (result.exit_code, path.read_text()) == (0, template())
    assert merge(parse_settings(path.read_bytes(), "x"), {}) == Settings()
    assert call("init").stdout == call("init", "-").stdout == template()


def test_what_init_writes_is_right_without_its_comment_marks(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(without_marks(template()))
    result = call("check", path)
    assert (result.exit_code, result.stdout) == (0, f"{path}: ok\n")
    data = tomllib.loads(path.read_text())
    written = {name if not isinstance(held, (dict, list)) else "" for name, held in data.items()} - {""}
    for table, held in data.items():
        if isinstance(held, dict | list):
            written |= {f"{table}.{name}" for name in (held[0] if isinstance(held, list) else held)}
    assert written == set(keys())


def test_init_says_what_is_allowed_and_the_default() -> None:
    text = " ".join(template().replace("\n# ", " ").split())
    for key in keys().values():
        assert f"{key.about} Allowed: {key.allowed}. Default: " in text


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text("threads = 2")
    result = call("init", path)
    assert isinstance(result.exception, ConfigError)
    assert "is there already" in str(result.exception)
    assert path.read_text() == "threads = 2"


@pytest.mark.parametrize(("name", "said"), [("none/agent.toml", "mkdir -p"), ("file/agent.toml", "cannot be written")])
def test_init_says_why_it_cannot_write(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "file").touch()
    result = call("init", tmp_path / name)
    assert isinstance(result.exception, ConfigError)
    assert said in str(result.exception)


def schema() -> dict[str, Any]:
    printed = call("schema").stdout
    read: dict[str, Any] = json.loads(printed)
    return read


def test_the_schema_is_one_and_describes_each_key() -> None:
    document = schema()
    jsonschema.Draft202012Validator.check_schema(document)
    assert document["$schema"].endswith("2020-12/schema")
    described = json.dumps(document, ensure_ascii=False)
    for key in keys().values():
        assert json.dumps(key.about, ensure_ascii=False) in described


def test_the_schema_takes_what_check_takes() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    validator.validate(tomllib.loads(without_marks(template())))
    validator.validate({})
    wrongs: tuple[dict[str, Any], ...] = (
        {"threads": 0},
        {"brokr": {}},
        {"broker": {"password": "x"}},
        {"stream": [{}] * 17},
        {"device": 1},
    )
    assert not [wrong for wrong in wrongs if validator.is_valid(wrong)]
