"""Restoring: what a suspension kept from leaving, one node and one entry at a time.

How it comes out across nodes, lines and deaths is ``exercise/test_world_restoring``'s.
"""

import pytest
from msgspec.structs import replace

from beaconfire.agreements.text import parse_agreement
from beaconfire.seals.dsse import sign_item
from beaconfire.stages.link import queue, withholding
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import ClockStep, Tick
from beaconfire.vocabulary.entries.carriage import (
    Expiry,
    Foregone,
    HandOver,
    Reconsideration,
    Withdrawal,
)
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.entries.sightings import Bell, ItemHeld
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.link import WINDOW_MESSAGES
from beaconfire.vocabulary.report import Retraction
from tests.stages.partners_made import (
    GSOMIA,
    KOR_USA,
    Fed,
    Line,
    act_of,
    approval_of,
    carried_act,
    item_of,
    members,
    only,
    receipt_note,
    receipt_text,
)


def own(node: Fed, item: Item, *, seconds: float = 0.0) -> list[EntryBody]:
    """Let a node hold an item of its own; return what followed."""
    sealed = sign_item(item, members()[node.party].sealer.items)
    return node.give(ItemHeld(sealed=sealed), by="fuse", seconds=seconds)


def retraction_of(item: Item, *, seconds: float) -> Item:
    """Return the originator's retraction of ``item``, valid for an hour."""
    made = item_of(item.originator, created_s=seconds)
    return replace(
        made,
        valid_until=made.created.plus_s(3_600.0),
        body=Retraction(retracts=item.id, reason="it was clutter"),
    )


def acted(node: Fed, line: Line, verb: str, seconds: float) -> list[EntryBody]:
    """Let Korea suspend or restore; return what followed."""
    act = carried_act(act_of(verb, issued_s=seconds))
    return node.pull(line.send(act), seconds=seconds)


def handed(out: list[EntryBody], to: str = "KOR") -> list[str]:
    """Return the items that were handed to a partner, in order."""
    return [
        item
        for body in out
        if isinstance(body, HandOver) and body.to == to
        for item in body.items
    ]


def shelved(node: Fed, to: str = "KOR") -> list[str]:
    """Return the ids that a node keeps from a partner."""
    shelves = node.node.stages.link.partners[to].withheld
    return [item for shelf in shelves.values() for item in shelf]


def test_a_retraction_goes_before_anything_else_and_however_late() -> None:
    """Refused only because the way was suspended: whoever was misled hears it first."""
    node, kor = Fed(), Line()
    wrong = item_of("JPN")
    own(node, wrong)
    acted(node, kor, "suspend", 1.0)
    others = [item_of("JPN", created_s=2.0 + n) for n in range(20)]
    for item in others:
        own(node, item, seconds=2.0)
    back = retraction_of(wrong, seconds=30.0)
    out = own(node, back, seconds=30.0)
    refused = next(b for b in out if isinstance(b, Refusal) and b.to == "KOR")
    assert (refused.form, refused.withheld) == ("retraction", (GSOMIA,))
    late = 1e6
    out = acted(node, kor, "restore", late)
    assert handed(out)[0] == back.id
    told = [b for b in out if isinstance(b, Reconsideration)]
    assert told[0].sealed.item.id == back.id
    assert len(told) == 1 + withholding.AGAIN_MAX
    while shelved(node):
        out += node.give(Tick(), seconds=late)
    assert handed(out) == [back.id, *(item.id for item in others)]
    node.check_replay()


