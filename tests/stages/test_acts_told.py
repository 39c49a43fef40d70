"""Acts that reach us by whoever can bring them: proven by their author, told on once.

Japan's node is asked here what it takes and whom it tells; whole worlds with cut lines
are in ``tests/exercise/test_world_acts.py``.
"""

from collections.abc import Iterator
from dataclasses import replace as changed

import pytest
from msgspec.structs import replace

from beaconfire.agreements.agreement import Agreement
from beaconfire.exercise.cast import node_of
from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.simulated import agreements_of
from beaconfire.runtime.effects import Publish
from beaconfire.runtime.turns import Node
from beaconfire.seals.acts import act_id, envelope_of_act
from beaconfire.stages.ingest.acts import KEPT_ACTS_MAX
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import Tick
from beaconfire.vocabulary.entries.carriage import Arrival, HandOver, Receipt
from beaconfire.vocabulary.entries.sightings import Bell, ItemHeld, Rejection
from beaconfire.vocabulary.records import Suspected
from beaconfire.vocabulary.times import Instant
from tests.stages.partners_made import (
    GSOMIA,
    JPN_USA,
    KOR_USA,
    SCENARIO,
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
)

DAY_S = 86_400.0


class Party(Fed):
    """A party's node, with the lines of its two partners."""

    def __init__(self, party: str = "JPN") -> None:
        super().__init__(party)
        others = [other for other in ("JPN", "KOR", "USA") if other != party]
        self.lines = {other: Line(sender=other, to=party) for other in others}

    def brought(
        self, act: Act, by: str, *, seconds: float = 0.0, **changes: object
    ) -> list[EntryBody]:
        """Let ``by`` bring an act, its own or another's; return what followed."""
        made = self.lines[by].send(carried_act(act), originator=act.party, **changes)
        return self.pull(made, partner=by, seconds=seconds)

    def told(self, out: list[EntryBody], to: str) -> list[tuple[str, str | None]]:
        """Return the acts that were handed over to a partner, and as whose relay."""
        return [
            (one, body.via)
            for body in out
            if isinstance(body, HandOver) and body.to == to
            for one in body.acts
        ]

    def status(self, agreement: str = TISA) -> list[tuple[str, str]]:
        """Return each party's last act on an agreement."""
        views = self.node.stages.link.standing.views
        return [
            (view.party, view.acts[-1].act.act)
            for view in views
            if view.agreement == agreement
        ]


@pytest.fixture
def japan() -> Iterator[Party]:
    """A node whose journal repeats all that the test made it do."""
    japan = Party()
    yield japan
    japan.check_replay()


def refused(out: list[EntryBody]) -> str:
    """Return why it was refused; it rang, was receipted, and nothing was taken."""
    assert not any(isinstance(body, Act) for body in out)
    reason = only(Rejection, out).reason
    assert only(Receipt, out)
    assert reason in only(Bell, out).text
    return reason


def test_an_act_is_told_on_with_its_own_signed_bytes(japan: Party) -> None:
    """To the other party, as its author sealed it, and to nobody else."""
    act = act_of("suspend", "KOR", agreement=TISA)
    out = japan.brought(act, "KOR")
    assert only(Act, out) == act
    assert japan.told(out, "USA") == [(act_id(act), "JPN")]
    assert japan.told(out, "KOR") == []
    published = [e for e in japan.effects if isinstance(e, Publish)]
    assert [e.message.inner for e in published] == [(envelope_of_act(act),)]


def test_an_act_counts_whoever_brings_it(japan: Party) -> None:
    """The hub brings Korea's act; the journal has it as Korea's, under its own id."""
    act = act_of("suspend", "KOR", agreement=TISA)
    out = japan.brought(act, "USA")
    assert only(Act, out) == act
    arrival = only(Arrival, out)
    assert (arrival.originator, arrival.via) == ("KOR", "USA")
    assert arrival.acts == (act_id(act),)
    assert japan.status() == [("KOR", "suspend")]
    # Its author and who brought it know it: there is nobody left to tell.
    assert japan.told(out, "KOR") == []
    assert japan.told(out, "USA") == []


