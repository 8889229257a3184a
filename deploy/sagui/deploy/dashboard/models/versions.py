"""The part of the page *Models* that shows what the registry has."""

from typing import Any
from urllib.parse import quote

from nicegui import ui

from sagui.bundle import Proportion
from sagui.deploy.dashboard.models.contents import Contents, Summary
from sagui.deploy.dashboard.models.shelf import Shelf
from sagui.deploy.dashboard.texts import Say, figure
from sagui.deploy.dashboard.writing import NONE, page
from sagui.registry import Index, Published

MOST_SHOWN = 20
"""So many of the newest versions of each model are shown."""

MOST_MODELS = 50

_DAY = 10
_LONGEST_WHY = 200


class VersionsPanel:
    """One reader's panel."""

    def __init__(self, shelf: Shelf | None, say: Say) -> None:
        """Builds it.

        Args:
            shelf: Has the registry; None where none was given.
            say: Says texts in the reader's language.
        """
        self._shelf, self._say = shelf, say
        self._shown: Contents | None = None
        with ui.element("section").classes("panel"):
            ui.html(say("in_registry"), sanitize=True, tag="h2")
            self._note = ui.label(say("no_registry")).classes("quiet").props("role=status")
            region = (
                ui.element("div").classes("scrolls").props(f'tabindex=0 role=region aria-label="{say("versions")}"')
            )
            with region:
                self._table = ui.html("", sanitize=True)
        region.set_visibility(shelf is not None)
        self.tick()

    def tick(self) -> None:
        """Shows what changed."""
        if self._shelf is None or self._shelf.contents is self._shown:
            return
        contents = self._shown = self._shelf.contents
        note = contents.trouble or (self._say("registry_reading") if contents.listed is None else "")
        if not note and contents.listed is not None and not contents.listed.models:
            note = self._say("registry_empty")
        self._note.set_text(note)
        self._note.set_visibility(bool(note))
        html = written(contents, self._say)
        if self._table.content != html:
            self._table.content = html


def written(contents: Contents, say: Say) -> str:
    """Writes the table of versions, as HTML in which all that bundles say is text."""
    models = contents.listed.models if contents.listed else {}
    shown = [models[name] for name in sorted(models)[:MOST_MODELS]]
    groups = [
        {
            "model": index.model,
            "lines": [line(index, one, contents, say) for one in index.versions[: -MOST_SHOWN - 1 : -1]],
            "more": max(0, len(index.versions) - MOST_SHOWN),
        }
        for index in shown
    ]
    return page("versions.html.j2", groups=groups, say=say, more=len(models) - len(shown))


def line(index: Index, published: Published, contents: Contents, say: Say) -> dict[str, Any]:
    """Gives a version's line of the table.

    Args:
        index: The model's list.
        published: The version.
        contents: Knows what its bundle says.
        say: Says texts in the reader's language.
    """
    found = contents.opened.get(published.sha256)
    known = found if isinstance(found, Summary) else None
    return {
        "version": published.version,
        "latest": published.version == index.latest,
        "published": published.published[:_DAY],
        "created": known.created[:_DAY] if known else NONE,
        "size": f"{figure(published.bytes / 1e6, '.2f', say)} MB",
        "quantization": known.quantization if known else NONE,
        "exported": accuracy(known.exported, say) if known else NONE,
        "parent": accuracy(known.parent, say) if known else NONE,
        "forced": say("forced") if known and known.forced else "",
        "why": found[:_LONGEST_WHY] if isinstance(found, str) else "",
        "report": f"/report/{quote(index.model, safe='')}/{quote(published.version, safe='')}",
    }


def accuracy(share: Proportion, say: Say) -> str:
    """Says a share with its interval; of no photo, or of a share that cannot be one, nothing.

    >>> from sagui.deploy.dashboard.texts import speak
    >>> accuracy(Proportion(value=0.9, n=100, low=0.826, high=0.945), speak("pt")) == f"90,0 % (82,6{NONE}94,5)"
    True
    """
    if share.n <= 0 or not 0 <= share.low <= share.value <= share.high <= 1:
        return NONE
    value, low, high = (figure(100 * one, ".1f", say) for one in (share.value, share.low, share.high))
    return f"{value} % ({low}{NONE}{high})"
