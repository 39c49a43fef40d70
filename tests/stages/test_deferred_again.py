"""Deferred items are decided again when an act or an instant could open or close them.

Japan waits for Korea's word on what it would tell Korea under one text; a second of the
same words, of which nobody has asked anything, may take its place or stand beside it.
"""

import pytest

from beaconfire.stages import release
from beaconfire.stages.release.waiting import AGAIN_MAX
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.consultations import ReleaseOf
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.entries.carriage import Reconsideration
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.records import Amendment
from beaconfire.vocabulary.times import Instant
from tests.stages.partners_made import (
    GSOMIA,
    JPN_USA,
    Line,
    act_of,
    approval_of,
    at_s,
    carried_act,
    item_of,
    members,
    only,
    sign_item,
)
from tests.stages.test_consulting import Consulted, question, signed
from tests.stages.test_deferred_ends import asked_of_korea, consents, hub_asking, own
from tests.stages.test_ingest_amending import (
    SECOND,
    SINCE_S,
    Amending,
    _no_notices,
    consent,
)


class Holding(Consulted, Amending):
    """Japan's node, whose people have asked Korea, and which holds both texts."""


def waiting(node: Consulted) -> dict[str, object]:
    """Return what waits for Korea's word."""
    return node.node.stages.release.deferred.get("KOR JPN", {})


def acted(
    node: Consulted, kor: Line, verb: str, seconds: float, under: str = GSOMIA
) -> list[object]:
    """Let Korea act; return what followed."""
    act = carried_act(act_of(verb, agreement=under, issued_s=seconds))
    return node.pull(kor.send(act), seconds=seconds)


def revocation_of(leave: Act, *, issued_s: float) -> Act:
    """Return the revocation of an approval."""
    return act_of(
        "revoke",
        leave.party,
        agreement=leave.agreement,
        issued_s=issued_s,
        to=leave.to,
        via=leave.via,
        item_class=leave.item_class,
    )


def about(kind: type, out: list[object], to: str = "KOR") -> list[str]:
    """Return the items that were so decided for a partner, in order."""
    return [body.item for body in out if isinstance(body, kind) and body.to == to]


def test_a_text_that_takes_the_others_place_opens_what_waited_at_its_instant() -> None:
    """The new text asks for nobody's word: nothing waits until its validity ends."""
    node = Holding()
    kor = asked_of_korea(node)
    item = item_of("JPN")
    assert only(Deferral, own(node, item)).item == item.id
    node.order(consent("JPN"), seconds=1.0)
    node.pull(kor.send(carried_act(consent("KOR", issued_s=2.0))), seconds=2.0)
    assert list(waiting(node)) == [item.id]
    assert node.node.due() == at_s(SINCE_S)
    left = only(Release, node.give(Tick(), seconds=SINCE_S))
    assert (left.item, left.agreements, left.consents) == (item.id, (SECOND,), ())
    assert waiting(node) == {}
    node.check_replay()


def test_so_does_a_consent_that_comes_after_its_instant() -> None:
    """In the turn of the act that ends the old text."""
    node = Holding()
    kor = asked_of_korea(node)
    node.order(consent("JPN"), seconds=1.0)
    item = item_of("JPN", created_s=11.0)
    # In force by itself since the instant, the second text would open it.
    shut = act_of("suspend", agreement=SECOND, issued_s=10.5)
    node.pull(kor.send(carried_act(shut)), seconds=10.5)
    assert only(Deferral, own(node, item, seconds=11.0)).item == item.id
    out = node.pull(kor.send(carried_act(consent("KOR", issued_s=12.0))), seconds=12.0)
    assert only(Refusal, out).withheld == (SECOND,)
    assert waiting(node) == {}
    assert about(Release, acted(node, kor, "restore", 13.0, SECOND)) == [item.id]
    node.check_replay()


def test_a_text_that_allows_nothing_closes_what_waited_at_its_instant() -> None:
    """No word of Korea's could open it any more: refused then, and not kept."""
    node = Holding(change=_no_notices)
    kor = asked_of_korea(node)
    item = item_of("JPN")
    own(node, item)
    node.order(consent("JPN"), seconds=1.0)
    node.pull(kor.send(carried_act(consent("KOR", issued_s=2.0))), seconds=2.0)
    gone = only(Refusal, node.give(Tick(), seconds=SINCE_S))
    assert gone.item == item.id
    assert f"`{SECOND}` has taken the place of {GSOMIA}" in gone.reason
    node.check_replay()


def test_a_suspension_withholds_what_waits_and_a_restoration_lets_it_wait_again() -> (
    None
):
    """However long it lasts; and the word that then comes opens it."""
    node = Consulted()
    kor = asked_of_korea(node)
    item = item_of("JPN", valid_until=at_s(500.0))
    own(node, item)
    out = acted(node, kor, "suspend", 1.0)
    assert [body.withheld for body in out if isinstance(body, Refusal)] == [(GSOMIA,)]
    assert waiting(node) == {}
    node.check_replay()
    out = acted(node, kor, "restore", 400.0)
    assert only(Reconsideration, out).sealed.item.id == item.id
    assert about(Deferral, out) == [item.id]
    assert about(Release, consents(node, kor, seconds=401.0)) == [item.id]
    node.check_replay()


