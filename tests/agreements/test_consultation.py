"""Consultation: a question waits, is answered, ends; and nothing brings it back."""

from hypothesis import given
from hypothesis import strategies as st

from beaconfire.agreements.consultation import (
    ENDED_KEPT_MAX,
    MOVES,
    Asked,
    Consented,
    ConsentedBySilence,
    ConsentedOnConditions,
    ConsentEnded,
    ConsentWithdrawn,
    Heard,
    MoreTime,
    Objected,
    QuestionWithdrawn,
    RefusedBySilence,
    Standing,
    Waiting,
    after,
    closings,
    doubting,
    due,
    told,
)
from beaconfire.agreements.consulting_rules import STANDING_MAX
from beaconfire.seals.consultations import statement_id
from beaconfire.vocabulary.consultations import (
    Conditions,
    ConsultationWithdrawal,
    OnwardReleaseOf,
    PublicStatement,
    ReleaseOf,
)
from tests.agreements.agreements_made import NOW
from tests.agreements.consultations_made import (
    SPEECH,
    answer,
    ask,
    closed,
    heard,
    proceeding,
    refused,
    said,
    withdrawal,
)

Q = ask()
YES = ask(silence="yes")


def state(*bodies):
    """The state of the only consultation once these were said."""
    (held,) = said(*bodies).consultations.held
    return held.state


def test_each_answer_leads_to_its_own_state():
    """What a party said is a type, so that no reader can take it for another."""
    assert isinstance(state(Q), Asked)
    assert isinstance(state(Q, heard(Q)), Heard)
    assert isinstance(state(Q, answer(Q, "consent")), Consented)
    assert isinstance(state(Q, answer(Q, "object")), Objected)
    conditions = state(Q, answer(Q, "consent-on-conditions"))
    assert isinstance(conditions, ConsentedOnConditions)
    assert conditions.conditions == Conditions(no_further=True)
    more = state(Q, heard(Q), answer(Q, "more-time"))
    assert isinstance(more, MoreTime)
    assert (more.deadline, more.taken) == (Q.deadline.plus_s(600.0), 1)
    assert isinstance(state(Q, withdrawal(Q, "JPN")), QuestionWithdrawn)
    consented = (Q, answer(Q, "consent"))
    assert isinstance(state(*consented, withdrawal(Q)), ConsentWithdrawn)


def test_silence_means_no_and_yes_only_of_who_has_heard():
    """A question that may never have arrived is consented to by nobody."""
    assert isinstance(state(Q, heard(Q), closed(Q)), RefusedBySilence)
    assert isinstance(state(YES, heard(YES), closed(YES)), ConsentedBySilence)
    assert isinstance(state(YES, closed(YES)), RefusedBySilence)
    taken = (YES, heard(YES), answer(YES, "more-time"))
    assert isinstance(state(*taken, closed(YES)), ConsentedBySilence)


def test_silence_of_a_party_whose_card_is_revoked_means_no():
    """Its link is closed: who could not answer consents to nothing, later neither."""
    more = answer(YES, "more-time")
    for before in ((heard(YES),), (heard(YES), more)):
        known = doubting(said(YES, *before).consultations, "KOR")
        assert "silence means no" in told(known.held[0])
        known = after(known, "entry-9", closed(YES), NOW)
        assert isinstance(known.held[0].state, RefusedBySilence)
    # What it says while its card is trusted again counts.
    known = doubting(said(YES, heard(YES)).consultations, "KOR")
    known = after(known, "entry-9", answer(YES, "consent"), NOW)
    assert isinstance(known.held[0].state, Consented)


def test_a_revocation_touches_no_other_question():
    """Others', those that ended, and one that will be heard under the next card."""
    for bodies in (
        (YES, heard(YES), closed(YES)),
        (YES, answer(YES, "object")),
        (YES,),
    ):
        known = said(*bodies).consultations
        assert doubting(known, "KOR") == known
    known = said(YES, heard(YES)).consultations
    assert doubting(known, "USA") == doubting(known, "JPN") == known
    later = after(doubting(said(YES).consultations, "KOR"), "e", heard(YES), NOW)
    later = after(later, "f", closed(YES), NOW)
    assert isinstance(later.held[0].state, ConsentedBySilence)


