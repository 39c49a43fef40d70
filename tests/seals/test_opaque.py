"""Ids that tell a partner nothing."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.seals.opaque import opaque

KEY = bytes(range(32))


def test_an_opaque_id_is_a_keyed_hash():
    """HMAC-SHA256 over the closed parts, 32 digits of it."""
    whole = hmac.new(KEY, b"6:launch,2:17,", hashlib.sha256).hexdigest()

    assert opaque(KEY, "launch", "17") == whole[:32]


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4)))
def test_only_equal_parts_have_equal_ids(one, other):
    """Where a part ends is part of what is hashed."""
    assert (opaque(KEY, *one) == opaque(KEY, *other)) == (one == other)


def test_where_parts_are_cut_matters():
    """The rare case written out: the same letters, cut elsewhere."""
    assert opaque(KEY, "ab", "c") != opaque(KEY, "a", "bc")
    assert opaque(KEY, "1:a,") != opaque(KEY, "a")


def test_another_secret_gives_unrelated_ids():
    """Without the secret nobody can say which observation an id is of."""
    assert opaque(KEY, "a") != opaque(bytes(32), "a")
    with pytest.raises(ValueError, match="at least 32 bytes"):
        opaque(b"short", "a")
