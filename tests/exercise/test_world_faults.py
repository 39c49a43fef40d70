"""Faults: bad lines, cuts and crashes; then every released unit ended exactly once.

Every world here heals some seconds before its end: a line that carries again, nodes
that run. What the checker says of the journals is the claim; it shares no code with
the nodes.
"""

import random

import pytest

from beaconfire.exercise.scenario_parts import Link
from beaconfire.exercise.world import REDELIVER_S, World
from beaconfire.vocabulary.entries.carriage import Arrival, Expiry, HandOver, Waiting
from beaconfire.vocabulary.link import WINDOW_MESSAGES
from tests.exercise.worlds import (
    PAIRS,
    PARTIES,
    assert_settled,
    bodies,
    cut,
    delivery,
    entries,
    lines,
    sightings,
    world,
)
from tests.stages.partners_made import waiting_count

SEEN = sightings(10, 30)
HEALED_S, END_S = 45.0, 75.0
Crash = tuple[str, float, float]


def bad_lines(draw: random.Random) -> list[Link]:
    """Draw how each direction behaves until all are mended."""
    drawn: list[Link] = []
    for sender, to in PAIRS:
        drawn.append(
            Link(
                from_=sender,
                to=to,
                until_s=HEALED_S,
                delay_ms=draw.choice((0.0, 20.0, 150.0)),
                jitter_ms=draw.choice((0.0, 50.0, 400.0)),
                drop=draw.choice((0.0, 0.1, 0.5)),
                duplicate=draw.choice((0.0, 0.2, 0.6)),
                reorder=draw.choice((0.0, 0.3)),
            )
        )
        drawn.append(Link(from_=sender, to=to, at_s=HEALED_S, delay_ms=20.0))
        for _ in range(draw.choice((0, 0, 1, 2))):
            at_s = draw.uniform(0.0, 35.0)
            until_s = min(HEALED_S, at_s + draw.uniform(0.2, 30.0))
            drawn.append(cut(sender, to, at_s, until_s))
    return drawn


def crashes(draw: random.Random, *parties: str) -> list[Crash]:
    """Draw when nodes are killed and started again, some often, some never."""
    drawn: list[Crash] = []
    for party in parties:
        at_s = draw.uniform(-20.0, 20.0)
        while draw.random() < 0.6 and at_s < 40.0:
            restart_s = min(HEALED_S, at_s + draw.uniform(0.05, 12.0))
            drawn.append((party, at_s, restart_s))
            at_s = restart_s + draw.uniform(0.01, 15.0)
    return drawn


@pytest.mark.parametrize("seed", range(20))
def test_whatever_lines_do_every_released_unit_ends_exactly_once(seed: int) -> None:
    """Loss, repeats, jitter, reordering, cuts each way: settled once lines carry."""
    made = world(links=bad_lines(random.Random(seed)), seen=SEEN, seed=seed)
    made.run(END_S)
    audited = assert_settled(made)
    assert audited.delivered > 100


@pytest.mark.parametrize("seed", range(100, 116))
def test_nodes_may_die_at_any_time_on_any_line(seed: int) -> None:
    """A node killed between two turns goes on from its journal and loses nothing."""
    draw = random.Random(seed)
    made = world(links=bad_lines(draw), seen=SEEN, seed=seed)
    for party, at_s, restart_s in crashes(draw, *PARTIES):
        made.crash(party, at_s, restart_s=restart_s)
    made.run(END_S)
    assert_settled(made)


def test_both_ends_may_die_together_during_a_cut() -> None:
    """Two nodes killed while their line is cut agree again afterwards."""
    both = (cut("JPN", "KOR", 12.0, 26.0), cut("KOR", "JPN", 12.0, 26.0))
    made = world(links=(*lines(drop=0.1), *both), seen=SEEN)
    made.crash("JPN", 15.0, restart_s=17.0)
    made.crash("KOR", 16.0, restart_s=20.0)
    made.run(END_S)
    assert_settled(made)


def test_bad_lines_really_are_bad() -> None:
    """Under these lines messages are lost, come again and come twice."""
    made = world(
        links=lines(drop=0.4, duplicate=0.4, reorder=0.3, jitter_ms=300.0), seen=SEEN
    )
    made.run(END_S)
    assert_settled(made)
    came = [
        (entry.at, entry.body)
        for entry in entries(made, "JPN")
        if isinstance(entry.body, Arrival) and entry.body.originator == "KOR"
    ]
    assert any(arrival.again for _, arrival in came)
    sent = {
        (entry.body.lane, entry.body.epoch, entry.body.number): entry.at
        for entry in entries(made, "KOR")
        if isinstance(entry.body, HandOver) and entry.body.to == "JPN"
    }
    late_s = [
        at.seconds_since(sent[arrival.lane, arrival.epoch, arrival.number])
        for at, arrival in came
        if not arrival.again and arrival.via is None
    ]
    assert max(late_s) > REDELIVER_S


def test_a_line_that_never_mends_leaves_its_units_waiting_and_says_so() -> None:
    """A unit that cannot arrive is neither lost nor delivered: it is accounted for."""
    for_ever = (cut("KOR", "JPN", 12.0, 600.0), cut("JPN", "KOR", 12.0, 600.0))
    made = world(links=(*lines(), *for_ever), seen=SEEN)
    made.run(END_S)
    audited = delivery(made)
    assert audited.sound, audited.problems
    assert not audited.settled
    assert audited.sent_fate_unknown > 0


def handed(made: World, sender: str, to: str) -> list[tuple[str, ...]]:
    """Return what was handed over, message by message, with its lane."""
    return [
        (body.lane, *body.items)
        for body in bodies(made, sender, HandOver)
        if body.to == to and body.via is None
    ]


def test_a_silent_partner_fills_its_own_window_and_nobody_elses() -> None:
    """At most a window leaves, the rest waits and ends; the others notice nothing."""
    seen = sightings(10, 50)
    away = (cut("JPN", "KOR", 9.0, 62.0), cut("KOR", "JPN", 9.0, 62.0))
    made = world(links=(*lines(), *away), seen=seen)
    calm = world(seen=seen)
    for one in (made, calm):
        one.run(60.0)
    lanes = made.node("JPN").stages.link.partners["KOR"].sending
    assert max(len(lane.window) for lane in lanes.values()) == WINDOW_MESSAGES
    assert waiting_count(made.node("JPN").stages.link, "KOR") > 0
    assert [w for w in bodies(made, "JPN", Waiting) if w.to == "KOR" and w.reason]
    assert handed(made, "JPN", "USA") == handed(calm, "JPN", "USA")
    made.run(95.0)
    audited = assert_settled(made)
    ended = [e for p in PARTIES for e in bodies(made, p, Expiry)]
    assert audited.expired == sum(len(one.items) for one in ended)
    assert all(one.reason for one in ended)
