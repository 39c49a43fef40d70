"""A retraction waits for a consent for as long as that may come, and goes when it does.

Whoever was handed what was wrong must hear of it, however late: its validity is asked
of a retraction nowhere on its way.
"""

import pytest
from msgspec.structs import replace

from beaconfire.seals.consultations import statement_id
from beaconfire.stages import release
from beaconfire.stages.release import waiting
from beaconfire.stages.release.waiting import AGAIN_MAX
from beaconfire.vocabulary.consultations import ConsultationWithdrawal
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.entries.carriage import Expiry
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.link import WINDOW_MESSAGES
from tests.stages.partners_made import (
    Line,
    approval_of,
    at_s,
    carried_act,
    item_of,
    only,
    receipt_note,
    receipt_text,
)
from tests.stages.test_consulting import Consulted, carried, question, reply, signed
from tests.stages.test_deferred_again import about, acted
from tests.stages.test_deferred_ends import asked_of_korea, consents, hub_asking, own
from tests.stages.test_restoring import handed, shelved
from tests.stages.test_retracting import retraction_of

LATE_S = 400.0  # items and retractions of these tests are valid for five minutes


def misled() -> tuple[Consulted, Line, Item]:
    """Return a node that has asked about the retraction of what Korea has."""
    node = Consulted()
    wrong = item_of("JPN")
    assert handed(own(node, wrong)) == [wrong.id]
    kor = asked_of_korea(node)
    back = retraction_of(wrong)
    assert about(Deferral, own(node, back, seconds=1.0)) == [back.id]
    return node, kor, back


def test_it_waits_beyond_its_validity_and_goes_when_the_consent_comes() -> None:
    """No tick refuses it, nor does what else begins to wait push it out."""
    node, kor, back = misled()
    assert release.due(node.node.stages.release) is None
    assert node.give(Tick(), seconds=LATE_S) == []
    other = item_of("JPN", created_s=LATE_S)
    assert about(Deferral, own(node, other, seconds=LATE_S)) == [other.id]
    node.check_replay()
    out = consents(node, kor, seconds=500.0)
    assert about(Release, out) == [back.id, other.id]
    assert handed(out) == [back.id, other.id]
    node.check_replay()


@pytest.mark.parametrize("how", ["objects", "is silent"])
def test_it_is_refused_by_the_name_of_who_said_no(how: str) -> None:
    """An objection, or silence that means no: the reason is that, and no validity."""
    node, kor, back = misled()
    if how == "objects":
        no = signed(reply(node.asked, "object", after_s=LATE_S))
        out = node.pull(kor.send(carried(no)), seconds=LATE_S)
        words = "KOR objected at"
    else:
        out = node.give(Tick(), seconds=600.001)
        words = "KOR gave no answer"
    refused = only(Refusal, out)
    assert refused.item == back.id
    assert words in refused.reason
    assert "validity" not in refused.reason
    node.check_replay()


def test_a_retraction_goes_before_all_that_waited_with_it_and_in_that_turn() -> None:
    """However much waits: whoever was misled hears of that first."""
    node = Consulted()
    wrong = item_of("JPN")
    own(node, wrong)
    kor = asked_of_korea(node)
    items = [item_of("JPN") for _ in range(AGAIN_MAX + 1)]
    for item in items:
        own(node, item)
    back = retraction_of(wrong)
    own(node, back, seconds=1.0)
    out = consents(node, kor, seconds=2.0)
    names = [item.id for item in items]
    assert handed(out) == [back.id, *names[:AGAIN_MAX]]
    node.check_replay()


