"""Arrivals: what came in from sensors, partners, the solver, people and the clock.

The runtime and people write these; everything else in the journal follows from them.
Raw text is kept as it came (bounded in size before it gets here), so that a refusal
can be judged again later.
"""

from typing import ClassVar, Literal

from msgspec import Struct

from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.flight import FlightEstimate
from beaconfire.vocabulary.link import Lane
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Token


class SensorLines(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scan of one sensor, as the lines it sent; without lines it saw nothing."""

    KIND: ClassVar[str] = "sensor-lines"
    sensor: Token
    stream: Literal["plots", "cues"]
    lines: tuple[str, ...]


class LinkArrival(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link message pulled from ``partner``'s border, not yet verified."""

    KIND: ClassVar[str] = "link-arrival"
    partner: Party
    lane: Lane
    message: str


class ReceiptArrival(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receipt that ``partner`` laid at our border, not yet verified."""

    KIND: ClassVar[str] = "receipt-arrival"
    partner: Party
    message: str


class Estimate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The solver's answer to one request; recorded, never computed again on replay.

    ``failed`` says why there is no answer, in one sentence.
    """

    KIND: ClassVar[str] = "estimate"
    request: Token
    launch_id: Token
    product: Token
    estimate: FlightEstimate | None
    failed: str | None = None


class Order(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person asked for: a verb and a signed document, not yet judged."""

    KIND: ClassVar[str] = "order"
    verb: Token
    text: str


class LinkState(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether ``partner``'s border answers, as the runtime sees it."""

    KIND: ClassVar[str] = "link-state"
    partner: Party
    up: bool
    reason: str


class Tick(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Time passed and something was due; carries nothing but the turn's instant."""

    KIND: ClassVar[str] = "tick"


class NodeStart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A writer took up this journal, and what the node is from now on.

    Partners, sensors and texts change between two starts; a replay must decide by
    those that held then. ``None`` changes nothing. No secret is in it.
    """

    KIND: ClassVar[str] = "node-start"
    party: Party
    writer: Token
    profile: NodeProfile | None = None
    agreements: tuple[str, ...] = ()
    solve_interval_s: float | None = None


class ClockStep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The clock was found to have stepped by ``seconds``, or to be in order again."""

    KIND: ClassVar[str] = "clock-step"
    seconds: float
    trusted: bool


class Checkpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The digest of the packed state after turn ``upto``."""

    KIND: ClassVar[str] = "checkpoint"
    upto: int
    state_digest: Token
    schema: int
