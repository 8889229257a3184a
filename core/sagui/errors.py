"""The root of every error a user may cause and can mend."""


class SaguiError(Exception):
    """Says in one line what is wrong, where, and how to mend it.

    The command line prints it as it stands and exits with status 1. Each stage has one family below it.
    """
