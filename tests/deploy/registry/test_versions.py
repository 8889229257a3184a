import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from sagui.deploy.registry.errors import PublishError
from sagui.deploy.registry.versions import (
    check_version,
    choose_withdrawn,
    latest,
    oldest_first,
    patch_sources,
    same_precedence,
    without,
)
from sagui.registry import Index, Published

NUMBERS = st.integers(0, 12)
VERSIONS = st.builds(
    "{}.{}.{}{}".format, NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["", "", "-rc.1", "-rc.2", "-rc.10", "-alpha"])
)
SETS = st.lists(VERSIONS, min_size=1, max_size=12, unique=True)


def entry(version: str) -> Published:
    return Published(version=version, path=version, sha256="0" * 64, bytes=1, published="2026-01-01T00:00:00Z")


def index_of(versions: list[str]) -> Index:
    entries = oldest_first(map(entry, versions))
    return Index(model="pets", latest=latest(versions), versions=entries)


@given(SETS)
def test_the_latest_is_the_highest_and_no_pre_release_unless_all_are(versions: list[str]) -> None:
    stable = [one for one in versions if "-" not in one]
    chosen = latest(versions)
    assert chosen in (stable or versions)
    assert all(Version.parse(chosen) >= one for one in stable or versions)


def test_pre_releases_are_compared_by_number() -> None:
    assert latest(["1.0.0-rc.2", "1.0.0-rc.10", "1.0.0-alpha"]) == "1.0.0-rc.10"


@given(SETS, VERSIONS, st.integers(0, 5))
def test_patches_lead_upwards_from_the_newest_before(versions: list[str], new: str, count: int) -> None:
    sources = [one.version for one in patch_sources(new, map(entry, versions), count)]
    before = sorted((one for one in versions if Version.parse(one) < new), key=Version.parse, reverse=True)
    assert sources == before[:count]


@given(SETS, st.integers(1, 12))
def test_the_newest_and_the_latest_stay(versions: list[str], keep: int) -> None:
    index = index_of(versions)
    gone = choose_withdrawn(index, keep=keep)
    left = [one.version for one in index.versions if one.version not in gone]
    assert index.latest in left
    assert [one.version for one in index.versions][-keep:] == left[-min(keep, len(versions)) :]
    assert len(left) <= keep + 1
    after = without(index, gone)
    assert after
    assert after.latest == index.latest


@given(SETS, st.data())
def test_what_is_named_goes_and_nothing_else(versions: list[str], data: st.DataObject) -> None:
    index = index_of(versions)
    named = data.draw(st.lists(st.sampled_from(versions), unique=True))
    assert set(choose_withdrawn(index, named=named)) == set(named)
    after = without(index, named)
    assert (after is None) == (set(named) == set(versions))
    if after:
        assert {one.version for one in after.versions} == set(versions) - set(named)
        assert after.find(after.latest)


def test_what_is_not_published_cannot_be_withdrawn() -> None:
    with pytest.raises(PublishError, match=r"pets==9\.0\.0 is not published; there are 1\.0\.0, 1\.1\.0"):
        choose_withdrawn(index_of(["1.1.0", "1.0.0"]), named=["9.0.0"])


@given(VERSIONS, st.sampled_from(["", "+a", "+b.7"]), st.sampled_from(["", "+a", "+b.7"]))
def test_what_follows_a_plus_does_not_tell_versions_apart(version: str, one: str, other: str) -> None:
    assert same_precedence(version + one, [version + other]) == version + other


@given(SETS)
def test_other_versions_are_told_apart(versions: list[str]) -> None:
    for one in versions:
        assert same_precedence(one, [other for other in versions if other != one]) is None


@pytest.mark.parametrize("version", ["1.0", "1.0.0-01", "1.0.0-", "v1.0.0", "1.0.0-a..b"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(PublishError, match="cannot be compared"):
        check_version(version)
