"""Deferred items end in a named way: whatever waits for a consent says so, and why not.

Japan waits for Korea's consent to what it would tell Korea; the hub waits for Japan's
consent to what it would pass on.
"""

import pytest

from beaconfire.stages import release
from beaconfire.stages.release import waiting
from beaconfire.stages.release.waiting import AGAIN_MAX
from beaconfire.vocabulary.consultations import OnwardReleaseOf, ReleaseOf
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.entries.carriage import HandOver, Withdrawal
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.item import Item
from tests.stages.partners_made import (
    TISA,
    Line,
    approval_of,
    carried_act,
    item_of,
    members,
    only,
    sign_item,
)
from tests.stages.test_consulting import Consulted, carried, question, reply, signed
from tests.stages.test_retracting import retraction_of

WARNINGS = "launch-warning"


def asked_of_korea(node: Consulted) -> Line:
    """Let Japan ask Korea about its warnings; return Korea's line, and the question."""
    about = ReleaseOf(item_class=WARNINGS, to=("KOR",))
    node.asked = signed(question(proposes=about))
    node.says("ask", node.asked)
    return Line()


def own(node: Consulted, item: Item, *, seconds: float = 0.0) -> list[EntryBody]:
    """Let Japan hold an item for Korea alone; return what followed."""
    sealed = sign_item(item, members()["JPN"].sealer.items)
    held = ItemHeld(sealed=sealed, audience=("KOR",))
    out = node.give(held, by="fuse", seconds=seconds)
    return [body for body in out if getattr(body, "to", "KOR") == "KOR"]


def consents(node: Consulted, kor: Line, *, seconds: float) -> list[EntryBody]:
    """Let Korea's consent come."""
    consent = signed(reply(node.asked, after_s=seconds))
    return node.pull(kor.send(carried(consent)), seconds=seconds)


def hub_asking() -> tuple[Consulted, Line]:
    """Return the hub, which waits for Japan's word on passing on, and Japan's line."""
    hub = Consulted("USA")
    about = OnwardReleaseOf(item_class=WARNINGS, originator="JPN", to=("KOR",))
    hub.asked = signed(question("USA", "JPN", agreement=TISA, proposes=about))
    hub.says("ask", hub.asked)
    return hub, Line(sender="JPN", to="USA")


def test_what_an_approval_lets_wait_for_a_consent_is_said_to_wait() -> None:
    """Refused at first for want of an approval; the journal tells what it wants now."""
    hub, jpn = hub_asking()
    item = item_of("JPN")
    first = hub.pull(jpn.send(jpn.carry(item)), partner="JPN")
    assert only(Refusal, first).item == item.id
    leave = carried_act(approval_of("JPN", to="KOR"))
    waits = only(Deferral, hub.pull(jpn.send(leave), partner="JPN"))
    assert (waits.item, waits.to, waits.via) == (item.id, "KOR", "USA")
    assert "with JPN waits for an answer" in waits.reason
    hub.check_replay()
    consent = signed(reply(hub.asked, by="JPN"))
    out = hub.pull(jpn.send(carried(consent)), partner="JPN", seconds=2.0)
    assert only(Release, out).item == item.id
    hub.check_replay()


def test_no_more_wait_after_an_approval_than_may_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bound on what waits holds here too: what is beyond it stays refused."""
    monkeypatch.setattr(waiting, "DEFERRED_MAX", 2)
    hub, jpn = hub_asking()
    hub.pull(jpn.send(*(jpn.carry(item_of("JPN")) for _ in range(3))), partner="JPN")
    leave = carried_act(approval_of("JPN", to="KOR"))
    out = hub.pull(jpn.send(leave), partner="JPN")
    assert len([body for body in out if isinstance(body, Deferral)]) == 2
    hub.check_replay()


def test_what_is_retracted_while_it_waits_is_withdrawn_with_why() -> None:
    """In the turn of the retraction, and no answer brings it back."""
    node = Consulted()
    kor = asked_of_korea(node)
    item = item_of("JPN")
    assert only(Deferral, own(node, item)).item == item.id
    back = retraction_of(item)
    out = own(node, back, seconds=1.0)
    gone = only(Withdrawal, out)
    assert (gone.originator, gone.to, gone.via) == ("JPN", "KOR", None)
    assert (gone.lane, gone.items) == ("notices", (item.id,))
    assert gone.reason == f"JPN has retracted it (item `{back.id}`)"
    assert not gone.withheld
    assert not [body for body in out if isinstance(body, Refusal | Release | HandOver)]
    node.check_replay()
    later = consents(node, kor, seconds=2.0)
    later += node.give(Tick(), seconds=400.0)
    assert not [body for body in later if isinstance(body, Refusal | Release)]
    assert node.node.stages.release.deferred == {}
    node.check_replay()


def test_what_is_retracted_between_the_answer_and_its_turn_is_withdrawn_with_why() -> (
    None
):
    """It would have left with the next tick, and nobody has decided it since."""
    node = Consulted()
    kor = asked_of_korea(node)
    items = [item_of("JPN") for _ in range(AGAIN_MAX + 1)]
    for item in items:
        own(node, item)
    out = consents(node, kor, seconds=1.0)
    assert len([body for body in out if isinstance(body, Release)]) == len(items) - 1
    last = items[-1]
    back = retraction_of(last, seconds=1.5)
    gone = [
        body
        for body in own(node, back, seconds=1.5)
        if isinstance(body, Withdrawal) and last.id in body.items
    ]
    assert [one.to for one in gone] == ["KOR"]
    assert node.node.stages.release.to_ask == {}
    assert release.due(node.node.stages.release) is None
    node.check_replay()


def test_what_a_relay_lets_wait_is_withdrawn_when_its_originator_retracts_it() -> None:
    """The hub says so of the way to Korea; Korea, who never had it, hears nothing."""
    hub, jpn = hub_asking()
    hub.pull(jpn.send(carried_act(approval_of("JPN", to="KOR"))), partner="JPN")
    item = item_of("JPN")
    out = hub.pull(jpn.send(jpn.carry(item)), partner="JPN")
    assert only(Deferral, out).item == item.id
    back = retraction_of(item)
    out = hub.pull(jpn.send(jpn.carry(back)), partner="JPN", seconds=1.0)
    gone = only(Withdrawal, out)
    assert (gone.originator, gone.to, gone.via) == ("JPN", "KOR", "USA")
    assert gone.items == (item.id,)
    assert not [body for body in out if isinstance(body, HandOver)]
    hub.check_replay()
