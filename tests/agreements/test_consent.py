"""Consent: what was asked about waits, goes as far as consented, and stops with it."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from beaconfire.agreements.conditions import Body, WithConsentOf
from beaconfire.agreements.consent import consents_to
from beaconfire.agreements.decision import decide
from beaconfire.agreements.lapse import still_stands
from beaconfire.seals.consultations import statement_id
from beaconfire.vocabulary.consultations import (
    Conditions,
    OnwardReleaseOf,
    ReleaseOf,
)
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from tests.agreements.agreements_made import (
    NOW,
    act,
    agreement,
    notice,
    permit,
    plots,
    retraction,
)
from tests.agreements.consultations_made import (
    ASKING,
    FREE,
    PARTIES,
    SPEECH,
    answer,
    ask,
    closed,
    decided,
    heard,
    said,
    withdrawal,
)

Q = ask()
ID = statement_id(Q)
CITED = f"consultation `{ID}`"


def test_an_article_that_asks_for_consent_names_whom_to_consult():
    """Nobody was asked: refused, and what it would need is the consultation."""
    decision = decided(notice())
    assert isinstance(decision, Refusal)
    assert decision.articles == ("test-one:5",)
    assert decision.reason == "test-one:5 needs consent: KOR was not consulted"
    assert decision.would_need == ("a consultation of KOR, and its consent",)


def test_while_the_question_is_open_the_decision_is_to_wait():
    """Consultation, party and deadline are told; the article is the one that would."""
    decision = decided(notice(), Q)
    assert isinstance(decision, Deferral)
    assert decision.consultations == (ID,)
    assert decision.articles == ("test-one:5",)
    assert decision.reason == (
        f"waiting: consultation `{ID}` with KOR waits for an answer until "
        f"{Q.deadline}, silence means no"
    )
    assert isinstance(decided(notice(), Q, may_wait=False), Refusal)


def test_nothing_waits_for_a_consent_that_could_open_nothing():
    """An item that is refused anyway is refused now."""
    assert isinstance(decided(plots(), Q), Refusal)
    assert isinstance(decided(notice(), ask(agreement="another")), Refusal)
    other = ask(about=ReleaseOf(item_class="Plots", to=("USA",)))
    assert isinstance(decided(notice(), other), Refusal)
    suspended = decide(
        notice(),
        sender="JPN",
        to="USA",
        at=NOW,
        agreements=(ASKING,),
        standing=said(Q).after("e1", act("suspend", "KOR"), NOW),
    )
    assert isinstance(suspended, Refusal)


def test_a_consent_releases_and_the_release_rests_on_it():
    """The consultation is named, its entries cited."""
    consent = answer(Q, "consent")
    decision = decided(notice(), Q, consent)
    assert isinstance(decision, Release)
    assert decision.consents == (ID,)
    assert decision.acts == (ID, statement_id(consent))


def test_an_objection_is_cited_with_its_instant():
    """Refused: who objected, when, by which entry, under which article."""
    no = answer(Q, "object")
    decision = decided(notice(), Q, no)
    assert isinstance(decision, Refusal)
    assert decision.articles == ("test-one:5",)
    assert decision.acts == (ID, statement_id(no))
    assert f"KOR objected at {NOW.plus_s(1.0)}" in decision.reason
    assert decision.would_need == ("a new consultation of KOR, and its consent",)


def test_a_new_question_after_an_objection_waits_and_may_be_consented_to():
    """An objection outweighs what is older, and only that."""
    second = ask(reason="asked again")
    refused = (Q, answer(Q, "object"))
    assert isinstance(decided(notice(), *refused, second), Deferral)
    consented = (*refused, second, answer(second, "consent"))
    assert isinstance(decided(notice(), *consented), Release)
    before = (Q, answer(Q, "consent"), second, answer(second, "object"))
    assert isinstance(decided(notice(), *before), Refusal)
    taken_back = (*refused, second, withdrawal(second, "JPN"))
    assert isinstance(decided(notice(), *taken_back), Refusal)


def test_who_has_asked_waits_also_where_no_article_says_so():
    """Until it is answered, or the question is taken back."""
    assert isinstance(decided(notice(), under=FREE), Release)
    assert isinstance(decided(notice(), Q, under=FREE), Deferral)
    assert isinstance(decided(plots(), Q, under=FREE), Release)
    objected = decided(notice(), Q, answer(Q, "object"), under=FREE)
    assert isinstance(objected, Refusal)
    assert objected.articles == ("test-one:5",)
    back = decided(notice(), Q, withdrawal(Q, "JPN"), under=FREE)
    assert isinstance(back, Release)
    assert back.consents == ()


def test_of_several_that_were_asked_only_who_withholds_is_told():
    """A consent that stands is no ground; nor is an article that lacks more."""
    second = ask(affected="USA")
    decision = decided(notice(), Q, answer(Q, "consent"), second, may_wait=False)
    assert isinstance(decision, Refusal)
    assert decision.reason.startswith("test-one:5 needs consent: consultation")
    assert "with USA waits for an answer" in decision.reason
    assert "KOR" not in decision.reason
    assert decision.would_need == (
        f"consent of USA to consultation `{statement_id(second)}`",
    )


def test_what_waits_names_the_questions_that_are_open_and_no_others():
    """A consent that stands keeps nobody waiting."""
    second = ask(affected="USA")
    decision = decided(notice(), Q, answer(Q, "consent"), second)
    assert isinstance(decision, Deferral)
    assert decision.consultations == (statement_id(second),)
    assert "KOR" not in decision.reason


def test_an_article_that_lacks_more_than_consent_is_merely_silent():
    """Whoever consented would open nothing."""
    decision = decided(plots(), Q, under=ASKING)
    assert decision.articles == ()
    assert "no article of test-one permits it" in decision.reason
    open_beside = agreement(
        permit(5, Body(("LaunchNotice",))),
        permit(6, Body(("Plots",)), WithConsentOf(("KOR",))),
        parties=PARTIES,
    )
    waiting = decided(notice(), Q, under=open_beside, may_wait=False)
    assert waiting.articles == ("test-one:5",)
    assert waiting.would_need == (f"consent of KOR to consultation `{ID}`",)


def test_a_consent_goes_only_as_far_as_its_conditions():
    """Recipients, classes and the end are looked at; each refusal says which."""
    both = ask(about=ReleaseOf(item_class="launch-warning", to=("KOR", "USA")))

    def on(**conditions):
        told = Conditions(**conditions)
        return both, answer(both, "consent-on-conditions", conditions=told)

    assert isinstance(decided(notice(), *on(recipients=("USA",))), Release)
    other = decided(notice(), *on(recipients=("KOR",)))
    assert "KOR consents for KOR only" in other.reason
    assert isinstance(decided(retraction(), *on(classes=("launch-warning",))), Release)
    narrow = decided(retraction(), *on(classes=("LaunchNotice",)))
    assert "KOR consents to LaunchNotice only" in narrow.reason
    end = NOW.plus_s(1000.0)
    assert isinstance(decided(notice(), *on(until=end), at=end), Release)
    after = decided(notice(), *on(until=end), at=end.plus_s(1.0))
    assert f"the consent of KOR ended at {end}" in after.reason
    further = decided(notice(), *on(no_further=True))
    assert further.obligations == ("no-further",)
    assert decided(notice(), *on(recipients=("USA",))).obligations == ()


def test_a_consultation_bears_only_on_what_it_is_about():
    """Another asker, recipient, originator or kind of act waits for nobody."""
    onward = OnwardReleaseOf(item_class="LaunchNotice", originator="KOR", to=("USA",))
    for other in (
        ask(about=ReleaseOf(item_class="LaunchNotice", to=("KOR",))),
        ask(about=onward),
        ask(about=SPEECH),
        ask(party="USA"),
    ):
        assert isinstance(decided(notice(), other, under=FREE), Release)


def test_a_release_lapses_with_the_consent_that_it_rests_on():
    """Withdrawn, ended or forgotten: what was released does not leave any more."""
    until = Conditions(until=NOW.plus_s(100.0))
    consent = answer(Q, "consent-on-conditions", conditions=until)
    release = decided(notice(), Q, consent)
    assert isinstance(release, Release)

    def lapse(*bodies, at=NOW):
        return still_stands(
            release, agreements=(ASKING,), standing=said(*bodies), at=at
        )

    assert lapse(Q, consent) is None
    taken = lapse(Q, consent, withdrawal(Q))
    assert taken.act == statement_id(withdrawal(Q))
    assert "KOR withdrew its consent at" in taken.reason
    assert lapse(Q, consent, at=NOW.plus_s(100.0)) is None
    assert "ended at" in lapse(Q, consent, at=NOW.plus_s(101.0)).reason
    assert "not known any more" in lapse().reason
    assert lapse(Q, answer(Q, "consent"), at=NOW.plus_s(9e6)) is None


def test_a_lapse_names_the_agreement_that_the_consent_was_asked_under():
    """On a hop that needs two agreements it need not be the first of them."""
    release = decided(notice(), Q, answer(Q, "consent"))
    beside = agreement(
        permit(1, Body(("LaunchNotice",))), name="other", parties=PARTIES
    )
    on_both = replace(release, agreements=("other", "test-one"))
    taken = still_stands(
        on_both,
        agreements=(beside, ASKING),
        standing=said(Q, answer(Q, "consent"), withdrawal(Q)),
        at=NOW,
    )
    assert taken.agreement == "test-one"


def test_of_several_that_help_alike_the_newest_counts():
    """Two consents, two silences: what was said last is what is told."""
    second = ask(reason="asked again")
    consents = (Q, answer(Q, "consent"), second, answer(second, "consent"))
    assert decided(notice(), *consents).consents == (statement_id(second),)
    silent = (Q, closed(Q), second, closed(second))
    assert statement_id(second) in decided(notice(), *silent).reason


def test_what_helps_less_does_not_stand_before_what_helps_more():
    """A new question, or a narrow consent, takes nothing from a consent that covers."""
    second = ask(reason="asked again")
    consented = (Q, answer(Q, "consent"))
    assert decided(notice(), *consented, second).consents == (ID,)
    narrow = Conditions(recipients=("KOR",))
    less = answer(second, "consent-on-conditions", conditions=narrow)
    assert decided(notice(), *consented, second, less).consents == (ID,)
    waits = ask(reason="asked a third time")
    deferred = decided(notice(), waits, second, less)
    assert deferred.consultations == (statement_id(waits),)


def bearing(*bodies, item=None, sender="JPN", at=NOW):
    """What the one party that was asked says of an item to USA, or nothing."""
    known = said(*bodies).consultations
    found = consents_to(
        known, "test-one", item=item or notice(), sender=sender, to="USA", at=at
    )
    return found[0] if found else None


def test_what_bears_is_told_with_the_entries_that_it_rests_on():
    """An open question is one entry, an answered one two; both say where they stand."""
    yes = answer(Q, "consent")
    assert bearing(Q).acts == (ID,)
    assert bearing(Q, yes).acts == (ID, statement_id(yes))
    assert bearing(Q, yes).note == f"KOR consented at {NOW.plus_s(1.0)} ({CITED})"
    assert (bearing(Q).stands, bearing(Q, yes).stands) == (False, True)


def test_an_open_question_stands_before_one_that_has_ended():
    """Whichever is newer: it is what may still help."""
    other = ask(reason="asked again")
    ended = (other, closed(other))
    assert bearing(Q, *ended).consultation == ID
    assert bearing(*ended, Q).consultation == ID
    assert bearing(*ended).consultation == statement_id(other)


def test_a_consent_to_several_classes_covers_each_of_them():
    """One of them is enough; the others are about other items."""
    told = Conditions(classes=("Plots", "LaunchNotice"))
    some = answer(Q, "consent-on-conditions", conditions=told)
    assert bearing(Q, some).stands


def test_an_onward_release_is_of_the_originator_that_it_names():
    """Of nobody else's items, and not of the asker's own."""
    onward = ask(
        about=OnwardReleaseOf(item_class="LaunchNotice", originator="USA", to=("USA",))
    )
    assert bearing(onward, item=notice(originator="USA")).consultation
    assert bearing(onward, item=notice()) is None
    assert bearing(Q, item=notice(originator="USA")) is None


def test_nothing_waits_where_another_has_objected():
    """If every open question had consent, that one would still say no."""
    other = ask(affected="USA")
    decision = decided(notice(), Q, answer(Q, "object"), other, under=FREE)
    assert isinstance(decision, Refusal)


_said = st.sampled_from(
    [
        *(
            answer(Q, reply)
            for reply in ("consent", "consent-on-conditions", "object", "more-time")
        ),
        withdrawal(Q, "KOR"),
        withdrawal(Q, "JPN"),
        heard(Q),
        closed(Q),
    ]
)


@given(st.lists(_said, max_size=6))
def test_whatever_was_said_nothing_goes_without_a_standing_consent(bodies):
    """A release names a consultation that consents; all else waits or is refused."""
    (held,) = said(Q, *bodies).consultations.held
    decision = decided(notice(), Q, *bodies)
    assert isinstance(decision, Release) is held.consented
    assert isinstance(decision, Deferral) is held.waits
    if isinstance(decision, Release):
        assert decision.consents == (ID,)
