"""The root of every error a user may cause and can mend."""

from typing import ClassVar


class SaguiError(Exception):
    """Says in one line what is wrong, where, and how to mend it.

    The command line prints it as it stands. Each stage has one family below it.

    Attributes:
        is_wrong_use: Whether a person wrote what says nothing: the command line exits with 2 then, else with 1.
    """

    is_wrong_use: ClassVar[bool] = False
