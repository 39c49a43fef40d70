"""While the clock is not trusted: what waits and says so, and what goes on."""

import pytest

from beaconfire.seals.dsse import sign_item
from beaconfire.stages import ingest
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import ClockStep, SensorLines, Tick
from beaconfire.vocabulary.entries.carriage import (
    Expiry,
    FateUnknown,
    HandOver,
    Receipt,
    Waiting,
    Withdrawal,
)
from beaconfire.vocabulary.entries.sightings import (
    AlertDraft,
    Bell,
    ItemHeld,
    LaunchEvent,
    PlotsHeard,
    Rejection,
)
from beaconfire.vocabulary.item import Item
from tests.exercise.worlds import plot_line
from tests.stages.partners_made import (
    GSOMIA,
    Fed,
    Line,
    act_of,
    approval_of,
    at_s,
    item_of,
    members,
    only,
    relayed,
)

WHY = f"clock not trusted: at {at_s(1.0)} it had stepped by +3600.000 s"


def stepped(node: Fed, *, seconds: float = 1.0) -> list[EntryBody]:
    """Tell a node that its clock has stepped by an hour."""
    return node.give(ClockStep(seconds=3_600.0, trusted=False), seconds=seconds)


def steady(node: Fed, *, seconds: float) -> list[EntryBody]:
    """Tell a node that its clock is in order again."""
    return node.give(ClockStep(seconds=0.0, trusted=True), seconds=seconds)


def own(node: Fed, item: Item, *, seconds: float) -> list[EntryBody]:
    """Let a node hold an item of its own."""
    sealed = sign_item(item, members()[node.party].sealer.items)
    return node.give(ItemHeld(sealed=sealed), by="fuse", seconds=seconds)


def named(out: list[EntryBody], kind: type) -> set[tuple[str, str]]:
    """Return item and partner of what entries of a kind name."""
    return {
        (item, body.to) for body in out if isinstance(body, kind) for item in body.items
    }


def test_released_items_wait_and_say_why_item_by_partner() -> None:
    """Nothing with an end leaves, and nothing expires: it cannot be known."""
    node = Fed()
    bell = only(Bell, stepped(node))
    assert bell.role == "watch officer"
    assert "stepped by +3600.000 s" in bell.text
    item = item_of("JPN", created_s=2.0)
    out = own(node, item, seconds=2.0)
    both = {(item.id, "KOR"), (item.id, "USA")}
    assert named(out, Waiting) == both
    assert {body.reason for body in out if isinstance(body, Waiting)} == {WHY}
    assert named(out, HandOver) == set()
    out = node.give(Tick(), seconds=4_000.0)
    assert named(out, Expiry) == named(out, HandOver) == set()
    assert node.node.due() is None or node.node.due() > at_s(4_000.0)
    node.check_replay()


def test_when_it_is_trusted_again_what_is_valid_goes_and_the_rest_expires() -> None:
    """What ends the wait is the entry that says so, and it is told too."""
    node = Fed()
    stepped(node)
    old, new = item_of("JPN", created_s=2.0), item_of("JPN", created_s=400.0)
    own(node, old, seconds=2.0)
    own(node, new, seconds=400.0)
    out = steady(node, seconds=410.0)
    assert named(out, Expiry) == {(old.id, "KOR"), (old.id, "USA")}
    assert named(out, HandOver) == {(new.id, "KOR"), (new.id, "USA")}
    assert "trusted again" in only(Bell, out).text
    later = item_of("JPN", created_s=411.0)
    assert named(own(node, later, seconds=411.0), HandOver) == {
        (later.id, "KOR"),
        (later.id, "USA"),
    }
    node.check_replay()


def test_what_waits_already_says_the_new_reason_once() -> None:
    """A second step changes nothing of what is held, and rings again."""
    node = Fed()
    for _ in range(32):
        own(node, item_of("JPN"), seconds=0.0)
    waits = item_of("JPN")
    assert (waits.id, "KOR") in named(own(node, waits, seconds=0.5), Waiting)
    assert (waits.id, "KOR") in named(stepped(node), Waiting)
    again = stepped(node, seconds=5.0)
    assert only(Bell, again)
    assert named(again, Waiting) == set()


