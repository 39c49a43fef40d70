"""What waits behind a silent partner: it costs no turn, and it ends in few entries.

The stage is driven by itself: items of ours and of partners, leave to send them, acts
and time. Nobody receipts anything unless a test says so.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from beaconfire.agreements.memo import Memo
from beaconfire.agreements.remembered import stands_remembered
from beaconfire.agreements.standing import Standing
from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.simulated import agreements_of
from beaconfire.journal.entry import Entry
from beaconfire.seals.acts import act_id
from beaconfire.seals.dsse import sign_item
from beaconfire.stages import link
from beaconfire.stages.link import handing, queue
from beaconfire.stages.link.state import LinkStage, Sending
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries import EntryBody, kind_of
from beaconfire.vocabulary.entries.arrivals import ReceiptArrival, Tick
from beaconfire.vocabulary.entries.carriage import (
    Expiry,
    FateUnknown,
    HandOver,
    Waiting,
    Withdrawal,
)
from beaconfire.vocabulary.entries.decisions import Release
from beaconfire.vocabulary.entries.sightings import Carriage, ItemHeld
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.link import SealedItem
from tests.stages.partners_made import (
    GSOMIA,
    KOR_USA,
    SCENARIO,
    TISA,
    act_of,
    approval_of,
    at_s,
    item_of,
    members,
    receipt_note,
    receipt_text,
    waiting_count,
)

MANY = 2_500


class Stage:
    """The link stage of one nation, fed entry by entry as a node would."""

    def __init__(self, party: str = "JPN") -> None:
        self.party = party
        self.state: LinkStage = link.begin(
            members()[party].profile,
            agreements_of(load_scenario(SCENARIO)),
            standing=Standing(),
        )
        self._turn = 0

    def take(self, body: EntryBody, seconds: float = 0.0) -> list[EntryBody]:
        """Give one entry of a turn of its own, and what followed of it in that turn."""
        self._turn += 1
        return self._take(body, seconds)

    def _take(self, body: EntryBody, seconds: float) -> list[EntryBody]:
        entry = Entry(
            turn=self._turn,
            seq=1,
            id=act_id(body) if isinstance(body, Act) else f"{self._turn}",
            at=at_s(seconds),
            by="ingest",
            kind=kind_of(body),
            cause=(),
            body=body,
        )
        self.state, out = link.step(self.state, entry)
        return list(out)

    def send(self, item: Item, release: Release, seconds: float = 0.0) -> list[Any]:
        """Hold an item and let it go in the same turn."""
        self.take(held_by(self.party, item), seconds)
        return self._take(release, seconds)

    def sending(self, to: str = "KOR", lane: str = "notices") -> Sending:
        """Return a lane towards a partner."""
        return self.state.partners[to].sending[lane]  # type: ignore[index]

    def receipt(self, seconds: float = 0.0, *, to: str = "KOR") -> list[EntryBody]:
        """Let the partner receipt all of the lane's window."""
        text = receipt_text(receipt_note(self.party, to, self.sending(to)))
        return self.take(ReceiptArrival(partner=to, message=text), seconds)


def held_by(party: str, item: Item) -> ItemHeld:
    """Return an item as its own nation, or its partner, has it in the journal."""
    signature = sign_item(item, members()[item.originator].sealer.items).signature
    sealed = SealedItem(item=item, signature=signature)
    if item.originator == party:
        return ItemHeld(sealed=sealed)
    carriage = Carriage(
        link=item.originator,
        via=None,
        lane="notices",
        epoch=1,
        number=1,
        agreements=(TISA, KOR_USA),
        articles=(),
        approval=None,
        history=False,
    )
    return ItemHeld(sealed=sealed, carriage=carriage)


def leave(item: Item, to: str, under: tuple[str, ...], **changes: object) -> Release:
    """Return leave to send an item."""
    said: dict[str, object] = {
        "item": item.id,
        "form": "notice",
        "originator": item.originator,
        "to": to,
        "via": None,
        "at": item.created,
        "agreements": under,
        "articles": (),
        "acts": (),
        "approval": None,
        "obligations": (),
        "marking": None,
        "reason": "",
        "considered": (),
    }
    return Release(**{**said, **changes})  # type: ignore[arg-type]


