"""Card facts: what a program is told of a card, whoever's it is."""

from beaconfire.seals.cards import card_fingerprint
from beaconfire.vocabulary.cards import Card


def card_facts(card: Card) -> dict[str, object]:
    """Return whose card it is, how long it holds, where it leads and its print."""
    return {
        "party": card.party,
        "number": card.number,
        "status": card.status,
        "valid_from": card.valid_from,
        "valid_until": card.valid_until,
        "border": f"{card.border_host}:{card.border_port}",
        "fingerprint": card_fingerprint(card),
    }
