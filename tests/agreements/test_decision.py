"""The rules of the decision, whatever the agreements say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.agreements.agreement import Effect
from beaconfire.agreements.conditions import (
    Body,
    ClassificationAbove,
    OriginatorIsSender,
    Recipient,
    Sender,
)
from beaconfire.agreements.question import Finding
from beaconfire.errors import BadInput
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from tests.agreements.agreements_made import (
    FINDS,
    NOW,
    STRANGE,
    agreement,
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