def crowd(stage: Stage, count: int = MANY, *, valid_s: float = 300.0) -> list[str]:
    """Let many items go to a partner that is silent; return their ids."""
    ids = []
    for _ in range(count):
        item = item_of("JPN")
        item = replace(item, valid_until=item.created.plus_s(valid_s))
        stage.send(item, leave(item, "KOR", (GSOMIA,)))
        ids.append(item.id)
    return ids


def judged(monkeypatch: pytest.MonkeyPatch) -> list[Release]:
    """Return a list to which every release is added whose standing is asked about."""
    asked: list[Release] = []

    def ask(memo: Memo, release: Release, **rest: Any) -> Any:
        asked.append(release)
        return stands_remembered(memo, release, **rest)

    monkeypatch.setattr(handing, "stands_remembered", ask)
    return asked


def named(kind: type, out: list[EntryBody]) -> list[str]:
    """Return the items that the entries of a kind name."""
    return [i for body in out if isinstance(body, kind) for i in body.items]


def ticked(stage: Stage, seconds: float) -> list[EntryBody]:
    """Let the node be woken for as long as it asks to be at once."""
    out: list[EntryBody] = []
    while (due := link.due(stage.state)) is not None and due <= at_s(seconds):
        out.extend(stage.take(Tick(), seconds))
    return out


def test_a_full_queue_is_withdrawn_a_step_at_a_time_from_the_act_on() -> None:
    """Twenty thousand withdrawals must not burst the turn that suspends."""
    stage = Stage()
    ids = crowd(stage)
    waiting = ids[handing.WINDOW_MESSAGES :]
    out = stage.take(act_of("suspend", "JPN"), 1.0)
    assert named(FateUnknown, out) == ids[: handing.WINDOW_MESSAGES]
    turns = [named(Withdrawal, out)]
    while (due := link.due(stage.state)) is not None:
        assert due <= at_s(1.0)
        turns.append(named(Withdrawal, stage.take(Tick(), 1.0)))
    assert max(map(len, turns)) <= 2 * queue.SWEPT_MAX
    assert [i for turn in turns for i in turn] == waiting
    assert waiting_count(stage.state, "KOR") == 0


def test_what_was_restored_while_it_was_being_withdrawn_does_not_leave() -> None:
    """An act ends what waits at its own instant, however long its books take."""
    stage = Stage()
    ids = crowd(stage, 1_000)
    out = stage.take(act_of("suspend", "JPN"), 1.0)
    out += stage.take(act_of("restore", "JPN", issued_s=2.0), 2.0)
    late = item_of("JPN")
    out += stage.send(late, leave(late, "KOR", (GSOMIA,)), 2.5)
    out += stage.receipt(3.0)
    out += ticked(stage, 3.0)
    out += stage.receipt(4.0)
    assert named(HandOver, out) == [late.id]
    assert named(FateUnknown, out) == ids[: handing.WINDOW_MESSAGES]
    assert set(named(Withdrawal, out)) >= set(ids[handing.WINDOW_MESSAGES :])
    assert waiting_count(stage.state, "KOR") == 0


def test_items_of_another_agreement_leave_past_what_is_being_withdrawn() -> None:
    """What an act did not end goes on, behind at most the steps of that act."""
    stage = Stage()
    crowd(stage, 1_000)
    other = item_of("JPN")
    stage.send(other, leave(other, "KOR", (TISA,)), 0.5)
    stage.take(act_of("suspend", "JPN"), 1.0)
    assert named(HandOver, ticked(stage, 1.0)) == [other.id]
    assert waiting_count(stage.state, "KOR") == 0


def test_a_long_queue_that_an_approvals_end_reaches_is_swept_like_an_acts() -> None:
    """What lapses by time alone is looked at in steps as well, and nothing stalls."""
    hub = Stage("USA")
    approval = approval_of("KOR", to="JPN", expires_s=50.0)
    hub.take(approval)
    ids = []
    way = {"via": "USA", "approval": act_id(approval)}
    for _ in range(800):
        item = item_of("KOR")
        hub.take(held_by("USA", item))
        hub.take(leave(item, "JPN", (TISA, "jpn-usa-2007"), **way))
        ids.append(item.id)
    text = receipt_text(receipt_note("USA", "JPN", hub.sending("JPN")))
    out = hub.take(ReceiptArrival(partner="JPN", message=text), 60.0)
    out += ticked(hub, 60.0)
    assert named(HandOver, out) == []
    assert named(Withdrawal, out) == ids[handing.WINDOW_MESSAGES :]


