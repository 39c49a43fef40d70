"""Revoking: from the entry on, nothing goes to a partner and nothing of it is taken.

Every refusal is the sentence that goes back to whoever gave the order, or stands in the
journal. Korea's card is revoked by Japan, or by the United States where it is the hub.
"""

from pathlib import Path

import pytest
from msgspec.structs import replace

from beaconfire.agreements.trust import Trust
from beaconfire.journal.entry import encode_entry
from beaconfire.runtime.act_files import fold, read_acts
from beaconfire.runtime.effects import Answer, CloseLink, GiveReceipt, Publish
from beaconfire.runtime.flagged import flagged, read
from beaconfire.seals import codec
from beaconfire.seals.dsse import sign_item
from beaconfire.seals.keys import SigningKey
from beaconfire.seals.people_orders import sign_people_order
from beaconfire.stages import link
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import ClockStep, NodeStart, Order, Tick
from beaconfire.vocabulary.entries.carriage import (
    Arrival,
    EpochEnd,
    FateUnknown,
    HandOver,
    Receipt,
    Withdrawal,
)
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.entries.sightings import Bell, ItemHeld, Rejection
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.revoking import CardRevocation
from tests.stages.partners_made import (
    TISA,
    Fed,
    Line,
    act_of,
    approval_of,
    at_s,
    carried_act,
    item_of,
    members,
    only,
    receipt_note,
    receipt_text,
    relayed,
    strangers,
)
from tests.stages.test_retracting import retraction_of

WHY = "its keys were stolen"


def told(node: Fed, item: Item, *, seconds: float = 0.0) -> list[EntryBody]:
    """Let a node hold an item of its own; return what followed."""
    sealed = sign_item(item, members()[node.party].sealer.items)
    return node.give(ItemHeld(sealed=sealed), by="fuse", seconds=seconds)


def revoke(
    node: Fed,
    partner: str = "KOR",
    *,
    key: SigningKey | None = None,
    seconds: float = 10.0,
    since_s: float | None = None,
    **changes: object,
) -> list[EntryBody]:
    """Order it, signed by one of the node's people or by ``key``."""
    said = CardRevocation(
        party=node.party,
        partner=partner,
        since=at_s(seconds if since_s is None else since_s),
        reason=WHY,
        issued=at_s(seconds),
    )
    said = replace(said, **changes)  # type: ignore[arg-type]
    signed = sign_people_order(said, key or members()[node.party].people)
    order = Order(verb="revoke-card", text=codec.encode(signed).decode())
    return node.give(order, seconds=seconds, by="person")


def start_with(node: Fed, number: int, *, seconds: float) -> list[EntryBody]:
    """Start the node again with a card of Korea's of that number."""
    given = node.node.given
    assert given.profile is not None
    cards = tuple(
        replace(card, number=number) if card.party == "KOR" else card
        for card in given.profile.partners
    )
    profile = replace(given.profile, partners=cards)
    return node.give(replace(given, profile=profile), seconds=seconds)


def refusal(out: list[EntryBody]) -> str:
    """Return the sentence of the one thing that came of it."""
    assert len(out) == 1
    return only(Rejection, out).reason


def test_the_order_closes_the_link_in_its_own_turn_and_is_answered() -> None:
    """One entry of its own kind, a bell to the watch, the border told first of all."""
    node = Fed()
    out = revoke(node, since_s=-3_600.0)
    entry = only(CardRevoked, out)
    assert (entry.order.partner, entry.number) == ("KOR", 1)
    assert (entry.order.since, entry.order.reason) == (at_s(-3_600.0), WHY)
    assert "journal flagged --party KOR" in only(Bell, out).text
    assert node.effects[0] == CloseLink("KOR")
    answer = next(one for one in node.effects if isinstance(one, Answer))
    assert answer.accepted
    assert answer.reason.startswith("card 1 revoked: entry ")
    node.check_replay()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"partner": "AUS"}, "`AUS` is not a partner of this node"),
        ({"partner": "JPN"}, "`JPN` is this node's own party"),
        ({"party": "USA"}, "the order is USA's; this desk is JPN's"),
        ({"since": at_s(60.0)}, "from an instant that has come"),
        ({"issued": at_s(-3_600.0)}, "the order was issued at"),
    ],
)
def test_an_order_that_cannot_be_right_is_refused(
    said: dict[str, object], why: str
) -> None:
    """A stranger, ourselves, another's order, a time to come, an order of long ago."""
    assert why in refusal(revoke(Fed(), **said))  # type: ignore[arg-type]


