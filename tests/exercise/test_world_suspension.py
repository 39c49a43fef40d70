"""Suspension: acts at any time, by either party, on any line, with nodes that die.

What a nation does after an act stands in its own journal is judged by that journal
alone. In every world here the lines carry again and all nodes run before the end.
"""

import random

import pytest
from msgspec.structs import replace

from beaconfire.exercise.scenario_parts import Act as ScenarioAct
from beaconfire.exercise.world import World
from beaconfire.stages.link.state import CLOSED_HEADS_MAX
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.carriage import (
    Arrival,
    HandOver,
    Receipt,
)
from beaconfire.vocabulary.entries.decisions import Release
from beaconfire.vocabulary.entries.sightings import Quarantine
from tests.exercise.test_world_faults import HEALED_S, bad_lines, crashes
from tests.exercise.worlds import (
    ALWAYS_S,
    APPROVALS,
    GSOMIA,
    PARTIES,
    TISA,
    act,
    approval,
    assert_settled,
    bodies,
    cut,
    entries,
    lines,
    plain,
    sightings,
    world,
)

SEEN = sightings(10, 40)
END_S = 75.0


def drawn_acts(draw: random.Random) -> list[ScenarioAct]:
    """Draw suspensions by either party, each restored, some again and again."""
    drawn = list(APPROVALS)
    for agreement, parties in ((GSOMIA, ("JPN", "KOR")), (TISA, PARTIES)):
        for party in parties if agreement == GSOMIA or draw.random() < 0.5 else ():
            at_s = draw.uniform(5.0, 30.0)
            while draw.random() < 0.7 and at_s < 35.0:
                until_s = at_s + draw.uniform(0.01, 10.0)
                drawn.append(act(at_s, party, "suspend", agreement))
                drawn.append(act(until_s, party, "restore", agreement))
                at_s = until_s + draw.uniform(0.01, 10.0)
    return sorted(drawn, key=lambda one: one.at_s)


def assert_nothing_after_an_act(made: World, party: str) -> None:
    """No hand-over relies on what this journal already knows to be suspended."""
    off: dict[str, set[str]] = {}
    relied: dict[tuple[str, str, str | None], tuple[str, ...]] = {}
    for entry in entries(made, party):
        body = entry.body
        if isinstance(body, Act) and body.act == "suspend":
            off.setdefault(body.agreement, set()).add(body.party)
        elif isinstance(body, Act) and body.act == "restore":
            off.setdefault(body.agreement, set()).discard(body.party)
        elif isinstance(body, Release):
            relied[body.item, body.to, body.via] = body.agreements
        elif isinstance(body, HandOver):
            for item in body.items:
                under = relied[item, body.to, body.via]
                assert not any(off.get(one) for one in under), (entry.id, under)


@pytest.mark.parametrize("seed", range(16))
def test_nothing_that_relied_on_it_leaves_after_the_act_and_all_settles(
    seed: int,
) -> None:
    """Any acts, bad lines, nodes that die: from the act on nothing leaves under it."""
    draw = random.Random(seed)
    made = world(acts=drawn_acts(draw), links=bad_lines(draw), seen=SEEN, seed=seed)
    for party, at_s, restart_s in crashes(draw, *PARTIES):
        made.crash(party, at_s, restart_s=min(restart_s, HEALED_S))
    made.run(END_S)
    assert_settled(made)
    for party in PARTIES:
        assert_nothing_after_an_act(made, party)


