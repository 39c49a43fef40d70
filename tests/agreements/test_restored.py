"""Restored: a suspension withholds what would leave without it, and nothing else."""

from beaconfire.agreements.conditions import Sender
from beaconfire.agreements.decision import decide
from beaconfire.agreements.restored import (
    if_restored,
    is_suspended,
    suspended_between,
)
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from tests.agreements.agreements_made import (
    NOW,
    act,
    agreement,
    ask,
    notice,
    permit,
    standing,
)

TEXT = agreement(permit(1, Sender(("JPN", "KOR"))))
SHUT = [act("suspend", "KOR")]


def test_what_would_leave_without_the_suspension_is_withheld_by_its_name():
    """The refusal names the agreement; of what would stay at home it names none."""
    assert ask(notice(), TEXT, acts=SHUT).withheld == ("test-one",)
    nothing = agreement(permit(1, Sender(("KOR",))))
    refused = ask(notice(), nothing, acts=SHUT)
    assert isinstance(refused, Refusal)
    assert refused.withheld == ()


def test_what_is_refused_while_all_is_in_force_is_not_withheld():
    """Silence refuses, and no restoration would change it."""
    nothing = agreement(permit(1, Sender(("KOR",))))
    assert ask(notice(), nothing).withheld == ()


def test_an_item_past_its_end_is_withheld_no_more_and_yet_told_when_it_was():
    """Stale when first asked about: refused for that. Withheld before: released."""
    late = notice().valid_until.plus_s(1.0)
    stale = ask(notice(), TEXT, at=late, acts=SHUT)
    assert stale.withheld == ()
    assert "validity ended" in stale.reason
    again = decide(
        notice(),
        sender="JPN",
        to="KOR",
        at=late,
        agreements=[TEXT],
        standing=standing(),
        withheld=True,
    )
    assert isinstance(again, Release)
    assert again.withheld
    assert not ask(notice(), TEXT).withheld


def test_only_a_suspension_can_be_restored():
    """An end is final, an unknown text is none, and another pair's is not ours."""
    shut, open_ = standing(*SHUT), standing()
    assert is_suspended("test-one", [TEXT], shut, NOW)
    assert not is_suspended("test-one", [TEXT], open_, NOW)
    assert not is_suspended("another", [TEXT], shut, NOW)
    before = TEXT.in_force_from.plus_s(-1.0)
    assert not is_suspended("test-one", [TEXT], shut, before)
    asked = {"standing": shut, "at": NOW}
    assert suspended_between([TEXT], "JPN", "KOR", **asked) == ("test-one",)
    assert suspended_between([TEXT], "KOR", "JPN", **asked) == ("test-one",)
    assert suspended_between([TEXT], "JPN", "USA", **asked) == ()
    assert suspended_between([TEXT], "JPN", "KOR", standing=open_, at=NOW) == ()


def test_if_restored_lifts_suspensions_and_nothing_else():
    """A notice, and what others did, stands as it stood."""
    shut = standing(act("notice", "JPN"), *SHUT)
    lifted = if_restored(shut)
    assert not is_suspended("test-one", [TEXT], lifted, NOW)
    kept = [one.act.act for view in lifted.views for one in view.acts]
    assert kept == ["notice"]
    assert if_restored(standing()) == standing()


def test_of_several_agreements_only_those_that_are_suspended_are_named():
    """Whoever has restored one has not restored the other."""
    beside = agreement(permit(1, Sender(("JPN", "KOR"))), name="beside")
    known = standing(
        act("suspend", "JPN", "beside"), act("suspend", "JPN"), act("restore", "JPN")
    )
    asked = {"standing": known, "at": NOW}
    assert suspended_between([TEXT, beside], "JPN", "KOR", **asked) == ("beside",)
