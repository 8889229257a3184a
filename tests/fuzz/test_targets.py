"""The targets of fuzzing, without a fuzzer: on what it begins with, and on that with some bytes changed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.__main__ import main
from tests.fuzz.fuzzing import ATHERIS, Found, fuzz, quoted
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS
from tests.interop.environments import ProgramMissingError, find_python

EACH = pytest.mark.parametrize("name", TARGETS)


@EACH
def test_a_target_accepts_some_of_its_seeds_and_refuses_others(name: str) -> None:
    assert {TARGETS[name].run(seed) for seed in SEEDS[name]()} == {True, False}


def test_every_target_has_seeds_that_it_may_read_whole() -> None:
    assert SEEDS.keys() == TARGETS.keys()
    for name, target in TARGETS.items():
        assert any(target.run(seed) and len(seed) <= target.longest_bytes for seed in SEEDS[name]())


@EACH
@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_accepted_or_refused(name: str, data: bytes) -> None:
    assert TARGETS[name].run(data) in {True, False}


@EACH
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_seeds_with_a_part_changed_are_accepted_or_refused(name: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(SEEDS[name]()))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(seed)))
        end = data.draw(st.integers(start, min(len(seed), start + 40)))
        part = data.draw(st.one_of(st.binary(max_size=20), st.sampled_from(TARGETS[name].words or (b"",))))
        seed = seed[:start] + part + seed[end:]
    assert TARGETS[name].run(seed) in {True, False}


@pytest.mark.parametrize("name", ["manifest", "golden", "metadata"])
def test_seeds_with_any_one_byte_changed_are_accepted_or_refused(name: str) -> None:
    for seed in SEEDS[name]():
        for at in range(len(seed)):
            changed = seed[:at] + bytes([seed[at] ^ 0x80]) + seed[at + 1 :]
            assert TARGETS[name].run(changed) in {True, False}


def test_words_are_written_as_a_dictionary_of_libfuzzer() -> None:
    assert quoted(b'"v"\n\\\xff') == r'"\x22v\x22\x0a\x5c\xff"'


def test_atheris_finds_no_fault_in_a_moment_and_keeps_what_it_learned(tmp_path: Path) -> None:
    try:
        find_python(ATHERIS)
    except ProgramMissingError as error:
        if os.environ.get("SAGUI_REQUIRE_PROGRAMS"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    found = fuzz("command", 5, tmp_path / "command")
    assert found.fault is None
    assert found.runs > 0
    assert list((tmp_path / "command").iterdir())
    assert not list((tmp_path / "command-faults").iterdir())


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Lets fuzzing end as a test wants; gives which targets it was asked for."""

    def end(fault: Found | ProgramMissingError) -> list[str]:
        asked: list[str] = []

        def give(name: str, _seconds: int, _kept: Path) -> Found:
            asked.append(name)
            if isinstance(fault, ProgramMissingError):
                raise fault
            return fault

        monkeypatch.setattr("tests.fuzz.__main__.fuzz", give)
        return asked

    return end


def test_a_fault_is_a_failure_and_the_others_are_tried_all_the_same(
    found: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = found(Found(7, "it broke"))
    assert main(["--seconds", "1", "command", "claim"]) == 1
    assert asked == ["command", "claim"]
    out = capsys.readouterr().out
    assert "command: 7 inputs, a fault\nit broke\n" in out
    assert "claim-faults" in out
    asked = found(Found(7))
    assert main([]) == 0
    assert asked == list(TARGETS)


def test_without_atheris_it_is_a_skip_at_home_and_a_failure_in_ci(
    found: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found(ProgramMissingError("atheris cannot be installed: no network"))
    monkeypatch.delenv("SAGUI_REQUIRE_PROGRAMS", raising=False)
    assert main([]) == 0
    monkeypatch.setenv("SAGUI_REQUIRE_PROGRAMS", "1")
    assert main([]) == 1
