"""Entries: the bodies of journal entries, by kind.

``BODIES`` is the closed list; an entry of a kind that is not in it is refused by
name. A body never changes its meaning: a new meaning is a new kind.
"""

from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.consultations import (
    Consultation,
    ConsultationAnswer,
    ConsultationProceeding,
    ConsultationWithdrawal,
)
from beaconfire.vocabulary.entries import (
    arrivals,
    carriage,
    consulting,
    decisions,
    revoking,
    sightings,
)

EntryBody = (
    arrivals.SensorLines
    | arrivals.LinkArrival
    | arrivals.ReceiptArrival
    | arrivals.Estimate
    | arrivals.Order
    | arrivals.LinkState
    | arrivals.Tick
    | arrivals.NodeStart
    | arrivals.ClockStep
    | arrivals.Checkpoint
    | sightings.PlotsHeard
    | sightings.CueHeard
    | sightings.ItemHeld
    | sightings.TakenBack
    | sightings.Rejection
    | sightings.LaunchEvent
    | sightings.LaunchState
    | sightings.EstimateRequest
    | sightings.AlertDraft
    | sightings.Quarantine
    | sightings.Bell
    | decisions.Release
    | decisions.Refusal
    | decisions.Deferral
    | carriage.HandOver
    | carriage.Arrival
    | carriage.Receipt
    | carriage.Withdrawal
    | carriage.Expiry
    | carriage.Waiting
    | carriage.FateUnknown
    | carriage.EpochEnd
    | carriage.Reconsideration
    | carriage.Foregone
    | Consultation
    | ConsultationAnswer
    | ConsultationWithdrawal
    | ConsultationProceeding
    | consulting.ConsultationHeard
    | consulting.ConsultationClosed
    | revoking.CardRevoked
    | Act
)

# An act and an approval have one body; the kind tells which it is.
ACT_KINDS = ("act", "approval")
CONSULTING_KINDS = (
    Consultation.KIND,
    ConsultationAnswer.KIND,
    ConsultationWithdrawal.KIND,
    ConsultationProceeding.KIND,
    consulting.ConsultationHeard.KIND,
    consulting.ConsultationClosed.KIND,
)

BODIES: dict[str, type] = {
    body.KIND: body
    for body in (
        arrivals.SensorLines,
        arrivals.LinkArrival,
        arrivals.ReceiptArrival,
        arrivals.Estimate,
        arrivals.Order,
        arrivals.LinkState,
        arrivals.Tick,
        arrivals.NodeStart,
        arrivals.ClockStep,
        arrivals.Checkpoint,
        sightings.PlotsHeard,
        sightings.CueHeard,
        sightings.ItemHeld,
        sightings.TakenBack,
        sightings.Rejection,
        sightings.LaunchEvent,
        sightings.LaunchState,
        sightings.EstimateRequest,
        sightings.AlertDraft,
        sightings.Quarantine,
        sightings.Bell,
        decisions.Release,
        decisions.Refusal,
        decisions.Deferral,
        carriage.HandOver,
        carriage.Arrival,
        carriage.Receipt,
        carriage.Withdrawal,
        carriage.Expiry,
        carriage.Waiting,
        carriage.FateUnknown,
        carriage.EpochEnd,
        carriage.Reconsideration,
        carriage.Foregone,
        Consultation,
        ConsultationAnswer,
        ConsultationWithdrawal,
        ConsultationProceeding,
        consulting.ConsultationHeard,
        consulting.ConsultationClosed,
        revoking.CardRevoked,
    )
}
for _kind in ACT_KINDS:
    BODIES[_kind] = Act


def kind_of(body: EntryBody) -> str:
    """Return the kind under which ``body`` stands in the journal."""
    if isinstance(body, Act):
        return "approval" if body.act in ("approve", "revoke") else "act"
    return body.KIND