def test_the_restoration_of_another_text_opens_what_waits_under_the_first() -> None:
    """Two texts allow it; the one that asks for no word was suspended."""
    node = Holding()
    kor = asked_of_korea(node)
    acted(node, kor, "suspend", 10.5, SECOND)
    item = item_of("JPN", created_s=11.0)
    assert about(Deferral, own(node, item, seconds=11.0)) == [item.id]
    left = only(Release, acted(node, kor, "restore", 12.0, SECOND))
    assert (left.item, left.agreements) == (item.id, (SECOND,))
    node.check_replay()


def test_a_text_that_begins_opens_what_waits_under_another_at_that_instant() -> None:
    """No act comes then."""
    node = Holding()
    asked_of_korea(node)
    item = item_of("JPN")
    own(node, item)
    assert node.node.due() == at_s(SINCE_S)
    assert node.give(Tick(), seconds=SINCE_S - 0.001) == []
    left = only(Release, node.give(Tick(), seconds=SINCE_S))
    assert (left.item, left.agreements) == (item.id, (SECOND,))
    node.check_replay()


def test_where_no_instant_can_change_it_nothing_is_asked_before_its_validity_ends() -> (
    None
):
    """No tick is wanted that would decide the same."""
    node = Consulted()
    asked_of_korea(node)
    item = item_of("JPN")
    own(node, item)
    assert release.due(node.node.stages.release) == Instant(item.valid_until.ns + 1)
    assert node.give(Tick(), seconds=300.0) == []
    assert about(Refusal, node.give(Tick(), seconds=300.001)) == [item.id]


@pytest.mark.parametrize("how", ["expires", "is revoked"])
def test_what_waits_at_a_relay_is_refused_when_the_approval_is_gone(how: str) -> None:
    """And the next approval lets it wait again: Japan's word is still to come."""
    hub, jpn = hub_asking()
    leave = approval_of("JPN", to="KOR", expires_s=20.0)
    hub.pull(jpn.send(carried_act(leave)), partner="JPN")
    item = item_of("JPN")
    out = hub.pull(jpn.send(jpn.carry(item)), partner="JPN")
    assert about(Deferral, out) == [item.id]
    if how == "expires":
        assert about(Refusal, hub.give(Tick(), seconds=20.0)) == []
        out = hub.give(Tick(), seconds=20.001)
    else:
        back = revocation_of(leave, issued_s=10.0)
        out = hub.pull(jpn.send(carried_act(back)), partner="JPN", seconds=10.0)
    assert about(Refusal, out) == [item.id]
    hub.check_replay()
    anew = approval_of("JPN", to="KOR", issued_s=21.0)
    out = hub.pull(jpn.send(carried_act(anew)), partner="JPN", seconds=21.0)
    assert about(Deferral, out) == [item.id]
    hub.check_replay()


def test_an_act_between_others_asks_nothing_of_what_waits_for_korea() -> None:
    """What is no business of Korea's changes nothing of when its items are decided."""
    node = Consulted()
    asked_of_korea(node)
    for _ in range(AGAIN_MAX + 1):
        own(node, item_of("JPN"))
    act = carried_act(act_of("suspend", "USA", agreement=JPN_USA, issued_s=1.0))
    node.pull(Line(sender="USA").send(act), partner="USA", seconds=1.0)
    assert node.node.stages.release.to_ask == {}
    record = Amendment(text=SECOND, since=at_s(SINCE_S))
    theirs = act_of("declare", "USA", agreement=JPN_USA, issued_s=2.0, record=record)
    node.pull(Line(sender="USA").send(carried_act(theirs)), partner="USA", seconds=2.0)
    assert node.node.stages.release.to_ask == {}


def test_what_is_still_to_be_decided_for_korea_waits_for_no_turn_of_others() -> None:
    """Neither an item nor a question of others moves it; what Korea is told may."""
    node = Consulted()
    kor = asked_of_korea(node)
    items = [item_of("JPN") for _ in range(AGAIN_MAX + 1)]
    for item in items:
        own(node, item)
    consents(node, kor, seconds=1.0)
    assert list(waiting(node)) == [items[-1].id]
    sealed = sign_item(item_of("JPN"), members()["JPN"].sealer.items)
    held = ItemHeld(sealed=sealed, audience=("USA",))
    node.give(held, by="fuse", seconds=1.1)
    theirs = ReleaseOf(item_class="launch-warning", to=("USA",))
    asked = question("JPN", "USA", agreement=JPN_USA, proposes=theirs)
    node.says("ask", signed(asked), seconds=1.2)
    assert list(waiting(node)) == [items[-1].id]
    node.check_replay()
    last = item_of("JPN")
    assert about(Release, own(node, last, seconds=1.3)) == [last.id, items[-1].id]
    assert waiting(node) == {}
    node.check_replay()


def test_much_that_an_act_closes_is_closed_in_short_turns() -> None:
    """Some of it in the act's own turn, the rest with the next ticks, at once."""
    node = Consulted()
    kor = asked_of_korea(node)
    items = [item_of("JPN") for _ in range(AGAIN_MAX + 1)]
    for item in items:
        own(node, item)
    first = about(Refusal, acted(node, kor, "suspend", 1.0))
    assert len(first) == AGAIN_MAX
    node.check_replay()
    rest = about(Refusal, node.give(Tick(), seconds=1.0))
    assert [*first, *rest] == [item.id for item in items]
    assert node.node.stages.release.to_ask == {}
