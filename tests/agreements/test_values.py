"""Values of a text: each limit is where it says it is, and what exceeds it is told."""

import pytest

from beaconfire.agreements import values
from beaconfire.agreements.values import Wrong

PARTIES = ("JPN", "KOR")


def wrong(read, *value):
    """Return why a value is not taken, or nothing if it is."""
    try:
        read(*value)
    except Wrong as why:
        return str(why)
    return None


def named(name):
    """Return a reader of one condition's value."""
    return lambda value: values.condition(name, value, PARTIES)


@pytest.mark.parametrize(
    ("read", "longest", "too_long", "told"),
    [
        (values.text, "a" * 2_000, "a" * 2_001, "must be 1 to 2000 characters"),
        (values.agreement_id, "a" * 64, "a" * 65, "is no id: write small letters"),
        (values.whole, 10_000, 10_001, "a whole number from 1 to 10000"),
        (named("purpose"), ["a" * 64], ["a" * 65], "is no purpose: write small"),
        (named("category"), ["a" * 128], ["a" * 129], "must be 1 to 128 characters"),
        (
            named("category"),
            [str(number) for number in range(32)],
            [str(number) for number in range(33)],
            "must list 1 to 32 values",
        ),
    ],
)
def test_the_longest_is_taken_and_one_more_is_not(read, longest, too_long, told):
    """A limit on everything, and exactly that limit."""
    assert wrong(read, longest) is None
    assert told in wrong(read, too_long)


@pytest.mark.parametrize(
    ("read", "value", "told"),
    [
        (values.text, " ", "must be 1 to 2000 characters of text"),
        (values.text, "a\ue000", "holds a hidden character, U+E000: take it out"),
        (values.text, "a\u2028", "holds a hidden character, U+2028: take it out"),
        (values.whole, 1, None),
        (values.whole, 0, "must be a whole number from 1 to 10000"),
        (values.whole, 1.0, "must be a whole number from 1 to 10000"),
        (values.level, "CONFIDENTIAL", None),
        (values.instant, "2016-11-23T00:00:00+09:00", None),
        (named("purpose"), ["Launch"], "`Launch` is no purpose: write small letters"),
        (named("sender"), ["JPN"], None),
        (named("sender"), ["USA"], "`USA` is no party to this agreement: allowed are"),
        (named("sender"), ["JPN", "JPN"], "lists a value twice"),
        (named("marking_known"), True, None),
        (named("marking_known"), 1.5, "must be true or false, not a number"),
        (named("marking_known"), {}, "must be true or false, not a table"),
        (named("status"), "in-force", "`in-force` is no status: did you mean"),
        (values.party, "JP", "`JP` is not a party: write three capitals, as in JPN"),
        (values.article_number, "6(a)", None),
        (values.article_number, "6a", None),
        (values.article_number, "6 a", "`6 a` is no number: write it as in 6, 21(3)"),
    ],
)
def test_a_value_is_taken_or_told_why_not(read, value, told):
    """What is allowed is in the sentence."""
    said = wrong(read, value)
    assert (said is None) is (told is None), said
    assert told is None or told in said


def test_what_is_shown_of_a_value_is_short():
    """Forty characters and a sign that there were more."""
    assert f"`{'A' * 40}` is no id" in wrong(values.agreement_id, "A" * 40)
    assert f"`{'A' * 40}…` is no id" in wrong(values.agreement_id, "A" * 41)


def test_every_line_of_a_record_is_looked_at():
    """Texts, and texts in lists; what is neither is no line."""
    told = {"kind": "Facility", "lines": ["one", 2, "three"], "count": 4}
    assert list(values.lines_of(told)) == ["Facility", "one", "three"]
