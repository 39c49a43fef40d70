"""Other cards: a journal folds alike, whatever cards lie in the node's folder now.

What a node was at each turn stands in its journal, in the start before that turn. A
card that is gone, new, or another one must not keep the node from starting.
"""

import pytest
from msgspec.structs import replace

from beaconfire.runtime.checkpoint import save
from beaconfire.seals.dsse import sign_item
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.entries.carriage import HandOver
from beaconfire.vocabulary.entries.sightings import ItemHeld
from tests.stages.partners_made import (
    TISA,
    Fed,
    act_of,
    approval_of,
    at_s,
    item_of,
    members,
)

OWN = members()["JPN"].profile
KOR, USA = OWN.partners


def tell(node: Fed, *, seconds: float) -> None:
    """Let Japan's node hold an item of its own."""
    sealed = sign_item(item_of("JPN", created_s=seconds), members()["JPN"].sealer.items)
    node.give(ItemHeld(sealed=sealed), by="fuse", seconds=seconds)


@pytest.mark.parametrize("cards", [(), (USA,), (KOR,), (USA, KOR), (KOR, USA)])
def test_a_node_starts_with_any_cards_from_the_journal_of_before(
    cards: tuple[object, ...],
) -> None:
    """Turns that told both partners something are folded in the order of their day."""
    node = Fed()
    node.order(act_of("suspend", "JPN", agreement=TISA, issued_s=1.0), seconds=1.0)
    tell(node, seconds=2.0)
    node.order(act_of("restore", "JPN", agreement=TISA, issued_s=3.0), seconds=3.0)
    again = node.fresh(profile=replace(OWN, partners=cards))
    for turn in node.turns:
        again.fold(turn)
    assert save(again) == save(node.node)
    turn, _ = again.turn(again.given, by="runtime", at=at_s(4.0))
    assert turn.turn == len(node.turns) + 1
    again.turn(Tick(), by="runtime", at=at_s(5.0))


def test_what_waits_for_a_party_whose_card_is_gone_keeps_its_account() -> None:
    """It is not forgotten and ends no node; with the card back the lane goes on."""
    node = Fed()
    for second in range(40):  # more than a window: some waits
        tell(node, seconds=float(second))
    sending = node.node.stages.link.partners["KOR"].sending["notices"]
    assert sending.items
    gone = node.fresh(profile=replace(OWN, partners=(USA,)))
    for turn in node.turns:
        gone.fold(turn)
    node.node = gone
    node.give(gone.given, seconds=50.0)
    node.order(approval_of("JPN", to="KOR", issued_s=51.0), seconds=51.0)
    out = node.give(Tick(), seconds=52.0)
    assert not [b for b in out if isinstance(b, HandOver)]
    kept = node.node.stages.link.partners["KOR"].sending["notices"]
    assert len(kept.items) == len(sending.items)
    node.give(Tick(), seconds=400.0)
    assert not kept.items  # each has expired, by name
    back = node.fresh()
    for turn in node.turns:
        back.fold(turn)
    assert save(back) == save(node.node)
