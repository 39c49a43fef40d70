"""The rules of the decision, whatever the agreements say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.agreements.agreement import Effect
from beaconfire.agreements.answer import decide_release
from beaconfire.agreements.conditions import (
    ApprovalOfOriginator,
    Body,
    ClassificationAbove,
    ClassificationUpTo,
    Finding,
    OriginatorIsSender,
    Recipient,
    Sender,
    TogetherWith,
)
from beaconfire.agreements.standing import Standing
from beaconfire.errors import BadInput
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from tests.agreements.agreements_made import (
    FINDS,
    NOW,
    STRANGE,
    act,
    agreement,
    approval,
    articles,
    ask,
    found,
    many_articles,
    notice,
    permit,
    plots,
    prohibit,
)

ALL_JPN = Sender(("JPN",))
STRANGELY_MARKED = notice(marking=STRANGE)


def permitting(given_articles):
    """Those of ``given_articles`` that surely permit."""
    return [
        one
        for one in given_articles
        if one.effect is Effect.PERMIT and found(one) is Finding.MET
    ]


def prohibiting(given_articles):
    """Those of ``given_articles`` that prohibit, surely or in doubt."""
    return [
        one
        for one in given_articles
        if one.effect is Effect.PROHIBIT and found(one) is not Finding.NOT_MET
    ]


def cited(given_articles, under="test-one"):
    """The citations of ``given_articles``."""
    return tuple(f"{under}:{one.number}" for one in given_articles)


@given(many_articles)
def test_an_item_goes_exactly_when_one_permits_and_none_prohibits(given_articles):
    """Silence refuses, refusal wins, doubt refuses: for any text at all."""
    decision = ask(STRANGELY_MARKED, agreement(*given_articles))

    goes = bool(permitting(given_articles)) and not prohibiting(given_articles)
    assert isinstance(decision, Release) is goes
    assert isinstance(decision, Refusal) is not goes


@given(many_articles)
def test_the_grounds_are_complete_and_in_the_order_of_the_text(given_articles):
    """Every ground is cited, not whichever was first, and no other."""
    decision = ask(STRANGELY_MARKED, agreement(*given_articles))

    grounds = prohibiting(given_articles) or permitting(given_articles)
    assert decision.articles == cited(grounds)
    assert decision.agreements == (("test-one",) if grounds else ())


@given(many_articles, st.sampled_from([Finding.MET, Finding.UNKNOWN]), st.data())
def test_a_prohibition_refuses_wherever_it_stands(given_articles, finding, data):
    """Refusal wins and doubt refuses, at any position in the agreement."""
    place = data.draw(st.integers(0, len(given_articles)))
    among = [permit(0, FINDS[Finding.MET]), *given_articles]
    among.insert(place, prohibit("0a", FINDS[finding]))

    assert isinstance(ask(STRANGELY_MARKED, agreement(*among)), Refusal)


@given(st.lists(articles(Effect.PERMIT), max_size=4))
def test_a_release_owes_everything_its_articles_require(given_articles):
    """Obligations accumulate: no permitting article cancels another's requirement."""
    sure = permit("0", FINDS[Finding.MET], owes=("signed-receipt",))
    decision = ask(STRANGELY_MARKED, agreement(sure, *given_articles))

    owed = {o for one in permitting([sure, *given_articles]) for o in one.obligations}
    assert isinstance(decision, Release)
    assert set(decision.obligations) == owed
    assert len(decision.obligations) == len(owed)


@given(articles(Effect.PERMIT))
def test_a_permission_in_doubt_permits_nothing(article):
    """A permission that cannot be evaluated is taken not to apply."""
    doubtful = permit(article.number, *article.when, FINDS[Finding.UNKNOWN])
    assert isinstance(ask(STRANGELY_MARKED, agreement(doubtful)), Refusal)


def test_silence_names_the_nearest_article_and_what_it_would_take():
    """A refusal by silence tells what a person would have to look up."""
    far = permit(1, Body(("Retraction",)), Sender(("KOR",)))
    near = permit(2, ALL_JPN, Body(("LaunchNotice", "TrackProduct")))
    decision = ask(plots(), agreement(far, near))

    assert decision.articles == ()
    assert decision.agreements == ()
    assert decision.reason == (
        "no article of test-one permits it; test-one:2 would, for "
        "LaunchNotice or TrackProduct instead of Plots"
    )
    assert decision.would_need == ("LaunchNotice or TrackProduct instead of Plots",)


