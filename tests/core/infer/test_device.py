"""What a person may write for the place where a network runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.infer.errors import NoRuntimeError
from sagui.infer.runtimes import AUTO, CPU, Delegate, Device, parse_device


def test_the_names_are_understood() -> None:
    assert parse_device("cpu") == CPU == Device()
    assert parse_device("auto") == AUTO
    assert AUTO.optional
    assert parse_device("edgetpu") == Device(Delegate("libedgetpu.so.1"))


@given(st.integers(0, 999))
def test_an_edge_tpu_is_chosen_by_its_number(number: int) -> None:
    assert parse_device(f"edgetpu:{number}").delegate == Delegate("libedgetpu.so.1", (("device", f":{number}"),))


@pytest.mark.parametrize("path", ["/opt/npu/libnpu.so", "./libnpu.so.2.1", "libnpu.so", "/a b/é.so"])
def test_a_library_is_taken_with_its_options(path: str) -> None:
    delegate = parse_device(path, {"cache": "1", "mode": "fast"}).delegate
    assert delegate == Delegate(path, (("cache", "1"), ("mode", "fast")))
    assert not delegate.edgetpu


@pytest.mark.parametrize(
    ("library", "edgetpu"),
    [("libedgetpu.so.1", True), ("/opt/libedgetpu.so.1.0", True), ("/libedgetpu/libnpu.so", False)],
)
def test_the_edge_tpus_library_is_known_by_its_name(library: str, *, edgetpu: bool) -> None:
    assert Delegate(library).edgetpu is edgetpu


def test_a_delegate_is_told_in_a_few_words() -> None:
    assert str(Delegate("/opt/libnpu.so", (("mode", "fast"),))) == "libnpu.so (mode=fast)"
    assert str(Delegate("libedgetpu.so.1")) == "libedgetpu.so.1"


@pytest.mark.parametrize("text", ["cpu", "auto"])
def test_options_for_what_takes_none_are_refused(text: str) -> None:
    with pytest.raises(NoRuntimeError, match=f"device '{text}' takes no options"):
        parse_device(text, {"a": "b"})


@pytest.mark.parametrize(
    "text", ["", "CPU", "tpu", "edgetpu:", "edgetpu:-1", "edgetpu:1:2", "edgetpu:1\n", "/opt/npu", "\0.so"]
)
def test_what_is_none_of_these_is_refused(text: str) -> None:
    with pytest.raises(NoRuntimeError, match=r"no device .*: write cpu, auto, edgetpu, edgetpu:N or the path"):
        parse_device(text)


@given(st.text(), st.dictionaries(st.text(), st.text(), max_size=2))
def test_any_text_is_understood_or_refused(text: str, options: dict[str, str]) -> None:
    try:
        device = parse_device(text, options)
    except NoRuntimeError:
        return
    assert device in (CPU, AUTO) or (device.delegate is not None and not device.optional)
