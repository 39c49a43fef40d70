"""Ways in the decision: several agreements between the same two parties."""

import pytest

from beaconfire.agreements.conditions import (
    Body,
    ClassificationAbove,
    Sender,
    TogetherWith,
)
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from tests.agreements.agreements_made import (
    STRANGE,
    act,
    agreement,
    ask,
    notice,
    permit,
    prohibit,
)

ALL_JPN = Sender(("JPN",))


class TestWays:
    """Several agreements between the same two parties."""

    def test_one_open_way_is_enough(self):
        """Each agreement is decided by itself; a refusal elsewhere is recorded."""
        shut = agreement(prohibit(1, ALL_JPN), name="shut")
        wide = agreement(permit(2, ALL_JPN), name="wide")
        decision = ask(notice(), shut, wide)

        assert isinstance(decision, Release)
        assert decision.agreements == ("wide",)
        assert [way.outcome for way in decision.considered] == ["refusal", "release"]

    @pytest.mark.parametrize("order", [1, -1])
    def test_of_several_ways_that_release_the_one_that_owes_least_is_used(self, order):
        """The partner is given most; what was considered tells of the others."""
        heavy = agreement(
            permit(1, ALL_JPN, owes=("signed-receipt", "re-mark")), name="heavy"
        )
        light = agreement(permit(1, ALL_JPN, owes=("signed-receipt",)), name="light")
        decision = ask(notice(), *(heavy, light)[::order])
        assert decision.agreements == ("light",)
        assert decision.obligations == ("signed-receipt",)

    def test_of_equal_ways_the_first_is_used(self):
        """The answer does not depend on anything but the texts and their order."""
        one, two = (agreement(permit(1, ALL_JPN), name=name) for name in ("one", "two"))
        assert ask(notice(), one, two).agreements == ("one",)
        assert ask(notice(), two, one).agreements == ("two",)

    def test_where_something_prohibits_mere_silence_is_not_a_ground(self):
        """In a refusal the agreements named are those that refuse."""
        silent = agreement(permit(1, Body(("Plots",))), name="silent")
        loud = agreement(prohibit(2, ALL_JPN), name="loud")
        decision = ask(notice(), silent, loud)
        assert decision.agreements == ("loud",)
        assert decision.articles == ("loud:2",)
        assert "silent" not in decision.reason
        assert decision.would_need == (
            "Plots instead of LaunchNotice",
            "sent by another party instead of JPN and "
            "an article of loud that permits it",
        )

    def test_of_two_agreements_on_one_way_both_must_permit(self):
        """A companion's refusal closes the way, whichever of the two it is."""
        asks = permit(1, TogetherWith(("two",)))
        one = agreement(asks, name="one")
        opened = agreement(permit(1, ALL_JPN, owes=("re-mark",)), name="two")
        both = ask(
            notice(), one, agreement(permit(1, TogetherWith(("one",))), name="two")
        )
        assert isinstance(both, Release)
        assert both.agreements == ("one", "two")
        assert both.articles == ("one:1", "two:1")

        for shut in (prohibit(2, ALL_JPN), prohibit(2, ClassificationAbove("SECRET"))):
            item = notice(marking=STRANGE)
            closed = agreement(permit(1, TogetherWith(("one",))), shut, name="two")
            refused = ask(item, one, closed)
            assert isinstance(refused, Refusal)
            assert refused.articles == ("two:2",)
        assert ask(notice(), one, opened).agreements == ("two",)

    def test_what_two_ways_share_is_told_once(self):
        """Two ways through one closed agreement are refused on one ground."""
        tisa = agreement(
            permit(1, TogetherWith(("one", "two"))),
            name="tisa-2014",
            parties=("JPN", "KOR", "USA"),
        )
        hops = [
            agreement(permit(1, TogetherWith(("tisa-2014",))), name=name)
            for name in ("one", "two")
        ]
        shut = act("suspend", "KOR", "tisa-2014")
        decision = ask(notice(), tisa, *hops, acts=[shut])
        assert len(decision.considered) == 2
        assert decision.agreements == ("tisa-2014",)
        assert decision.articles == ("tisa-2014:9(z)",)
        assert decision.acts == ("e1",)
        assert decision.reason.count("is suspended by KOR") == 1
        assert decision.would_need == ("tisa-2014 restored by KOR",)

    def test_what_both_agreements_of_a_way_need_is_told_once(self):
        """The same change would satisfy both."""
        plots_only = Body(("Plots",))
        one = agreement(permit(1, TogetherWith(("two",)), plots_only), name="one")
        two = agreement(permit(1, TogetherWith(("one",)), plots_only), name="two")
        assert ask(notice(), one, two).would_need == ("Plots instead of LaunchNotice",)

    def test_a_prohibition_by_company_names_the_company(self):
        """An agreement does not stand beside itself."""
        one = agreement(permit(1, TogetherWith(("two",))), name="one")
        two = agreement(
            permit(1, TogetherWith(("one",))),
            prohibit(2, TogetherWith(("one",))),
            name="two",
        )
        decision = ask(notice(), one, two)
        assert decision.reason == "two:2 forbids it: one decides beside two"
        assert decision.would_need == ("another agreement beside two on the same hop",)

    def test_a_companion_counts_only_where_it_binds_both_ends(self):
        """An agreement with somebody else protects nothing on this hop."""
        one = agreement(
            permit(1, TogetherWith(("two",))), name="one", parties=("JPN", "KOR", "USA")
        )
        two = agreement(permit(1, ALL_JPN), name="two", parties=("JPN", "USA"))
        assert isinstance(ask(notice(), one, two, to="KOR"), Refusal)
        open_to_usa = ask(notice(), one, two, to="USA")
        assert isinstance(open_to_usa, Release)
