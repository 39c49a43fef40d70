"""Revoking a card, in seeded worlds: under flow, both ways, on bad lines, by the dead.

The partner goes on as before: it knows of nothing, sends, and lays down receipts. What
the nation that revoked does is judged by its own journal, and all books by the checker.
Nothing of it shows to a third.
"""

import json
import random

import pytest

from beaconfire.agreements.consultation import ConsentedBySilence, RefusedBySilence
from beaconfire.exercise.after_action.checker import Delivery, check_delivery
from beaconfire.exercise.cast import cast
from beaconfire.exercise.world import World
from beaconfire.journal.entry import encode_entry
from beaconfire.journal.memory import CrashPoint
from beaconfire.runtime.flagged import flagged, read
from beaconfire.seals.codec import encode
from beaconfire.seals.people_orders import sign_people_order
from beaconfire.vocabulary.consultations import ReleaseOf
from beaconfire.vocabulary.entries.arrivals import Order
from beaconfire.vocabulary.entries.carriage import (
    Arrival,
    EpochEnd,
    HandOver,
    Receipt,
    Waiting,
)
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.entries.sightings import ItemHeld, Rejection
from beaconfire.vocabulary.revoking import CardRevocation
from tests.exercise.test_noninterference import received, sent
from tests.exercise.test_world_consulting import asks
from tests.exercise.test_world_faults import HEALED_S, bad_lines, crashes
from tests.exercise.test_world_suspension import drawn_acts
from tests.exercise.worlds import (
    APPROVALS,
    PARTIES,
    TISA,
    assert_settled,
    bodies,
    delivery,
    entries,
    lines,
    plain,
    sightings,
    world,
)

SEEN = sightings(10, 40)
OFF_S, END_S = 25.0, 90.0


def revoke(
    made: World,
    party: str,
    partner: str,
    at_s: float,
    *,
    seed: int = 1,
    since_s: float | None = None,
) -> None:
    """Let a person of a nation order that a partner's card is revoked."""
    order = CardRevocation(
        party=party,
        partner=partner,
        since=plain().at(at_s if since_s is None else since_s),
        reason="drawn",
        issued=plain().at(at_s),
    )
    signed = sign_people_order(order, cast(plain(), seed)[party].people)
    text = encode(signed).decode()
    made.give(party, at_s, Order(verb="revoke-card", text=text), "person")


def assert_closed(made: World, party: str, partner: str) -> None:
    """After its revocation nothing went to the partner, and nothing of it was taken."""
    closed = False
    for entry in entries(made, party):
        body = entry.body
        if isinstance(body, CardRevoked) and body.order.partner == partner:
            closed = True
        elif not closed:
            continue
        elif isinstance(body, HandOver | Release | Waiting):
            assert body.to != partner, entry
        elif isinstance(body, Receipt | Arrival) and body.to == party:
            assert partner != (body.via or body.originator), entry
        elif isinstance(body, ItemHeld) and body.carriage is not None:
            assert partner not in (body.sealed.item.originator, body.carriage.link)
        elif isinstance(body, Receipt):
            assert body.to != partner, entry
    assert closed
    sending = made.node(party).stages.link.partners[partner].sending.values()
    assert not any(lane.window or lane.items or lane.held for lane in sending)


def assert_books_true(made: World) -> Delivery:
    """Nothing lost, doubled or leaked, and every unit has its ending."""
    audited = delivery(made)
    assert audited.problems == ()
    assert (audited.lost, audited.duplicated, audited.leaked) == (0, 0, 0)
    return audited


@pytest.mark.parametrize(("party", "partner"), [("JPN", "KOR"), ("KOR", "JPN")])
def test_under_flow_the_link_closes_in_the_turn_of_the_order(
    party: str, partner: str
) -> None:
    """Purged, withdrawn, refused by name; what comes is a rejection; the rest flows."""
    made = world(seen=SEEN)
    revoke(made, party, partner, OFF_S)
    made.run(END_S)
    assert_closed(made, party, partner)
    audited = assert_books_true(made)
    assert audited.sent_fate_unknown
    turn = next(
        turn
        for turn in made.turns(party)
        if any(isinstance(entry.body, CardRevoked) for entry in turn.entries)
    )
    ends = [e.body for e in turn.entries if isinstance(e.body, EpochEnd)]
    assert {end.to for end in ends} <= {partner}
    refused = [r for r in bodies(made, party, Refusal) if r.to == partner]
    assert any("is revoked" in r.reason for r in refused)
    told = [r for r in bodies(made, party, Rejection) if r.source == partner]
    assert {r.what for r in told} >= {"link message"}
    third = next(one for one in PARTIES if one not in (party, partner))
    after = [h for h in entries(made, party) if isinstance(h.body, HandOver)]
    assert [h for h in after if h.body.to == third and h.at > plain().at(OFF_S + 5.0)]