def test_what_comes_again_by_another_way_is_one_act(japan: Party) -> None:
    """Known by its id: no second entry, nobody is told twice, and it is receipted."""
    act = act_of("suspend", "KOR", agreement=TISA)
    japan.brought(act, "KOR")
    out = japan.brought(act, "USA", seconds=1.0)
    assert not any(isinstance(body, Act | HandOver | Rejection) for body in out)
    assert only(Arrival, out).acts == (act_id(act),)
    assert only(Receipt, out)


def test_two_parties_only_means_nobody_to_tell(japan: Party) -> None:
    """An act on the agreement of two never goes to the third, not even sealed."""
    out = japan.brought(act_of("suspend", "KOR", agreement=GSOMIA), "KOR")
    assert not any(isinstance(body, HandOver) for body in out)
    out = japan.order(act_of("suspend", "JPN", issued_s=1.0), seconds=1.0)
    assert japan.told(out, "KOR")
    assert japan.told(out, "USA") == []


def test_who_is_no_party_was_not_to_know(japan: Party) -> None:
    """An act on GSOMIA that the United States brings is refused, and says why."""
    act = act_of("suspend", "KOR", agreement=GSOMIA)
    assert refused(japan.brought(act, "USA")) == (
        f"act `{act_id(act)}`: USA is no party to {GSOMIA}: ask KOR how it came to know"
    )
    assert japan.status(GSOMIA) == []
    # The same act from its author counts.
    assert only(Act, japan.brought(act, "KOR"))


def test_an_act_on_an_agreement_of_others_is_not_for_us(japan: Party) -> None:
    """Its parties may do it; we are none of them, and were not to be told."""
    act = act_of("suspend", "KOR", agreement=KOR_USA)
    assert refused(japan.brought(act, "USA")) == (
        f"act `{act_id(act)}`: JPN is no party to {KOR_USA}: USA was not to tell it"
    )


def test_who_brings_it_proves_nothing(japan: Party) -> None:
    """The hub cannot act for Korea, nor change what Korea signed."""
    for forged in (
        act_of("suspend", "KOR", agreement=TISA, key=members()["USA"].people),
        replace(act_of("suspend", "KOR"), agreement=TISA),
    ):
        assert refused(japan.brought(forged, "USA")).startswith("act: ")
    own = act_of("suspend", "USA", agreement=TISA)
    made = japan.lines["USA"].send(carried_act(own), originator="KOR")
    assert "is by `USA`, the card given is that of KOR" in refused(
        japan.pull(made, partner="USA")
    )
    assert japan.status() == []


def test_acts_have_their_place_by_their_own_instants(japan: Party) -> None:
    """A restoration may overtake its suspension: it stands all the same."""
    suspend = act_of("suspend", "KOR", agreement=TISA, issued_s=1.0)
    restore = act_of("restore", "KOR", agreement=TISA, issued_s=2.0)
    japan.brought(restore, "USA", seconds=3.0)
    out = japan.brought(suspend, "KOR", seconds=4.0)
    assert only(Act, out) == suspend
    assert japan.status() == [("KOR", "restore")]
    held = japan.pull(japan.lines["KOR"].send(japan.lines["KOR"].carry(item_of())))
    assert only(ItemHeld, held)


def test_an_approval_is_told_on_to_the_relay_that_needs_it() -> None:
    """Its recipient brings it to the hub; the hub tells nobody of it."""
    approval = approval_of("KOR", to="JPN", via="USA")
    japan, hub = Party("JPN"), Party("USA")
    out = japan.brought(approval, "KOR")
    assert japan.told(out, "USA") == [(act_id(approval), "JPN")]
    out = hub.brought(approval, "JPN")
    assert only(Act, out) == approval
    assert hub.told(out, "KOR") == []
    again = Party("USA").brought(approval, "KOR")
    assert not any(isinstance(body, HandOver) for body in again)


