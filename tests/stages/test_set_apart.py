"""Set apart: what met its recipient's suspension, at either end, an entry at a time.

Japan's node sends to Korea, whose receipts and acts are written by hand; then Japan's
node receives. How it comes out across nodes and lines is
``exercise/test_world_crossing``'s.
"""

import pytest
from msgspec.structs import replace

from beaconfire.stages.link import withholding
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.entries.carriage import (
    Arrival,
    Foregone,
    Receipt,
    Reconsideration,
)
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.entries.sightings import (
    AlertDraft,
    Bell,
    ItemHeld,
    LaunchEvent,
    Quarantine,
    Rejection,
)
from beaconfire.vocabulary.item import Item
from tests.stages.partners_made import (
    GSOMIA,
    JPN_USA,
    TISA,
    Fed,
    Line,
    act_of,
    at_s,
    carried_act,
    item_of,
    only,
    receipt_note,
    receipt_text,
)
from tests.stages.test_restoring import acted, handed, own, retraction_of, shelved


def signed(node: Fed, *apart: Item, seconds: float) -> list[EntryBody]:
    """Let Korea sign for all it was sent, with some of it set apart."""
    sending = node.node.stages.link.partners["KOR"].sending["notices"]
    note = receipt_note("JPN", "KOR", sending)
    note = replace(note, quarantined=tuple(item.id for item in apart))
    return node.receipt(receipt_text(note), seconds=seconds)


def crossing() -> tuple[Fed, Line, Item, Item]:
    """Return Japan's node, which has told Korea an item and taken it back.

    Korea has the item, and has set the retraction apart; of its suspension Japan's
    node knows nothing yet.
    """
    node, kor = Fed(), Line()
    item = item_of("JPN")
    own(node, item)
    signed(node, seconds=0.5)
    back = retraction_of(item, seconds=1.0)
    assert handed(own(node, back, seconds=1.0)) == [back.id]
    out = signed(node, back, seconds=1.5)
    assert only(Receipt, out).withheld == (GSOMIA,)
    bell = only(Bell, out)
    assert bell.role == "release officer"
    assert bell.text.startswith(f"{GSOMIA}: 1 retractions were set apart by KOR, which")
    return node, kor, item, back


def test_it_waits_for_the_act_that_it_met_and_goes_when_that_is_restored() -> None:
    """The receipt came first: no tick sends it before the restoration, which does."""
    node, kor, _, back = crossing()
    assert shelved(node) == [back.id]
    assert handed(node.give(Tick(), seconds=2.0)) == []
    assert handed(acted(node, kor, "suspend", 3.0)) == []
    assert handed(node.give(Tick(), seconds=4.0)) == []
    out = acted(node, kor, "restore", 5.0)
    assert only(Reconsideration, out).was == "quarantined"
    assert only(Release, out).withheld
    assert handed(out) == [back.id]
    node.check_replay()


@pytest.mark.parametrize("restored", [True, False])
def test_a_receipt_that_comes_after_the_acts_changes_nothing_of_it(
    restored: bool,
) -> None:
    """Purged by the suspension, then said to have been set apart: it goes at once."""
    node, kor = Fed(), Line()
    item = item_of("JPN")
    own(node, item)
    acted(node, kor, "suspend", 1.0)
    if restored:
        acted(node, kor, "restore", 2.0)
    sending = node.node.stages.link.partners["KOR"].sending["notices"]
    assert sending.closes is not None
    out = signed(node, item, seconds=3.0)
    assert only(Receipt, out).withheld == (GSOMIA,)
    out = node.give(Tick(), seconds=4.0)
    assert handed(out) == ([item.id] if restored else [])
    if not restored:
        assert handed(acted(node, kor, "restore", 5.0)) == [item.id]
    node.check_replay()


def test_who_always_sets_it_apart_is_sent_it_once_for_each_act() -> None:
    """A partner that never says why cannot make the two pass it to and fro."""
    node, kor, _, back = crossing()
    for number in range(20):
        out = node.give(Tick(), seconds=2.0 + number)
        assert handed(out) == []
    for number, verb in enumerate(("suspend", "restore") * 3):
        out = acted(node, kor, verb, 30.0 + number)
        assert handed(out) == ([back.id] if verb == "restore" else [])
        signed(node, back, seconds=30.5 + number)
        assert handed(node.give(Tick(), seconds=30.9 + number)) == []
    node.check_replay()


def test_the_end_of_another_agreement_sends_nothing_again() -> None:
    """Who is no party to it would notice that it has ended."""
    node, kor = Fed(), Line()
    item = item_of("JPN")
    own(node, item)
    sending = node.node.stages.link.partners["USA"].sending["notices"]
    note = replace(receipt_note("JPN", "USA", sending), quarantined=(item.id,))
    node.receipt(receipt_text(note), partner="USA", seconds=1.0)
    acted(node, kor, "notice", 2.0)
    due = node.node.due()
    assert due is not None
    ended_s = due.seconds_since(item.created) + 2.0
    assert ended_s > 86_400.0
    for late_s in (0.0, 1.0):
        out = node.give(Tick(), seconds=ended_s + late_s)
        assert handed(out, "USA") == []
    assert shelved(node, "USA") == [item.id]
    node.check_replay()


def test_what_is_ended_for_good_never_takes_effect() -> None:
    """Its notice takes effect: refused with the article, and on no shelf any more."""
    node, kor, _, back = crossing()
    acted(node, kor, "suspend", 2.0)
    acted(node, kor, "notice", 3.0)
    assert shelved(node) == [back.id]
    due = node.node.due()
    assert due is not None
    out = node.give(Tick(), seconds=due.seconds_since(back.created) + 2.0)
    refused = only(Refusal, out)
    assert (refused.item, refused.withheld) == (back.id, ())
    assert "terminated" in refused.reason
    assert shelved(node) == []
    assert handed(out) == []
    node.check_replay()


