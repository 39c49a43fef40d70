"""Ingest: what comes from our sensors and from partners, verified or refused.

Everything that enters is either an entry that other stages may use, or a rejection or
quarantine with its reason. It fuses nothing and answers nobody: receipts are the link
stage's. The state is owned by the stage and changed in place.
"""

from beaconfire.agreements.consultation import Outcome
from beaconfire.journal.entry import Entry
from beaconfire.stages.ingest.acts import due, take_again
from beaconfire.stages.ingest.partners import take
from beaconfire.stages.ingest.sensors import hear
from beaconfire.stages.ingest.state import IngestStage, begin, head
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.consultations import Statement
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import (
    ClockStep,
    LinkArrival,
    NodeStart,
    SensorLines,
    Tick,
)
from beaconfire.vocabulary.entries.revoking import CardRevoked

__all__ = ["IngestStage", "begin", "due", "head", "step"]


def step(state: IngestStage, entry: Entry) -> tuple[IngestStage, tuple[EntryBody, ...]]:
    """Take one entry; return the state and what follows from it."""
    body = entry.body
    if isinstance(body, SensorLines):
        at = entry.at if state.clock_trusted else None
        return state, hear(state.profile, body, at)
    if isinstance(body, ClockStep):
        state.clock_trusted = body.trusted
    if isinstance(body, LinkArrival):
        return state, tuple(take(state, body, entry.at))
    if isinstance(body, Act):
        state.standing = state.standing.after(entry.id, body, entry.at)
    if isinstance(body, CardRevoked):
        state.standing = state.standing.distrusting(entry.id, body)
    if isinstance(body, Tick | NodeStart) and state.early:
        start = isinstance(body, NodeStart)
        return state, tuple(take_again(state, entry.at, start=start))
    if isinstance(body, Statement | Outcome):
        state.standing = state.standing.consulted(entry.id, body, entry.at)
    return state, ()
