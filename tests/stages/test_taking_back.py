"""Taking back: an operator's order retracts an own item, once, for all who have it.

Every refusal is the sentence that goes back to whoever gave the order.
"""

import pytest
from msgspec.structs import replace

from beaconfire.runtime.effects import Answer
from beaconfire.seals import codec
from beaconfire.seals.dsse import sign_item
from beaconfire.seals.keys import SigningKey
from beaconfire.seals.people_orders import sign_people_order
from beaconfire.stages import desk
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import ClockStep, Order
from beaconfire.vocabulary.entries.carriage import HandOver, Withdrawal
from beaconfire.vocabulary.entries.sightings import ItemHeld, Rejection, TakenBack
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.report import Plots, Retraction
from beaconfire.vocabulary.taking_back import TakingBack
from tests.stages.partners_made import (
    Fed,
    Line,
    act_of,
    at_s,
    carried_act,
    item_of,
    members,
    only,
    strangers,
)

WRONG = "the radar had been calibrated wrongly"


def told(node: Fed, item: Item, **how: object) -> list[EntryBody]:
    """Let a node hold an item of its own; return what followed."""
    sealed = sign_item(item, members()[node.party].sealer.items)
    return node.give(ItemHeld(sealed=sealed, **how), by="fuse")  # type: ignore[arg-type]


def take_back(
    node: Fed,
    item: str,
    *,
    key: SigningKey | None = None,
    seconds: float = 1.0,
    issued_s: float | None = None,
    **changes: object,
) -> list[EntryBody]:
    """Order it, signed by one of the node's people or by ``key``."""
    said = TakingBack(
        party=node.party,
        item=item,
        reason=WRONG,
        issued=at_s(seconds if issued_s is None else issued_s),
    )
    said = replace(said, **changes)  # type: ignore[arg-type]
    signed = sign_people_order(said, key or members()[node.party].people)
    order = Order(verb="retract", text=codec.encode(signed).decode())
    return node.give(order, seconds=seconds, by="person")


def refusal(out: list[EntryBody]) -> str:
    """Return the sentence of the one thing that came of it."""
    assert len(out) == 1
    return only(Rejection, out).reason


def gone_to(out: list[EntryBody], item: str) -> list[str]:
    """Return to whom an item was handed over."""
    return [b.to for b in out if isinstance(b, HandOver) and item in b.items]


def test_all_who_were_given_it_are_told_and_the_order_is_answered() -> None:
    """A retraction of our own with the reason, live and journalled, to both."""
    node = Fed()
    item = item_of("JPN")
    assert gone_to(told(node, item), item.id) == ["KOR", "USA"]
    out = take_back(node, item.id)
    answer = next(effect for effect in node.effects if isinstance(effect, Answer))
    assert answer.accepted
    assert answer.reason.startswith("taking-back: entry ")
    held = only(ItemHeld, out)
    back = held.sealed.item
    assert back.body == Retraction(retracts=item.id, reason=WRONG)
    assert back.label == item.label
    assert gone_to(out, back.id) == ["KOR", "USA"]
    node.check_replay()


def test_who_was_not_given_it_hears_nothing_of_it() -> None:
    """An item for one partner alone is taken back from that partner alone."""
    node = Fed()
    item = item_of("JPN")
    told(node, item, audience=("KOR",))
    out = take_back(node, item.id)
    back = only(ItemHeld, out)
    assert back.audience == ("KOR",)
    given = set(gone_to(out, back.sealed.item.id))
    assert "KOR" in given
    node.check_replay()


def test_a_suspended_way_hears_of_it_when_it_is_restored() -> None:
    """Ordered while the direct way is closed: kept, and the first thing to go."""
    node, kor = Fed(), Line()
    item = item_of("JPN")
    told(node, item)
    node.pull(kor.send(carried_act(act_of("suspend", issued_s=1.0))), seconds=1.0)
    out = take_back(node, item.id, seconds=2.0)
    back = only(ItemHeld, out).sealed.item.id
    assert gone_to(out, back) == ["USA"]
    out = node.pull(kor.send(carried_act(act_of("restore", issued_s=3.0))), seconds=3.0)
    assert gone_to(out, back) == ["KOR"]
    node.check_replay()