def test_a_long_silence_ends_in_few_entries() -> None:
    """What waited too long ends at one tick, however much it is, and in order."""
    stage = Stage()
    waiting = crowd(stage)[handing.WINDOW_MESSAGES :]
    assert link.due(stage.state) == at_s(300.0).plus_s(1e-9)
    assert stage.take(Tick(), 300.0) == []
    out = stage.take(Tick(), 300.1)
    assert named(Expiry, out) == waiting
    assert len(out) == 3
    assert {body.reason for body in out if isinstance(body, Expiry)} == {
        f"valid until {at_s(300.0)}, not handed over by then"
    }
    assert link.due(stage.state) is None


def test_a_turn_asks_about_what_it_moves_and_not_about_what_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One more item behind a thousand is not judged; a receipt judges what leaves."""
    stage = Stage()
    crowd(stage, 1_000)
    asked = judged(monkeypatch)
    item = item_of("JPN")
    out = stage.send(item, leave(item, "KOR", (GSOMIA,)))
    assert [type(body) for body in out] == [Waiting]
    assert asked == []
    out = stage.receipt()
    handed = [body for body in out if isinstance(body, HandOver)]
    assert sum(len(body.items) for body in handed) == 1_001 - handing.WINDOW_MESSAGES
    assert len(asked) == 1_001 - handing.WINDOW_MESSAGES


def test_items_leave_in_the_order_of_their_release() -> None:
    """Numbers, and items within a message, keep the order in which leave was given."""
    stage = Stage()
    ids = crowd(stage, 200)
    handed: list[str] = named(HandOver, stage.receipt())
    assert handed == ids[handing.WINDOW_MESSAGES :]


def test_the_oldest_gives_way_when_a_queue_is_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A queue has an end; newer warnings push out older ones, and the journal says."""
    monkeypatch.setattr(queue, "QUEUE_UNITS_MAX", 10)
    stage = Stage()
    ids = crowd(stage, handing.WINDOW_MESSAGES + 10)
    item = item_of("JPN")
    out = stage.send(item, leave(item, "KOR", (GSOMIA,)))
    assert named(Withdrawal, out) == [ids[handing.WINDOW_MESSAGES]]
    assert named(Waiting, out) == [item.id]
    assert waiting_count(stage.state, "KOR") == 10


def test_deadlines_of_what_has_left_are_forgotten() -> None:
    """A lane that flows for long remembers no more than what waits in it."""
    stage = Stage()
    for _ in range(400):
        crowd(stage, 1)
        stage.receipt()
    assert link.due(stage.state) is None
    assert stage.sending().deadlines == []
    stuck = item_of("JPN")
    stage.state.partners["KOR"].awaited["elsewhere"] = "an act"
    stage.send(stuck, leave(stuck, "KOR", ("elsewhere",)))
    for _ in range(400):
        crowd(stage, 1, valid_s=900.0)
        stage.receipt()
    assert len(stage.sending().deadlines) < 100
    assert link.due(stage.state) == stuck.valid_until.plus_s(1e-9)


def restored(stage: Stage) -> Act:
    """Suspend and restore on our side; the partner has receipted the first alone."""
    stage.take(act_of("suspend", "JPN"), 1.0)
    stage.receipt(1.5)
    act = act_of("restore", "JPN", issued_s=2.0)
    stage.take(act, 2.0)
    return act


def test_what_rests_on_an_unreceipted_restoration_waits_and_stops_nothing() -> None:
    """It is said why it waits; it is held apart, and leaves at the receipt."""
    stage = Stage()
    act = restored(stage)
    assert stage.state.partners["KOR"].awaited == {GSOMIA: act_id(act)}
    out = []
    items = [item_of("JPN") for _ in range(5)]
    for item in items:
        out.extend(stage.send(item, leave(item, "KOR", (GSOMIA,)), 3.0))
    assert named(HandOver, out) == []
    assert named(Waiting, out) == [item.id for item in items]
    assert {b.reason for b in out if isinstance(b, Waiting)} == {
        "KOR has not yet acknowledged that the agreement is restored"
    }
    assert len(stage.sending().held) == 5
    out = stage.receipt(4.0)
    assert named(HandOver, out) == [item.id for item in items]
    assert stage.state.partners["KOR"].awaited == {}


