"""State of the ingest stage: heads of partners' lanes, and what is already held.

``held`` remembers item ids with their validity, so that a repeat by another route is
known as one; it is bounded by forgetting what has long been invalid, since the number
of its link message then refuses it.
"""

from dataclasses import dataclass, field

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.standing import Standing
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.link import EpochHead, Lane
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant


@dataclass(slots=True, kw_only=True)
class IngestStage:
    """The state of the stage; owned by it and changed in place."""

    profile: NodeProfile
    agreements: tuple[Agreement, ...]
    standing: Standing
    heads: dict[Party, dict[Lane, EpochHead]] = field(default_factory=dict)
    held: dict[str, Instant] = field(default_factory=dict)
    acts: dict[str, Instant] = field(default_factory=dict)
    swept: Instant | None = None


def begin(
    profile: NodeProfile, agreements: tuple[Agreement, ...], *, standing: Standing
) -> IngestStage:
    """Return the state of a node that has taken in nothing yet."""
    return IngestStage(profile=profile, agreements=agreements, standing=standing)


def head(state: IngestStage, party: Party, lane: Lane) -> EpochHead | None:
    """Return how far a partner's lane was taken, or ``None`` if nothing came yet."""
    return state.heads.get(party, {}).get(lane)
