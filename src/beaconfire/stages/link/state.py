"""State of the link stage: queues, windows and heads, per partner and lane.

Plain dataclasses of plain types, so that a checkpoint is their one JSON encoding.
The state is owned by the stage: ``step`` changes it in place and hands it back.
"""

from dataclasses import dataclass, field

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.standing import Standing
from beaconfire.vocabulary.acts import Act, Signature
from beaconfire.vocabulary.cards import Card, NodeProfile
from beaconfire.vocabulary.entries.carriage import Receipt
from beaconfire.vocabulary.entries.decisions import Release
from beaconfire.vocabulary.link import (
    LANES,
    ZERO_DIGEST,
    Envelope,
    EpochHead,
    Lane,
    SealedItem,
)
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

CLOSED_HEADS_MAX = 8  # closed epochs of a lane that a receipt can name


@dataclass(slots=True, kw_only=True)
class Unit:
    """One thing on its way to one partner: a released item, or an act.

    ``said``: it was handed over, or that it waits was journalled.
    """

    id: str
    originator: Party
    via: Party | None
    digest: str
    envelope: Envelope
    release: Release | None = None
    act: Act | None = None
    valid_until: Instant | None = None
    said: bool = False

    @property
    def agreements(self) -> tuple[str, ...]:
        """The agreements it relies on: none for an act, which travels whatever."""
        return self.release.agreements if self.release else ()


@dataclass(slots=True, kw_only=True)
class InFlight:
    """A link message at the border without a receipt."""

    number: int
    hash: str
    header: str
    units: list[Unit]
    signature: Signature | None = None


@dataclass(slots=True, kw_only=True)
class Sending:
    """One lane towards one partner.

    ``fresh`` are queued units of which nothing was said yet; ``earliest`` is when the
    first queued item ends, so that a long queue is not searched at every turn.
    ``held`` units at its head are known to wait for the agreements in ``held_for``.
    ``unsettled`` keeps, by closed epoch and number, units that stood in a purged
    window and whose fate only the partner's receipt can tell.
    """

    epoch: int = 1
    number: int = 0
    hash: str = ZERO_DIGEST
    closes: EpochHead | None = None
    queue: list[Unit] = field(default_factory=list)
    fresh: list[Unit] = field(default_factory=list)
    earliest: Instant | None = None
    held: int = 0
    held_for: tuple[str, ...] = ()
    window: list[InFlight] = field(default_factory=list)
    unsettled: dict[int, dict[int, list[Unit]]] = field(default_factory=dict)

    @property
    def unheard(self) -> bool:
        """Whether as many epochs are unsettled as a receipt can name.

        Items wait then, so that no further epoch ends with one in its window.
        """
        return len(self.unsettled) >= CLOSED_HEADS_MAX


@dataclass(slots=True, kw_only=True)
class Receiving:
    """One lane from one partner, as far as we have receipted it."""

    head: EpochHead | None = None
    closed: list[EpochHead] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    receipt: Receipt | None = None


@dataclass(slots=True, kw_only=True)
class Partner:
    """Everything between us and one partner.

    ``awaited`` maps an agreement that we restored to the id of the act: until the
    partner has receipted that act, nothing under the agreement is handed over, since
    it would be quarantined at the other end.
    """

    card: Card
    sending: dict[Lane, Sending]
    receiving: dict[Lane, Receiving]
    awaited: dict[str, str] = field(default_factory=dict)
    up: bool = False


@dataclass(slots=True, kw_only=True)
class LinkStage:
    """The state of the stage."""

    profile: NodeProfile
    agreements: tuple[Agreement, ...]
    standing: Standing
    partners: dict[Party, Partner]
    items: dict[str, SealedItem] = field(default_factory=dict)
    swept: Instant | None = None


def begin(
    profile: NodeProfile, agreements: tuple[Agreement, ...], *, standing: Standing
) -> LinkStage:
    """Return the state of a node that has not sent or received anything."""
    return LinkStage(
        profile=profile,
        agreements=agreements,
        standing=standing,
        partners={card.party: begin_partner(card) for card in profile.partners},
    )


def know_partners(state: LinkStage) -> None:
    """Take the partners of the profile: new ones begin, known ones get their new card.

    One that is left out keeps its account, so that what was on its way still ends.
    """
    for card in state.profile.partners:
        if card.party in state.partners:
            state.partners[card.party].card = card
        else:
            state.partners[card.party] = begin_partner(card)


def begin_partner(card: Card) -> Partner:
    """Return the state of a link that has carried nothing yet."""
    return Partner(
        card=card,
        sending={lane: Sending() for lane in LANES},
        receiving={lane: Receiving() for lane in LANES},
    )