@pytest.mark.parametrize("during", CrashPoint)
def test_a_node_that_dies_of_the_order_closes_the_link_or_never_heard(
    during: CrashPoint,
) -> None:
    """Stored, it holds after the restart; not stored, the person orders it again."""
    made = world(seen=SEEN)
    made.crash("JPN", OFF_S, restart_s=OFF_S + 2.0, during=during)
    revoke(made, "JPN", "KOR", OFF_S)
    revoke(made, "JPN", "KOR", OFF_S + 4.0)
    made.crash("JPN", 50.0, restart_s=52.0)
    made.run(END_S)
    assert len(bodies(made, "JPN", CardRevoked)) == 1
    again = [r for r in bodies(made, "JPN", Rejection) if "ordered before" in r.reason]
    assert len(again) == (during is CrashPoint.AFTER_STORE)
    assert_closed(made, "JPN", "KOR")
    assert_books_true(made)


@pytest.mark.parametrize("seed", range(8))
def test_on_bad_lines_and_by_nodes_that_die_all_books_stay_true(seed: int) -> None:
    """By any nation against any other, at drawn times, among suspensions."""
    draw = random.Random(4_000 + seed)
    made = world(acts=drawn_acts(draw), links=bad_lines(draw), seen=SEEN, seed=seed)
    drawn = draw.sample([(a, b) for a in PARTIES for b in PARTIES if a != b], k=2)
    for party, at_s, restart_s in crashes(draw, *PARTIES):
        made.crash(party, at_s, restart_s=min(restart_s, HEALED_S))
    for party, partner in drawn:
        revoke(made, party, partner, draw.uniform(12.0, 40.0), seed=seed)
        revoke(made, party, partner, HEALED_S + 2.0, seed=seed)  # it may have been dead
    made.run(END_S)
    for party, partner in drawn:
        assert_closed(made, party, partner)
    assert_books_true(made)


@pytest.mark.parametrize("seed", range(4))
def test_a_third_receives_the_same_at_the_same_instants(seed: int) -> None:
    """That one nation trusts another no more does not show in what a third is sent."""
    one, other = (
        world(acts=(), links=lines(jitter_ms=50.0), seen=SEEN, seed=seed)
        for _ in range(2)
    )
    revoke(other, "JPN", "KOR", OFF_S, seed=seed)
    for made in (one, other):
        made.run(END_S)
    assert_closed(other, "JPN", "KOR")
    assert received(one, "USA") == received(other, "USA")
    for sender in ("JPN", "KOR"):
        assert sent(one, sender, "USA") == sent(other, sender, "USA")
    assert sent(one, "JPN", "KOR") != sent(other, "JPN", "KOR")


def test_what_a_hub_relayed_before_is_refused_to_the_hub_alone() -> None:
    """With leave to relay, Korea's items come by the hub too: none counts after it."""
    made = world(acts=APPROVALS, seen=SEEN)
    revoke(made, "JPN", "KOR", OFF_S)
    made.run(END_S)
    assert_closed(made, "JPN", "KOR")
    audited = assert_books_true(made)
    assert audited.refused


def test_a_higher_card_opens_the_link_and_both_ways_flow_again() -> None:
    """What the partner laid down meanwhile is taken, and all that was unknown told."""
    made = world(acts=(), seen=sightings(10, 60))
    revoke(made, "JPN", "KOR", OFF_S)
    made.take_next_card("JPN", "KOR", 45.0, restart_s=46.0)
    made.run(END_S)
    assert_settled(made)
    opened = plain().at(46.0)
    for party, other in (("JPN", "KOR"), ("KOR", "JPN")):
        handed = [h for h in entries(made, party) if isinstance(h.body, HandOver)]
        assert [h for h in handed if h.body.to == other and h.at >= opened]
    taken = [
        entry.body
        for entry in entries(made, "JPN")
        if isinstance(entry.body, Arrival) and entry.at >= opened
    ]
    numbers = [a.number for a in taken if (a.originator, a.lane) == ("KOR", "plots")]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    while_closed = [
        h.body.number
        for h in entries(made, "KOR")
        if isinstance(h.body, HandOver)
        and (h.body.to, h.body.lane) == ("JPN", "plots")
        and plain().at(OFF_S + 1.0) < h.at < opened
    ]
    assert while_closed
    assert set(while_closed) <= set(numbers)