def test_an_article_about_other_peoples_items_is_never_the_nearest():
    """Whose item it is cannot change, so such an article is no advice."""
    others = permit(1, OriginatorIsSender(value=False), Body(("Plots",)))
    own = permit(2, Body(("Plots",)), Sender(("KOR",)), Recipient(("JPN",)))
    decision = ask(notice(), agreement(others, own))
    assert "test-one:2 would" in decision.reason


def test_an_agreement_that_permits_nothing_says_so():
    """A text without a permission is silent, and the sentence says no more."""
    decision = ask(notice(), agreement())
    assert decision.reason == "no article of test-one permits it"
    assert decision.would_need == ("an article of test-one that permits it",)


def test_a_prohibition_tells_what_it_saw_and_what_would_lift_it():
    """The sentence stands before an officer: it names article, fact and remedy."""
    text = agreement(permit(1, ALL_JPN), prohibit(2, ClassificationAbove("SECRET")))
    decision = ask(notice(marking="TOP SECRET"), text)

    assert decision.reason == (
        "test-one:2 forbids it: the marking `TOP SECRET` of JPN is TOP SECRET"
    )
    assert decision.would_need == ("a marking that test-one knows, up to SECRET",)


def test_a_prohibited_item_that_nothing_permits_needs_both_mended():
    """What would have to change is the whole of it."""
    text = agreement(permit(1, Body(("Plots",))), prohibit(2, ALL_JPN))
    assert ask(notice(), text).would_need == (
        "sent by another party instead of JPN and Plots instead of LaunchNotice",
    )


def test_a_party_does_not_send_to_itself():
    """A routing mistake must not look like a refusal in the journal."""
    with pytest.raises(BadInput, match="`JPN` would send to itself"):
        ask(notice(), agreement(permit(1, ALL_JPN)), to="JPN")


def test_without_an_agreement_between_them_nothing_goes():
    """No text, no way: the refusal names neither agreement nor article."""
    decision = ask(notice(), agreement(permit(1, ALL_JPN)), to="USA")
    assert isinstance(decision, Refusal)
    assert (decision.agreements, decision.articles) == ((), ())
    assert decision.reason == "no agreement binds both JPN and USA"
    assert decision.would_need == ("an agreement between JPN and USA",)
    assert decision.considered == ()


def test_an_item_goes_to_the_last_instant_of_its_validity_and_no_further():
    """What is stale warns nobody."""
    text, item = agreement(permit(1, ALL_JPN)), notice()
    assert isinstance(ask(item, text, at=item.valid_until), Release)

    late = ask(item, text, at=item.valid_until.plus_s(1e-9))
    assert isinstance(late, Refusal)
    assert late.reason == f"the item's validity ended at {item.valid_until}"
    assert late.would_need == ("an item that is still valid",)


def test_no_text_widens_the_originators_label():
    """``releasable_to`` is the originator's own word, and comes first."""
    text = agreement(permit(1, ALL_JPN))
    assert isinstance(ask(notice(releasable_to=("KOR", "USA")), text), Release)

    decision = ask(notice(releasable_to=("USA",)), text)
    assert isinstance(decision, Refusal)
    assert decision.reason == "the item's label makes it releasable to USA only"
    assert decision.would_need == ("a label by JPN that names KOR",)


def test_a_release_says_all_that_a_partner_and_an_auditor_may_ask():
    """Every field of a release, on a plain case."""
    text = agreement(permit(3, ALL_JPN, owes=("signed-receipt",)))
    assert ask(notice(), text) == Release(
        item="item-1",
        form="notice",
        originator="JPN",
        to="KOR",
        via=None,
        at=NOW,
        agreements=("test-one",),
        articles=("test-one:3",),
        acts=(),
        approval=None,
        obligations=("signed-receipt",),
        marking=None,
        reason="permitted by test-one:3",
        considered=ask(notice(), text).considered,
    )
    (way,) = ask(notice(), text).considered
    assert (way.agreements, way.outcome, way.articles, way.acts, way.reason) == (
        ("test-one",),
        "release",
        ("test-one:3",),
        (),
        "permitted by test-one:3",
    )


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


