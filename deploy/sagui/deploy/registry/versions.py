"""Which version is the latest, which ones patches lead from, which ones go. Pure rules, no I/O."""

from collections.abc import Iterable, Sequence

from semver import Version

from sagui.deploy.registry.errors import PublishError
from sagui.registry import Index, Published

WORTH = 0.5
"""A patch that is a larger share of the whole bundle is not published."""


def check_version(text: str) -> None:
    """Checks that a version can be compared.

    Raises:
        PublishError: It is none of https://semver.org.
    """
    try:
        Version.parse(text)
    except ValueError as error:
        raise PublishError(
            f"version {text!r} cannot be compared with others (https://semver.org); convert the model again with "
            "--version such as 1.4.0 or 1.4.0-rc.1"
        ) from error


def latest(versions: Iterable[str]) -> str:
    """Gives the version that a device takes that follows no plan: the highest, and a pre-release only if all are.

    Precedence is that of https://semver.org, item 11.

    >>> latest(["1.9.0", "1.10.0", "2.0.0-rc.1"])
    '1.10.0'
    """
    return max(versions, key=lambda version: (not Version.parse(version).prerelease, Version.parse(version)))


def oldest_first(published: Iterable[Published]) -> tuple[Published, ...]:
    """Sorts by precedence."""
    return tuple(sorted(published, key=lambda one: Version.parse(one.version)))


def same_precedence(version: str, versions: Iterable[str]) -> str | None:
    """Finds a version that devices could not tell from this one: the same, or different after ``+`` alone."""
    return next((one for one in versions if Version.parse(one).compare(version) == 0), None)


def patch_sources(version: str, published: Iterable[Published], count: int) -> list[Published]:
    """Chooses the versions that patches to this one are made from: the newest of those before it, newest first."""
    before = [one for one in oldest_first(published) if Version.parse(one.version).compare(version) < 0]
    return before[::-1][:count]


def is_worth(patch_bytes: int, whole_bytes: int) -> bool:
    """Whether a patch saves enough to be published."""
    return patch_bytes <= WORTH * whole_bytes


def choose_withdrawn(index: Index, *, keep: int | None = None, named: Sequence[str] = ()) -> list[str]:
    """Chooses the versions that go.

    Args:
        index: All there are.
        keep: How many of the newest stay; a pre-release counts as any other. The latest always stays.
        named: These go, whatever they are.

    Returns:
        Oldest first.

    Raises:
        PublishError: A named one is not there.
    """
    for version in named:
        if index.find(version) is None:
            have = ", ".join(one.version for one in index.versions)
            raise PublishError(f"{index.model}=={version} is not published; there are {have}")
    ordered = [one.version for one in oldest_first(index.versions)]
    kept = set(ordered if keep is None else [*ordered[max(0, len(ordered) - keep) :], index.latest])
    return [version for version in ordered if version in named or version not in kept]


def without(index: Index, withdrawn: Iterable[str]) -> Index | None:
    """Gives the list without some versions; None if nothing is left.

    Patches from a withdrawn version stay: devices may run it still, and this is their way off it.
    """
    gone = set(withdrawn)
    left = oldest_first(one for one in index.versions if one.version not in gone)
    if not left:
        return None
    return Index(model=index.model, latest=latest(one.version for one in left), versions=left)
