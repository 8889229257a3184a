"""What can be wrong with a rollout, or with the way to it."""

from sagui.errors import SaguiError


class RolloutError(SaguiError):
    """A rollout cannot be begun, changed or followed; nothing was changed."""


class BrokerError(RolloutError):
    """The broker cannot be used: it does not want us, or not let us read or write what a rollout needs."""


class AddressError(BrokerError):
    """What a person wrote is no address of a broker, or options do not go with it; nobody was asked."""

    is_wrong_use = True


class LostError(BrokerError):
    """The broker is not there, or not any more; it may come back."""


class OvertakenError(RolloutError):
    """Another operator changed the plan; the message says who, when and what."""
