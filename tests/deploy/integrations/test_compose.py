"""`compose.yaml`: read by a real docker-compose, and its parts tried where they can be; no container is started."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.integrations.broker_site import Site
from tests.deploy.integrations.postgres import Postgres

VARIABLE = re.compile(r"\$\{?([A-Z_]+)")
NEEDED = re.compile(r"\$\{([A-Z_]+):\?[^}]+\}")


@pytest.fixture(scope="session")
def folder(deployed: Path) -> Path:
    return deployed / "compose"


@pytest.fixture(scope="session")
def services(folder: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((folder / "compose.yaml").read_text("utf-8"))["services"]
    return found


@pytest.fixture(scope="session")
def passwords(folder: Path) -> dict[str, str]:
    """What .env must hold, by its example."""
    lines = (folder / "env.example").read_text("utf-8").splitlines()
    return {line.split("=")[0]: "secret" for line in lines if line and not line.startswith("#")}


def composed(
    program: Callable[[str], str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("docker-compose"), "-f", str(folder / "compose.yaml"), "config"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_docker_compose_takes_it(program: Callable[[str], str], folder: Path, passwords: dict[str, str]) -> None:
    done = composed(program, folder, passwords)
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == {"broker", "database", "telegraf", "grafana", "dashboard"}


def test_without_passwords_nothing_starts(program: Callable[[str], str], folder: Path) -> None:
    done = composed(program, folder, {})
    assert done.returncode != 0
    assert "write it into .env" in done.stderr


def test_the_example_names_every_variable_that_is_needed(folder: Path, passwords: dict[str, str]) -> None:
    assert set(NEEDED.findall((folder / "compose.yaml").read_text("utf-8"))) == set(passwords)
    assert all(line.startswith("#") or line.endswith("=") for line in
               (folder / "env.example").read_text("utf-8").splitlines())  # fmt: skip


def test_every_service_has_a_pinned_version_a_health_check_and_comes_back(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        pinned = re.fullmatch(r"[a-z/-]+:\d+\.\d+\.\d+[a-z0-9-]*", service.get("image", ""))
        assert pinned or "build" in service, name
        assert {"test", "interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"]), name
        assert service["restart"] == "unless-stopped", name
        for other, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}, (name, other)
            assert other in services


def test_only_the_broker_listens_to_other_machines(services: dict[str, dict[str, Any]]) -> None:
    open_to_all = {
        name
        for name, service in services.items()
        if any(not port.startswith("127.0.0.1:") for port in service.get("ports", []))
    }
    assert open_to_all == {"broker"}


def test_what_is_mounted_is_there_and_only_read(services: dict[str, dict[str, Any]], folder: Path) -> None:
    for name, service in services.items():
        for mount in service["volumes"]:
            source, *rest = mount.split(":")
            if source.startswith("."):
                assert rest[-1] == "ro", (name, mount)
                assert source.startswith("./site/") or (folder / source).exists(), (name, mount)


def test_each_service_has_the_variables_that_its_files_name(
    services: dict[str, dict[str, Any]], deployed: Path
) -> None:
    for name in ("telegraf", "grafana"):
        mounts = [mount.split(":")[0] for mount in services[name]["volumes"] if mount.startswith("../")]
        paths = [deployed / "compose" / mount for mount in mounts if "dashboards" not in mount]
        files = [path for place in paths for path in (place.rglob("*.yaml") if place.is_dir() else [place])]
        wanted = {variable for path in files for variable in VARIABLE.findall(path.read_text("utf-8"))}
        assert files, name
        assert wanted <= set(services[name]["environment"]), name


def test_the_health_check_of_the_broker_is_a_conversation_with_it(
    services: dict[str, dict[str, Any]], folder: Path, program: Callable[[str], str], tmp_path: Path
) -> None:
    def around(site: Site) -> Path:
        text = (folder / "mosquitto.conf").read_text("utf-8")
        text = text.replace("/mosquitto/data/", f"{tmp_path}/").replace("/mosquitto/sagui", f"{site.folder}/mosquitto")
        (tmp_path / "mosquitto.conf").write_text(text, "utf-8")
        return tmp_path / "mosquitto.conf"

    site = Site(program, tmp_path, ["porch"], "telegraf", around)
    check = services["broker"]["healthcheck"]["test"]
    command = [part.replace("/mosquitto/reader", str(site.reader)).replace("8883", str(site.port)) for part in check]
    assert command.pop(0) == "CMD"
    command[0] = program(command[0])
    try:
        assert subprocess.run(command, timeout=20, check=False, capture_output=True).returncode == 0
        site.stop()
        assert subprocess.run(command, timeout=20, check=False, capture_output=True).returncode != 0
    finally:
        site.stop()


def test_the_roles_get_the_passwords(folder: Path, database: Postgres, postgres_programs: Path) -> None:
    environment = {
        "PATH": f"{postgres_programs}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(database.port),
        "POSTGRES_DB": "sagui",
        "SAGUI_TELEGRAF_PASSWORD": "it's \\ 'one'",
        "SAGUI_GRAFANA_DATABASE_PASSWORD": "two",
        "SAGUI_DASHBOARD_DATABASE_PASSWORD": "three",
    }
    subprocess.run([folder / "passwords.sh"], env=environment, timeout=20, check=True)
    found = database.query("SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256%' ORDER BY rolname")
    assert [one["rolname"] for one in found] == ["dashboard", "grafana", "telegraf"]
