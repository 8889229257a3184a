"""Two agents with one name: which of them stays. Pure rules, no I/O.

Each agent claims the name on every connection. One that hears another's claim either insists, by claiming again, or
yields. Clocks of devices can be wrong by years, so that how long each has been up decides.
"""

import math
from enum import Enum

from sagui.wire import Claim

TIE_S = 0.5
"""Agents that started within it are as old as each other: the claim of one is that old when the other hears it."""

_LONGEST_HOST = 64


class Answer(Enum):
    """What to do about a claim."""

    NOTHING = "nothing"
    INSIST = "insist"
    YIELD = "yield"


def judge(own: Claim, heard: Claim) -> Answer:
    """Decides about a claim that was heard.

    The one that is up longer insists; of two as old as each other, the one whose boot is the lesser. Never do both
    yield: a claim is older when it is heard than it says, so that each takes the other for younger than it is.

    Args:
        own: What we would claim now.
        heard: What was heard; our own comes back to us.

    >>> old, young = Claim(boot="b", up_s=60, host="pi"), Claim(boot="a", up_s=2, host="laptop")
    >>> judge(old, young), judge(young, old), judge(old, old)
    (<Answer.INSIST: 'insist'>, <Answer.YIELD: 'yield'>, <Answer.NOTHING: 'nothing'>)
    """
    if own.boot == heard.boot:
        return Answer.NOTHING
    longer_s = own.up_s - heard.up_s
    ours = longer_s > 0 if abs(longer_s) >= TIE_S else own.boot < heard.boot
    return Answer.INSIST if ours else Answer.YIELD


def explain_yield(device: str, heard: Claim) -> str:
    """Tells a person why this agent stops."""
    host = "".join(letter if letter.isprintable() else "?" for letter in heard.host[:_LONGEST_HOST])
    return (
        f"another agent is {device} already, on {host or 'an unnamed host'}, up for {heard.up_s:.0f} s; "
        "this one stops: give it a name of its own"
    )


class Pace:
    """Lets something be done at once, and then once in a while: what is asked for meanwhile is done once, later."""

    def __init__(self, every_s: float) -> None:
        """Begins with nothing asked for.

        Args:
            every_s: Least time from one to the next.
        """
        self._every_s = every_s
        self._wanted = False
        self._next_s = -math.inf

    def ask(self) -> None:
        """Wants it done."""
        self._wanted = True

    def drop(self) -> None:
        """Wants it no more."""
        self._wanted = False

    def take(self, now_s: float) -> bool:
        """Whether it is to be done now.

        Args:
            now_s: Seconds that only grow.

        >>> pace = Pace(10)
        >>> pace.ask(); pace.take(0), pace.take(0)
        (True, False)
        >>> pace.ask(); pace.take(9), pace.take(10)
        (False, True)
        """
        if not self._wanted or now_s < self._next_s:
            return False
        self._wanted = False
        self._next_s = now_s + self._every_s
        return True
