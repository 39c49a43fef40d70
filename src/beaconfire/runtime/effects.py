"""Effects: what must happen outside once a turn is stored.

Each follows from one entry of the turn and may be repeated without harm. A turn names
them (``turns``); the node's loop and the seeded world carry them out.
"""

from typing import NamedTuple

from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.entries.sightings import EstimateRequest
from beaconfire.vocabulary.flight import Observations
from beaconfire.vocabulary.link import Envelope, Lane, LinkMessage
from beaconfire.vocabulary.party import Party


class Publish(NamedTuple):
    """Lay a numbered message in the partner's lane at the border."""

    to: Party
    lane: Lane
    epoch: int
    number: int
    message: LinkMessage


class Purge(NamedTuple):
    """Empty the partner's lane at the border: its epoch ended."""

    to: Party
    lane: Lane


class CloseLink(NamedTuple):
    """Let a partner in no more and ask it for nothing: its card is revoked."""

    to: Party


class GiveReceipt(NamedTuple):
    """Lay a signed receipt at the partner's border."""

    to: Party
    lane: Lane
    receipt: Envelope


class Solve(NamedTuple):
    """Give the solver what is held of a flight."""

    request: EstimateRequest
    observations: Observations


class Tell(NamedTuple):
    """Tell whoever watches the node."""

    entry: Entry


class Answer(NamedTuple):
    """Tell who gave the order what became of it, and which entry says so."""

    accepted: bool
    reason: str
    entry: str


Effect = Publish | Purge | CloseLink | GiveReceipt | Solve | Tell | Answer
