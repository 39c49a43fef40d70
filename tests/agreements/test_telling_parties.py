"""Whom an act is told to: the parties that it concerns, and by whom."""

import pytest
from msgspec.structs import replace

from beaconfire.agreements.entitled import parties_to_tell
from tests.agreements.agreements_made import act, agreement, approval, permit

FOUR = agreement(permit(1), name="tisa-2014", parties=("AUS", "JPN", "KOR", "USA"))


def test_an_act_on_the_agreement_is_told_to_every_other_party():
    """By its author and by whoever holds it, but to nobody who has it already."""
    suspends = act("suspend", "KOR", "tisa-2014")
    assert parties_to_tell(FOUR, suspends, by="KOR") == ("AUS", "JPN", "USA")
    assert parties_to_tell(FOUR, suspends, by="JPN") == ("AUS", "USA")


@pytest.mark.parametrize("name", ["approve", "revoke"])
def test_an_approval_and_its_end_are_told_to_recipient_and_relay(name):
    """Others than its author tell the relay alone, which acts on it."""
    leave = replace(approval("KOR", "JPN", "USA"), act=name)
    assert parties_to_tell(FOUR, leave, by="KOR") == ("JPN", "USA")
    assert parties_to_tell(FOUR, leave, by="AUS") == ("USA",)
    assert parties_to_tell(FOUR, leave, by="USA") == ()
