"""Noninterference: what a partner may not see changes nothing that it receives.

Two worlds differ in something that one nation may not see. Compared is all that it
receives, byte for byte and in order, and the logical time of each send: the ``at`` of
the sender's turn that journals the hand-over or gives the receipt. How long a turn, a
timer or a line takes on a wall clock is no part of it and is not promised.
"""

import pytest

from beaconfire.exercise.world import World
from beaconfire.vocabulary.entries.arrivals import LinkArrival, ReceiptArrival
from beaconfire.vocabulary.entries.carriage import EpochEnd, HandOver, Receipt
from tests.exercise.hiding import NATIONS, draw_hidden
from tests.exercise.worlds import entries

WORLDS, A_TEST = 200, 25
LONG_WORLDS, A_LONG_TEST = 10_000, 250
ALTERS_OTHERS_MIN = 0.3


def received(made: World, party: str) -> list[tuple[object, ...]]:
    """Return every byte that reached a nation, from whom, in order, and when."""
    return [
        (entry.at, entry.body)
        for entry in entries(made, party)
        if isinstance(entry.body, LinkArrival | ReceiptArrival)
    ]


def sent(made: World, sender: str, to: str) -> list[tuple[object, ...]]:
    """Return all that a nation sent to another, signed, with its logical send time."""
    found: list[tuple[object, ...]] = []
    for entry in entries(made, sender):
        body = entry.body
        if isinstance(body, HandOver) and body.to == to:
            found.append((entry.at, body.lane, body.header, body.signature))
        elif isinstance(body, EpochEnd) and body.to == to:
            found.append((entry.at, body.lane, body.head))
        elif isinstance(body, Receipt) and (
            body.to == sender and to == (body.via or body.originator)
        ):
            found.append((entry.at, body.lane, body.note, body.signature))
    return found


def check(seed: int) -> bool:
    """Compare the two worlds of a seed; say whether somebody else noticed."""
    hidden = draw_hidden(seed)
    one, other = hidden.one.run(), hidden.other.run()
    where = f"seed {seed}: {hidden.what} showed to {hidden.unaware}"
    for sender in NATIONS:
        if sender != hidden.unaware:
            first = sent(one, sender, hidden.unaware)
            assert first == sent(other, sender, hidden.unaware), f"{where} by {sender}"
    assert received(one, hidden.unaware) == received(other, hidden.unaware), where
    return any(
        received(one, party) != received(other, party)
        for party in NATIONS
        if party != hidden.unaware
    )


@pytest.mark.parametrize("first", range(0, WORLDS, A_TEST))
def test_what_a_partner_may_not_see_changes_nothing_that_it_receives(
    first: int,
) -> None:
    """No byte, no order, no logical send time; and the changes are real ones."""
    noticed = sum(check(seed) for seed in range(first, first + A_TEST))
    assert noticed >= ALTERS_OTHERS_MIN * A_TEST


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, LONG_WORLDS, A_LONG_TEST))
def test_ten_thousand_worlds_show_nothing(first: int) -> None:
    """The same for many more worlds than a quick run has time for."""
    begin = 1_000_000 + first
    noticed = sum(check(seed) for seed in range(begin, begin + A_LONG_TEST))
    assert noticed >= ALTERS_OTHERS_MIN * A_LONG_TEST
