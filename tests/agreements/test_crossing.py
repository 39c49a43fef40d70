"""Crossing: under which texts may what was on its way be used where it arrives?

Korea and Japan hold a text, and one that takes its place at ``SINCE``; some have a
third beside them. Each test breaks one rule.
"""

from dataclasses import replace

import pytest

from beaconfire.agreements.agreement import NO_FURTHER
from beaconfire.agreements.conditions import Body, Sender, TogetherWith
from beaconfire.agreements.crossing import Came, standing_on_arrival
from beaconfire.agreements.lapse import Lapse, known_suspended
from beaconfire.vocabulary.records import Amendment
from tests.agreements.agreements_made import (
    NOW,
    act,
    agreement,
    declare,
    notice,
    permit,
    standing,
)

SINCE = NOW.plus_s(10)
BEFORE, AFTER = SINCE.plus_s(-1), SINCE.plus_s(1)
OLD = agreement(permit(1, owes=("signed-receipt",)), name="old")
NEW = agreement(permit(1, owes=("signed-receipt",)), name="new")
BESIDE = agreement(permit(1), name="beside")


def consent(by, text="new", under="old", since=SINCE):
    """A party's declaration that a text takes another's place."""
    return declare(Amendment(text=text, since=since), by, under)


BOTH = (consent("JPN"), consent("KOR"))


def came(*under, **changes):
    """Korea's notice as it came to Japan, handed over just before the instant."""
    said = {
        "item": notice("KOR"),
        "sender": "KOR",
        "to": "JPN",
        "sent": BEFORE,
        "agreements": under or ("old",),
        "articles": ("old:1", "beside:1"),
        "no_further": False,
        "marking": None,
        **changes,
    }
    return Came(**said)


def arrives(what, *acts, new=NEW, beside=BESIDE, held=(), at=AFTER):
    """What is said of it at ``at``, by what is known there."""
    texts = tuple(
        replace(text, in_force_from=SINCE) if text is new else text
        for text in (OLD, new, beside, *held)
    )
    return standing_on_arrival(what, agreements=texts, standing=standing(*acts), at=at)


def why_not(found):
    """The reason behind the one that the old text has ended."""
    assert isinstance(found, Lapse)
    ended, _, reason = found.reason.partition("; ")
    assert ended.startswith(f"`new` has taken the place of old since {SINCE}")
    return reason


def test_what_both_texts_allow_may_be_used_under_the_new_one():
    """From the instant on; before it nothing has crossed."""
    assert arrives(came(), *BOTH, at=BEFORE) == ()
    assert arrives(came(), *BOTH, at=SINCE) == ("new",)
    assert arrives(came(), *BOTH) == ("new",)


def test_without_the_consent_of_all_nothing_has_crossed():
    """The old text stands, and it is used under that."""
    assert arrives(came(), consent("JPN")) == ()


def test_what_was_handed_over_when_the_old_text_had_ended_may_not_be_used():
    """By the sender's own word, at the instant as well as after it."""
    for sent in (SINCE, AFTER):
        told = why_not(arrives(came(sent=sent), *BOTH))
        assert told.startswith(f"when it was handed over, at {sent}, `new` has taken")


def test_a_suspension_is_no_amendment_though_one_is_to_come():
    """What is closed before its instant is closed, and said to be once."""
    acts = (*BOTH, act("suspend", "KOR", "old"))
    known = known_suspended(
        ("old",), agreements=(OLD,), standing=standing(*acts), at=BEFORE
    )
    assert known.suspended
    assert "; " not in known.reason
    assert arrives(came(), *acts, at=BEFORE) == known


def test_what_was_suspended_or_contested_at_the_hand_over_does_not_cross():
    """The old text did not speak for it, or nobody can tell whether it did."""
    told = why_not(arrives(came(), *BOTH, act("suspend", "KOR", "old")))
    assert told.startswith(f"when it was handed over, at {BEFORE}, old is suspended")
    disputed = (
        act("notice", "KOR", "old"),
        act("contest", "JPN", "old", issued_s=-50.0),
    )
    assert arrives(came(), *BOTH, disputed[0]) == ("new",)
    assert "is contested by JPN" in why_not(arrives(came(), *BOTH, *disputed))


