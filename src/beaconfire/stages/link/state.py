"""State of the link stage: queues, windows and heads, per partner and lane.

Plain dataclasses of plain types, so that a checkpoint is their one JSON encoding.
The state is owned by the stage: ``step`` changes it in place and hands it back.
"""

from dataclasses import dataclass, field
from typing import Literal

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.memo import Memo
from beaconfire.agreements.standing import Standing
from beaconfire.vocabulary.acts import Act, Signature
from beaconfire.vocabulary.cards import Card, NodeProfile
from beaconfire.vocabulary.consultations import Statement
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
    """One thing on its way to one partner: a released item, an act, or a statement.

    ``order`` is its place among the lane's items, kept for as long as it lives;
    ``stopped_by`` the suspended agreement for which it was purged at the border.
    """

    id: str
    originator: Party
    via: Party | None
    digest: str
    envelope: Envelope
    release: Release | None = None
    act: Act | None = None
    statement: Statement | None = None
    valid_until: Instant | None = None
    order: int = 0
    stopped_by: str | None = None

    @property
    def is_item(self) -> bool:
        """Whether it needs leave; acts and statements travel whatever the state."""
        return self.release is not None

    @property
    def way(self) -> tuple[Party, Party | None]:
        """Its originator and relay: the account that an entry names."""
        return (self.originator, self.via)

    @property
    def agreements(self) -> tuple[str, ...]:
        """The agreements it relies on: only an item relies on any."""
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
class Sweep:
    """An act's way through a long queue: what it ended leaves the books step by step.

    Units up to the order ``upto`` stood there at the act; those from ``next`` on are
    still to be looked at, by the standing that the act left.
    """

    next: int
    upto: int
    standing: Standing
    at: Instant


@dataclass(slots=True, kw_only=True)
class Sending:
    """One lane towards one partner.

    What is not numbered yet (``queue.py``): ``acts`` in order; ``items`` by their
    order, none before ``first``; ``held``, items that wait for a receipt of an
    agreement's restoration; ``deadlines``, a heap of when items end, by order.
    ``sweeps`` are acts whose withdrawals are not all written yet, the oldest first.
    ``unsettled`` keeps, by closed epoch and number, units that stood in a purged
    window and whose fate only the partner's receipt can tell; ``ended``, by the same
    epochs, the digests of the headers that stood there, by number: the last is the
    epoch's end, and no receipt for the epoch is believed beyond it.
    """

    epoch: int = 1
    number: int = 0
    hash: str = ZERO_DIGEST
    closes: EpochHead | None = None
    acts: list[Unit] = field(default_factory=list)
    items: dict[int, Unit] = field(default_factory=dict)
    held: dict[int, Unit] = field(default_factory=dict)
    first: int = 1
    newest: int = 0
    deadlines: list[tuple[int, int]] = field(default_factory=list)
    window: list[InFlight] = field(default_factory=list)
    unsettled: dict[int, dict[int, list[Unit]]] = field(default_factory=dict)
    ended: dict[int, dict[int, str]] = field(default_factory=dict)
    sweeps: list[Sweep] = field(default_factory=list)

    @property
    def unheard(self) -> bool:
        """Whether as many epochs are unsettled as a receipt can name.

        Items wait then, so that no further epoch ends with one in its window.
        """
        return len(self.unsettled) >= CLOSED_HEADS_MAX


@dataclass(slots=True, kw_only=True)
class Remark:
    """A part that came and is not used: quarantined, or ``refused`` for a reason."""

    epoch: int
    number: int
    id: str
    refused: str | None = None


@dataclass(slots=True, kw_only=True)
class Receiving:
    """One lane from one partner, as far as we have receipted it.

    ``remarks`` are kept for as long as the partner may not have heard of them.
    """

    head: EpochHead | None = None
    closed: list[EpochHead] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    receipt: Receipt | None = None


@dataclass(slots=True, kw_only=True)
class Kept:
    """An item that the suspension of one of ``agreements`` keeps from being used.

    Of one shelf all of one ``sort`` are decided alike, but for what names single items.
    Until ``valid_until`` it may wait for an answer as well.
    """

    envelope: Envelope
    via: Party | None
    agreements: tuple[str, ...]
    was: Literal["refused", "withdrawn", "quarantined"]
    sort: str
    valid_until: Instant


@dataclass(slots=True, kw_only=True)
class Partner:
    """Everything between us and one partner.

    ``awaited`` maps an agreement under which more may leave since an act that we told
    this partner to the id of the newest such act: until the partner has receipted it,
    nothing under the agreement is handed over, since it could be quarantined there.
    ``untold`` is from when on acts were recorded that found no room in its queue.
    ``withheld`` are the shelves of ``withholding``, by id, and ``to_ask`` what of them
    is to be decided again; until ``closed_until`` no other way opens for any of them.
    """

    card: Card
    sending: dict[Lane, Sending]
    receiving: dict[Lane, Receiving]
    awaited: dict[str, str] = field(default_factory=dict)
    untold: Instant | None = None
    withheld: dict[str, dict[str, Kept]] = field(default_factory=dict)
    to_ask: dict[str, dict[str, None]] = field(default_factory=dict)
    closed_until: Instant | None = None
    up: bool = False


@dataclass(slots=True, kw_only=True)
class LinkStage:
    """The state of the stage.

    ``own`` are our items of the turn ``own_turn``, which are released in it or never;
    ``items`` are partners' that we may be asked to relay: by originator and whom it
    may be released to, then by id;
    ``deferred`` are our own that wait for a consultation, by id;
    ``ended`` are the agreements whose end the links have followed;
    ``heard`` is the turn of the newest message that brought acts, and from whom;
    ``timed`` is that of the newest tick or start;
    ``untrusted`` says since when and why the clock is not trusted, if it is not.
    """

    profile: NodeProfile
    agreements: tuple[Agreement, ...]
    standing: Standing
    partners: dict[Party, Partner]
    own: dict[str, SealedItem] = field(default_factory=dict)
    own_turn: int = 0
    items: dict[str, dict[str, SealedItem]] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    heard: tuple[int, Party] | None = None
    timed: int = 0
    untrusted: str | None = None
    deferred: dict[str, SealedItem] = field(default_factory=dict)
    memo: Memo = field(default_factory=Memo, compare=False, repr=False)


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


def begin_partner(card: Card) -> Partner:
    """Return the state of a link that has carried nothing yet."""
    return Partner(
        card=card,
        sending={lane: Sending() for lane in LANES},
        receiving={lane: Receiving() for lane in LANES},
    )
