"""What is held already: an id is its originator's alone, and memory has an end.

The first rule keeps one partner from silencing another: an item that merely bears the
name of somebody else's warning must not stand in its place.
"""

import pytest
from msgspec.structs import replace

from beaconfire.stages.ingest import known
from beaconfire.vocabulary.entries.carriage import Arrival
from beaconfire.vocabulary.entries.sightings import (
    Bell,
    ItemHeld,
    Quarantine,
    Rejection,
)
from tests.stages.partners_made import (
    GSOMIA,
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


def test_nobody_silences_anothers_item_by_sending_one_of_the_same_name() -> None:
    """The hub knows the ids that Korea gave it; using one first changes nothing."""
    fed, kor, usa = Fed(), Line(), Line(sender="USA")
    genuine = item_of("KOR")
    decoy = replace(item_of("USA"), id=genuine.id)
    assert only(ItemHeld, fed.pull(usa.send(usa.carry(decoy)), partner="USA"))
    out = fed.pull(kor.send(kor.carry(genuine)))
    assert only(ItemHeld, out).sealed.item == genuine
    assert only(Arrival, out).repeated == ()
    fed.check_replay()


def test_a_repeat_by_another_route_is_known_as_one() -> None:
    """The same item directly and through the hub is used once, whichever came first."""
    fed, kor, usa = Fed(), Line(), Line(sender="USA")
    item = item_of("KOR")
    by_hub = relayed(item, approval=approval_of())
    assert only(ItemHeld, fed.pull(usa.send(by_hub, originator="KOR"), partner="USA"))
    out = fed.pull(kor.send(kor.carry(item)))
    arrival = only(Arrival, out)
    assert (arrival.items, arrival.repeated) == ((), (item.id,))
    assert not any(isinstance(body, ItemHeld | Rejection) for body in out)


def test_an_originator_does_not_say_two_things_under_one_name() -> None:
    """A second text of an id is refused by name; the first one stands."""
    fed, kor = Fed(), Line()
    item = item_of()
    fed.pull(kor.send(kor.carry(item)))
    other = replace(item, lineage=("other",))
    rejection = only(Rejection, fed.pull(kor.send(kor.carry(other))))
    assert rejection.reason == (f"item `{item.id}` of KOR came before with other text")
    assert only(ItemHeld, fed.pull(kor.send(kor.carry(item_of()))))


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items that never end do not fill the memory: the oldest are let go."""
    monkeypatch.setattr(known, "HELD_ITEMS_MAX", 10)
    fed, kor = Fed(), Line()
    for _ in range(25):
        item = item_of()
        for_ever = replace(item, valid_until=item.created.plus_s(3e9))
        fed.pull(kor.send(kor.carry(for_ever)))
    assert len(fed.node.stages.ingest.held["KOR"]) == 10


def test_ids_are_forgotten_an_hour_after_their_end() -> None:
    """A repeat so late is refused by the number of its message alone."""
    fed, kor = Fed(), Line()
    fed.pull(kor.send(kor.carry(item_of())))
    fed.pull(kor.send(kor.carry(item_of(created_s=3_900.0))), seconds=3_900.0)
    assert len(fed.node.stages.ingest.held["KOR"]) == 2
    fed.pull(kor.send(kor.carry(item_of(created_s=3_901.0))), seconds=3_901.0)
    assert len(fed.node.stages.ingest.held["KOR"]) == 2


def test_history_that_another_route_brought_long_ago_is_known_as_a_repeat() -> None:
    """What was withheld directly comes years later: it was used, and is not again."""
    fed, kor, usa = Fed(), Line(), Line(sender="USA")
    item = item_of("KOR")
    by_hub = relayed(item, approval=approval_of())
    fed.pull(usa.send(by_hub, originator="KOR"), partner="USA")
    late = 1e8
    fed.pull(kor.send(kor.carry(item_of(created_s=late))), seconds=late)
    out = fed.pull(kor.send(kor.carry(item)), seconds=late)
    arrival = only(Arrival, out)
    assert (arrival.items, arrival.repeated) == ((), (item.id,))
    assert not any(isinstance(body, ItemHeld) for body in out)
    fed.check_replay()


def test_what_ended_long_ago_is_remembered_in_a_bounded_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of each originator and form the newest; the others' are not pushed out."""
    monkeypatch.setattr(known, "PAST_IDS_MAX", 3)
    fed, kor, usa = Fed(), Line(), Line(sender="USA")
    fed.pull(usa.send(usa.carry(item_of("USA"))), partner="USA")
    for number in range(6):
        at = 5_000.0 * number
        fed.pull(kor.send(kor.carry(item_of(created_s=at))), seconds=at)
    fed.pull(
        usa.send(usa.carry(item_of("USA", created_s=at))), partner="USA", seconds=at
    )
    past = fed.node.stages.ingest.past
    assert {way: len(ids) for way, ids in past.items()} == {
        "KOR notice": 3,
        "USA notice": 1,
    }
    fed.check_replay()


def test_an_item_behind_a_suspension_in_its_own_message_is_quarantined() -> None:
    """The receiver knows of a suspension from the message that brings it."""
    fed, kor = Fed(), Line()
    item = item_of()
    made = kor.send(carried_act(act_of("suspend")), kor.carry(item))
    out = fed.pull(made)
    assert only(Quarantine, out).items == (item.id,)
    assert only(Arrival, out).quarantined == (item.id,)
    assert not any(isinstance(body, ItemHeld) for body in out)


def test_an_item_behind_a_restoration_in_its_own_message_is_used() -> None:
    """And it is used again from the message on that brings the restoration."""
    fed, kor = Fed(), Line()
    fed.pull(kor.send(carried_act(act_of("suspend"))))
    made = kor.send(carried_act(act_of("restore", issued_s=1.0)), kor.carry(item_of()))
    assert only(ItemHeld, fed.pull(made, seconds=1.0))


def test_a_refused_act_rings_the_release_officers_bell() -> None:
    """Its sender has a receipt and counts on it: somebody must hear that we do not."""
    fed, kor = Fed(), Line()
    out = fed.pull(kor.send(carried_act(act_of("suspend", issued_s=100_000.0))))
    reason = only(Rejection, out).reason
    assert only(Bell, out) == Bell(
        role="release officer", text=f"an act of KOR was refused: {reason}"
    )
    assert only(Arrival, out).acts == ()


def test_an_approval_serves_under_its_own_agreement_alone() -> None:
    """Leave under one arrangement does not open a way under another."""
    fed, usa = Fed(), Line(sender="USA")
    item = item_of("KOR")
    elsewhere = relayed(item, approval=approval_of(agreement=GSOMIA))
    made = usa.send(elsewhere, originator="KOR")
    assert only(Rejection, fed.pull(made, partner="USA")).reason == (
        f"item `{item.id}`: the approval is under `{GSOMIA}`, which it was not sent "
        "under"
    )
    good = relayed(item, approval=approval_of(agreement=TISA))
    out = fed.pull(usa.send(good, originator="KOR"), partner="USA")
    assert only(ItemHeld, out).carriage.via == "USA"


def test_a_quarantined_item_is_used_when_it_comes_by_a_way_in_force() -> None:
    """What was set apart on one route does not stop its own repeat on another."""
    fed, kor, usa = Fed(), Line(), Line(sender="USA")
    fed.pull(kor.send(carried_act(act_of("suspend"))))
    item = item_of()
    late = kor.send(carried(item, agreements=(GSOMIA,)))
    assert only(Quarantine, fed.pull(late)).sealed[0].item == item
    by_hub = relayed(item, approval=approval_of())
    assert only(ItemHeld, fed.pull(usa.send(by_hub, originator="KOR"), partner="USA"))
    fed.check_replay()
