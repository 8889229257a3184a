"""A registry that is read again and again, in a thread of its own: versions, how good they are, and their reports."""

import threading
from collections import OrderedDict
from dataclasses import replace
from itertools import islice
from time import monotonic
from typing import Protocol

from sagui.bundle import Bundle, decode_bundle
from sagui.deploy.dashboard.errors import DashboardError
from sagui.deploy.dashboard.models.contents import Contents, Listed, Summary, in_turn, summary
from sagui.errors import SaguiError
from sagui.registry import Published

REPORT = "report.html"
OPENED = 10
"""So many of the newest versions of each model are opened for their numbers; others when their report is asked for."""

MOST_OPENED = 200
"""So many in all, the newest of each model before the second newest of any."""

LONGEST_REPORT_BYTES = 4 * 2**20
MOST_REPORTS_BYTES = 16 * 2**20
"""So much of reports is kept in memory."""

_MOST_KNOWN = 1000
_PATIENCE_S = 30.0


class Source(Protocol):
    """Where the registry is. Not to be asked by two threads at once."""

    every_s: float
    """So often it is worth a look."""

    def look(self) -> Listed | None:
        """Gives what is published; None if that is what it was at the last look.

        Raises:
            SaguiError: It cannot be had, or trusted.
        """

    def fetch(self, published: Published) -> bytes:
        """Gives a bundle, as it was signed.

        Raises:
            SaguiError: It is not there, or another one, or too large.
        """


class Shelf:
    """Any thread may ask; what it gives are values that do not change.

    Attributes:
        contents: What is known now.
    """

    def __init__(self, source: Source) -> None:
        """Begins to read.

        Args:
            source: Where the registry is.
        """
        self.contents = Contents()
        self._source = source
        self._opened: OrderedDict[str, Summary | str] = OrderedDict()
        self._reports: OrderedDict[str, bytes] = OrderedDict()
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shelf", daemon=True)
        self._thread.start()

    def report(self, model: str, version: str) -> bytes:
        """Gives the report of a version.

        Raises:
            SaguiError: There is no such version, its bundle cannot be opened, or the report not be shown.
        """
        contents = self.contents
        index = contents.listed.models.get(model) if contents.listed else None
        published = index.find(version) if index else None
        if index is None or published is None:
            why = f": {contents.trouble}" if contents.trouble else ""
            raise DashboardError(f"no such version in the registry{why}")
        if not self._guard.acquire(timeout=_PATIENCE_S):
            raise DashboardError("the registry is being read; try again in a moment")
        try:
            html = self._reports.get(published.sha256)
            if html is None:
                html = _bearable(self._open(index.model, published).entries[REPORT])
                self._keep(published.sha256, html)
        finally:
            self._guard.release()
        return html

    def close(self) -> None:
        """Reads nothing more; what is being read is left to end by itself."""
        self._closing.set()
        self._thread.join(1.0)

    def _keep(self, sha256: str, html: bytes) -> None:
        self._reports[sha256] = html
        while sum(map(len, self._reports.values())) > MOST_REPORTS_BYTES:
            self._reports.popitem(last=False)

    def _open(self, model: str, published: Published) -> Bundle:
        """Opens a bundle, and remembers what it says of itself, or why it cannot be opened."""
        found: Summary | str = ""
        try:
            bundle = decode_bundle(self._source.fetch(published))
            says = bundle.manifest
            if (says.name, says.version) != (model, published.version):
                raise DashboardError(f"the bundle says that it is {says.name} {says.version}; publish the right one")
            found = summary(says)
        except SaguiError as error:
            found = str(error)
            raise
        finally:
            self._opened[published.sha256] = found
            if len(self._opened) > _MOST_KNOWN:
                self._opened.popitem(last=False)
            self.contents = replace(self.contents, opened=dict(self._opened))
        return bundle

    # What follows is done by the shelf's thread alone.

    def _run(self) -> None:
        while not self._closing.is_set():
            with self._guard:
                self._look()
            next_s = monotonic() + self._source.every_s
            for model, published in self._unopened():
                with self._guard:
                    self._try_open(model, published)
                if self._closing.is_set() or monotonic() >= next_s:
                    break  # those that are left follow the next look
            self._closing.wait(max(0.0, next_s - monotonic()))

    def _look(self) -> None:
        was_away = bool(self.contents.trouble)
        try:
            listed = self._source.look()
        except SaguiError as error:
            self.contents = replace(self.contents, trouble=str(error))
            return
        if listed is not None or was_away:
            # What could not be opened may be mended by now.
            for sha256 in [one for one, found in self._opened.items() if isinstance(found, str)]:
                del self._opened[sha256]
        self.contents = Contents(listed or self.contents.listed, dict(self._opened))

    def _unopened(self) -> list[tuple[str, Published]]:
        models = self.contents.listed.models if self.contents.listed else {}
        newest = islice(in_turn(models.values(), OPENED), MOST_OPENED)
        return [(model, one) for model, one in newest if one.sha256 not in self._opened]

    def _try_open(self, model: str, published: Published) -> None:
        try:
            self._open(model, published)
        except SaguiError:
            return  # it is remembered why


def _bearable(html: bytes) -> bytes:
    if len(html) > LONGEST_REPORT_BYTES:
        raise DashboardError(f"its {REPORT} has {len(html):,} bytes; {LONGEST_REPORT_BYTES:,} are shown at most")
    if not html.strip():
        raise DashboardError(f"its {REPORT} is empty")
    return html
