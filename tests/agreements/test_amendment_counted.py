"""Whose consent to an amendment counts, which comes first, and what may be left."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as with_changes

from beaconfire.agreements.amendment import amended, amendments, successor_flaw
from beaconfire.agreements.conditions import Sender, TogetherWith
from beaconfire.agreements.entitled import entitled, too_many
from beaconfire.agreements.register import AMENDMENTS_MAX
from beaconfire.agreements.status import status_of
from beaconfire.vocabulary.records import Amendment, Authority
from tests.agreements.agreements_made import (
    NOW,
    act,
    agreement,
    declare,
    permit,
    standing,
)

OLD = agreement(permit(1, Sender(("JPN",))))
SINCE = NOW.plus_s(9)


def consent(by, text="new-text", since=SINCE, under=OLD.id):
    """A party's declaration that a text takes the old one's place."""
    return declare(Amendment(text=text, since=since), by, under)


@pytest.mark.parametrize(
    "beside", [consent("USA"), consent("JPN", under="another-text")]
)
def test_no_stranger_consents_and_no_party_for_another_agreement(beside):
    """Even if such an act were folded in, it would be shown nowhere and end nothing."""
    assert amendments(OLD, standing(beside).register) == ()
    one = standing(consent("KOR"), beside).register
    assert [found.by for found in amendments(OLD, one)] == [("KOR",)]
    assert amended(OLD, one) is None


def test_a_strangers_word_puts_nothing_off():
    """It begins with the last of its parties' acts; a stranger's is none."""
    late = with_changes(consent("USA"), issued=SINCE.plus_s(60))
    known = standing(consent("JPN"), consent("KOR"), late)
    assert amended(OLD, known.register).since == SINCE


def test_the_soonest_whole_amendment_counts_whatever_the_texts_are_called():
    """And what a party is missing from is shown behind those that are whole."""
    acts = [
        consent("JPN", "a-half"),
        *(consent(by, "b-later", SINCE.plus_s(5)) for by in OLD.parties),
        *(consent(by, "c-sooner") for by in OLD.parties),
    ]
    register = standing(*acts).register
    shown = [one.text for one in amendments(OLD, register)]
    assert shown == ["c-sooner", "b-later", "a-half"]
    assert amended(OLD, register).text == "c-sooner"


def test_a_party_may_consent_however_many_other_records_it_has_on_file():
    """Only consents fill the room of consents."""
    assert entitled(OLD, consent("KOR")) is None
    others = [declare(Authority(names=(f"{n}",))) for n in range(AMENDMENTS_MAX)]
    assert too_many(consent("KOR"), standing(*others)) is None


def test_a_consent_is_shown_while_something_may_leave_whatever_else_was_done():
    """Where nothing may, the reason is what has closed it, and that alone."""
    acts = [consent("KOR"), act("suspend", "JPN")]
    shut = status_of(OLD, standing(*acts), NOW).reason
    assert shut == f"test-one is suspended by JPN since {NOW} (act `e2`)"
    open_again = status_of(OLD, standing(*acts, act("restore", "JPN")), NOW).reason
    assert open_again == (
        "test-one is in force; KOR consents that `new-text` takes its place"
    )


@pytest.mark.parametrize(
    "companion",
    [
        (permit(1, TogetherWith(("third-text",))),),
        (permit(1, Sender(("JPN",))), permit(2, TogetherWith((OLD.id,)))),
    ],
    ids=["asks for another text", "permits alone too"],
)
def test_only_a_companion_that_cannot_do_without_the_old_text_is_in_the_way(companion):
    """What never asked for it, or also permits alone, opens as much as before."""
    new = agreement(permit(1, TogetherWith(("pair",))), name="new-text")
    held = (OLD, replace(new, in_force_from=SINCE), agreement(*companion, name="pair"))
    record = Amendment(text="new-text", since=SINCE)
    assert successor_flaw(OLD, record, held) is None
