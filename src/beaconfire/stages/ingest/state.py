"""State of the ingest stage: heads of partners' lanes, and what is already held.

``held`` remembers items by originator and id, so that a repeat by another route is
known as one, and ``past`` those that ended long ago, by originator and form; ``known``
says for how long.
"""

from dataclasses import dataclass, field

from msgspec import Struct

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.standing import Standing
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.link import Digest, Envelope, EpochHead, Lane
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import Form
from beaconfire.vocabulary.times import Instant


class Held(Struct, frozen=True, kw_only=True):
    """What is remembered of an item that was used, and whose links brought it."""

    digest: Digest
    links: tuple[Party, ...]
    valid_until: Instant
    form: Form


class Brought(Struct, frozen=True, kw_only=True):
    """An act as ``sender`` brought it, said to be ``originator``'s; by its id.

    ``counts_from`` is known of one that was verified and is dated ahead of our clock.
    """

    id: str
    sender: Party
    originator: Party
    envelope: Envelope
    counts_from: Instant | None = None


@dataclass(slots=True, kw_only=True)
class IngestStage:
    """The state of the stage; owned by it and changed in place.

    ``early`` are acts that came before they can be taken, by who brought them and id.
    While the clock is not trusted nothing is refused or set aside for its time alone:
    our own people are warned by what comes in.
    """

    profile: NodeProfile
    agreements: tuple[Agreement, ...]
    standing: Standing
    heads: dict[Party, dict[Lane, EpochHead]] = field(default_factory=dict)
    held: dict[Party, dict[str, Held]] = field(default_factory=dict)
    past: dict[str, dict[str, Held]] = field(default_factory=dict)
    early: dict[str, Brought] = field(default_factory=dict)
    clock_trusted: bool = True


def begin(
    profile: NodeProfile, agreements: tuple[Agreement, ...], *, standing: Standing
) -> IngestStage:
    """Return the state of a node that has taken in nothing yet."""
    return IngestStage(profile=profile, agreements=agreements, standing=standing)


def head(state: IngestStage, party: Party, lane: Lane) -> EpochHead | None:
    """Return how far a partner's lane was taken, or ``None`` if nothing came yet."""
    return state.heads.get(party, {}).get(lane)