def test_our_own_people_alone_revoke() -> None:
    """Neither an unsigned order nor one signed by anybody else closes a link."""
    node = Fed()
    said = CardRevocation(
        party="JPN", partner="KOR", since=at_s(0.0), reason=WHY, issued=at_s(10.0)
    )
    text = codec.encode(said).decode()
    unsigned = node.give(Order(verb="revoke-card", text=text), seconds=10.0)
    assert "has no `signature`" in refusal(unsigned)
    for key in (members()["KOR"].people, strangers()["JPN"].people):
        assert "no key for people is known" in refusal(revoke(node, key=key))
    assert told(node, item_of("JPN"), seconds=11.0)
    assert node.node.stages.desk.standing.trust == Trust()


def test_a_card_is_revoked_once() -> None:
    """Ordered again it is refused with what was ordered before."""
    node = Fed()
    revoke(node)
    assert "card 1 of KOR is revoked" in refusal(revoke(node, seconds=20.0))


def test_an_order_that_was_carried_out_closes_no_later_card() -> None:
    """Whoever lays it down again, whatever the clock: people sign anew."""
    node = Fed()
    revoke(node)
    order = node.turns[-1].entries[0].body
    start_with(node, 2, seconds=20.0)
    assert "sign it anew" in refusal(node.give(order, seconds=30.0, by="person"))
    node.give(ClockStep(seconds=3_600.0, trusted=False), seconds=31.0)
    assert "sign it anew" in refusal(node.give(order, seconds=32.0, by="person"))
    assert only(CardRevoked, revoke(node, seconds=33.0)).number == 2


def test_trust_ends_though_the_clock_is_not_trusted() -> None:
    """Off means off: the order waits for no clock."""
    node = Fed()
    node.give(ClockStep(seconds=3_600.0, trusted=False), seconds=1.0)
    assert only(
        CardRevoked, revoke(node, seconds=3_700.0, issued=at_s(10.0), since_s=9.0)
    )


def test_what_stood_at_the_border_is_of_unknown_fate_and_acts_wait() -> None:
    """Windows are purged, also of acts; no message opens a new epoch."""
    node = Fed()
    item = item_of("JPN")
    told(node, item)
    node.order(act_of("notice-suspend", "JPN", issued_s=1.0), seconds=1.0)
    node.order(approval_of("JPN", to="KOR", issued_s=2.0), seconds=2.0)
    out = revoke(node)
    end = only(EpochEnd, out)
    assert (end.to, end.lane, end.agreement) == ("KOR", "notices", None)
    assert WHY in end.reason
    assert only(FateUnknown, out).items == (item.id,)
    assert not [b for b in out if isinstance(b, HandOver)]
    sending = node.node.stages.link.partners["KOR"].sending["notices"]
    assert sending.window == []
    assert [unit.is_item for unit in sending.acts] == [False] * len(sending.acts)
    assert sending.acts
    node.check_replay()


def test_what_waited_is_withdrawn_and_what_comes_is_refused_by_name() -> None:
    """Each item has its ending: withdrawn, or refused with the revocation."""
    node = Fed()
    notices = [item_of("JPN") for _ in range(40)]
    for notice in notices:
        told(node, notice)
    out = revoke(node)
    ended = {i for b in out if isinstance(b, Withdrawal) for i in b.items}
    unknown = {i for b in out if isinstance(b, FateUnknown) for i in b.items}
    assert ended
    assert not ended & unknown
    assert ended | unknown == {notice.id for notice in notices}
    assert all(WHY in b.reason for b in out if isinstance(b, Withdrawal))
    later = told(node, item_of("JPN"), seconds=11.0)
    no = next(b for b in later if isinstance(b, Refusal) and b.to == "KOR")
    assert "card 1 of KOR is revoked" in no.reason
    assert no.would_need == ("a card of KOR with a higher number",)
    assert no.withheld == ()
    assert [b.to for b in later if isinstance(b, Release)] == ["USA"]


