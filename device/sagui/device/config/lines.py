"""In which line of a TOML file a key stands: tomllib does not tell. Pure rules, no I/O."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

Place = tuple[str | int, ...]
"""A key as names from the root; a number is an element of an array, from 0."""

STREAM = "stream"
"""The only array of tables in the settings."""

_DEEPEST = 6
"""Settings have keys of three parts; what is nested deeper is passed over."""

_TOKENS = re.compile(
    r'''
      (?P<long>"""(?:\\.|[^\\])*?"""(?:"{1,2})?  # up to two quotes may stand before the closing ones
              |\'\'\'.*?\'\'\'(?:'{1,2})?)
    | (?P<quoted>"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    | (?P<comment>\#[^\n]*)
    | (?P<newline>\n)
    | (?P<mark>[][{}=,.])
    | (?P<bare>[^]\s\#"'[{}=,.]+)
    ''',
    re.VERBOSE | re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


_END = _Token("end", "", 0)


def key_lines(text: str) -> Mapping[Place, int]:
    r"""Finds where each key and each table is first named.

    Args:
        text: TOML that tomllib has read.

    Returns:
        Lines, from 1. A key that is only named on the way to another (``a`` of ``a.b = 1``) has a line, too.

    >>> key_lines("[camera]\nspec = 'usb:0'")[("camera", "spec")]
    2
    >>> key_lines("[[stream]]\n[[stream]]\nname = 'door'")[("stream", 1, "name")]
    3
    """
    return _Scanner(text).scan()


def is_stream(place: Place) -> bool:
    """Whether this is a stream as such, not one of its keys."""
    return len(place) == 2 and place[0] == STREAM  # noqa: PLR2004 (a name and a number)


def line_of(place: Place, lines: Mapping[Place, int]) -> int | None:
    """Gives the line of a key, or of the nearest table around it that has one."""
    found = (lines.get(place[:length]) for length in range(len(place), 0, -1))
    return next((line for line in found if line is not None), None)


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKENS.finditer(text):
        kind, token = match.lastgroup or "", match[0]
        if kind != "comment":
            yield _Token(kind, token, line)
        line += token.count("\n")


class _Scanner:
    """Reads statement after statement; values are looked into only as far as they hold keys."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = next(self._tokens, _END)
        self._lines: dict[Place, int] = {}
        self._newest: dict[Place, int] = {}  # of each array of tables, its last element

    def scan(self) -> dict[Place, int]:
        table: Place = ()
        while self._next is not _END:
            if self._next.text == "[":
                table = self._header()
            elif self._next.kind != "newline":
                self._pair(table)
            while self._take().kind not in {"newline", "end"}:
                pass
        return self._lines

    def _take(self) -> _Token:
        taken, self._next = self._next, next(self._tokens, _END)
        return taken

    def _at(self, *marks: str) -> bool:
        """Whether a mark comes next, or nothing does. A quoted mark keeps its quotes, and is none."""
        return self._next is _END or self._next.text in marks

    def _note(self, place: Place, line: int) -> None:
        for length in range(1, min(len(place), _DEEPEST) + 1):
            self._lines.setdefault(place[:length], line)

    def _header(self) -> Place:
        line = self._take().line
        several = self._next.text == "["
        if several:
            self._take()
        names = self._key()
        place: Place = ()
        for at, name in enumerate(names, 1):
            place += (name,)
            if several and at == len(names):
                self._newest[place] = self._newest.get(place, -1) + 1
            if place in self._newest:
                place += (self._newest[place],)
        self._note(place, line)
        return place

    def _key(self) -> tuple[str, ...]:
        names = []
        while not self._at("=", "]", "\n"):
            token = self._take()
            if token.kind in {"bare", "quoted"}:
                names.append(token.text if token.kind == "bare" else _unquoted(token.text))
        return tuple(names)

    def _pair(self, table: Place) -> None:
        line = self._next.line
        place = table + self._key()
        self._note(place, line)
        if self._next.text == "=":
            self._take()
            self._value(place)

    def _value(self, place: Place) -> None:
        if self._next.text in {"[", "{"} and len(place) >= _DEEPEST:
            self._pass_over()
        elif self._next.text == "[":
            self._array(place)
        elif self._next.text == "{":
            self._table(place)
        else:
            while not self._at(",", "]", "}", "\n"):
                self._take()

    def _array(self, place: Place) -> None:
        self._take()
        index = 0
        while not self._at("]"):
            if self._at("\n", ","):
                index += self._take().text == ","
            else:
                self._note((*place, index), self._next.line)
                self._value((*place, index))
        self._take()

    def _table(self, place: Place) -> None:
        self._take()
        while not self._at("}"):
            if self._at("\n", ","):
                self._take()
            else:
                self._pair(place)
        self._take()

    def _pass_over(self) -> None:
        depth = 0
        while self._next is not _END:
            token = self._take().text
            depth += (token in {"[", "{"}) - (token in {"]", "}"})
            if not depth:
                return


def _unquoted(text: str) -> str:
    return next(iter(tomllib.loads(f"{text} = 0")))