def test_what_nobody_has_yet_is_withdrawn() -> None:
    """A silent partner's queue lets go of it."""
    node = Fed()
    for _ in range(32):
        told(node, item_of("JPN"))
    item = item_of("JPN")
    told(node, item)
    gone = [b for b in take_back(node, item.id) if isinstance(b, Withdrawal)]
    assert {body.to for body in gone} == {"KOR", "USA"}
    assert {body.items for body in gone} == {(item.id,)}


def test_what_is_not_ours_or_not_told_as_belief_is_refused_in_a_sentence() -> None:
    """Unknown, a partner's, plots, a retraction, taken back before: each by name."""
    node, kor = Fed(), Line()
    assert "`nothing` is no item of ours" in refusal(take_back(node, "nothing"))
    theirs = item_of("KOR")
    node.pull(kor.send(kor.carry(theirs)))
    assert refusal(take_back(node, theirs.id)) == (
        f"item `{theirs.id}` is KOR's: its originator alone takes it back"
    )
    plot = Plot(
        time=at_s(0.0),
        sensor=SensorSite(id="r", lat_deg=37.0, lon_deg=137.0, alt_m=0.0),
        range_m=1e6,
        azimuth_deg=0.0,
        elevation_deg=10.0,
        sigma_range_m=30.0,
        sigma_azimuth_mrad=1.0,
        sigma_elevation_mrad=1.0,
    )
    plots = replace(item_of("JPN"), body=Plots(sensor_id="r", plots=(plot,)))
    told(node, plots)
    assert "is plots: what a sensor saw" in refusal(take_back(node, plots.id))
    item = item_of("JPN")
    told(node, item)
    back = only(ItemHeld, take_back(node, item.id)).sealed.item.id
    assert "was taken back already" in refusal(take_back(node, item.id, seconds=2.0))
    assert "is a retraction" in refusal(take_back(node, back, seconds=2.0))
    node.check_replay()


def test_no_partner_keeps_an_item_of_ours_from_being_taken_back() -> None:
    """Whoever gives an item of its own the id of ours has changed nothing here."""
    node, kor = Fed(), Line()
    item = item_of("JPN")
    told(node, item)
    node.pull(kor.send(kor.carry(replace(item_of("KOR"), id=item.id))))
    out = take_back(node, item.id)
    assert gone_to(out, only(ItemHeld, out).sealed.item.id) == ["KOR", "USA"]


def test_only_our_own_people_just_now_take_something_back() -> None:
    """Another's key, another party's order, an old order, and text that is none."""
    node = Fed()
    item = item_of("JPN")
    told(node, item)
    wrong = take_back(node, item.id, key=strangers()["JPN"].people)
    assert "key" in refusal(wrong)
    assert "desk is JPN's" in refusal(take_back(node, item.id, party="KOR"))
    late = take_back(node, item.id, seconds=1_000.0, issued_s=1.0)
    assert "was issued at" in refusal(late)
    out = node.give(Order(verb="retract", text="{}"), seconds=1_000.0, by="person")
    assert only(Rejection, out).what == "order retract"
    assert only(TakenBack, take_back(node, item.id, seconds=1_001.0))


def test_a_wrong_can_be_put_right_whatever_the_clock_says() -> None:
    """Taken down at once; it reaches partners when the clock is trusted again."""
    node = Fed()
    item = item_of("JPN")
    told(node, item)
    node.give(ClockStep(seconds=3_600.0, trusted=False), seconds=1.0)
    out = take_back(node, item.id, seconds=2.0, issued_s=9_000.0)
    back = only(ItemHeld, out).sealed.item.id
    assert gone_to(out, back) == []
    out = node.give(ClockStep(seconds=0.0, trusted=True), seconds=3.0)
    assert gone_to(out, back) == ["KOR", "USA"]


def test_what_is_remembered_for_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each form and of each partner the newest; a flood of one forgets no other."""
    monkeypatch.setattr(desk, "ITEMS_KEPT_MAX", 3)
    node, kor = Fed(), Line()
    for _ in range(5):
        told(node, item_of("JPN"))
        node.pull(kor.send(kor.carry(item_of("KOR"))))
    state = node.node.stages.desk
    assert {form: len(ids) for form, ids in state.own.items()} == {"notice": 3}
    assert {party: len(ids) for party, ids in state.theirs.items()} == {"KOR": 3}