def test_people_are_told_of_a_retraction_that_it_can_no_longer_be_given() -> None:
    """It was handed what is taken back; who was never given it is no concern."""
    node = Fed()
    given, later = item_of("JPN"), item_of("JPN", created_s=11.0)
    told(node, given)
    revoke(node)
    told(node, later, seconds=11.0)
    out = told(node, retraction_of(given, seconds=12.0), seconds=12.0)
    assert "card 1 of KOR is revoked" in only(Refusal, out).reason
    bell = only(Bell, out)
    assert bell.role == "release officer"
    assert f"KOR was given item `{given.id}`" in bell.text
    out = told(node, retraction_of(later, seconds=13.0), seconds=13.0)
    assert not [b for b in out if isinstance(b, Bell | Refusal)]


def test_nothing_of_it_is_taken_and_no_receipt_goes_back() -> None:
    """A message, a receipt: each is a rejection with the reason, and nothing else."""
    node, kor = Fed(), Line()
    node.pull(kor.send(kor.carry(item_of())))
    told(node, item_of("JPN"))
    sending = node.node.stages.link.partners["KOR"].sending["notices"]
    receipt = receipt_text(receipt_note("JPN", "KOR", sending))
    revoke(node)
    for out in (
        node.pull(kor.send(kor.carry(item_of())), seconds=11.0),
        node.receipt(receipt, seconds=12.0),
    ):
        assert "card 1 of KOR is revoked here" in refusal(out)
        assert WHY not in refusal(out)  # others may read it in a receipt
        assert not [e for e in node.effects if isinstance(e, GiveReceipt | Publish)]
    assert link.receipts_given(node.node.stages.link, "KOR") == ()
    node.check_replay()


def test_what_others_bring_of_it_is_refused_in_their_receipt() -> None:
    """Its items by the hub, and its people's acts: none counts, all are receipted."""
    node, usa = Fed(), Line(sender="USA")
    revoke(node)
    brought = usa.send(relayed(item_of(), approval=approval_of()), originator="KOR")
    out = node.pull(brought, partner="USA", seconds=11.0)
    assert "card 1 of KOR is revoked here" in only(Rejection, out).reason
    assert len(only(Receipt, out).refused) == 1
    suspend = act_of("suspend", "KOR", agreement=TISA, issued_s=5.0)
    out = node.pull(
        usa.send(carried_act(suspend), originator="KOR"), partner="USA", seconds=12.0
    )
    assert "card 1 of KOR is revoked here" in only(Rejection, out).reason
    assert not [b for b in out if isinstance(b, ItemHeld)]
    assert node.node.stages.ingest.standing.view(TISA, "KOR").acts == ()
    own = node.pull(usa.send(usa.carry(item_of("USA"))), partner="USA", seconds=13.0)
    assert only(ItemHeld, own)


def test_an_act_that_counts_already_stays() -> None:
    """Its suspension of before the revocation is one still, for everybody."""
    node, usa = Fed(), Line(sender="USA")
    suspend = act_of("suspend", "KOR", agreement=TISA, issued_s=1.0)
    node.pull(
        usa.send(carried_act(suspend), originator="KOR"), partner="USA", seconds=2.0
    )
    revoke(node)
    assert node.node.stages.ingest.standing.view(TISA, "KOR").acts


def test_a_hub_gives_no_new_leave_for_its_items() -> None:
    """Held before, asked about after: what its keys signed is passed on to nobody."""
    hub = Fed("USA")
    kor, jpn = Line(to="USA"), Line(sender="JPN", to="USA")
    item = item_of()
    hub.pull(kor.send(kor.carry(item)), partner="KOR")
    revoke(hub, seconds=1.0)
    leave = approval_of()
    out = hub.pull(kor.send(carried_act(leave)), partner="KOR", seconds=2.0)
    assert "card 1 of KOR is revoked here" in refusal(out)
    out = hub.pull(
        jpn.send(carried_act(leave), originator="KOR"), partner="JPN", seconds=3.0
    )
    assert not [b for b in out if isinstance(b, Release)]


def test_a_restart_with_the_same_card_keeps_it_closed() -> None:
    """Neither the same number nor a lower one opens the link."""
    node = Fed()
    node.order(approval_of("JPN", to="KOR", issued_s=2.0), seconds=2.0)
    revoke(node)
    for seconds in (20.0, 21.0):
        out = node.give(node.node.given, seconds=seconds)
        assert not [b for b in out if isinstance(b, HandOver)]
    out = told(node, item_of("JPN"), seconds=22.0)
    assert [b.to for b in out if isinstance(b, HandOver)] == ["USA"]
    assert not node.give(Tick(), seconds=23.0)
    node.check_replay()


