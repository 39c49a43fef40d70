"""Crash points: a node may die inside a turn, before it is stored or just after.

Before: the turn never was, and whoever gave its input gives it again. After: the turn
is, though nothing of what it says was done; the restart does it. Both under bad lines.
"""

import random

import pytest
from msgspec.structs import replace

from beaconfire.exercise.world import World
from beaconfire.journal.memory import CrashPoint
from beaconfire.runtime.turns import Node
from beaconfire.vocabulary.entries.arrivals import NodeStart
from beaconfire.vocabulary.entries.carriage import Arrival, HandOver
from tests.exercise.test_world_faults import HEALED_S, bad_lines
from tests.exercise.worlds import (
    APPROVALS,
    PARTIES,
    act,
    agreements,
    assert_settled,
    bodies,
    entries,
    lines,
    plain,
    scenario,
    sightings,
    solve,
    world,
)

SEEN = sightings(10, 30)
END_S = 75.0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("during", list(CrashPoint))
def test_a_node_may_die_inside_any_turn(during: CrashPoint, seed: int) -> None:
    """On any line, with a suspension under way, every unit still ends exactly once."""
    draw = random.Random(seed)
    suspended_s = draw.uniform(11.0, 25.0)
    acts = (act(suspended_s, "KOR", "suspend"), act(suspended_s + 6, "KOR", "restore"))
    made = world(acts=(*APPROVALS, *acts), links=bad_lines(draw), seen=SEEN, seed=seed)
    for party in PARTIES:
        at_s = draw.uniform(10.0, 20.0)
        while at_s < 40.0:
            restart_s = min(HEALED_S, at_s + draw.uniform(0.5, 5.0))
            # Orders are given by people, who would give them again; here nobody does.
            if not any(at_s <= one.at_s <= restart_s for one in acts):
                made.crash(party, at_s, restart_s=restart_s, during=during)
            at_s = restart_s + draw.uniform(0.5, 8.0)
    made.run(END_S)
    audited = assert_settled(made)
    assert audited.delivered > 50
    started = [len(bodies(made, party, NodeStart)) for party in PARTIES]
    assert max(started) > 1


def test_what_was_stored_and_not_done_is_done_after_the_restart() -> None:
    """A hand-over that died before it reached the border arrives all the same."""
    made = world(links=lines(), seen=SEEN)
    made.crash("KOR", 19.99, restart_s=24.0, during=CrashPoint.AFTER_STORE)
    made.run(END_S)
    assert_settled(made)
    epoch = plain().epoch
    sent = {
        (e.body.lane, e.body.number): e.at.seconds_since(epoch)
        for e in entries(made, "KOR")
        if isinstance(e.body, HandOver) and e.body.to == "JPN"
    }
    came = {
        (e.body.lane, e.body.number): e.at.seconds_since(epoch)
        for e in entries(made, "JPN")
        if isinstance(e.body, Arrival) and e.body.originator == "KOR"
        if e.body.via is None and not e.body.again
    }
    assert came.keys() == sent.keys()
    late = [came[one] - at_s for one, at_s in sent.items() if came[one] - at_s > 1.0]
    assert late
    assert max(late) < 5.0


def test_a_turn_that_was_not_stored_never_was() -> None:
    """A node that dies before the store holds nothing of that turn afterwards."""
    made = world(links=lines(), seen=SEEN)
    made.run(20.5)
    before = len(made.turns("JPN"))
    made.crash("JPN", 20.6, restart_s=30.0, during=CrashPoint.BEFORE_STORE)
    made.run(29.0)
    assert len(made.turns("JPN")) == before
    made.run(END_S)
    assert_settled(made)


def test_truth_reaches_no_node() -> None:
    """Another flight in the file and the same sightings: every byte is the same."""
    elsewhere = tuple(
        replace(one, apogee_km=300.0, range_km=900.0, azimuth_true_deg=10.0)
        for one in plain().launch
    )

    def journals(launch: object) -> list[object]:
        made = World(
            replace(scenario(), launch=launch),
            agreements(),
            SEEN,
            seed=1,
            solver=solve,
        )
        made.run(40.0)
        return [made.turns(party) for party in PARTIES]

    assert elsewhere != plain().launch
    assert journals(elsewhere) == journals(plain().launch)


def test_a_restarted_node_is_the_node_that_its_journal_tells() -> None:
    """After a crash the node in the world is what anybody can fold from its journal."""
    made = world(links=lines(drop=0.2), seen=SEEN)
    made.crash("USA", 15.0, restart_s=18.0, during=CrashPoint.AFTER_STORE)
    made.run(END_S)
    node: Node = made.node("USA")
    assert node.turns == len(made.turns("USA"))
    assert node.digest == made.turns("USA")[-1].digest