def test_time_ends_what_has_a_deadline_or_an_agreed_end_and_only_after_it():
    """At the deadline itself an answer is still in time; a nanosecond later none is."""
    until = Conditions(until=NOW.plus_s(500.0))
    ending = answer(Q, "consent-on-conditions", conditions=until)
    for bodies, end, by in (
        ((Q,), Q.deadline, "silence"),
        ((Q, answer(Q, "more-time")), Q.deadline.plus_s(600.0), "silence"),
        ((Q, ending), NOW.plus_s(500.0), "end"),
    ):
        known = said(*bodies).consultations
        assert due(known).ns == end.ns + 1
        assert not list(closings(known, end))
        (closing,) = closings(known, due(known))
        assert (closing.consultation, closing.by) == (statement_id(Q), by)
    assert isinstance(state(Q, ending, closed(Q, "end")), ConsentEnded)
    for answered in ("consent", "object"):
        known = said(Q, answer(Q, answered)).consultations
        assert due(known) is None
        assert not list(closings(known, Q.deadline.plus_s(9e6)))


def test_what_is_said_of_one_consultation_changes_no_other():
    """Nor does what is said of one that is not known."""
    other = ask(reason="another")
    known = said(Q, other, answer(other, "object")).consultations
    assert isinstance(known.get(statement_id(Q)).state, Asked)
    assert isinstance(known.get(statement_id(other)).state, Objected)
    assert said(Q, answer(other, "object")) == said(Q)


def test_what_was_signed_is_known_by_its_id_and_what_time_did_is_not():
    """Heard again it changes nothing; an outcome is the journal's own."""
    no = answer(Q, "object")
    other = ask(reason="another")
    known = said(Q, heard(Q), no, other).consultations
    assert known.knows(statement_id(Q))
    assert known.knows(statement_id(other))
    assert known.knows(statement_id(no))
    assert not known.knows(statement_id(answer(Q, "consent")))
    assert not known.knows(heard(Q).KIND)


_replies = ("consent", "consent-on-conditions", "object", "more-time")
_bodies = st.sampled_from(
    [
        *(answer(YES, reply) for reply in _replies),
        withdrawal(YES, "KOR"),
        withdrawal(YES, "JPN"),
        proceeding(YES),
        heard(YES),
        closed(YES),
        closed(YES, "end"),
    ]
)


@given(st.lists(_bodies, max_size=8))
def test_whatever_is_said_only_the_moves_of_the_machine_happen(bodies):
    """What has ended stays ended, and a consent stands only after one was given."""
    before = state(YES)
    for count in range(1, len(bodies) + 1):
        after = state(YES, *bodies[:count])
        if after != before:
            assert type(after) in MOVES[type(before)].values()
        if isinstance(after, Standing) and not isinstance(before, Standing):
            assert isinstance(before, Waiting)
        before = after


def test_every_state_says_where_it_stands_in_a_sentence():
    """Party, instant and consultation are named: people act on it."""
    told_of = {
        "waits for an answer until": (Q,),
        "silence means no": (Q, heard(Q)),
        "KOR consented at": (Q, answer(Q, "consent")),
        "KOR consented on conditions at": (Q, answer(Q, "consent-on-conditions")),
        "KOR objected at": (Q, answer(Q, "object")),
        "KOR gave no answer, which means no, by": (Q, closed(Q)),
        "KOR withdrew its consent at": (Q, answer(Q, "consent"), withdrawal(Q)),
        "JPN took consultation": (Q, withdrawal(Q, "JPN")),
        "KOR was silent, which means yes, at": (YES, heard(YES), closed(YES)),
    }
    for words, bodies in told_of.items():
        (held,) = said(*bodies).consultations.held
        assert words in told(held)
        assert statement_id(bodies[0]) in told(held)


def test_a_question_is_asked_by_one_party_of_another_under_an_agreement_of_both():
    """Each rule is named; so is the party that breaks it."""
    assert refused(Q) is None
    assert refused(Q, parties=None) == (
        "`test-one` is not an agreement that all parties have signed"
    )
    assert refused(Q, parties=("JPN", "USA")) == "KOR is no party to test-one"
    assert refused(ask(affected="JPN")) == "JPN would ask itself: that is a circle"
    late = Q.deadline.plus_s(1.0)
    assert refused(Q, at=late) == f"its deadline {Q.deadline} has passed"
    for deadline in (NOW, NOW.plus_s(-1.0), NOW.plus_s(367 * 86_400.0)):
        wrong = refused(ask(deadline=deadline))
        assert wrong == "its deadline lies within a year after its issue, not before"
    assert refused(ask(reason="")) == "a question names its reason"
    assert "holds a hidden character, U+202E" in refused(ask(reason="a\u202eb"))
    assert refused(Q, at=Q.deadline) is None
    assert refused(ask(deadline=NOW.plus_s(366 * 86_400.0))) is None
    assert refused(ask(deadline=NOW.plus_s(1e-9))) is None