def test_a_revocation_outlives_the_approval_that_comes_behind_it() -> None:
    """Older leave that arrives late opens nothing; a newer one does."""
    hub = Party("USA")
    way = {"to": "JPN", "via": "USA", "item_class": "launch-warning"}
    hub.brought(act_of("revoke", "KOR", agreement=TISA, **way), "KOR")
    out = hub.brought(approval_of("KOR", issued_s=-1.0), "JPN", seconds=1.0)
    assert not any(isinstance(body, Act | Rejection) for body in out)
    assert hub.node.stages.link.standing.approvals == ()
    newer = approval_of("KOR", issued_s=1.0)
    assert only(Act, hub.brought(newer, "KOR", seconds=2.0)) == newer


def test_an_approval_that_has_ended_is_not_taken_again() -> None:
    """It would be forgotten, taken and told for ever; it opens nothing anyway."""
    hub = Party("USA")
    out = hub.brought(approval_of("KOR", expires_s=10.0), "KOR", seconds=10.001)
    assert not any(isinstance(body, Act | Rejection | HandOver) for body in out)


def test_a_notice_that_came_after_its_deadline_rings(japan: Party) -> None:
    """It counts by its date; whoever does not accept the date can contest it."""
    deadline = Instant.parse("2023-08-24T15:00:00Z").seconds_since(at_s(0.0))
    notice = act_of("notice", "KOR", issued_s=deadline - 60.0)
    out = japan.brought(notice, "KOR", seconds=deadline + 60.0)
    assert only(Act, out) == notice
    text = only(Bell, out).text
    assert text.startswith(f"{GSOMIA}:21(3): KOR's notice on {GSOMIA} is dated")
    assert text.endswith("it counts by its date; contest it if you do not accept that")
    contest = act_of("contest", "JPN", issued_s=deadline + 120.0)
    assert only(Act, japan.order(contest, seconds=deadline + 120.0)) == contest
    in_time = act_of("withdraw", "KOR", issued_s=deadline + 180.0)
    out = japan.brought(in_time, "KOR", seconds=deadline + 180.0)
    assert not any(isinstance(body, Bell) for body in out)


# Too early


def test_an_act_dated_ahead_is_kept_and_counts_from_its_instant(japan: Party) -> None:
    """Two clocks may differ by two seconds; what is further ahead waits, unlost."""
    act = act_of("suspend", "KOR", agreement=TISA, issued_s=60.0)
    out = japan.brought(act, "KOR")
    assert not any(isinstance(body, Act | Rejection) for body in out)
    assert only(Bell, out).text == (
        f"`suspend` of KOR on {TISA} (act `{act_id(act)}`) is dated {at_s(60.0)}, "
        "ahead of this node's clock: it is kept and counts from then"
    )
    assert only(Arrival, out).acts == (act_id(act),)
    assert japan.node.due() == at_s(58.0)
    # Another party brings it too: that is no second act, and rings no second bell.
    again = japan.brought(act, "USA", seconds=1.0)
    assert not any(isinstance(body, Act | Bell) for body in again)
    assert not any(isinstance(b, Act) for b in japan.give(Tick(), seconds=57.9))
    out = japan.give(Tick(), seconds=58.0)
    assert only(Act, out) == act
    assert japan.told(out, "USA") == [(act_id(act), "JPN")]
    assert japan.status() == [("KOR", "suspend")]
    within = act_of("restore", "KOR", agreement=TISA, issued_s=62.0)
    assert only(Act, japan.brought(within, "KOR", seconds=60.0)) == within


def test_an_act_dated_days_ahead_is_refused_and_may_come_again(japan: Party) -> None:
    """A clock so wrong must be mended; the act is taken when its time is near."""
    act = act_of("suspend", "KOR", agreement=TISA, issued_s=2 * DAY_S)
    assert refused(japan.brought(act, "KOR")) == (
        f"act `{act_id(act)}` is dated {at_s(2 * DAY_S)}, more than a day ahead of "
        "this node's clock: ask KOR to set its clock and to issue it anew"
    )
    assert only(Act, japan.brought(act, "USA", seconds=2 * DAY_S)) == act


