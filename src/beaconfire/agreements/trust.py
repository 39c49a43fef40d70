"""Trust: which partners' cards our people have revoked, and which links that closes.

A link is closed while the card that the node lives by is a revoked one. A card of a
higher number, or of another root that a person has confirmed, opens it again when the
node starts with it. What was taken before stays, and counts as it did. Of each root the
newest revocation is kept: a new root takes nothing back of what was said of the old.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.revoking import CardRevocation
from beaconfire.vocabulary.times import Instant

# Roots of one party whose revocations are kept. People confirm each by hand: more than
# a few in the life of a node is no trust.
ROOTS_KEPT_MAX = 16


class RevokedCard(Struct, frozen=True, kw_only=True):
    """The newest revocation for one party and root, as ``issued``.

    ``opened_by`` is the card that ended it.
    """

    entry: str
    party: Party
    number: int
    root: str
    since: Instant
    reason: str
    issued: Instant
    opened_by: int | None = None

    def is_of(self, order: CardRevocation) -> bool:
        """Say whether ``order`` is the very one that this revocation came of."""
        said = (order.partner, order.since, order.reason, order.issued)
        return said == (self.party, self.since, self.reason, self.issued)

    def is_ended_by(self, card: Card) -> bool:
        """Say whether a node that lives by ``card`` trusts that party again."""
        return card.root != self.root or card.number > self.number

    @property
    def told(self) -> str:
        """What our own people read; the reason is theirs alone."""
        return told_of(self.party, self.number, since=self.since, reason=self.reason)

    @property
    def refusal(self) -> str:
        """Why nothing of that party is taken; others may read it in a receipt."""
        return (
            f"card {self.number} of {self.party} is revoked here: nothing that its "
            "keys sign is taken"
        )


class Trust(Struct, frozen=True, kw_only=True):
    """The newest revocation of each party and root, a party's newest last."""

    cards: tuple[RevokedCard, ...] = ()

    def of(self, party: Party) -> tuple[RevokedCard, ...]:
        """Return what was revoked of ``party``, the newest first."""
        return tuple(one for one in reversed(self.cards) if one.party == party)

    def closing(self, party: Party) -> RevokedCard | None:
        """Return what closes the link to ``party``; ``None`` while it is open."""
        return next((one for one in self.of(party) if one.opened_by is None), None)

    def trusted(self, cards: Iterable[Card]) -> tuple[Card, ...]:
        """Return those of ``cards`` that a node starting now may live by."""
        return tuple(card for card in cards if self.covering(card) is None)

    def closed(self, cards: Iterable[Card]) -> tuple[str, ...]:
        """Say of each of ``cards`` that is revoked that its link stays closed."""
        return tuple(
            f"{found.told}; the link stays closed until a higher-numbered card is added"
            for card in cards
            if (found := self.covering(card)) is not None
        )

    def covering(self, card: Card) -> RevokedCard | None:
        """Return the revocation of this very card, or of a higher one of its root."""
        found = self.of(card.party)
        return next((one for one in found if not one.is_ended_by(card)), None)

    def carried_out(self, order: CardRevocation) -> bool:
        """Say whether ``order`` was carried out before: an order closes one card."""
        return any(one.is_of(order) for one in self.cards)

    def after(self, entry_id: str, body: CardRevoked) -> "Trust":
        """Return it once ``body``, recorded as ``entry_id``, has happened."""
        order = body.order
        new = RevokedCard(
            entry=entry_id,
            party=order.partner,
            number=body.number,
            root=body.root,
            since=order.since,
            reason=order.reason,
            issued=order.issued,
        )
        same = [one for one in self.cards if one.party == new.party]
        kept = [*(one for one in same if one.root != new.root), new][-ROOTS_KEPT_MAX:]
        others = (one for one in self.cards if one.party != new.party)
        return Trust(cards=tuple(sorted((*others, *kept), key=lambda one: one.party)))

    def with_cards(self, cards: Iterable[Card]) -> "Trust":
        """Return it once the node lives by ``cards``: a higher number opens a link."""
        held = {card.party: card for card in cards}
        return Trust(
            cards=tuple(_reviewed(one, held.get(one.party)) for one in self.cards)
        )


def told_of(party: Party, number: int, *, since: Instant, reason: str) -> str:
    """Say to our own people that a card is revoked."""
    return f"card {number} of {party} is revoked, not trusted from {since} on: {reason}"


def _reviewed(revoked: RevokedCard, card: Card | None) -> RevokedCard:
    if card is None or not revoked.is_ended_by(card):
        return replace(revoked, opened_by=None)
    return replace(revoked, opened_by=card.number)
