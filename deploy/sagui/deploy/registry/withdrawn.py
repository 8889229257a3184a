"""Versions that were taken back: remembered for ever, so that one number never means two bundles.

They stand in what the model's role signs, as a field of their own that readers of TUF pass over: ``{version: when}``.
So the memory outlives the list of versions, which is gone when all of them were withdrawn.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from semver import Version
from tuf.api.metadata import Targets

from sagui.deploy.registry.errors import ForeignError, PublishError
from sagui.deploy.registry.versions import same_precedence

WITHDRAWN = "x-sagui-withdrawn"
"""The field in what is signed."""


def withdrawn_of(signed: Targets) -> dict[str, str]:
    """Gives a model's withdrawn versions, oldest first, and when each one was (UTC, RFC 3339).

    Raises:
        ForeignError: The field holds something else.
    """
    try:
        found = msgspec.convert(signed.unrecognized_fields.get(WITHDRAWN, {}), dict[str, str])
        return {version: found[version] for version in sorted(found, key=Version.parse)}
    except (msgspec.ValidationError, ValueError) as error:
        raise ForeignError(
            f"{WITHDRAWN} is no list of withdrawn versions: {error}; no registry of sagui has it"
        ) from error


def remember_withdrawn(signed: Targets, versions: Iterable[str], now: datetime) -> None:
    """Adds versions to those that were withdrawn; the first time of each one stays.

    Raises:
        ForeignError: See `withdrawn_of`.
    """
    added = dict.fromkeys(versions, now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    signed.unrecognized_fields[WITHDRAWN] = added | withdrawn_of(signed)


def refuse_withdrawn(model: str, version: str, withdrawn: Mapping[str, str]) -> None:
    """Refuses a version that devices may have had before, whatever it holds now.

    Raises:
        PublishError: It was withdrawn, or cannot be told from one that was.
    """
    same = same_precedence(version, withdrawn)
    if same is None:
        return
    which = "" if same == version else f", as {same}, which it cannot be told from,"
    raise PublishError(
        f"{model}=={version} was withdrawn{which} on {withdrawn[same][:10]}; a withdrawn version never comes back: "
        "convert the model again with a --version that was never published"
    )
