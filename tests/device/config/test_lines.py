"""In which line of a TOML file a key stands."""

import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagui.device.config.lines import Place, key_lines, line_of

CASES: dict[str, tuple[str, dict[Place, int]]] = {
    "plain": ("a = 1\nb = 2", {("a",): 1, ("b",): 2}),
    "windows": ("a = 1\r\n\r\nb = 2\r\n", {("a",): 1, ("b",): 3}),
    "table": ("[a]\n\nb = 1\n[c]\nb = 2", {("a",): 1, ("a", "b"): 3, ("c", "b"): 5}),
    "dotted": ("a.b.c = 1\na . 'd' = 2", {("a", "b", "c"): 1, ("a", "b"): 1, ("a", "d"): 2}),
    "quoted": ('"a.b" = 1\n\'c d\'."\\u0065" = 2', {("a.b",): 1, ("c d", "e"): 2}),
    "header in quotes": ('["a.b" . c]\nd = 1', {("a.b", "c"): 1, ("a.b", "c", "d"): 2}),
    "arrays of tables": (
        "[[s]]\nn = 1\n[[s]]\n\nn = 2\n[s.t]\nu = 3",
        {("s",): 1, ("s", 0): 1, ("s", 0, "n"): 2, ("s", 1): 3, ("s", 1, "n"): 5, ("s", 1, "t", "u"): 7},
    ),
    "arrays in arrays": (
        "[[s]]\n[[s.t]]\n[[s.t]]\na = 1\n[[s]]\n[[s.t]]\na = 2",
        {("s", 0, "t", 1, "a"): 4, ("s", 1, "t", 0, "a"): 7},
    ),
    "inline table": ("a = {b = 1, c.d = {e = [1, {f = 2}]}}\ng = 1", {("a", "b"): 1, ("a", "c", "d"): 1, ("g",): 2}),
    "array over lines": (
        "s = [ # ]\n  {n = 1},\n\n  {n = ']'}, # {x = 1}\n]\nz = 1",
        {("s", 0, "n"): 2, ("s", 1, "n"): 4, ("z",): 6},
    ),
    "text over lines": ('a = """\nb = 1\n[c]\n\\"""\n"""\nd = 1', {("a",): 1, ("d",): 6}),
    "text that ends in quotes": ('a = """x"""""\nb = """"""\nc = 1', {("a",): 1, ("b",): 2, ("c",): 3}),
    "one quote too many": (
        "a = [\"\"\"x\"\"\"\", \",[\", 1]\nb = ['''x'''', ',[', 1]\nc = 1",
        {("a",): 1, ("b",): 2, ("c",): 3},
    ),
    "literal over lines": ("a = '''\nb = 1\\'''\nc = '''x'''''\nd = 1", {("a",): 1, ("c",): 3, ("d",): 4}),
    "marks in text": ('a = \'[[s]] # = {\'\nb = "\\"] = \\\\"\n# c = 1\nd = 2.5', {("a",): 1, ("b",): 2, ("d",): 4}),
    "dates": ("a = 1979-05-27 07:32:00.5\nb = 07:32:00", {("a",): 1, ("b",): 2}),
    "the first of a table": ("[a.b]\nc = 1\n[a]\nd = 1", {("a",): 1, ("a", "b", "c"): 2, ("a", "d"): 4}),
    "comments behind": ("[a] # [b]\nc = 1 # d = 2\ne = 3", {("a", "c"): 2, ("a", "e"): 3}),
    "empty": ("", {}),
}


@pytest.mark.parametrize("name", CASES)
def test_each_way_to_write_a_key_is_found(name: str) -> None:
    text, expected = CASES[name]
    tomllib.loads(text)
    lines = key_lines(text)
    assert {place: lines.get(place) for place in expected} == expected


@pytest.mark.parametrize("name", CASES)
def test_nothing_else_is_taken_for_a_key(name: str) -> None:
    text, _ = CASES[name]
    there = set(places(tomllib.loads(text), ()))
    assert set(key_lines(text)) <= there


def test_an_unknown_key_has_the_line_of_what_is_around_it() -> None:
    lines = key_lines("[a]\nb = 1")
    assert line_of(("a", "c"), lines) == 1
    assert line_of(("a", "b", 3, "x"), lines) == 2
    assert line_of(("d",), lines) is None


def test_deep_nesting_ends_no_program() -> None:
    deep = "[" * 300 + "]" * 300
    assert key_lines(f"a = {deep}\nb = {'{c = ' * 300}1{'}' * 300}\nd = 1")["d",] == 3


def places(value: Any, place: Place) -> Iterator[Place]:
    """Every key and element, as tomllib sees them."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, held in inner:
        yield (*place, name)
        yield from places(held, (*place, name))


names = st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF, exclude_categories=["Cc"]), max_size=4)
texts = st.text(st.sampled_from("a\"'#[]{}=,.\\ \n"), max_size=8)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, dict[Place, int]]:
    """A file that is written line by line, and the lines of its keys."""
    lines: list[str] = []
    expected: dict[Place, int] = {}
    table: Place = ()
    count = 0
    for number, name in enumerate(draw(st.lists(names, max_size=12))):
        key = f"{name}{number}"  # no key comes twice
        quoted = json.dumps(key, ensure_ascii=draw(st.booleans())) if draw(st.booleans()) or not key.isalnum() else None
        shown = quoted or (key if key.isascii() else json.dumps(key, ensure_ascii=False))
        lines += [f"# {draw(names)} = 1"] * draw(st.integers(0, 2))
        at = len(lines) + 1
        match draw(st.sampled_from(["table", "array", "value", "long", "inline", "dotted"])):
            case "table":
                table = (key,)
                lines.append(f"[ {shown} ]")
            case "array":
                table = ("many", count)
                count += 1
                lines.append("[[many]]")
            case "value":
                lines.append(f"{shown} = {json.dumps(draw(texts))} # x = [")
                expected[(*table, key)] = at
            case "long":
                body = draw(texts).replace("'", "")
                lines += f"{shown} = '''{body}'''".split("\n")
                expected[(*table, key)] = at
            case "inline":
                lines += [f"{shown} = [", f"  {{{shown} = 1}}, # ]", "]"]
                expected[(*table, key)], expected[(*table, key, 0, key)] = at, at + 1
            case _:
                lines.append(f"{shown}.x.{shown} = 1")
                expected[(*table, key, "x", key)] = at
        expected.setdefault(table, at) if table else None
    return "\n".join(lines), expected


@given(written())
@settings(max_examples=150)
def test_the_lines_of_any_file_are_found(file: tuple[str, dict[Place, int]]) -> None:
    text, expected = file
    there = set(places(tomllib.loads(text), ()))
    assert set(expected) <= there
    lines = key_lines(text)
    assert {place: lines.get(place) for place in expected} == expected
    assert set(lines) <= there