def test_the_hub_passes_a_late_retraction_on_to_those_it_told() -> None:
    """Its own way to the recipient suspended, or the retraction stale when it came."""
    hub, jpn, kor = (
        Fed("USA"),
        Line(sender="JPN", to="USA"),
        Line(sender="KOR", to="USA"),
    )
    leave = approval_of("JPN", to="KOR", expires_s=8e8)
    hub.pull(jpn.send(carried_act(leave)), partner="JPN")
    item = item_of("JPN")
    assert handed(hub.pull(jpn.send(jpn.carry(item)), partner="JPN")) == [item.id]
    back = retraction_of(item, seconds=10.0)
    out = hub.pull(jpn.send(jpn.carry(back)), partner="JPN", seconds=1e6)
    held = only(ItemHeld, out)
    assert held.carriage is not None
    assert held.carriage.history
    assert handed(out) == [back.id]
    hub.check_replay()
    # Its own way suspended meanwhile: kept, and passed on when that is over.
    other = item_of("JPN", created_s=1e6)
    hub.pull(jpn.send(jpn.carry(other)), partner="JPN", seconds=1e6)
    act = act_of("suspend", agreement=KOR_USA, issued_s=1e6 + 1.0)
    hub.pull(kor.send(carried_act(act)), partner="KOR", seconds=1e6 + 1.0)
    back = retraction_of(other, seconds=1e6 + 2.0)
    out = hub.pull(jpn.send(jpn.carry(back)), partner="JPN", seconds=1e6 + 2.0)
    assert handed(out) == []
    act = act_of("restore", agreement=KOR_USA, issued_s=1e6 + 3.0)
    out = hub.pull(kor.send(carried_act(act)), partner="KOR", seconds=1e6 + 3.0)
    assert handed(out)[0] == back.id
    hub.check_replay()


def test_the_release_officer_hears_how_much_is_decided_again() -> None:
    """At the restoration, by agreement and recipient; nothing withheld, no bell."""
    node, kor = Fed(), Line()
    acted(node, kor, "suspend", 1.0)
    for number in range(3):
        own(node, item_of("JPN", created_s=2.0 + number), seconds=2.0)
    bell = only(Bell, acted(node, kor, "restore", 3.0))
    assert bell.role == "release officer"
    assert bell.text.startswith(f"{GSOMIA}: 3 items withheld from KOR")
    acted(node, kor, "suspend", 4.0)
    assert not any(isinstance(b, Bell) for b in acted(node, kor, "restore", 5.0))


def test_beyond_its_bound_the_oldest_is_withheld_for_good_and_said_to_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Never silently; and what is kept from one partner pushes out no other's."""
    monkeypatch.setattr(withholding, "WITHHELD_KEPT_MAX", 5)
    node, kor, usa = Fed(), Line(), Line(sender="USA")
    act = act_of("suspend", "USA", agreement="jpn-usa-2007")
    node.pull(usa.send(carried_act(act)), partner="USA")
    first = item_of("JPN")
    own(node, first)
    acted(node, kor, "suspend", 1.0)
    items = [item_of("JPN", created_s=2.0 + number) for number in range(8)]
    gone = [
        body
        for item in items
        for body in own(node, item, seconds=2.0)
        if isinstance(body, Foregone) and body.to == "KOR"
    ]
    assert [body.items for body in gone] == [(item.id,) for item in items[:3]]
    assert {body.reason for body in gone} == {"5 newer items were withheld from KOR"}
    assert shelved(node) == [item.id for item in items[3:]]
    # Retractions stand on a shelf of their own.
    own(node, retraction_of(first, seconds=3.0), seconds=3.0)
    assert len(shelved(node)) in (5, 6)
    assert len(shelved(node, "USA")) == 5
    node.check_replay()