class TestSuspension:
    """The state of an agreement decides every send."""

    TEXT = agreement(permit(1, Sender(("JPN", "KOR"))))

    @pytest.mark.parametrize("by", ["JPN", "KOR"])
    @pytest.mark.parametrize(("sender", "to"), [("JPN", "KOR"), ("KOR", "JPN")])
    def test_either_partys_suspension_closes_both_directions(self, by, sender, to):
        """If either party's view is *suspended*, nothing leaves, either way."""
        decision = ask(notice(sender), self.TEXT, to=to, acts=[act("suspend", by)])
        assert isinstance(decision, Refusal)
        assert decision.agreements == ("test-one",)
        assert decision.articles == ("test-one:9(z)",)
        assert decision.acts == ("e1",)
        assert decision.would_need == (f"test-one restored by {by}",)
        assert decision.considered[0].acts == ("e1",)

    def test_a_refusal_by_status_names_article_and_act_in_its_sentence(self):
        """The officer reads who did it, when, and by which entry."""
        decision = ask(notice(), self.TEXT, acts=[act("suspend", "KOR")])
        assert decision.reason == (
            f"test-one:9(z) forbids it: test-one is suspended by KOR since {NOW} "
            "(act `e1`)"
        )

    def test_only_both_restorations_open_what_both_suspended(self):
        """Each party's own view is kept; one cannot restore for the other."""
        shut = [act("suspend", "JPN"), act("suspend", "KOR")]
        half = ask(notice(), self.TEXT, acts=[*shut, act("restore", "JPN")])
        assert half.acts == ("e2",)
        assert half.would_need == ("test-one restored by KOR",)

        again = [*shut, act("restore", "JPN"), act("restore", "KOR")]
        whole = ask(notice(), self.TEXT, acts=again)
        assert isinstance(whole, Release)
        assert whole.acts == ("e3", "e4")

    def test_before_its_beginning_an_agreement_releases_nothing(self):
        """The instant of the send counts, to the nanosecond."""
        item = notice()
        begin = self.TEXT.in_force_from
        assert isinstance(ask(item, self.TEXT, at=begin), Release)
        early = ask(item, self.TEXT, at=begin.plus_s(-1e-9))
        assert isinstance(early, Refusal)
        assert early.articles == ("test-one:9(z)",)
        assert early.would_need == (f"a send at or after {begin}",)

    def test_the_act_is_cited_also_where_other_articles_prohibit(self):
        """All grounds, the status among them."""
        text = agreement(permit(1, ALL_JPN), prohibit(2, ALL_JPN))
        decision = ask(notice(), text, acts=[act("suspend", "KOR")])
        assert decision.articles == ("test-one:2", "test-one:9(z)")
        assert decision.acts == ("e1",)

    def test_a_prohibition_other_than_status_cites_no_act(self):
        """An act is a ground only where the status article is."""
        text = agreement(permit(1, ALL_JPN), prohibit(2, ALL_JPN))
        restored = [act("suspend", "KOR"), act("restore", "KOR")]
        assert ask(notice(), text, acts=restored).acts == ()


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


class TestOneAgreement:
    """What one agreement says by itself."""

    def answer(self, *articles, item=None, sender="JPN", parties=("JPN", "KOR")):
        """Ask one agreement about an item to KOR."""
        return decide_release(
            item or notice(),
            sender=sender,
            to="KOR",
            under=agreement(*articles, parties=parties),
            at=NOW,
            standing=Standing(),
        )

    def test_a_permission_lists_each_obligation_once_in_the_order_of_the_text(self):
        """Two articles that ask for the same ask for it once."""
        answer = self.answer(
            permit(1, ALL_JPN, owes=("re-mark", "signed-receipt")),
            permit(2, ALL_JPN, owes=("signed-receipt", "mark-on-receipt")),
        )
        assert answer.obligations == ("re-mark", "signed-receipt", "mark-on-receipt")
        assert [article.number for article in answer.relied_on] == ["1", "2"]

    def test_an_objection_tells_each_need_once(self):
        """What lifts the prohibition and what permits may be one and the same."""
        answer = self.answer(
            permit(1, ApprovalOfOriginator(value=True)),
            prohibit(2, ApprovalOfOriginator(value=False)),
            item=notice("USA"),
            parties=("JPN", "KOR", "USA"),
        )
        assert answer.needs == ("approval by USA for KOR via JPN under test-one",)
        assert answer.acts == ()

    @pytest.mark.parametrize("sender", ["JPN", "USA"])
    def test_an_agreement_is_not_asked_about_strangers(self, sender):
        """A routing mistake must not look like a refusal in the journal."""
        with pytest.raises(BadInput, match="is no party to test-one"):
            self.answer(permit(1, ALL_JPN), sender=sender, parties=("USA", "PRK"))
