"""Articles of one text that cannot all be meant."""

import pytest

from beaconfire.agreements.conditions import (
    ApprovalOfOriginator,
    Body,
    Category,
    ClassificationAbove,
    ClassificationUpTo,
    MarkingKnown,
    OriginatorIsSender,
    Purpose,
    Recipient,
    Sender,
    TogetherWith,
)
from beaconfire.agreements.contradictions import contradictions, covers
from tests.agreements.agreements_made import permit, prohibit

JPN = Sender(("JPN",))


@pytest.mark.parametrize(
    ("wide", "narrow", "is_covered"),
    [
        ((), (JPN,), True),
        ((JPN,), (JPN, Body(("Plots",))), True),
        ((JPN, Body(("Plots",))), (JPN,), False),
        ((Sender(("JPN", "KOR")),), (JPN,), True),
        ((JPN,), (Sender(("JPN", "KOR")),), False),
        ((Recipient(("JPN",)),), (JPN,), False),
        ((Body(("Plots", "Retraction")),), (Body(("Plots",)),), True),
        ((Purpose(("a", "b")),), (Purpose(("a",)),), True),
        ((Category(("a", "b")),), (Category(("a",)),), True),
        ((TogetherWith(("a", "b")),), (TogetherWith(("a",)),), True),
        ((ClassificationUpTo("SECRET"),), (ClassificationUpTo("CONFIDENTIAL"),), True),
        ((ClassificationUpTo("CONFIDENTIAL"),), (ClassificationUpTo("SECRET"),), False),
        (
            (ClassificationAbove("CONFIDENTIAL"),),
            (ClassificationAbove("SECRET"),),
            True,
        ),
        (
            (ClassificationAbove("SECRET"),),
            (ClassificationAbove("CONFIDENTIAL"),),
            False,
        ),
        ((ClassificationUpTo("SECRET"),), (ClassificationAbove("SECRET"),), False),
        ((MarkingKnown(value=True),), (MarkingKnown(value=True),), True),
        ((MarkingKnown(value=True),), (MarkingKnown(value=False),), False),
        ((OriginatorIsSender(value=True),), (ApprovalOfOriginator(value=True),), False),
    ],
)
def test_what_surely_covers_what(wide, narrow, is_covered):
    """Only what is certain from the conditions alone."""
    assert covers(wide, narrow) is is_covered


def test_a_permission_that_is_forbidden_whole_is_told_at_the_later_article():
    """The later of the two is the one written in error."""
    plots = permit(1, JPN, Body(("Plots",)))
    assert contradictions([plots, prohibit(2, JPN)]) == [
        (1, "contradicts article 1: forbids whatever that one permits")
    ]
    assert contradictions([prohibit(2, JPN), plots]) == [
        (1, "contradicts article 2: permits only what that one forbids")
    ]
    same = prohibit(2, Body(("Plots",)), JPN)
    assert contradictions([same, plots]) == [
        (1, "contradicts article 2: same conditions")
    ]


def test_overlaps_and_prohibitions_among_themselves_are_no_contradiction():
    """What leaves something to permit is how law is written."""
    assert contradictions([permit(1, JPN), prohibit(2, JPN, Body(("Plots",)))]) == []
    assert contradictions([prohibit(1, JPN), prohibit(2, JPN)]) == []
    assert contradictions([permit(1, JPN), permit(2, JPN)]) == []


@pytest.mark.parametrize(
    ("above", "up_to", "clashes"),
    [
        ("SECRET", "SECRET", True),
        ("SECRET", "CONFIDENTIAL", True),
        ("CONFIDENTIAL", "SECRET", False),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_levels_that_exclude_each_other_are_told(above, up_to, clashes, order):
    """An article that never applies says nothing."""
    when = (ClassificationAbove(above), ClassificationUpTo(up_to))[::order]
    told = "never applies: `classification_above` and `classification_up_to` exclude"
    found = contradictions([permit(1, *when)])
    assert [what.startswith(told) for _, what in found] == [True] * clashes