def test_a_higher_card_opens_it_again_and_tells_how_the_old_epoch_ended() -> None:
    """Acts that waited go first; then a receipt settles what was of unknown fate."""
    node, kor = Fed(), Line()
    item = item_of("JPN")
    told(node, item)
    before = node.node.stages.link.partners["KOR"].sending["notices"]
    head = (before.epoch, before.number)
    revoke(node)
    node.order(approval_of("JPN", to="KOR", issued_s=11.0), seconds=11.0)
    out = start_with(node, 2, seconds=20.0)
    again = next(b for b in out if isinstance(b, HandOver) and b.to == "KOR")
    assert (again.epoch, again.number) == (head[0] + 1, 1)
    assert again.acts
    settled = node.receipt(
        receipt_text(receipt_note("JPN", "KOR", before)), seconds=21.0
    )
    assert item.id in {i for b in settled if isinstance(b, Receipt) for i in b.items}
    assert only(Arrival, node.pull(kor.send(kor.carry(item_of())), seconds=22.0))
    later = told(node, item_of("JPN"), seconds=23.0)
    assert {b.to for b in later if isinstance(b, HandOver)} == {"KOR", "USA"}
    # The start that the replay makes anew is the one of before; the entries tell.
    assert isinstance(node.turns[-4].entries[0].body, NodeStart)
    node.check_replay()


def test_acts_that_waited_go_though_the_clock_is_not_trusted_at_the_start() -> None:
    """Acts wait for no clock; items do, and none of them is handed over."""
    node = Fed()
    revoke(node)
    node.order(act_of("suspend", "JPN", issued_s=11.0), seconds=11.0)
    node.give(ClockStep(seconds=3_600.0, trusted=False), seconds=12.0)
    gone = [b for b in start_with(node, 2, seconds=20.0) if isinstance(b, HandOver)]
    assert [(b.to, len(b.acts), b.items) for b in gone] == [("KOR", 1, ())]


def test_a_new_card_can_be_revoked_in_its_turn() -> None:
    """The number of the card that the node lives by is the one that is closed."""
    node = Fed()
    revoke(node)
    start_with(node, 2, seconds=20.0)
    assert only(CardRevoked, revoke(node, seconds=30.0)).number == 2
    trust = node.node.stages.desk.standing.trust
    card = members()["KOR"].profile.card
    assert trust.trusted([card, replace(card, number=2)]) == ()
    for another in (replace(card, number=3), replace(card, root="another")):
        assert trust.trusted([another]) == (another,)


def test_an_exported_journal_tells_the_same_on_paper(tmp_path: Path) -> None:
    """`decide --acts` and the matrix read revocation and start out of the journal."""
    node = Fed()
    revoke(node)
    start_with(node, 2, seconds=20.0)
    path = tmp_path / "journal.jsonl"
    lines = [encode_entry(entry) for turn in node.turns for entry in turn.entries]
    path.write_bytes(b"\n".join(lines))
    acts, texts = read_acts(path), node.node.agreements
    closed = {
        seconds: fold(acts, texts, until=at_s(seconds)).standing.trust.closing("KOR")
        for seconds in (9.0, 11.0, 21.0)
    }
    assert [one is not None for one in closed.values()] == [False, True, False]


def test_what_was_taken_since_then_is_listed_and_nothing_else() -> None:
    """By our own instants, from `since` up to the revocation: items, acts."""
    node, kor, usa = Fed(), Line(), Line(sender="USA")
    early, late = item_of(), item_of()
    node.pull(kor.send(kor.carry(early)), seconds=1.0)
    node.pull(kor.send(kor.carry(late)), seconds=5.0)
    node.pull(kor.send(carried_act(act_of("suspend", issued_s=6.0))), seconds=6.0)
    node.pull(usa.send(usa.carry(item_of("USA"))), partner="USA", seconds=7.0)
    revoke(node, since_s=5.0)
    node.pull(kor.send(kor.carry(item_of())), seconds=11.0)
    entries = [entry for turn in node.turns for entry in turn.entries]
    (card,) = flagged(entries, "KOR")
    assert (card.number, card.since, card.reason) == (1, at_s(5.0), WHY)
    assert [one.what for one in card.flagged] == ["notice", "suspend"]
    assert card.flagged[0].id == late.id
    text = read((card,), "KOR")
    assert "2 entries taken since then are in doubt" in text
    assert late.id in text
    assert early.id not in text
    assert flagged(entries, "USA") == ()
    assert "nothing is flagged" in read((), "USA")