class Alone(Party):
    """Japan's node before it holds Korea's card, or any text but one."""

    def _fresh(self) -> Node:
        whole = members()["JPN"]
        known = tuple(c for c in whole.profile.partners if c.party != "KOR")
        member = changed(whole, profile=replace(whole.profile, partners=known))
        texts = tuple(text for text in all_texts() if text.id == JPN_USA)
        return node_of(member, texts, solve_interval_s=0.5)

    def start_whole(self, *, seconds: float) -> list[EntryBody]:
        """Start again with Korea's card and every text."""
        node = node_of(members()["JPN"], all_texts(), solve_interval_s=0.5)
        return self.give(node.given, seconds=seconds)


def all_texts() -> tuple[Agreement, ...]:
    """Return the agreements of the exercise."""
    return agreements_of(load_scenario(SCENARIO))


def test_an_act_of_a_nation_whose_card_is_not_held_waits_for_the_card() -> None:
    """It is refused with what to do, kept, and counts after the start that knows it."""
    alone = Alone()
    act = act_of("suspend", "KOR", agreement=TISA)
    out = alone.brought(act, "USA")
    assert refused(out) == (
        f"act `{act_id(act)}` is said to be KOR's, whose card this node does not hold, "
        "so its signature proves nothing: add the card with `beaconfire partner add` "
        "and start the node again; the act is kept until then"
    )
    assert alone.node.due() is None
    out = alone.start_whole(seconds=60.0)
    assert only(Act, out) == act
    assert alone.status() == [("KOR", "suspend")]
    alone.check_replay()


def test_a_forged_act_that_was_kept_is_refused_when_the_card_is_there() -> None:
    """Keeping proves nothing: it is judged again, by the card."""
    alone = Alone()
    forged = act_of("suspend", "KOR", agreement=TISA, key=members()["USA"].people)
    refused(alone.brought(forged, "USA"))
    out = alone.start_whole(seconds=60.0)
    assert "no key for people is known" in only(Rejection, out).reason
    assert alone.node.stages.ingest.early == {}
    assert alone.status() == []


def test_an_act_on_a_text_not_signed_here_waits_for_the_text() -> None:
    """Otherwise the node would begin the agreement without knowing its suspension."""
    alone = Alone()
    act = act_of("suspend", "USA", agreement=TISA)
    assert refused(alone.brought(act, "USA")) == (
        f"act `{act_id(act)}` is on `{TISA}`, which is not signed here; it is kept "
        "until the node starts with that text, signed by all its parties"
    )
    assert only(Act, alone.start_whole(seconds=60.0)) == act


def test_what_is_kept_is_bounded() -> None:
    """Of one partner that brings too many the oldest gives way."""
    alone = Alone()
    acts = [
        act_of("suspend", "KOR", agreement=TISA, issued_s=float(number))
        for number in range(KEPT_ACTS_MAX + 1)
    ]
    for act in acts:
        alone.brought(act, "USA")
    kept = alone.node.stages.ingest.early.values()
    assert [brought.id for brought in kept] == [act_id(act) for act in acts[1:]]


class Textless(Party):
    """Japan's node with both partners and without the text of three."""

    def _fresh(self) -> Node:
        texts = tuple(text for text in all_texts() if text.id == JPN_USA)
        return node_of(members()["JPN"], texts, solve_interval_s=0.5)

    def start_whole(self, *, seconds: float) -> list[EntryBody]:
        """Start again with every text."""
        node = node_of(members()["JPN"], all_texts(), solve_interval_s=0.5)
        return self.give(node.given, seconds=seconds)


