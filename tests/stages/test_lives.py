"""Lives: drawn starts with any cards, revocations and traffic; no turn ends a node.

A start may come with fewer cards, higher or lower ones, or another root's; then a text
of whose parties one has no card is not in force, as at a real start.
"""

import random

import pytest
from msgspec.structs import replace

from beaconfire.agreements.text import parse_agreement
from beaconfire.agreements.trust import Trust
from beaconfire.runtime.checkpoint import restore, save
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.entries.arrivals import ClockStep, NodeStart, Tick
from beaconfire.vocabulary.entries.carriage import Arrival, HandOver, Receipt
from beaconfire.vocabulary.entries.decisions import Release
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.entries.sightings import ItemHeld
from tests.stages.partners_made import (
    GSOMIA,
    TISA,
    Fed,
    Line,
    act_of,
    approval_of,
    carried_act,
    item_of,
    members,
    receipt_note,
    receipt_text,
)
from tests.stages.test_revoking import revoke, told

OTHERS = ("KOR", "USA")
STEPS = 40


class Life:
    """Japan's node, its partners' lanes, and what is drawn for them."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.node = Fed()
        self.seconds = 0.0
        self.lines = {party: Line(sender=party) for party in OTHERS}
        self.trusted = True
        self.number = 1

    def step(self) -> None:
        """Let something happen."""
        draw, node = self.draw, self.node
        self.seconds = at = self.seconds + draw.choice((0.1, 1.0, 5.0, 60.0, 400.0))
        party = draw.choice(OTHERS)
        line = self.lines[party]
        what = draw.randrange(13)
        if what < 3:
            told(node, item_of("JPN", created_s=at), seconds=at)
        elif what == 3:
            made = line.send(line.carry(item_of(party, created_s=at)))
            node.pull(made, partner=party, seconds=at)
        elif what == 4:
            verb = draw.choice(("suspend", "restore", "notice-suspend"))
            on = draw.choice((GSOMIA, TISA))
            node.order(act_of(verb, agreement=on, party="JPN", issued_s=at), seconds=at)
        elif what == 5:
            leave = approval_of("JPN", to="KOR", issued_s=at, expires_s=at + 500.0)
            node.order(leave, seconds=at)
        elif what == 6:
            suspend = act_of("suspend", "KOR", agreement=TISA, issued_s=at)
            made = line.send(carried_act(suspend), originator="KOR")
            node.pull(made, partner=party, seconds=at)
        elif what in (7, 12):
            revoke(node, party, seconds=at)
        elif what == 8:
            self.start(at)
        elif what == 9:
            sending = node.node.stages.link.partners[party].sending["notices"]
            note = receipt_note("JPN", party, sending)
            node.receipt(receipt_text(note), partner=party, seconds=at)
        elif what == 10:
            self.trusted = not self.trusted
            node.give(ClockStep(seconds=0.0, trusted=self.trusted), seconds=at)
        else:
            node.give(Tick(), seconds=at)

    def start(self, at: float) -> None:
        """Start anew, from a checkpoint or from the first turn, with drawn cards."""
        draw, node = self.draw, self.node
        own = members()["JPN"].profile
        self.number += draw.choice((0, 0, 1))
        number = max(1, self.number - draw.choice((0, 0, 1)))
        root = draw.choice(("", "", "", "another"))
        cards = tuple(
            replace(card, number=number, root=root or card.root)
            for card in own.partners
            if draw.random() < 0.8
        )
        again = node.fresh(profile=replace(own, partners=cards))
        if draw.random() < 0.5:
            restore(again, save(node.node))
        else:
            for turn in node.turns:
                again.fold(turn)
        node.node = again
        node.give(in_force(again.given, again.given.profile), seconds=at)

    def closed_throughout(self) -> bool:
        """Say whether nothing crossed a link while it was closed."""
        trust = Trust()
        for entry in (entry for turn in self.node.turns for entry in turn.entries):
            body = entry.body
            if isinstance(body, CardRevoked):
                trust = trust.after(entry.id, body)
            elif isinstance(body, NodeStart) and body.profile:
                trust = trust.with_cards(body.profile.partners)
            crossed: tuple[str, ...] = ()
            if isinstance(body, HandOver | Release):
                crossed = (body.to,)
            elif isinstance(body, Arrival | Receipt) and body.to == "JPN":
                crossed = (body.via or body.originator,)
            elif isinstance(body, ItemHeld) and body.carriage is not None:
                crossed = (body.sealed.item.originator, body.carriage.link)
            if any(trust.closing(party) for party in crossed):
                return False
        return True

    def numbered_in_order(self) -> bool:
        """Say whether messages stand in the journal as they are numbered."""
        last: dict[tuple[str, str, int], int] = {}
        for entry in (entry for turn in self.node.turns for entry in turn.entries):
            body = entry.body
            if isinstance(body, HandOver):
                lane = (body.to, body.lane, body.epoch)
                if body.number != last.get(lane, 0) + 1:
                    return False
                last[lane] = body.number
        return True


def in_force(given: NodeStart, profile: NodeProfile | None) -> NodeStart:
    """Return a start with those of its texts of which all parties' cards are held."""
    assert profile is not None
    held = {"JPN", *(card.party for card in profile.partners)}
    texts = [
        text
        for text in given.agreements
        if set(parse_agreement(text, file="text").parties) <= held
    ]
    return replace(given, agreements=tuple(texts))


@pytest.mark.parametrize("seed", [*range(12), 13, 34, 67, 117])
def test_no_turn_and_no_start_ends_a_node_and_what_is_closed_stays_so(
    seed: int,
) -> None:
    """And its journal folds alike with all cards there, to the last byte.

    The last four seeds once recorded a message behind the one that came after it.
    """
    life = Life(seed)
    for _ in range(STEPS):
        life.step()
    entries = [entry for turn in life.node.turns for entry in turn.entries]
    assert {NodeStart, CardRevoked, HandOver} <= {type(one.body) for one in entries}
    assert life.closed_throughout()
    assert life.numbered_in_order()
    again = life.node.fresh()
    for turn in life.node.turns:
        again.fold(turn)
    assert save(again) == save(life.node.node)