def test_what_crossed_the_end_of_its_agreement_is_refused_with_the_article() -> None:
    """No act is to come that could open it: it is decided at once, and for good."""
    node, kor = Fed(), Line()
    acted(node, kor, "notice", 1.0)
    due = node.node.due()
    assert due is not None
    ends_s = due.seconds_since(at_s(0.0))
    item = item_of("JPN", created_s=ends_s - 2.0)
    assert handed(own(node, item, seconds=ends_s - 2.0)) == [item.id]
    node.give(Tick(), seconds=ends_s + 1.0)
    out = signed(node, item, seconds=ends_s + 2.0)
    assert not any(isinstance(body, Bell) for body in out)
    out = node.give(Tick(), seconds=ends_s + 3.0)
    refused = only(Refusal, out)
    assert (refused.item, refused.withheld) == (item.id, ())
    assert "terminated" in refused.reason
    assert shelved(node) == []
    node.check_replay()


def test_what_is_taken_back_while_it_is_set_apart_is_given_up() -> None:
    """The item is on the shelf when its retraction is made: that alone goes."""
    node, kor = Fed(), Line()
    item = item_of("JPN")
    own(node, item)
    signed(node, item, seconds=1.0)
    acted(node, kor, "suspend", 2.0)
    back = retraction_of(item, seconds=3.0)
    gone = only(Foregone, own(node, back, seconds=3.0))
    assert (gone.items, gone.to) == ((item.id,), "KOR")
    assert shelved(node) == [back.id]
    assert handed(acted(node, kor, "restore", 4.0)) == [back.id]
    node.check_replay()


def test_the_shelf_is_bounded_and_what_falls_off_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As with everything withheld the oldest is given up, never silently."""
    monkeypatch.setattr(withholding, "WITHHELD_KEPT_MAX", 2)
    node, kor = Fed(), Line()
    items = [item_of("JPN") for _ in range(3)]
    for item in items:
        own(node, item)
    out = signed(node, *items, seconds=1.0)
    assert only(Foregone, out).items == (items[0].id,)
    assert shelved(node) == [item.id for item in items[1:]]
    acted(node, kor, "suspend", 2.0)
    back = handed(acted(node, kor, "restore", 3.0))
    assert back == [item.id for item in items[1:]]
    node.check_replay()


@pytest.mark.parametrize("closed", [TISA, JPN_USA])
def test_of_several_agreements_the_one_that_was_suspended_keeps_it(closed: str) -> None:
    """Which it was only the act tells: then it is decided, and kept by that alone."""
    node, usa = Fed(), Line(sender="USA")
    item = item_of("JPN")
    own(node, item)
    sending = node.node.stages.link.partners["USA"].sending["notices"]
    note = replace(receipt_note("JPN", "USA", sending), quarantined=(item.id,))
    out = node.receipt(receipt_text(note), partner="USA", seconds=1.0)
    assert set(only(Receipt, out).withheld) == {TISA, JPN_USA}
    act = act_of("suspend", "USA", agreement=closed, issued_s=2.0)
    out = node.pull(usa.send(carried_act(act)), partner="USA", seconds=2.0)
    assert only(Refusal, out).withheld == (closed,)
    assert shelved(node, "USA") == [item.id]
    act = act_of("restore", "USA", agreement=closed, issued_s=5.0)
    out = node.pull(usa.send(carried_act(act)), partner="USA", seconds=5.0)
    assert handed(out, "USA") == [item.id]
    node.check_replay()


# At the recipient


def test_what_was_set_apart_is_used_when_it_comes_again() -> None:
    """A message of a new number, after the restoration: new to it, and signed for."""
    node, kor = Fed(), Line()
    acted(node, kor, "suspend", 1.0)
    item = item_of()
    out = node.pull(kor.send(kor.carry(item)), seconds=2.0)
    assert only(Quarantine, out).items == (item.id,)
    acted(node, kor, "restore", 3.0)
    out = node.pull(kor.send(kor.carry(item)), seconds=4.0)
    assert only(ItemHeld, out).sealed.item == item
    arrival = only(Arrival, out)
    assert (arrival.items, arrival.quarantined) == ((item.id,), ())
    assert any(isinstance(body, LaunchEvent) for body in out)
    node.check_replay()


def test_a_retraction_set_apart_has_no_effect_until_it_comes_again() -> None:
    """The draft stands while it is apart, and is changed by what comes then."""
    node, kor = Fed(), Line()
    item = item_of()
    assert any(isinstance(b, AlertDraft) for b in node.pull(kor.send(kor.carry(item))))
    acted(node, kor, "suspend", 1.0)
    back = retraction_of(item, seconds=2.0)
    out = node.pull(kor.send(kor.carry(back)), seconds=2.0)
    assert only(Quarantine, out).items == (back.id,)
    assert not any(isinstance(body, AlertDraft | ItemHeld) for body in out)
    acted(node, kor, "restore", 3.0)
    out = node.pull(kor.send(kor.carry(back)), seconds=4.0)
    assert any(isinstance(body, AlertDraft) for body in out)
    node.check_replay()


def test_a_retraction_of_what_never_came_is_taken_and_changes_nothing() -> None:
    """No error, no draft: what it retracts would come behind it to no effect."""
    node, kor = Fed(), Line()
    item = item_of()
    back = retraction_of(item, seconds=1.0)
    out = node.pull(kor.send(kor.carry(back)), seconds=1.0)
    assert only(ItemHeld, out).sealed.item == back
    assert not any(isinstance(b, AlertDraft | LaunchEvent | Rejection) for b in out)
    node.check_replay()