def test_a_flood_of_plots_withheld_pushes_out_no_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each lane has its own shelf, so that the few that matter outlast the many."""
    monkeypatch.setattr(withholding, "WITHHELD_KEPT_MAX", 5)
    names = {
        withholding.shelf_of("JPN", form, None)
        for form in ("notice", "track", "plots", "retraction")
    }
    assert len(names) == 4
    assert withholding.shelf_of("JPN", "impact", None) in names
    assert withholding.shelf_of("JPN", "notice", "USA") not in names


def test_what_is_ended_for_good_while_it_is_suspended_is_refused_for_good() -> None:
    """A notice that takes effect: no restoration can come, and the shelf is emptied."""
    node, kor = Fed(), Line()
    acted(node, kor, "suspend", 1.0)
    item = item_of("JPN", created_s=2.0)
    own(node, item, seconds=2.0)
    acted(node, kor, "notice", 3.0)
    assert shelved(node) == [item.id]
    due = node.node.due()
    assert due is not None
    years = due.seconds_since(item.created) + 2.0
    assert years > 86_400.0 * 90
    out = node.give(Tick(), seconds=years)
    out += node.give(Tick(), seconds=years)
    refused = only(Refusal, out)
    assert (refused.item, refused.withheld) == (item.id, ())
    assert "terminated" in refused.reason
    assert shelved(node) == []
    node.check_replay()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_start_without_the_suspended_text_asks_again(trusted: bool) -> None:
    """Also one while the clock is not trusted, once it is."""
    node, kor = Fed(), Line()
    acted(node, kor, "suspend", 1.0)
    own(node, item_of("JPN", created_s=2.0), seconds=2.0)
    texts = node.node.given.agreements
    less = tuple(text for text in texts if parse_agreement(text, file="").id != GSOMIA)
    if not trusted:
        node.give(ClockStep(seconds=900.0, trusted=False), seconds=3.0)
    node.give(replace(node.node.given, agreements=less), seconds=4.0)
    if not trusted:
        node.give(ClockStep(seconds=0.0, trusted=True), seconds=5.0)
    node.give(Tick(), seconds=6.0)
    assert shelved(node) == []
    node.check_replay()


def test_an_approval_that_comes_while_it_is_suspended_is_not_forgotten() -> None:
    """Refused for want of leave, then for the suspension alone: restored, it goes."""
    hub, jpn, kor = (
        Fed("USA"),
        Line(sender="JPN", to="USA"),
        Line(sender="KOR", to="USA"),
    )
    item = item_of("JPN")
    suspend = act_of("suspend", agreement=KOR_USA, issued_s=1.0)
    hub.pull(kor.send(carried_act(suspend)), partner="KOR", seconds=1.0)
    out = hub.pull(jpn.send(jpn.carry(item)), partner="JPN", seconds=2.0)
    assert only(Refusal, out).withheld == ()
    leave = approval_of("JPN", to="KOR", issued_s=3.0)
    out = hub.pull(jpn.send(carried_act(leave)), partner="JPN", seconds=3.0)
    assert only(Refusal, out).withheld == (KOR_USA,)
    restore = act_of("restore", agreement=KOR_USA, issued_s=4.0)
    out = hub.pull(kor.send(carried_act(restore)), partner="KOR", seconds=4.0)
    assert handed(out) == [item.id]
    again = approval_of("JPN", to="KOR", issued_s=5.0)
    out = hub.pull(jpn.send(carried_act(again)), partner="JPN", seconds=5.0)
    assert not any(isinstance(body, Release) for body in out)
    hub.check_replay()


def test_what_ends_while_its_withdrawal_is_written_was_withheld_not_expired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the act on it was the suspension that kept it: it comes as history."""
    monkeypatch.setattr(queue, "SWEPT_MAX", 2)
    node, kor = Fed(), Line()
    for _ in range(WINDOW_MESSAGES + 12):
        own(node, item_of("JPN"))
    acted(node, kor, "suspend", 1.0)
    ended = []
    for _ in range(12):
        ended += node.give(Tick(), seconds=500.0)
    assert not any(isinstance(b, Expiry) and b.to == "KOR" for b in ended)
    gone = [b for b in ended if isinstance(b, Withdrawal) and b.to == "KOR"]
    assert gone
    assert all(body.withheld for body in gone)
    assert len(shelved(node)) == 12
    node.check_replay()


def test_what_waits_for_the_receipt_of_the_restoration_does_not_expire() -> None:
    """Valid when it was restored, stale when the partner knows: told as history."""
    node, kor = Fed(), Line()
    node.order(act_of("suspend", "JPN", issued_s=1.0), seconds=1.0)
    item = item_of("JPN", created_s=2.0)
    own(node, item, seconds=2.0)
    out = node.order(act_of("restore", "JPN", issued_s=3.0), seconds=3.0)
    assert only(Release, out).withheld
    assert handed(out) == []
    out = node.give(Tick(), seconds=1_000.0)
    assert not any(isinstance(body, Expiry) for body in out)
    sending = node.node.stages.link.partners["KOR"].sending["notices"]
    note = receipt_note("JPN", "KOR", sending)
    assert handed(node.receipt(receipt_text(note), seconds=1_001.0)) == [item.id]
    assert kor.number == 0
    node.check_replay()
