"""The decision on a relay: the third-party rule, approvals and markings."""

import pytest

from beaconfire.agreements.conditions import (
    ApprovalOfOriginator,
    ClassificationAbove,
    ClassificationUpTo,
    OriginatorIsSender,
    Recipient,
    Sender,
    TogetherWith,
)
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from tests.agreements.agreements_made import (
    NOW,
    STRANGE,
    act,
    agreement,
    approval,
    ask,
    notice,
    permit,
    prohibit,
)


class TestPassingOn:
    """Nobody passes on another's item without that originator's approval."""

    RELAY = agreement(
        permit(
            1,
            OriginatorIsSender(value=False),
            ApprovalOfOriginator(value=True),
            ClassificationUpTo("SECRET"),
        ),
        name="tisa-2014",
        parties=("JPN", "KOR", "USA"),
    )

    def relay(self, *acts, text=RELAY, item=None, **asked):
        """USA asks whether KOR's notice may go to JPN."""
        item = item or notice("KOR", marking="군사II급비밀")
        return ask(item, text, sender="USA", to="JPN", acts=acts, **asked)

    def test_an_approved_item_goes_marked_anew_with_the_original_kept(self):
        """The relay adds its own equivalent outside; the inner item is unchanged."""
        decision = self.relay(approval())
        assert isinstance(decision, Release)
        assert (decision.originator, decision.via, decision.to) == ("KOR", "USA", "JPN")
        assert decision.approval == "e1"
        assert decision.marking is not None
        assert decision.marking.classification == "군사II급비밀"
        assert decision.marking.original == "군사II급비밀"
        (mark,) = decision.marking.equivalents
        assert (mark.party, mark.marking) == ("USA", "SECRET")

    def test_an_own_item_has_neither_approval_nor_marking(self):
        """What a relay adds stands on a relay, and only there."""
        own = permit(1, OriginatorIsSender(value=True))
        text = agreement(own, name="tisa-2014", parties=("JPN", "KOR", "USA"))
        decision = ask(notice("KOR"), text, to="USA", acts=[approval()])
        assert isinstance(decision, Release)
        assert (decision.via, decision.approval, decision.marking) == (None, None, None)

    def test_without_an_approval_the_refusal_says_whose_is_needed(self):
        """What would have to change, in words."""
        decision = self.relay()
        assert isinstance(decision, Refusal)
        assert decision.via == "USA"
        need = "approval by KOR for JPN via USA under tisa-2014"
        assert decision.would_need == (need,)
        assert decision.reason == (
            f"no article of tisa-2014 permits it; tisa-2014:1 would, for {need}"
        )

    @pytest.mark.parametrize(
        "flawed",
        [
            approval(expires_s=-1),
            approval(expires_s=None),
            approval(to="USA", via="JPN"),
            approval(to="PRK"),
            approval(via="JPN"),
            approval(by="JPN"),
            approval(under="test-one"),
            approval(item_class="Plots"),
            approval(item_class=None),
            approval(item_class=None, item="item-2"),
            approval(item="item-2"),
            approval(issued=NOW.plus_s(3)),
        ],
    )
    def test_an_approval_for_anything_else_is_none(self, flawed):
        """Expired, endless, for another way, item, class or text: it does not count."""
        assert isinstance(self.relay(flawed), Refusal)

    @pytest.mark.parametrize(
        "covering",
        [
            approval(),
            approval(expires_s=0),
            approval(item_class="LaunchNotice"),
            approval(item_class=None, item="item-1"),
            approval(item="item-1"),
            approval(issued=None),
            approval(issued=NOW.plus_s(2)),
        ],
    )
    def test_an_approval_standing_or_for_the_item_covers_it(self, covering):
        """By class or per item, until its last instant."""
        assert isinstance(self.relay(covering), Release)

    def test_an_expired_approval_is_told_as_the_reason(self):
        """The officer must not look for an approval that lies before him."""
        text = agreement(
            permit(1, Sender(("USA",))),
            prohibit(2, ApprovalOfOriginator(value=False)),
            name="tisa-2014",
            parties=("JPN", "KOR", "USA"),
        )
        decision = self.relay(approval(expires_s=-1), text=text)
        assert decision.reason == (
            "tisa-2014:2 forbids it: KOR's approval for JPN via USA (act `e1`) does "
            f"not cover it: it expired at {NOW.plus_s(-1)}"
        )

    def test_a_text_that_forgets_the_approval_does_not_make_it_unneeded(self):
        """The third-party rule holds by construction, not by a text's good memory."""
        careless = agreement(
            permit(1, Sender(("USA",))), name="tisa-2014", parties=("JPN", "KOR", "USA")
        )
        decision = self.relay(text=careless)
        assert isinstance(decision, Refusal)
        assert decision.reason == "USA may not pass on KOR's item without its approval"
        assert decision.would_need == (
            "approval by KOR for JPN via USA under tisa-2014",
        )
        assert isinstance(self.relay(approval(), text=careless), Release)

    def test_without_an_equivalent_marking_nothing_is_passed_on(self):
        """A relay that cannot mark it anew keeps it."""
        levels = {
            "KOR": {"군사II급비밀": "SECRET"},
            "USA": {"CONFIDENTIAL": "CONFIDENTIAL"},
        }
        careless = agreement(
            permit(1, Sender(("USA",))),
            name="tisa-2014",
            parties=("JPN", "KOR", "USA"),
            levels=levels,
        )
        decision = self.relay(approval(), text=careless)
        assert decision.reason == (
            "USA has no equivalent of KOR's marking `군사II급비밀`"
        )
        assert decision.would_need == ("a marking of USA for it under tisa-2014",)

    def test_an_agreement_without_the_originator_reads_the_relays_marking(self):
        """The second hop's bilateral knows the level by what the relay marked."""
        hop = agreement(
            permit(1, TogetherWith(("tisa-2014",)), ClassificationUpTo("SECRET")),
            name="hop",
            parties=("JPN", "USA"),
        )
        tisa = agreement(
            permit(1, ApprovalOfOriginator(value=True), TogetherWith(("hop",))),
            name="tisa-2014",
            parties=("JPN", "KOR", "USA"),
        )
        item = notice("KOR", marking="군사II급비밀")
        decision = ask(item, hop, tisa, sender="USA", to="JPN", acts=[approval()])
        assert isinstance(decision, Release)
        assert decision.agreements == ("tisa-2014", "hop")
        strange = notice("KOR", marking=STRANGE)
        assert isinstance(
            ask(strange, hop, tisa, sender="USA", to="JPN", acts=[approval()]), Refusal
        )

    def test_the_approval_may_stand_under_either_agreement_of_the_way(self):
        """And the relay's marking may come from either: the first that knows."""
        blind = agreement(
            permit(1, TogetherWith(("two",))),
            name="one",
            parties=("JPN", "KOR", "USA"),
            levels={"USA": {"SECRET": "SECRET"}},
        )
        knows = agreement(
            permit(1, ApprovalOfOriginator(value=True)),
            name="two",
            parties=("JPN", "KOR", "USA"),
        )
        item = notice("KOR", marking="군사III급비밀")
        given = [approval(under="two")]
        decision = ask(item, blind, knows, sender="USA", to="JPN", acts=given)
        assert isinstance(decision, Release)
        pair = decision.considered[1]
        assert (pair.agreements, pair.outcome) == (("one", "two"), "release")
        assert decision.approval == "e1"
        only_pair = agreement(
            permit(1, ApprovalOfOriginator(value=True), TogetherWith(("one",))),
            name="two",
            parties=("JPN", "KOR", "USA"),
        )
        decision = ask(item, blind, only_pair, sender="USA", to="JPN", acts=given)
        assert isinstance(decision, Release)
        assert decision.agreements == ("one", "two")
        assert decision.approval == "e1"
        assert [m.marking for m in decision.marking.equivalents] == ["CONFIDENTIAL"]

    def test_an_agreement_with_the_originator_reads_the_original_marking(self):
        """What the relay marks never hides what the originator marked."""
        trio = ("JPN", "KOR", "USA")
        lower = {
            "KOR": {"군사II급비밀": "CONFIDENTIAL"},
            "USA": {"LOW": "CONFIDENTIAL"},
        }
        one = agreement(
            permit(1, ApprovalOfOriginator(value=True), TogetherWith(("two",))),
            name="one",
            parties=trio,
            levels=lower,
        )
        two = agreement(
            permit(1, TogetherWith(("one",))),
            prohibit(2, ClassificationAbove("CONFIDENTIAL")),
            name="two",
            parties=trio,
            levels={"KOR": {"군사II급비밀": "SECRET"}, "USA": {"LOW": "CONFIDENTIAL"}},
        )
        item = notice("KOR", marking="군사II급비밀")
        asked = {"sender": "USA", "to": "JPN", "acts": [approval(under="one")]}
        decision = ask(item, one, two, **asked)
        assert decision.articles == ("two:2",)
        assert "the marking `군사II급비밀` of KOR is SECRET" in decision.reason

    def test_a_marking_that_nobody_knows_is_told_as_the_originators(self):
        """Where no equivalent is found, the sentence names what stands on the item."""
        hop = agreement(
            permit(1, TogetherWith(("tisa-2014",))),
            prohibit(2, ClassificationAbove("SECRET")),
            name="hop",
            parties=("JPN", "USA"),
        )
        tisa = agreement(
            permit(1, ApprovalOfOriginator(value=True), TogetherWith(("hop",))),
            name="tisa-2014",
            parties=("JPN", "KOR", "USA"),
        )
        item = notice("KOR", marking=STRANGE)
        decision = ask(item, hop, tisa, sender="USA", to="JPN", acts=[approval()])
        assert decision.articles == ("hop:2",)
        assert decision.reason == (
            f"hop:2 forbids it: hop does not know the marking `{STRANGE}` of KOR"
        )

    def test_who_sends_its_own_item_approves_of_it(self):
        """A rule about approvals that forgets whose item it is spares one's own."""
        text = agreement(
            permit(1, ApprovalOfOriginator(value=True)),
            prohibit(2, ApprovalOfOriginator(value=False)),
        )
        decision = ask(notice(), text)
        assert isinstance(decision, Release)
        assert decision.approval is None
        refused = ask(
            notice(), agreement(prohibit(1, ApprovalOfOriginator(value=True)))
        )
        assert refused.reason == "test-one:1 forbids it: the item is JPN's own"

    def test_nothing_goes_back_to_its_originator(self):
        """Its own item tells the originator nothing and would count twice."""
        decision = ask(notice("KOR"), self.RELAY, sender="USA", to="KOR")
        assert isinstance(decision, Refusal)
        assert decision.reason == "the item is KOR's own"

    @pytest.mark.parametrize("acts", [(), (act("suspend", "KOR", "held"),)])
    def test_what_was_promised_on_receipt_binds_on_every_way(self, acts):
        """The end of an agreement never lifts the rules for what was received."""
        held = agreement(
            prohibit(
                "6(a)",
                OriginatorIsSender(value=False),
                ApprovalOfOriginator(value=False),
            ),
            name="held",
            parties=("KOR", "USA"),
        )
        item = notice("KOR")
        asked = {"sender": "USA", "to": "JPN"}
        open_way = ask(item, self.RELAY, acts=[approval()], **asked)
        assert isinstance(open_way, Release)

        decision = ask(item, self.RELAY, held, acts=[approval(), *acts], **asked)
        assert isinstance(decision, Refusal)
        assert decision.articles == ("held:6(a)",)
        assert decision.acts == ()
        assert decision.would_need == ("approval by KOR for JPN via USA under held",)

        lifted = [approval(), *acts, approval(under="held")]
        assert isinstance(ask(item, self.RELAY, held, acts=lifted, **asked), Release)

    def test_other_rules_of_the_held_agreement_are_about_another_hop(self):
        """Only its third-party articles follow the item; its silence does not."""
        held = agreement(
            prohibit(1, Recipient(("KOR", "USA"))),
            prohibit(2, Sender(("USA",))),
            permit(3, OriginatorIsSender(value=False), Sender(("USA",))),
            name="held",
            parties=("KOR", "USA"),
        )
        item = notice("KOR")
        decision = ask(
            item, self.RELAY, held, sender="USA", to="JPN", acts=[approval()]
        )
        assert isinstance(decision, Release)

    def test_a_promise_without_exception_is_told_as_it_is(self):
        """Where no approval could lift it, only another item would go."""
        held = agreement(
            prohibit("6(a)", OriginatorIsSender(value=False)),
            name="held",
            parties=("KOR", "USA"),
        )
        item = notice("KOR")
        decision = ask(
            item, self.RELAY, held, sender="USA", to="JPN", acts=[approval()]
        )
        assert decision.articles == ("held:6(a)",)
        assert decision.would_need == ("an item of USA's own",)

    def test_a_promise_between_others_does_not_bind_the_sender(self):
        """An agreement counts as held only if it binds sender and originator."""
        others = agreement(
            prohibit("6(a)", OriginatorIsSender(value=False)),
            name="others",
            parties=("JPN", "KOR"),
        )
        item = notice("KOR")
        decision = ask(
            item, self.RELAY, others, sender="USA", to="JPN", acts=[approval()]
        )
        assert isinstance(decision, Release)