def test_what_is_proposed_must_exist():
    """A class of the list, recipients that are others, words that say something."""
    no_class = refused(ask(about=ReleaseOf(item_class="Notices", to=("USA",))))
    assert no_class.startswith("`Notices` is no class: write one of launch-warning")
    itself = ask(about=ReleaseOf(item_class="Plots", to=("JPN",)))
    assert refused(itself) == "JPN would release to itself"
    own = OnwardReleaseOf(item_class="Plots", originator="JPN", to=("USA",))
    assert "is not passed on" in refused(ask(about=own))
    empty = ask(about=PublicStatement(text=""))
    assert refused(empty) == "a statement or measure is described"
    theirs = OnwardReleaseOf(item_class="Plots", originator="KOR", to=("USA",))
    assert refused(ask(about=theirs)) is None
    onward = OnwardReleaseOf(item_class="Plots", originator="KOR", to=("JPN",))
    assert refused(ask(about=onward)) == "JPN would release to itself"


def test_words_are_of_one_reading_wherever_they_stand():
    """In a text, a reason, an answer and a withdrawal: the key is told."""
    hidden = "a\u202eb"
    text = ask(about=PublicStatement(text=hidden))
    assert refused(text).startswith("`text` holds a hidden character, U+202E")
    for said_with in (
        ask(about=SPEECH, reason=hidden),
        answer(Q, "object", reason=hidden),
        ConsultationWithdrawal(
            consultation=statement_id(Q), party="KOR", issued=NOW, reason=hidden
        ),
    ):
        wrong = refused(said_with, Q)
        assert wrong.startswith("`reason` holds a hidden character, U+202E")


def test_a_circle_is_refused_to_our_own_people():
    """Who was asked answers first; two questions that cross on their way are none."""
    theirs = ask(about=SPEECH, party="KOR", affected="JPN")
    back = ask(about=SPEECH)
    assert "a circle; answer that one first" in refused(back, theirs, own=True)
    assert refused(back, theirs, own=False) is None
    answered = answer(theirs, "object", party="JPN")
    assert refused(back, theirs, answered, own=True) is None
    items = ask(party="KOR", affected="JPN")
    assert refused(ask(), items, own=True) is None
    other = ask(about=PublicStatement(text="another launch"))
    assert refused(other, theirs, own=True) is None
    assert refused(ask(about=SPEECH, reason="again"), back, own=True) is None
    of_usa = ask(about=SPEECH, party="USA", affected="JPN")
    assert refused(back, of_usa, own=True) is None


def test_only_who_was_asked_answers_once_and_in_time():
    """By another, to nothing, twice, late: refused with the rule."""
    consent = answer(Q, "consent")
    name = statement_id(Q)
    assert refused(consent, Q) is None
    assert refused(consent) == f"there is no consultation `{name}` here"
    other = answer(Q, "consent", party="USA")
    assert refused(other, Q) == "USA was not asked: KOR was"
    assert "it has ended: KOR objected" in refused(consent, Q, answer(Q, "object"))
    assert refused(consent, Q, at=Q.deadline) is None
    late = refused(consent, Q, at=Q.deadline.plus_s(1e-9))
    assert late == f"the answer comes after the deadline {Q.deadline}"
    assert "it has ended" in refused(consent, Q, closed(Q))


def test_an_objection_to_what_silence_allowed_is_obeyed_late():
    """The safe direction needs no deadline."""
    silent = (YES, heard(YES), closed(YES))
    late = NOW.plus_s(9000.0)
    assert refused(answer(YES, "object"), *silent, at=late) is None
    assert isinstance(state(*silent, answer(YES, "object")), Objected)
    assert "it has ended" in refused(answer(YES, "consent"), *silent, at=late)


def test_an_answer_bears_what_belongs_to_it_and_nothing_else():
    """Conditions with a consent on conditions, a deadline with more time."""
    bare = answer(Q, "consent", conditions=Conditions(no_further=True))
    assert "conditions belong to" in refused(bare, Q)
    none = answer(Q, "consent-on-conditions", conditions=Conditions())
    assert "at least one condition" in refused(none, Q)
    early = Conditions(until=NOW)
    ended = answer(Q, "consent-on-conditions", conditions=early)
    assert "before it begins" in refused(ended, Q)
    unknown = answer(Q, "consent-on-conditions", conditions=Conditions(classes=("X",)))
    assert "`X` is no class" in refused(unknown, Q)
    timed = answer(Q, "object", deadline=Q.deadline)
    assert "a deadline belongs to an answer that takes more time" in refused(timed, Q)
    untimed = answer(Q, "more-time", deadline=None)
    assert "a deadline belongs to an answer that takes more time" in refused(untimed, Q)
    unconditional = answer(Q, "consent-on-conditions", conditions=None)
    assert "conditions belong to" in refused(unconditional, Q)
    at_once = Conditions(until=NOW.plus_s(60.0))  # the instant of the answer
    assert "before it begins" in refused(
        answer(Q, "consent-on-conditions", conditions=at_once), Q
    )
    for given_with in (
        Conditions(no_further=True),
        Conditions(until=NOW.plus_s(61.0)),
        Conditions(classes=("Plots", "launch-warning")),
    ):
        right = answer(Q, "consent-on-conditions", conditions=given_with)
        assert refused(right, Q) is None


