"""Articles of one text that cannot all be meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    WithConsentOf,
)
from beaconfire.agreements.contradictions import contradictions, covers
from beaconfire.agreements.question import Finding
from beaconfire.vocabulary.label import LADDER
from tests.agreements.agreements_made import notice, permit, prohibit
from tests.agreements.test_conditions import consent, question

JPN = Sender(("JPN",))


@pytest.mark.parametrize(
    ("wide", "narrow", "is_covered"),
    [
        ((), (JPN,), True),
        ((JPN,), (JPN, Body(("Plots",))), True),
        ((JPN, Body(("Plots",))), (JPN,), False),
        ((Sender(("JPN", "KOR")),), (JPN,), True),
        ((JPN,), (Sender(("JPN", "KOR")),), False),
        ((Sender(("JPN", "KOR")),), (Sender(("KOR", "JPN")),), True),
        ((Recipient(("JPN",)),), (JPN,), False),
        ((Body(("Plots", "Retraction")),), (Body(("Plots",)),), True),
        ((Purpose(("a", "b")),), (Purpose(("a",)),), True),
        ((Category(("a", "b")),), (Category(("a",)),), True),
        ((TogetherWith(("a", "b")),), (TogetherWith(("a",)),), True),
        ((ClassificationUpTo("SECRET"),), (ClassificationUpTo("SECRET"),), True),
        ((ClassificationAbove("SECRET"),), (ClassificationAbove("SECRET"),), True),
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
        ((WithConsentOf(("JPN", "KOR")),), (WithConsentOf(("JPN",)),), False),
        ((ClassificationAbove("SECRET"),), (JPN,), False),
        ((JPN,), (ClassificationAbove("SECRET"),), False),
        ((ClassificationUpTo("SECRET"),), (JPN,), False),
        ((JPN,), (ClassificationUpTo("SECRET"),), False),
    ],
)
def test_what_surely_covers_what(wide, narrow, is_covered):
    """Only what is certain from the conditions alone."""
    assert covers(wide, narrow) is is_covered


def some(kind):
    """Conditions of one kind about a few of the names that the questions hold."""
    names = NAMES[kind]
    return st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True).map(
        lambda chosen: kind(tuple(chosen))
    )


NAMES = {
    Body: ("LaunchNotice", "Plots", "Retraction"),
    Category: ("one", "two", "purpose:training"),
    Purpose: ("launch-warning", "training"),
    Recipient: ("JPN", "KOR", "USA"),
    Sender: ("JPN", "KOR", "USA"),
    TogetherWith: ("beside", "also", "elsewhere"),
    WithConsentOf: ("JPN", "KOR", "AUS"),
}
any_condition = (
    st.one_of(*map(some, NAMES))
    | st.builds(ClassificationUpTo, st.sampled_from(LADDER))
    | st.builds(ClassificationAbove, st.sampled_from(LADDER))
    | st.builds(MarkingKnown, st.booleans())
    | st.builds(OriginatorIsSender, st.booleans())
    | st.builds(ApprovalOfOriginator, st.booleans())
)
QUESTIONS = [
    question(
        item=notice("KOR", carries=carries),
        sender=sender,
        to=to,
        level=level,
        approved=level == "SECRET",
        together=together,
        body=body,
        consents=tuple(consent(p, stands=True) for p in together and ("AUS", "KOR")),
    )
    for sender, to in (("USA", "JPN"), ("KOR", "USA"), ("JPN", "KOR"))
    for level in (None, *LADDER)
    for carries in ((), ("one",), ("two", "purpose:training"))
    for together in ((), ("beside",), ("also", "elsewhere"))
    for body in NAMES[Body]
]
some_conditions = st.lists(any_condition, max_size=3)


def meets(conditions, asked):
    """What an article with these conditions finds."""
    return permit(1, *conditions).applies(asked)


@given(some_conditions, some_conditions)
def test_what_is_covered_is_never_outside(wide, narrow):
    """Whatever meets the narrow conditions meets the wide ones, or is in doubt there.

    Else a text would be refused for a contradiction that is none.
    """
    if covers(wide, narrow):
        met = [asked for asked in QUESTIONS if meets(narrow, asked) is Finding.MET]
        assert all(meets(wide, asked) is not Finding.NOT_MET for asked in met)


@given(some_conditions)
def test_an_article_that_is_said_never_to_apply_does_not(when):
    """Of itself alone, whatever it asks."""
    if contradictions([permit(1, *when)]):
        assert all(meets(when, asked) is not Finding.MET for asked in QUESTIONS)


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
