from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version
from tuf.api.metadata import Targets

from sagui.deploy.registry.errors import ForeignError, PublishError
from sagui.deploy.registry.withdrawn import WITHDRAWN, refuse_withdrawn, remember_withdrawn, withdrawn_of

FIRST = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
VERSIONS = st.lists(st.builds("1.{}.{}".format, st.integers(0, 12), st.integers(0, 12)), unique=True)


def test_at_first_nothing_was_withdrawn() -> None:
    assert withdrawn_of(Targets()) == {}
    refuse_withdrawn("pets", "1.0.0", {})


@given(VERSIONS, VERSIONS)
def test_what_was_withdrawn_stays_so(before: list[str], after: list[str]) -> None:
    signed = Targets()
    remember_withdrawn(signed, before, FIRST)
    remember_withdrawn(signed, after, FIRST + timedelta(days=1))
    withdrawn = withdrawn_of(Targets.from_dict(signed.to_dict()))
    assert list(withdrawn) == sorted({*before, *after}, key=Version.parse)
    assert {one for one, when in withdrawn.items() if when == "2026-01-02T03:04:05Z"} == set(before)
    for one in withdrawn:
        with pytest.raises(PublishError, match="was withdrawn on 2026-01-0"):
            refuse_withdrawn("pets", one, withdrawn)
    refuse_withdrawn("pets", "2.0.0", withdrawn)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=6,
    )
)
def test_whatever_is_signed_is_read_or_refused(value: object) -> None:
    signed = Targets(unrecognized_fields={WITHDRAWN: value})
    try:
        assert all(Version.parse(one) for one in withdrawn_of(signed))
    except ForeignError as error:
        assert "is no list of withdrawn versions" in str(error)  # noqa: PT017 (either will do)