def test_what_is_put_back_behind_newer_items_that_wait_is_withdrawn_too() -> None:
    """What an act or a revocation ends is looked at from the oldest on, also there."""
    stage = Stage()
    first, purged = item_of("JPN"), item_of("JPN")
    stage.send(first, leave(first, "KOR", (GSOMIA,)), 1.0)
    stage.send(purged, leave(purged, "KOR", (TISA,)), 1.0)
    stage.take(act_of("notice-suspend", "JPN", issued_s=2.0), 2.0)
    waiting = [item_of("JPN") for _ in range(2)]
    for item in waiting:
        stage.send(item, leave(item, "KOR", (GSOMIA,)), 3.0)
    stage.take(act_of("suspend", "JPN", agreement=TISA, issued_s=4.0), 4.0)
    ended = [first.id, *(item.id for item in waiting)]
    assert [unit.id for unit in stage.sending().held.values()] == ended
    out = stage.take(act_of("suspend", "JPN", issued_s=5.0), 5.0)
    assert named(Withdrawal, out) == ended
    assert not stage.sending().held


def test_what_was_held_expires_and_is_withdrawn_like_the_rest() -> None:
    """Held apart is not out of reach: time and acts end it as they end all."""
    stage = Stage()
    restored(stage)
    short, long = item_of("JPN"), item_of("JPN")
    short = replace(short, valid_until=short.created.plus_s(10.0))
    for item in (short, long):
        stage.send(item, leave(item, "KOR", (GSOMIA,)), 3.0)
    assert named(Expiry, stage.take(Tick(), 11.0)) == [short.id]
    out = stage.take(act_of("suspend", "JPN", issued_s=12.0), 12.0)
    assert named(Withdrawal, out) == [long.id]
    assert waiting_count(stage.state, "KOR") == 0


@pytest.mark.parametrize("first", ["KOR", "JPN"])
def test_two_nations_items_of_one_name_are_two_items(first: str) -> None:
    """The hub sends the bytes of the originator that leave is for, no other's."""
    hub = Stage("USA")
    approval = approval_of("KOR", to="JPN")
    hub.take(approval)
    kor = item_of("KOR")
    jpn = replace(item_of("JPN"), id=kor.id)
    for item in (kor, jpn) if first == "KOR" else (jpn, kor):
        hub.take(held_by("USA", item))
    way = {"via": "USA", "approval": act_id(approval)}
    out = hub.take(leave(kor, "JPN", (TISA, "jpn-usa-2007"), **way))
    assert named(HandOver, out) == [kor.id]
    unit = hub.sending("JPN").window[-1].units[0]
    genuine = sign_item(kor, members()["KOR"].sealer.items)
    assert unit.envelope.signatures == (genuine.signature,)


def test_leave_for_what_is_not_kept_any_more_is_a_withdrawal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What may be relayed is kept in bounds; late leave ends in a sentence."""
    monkeypatch.setattr(link, "ITEMS_KEPT_MAX", 3)
    hub = Stage("USA")
    approval = approval_of("KOR", to="JPN")
    hub.take(approval)
    items = [item_of("KOR") for _ in range(4)]
    for item in items:
        hub.take(held_by("USA", item))
    assert len(hub.state.items["KOR"]) == 3
    way = {"via": "USA", "approval": act_id(approval)}
    out = hub.take(leave(items[0], "JPN", (TISA, "jpn-usa-2007"), **way))
    assert named(Withdrawal, out) == [items[0].id]
    out = hub.take(leave(items[1], "JPN", (TISA, "jpn-usa-2007"), **way))
    assert named(HandOver, out) == [items[1].id]


def test_own_items_are_kept_for_their_turn_alone() -> None:
    """Leave for an item of ours comes in the turn that made it: no more is kept."""
    stage = Stage()
    crowd(stage, 50)
    assert len(stage.state.own) == 1
    assert stage.state.items == {}