def test_the_direct_way_stops_the_hub_goes_on_and_after_restoration_all_flows() -> None:
    """Only what relied on it stops; acts and receipts travel, and nothing is waste."""
    made = world(
        acts=(*APPROVALS, act(20.0, "KOR", "suspend"), act(30.0, "KOR", "restore")),
        links=lines(drop=0.2, jitter_ms=50.0),
        seen=SEEN,
        seed=5,
    )
    made.run(END_S)
    assert_settled(made)
    plots = {
        party: [
            round(entry.at.seconds_since(plain().epoch), 3)
            for entry in entries(made, party)
            if isinstance(entry.body, HandOver)
            and (entry.body.lane, entry.body.to) == ("plots", to)
            and entry.body.items
        ]
        for party, to in (("KOR", "JPN"), ("JPN", "KOR"))
    }
    assert not [at_s for at_s in plots["KOR"] if 20.0 <= at_s < 30.0]
    assert [at_s for at_s in plots["KOR"] if at_s < 20.0]
    for party in ("KOR", "JPN"):
        assert [at_s for at_s in plots[party] if at_s > 30.0], party
    known = [
        (e.body.party, e.body.act)
        for e in entries(made, "JPN")
        if isinstance(e.body, Act) and e.body.agreement == GSOMIA
    ]
    assert known == [("KOR", "suspend"), ("KOR", "restore")]
    relayed = [
        entry.at.seconds_since(plain().epoch)
        for entry in entries(made, "JPN")
        if isinstance(entry.body, Arrival) and entry.body.via == "USA"
    ]
    assert [at_s for at_s in relayed if 21.0 < at_s < 30.0]
    receipted = [
        entry.at.seconds_since(plain().epoch)
        for entry in entries(made, "KOR")
        if isinstance(entry.body, Receipt) and entry.body.to == "JPN"
    ]
    assert [at_s for at_s in receipted if 20.0 < at_s < 30.0]


@pytest.mark.parametrize("seed", range(8))
def test_nothing_handed_over_after_a_restoration_is_quarantined(seed: int) -> None:
    """What relies on it waits until the partner has signed for the restoring act."""
    draw = random.Random(seed)
    restored_s = 20.0 + draw.uniform(0.5, 10.0)
    made = world(
        acts=(
            *APPROVALS,
            act(20.0, "KOR", "suspend"),
            act(20.0 + draw.uniform(-2.0, 0.4), "JPN", "suspend"),
            act(restored_s, "KOR", "restore"),
            act(restored_s + draw.uniform(-0.4, 2.0), "JPN", "restore"),
        ),
        links=bad_lines(draw),
        seen=sightings(10, 60, every_s=2.0),
        seed=seed,
    )
    made.run(END_S)
    assert_settled(made)
    for sender, to in (("KOR", "JPN"), ("JPN", "KOR")):
        restored = {"JPN": False, "KOR": False}
        after: set[tuple[str, int, int]] = set()
        for entry in entries(made, sender):
            body = entry.body
            if isinstance(body, Act) and body.act == "restore":
                restored[body.party] = True
            elif (
                isinstance(body, HandOver) and body.to == to and all(restored.values())
            ):
                after.add((body.lane, body.epoch, body.number))
        assert after
        apart = {
            (one.lane, one.epoch, one.number)
            for one in bodies(made, to, Quarantine)
            if sender == (one.via or one.originator)
        }
        assert not after & apart


def test_more_epochs_than_a_receipt_can_name_leave_the_books_true() -> None:
    """With receipts cut off items wait, and no epoch ends that could not be settled."""
    leave = approval("JPN", "KOR")
    acts = [
        replace(leave, at_s=12.0 + 0.5 * index + later, act=does, expires_s=until_s)
        for index in range(20)
        for later, does, until_s in ((0.0, "revoke", None), (0.25, "approve", ALWAYS_S))
    ]
    made = world(
        acts=(*APPROVALS, *acts),
        links=(*lines(), cut("KOR", "USA", 11.5, 45.0)),
        seen=sightings(10, 30, every_s=0.25),
    )
    made.run(END_S)
    assert_settled(made)
    notices = made.node("USA").stages.link.partners["KOR"].sending["notices"]
    assert notices.epoch == CLOSED_HEADS_MAX + 1
    assert not notices.unsettled


def test_what_was_purged_before_the_partner_saw_anything_settles_as_withdrawn() -> None:
    """An epoch of which the partner never heard ends with the first receipt after."""
    made = world(
        acts=(*APPROVALS, act(20.0, "KOR", "suspend"), act(24.0, "KOR", "restore")),
        links=(*lines(), cut("KOR", "JPN", 5.0, 30.0)),
        seen=SEEN,
    )
    made.run(END_S)
    audited = assert_settled(made)
    assert audited.withdrawn > 0
