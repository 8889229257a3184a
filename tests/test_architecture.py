"""The walls: who may import whom, and what a command may cost."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sagui.cli import COMMANDS

ROOT = Path(__file__).parents[1]
STAGES = ("core", "train", "convert", "device", "deploy")

SHARED_BY_TRAIN = ("run", "datasets", "engine", "calibration", "compare")
EVERYONE = {"errors", "interrupt", "progress"}
ALLOWED = {
    "errors": set(),
    "interrupt": set(),
    "progress": set(),
    "bundle": {"bundle"},
    "wire": {"wire"},
    "registry": {"registry", "bundle"},
    "infer": {"infer", "bundle"},
    "train": {"train", "bundle", "infer.preprocess", "infer.errors"},
    "convert": {"convert", "bundle", "infer", *(f"train.{part}" for part in SHARED_BY_TRAIN)},
    "device": {"device", "bundle", "wire", "infer", "registry"},
    "deploy": {"deploy", "bundle", "wire", "registry"},
    # A simulated fleet follows the device's own rules.
    "deploy.simulate": {"deploy", "bundle", "wire", "registry", "device.update"},
    "deploy.demo": {"deploy", "bundle", "wire", "infer", "train", "convert", "device"},
    "cli": set(),
}
HEAVY = {
    "bundle": {"tensorflow", "keras", "cv2", "paho"},
    "wire": {"tensorflow", "keras", "cv2", "paho"},
    "registry": {"tensorflow", "keras", "cv2", "paho"},
    "infer": {"keras", "paho"},
    "device": {"tensorflow", "keras", "rich", "PIL", "scipy", "jinja2", "matplotlib"},
}
TENSORFLOW_ADAPTER = "infer.runtimes.tensorflow"


def modules() -> Iterator[tuple[str, Path]]:
    for stage in STAGES:
        for path in sorted((ROOT / stage / "sagui").rglob("*.py")):
            parts = path.relative_to(ROOT / stage / "sagui").with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__"), path


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def owner(module: str) -> str:
    return max((rule for rule in ALLOWED if within(module, {rule})), key=len)


def within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize(("module", "path"), list(modules()), ids=str)
def test_dependencies_point_one_way(module: str, path: Path) -> None:
    rule = owner(module)
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "sagui":
            assert within(rest, ALLOWED[rule] | EVERYONE), f"{rule} may not import {name}"
        elif module != TENSORFLOW_ADAPTER:
            assert top not in HEAVY.get(rule, set()), f"{rule} may not import {name}"


def test_the_namespace_has_no_init() -> None:
    assert not [path for stage in STAGES for path in (ROOT / stage).glob("sagui/__init__.py")]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from sagui.cli import cli; "
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    tops = {name.partition(".")[0] for name in done.stdout.split()}
    assert not tops & {"tensorflow", "keras", "numpy", "cv2", "paho", "msgspec", "rich", "ai_edge_litert"}


def test_the_device_needs_nothing_of_the_workstation() -> None:
    code = "import sys; import sagui.device.command; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    tops = {name.partition(".")[0] for name in done.stdout.split()}
    assert not tops & {"tensorflow", "keras", "PIL", "rich", "scipy", "matplotlib", "jinja2"}


def test_every_command_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    for name in COMMANDS:
        assert re.search(rf"^## `sagui {name}", page, re.MULTILINE), f"docs/cli.md does not describe sagui {name}"


def test_every_link_in_the_docs_leads_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_no_guide_installs_the_other_project_of_this_name() -> None:
    """What PyPI has under our name is not ours; what a program says may be quoted in a table."""
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        if page.parent.name != "decisions":
            for line in page.read_text().splitlines():
                found = re.search(r"^[^`|]*pip install (\S+ )*sagui\b|^[^|]*pip install [^`]*['\"]sagui\[", line)
                assert not found, f"{page.name}: {line}: install from the clone, as in pip install '.[train]'"