@pytest.mark.parametrize("seed", range(12))
def test_closed_and_opened_among_all_else_every_unit_ends_once(seed: int) -> None:
    """Revoked and opened again, twice if drawn, on bad lines, by nodes that die."""
    draw = random.Random(4_400 + seed)
    made = world(acts=drawn_acts(draw), links=bad_lines(draw), seen=SEEN, seed=seed)
    for party, at_s, restart_s in crashes(draw, *PARTIES):
        made.crash(party, at_s, restart_s=min(restart_s, HEALED_S))
    party, partner = draw.choice([(a, b) for a in PARTIES for b in PARTIES if a != b])
    at_s = draw.uniform(12.0, 25.0)
    for _ in range(draw.choice((1, 2))):
        revoke(made, party, partner, at_s, seed=seed)
        made.take_next_card(party, partner, at_s + 6.0, restart_s=at_s + 8.0)
        at_s = draw.uniform(at_s + 9.0, 36.0)
    made.run(END_S)
    assert_settled(made)


def test_silence_of_the_revoked_is_no_consent() -> None:
    """It had the question, and its line is closed before the deadline: that is no."""
    about = ReleaseOf(item_class="Plots", to=("USA",))
    for revoked in (False, True):
        made = world(seen=SEEN)
        question = asks(
            *("JPN", "KOR"), deadline_s=20.0, silence="yes", under=TISA, about=about
        )
        made.consult("JPN", 15.0, question)
        if revoked:
            revoke(made, "JPN", "KOR", OFF_S)
            made.take_next_card("JPN", "KOR", 30.0, restart_s=31.0)
        made.run(END_S)
        (held,) = made.node("JPN").stages.desk.standing.consultations.held
        ended = RefusedBySilence if revoked else ConsentedBySilence
        assert isinstance(held.state, ended)


def test_what_rested_on_a_silence_in_doubt_is_flagged() -> None:
    """It counted as a consent since the keys were in doubt: that, and what it opened.

    A silence that had spoken before says what the party meant, as does all before it.
    """
    made = world(seen=SEEN)
    about = ReleaseOf(item_class="launch-warning", to=("USA",))
    question = asks(
        *("JPN", "KOR"), deadline_s=20.0, silence="yes", under=TISA, about=about
    )
    spoken_s = 36.0  # twenty seconds after it was asked, at the next tick
    made.consult("JPN", 15.0, question)
    revoke(made, "JPN", "KOR", spoken_s + 5.0, since_s=spoken_s - 1.0)
    made.run(END_S)
    (held,) = made.node("JPN").stages.desk.standing.consultations.held
    assert isinstance(held.state, ConsentedBySilence)
    rest = [
        entry
        for entry in entries(made, "JPN")
        if isinstance(entry.body, Release) and held.id in entry.body.consents
    ]
    ends = next(e.at for e in entries(made, "JPN") if isinstance(e.body, CardRevoked))
    assert rest[0].at < ends
    (card,) = flagged(entries(made, "JPN"), "KOR")
    listed = {one.entry: one for one in card.flagged}
    closing = listed[held.state.entry]
    assert (closing.what, closing.id) == ("silence that counted as consent", held.id)
    assert (closing.originator, closing.link) == ("KOR", "KOR")
    found = [listed[entry.id] for entry in rest]
    assert {one.what for one in found} == {"release to USA"}
    assert [one.id for one in found] == [entry.body.item for entry in rest]
    assert f"release to USA {found[0].id} of JPN" in read((card,), "KOR")

    late = world(seen=SEEN)
    late.consult("JPN", 15.0, question)
    revoke(late, "JPN", "KOR", spoken_s + 5.0, since_s=spoken_s + 1.0)
    late.run(END_S)
    (card,) = flagged(entries(late, "JPN"), "KOR")
    assert not [one for one in card.flagged if "release" in one.what]
    assert not [one for one in card.flagged if "silence" in one.what]


@pytest.mark.parametrize("kind", ["hand-over", "arrival"])
def test_the_audit_finds_what_crosses_a_closed_link(kind: str) -> None:
    """The last that crossed is a fault if the revocation stands before it."""
    made = world(seen=SEEN)
    revoke(made, "JPN", "KOR", OFF_S)
    made.run(END_S)
    books = {
        party: [json.loads(encode_entry(entry)) for entry in entries(made, party)]
        for party in PARTIES
    }
    assert check_delivery(books).problems == ()
    mine = books["JPN"]
    where = next(i for i, e in enumerate(mine) if e["kind"] == "card-revocation")
    crossed = [
        i
        for i, e in enumerate(mine[:where])
        if e["kind"] == kind and "KOR" in (e["body"]["to"], e["body"]["from"])
    ]
    mine.insert(crossed[-1], mine.pop(where))
    for seq, entry in enumerate(mine, 1):
        entry["seq"] = seq
    problems = check_delivery(books).problems
    assert any("KOR, whose card was revoked" in one for one in problems)
