"""An answer given earlier, asked again at the hand-over or on arrival."""

import pytest
from msgspec.structs import replace

from beaconfire.agreements.conditions import ApprovalOfOriginator, Sender
from beaconfire.agreements.lapse import Lapse, known_suspended, still_stands
from beaconfire.agreements.standing import Standing
from beaconfire.vocabulary.entries.decisions import Release
from tests.agreements.agreements_made import (
    NOW,
    act,
    agreement,
    approval,
    ask,
    notice,
    permit,
    standing,
)

TEXT = agreement(permit(1, Sender(("JPN", "KOR"))))
TRIO = agreement(
    permit(1, ApprovalOfOriginator(value=True)),
    name="tisa-2014",
    parties=("JPN", "KOR", "USA"),
)


def released(*texts, acts=(), **asked):
    """A release, to be asked about later."""
    decision = ask(*texts, acts=acts, **asked)
    assert isinstance(decision, Release)
    return decision


def relayed():
    """A release of a relay and the standing that it rests on."""
    release = released(notice("KOR"), TRIO, acts=[approval()], sender="USA", to="JPN")
    return release, standing(approval())


def test_a_release_stands_while_its_agreements_do():
    """Nothing happened: nothing lapses."""
    release = released(notice(), TEXT)
    assert still_stands(release, agreements=[TEXT], standing=Standing(), at=NOW) is None


def test_a_suspension_lapses_what_was_released_before_it():
    """A send is judged at its own turn, with the article and the act."""
    release = released(notice(), TEXT)
    now = standing(act("suspend", "KOR"))
    assert still_stands(release, agreements=[TEXT], standing=now, at=NOW) == Lapse(
        agreement="test-one",
        article="test-one:9(z)",
        act="e1",
        reason=f"test-one is suspended by KOR since {NOW} (act `e1`)",
        suspended=True,
    )


def test_a_relay_stands_while_its_approval_does():
    """To the last instant, and not after it."""
    release, now = relayed()
    end = approval().expires
    asked = {"agreements": [TRIO], "standing": now}
    assert still_stands(release, at=end, **asked) is None
    late = still_stands(release, at=end.plus_s(1e-9), **asked)
    assert late == Lapse(
        agreement="tisa-2014",
        article=None,
        act="e1",
        reason=f"KOR's approval for JPN via USA expired at {end}",
    )


def test_a_revoked_approval_lapses_the_relay():
    """Withdrawal of consent takes effect at once."""
    release, now = relayed()
    revoked = now.after("e2", replace(approval(), act="revoke"), NOW)
    lapse = still_stands(release, agreements=[TRIO], standing=revoked, at=NOW)
    assert lapse == Lapse(
        agreement="tisa-2014",
        article=None,
        act="e1",
        reason="KOR's approval for JPN via USA does not stand any more",
    )


def test_an_endless_approval_lapses_the_relay():
    """None such is ever taken in; if one were found, it would be none."""
    release, _ = relayed()
    endless = standing(approval(expires_s=None))
    lapse = still_stands(release, agreements=[TRIO], standing=endless, at=NOW)
    assert lapse.reason == (
        "KOR's approval for JPN via USA does not say when it expires"
    )


def test_the_lapse_of_an_approval_names_the_agreement_it_was_given_under():
    """It need not be the first of the way."""
    release, _ = relayed()
    two = replace(release, agreements=("test-one", "tisa-2014"))
    now = standing(approval())
    end = approval().expires
    asked = {"agreements": [TEXT, TRIO], "standing": now}
    assert still_stands(two, at=end, **asked) is None
    assert still_stands(two, at=end.plus_s(1), **asked).agreement == "tisa-2014"


def test_a_relay_lapses_by_status_like_anything_else():
    """The agreement is asked before the approval."""
    release, now = relayed()
    shut = now.after("e2", act("suspend", "USA", "tisa-2014"), NOW)
    lapse = still_stands(release, agreements=[TRIO], standing=shut, at=NOW)
    assert (lapse.article, lapse.act) == ("tisa-2014:9(z)", "e2")


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        ((), "it rests on no agreement"),
        (("other",), "no text of `other` is in force here"),
        (("test-one", "other"), "no text of `other` is in force here"),
    ],
)
def test_what_rests_on_nothing_known_counts_as_not_in_force(ids, told):
    """Doubt refuses: an agreement of which we hold no text protects nothing."""
    asked = {"agreements": [TEXT], "standing": Standing(), "at": NOW}
    lapse = known_suspended(ids, **asked)
    assert (lapse.reason, lapse.article, lapse.act) == (told, None, None)


def test_of_several_agreements_one_suspended_is_enough():
    """All of a way's agreements must be in force."""
    asked = {"agreements": [TEXT, TRIO], "at": NOW}
    ids = ("tisa-2014", "test-one")
    assert known_suspended(ids, standing=Standing(), **asked) is None
    shut = known_suspended(ids, standing=standing(act("suspend", "JPN")), **asked)
    assert shut.agreement == "test-one"


def test_before_its_beginning_no_act_is_to_blame():
    """An agreement that has not begun lapses without an act."""
    asked = {"agreements": [TEXT], "standing": Standing()}
    early = known_suspended(("test-one",), at=TEXT.in_force_from.plus_s(-1), **asked)
    assert (early.act, early.article) == (None, "test-one:9(z)")
