"""One partner's doings show to no other: not by when, not by what is forgotten.

Each rule here stands for a way in which a node's state, shared by all partners, could
tell one of them of another. ``tests/exercise/test_noninterference.py`` looks for more.
"""

import pytest

from beaconfire.seals import codec
from beaconfire.stages import link
from beaconfire.stages.ingest import known
from beaconfire.stages.release import state
from beaconfire.vocabulary.entries.carriage import Arrival, EpochEnd, Receipt
from beaconfire.vocabulary.entries.decisions import Release
from beaconfire.vocabulary.entries.sightings import ItemHeld, Quarantine
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.link import ReceiptNote
from tests.stages.partners_made import (
    GSOMIA,
    JPN_USA,
    TISA,
    Fed,
    Line,
    act_of,
    approval_of,
    carried,
    carried_act,
    item_of,
    only,
    relayed,
)


def hub() -> tuple[Fed, Line, Line]:
    """Return the hub's node and the lines to it from Japan and Korea."""
    return Fed("USA"), Line(sender="JPN", to="USA"), Line(sender="KOR", to="USA")


def test_an_act_is_not_when_a_stranger_to_it_learns_of_an_expiry() -> None:
    """An approval that has ended by itself purges no lane at somebody else's act."""
    node, jpn, _ = hub()
    leave = approval_of("JPN", to="KOR", expires_s=60.0)
    node.pull(jpn.send(carried_act(leave)), partner="JPN")
    node.pull(jpn.send(jpn.carry(item_of("JPN"))), partner="JPN")
    to_korea = node.node.stages.link.partners["KOR"].sending["notices"]
    assert [unit.id for message in to_korea.window for unit in message.units]
    act = act_of("suspend", "JPN", agreement=JPN_USA, issued_s=90.0)
    out = node.pull(jpn.send(carried_act(act)), partner="JPN", seconds=90.0)
    assert not any(isinstance(body, EpochEnd) and body.to == "KOR" for body in out)
    assert to_korea.epoch == 1
    # An act that binds Korea too is its business.
    act = act_of("suspend", "JPN", agreement=TISA, issued_s=91.0)
    out = node.pull(jpn.send(carried_act(act)), partner="JPN", seconds=91.0)
    assert any(isinstance(body, EpochEnd) and body.to == "KOR" for body in out)
    node.check_replay()


@pytest.mark.parametrize("by_hub_first", [False, True])
def test_a_receipt_says_the_same_whatever_another_brought_before(
    by_hub_first: bool,
) -> None:
    """What comes under a suspended agreement is set apart on that route, always."""
    fed, kor, usa = Fed(), Line(), Line(sender="USA")
    fed.pull(kor.send(carried_act(act_of("suspend"))))
    item = item_of("KOR")
    if by_hub_first:
        part = relayed(item, approval=approval_of())
        assert only(ItemHeld, fed.pull(usa.send(part, originator="KOR"), partner="USA"))
    out = fed.pull(kor.send(carried(item, agreements=(GSOMIA,))))
    assert only(Quarantine, out).items == (item.id,)
    note = codec.decode(only(Receipt, out).note, ReceiptNote, what="receipt")
    assert note.quarantined == (item.id,)
    fed.check_replay()


def test_a_repeat_by_a_route_that_was_used_stays_a_repeat() -> None:
    """A message handed over again does not set apart what was used from it before."""
    fed, kor = Fed(), Line()
    item = item_of("KOR")
    fed.pull(kor.send(kor.carry(item)))
    fed.pull(kor.send(carried_act(act_of("suspend"))))
    arrival = only(Arrival, fed.pull(kor.send(kor.carry(item))))
    assert (arrival.repeated, arrival.quarantined) == ((item.id,), ())


def test_nobody_makes_us_forget_what_another_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Memory has an end for each originator: a repeat of another's is still known."""
    monkeypatch.setattr(known, "HELD_ITEMS_MAX", 3)
    fed, kor, usa = Fed(), Line(), Line(sender="USA")
    item = item_of("KOR")
    fed.pull(kor.send(kor.carry(item)))
    for _ in range(5):
        fed.pull(usa.send(usa.carry(item_of("USA"))), partner="USA")
    part = relayed(item, approval=approval_of())
    out = fed.pull(usa.send(part, originator="KOR"), partner="USA")
    assert only(Arrival, out).repeated == (item.id,)


@pytest.mark.parametrize("crowd", ["another originator", "another audience"])
def test_nobody_pushes_out_what_waits_for_anothers_approval(
    monkeypatch: pytest.MonkeyPatch, crowd: str
) -> None:
    """Leave that comes late opens the way whatever else was refused meanwhile."""
    monkeypatch.setattr(link, "ITEMS_KEPT_MAX", 3)
    monkeypatch.setattr(state, "REFUSED_KEPT_MAX", 3)
    node, jpn, kor = hub()
    item = item_of("JPN")
    node.pull(jpn.send(jpn.carry(item)), partner="JPN")
    for _ in range(5):
        if crowd == "another originator":
            node.pull(kor.send(kor.carry(item_of("KOR"))), partner="KOR")
            continue
        label = Label(policy="EXERCISE", classification="秘", releasable_to=("USA",))
        hidden = item_of("JPN", label=label)
        node.pull(jpn.send(jpn.carry(hidden)), partner="JPN")
    leave = carried_act(approval_of("JPN", to="KOR"))
    out = node.pull(jpn.send(leave), partner="JPN", seconds=1.0)
    assert only(Release, out).item == item.id
    sending = node.node.stages.link.partners["KOR"].sending["notices"]
    assert [u.id for m in sending.window for u in m.units] == [item.id]
    node.check_replay()
