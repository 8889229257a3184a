"""What every page has: head, language, light or dark, and how the dashboard itself is."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from nicegui import ui
from nicegui.language import Language as PageLanguage
from starlette.requests import Request

from sagui.deploy.dashboard.door.gate import USER
from sagui.deploy.dashboard.live.board import Board, Condition
from sagui.deploy.dashboard.texts import LANGUAGES, NAMES, Language, Say, choose_language, figure, speak

PAGES = {"now": "/", "history": "/history", "models": "/models", "drift": "/drift"}
THEME, LANGUAGE = "sagui_theme", "sagui_language"
"""Names of the cookies that remember what a person likes."""

THEMES: dict[str, bool | None] = {"auto": None, "dark": True, "light": False}

_NEXT = {"auto": "dark", "dark": "light", "light": "auto"}
_SIGNS = {"auto": "◐", "dark": "☾", "light": "☀"}
_TAGS: dict[Language, PageLanguage] = {"en": "en-US", "pt": "pt-BR"}


@dataclass(frozen=True)
class Frame:
    """A page that is being built.

    Attributes:
        say: Says texts in the reader's language.
        body: Where the page's own things go.
    """

    language: Language
    say: Say
    body: ui.element


@contextmanager
def frame(request: Request, board: Board, here: str, *, has_login: bool) -> Iterator[Frame]:
    """Builds a page around what is built in the block.

    Args:
        request: Whose page it is.
        board: How the dashboard is.
        here: Key of `PAGES`.
        has_login: Whether one can log out.
    """
    language = language_of(request)
    say = speak(language)
    _settle(request, language, say(here))
    _head(request, say, language, here, has_login=has_login and not request.scope.get(USER))
    body = ui.element("div").classes("page")  # Quasar makes the <main> around it
    ui.skip_link(say("skip"), target=body)
    with body:
        banner = ui.label().classes("banner").props("role=status")
        ui.html(say(here), sanitize=True, tag="h1").classes("unseen")
        yield Frame(language, say, body)

    def tell() -> None:
        text = " ".join(complaints(board.condition, say))
        banner.set_text(text)
        banner.set_visibility(bool(text))

    tell()  # at once: an empty banner that goes a moment later would move the page
    ui.timer(1.0, tell)


def language_of(request: Request) -> Language:
    """Gives the language of a request's page."""
    accepted = request.headers.get("accept-language", "")
    return choose_language(request.query_params.get("lang"), request.cookies.get(LANGUAGE), accepted)


def complaints(condition: Condition, say: Say) -> list[str]:
    """Says what is wrong with the dashboard itself."""
    found = []
    if away := condition.away:
        found.append(say("broker_unusable" if away.refused else "broker_away", why=away.told(say)))
    if condition.trouble:
        found.append(say("database_sick", why=condition.trouble, waiting=figure(condition.waiting, ",", say)))
    if condition.dropped:
        found.append(say("lost", dropped=figure(condition.dropped, ",", say)))
    counts = {"overrun": condition.overrun, "crowded": condition.crowded, "flooded": condition.flooded}
    found.extend(say(key, count=figure(count, ",", say)) for key, count in counts.items() if count)
    return found


def _settle(request: Request, language: Language, title: str) -> None:
    client = ui.context.client
    client.page = copy.copy(client.page)  # the reader's language is not everybody's
    client.page.language = _TAGS[language]
    ui.page_title(f"Sagui · {title}")
    ui.add_css(_css())
    ui.dark_mode(THEMES.get(request.cookies.get(THEME, "auto")))
    ui.colors(primary="#0b5d50", accent="#0b5d50", dark_page="#111716", dark="#1c2423")


def _head(request: Request, say: Say, language: Language, here: str, *, has_login: bool) -> None:
    back = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    theme = request.cookies.get(THEME, "auto")
    theme = theme if theme in THEMES else "auto"
    other = next(one for one in LANGUAGES if one != language)
    with ui.header(fixed=False).classes("top"):
        ui.label("Sagui").classes("brand")
        with ui.element("nav"):
            for key, path in PAGES.items():
                link = ui.link(say(key), path)
                if key == here:
                    link.props("aria-current=page")
        with ui.element("div").classes("end"):
            now = say(f"theme_{theme}")
            change = f"/choose?theme={_NEXT[theme]}&next={back}"
            ui.link(f"{_SIGNS[theme]} {now}", change).props(f'aria-label="{say("theme")}: {now}"')
            ui.link(NAMES[other], f"/choose?lang={other}&next={back}").props(f"lang={other}")
            if user := request.scope.get(USER):
                ui.label(say("user", name=user)).classes("user")
            if has_login:
                ui.link(say("logout"), "/logout")


@cache
def _css() -> str:
    return (files("sagui.deploy.dashboard") / "templates" / "style.css").read_text()
