"""A retraction reaches exactly those who were given what it retracts, by every via."""

from msgspec.structs import replace

from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import Foregone, HandOver, Withdrawal
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.entries.sightings import AlertDraft, ItemHeld
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.link import WINDOW_MESSAGES
from beaconfire.vocabulary.report import Retraction
from tests.stages.partners_made import (
    GSOMIA,
    Fed,
    Line,
    act_of,
    approval_of,
    carried_act,
    item_of,
    members,
    only,
    relayed,
    sign_item,
)


def retraction_of(item: Item, *, seconds: float = 1.0) -> Item:
    """Return the originator's retraction of ``item``."""
    body = Retraction(retracts=item.id, reason="it was clutter")
    return replace(item_of(item.originator, created_s=seconds), body=body)


def own(node: Fed, item: Item, *, seconds: float = 0.0) -> list[EntryBody]:
    """Let a node hold an item of its own; return what followed."""
    sealed = sign_item(item, members()[node.party].sealer.items)
    return node.give(ItemHeld(sealed=sealed), by="fuse", seconds=seconds)


def went(out: list[EntryBody], item: Item) -> list[tuple[str, str | None]]:
    """Return to whom an item was handed over, and through whom."""
    return [
        (body.to, body.via)
        for body in out
        if isinstance(body, HandOver) and item.id in body.items
    ]


def asked(out: list[EntryBody]) -> list[tuple[str, str]]:
    """Return what was decided, and about whom."""
    return [
        (type(body).__name__, body.to)
        for body in out
        if isinstance(body, Release | Refusal)
    ]


def test_whoever_was_given_an_item_is_told_that_it_was_wrong_and_nobody_else() -> None:
    """Korea did not get it, since the direct way was suspended: it hears nothing."""
    node, kor = Fed(), Line()
    first, second = item_of("JPN"), item_of("JPN", created_s=5.0)
    assert {to for to, _ in went(own(node, first), first)} == {"KOR", "USA"}
    node.pull(kor.send(carried_act(act_of("suspend", issued_s=4.0))), seconds=4.0)
    assert went(own(node, second, seconds=5.0), second) == [("USA", None)]
    back = retraction_of(second, seconds=5.5)
    out = own(node, back, seconds=5.5)
    assert asked(out) == [("Release", "USA")]
    assert went(out, back) == [("USA", None)]
    gone = only(Foregone, out)
    assert (gone.to, gone.items) == ("KOR", (second.id,))
    out = node.pull(
        kor.send(carried_act(act_of("restore", issued_s=6.0))),
        seconds=6.0,
    )
    assert asked(out) == []
    back = retraction_of(first, seconds=7.0)
    assert asked(own(node, back, seconds=7.0)) == [
        ("Release", "KOR"),
        ("Release", "USA"),
    ]
    node.check_replay()


def test_a_retraction_rests_on_the_agreement_like_everything_else() -> None:
    """While the way is suspended it is refused, with the article and the act."""
    node, kor = Fed(), Line()
    item = item_of("JPN")
    own(node, item)
    node.pull(kor.send(carried_act(act_of("suspend", issued_s=1.0))), seconds=1.0)
    out = own(node, retraction_of(item, seconds=2.0), seconds=2.0)
    (refused,) = [body for body in out if isinstance(body, Refusal)]
    assert (refused.to, refused.agreements) == ("KOR", (GSOMIA,))
    assert refused.articles
    assert refused.acts
    assert ("Release", "USA") in asked(out)


def test_what_still_waits_is_withdrawn_and_needs_no_retraction() -> None:
    """A silent partner's queue lets go of it; who never had it is told nothing."""
    node = Fed()
    for _ in range(WINDOW_MESSAGES):
        own(node, item_of("JPN"))
    item = item_of("JPN")
    assert went(own(node, item), item) == []
    back = retraction_of(item)
    out = own(node, back, seconds=1.0)
    gone = [body for body in out if isinstance(body, Withdrawal)]
    assert {(one.to, one.items) for one in gone} == {
        ("KOR", (item.id,)),
        ("USA", (item.id,)),
    }
    assert {one.reason for one in gone} == {f"JPN has retracted it (item `{back.id}`)"}
    assert asked(out) == []
    node.check_replay()