def test_as_many_retractions_wait_as_there_is_room_for_beside_all_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What else waits takes no place of theirs."""
    monkeypatch.setattr(waiting, "DEFERRED_MAX", 1)
    node = Consulted()
    wrong = item_of("JPN")
    own(node, wrong)
    asked_of_korea(node)
    assert about(Deferral, own(node, item_of("JPN")))
    assert about(Refusal, own(node, item_of("JPN")))
    assert about(Deferral, own(node, retraction_of(wrong), seconds=1.0))
    node.check_replay()


def test_a_suspension_lets_it_wait_again_though_it_is_stale_by_then() -> None:
    """Withheld while it waited, given back first, and released with the consent."""
    node, kor, back = misled()
    assert about(Refusal, acted(node, kor, "suspend", 2.0)) == [back.id]
    assert shelved(node) == [back.id]
    assert about(Deferral, acted(node, kor, "restore", LATE_S)) == [back.id]
    assert node.give(Tick(), seconds=LATE_S + 1.0) == []
    out = consents(node, kor, seconds=500.0)
    assert handed(out) == [back.id]
    node.check_replay()


def test_a_relay_waits_with_a_retraction_that_came_to_it_late() -> None:
    """Stale when it came, and kept there until the originator's word."""
    hub, jpn = hub_asking()
    hub.pull(jpn.send(carried_act(approval_of("JPN", to="KOR"))), partner="JPN")
    no = signed(reply(hub.asked, "object", by="JPN", after_s=0.5))
    hub.pull(jpn.send(carried(no)), partner="JPN", seconds=0.5)
    yes = signed(
        question("USA", "JPN", agreement=hub.asked.agreement, deadline=at_s(550.0),
                 proposes=hub.asked.proposes, reason="again")
    )  # fmt: skip
    hub.says("ask", yes, seconds=1.0)
    hub.pull(jpn.send(carried(signed(reply(yes, by="JPN")))), partner="JPN", seconds=1)
    item = item_of("JPN")
    out = hub.pull(jpn.send(jpn.carry(item)), partner="JPN", seconds=2.0)
    assert handed(out) == [item.id]
    third = signed(replace(yes, reason="and again", issued=at_s(3.0), signature=None))
    took = signed_withdrawal(yes)
    hub.pull(jpn.send(carried(took)), partner="JPN", seconds=2.5)
    hub.says("ask", third, seconds=3.0)
    back = retraction_of(item, seconds=4.0)
    out = hub.pull(jpn.send(jpn.carry(back)), partner="JPN", seconds=LATE_S)
    held = only(ItemHeld, out)
    assert held.carriage is not None
    assert held.carriage.history
    assert about(Deferral, out) == [back.id]
    assert hub.give(Tick(), seconds=LATE_S + 1.0) == []
    for _ in range(3):
        other = item_of("JPN", created_s=LATE_S)
        hub.pull(jpn.send(jpn.carry(other)), partner="JPN", seconds=LATE_S + 1.0)
    out = hub.pull(
        jpn.send(carried(signed(reply(third, by="JPN", after_s=500.0)))),
        partner="JPN", seconds=500.0,
    )  # fmt: skip
    assert handed(out)[:1] == [back.id]
    hub.check_replay()


def signed_withdrawal(asked: object) -> object:
    """Return what Japan signs to take its consent back."""
    body = ConsultationWithdrawal(
        consultation=statement_id(asked), party="JPN", issued=at_s(2.5)
    )
    return signed(body)


def test_leave_that_comes_late_lets_a_relay_pass_a_retraction_on() -> None:
    """Refused for want of an approval, and stale when there is one again."""
    hub, jpn = Consulted("USA"), Line(sender="JPN", to="USA")
    leave = approval_of("JPN", to="KOR", expires_s=20.0)
    hub.pull(jpn.send(carried_act(leave)), partner="JPN")
    item = item_of("JPN")
    assert handed(hub.pull(jpn.send(jpn.carry(item)), partner="JPN")) == [item.id]
    back = retraction_of(item, seconds=30.0)
    out = hub.pull(jpn.send(jpn.carry(back)), partner="JPN", seconds=30.0)
    assert about(Refusal, out) == [back.id]
    anew = approval_of("JPN", to="KOR", issued_s=LATE_S, expires_s=900.0)
    out = hub.pull(jpn.send(carried_act(anew)), partner="JPN", seconds=LATE_S)
    assert handed(out) == [back.id]
    hub.check_replay()


def test_it_waits_for_a_place_in_the_window_beyond_its_validity() -> None:
    """A line that is down for long does not end it; everything else it does."""
    node = Consulted()
    wrong = item_of("JPN")
    own(node, wrong)
    for _ in range(WINDOW_MESSAGES):
        own(node, item_of("JPN"))
    back = retraction_of(wrong)
    own(node, back, seconds=1.0)
    out: list[EntryBody] = node.give(Tick(), seconds=LATE_S)
    ended = [name for b in out if isinstance(b, Expiry) for name in b.items]
    assert back.id not in ended
    sending = node.node.stages.link.partners["KOR"].sending["notices"]
    note = receipt_note("JPN", "KOR", sending)
    assert handed(node.receipt(receipt_text(note), seconds=LATE_S)) == [back.id]
    node.check_replay()
