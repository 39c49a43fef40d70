"""What a suspension withholds leaves when another way comes to allow it.

Japan's node keeps from Korea what the suspended GSOMIA alone would allow; a second text
between the two may begin, be restored, be consulted about, or come with a start.
"""

from dataclasses import replace as changed

import pytest
from msgspec.structs import replace

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.conditions import Recipient, WithConsentOf
from beaconfire.agreements.text import parse_agreement
from beaconfire.stages.link import withholding
from beaconfire.vocabulary.consultations import ReleaseOf
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import ClockStep, NodeStart, Tick
from beaconfire.vocabulary.entries.carriage import Reconsideration
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.entries.sightings import Bell
from beaconfire.vocabulary.records import Assurance
from tests.agreements.agreements_made import ASSURED
from tests.stages.partners_made import (
    GSOMIA,
    JPN_USA,
    KOR_USA,
    Fed,
    Line,
    act_of,
    approval_of,
    at_s,
    carried_act,
    item_of,
    only,
)
from tests.stages.test_consulting import carried, question, reply, signed
from tests.stages.test_deferred_again import Holding, about, acted, waiting
from tests.stages.test_deferred_ends import asked_of_korea, own
from tests.stages.test_ingest_amending import SECOND, SINCE_S
from tests.stages.test_restoring import handed, retraction_of, shelved


def asking(second: Agreement) -> Agreement:
    """Return the text with a permission that asks for Korea's consent."""
    articles = [
        changed(one, when=(*one.when, Recipient(("KOR",)), WithConsentOf(("KOR",))))
        if one.number == "9"
        else one
        for one in second.articles
    ]
    return changed(second, articles=tuple(articles))


def bare(second: Agreement) -> Agreement:
    """Return the text without assurances: Korea has yet to put one on record."""
    kept = [one for one in second.annexes if not isinstance(one.record, Assurance)]
    return changed(second, annexes=tuple(kept))


def withholding_one(
    change: object = None, *, valid_s: float = 300.0
) -> tuple[Holding, Line, str]:
    """Return a node that keeps one item from Korea, Korea's line and the item's id."""
    node = Holding() if change is None else Holding(change=change)
    kor = Line()
    acted(node, kor, "suspend", 1.0)
    item = item_of("JPN", created_s=2.0, valid_until=at_s(valid_s))
    out = own(node, item, seconds=2.0)
    assert only(Refusal, out).withheld == (GSOMIA,)
    return node, kor, item.id


def left_under(out: list[EntryBody], text: str) -> list[str]:
    """Return what was given back and released under a text, told to nobody else."""
    back = [b.sealed.item.id for b in out if isinstance(b, Reconsideration)]
    free = [b for b in out if isinstance(b, Release)]
    assert {b.agreements for b in free} <= {(text,)}
    assert [b.item for b in free] == back
    assert all(body.withheld for body in free)
    return back


def test_a_text_that_begins_opens_what_another_withholds_at_its_instant() -> None:
    """No act comes: the node wakes for it, decides once, and tells the officer."""
    node, _, item = withholding_one()
    assert node.node.due() == at_s(SINCE_S)
    assert node.give(Tick(), seconds=SINCE_S - 0.001) == []
    out = node.give(Tick(), seconds=SINCE_S)
    assert left_under(out, SECOND) == [item]
    assert handed(out) == [item]
    text = only(Bell, out).text
    assert text.startswith(f"{GSOMIA}: 1 items withheld from KOR are decided again")
    assert shelved(node) == []
    node.check_replay()


def test_the_restoration_of_a_text_that_did_not_keep_it_opens_it() -> None:
    """The second was not in force when the item was withheld, and suspended since."""
    node, kor, item = withholding_one()
    acted(node, kor, "suspend", 3.0, SECOND)
    assert node.give(Tick(), seconds=SINCE_S + 1.0) == []
    out = acted(node, kor, "restore", 12.0, SECOND)
    assert left_under(out, SECOND) == [item]
    node.check_replay()