def test_acts_and_receipts_travel_and_a_suspension_is_obeyed_at_once() -> None:
    """They rest on no validity; what would let more leave has to wait."""
    node, kor = Fed(), Line()
    stepped(node)
    out = node.pull(kor.send(kor.carry(item_of("KOR"))), seconds=2.0)
    assert only(Receipt, out).to == "JPN"
    out = node.order(act_of("suspend", "JPN", issued_s=3_600.0), seconds=3.0)
    handed = [body.to for body in out if isinstance(body, HandOver) and body.acts]
    assert handed == ["KOR"]
    out = node.order(act_of("restore", "JPN", issued_s=3_601.0), seconds=4.0)
    assert only(Rejection, out).reason == (
        "`restore` counts by the clock, and the node's clock is not trusted: order it "
        "again when the bell has rung that it is"
    )
    steady(node, seconds=3_650.0)
    act = act_of("restore", "JPN", issued_s=3_660.0)
    out = node.order(act, seconds=3_660.0)
    assert not any(isinstance(body, Rejection) for body in out)
    node.check_replay()


def test_what_a_suspension_ended_is_written_though_no_clock_is_trusted() -> None:
    """A long queue's withdrawals go on tick by tick, and then nobody is woken."""
    node = Fed()
    items = [item_of("JPN", created_s=1.0) for _ in range(400)]
    for item in items:
        own(node, item, seconds=1.0)
    stepped(node, seconds=2.0)
    out = node.order(act_of("suspend", "JPN", issued_s=3.0), seconds=3.0)
    for _ in range(10):
        due = node.node.due()
        if due is None or due > at_s(4.0):
            break
        more = node.give(Tick(), seconds=4.0)
        assert more, "woken for nothing"
        out += more
    gone = named(out, Withdrawal) | named(out, FateUnknown)
    assert gone == {(item.id, "KOR") for item in items}
    assert named(out, HandOver) == set()
    node.check_replay()


@pytest.mark.parametrize("wrong_s", [-1_500.0, 1_500.0])
def test_a_warning_to_our_own_people_is_never_held(wrong_s: float) -> None:
    """Own plots and partners' items count, however far off their times look."""
    node, kor = Fed(), Line()
    stepped(node)
    at = 2_000.0
    item = item_of("KOR", created_s=at + wrong_s)
    out = node.pull(kor.send(kor.carry(item)), seconds=at)
    held = only(ItemHeld, out)
    assert held.carriage is not None
    assert not held.carriage.history
    assert only(LaunchEvent, out)
    assert only(AlertDraft, out)
    sensor = members()["JPN"].profile.sensors[0].id
    line = plot_line(sensor, at + wrong_s)
    lines = SensorLines(sensor=sensor, stream="plots", lines=(line,))
    assert only(PlotsHeard, node.give(lines, seconds=at)).sensor == sensor
    steady(node, seconds=at)
    assert only(Rejection, node.give(lines, seconds=at))
    node.check_replay()


def test_what_its_originator_hands_over_late_is_history_whatever_our_clock_says() -> (
    None
):
    """Restored while our clock is not trusted: old items still raise no alarm."""
    node, kor, usa = Fed(), Line(), Line(sender="USA")
    stepped(node)
    item = item_of("KOR")
    late = kor.send(kor.carry(item), sent=at_s(9_000.0))
    held = only(ItemHeld, node.pull(late, seconds=2_000.0))
    assert held.carriage is not None
    assert held.carriage.history
    other = item_of("KOR")
    by_hub = relayed(other, approval=approval_of(expires_s=8e8))
    late = usa.send(by_hub, originator="KOR", sent=at_s(9_000.0))
    held = only(ItemHeld, node.pull(late, partner="USA", seconds=2_000.0))
    assert held.carriage is not None
    assert not held.carriage.history
    node.check_replay()


def test_the_state_outlives_a_restart() -> None:
    """A node that died while it did not trust its clock begins so."""
    node = Fed()
    stepped(node)
    again = Fed()
    again.node = again._fresh()
    for turn in node.turns:
        again.node.fold(turn)
    assert not again.node.clock_trusted
    assert not again.node.stages.ingest.clock_trusted
    assert ingest.head(again.node.stages.ingest, "KOR", "notices") is None
    item = item_of("JPN", created_s=2.0)
    sealed = sign_item(item, members()["JPN"].sealer.items)
    turn, _ = again.node.turn(ItemHeld(sealed=sealed), by="fuse", at=at_s(2.0))
    kinds = [entry.kind for entry in turn.entries]
    assert "waiting" in kinds
    assert "hand-over" not in kinds
    assert GSOMIA in str(turn.entries)