def test_more_time_is_taken_as_often_and_as_long_as_the_question_allows():
    """Once unless it says otherwise, never longer than there was at first."""
    more = answer(Q, "more-time")
    assert refused(more, Q) is None
    again = answer(Q, "more-time", deadline=Q.deadline.plus_s(700.0))
    assert "may be taken 1 times" in refused(again, Q, more)
    twice = ask(extensions=2)
    first = answer(twice, "more-time")
    second = answer(twice, "more-time", deadline=twice.deadline.plus_s(700.0))
    assert refused(second, twice, first) is None
    none = ask(extensions=0)
    assert "may be taken 0 times" in refused(answer(none, "more-time"), none)
    for deadline in (Q.deadline, Q.deadline.plus_s(3601.0)):
        wrong = refused(answer(Q, "more-time", deadline=deadline), Q)
        assert wrong.startswith(f"more time ends after {Q.deadline}")
    longest = answer(Q, "more-time", deadline=Q.deadline.plus_s(3600.0))
    assert refused(longest, Q) is None


def test_a_consent_is_withdrawn_by_who_gave_it_a_question_by_who_asked():
    """And only while there is something to withdraw."""
    consent = answer(Q, "consent")
    assert refused(withdrawal(Q), Q, consent) is None
    assert refused(withdrawal(Q, "JPN"), Q) is None
    assert "no consent stands" in refused(withdrawal(Q), Q)
    assert "before it is answered" in refused(withdrawal(Q, "JPN"), Q, consent)
    assert "neither asked nor was asked" in refused(withdrawal(Q, "USA"), Q, consent)


def test_a_statement_or_measure_waits_for_the_consent():
    """The asker proceeds once a consent stands, and not a moment longer."""
    speech = ask(about=SPEECH)
    go = proceeding(speech)
    assert "the act waits for consent" in refused(go, speech)
    assert refused(go, speech, answer(speech, "consent")) is None
    assert "KOR objected" in refused(go, speech, answer(speech, "object"))
    other = proceeding(speech, "KOR")
    assert "did not ask" in refused(other, speech, answer(speech, "consent"))
    until = Conditions(until=NOW.plus_s(100.0))
    ending = answer(speech, "consent-on-conditions", conditions=until)
    assert refused(go, speech, ending, at=NOW.plus_s(100.0)) is None
    assert "ended at" in refused(go, speech, ending, at=NOW.plus_s(101.0))


def test_what_is_kept_of_consultations_is_bounded():
    """Open ones are never forgotten but are so many at most; ended ones are few."""
    many = [ask(reason=f"number {n}") for n in range(STANDING_MAX)]
    assert "are open or consented" in refused(ask(reason="one more"), *many)
    assert refused(ask(reason="one more"), *many[1:]) is None
    assert refused(ask(affected="USA"), *many) is None
    consented = [body for q in many for body in (q, answer(q, "consent"))]
    assert "are open or consented" in refused(ask(reason="one more"), *consented)
    ended = [body for q in many for body in (q, answer(q, "object"))]
    assert refused(ask(reason="one more"), *ended) is None
    ended = []
    for question in (ask(reason=f"ended {n}") for n in range(ENDED_KEPT_MAX + 5)):
        ended += [question, answer(question, "object")]
    known = said(many[0], *ended, ask(reason="last")).consultations
    assert len(known.held) == ENDED_KEPT_MAX + 2
    assert known.get(statement_id(many[0])) is not None
    assert known.get(statement_id(ended[0])) is None
    assert known.get(statement_id(ended[10])) is not None
    first = (many[0], answer(many[0], "consent"))
    of_usa = ask(affected="USA", reason="of another")
    before = (*first, of_usa, answer(of_usa, "object", party="USA"))
    known = said(*before, *ended, ask(reason="last")).consultations
    assert known.get(statement_id(many[0])) is not None
    assert known.get(statement_id(of_usa)) is not None
