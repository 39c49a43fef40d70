"""Noninterference: what a partner may not see changes nothing that it receives.

Two worlds differ in something that one nation may not see. Compared is all that it
receives, byte for byte and in order, and the logical time of each send: the ``at`` of
the sender's turn that journals the hand-over or gives the receipt. How long a turn, a
timer or a line takes on a wall clock is no part of it and is not promised.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import pytest

from beaconfire.exercise.bench.workers import cores
from beaconfire.exercise.world import World
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.arrivals import (
    ClockStep,
    LinkArrival,
    NodeStart,
    ReceiptArrival,
)
from beaconfire.vocabulary.entries.carriage import EpochEnd, HandOver, Receipt
from beaconfire.vocabulary.entries.consulting import ConsultationHeard
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.entries.sightings import ItemHeld, Quarantine
from beaconfire.vocabulary.report import Retraction
from tests.exercise.drafts import NATIONS
from tests.exercise.hiding import draw_hidden
from tests.exercise.worlds import entries

WORLDS, A_TEST = 200, 25
LONG_WORLDS, LONG_FIRST, A_TASK = 10_000, 1_000_000, 50
ALTERS_OTHERS_MIN = 0.3
_ACTS = {"approve": "an approval", "suspend": "a suspension", "declare": "a record"}
# What worlds are made of besides items: each must have happened in some of them.
MET = (
    *_ACTS.values(),
    *("a consultation", "a quarantine", "a refused part", "a retraction"),
    *("a clock step", "a revoked card", "an opened link"),
)


class Shown(NamedTuple):
    """Whether somebody else noticed a hidden change, and what happened in its world."""

    noticed: bool
    met: frozenset[str]


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


def opened(made: World) -> bool:
    """Say whether a start opened a link that a revocation had closed."""
    for party in NATIONS:
        closed: dict[str, int] = {}
        for body in (entry.body for entry in entries(made, party)):
            if isinstance(body, CardRevoked):
                closed[body.order.partner] = body.number
            elif isinstance(body, NodeStart) and body.profile is not None:
                for card in body.profile.partners:
                    if card.number > closed.get(card.party, card.number):
                        return True
    return False


def met(made: World) -> Iterator[str]:
    """Yield what happened of ``MET``."""
    if opened(made):
        yield "an opened link"
    for body in (entry.body for party in NATIONS for entry in entries(made, party)):
        if isinstance(body, Act) and body.act in _ACTS:
            yield _ACTS[body.act]
        elif isinstance(body, ConsultationHeard):
            yield "a consultation"
        elif isinstance(body, Quarantine):
            yield "a quarantine"
        elif isinstance(body, Receipt) and body.refused:
            yield "a refused part"
        elif isinstance(body, ItemHeld) and isinstance(
            body.sealed.item.body, Retraction
        ):
            yield "a retraction"
        elif isinstance(body, ClockStep):
            yield "a clock step"
        elif isinstance(body, CardRevoked):
            yield "a revoked card"


def check(seed: int) -> Shown:
    """Compare the two worlds of a seed; say whether somebody else noticed."""
    hidden = draw_hidden(seed)
    one, other = hidden.one.run(), hidden.other.run()
    where = f"seed {seed}: {hidden.what} showed to {hidden.unaware}"
    for sender in NATIONS:
        if sender != hidden.unaware:
            first = sent(one, sender, hidden.unaware)
            assert first == sent(other, sender, hidden.unaware), f"{where} by {sender}"
    assert received(one, hidden.unaware) == received(other, hidden.unaware), where
    noticed = any(
        received(one, party) != received(other, party)
        for party in NATIONS
        if party != hidden.unaware
    )
    return Shown(noticed, frozenset((*met(one), *met(other))))


@pytest.mark.parametrize("first", range(0, WORLDS, A_TEST))
def test_what_a_partner_may_not_see_changes_nothing_that_it_receives(
    first: int,
) -> None:
    """No byte, no order, no logical send time; and the changes are real ones."""
    noticed = sum(check(seed).noticed for seed in range(first, first + A_TEST))
    assert noticed >= ALTERS_OTHERS_MIN * A_TEST


def many(worlds: int, say: Callable[[str], object]) -> None:
    """Check so many worlds in several processes; say how far it is."""
    seeds = range(LONG_FIRST, LONG_FIRST + worlds)
    done, noticed, happened = 0, 0, Counter[str]()
    with ProcessPoolExecutor(cores()) as pool:
        for shown in pool.map(check, seeds, chunksize=A_TASK):
            done += 1
            noticed += shown.noticed
            happened.update(shown.met)
            if done % (worlds // 20) == 0:
                share = f"{noticed / done:.0%} noticed by others"
                say(f"{done:,} of {worlds:,} worlds, {share}")
    say(", ".join(f"{what} in {happened[what]:,}" for what in MET))
    assert noticed >= ALTERS_OTHERS_MIN * worlds
    assert set(happened) == set(MET)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_worlds_show_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """The same for many more worlds than a quick run has time for."""
    with capsys.disabled():
        many(LONG_WORLDS, lambda text: print(f"\n{text}", end="", flush=True))