def test_a_record_that_another_text_asks_for_opens_it() -> None:
    """Any act on an agreement that binds the recipient may."""
    node, kor, item = withholding_one(bare)
    assert node.give(Tick(), seconds=SINCE_S + 1.0) == []
    declared = act_of("declare", agreement=SECOND, issued_s=12.0, record=ASSURED)
    out = node.pull(kor.send(carried_act(declared)), seconds=12.0)
    assert left_under(out, SECOND) == [item]
    node.check_replay()


def test_a_consent_under_another_text_opens_what_is_withheld() -> None:
    """It waits from the question on; refused it is put back, consented to it goes."""
    node, kor, item = withholding_one(asking)
    about_it = ReleaseOf(item_class="launch-warning", to=("KOR",))
    node.give(Tick(), seconds=11.0)
    node.asked = signed(question(agreement=SECOND, proposes=about_it))
    out = node.says("ask", node.asked, seconds=12.0)
    assert only(Reconsideration, out).sealed.item.id == item
    assert about(Deferral, out) == [item]
    assert shelved(node) == []
    no = signed(reply(node.asked, "object", after_s=13.0))
    out = node.pull(kor.send(carried(no)), seconds=13.0)
    assert only(Refusal, out).withheld == (GSOMIA,)
    assert shelved(node) == [item]
    node.check_replay()
    node.asked = signed(
        question(agreement=SECOND, proposes=about_it, issued=at_s(14.0))
    )
    assert about(Deferral, node.says("ask", node.asked, seconds=14.0)) == [item]
    yes = signed(reply(node.asked, after_s=15.0))
    out = node.pull(kor.send(carried(yes)), seconds=15.0)
    assert only(Release, out).agreements == (SECOND,)
    assert handed(out) == [item]
    node.check_replay()


def test_what_ends_while_it_waits_by_another_way_goes_back_on_the_shelf() -> None:
    """Restored, it is told late, as if nobody had been asked meanwhile."""
    node, kor, item = withholding_one(asking, valid_s=20.0)
    about_it = ReleaseOf(item_class="launch-warning", to=("KOR",))
    node.asked = signed(question(agreement=SECOND, proposes=about_it))
    assert about(Deferral, node.says("ask", node.asked, seconds=12.0)) == [item]
    out = node.give(Tick(), seconds=20.001)
    assert only(Refusal, out).withheld == (GSOMIA,)
    assert shelved(node) == [item]
    # Nothing that has ended waits for a word, so none asks for it again and again.
    assert node.give(Tick(), seconds=21.0) == []
    more = signed(reply(node.asked, "more-time", after_s=22.0))
    more = signed(replace(more, deadline=at_s(900.0)))
    out = node.pull(kor.send(carried(more)), seconds=22.0)
    assert not any(isinstance(body, Reconsideration) for body in out)
    out = acted(node, kor, "restore", 30.0)
    assert only(Release, out).agreements == (GSOMIA,)
    node.check_replay()


def test_a_text_that_comes_with_a_start_opens_what_is_withheld() -> None:
    """In the start's own turn the retractions and the first of each shelf."""
    node, kor = Holding(), Line()
    texts = node.node.given.agreements
    less = tuple(t for t in texts if parse_agreement(t, file="").id != SECOND)
    start = node.node.given
    node.give(replace(start, agreements=less), seconds=0.0)
    wrong = item_of("JPN")
    own(node, wrong)
    acted(node, kor, "suspend", 1.0)
    items = [item_of("JPN", created_s=2.0) for _ in range(withholding.AGAIN_MAX + 1)]
    for item in items:
        own(node, item, seconds=2.0)
    back = retraction_of(wrong, seconds=3.0)
    own(node, back, seconds=3.0)
    assert node.give(Tick(), seconds=11.0) == []
    out = node.give(start, seconds=12.0)
    names = [item.id for item in items]
    assert left_under(out, SECOND) == [back.id, *names[:-1]]
    assert handed(out) == [back.id, *names[:-1]]
    out = node.give(Tick(), seconds=12.0)
    assert left_under(out, SECOND) == names[-1:]
    node.check_replay()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_text_that_comes_with_a_start_opens_what_waits_for_an_answer(
    trusted: bool,
) -> None:
    """As promptly as an act would have; whatever the clock, the decision is made."""
    node = Holding()
    texts = node.node.given.agreements
    less = tuple(t for t in texts if parse_agreement(t, file="").id != SECOND)
    start = node.node.given
    node.give(replace(start, agreements=less), seconds=0.0)
    asked_of_korea(node)
    item = item_of("JPN")
    assert about(Deferral, own(node, item)) == [item.id]
    assert node.give(Tick(), seconds=11.0) == []
    if not trusted:
        node.give(ClockStep(seconds=900.0, trusted=False), seconds=11.5)
    out = node.give(start, seconds=12.0)
    assert only(Release, out).agreements == (SECOND,)
    assert handed(out) == ([item.id] if trusted else [])
    assert waiting(node) == {}
    node.check_replay()


