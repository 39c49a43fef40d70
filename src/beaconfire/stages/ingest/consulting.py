"""Partners' statements on consultations: verified, judged, taken once.

A statement is signed by the people of the party at the other end of the link, and it
may say that now by our journal's instant. Whatever does not count is refused with its
rule. A question that we take is heard: from then on our silence may speak.
"""

from beaconfire.agreements.consulting_rules import objection_to
from beaconfire.agreements.standing import Standing
from beaconfire.errors import BadInput
from beaconfire.seals.consultations import open_statement, statement_id
from beaconfire.stages.ingest.state import IngestStage
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.consultations import Consultation, Statement
from beaconfire.vocabulary.entries.consulting import ConsultationHeard
from beaconfire.vocabulary.link import Envelope
from beaconfire.vocabulary.times import AHEAD_S_MAX, Instant


def take_statement(
    standing: Standing,
    envelope: Envelope,
    *,
    state: IngestStage,
    card: Card,
    at: Instant,
) -> tuple[str, tuple[Statement | ConsultationHeard, ...]]:
    """Return the id of what a partner signed and the entries that follow from it.

    None follow if it was taken before.

    Raises:
        BadInput: not signed so, or it does not count; the rule is named.
    """
    own, agreements = state.profile.party, state.agreements
    statement = open_statement(envelope, card)
    identity = statement_id(statement)
    if standing.consultations.knows(identity):
        return identity, ()
    if statement.issued.seconds_since(at) > AHEAD_S_MAX:
        text = f"{statement.KIND} `{identity}` is dated ahead of this node's clock"
        raise BadInput(text)
    parties = None
    if isinstance(statement, Consultation):
        found = next((a for a in agreements if a.id == statement.agreement), None)
        parties = found.parties if found else None
        if statement.affected != own:
            text = f"{statement.KIND} `{identity}` asks {statement.affected}, not {own}"
            raise BadInput(text)
    flaw = objection_to(
        standing.consultations, statement, parties=parties, at=at, own=False
    )
    if flaw is not None:
        raise BadInput(f"{statement.KIND} `{identity}`: {flaw}")
    if isinstance(statement, Consultation):
        return identity, (statement, ConsultationHeard(consultation=identity))
    return identity, (statement,)
