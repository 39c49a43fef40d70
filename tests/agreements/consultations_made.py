"""Consultations made for the tests: small, named by what matters in them."""

from beaconfire.agreements.conditions import Body, OriginatorIsSender, WithConsentOf
from beaconfire.agreements.consultation import Consultations, Outcome
from beaconfire.agreements.consulting_rules import objection_to
from beaconfire.agreements.decision import decide
from beaconfire.agreements.standing import Standing
from beaconfire.seals.consultations import statement_id
from beaconfire.vocabulary.consultations import (
    Conditions,
    Consultation,
    ConsultationAnswer,
    ConsultationProceeding,
    ConsultationWithdrawal,
    PublicStatement,
    ReleaseOf,
    Statement,
)
from beaconfire.vocabulary.entries.consulting import (
    ConsultationClosed,
    ConsultationHeard,
)
from tests.agreements.agreements_made import NOW, agreement, permit

PARTIES = ("JPN", "KOR", "USA")
# JPN's launch notices go to USA with KOR's consent.
ASKING = agreement(
    permit(
        5,
        OriginatorIsSender(value=True),
        Body(("LaunchNotice", "Retraction")),
        WithConsentOf(("KOR",)),
    ),
    parties=PARTIES,
)
# They go without it, as long as nobody was asked.
FREE = agreement(permit(5, OriginatorIsSender(value=True)), parties=PARTIES)


def ask(*, about=None, **changes):
    """JPN asks KOR about its launch notices to USA, for an hour."""
    said = {
        "agreement": "test-one",
        "party": "JPN",
        "affected": "KOR",
        "proposes": about or ReleaseOf(item_class="LaunchNotice", to=("USA",)),
        "reason": "an exercise",
        "deadline": NOW.plus_s(3600.0),
        "issued": NOW,
        **changes,
    }
    return Consultation(**said)


SPEECH = PublicStatement(text="a launch was detected")


def answer(question, reply, *, after_s=60.0, party="KOR", **changes):
    """KOR answers, a minute later."""
    if reply == "more-time":
        changes.setdefault("deadline", question.deadline.plus_s(600.0))
    if reply == "consent-on-conditions":
        changes.setdefault("conditions", Conditions(no_further=True))
    return ConsultationAnswer(
        consultation=statement_id(question),
        party=party,
        reply=reply,
        issued=NOW.plus_s(after_s),
        **changes,
    )


def withdrawal(question, party="KOR", *, after_s=120.0):
    """A party takes back what it said."""
    return ConsultationWithdrawal(
        consultation=statement_id(question), party=party, issued=NOW.plus_s(after_s)
    )


def proceeding(question, party="JPN"):
    """The asker does what it asked about."""
    return ConsultationProceeding(
        consultation=statement_id(question), party=party, issued=NOW
    )


def heard(question):
    """The affected party's node has the question."""
    return ConsultationHeard(consultation=statement_id(question))


def closed(question, by="silence"):
    """Time has ended it."""
    return ConsultationClosed(consultation=statement_id(question), by=by)


def entry_of(body):
    """The entry that records it: a statement's own id, or a name."""
    return body.KIND if isinstance(body, Outcome) else statement_id(body)


def said(*bodies, at=NOW):
    """The standing after these, a second apart."""
    standing = Standing()
    for place, body in enumerate(bodies):
        when = at.plus_s(float(place))
        standing = standing.consulted(entry_of(body), body, when)
    return standing


def refused(statement: Statement, *before, at=NOW, own=False, parties=PARTIES):
    """Why a statement does not count after what was said before, or nothing."""
    known: Consultations = said(*before).consultations
    return objection_to(known, statement, parties=parties, at=at, own=own)


def decided(item, *bodies, under=ASKING, to="USA", sender=None, at=NOW, **how):
    """Decide once these were said."""
    return decide(
        item,
        sender=sender or item.originator,
        to=to,
        at=at,
        agreements=(under,),
        standing=said(*bodies),
        **how,
    )
