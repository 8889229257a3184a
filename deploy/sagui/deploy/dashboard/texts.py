"""Says texts and numbers in the reader's language."""

from collections.abc import Callable
from typing import Literal

from sagui.deploy.dashboard.reasons import REASONS
from sagui.deploy.dashboard.words import WORDS

Language = Literal["en", "pt"]
LANGUAGES: tuple[Language, ...] = ("en", "pt")
NAMES: dict[Language, str] = {"en": "English", "pt": "Português"}

Say = Callable[..., str]
_TABLE = WORDS | REASONS


def speak(language: Language) -> Say:
    """Gives the function that says a text of the table.

    >>> speak("pt")("for", age="3 min")
    'há 3 min'
    """
    column = LANGUAGES.index(language)

    def say(key: str, **values: object) -> str:
        return _TABLE[key][column].format(**values)

    return say


def choose_language(asked: str | None, remembered: str | None, accepted: str) -> Language:
    """Chooses the language of a page.

    Args:
        asked: ``?lang=`` of the address.
        remembered: What the browser's cookie says.
        accepted: ``Accept-Language`` of the request, best first by its weights (RFC 9110, 12.5.4).

    >>> choose_language(None, None, "fr, pt-BR;q=0.8, en;q=0.5")
    'pt'
    """
    for wish in (asked, remembered, *_by_weight(accepted)):
        for language in LANGUAGES:
            if wish and wish.lower().partition("-")[0] == language:
                return language
    return "en"


def _by_weight(accepted: str) -> list[str]:
    weighed: list[tuple[float, str]] = []
    for part in accepted[:1000].split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((float(weight or 1), name.strip()))
        except ValueError:
            continue
    return [name for weight, name in sorted(weighed, key=lambda one: -one[0]) if weight > 0]


def figure(number: float, spec: str, say: Say) -> str:
    """Writes a number with the language's separators.

    Args:
        number: What is written.
        spec: How, as `format` takes it.
        say: In the reader's language.

    >>> figure(1234.5, ",.1f", speak("en")), figure(1234.5, ",.1f", speak("pt"))
    ('1,234.5', '1.234,5')
    """
    return format(number, spec).translate(str.maketrans(",.", say("separators")))


def reason(why: str, say: Say) -> str:
    """Says what paho, MQTT or the system gives as a reason; one that is not in the table is said as it stands.

    >>> reason("Not authorized", speak("pt")), reason("Banned by Ana", speak("pt"))
    ('sem autorização', 'Banned by Ana')
    """
    key = f"why {why.lower()}"
    return say(key) if key in REASONS else why


def age(seconds: float, say: Say) -> str:
    """Says a time span in one unit: coarse, so that a page changes seldom.

    >>> age(7300, speak("en"))
    '2 h'
    """
    for unit, size_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size_s:
            return f"{int(seconds // size_s)} {unit}"
    return say("moment")