def test_a_text_that_comes_with_a_start_opens_what_its_relay_refused() -> None:
    """The approval is held; what it opens under that text goes, retractions first."""
    hub, jpn = Fed("USA"), Line(sender="JPN", to="USA")
    start = hub.node.given
    less = tuple(
        t for t in start.agreements if parse_agreement(t, file="").id != KOR_USA
    )
    told, wrong, late = item_of("JPN"), item_of("JPN"), item_of("JPN")
    leave = carried_act(approval_of("JPN", to="KOR", expires_s=1_000.0))
    out = hub.pull(jpn.send(leave, jpn.carry(wrong)), partner="JPN")
    assert about(Release, out) == [wrong.id]
    hub.give(replace(start, agreements=less), seconds=1.0)
    back = retraction_of(wrong, seconds=2.0)
    for item in (told, back):
        out = hub.pull(jpn.send(jpn.carry(item)), partner="JPN", seconds=2.0)
        assert about(Refusal, out) == [item.id]
    again = hub.give(replace(start, agreements=less), seconds=3.0)
    assert not any(isinstance(body, Refusal | Release) for body in again)
    out = hub.give(start, seconds=4.0)
    assert about(Release, out) == [back.id, told.id]
    assert handed(out) == [back.id, told.id]
    hub.check_replay()
    # Its validity has ended when the text comes: nobody is told of it any more.
    hub.give(replace(start, agreements=less), seconds=5.0)
    hub.pull(jpn.send(jpn.carry(late)), partner="JPN", seconds=6.0)
    assert about(Release, hub.give(start, seconds=400.0)) == []
    assert hub.node.stages.release.refused == {}
    hub.check_replay()


def test_a_start_that_changes_nothing_decides_nothing_otherwise() -> None:
    """What waits goes on waiting, and what is withheld stays so, without a word."""
    node, _, item = withholding_one(asking)
    out = node.give(node.node.given, seconds=4.0)
    assert not any(isinstance(b, Reconsideration | Deferral | Refusal) for b in out)
    assert shelved(node) == [item]
    assert isinstance(node.node.start, NodeStart)


def test_an_act_between_others_looks_at_nothing_of_koreas() -> None:
    """What is no business of Korea's moves nothing that is withheld from it."""
    node, _, item = withholding_one()
    node.give(Tick(), seconds=3.0)
    act = act_of("suspend", "USA", agreement=JPN_USA, issued_s=SINCE_S + 1.0)
    out = node.pull(
        Line(sender="USA").send(carried_act(act)), partner="USA", seconds=SINCE_S + 1.0
    )
    assert not any(isinstance(body, Reconsideration) for body in out)
    assert shelved(node) == [item]
    assert left_under(node.give(Tick(), seconds=SINCE_S + 2.0), SECOND) == [item]


def test_what_is_withdrawn_while_another_way_is_open_leaves_by_that_at_once() -> None:
    """In the suspension's own turn; the recipient gets it under the other text."""
    node, kor = Holding(), Line()
    own(node, item_of("JPN"), seconds=0.5)
    for _ in range(40):
        own(node, item_of("JPN", created_s=1.0), seconds=1.0)
    sending = node.node.stages.link.partners["KOR"].sending["notices"]
    queued = [unit.id for unit in sending.items.values()]
    assert queued
    node.give(Tick(), seconds=SINCE_S)
    out = acted(node, kor, "suspend", 11.0)
    again = left_under(out, SECOND)
    for _ in range(20):
        again += left_under(node.give(Tick(), seconds=11.0), SECOND)
    assert shelved(node) == []
    assert set(queued) <= set(again)
    node.check_replay()
