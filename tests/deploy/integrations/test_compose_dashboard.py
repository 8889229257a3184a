"""The dashboard of `compose.yaml`: its image's recipe is read, its command tried; no image is built."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import free_port, wait_until
from tests.deploy.integrations.broker_site import Site
from tests.deploy.integrations.messages import result
from tests.deploy.integrations.postgres import Postgres

from sagui.wire import encode, topics

PYTHON = "/opt/sagui/bin/python"
SAGUI = "from sagui.deploy.dashboard.command import dashboard; dashboard()"


@pytest.fixture(scope="module")
def service(deployed: Path) -> dict[str, Any]:
    services = yaml.safe_load((deployed / "compose" / "compose.yaml").read_text("utf-8"))["services"]
    found: dict[str, Any] = services["dashboard"]
    return found


@pytest.fixture(scope="module")
def recipe(root: Path, service: dict[str, Any]) -> list[list[str]]:
    """The instructions of the Dockerfile, each in words; lines that go on are joined."""
    text = (root / service["build"]["dockerfile"]).read_text("utf-8").replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def of(recipe: list[list[str]], instruction: str) -> list[str]:
    return [" ".join(words[1:]) for words in recipe if words[0] == instruction]


def copied(recipe: list[list[str]]) -> set[str]:
    lines = [line.split() for line in of(recipe, "COPY") if not line.startswith("--from")]
    return {name for *names, _ in lines for name in names}


def test_the_image_is_made_of_this_clone_and_asked_of_no_registry(
    service: dict[str, Any], deployed: Path, root: Path
) -> None:
    assert (deployed / "compose" / service["build"]["context"]).resolve() == root
    assert "image" not in service


def test_all_that_the_package_is_built_from_is_copied(recipe: list[list[str]], root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    others = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}
    found = copied(recipe)
    assert others <= found
    assert all(any(Path(package).is_relative_to(name) for name in found) for package in packages)
    assert all((root / name).exists() for name in found)


def test_nothing_else_of_the_clone_is_sent_to_the_engine(
    recipe: list[list[str]], root: Path, service: dict[str, Any]
) -> None:
    lines = (root / f"{service['build']['dockerfile']}.dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == copied(recipe)


def test_the_image_has_a_pinned_base_and_is_nobody_in_particular(recipe: list[list[str]]) -> None:
    assert all(re.match(r"python:3\.\d+\.\d+-slim-[a-z]+\b", base) for base in of(recipe, "FROM"))
    (user,) = of(recipe, "USER")
    assert user.isdecimal()
    assert user != "0"
    assert f"--uid {user} " in " ".join(of(recipe, "RUN"))


def test_the_image_and_the_service_have_one_health_check(recipe: list[list[str]], service: dict[str, Any]) -> None:
    (check,) = of(recipe, "HEALTHCHECK")
    assert service["healthcheck"]["test"] == ["CMD", *json.loads(check.partition("CMD ")[2])]


def test_no_password_is_on_a_command_line(service: dict[str, Any], deployed: Path) -> None:
    secrets = yaml.safe_load((deployed / "compose" / "compose.yaml").read_text("utf-8"))["secrets"]
    (secret,) = service["secrets"]
    assert f"--password-file=/run/secrets/{secret}" in service["command"]
    kept = (deployed / "compose" / ".gitignore").read_text("utf-8").splitlines()
    assert secrets[secret]["file"].removeprefix("./").split("/")[0] + "/" in kept


@pytest.fixture
def site(deployed: Path, program: Callable[[str], str], tmp_path: Path) -> Iterator[Site]:
    def around(site: Site) -> Path:
        text = (deployed / "compose" / "mosquitto.conf").read_text("utf-8")
        text = text.replace("/mosquitto/data/", f"{tmp_path}/").replace("/mosquitto/sagui", f"{site.folder}/mosquitto")
        (tmp_path / "mosquitto.conf").write_text(text, "utf-8")
        return tmp_path / "mosquitto.conf"

    found = Site(program, tmp_path, ["porch"], "telegraf", around, "dashboard")
    yield found
    found.stop()


def test_its_command_works_on_that_broker_and_that_database(
    service: dict[str, Any], site: Site, database: Postgres, tmp_path: Path
) -> None:
    """The arguments of the service, with this machine's addresses and paths in the place of the containers'."""
    port = free_port()
    (tmp_path / "dashboard-password").write_text("correct horse\n", "utf-8")
    here = {
        "broker:8883": f"localhost:{site.port}",
        "/run/sagui": str(site.operator),
        "@database/": f"@127.0.0.1:{database.port}/",
        "--port=8080": f"--port={port}",
        "/run/secrets": str(tmp_path),
    }
    arguments = list(service["command"])
    for theirs, ours in here.items():
        assert any(theirs in argument for argument in arguments), theirs
        arguments = [argument.replace(theirs, ours) for argument in arguments]
    word, *check = service["healthcheck"]["test"]
    assert (word, check[0]) == ("CMD", PYTHON)
    check = [sys.executable, *(part.replace(":8080", f":{port}") for part in check[1:])]

    def is_healthy() -> bool:
        return subprocess.run(check, timeout=20, check=False, capture_output=True).returncode == 0

    def results() -> list[dict[str, str]]:
        try:
            return database.query("SELECT device, label FROM sagui_result", database="dashboard")
        except AssertionError:  # the tables are not there yet
            return []

    def is_written() -> bool:
        # It may be healthy before it listens; the same result counts once.
        site.say("porch", topics.result("porch"), encode(result()))
        return results() == [{"device": "porch", "label": "defective"}]

    with (tmp_path / "dashboard.log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-c", SAGUI, *arguments], cwd=tmp_path, env=os.environ | {"PGPASSWORD": "x"},
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        assert wait_until(is_healthy), (tmp_path / "dashboard.log").read_text("utf-8")
        assert wait_until(is_written)
        owner = database.query(
            "SELECT tableowner FROM pg_tables WHERE tablename = 'sagui_result'", database="dashboard"
        )
        assert owner == [{"tableowner": "dashboard"}]
    finally:
        running.terminate()
        assert running.wait(30) == 0
    assert not is_healthy()