def hub() -> tuple[Fed, Line, Line]:
    """Return the hub's node and the lines to it from Japan and Korea."""
    return Fed("USA"), Line(sender="JPN", to="USA"), Line(sender="KOR", to="USA")


def test_a_relay_passes_a_retraction_on_to_whom_it_gave_the_item() -> None:
    """By the same approval, and only where it had passed the item on."""
    node, jpn, _ = hub()
    item, unsent = item_of("JPN"), item_of("JPN")
    node.pull(jpn.send(jpn.carry(unsent)), partner="JPN")
    leave = approval_of("JPN", to="KOR", item_class=None, item=item.id)
    node.pull(jpn.send(carried_act(leave)), partner="JPN")
    out = node.pull(jpn.send(jpn.carry(item)), partner="JPN")
    assert went(out, item) == [("KOR", "USA")]
    leave = approval_of("JPN", to="KOR", issued_s=-50.0)
    back = retraction_of(unsent)
    out = node.pull(jpn.send(jpn.carry(back)), partner="JPN", seconds=1.0)
    assert asked(out) == []
    # Leave that comes now does not open what was taken back.
    out = node.pull(jpn.send(carried_act(leave)), partner="JPN", seconds=2.0)
    assert asked(out) == []
    back = retraction_of(item, seconds=3.0)
    out = node.pull(jpn.send(jpn.carry(back)), partner="JPN", seconds=3.0)
    assert went(out, back) == [("KOR", "USA")]
    node.check_replay()


def test_what_comes_behind_its_own_retraction_is_passed_on_to_nobody() -> None:
    """Lanes are independent: the retraction may overtake what it takes back."""
    node, jpn, _ = hub()
    node.pull(jpn.send(carried_act(approval_of("JPN", to="KOR"))), partner="JPN")
    item = item_of("JPN")
    node.pull(jpn.send(jpn.carry(retraction_of(item))), partner="JPN", seconds=1.0)
    out = node.pull(jpn.send(jpn.carry(item)), partner="JPN", seconds=2.0)
    assert only(ItemHeld, out).sealed.item == item  # history is kept
    assert asked(out) == []


def test_nobody_retracts_anothers_item() -> None:
    """A retraction counts for its originator's items alone, whatever id it names."""
    node, jpn, kor = hub()
    for party, to, line in (("JPN", "KOR", jpn), ("KOR", "JPN", kor)):
        node.pull(line.send(carried_act(approval_of(party, to=to))), partner=party)
    item = item_of("JPN")
    node.pull(jpn.send(jpn.carry(item)), partner="JPN")
    false = replace(retraction_of(item), originator="KOR")
    false = replace(
        false, label=Label(policy="EXERCISE", classification="군사III급비밀")
    )
    out = node.pull(kor.send(kor.carry(false)), partner="KOR", seconds=1.0)
    assert asked(out) == []


def test_a_received_retraction_is_told_in_the_draft_and_kept_in_the_journal() -> None:
    """What was drafted stands until people judge; both entries stay."""
    fed, kor, usa = Fed(), Line(), Line(sender="USA")
    item = item_of("KOR")
    fed.pull(kor.send(kor.carry(item)))
    back = retraction_of(item)
    by_hub = relayed(back, approval=approval_of())
    out = fed.pull(usa.send(by_hub, originator="KOR"), partner="USA", seconds=2.0)
    assert only(AlertDraft, out).why.startswith("KOR has retracted a report")
    again = fed.pull(kor.send(kor.carry(back)), seconds=3.0)
    assert not any(isinstance(body, ItemHeld | AlertDraft) for body in again)
    kept = [
        entry.body.sealed.item
        for turn in fed.turns
        for entry in turn.entries
        if isinstance(entry.body, ItemHeld)
    ]
    assert kept == [item, back]
    fed.check_replay()


def test_our_own_retraction_is_told_in_our_own_draft() -> None:
    """Our people hear of what we took back as they would of a partner's."""
    node = Fed("KOR")
    jpn = Line(sender="JPN", to="KOR")
    node.pull(jpn.send(jpn.carry(item_of("JPN"))), partner="JPN")
    watch = next(iter(node.node.stages.warn.watches.values()))
    watch.tellers["KOR"] = None
    item = item_of("KOR")
    own(node, item)
    out = own(node, retraction_of(item), seconds=1.0)
    assert only(AlertDraft, out).why.startswith("KOR has retracted a report")