def test_what_crossed_two_amendments_may_not_be_used():
    """One step is all that is taken; the text that ended last is named."""
    third = agreement(permit(1), name="third")
    acts = [*BOTH, *(consent(by, "third", "new") for by in ("JPN", "KOR"))]
    told = why_not(arrives(came(), *acts, held=(third,)))
    assert told == (
        f"`third` has taken the place of new since {SINCE}, by consent of JPN and KOR"
    )


def test_a_new_text_that_is_not_held_or_not_in_force_opens_nothing():
    """A partner may hold it before we do; it may have been suspended at once."""
    acts = [consent(by, "unknown") for by in ("JPN", "KOR")]
    found = arrives(came(), *acts)
    assert found.reason.endswith("; no text of `unknown` is in force here")
    shut = why_not(arrives(came(), *BOTH, act("suspend", "KOR", "new")))
    assert shut.startswith("new is suspended by KOR since ")


def test_the_new_text_must_bind_both_ends():
    """What sender and recipient have not both signed allows nothing between them."""
    for parties in (("JPN", "USA"), ("KOR", "USA")):
        told = why_not(arrives(came(), *BOTH, new=replace(NEW, parties=parties)))
        assert told == "new does not bind both KOR and JPN"


def test_the_new_text_must_permit_the_item():
    """That the old one covered it is not enough."""
    narrow = agreement(permit(1, Body(("TrackProduct",))), name="new")
    told = why_not(arrives(came(), *BOTH, new=narrow))
    assert told.startswith("no article of new permits it")


def test_a_text_beside_the_amended_one_goes_on_speaking_for_itself():
    """In force it is asked as ever; shut, or silent on the item, it closes the way."""
    both = came("old", "beside")
    assert arrives(both, *BOTH) == ("new", "beside")
    shut = why_not(arrives(both, *BOTH, act("suspend", "KOR", "beside")))
    assert shut.startswith("beside is suspended by KOR")
    silent = agreement(permit(1, Sender(("JPN",))), name="beside")
    told = why_not(arrives(both, *BOTH, beside=silent))
    assert told.startswith("no article of beside permits it")


@pytest.mark.parametrize("order", [("old", "beside"), ("beside", "old")])
def test_each_text_hears_of_the_others_that_speak_now(order):
    """The new one of its companion, and the companion of the new one by its name."""
    paired = agreement(
        permit(1, TogetherWith(("beside",)), owes=("signed-receipt",)), name="new"
    )
    beside = agreement(permit(1, TogetherWith(("new",))), name="beside")
    under = tuple("new" if one == "old" else one for one in order)
    assert arrives(came(*order), *BOTH, new=paired, beside=beside) == under
    wants_old = agreement(permit(1, TogetherWith(("old",))), name="beside")
    told = why_not(arrives(came(*order), *BOTH, new=paired, beside=wants_old))
    assert told.startswith("no article of beside permits it")


def test_a_text_is_no_companion_of_itself():
    """What asks for another text is not met by its own name."""
    alone = agreement(permit(1, TogetherWith(("new",))), name="new")
    told = why_not(arrives(came(), *BOTH, new=alone))
    assert told.startswith("no article of new permits it")


def test_what_the_new_text_asks_for_must_have_come_with_it():
    """By an article that it cites of a text that it came under, and no other."""
    assert arrives(came(), *BOTH) == ("new",)
    for articles in ((), ("old:2",), ("new:1",)):
        told = why_not(arrives(came(articles=articles), *BOTH))
        assert told == "new asks for signed-receipt, which it did not come with"


def test_that_it_is_passed_on_to_nobody_must_be_said_with_the_item():
    """A citation of an article that asks for it would not hold the recipient."""
    owing = agreement(permit(1, owes=(NO_FURTHER,)), name="new")
    told = why_not(arrives(came(), *BOTH, new=owing))
    assert told == f"new asks for {NO_FURTHER}, which it did not come with"
    assert arrives(came(no_further=True), *BOTH, new=owing) == ("new",)
