"""What the lean environment holds and what it leaves out, kept short and true."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from tests.lean.environments import BASE, LITERT, TFLITE_RUNTIME, package
from tests.lean.left_out import LEFT_OUT, Reason, matches


def test_the_reasons_are_closed_and_few() -> None:
    # Whoever adds a name here has thought about whether a device can do without that test.
    assert Counter(LEFT_OUT.values()) == {
        Reason.LITERT: 16,
        Reason.TENSORFLOW: 2,
        Reason.WORKSTATION: 2,
        Reason.SURVIVES: 4,
        Reason.CRASH: 1,
        Reason.ITSELF: 1,
    }


def test_what_a_device_does_for_a_living_is_never_left_out() -> None:
    kept = ("test_agent.py", "test_pipeline.py", "test_decide.py", "outbox/", "test_link", "cameras/", "doctor/")
    assert not [name for name in LEFT_OUT if any(f"tests/device/{part}" in name for part in kept)]


def test_every_test_left_out_is_one_that_exists(root: Path) -> None:
    for name in LEFT_OUT:
        path, _, function = name.partition("::")
        tree = ast.parse((root / path).read_text())
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not function or function.partition("[")[0] in defined, name


@pytest.mark.parametrize(
    ("nodeid", "name", "left_out"),
    [
        ("tests/a.py::test_x", "tests/a.py::test_x", True),
        ("tests/a.py::test_x[1]", "tests/a.py::test_x", True),
        ("tests/a.py::test_x_too", "tests/a.py::test_x", False),
        ("tests/a.py::test_x", "tests/a.py", True),
        ("tests/a.pyc::test_x", "tests/a.py", False),
        ("tests/a.py::test_x[one-1]", "tests/a.py::test_x[one", True),
        ("tests/a.py::test_x[two]", "tests/a.py::test_x[one", False),
        ("tests/a.py::test_x", "tests/a.py::test_x[one", False),
    ],
)
def test_a_name_means_a_file_a_function_or_some_of_its_parameters(nodeid: str, name: str, *, left_out: bool) -> None:
    assert matches(nodeid, name) is left_out


def test_the_environments_have_what_pyproject_says_and_no_tensorflow() -> None:
    wanted = {package(each) for each in BASE}
    assert {package(each) for each in LITERT.requirements} == wanted
    lean = {package(each) for each in TFLITE_RUNTIME.requirements}
    assert lean >= (wanted - {"ai-edge-litert"}) | {"tflite-runtime", "pytest", "hypothesis"}
    assert not lean & {"ai-edge-litert", "tensorflow", "keras", "rich", "matplotlib", "scipy"}