@pytest.mark.parametrize("issued_s", [0.0, 600.0])
def test_nobody_makes_us_forget_what_another_brought(issued_s: float) -> None:
    """Who brings an act as well, and then too many, loses of its own alone."""
    textless = Textless()
    act = act_of("suspend", "KOR", agreement=TISA, issued_s=issued_s)
    for by in ("USA", "KOR", "USA"):
        textless.brought(act, by)
    if issued_s:
        textless.start_whole(seconds=1.0)
        textless.give(Textless().node.given, seconds=2.0)
    for number in range(KEPT_ACTS_MAX):
        other = act_of("suspend", "USA", agreement=TISA, issued_s=float(-number))
        textless.brought(other, "USA", seconds=3.0)
    out = textless.start_whole(seconds=issued_s + 4.0)
    assert [body for body in out if isinstance(body, Act)].count(act) == 1
    assert textless.node.stages.ingest.early == {}
    textless.check_replay()


def test_an_act_dated_ahead_wakes_nobody_while_its_text_is_gone(japan: Party) -> None:
    """It waits for a start with the text; else each tick would refuse it anew."""
    act = act_of("suspend", "KOR", agreement=TISA, issued_s=60.0)
    japan.brought(act, "KOR")
    japan.give(Textless().node.given, seconds=1.0)
    assert japan.node.due() is None
    node = node_of(members()["JPN"], all_texts(), solve_interval_s=0.5)
    japan.give(node.given, seconds=2.0)
    assert japan.node.due() == at_s(58.0)


def test_a_partner_who_joins_later_is_told_the_acts_so_far() -> None:
    """Ours and others', of what we share with it, as they were signed."""
    alone = Alone()
    whole = node_of(members()["JPN"], all_texts(), solve_interval_s=0.5).given
    known = alone.node.given.profile
    alone.give(replace(whole, profile=known), seconds=-60.0)
    acts = [
        act_of("suspend", "USA", agreement=TISA, issued_s=0.0),
        act_of("restore", "USA", agreement=TISA, issued_s=1.0),
        act_of("suspend", "USA", agreement=JPN_USA, issued_s=2.0),
    ]
    for act in acts:
        alone.brought(act, "USA", seconds=3.0)
    own = act_of("suspend", "JPN", issued_s=3.0)
    alone.order(own, seconds=3.0)
    leave = approval_of("JPN", to="KOR", issued_s=3.0)
    case = Suspected(case="one", originator="KOR", what="a laptop")
    lost = act_of("declare", "JPN", issued_s=3.5, record=case)
    for act in (leave, lost):
        alone.order(act, seconds=3.5)
    out = alone.give(whole, seconds=4.0)
    ids = [act_id(act) for act in (*acts[:2], own, leave, lost)]
    assert [one for one, _ in alone.told(out, "KOR")] == ids
    assert alone.told(out, "USA") == []
    again = alone.give(whole, seconds=5.0)
    assert not any(isinstance(body, HandOver) for body in again)
    alone.check_replay()


# Nothing overtakes an act by which more may leave


def test_what_a_restoration_allows_waits_until_the_third_party_knows() -> None:
    """Told by us of the United States' restoration, Korea must receipt it first."""
    japan = Party()
    for does, issued_s in (("suspend", 0.0), ("restore", 1.0)):
        act = act_of(does, "USA", agreement=TISA, issued_s=issued_s)
        japan.brought(act, "USA", seconds=issued_s)
    korea = japan.node.stages.link.partners["KOR"]
    assert korea.awaited == {TISA: act_id(act)}
    assert japan.node.stages.link.partners["USA"].awaited == {}
    note = receipt_note("JPN", "KOR", korea.sending["notices"])
    japan.receipt(receipt_text(note), seconds=2.0)
    assert korea.awaited == {}


def test_a_party_that_brings_an_act_needs_not_be_told_it_nor_waited_for() -> None:
    """Two parties tell each other at once: what was queued is taken off again."""
    japan = Party()
    act = act_of("restore", "USA", agreement=TISA, issued_s=1.0)
    japan.brought(act, "USA", seconds=1.0)
    korea = japan.node.stages.link.partners["KOR"]
    assert korea.awaited == {TISA: act_id(act)}
    japan.brought(act, "KOR", seconds=2.0)
    assert korea.awaited == {}
    japan.check_replay()


# A partner that takes nothing
