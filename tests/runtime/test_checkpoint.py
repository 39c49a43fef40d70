"""Checkpoints and starts: a node goes on from what it saved, and as what it was."""

from functools import cache

import pytest
from msgspec.structs import replace

from beaconfire.errors import BadInput, BeaconfireError
from beaconfire.exercise.cast import cast, node_of
from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.simulated import agreements_of, sky_of
from beaconfire.journal.entry import make_turn
from beaconfire.runtime.checkpoint import restore, save
from beaconfire.seals import codec
from beaconfire.vocabulary.entries.arrivals import SensorLines

SEED = 1
HALF = 60


@cache
def stage():
    """Return the scenario, its agreements, Japan's member and Japan's scans."""
    scenario = load_scenario("2022-10-04")
    scans = [s for s in sky_of(scenario, SEED).sightings if s.party == "JPN"]
    member = cast(scenario, SEED)["JPN"]
    return scenario, agreements_of(scenario), member, tuple(scans[: 2 * HALF])


def fresh(member=None, agreements=None):
    """Return Japan's node before its first turn."""
    _, all_agreements, cast_member, _ = stage()
    return node_of(
        member or cast_member,
        all_agreements if agreements is None else agreements,
        solve_interval_s=0.5,
    )


def feed(node, scans):
    """Give a node its start if it needs one, and the scans; return the turns."""
    turns = []
    for scan in scans:
        body = SensorLines(sensor=scan.sensor_id, stream=scan.stream, lines=scan.lines)
        turns.append(node.turn(body, by="runtime", at=scan.at)[0])
    return turns


def started(node):
    """Take up the journal; return the first turn."""
    scans = stage()[3]
    return node.turn(node.given, by="runtime", at=scans[0].at)[0]


def test_a_node_restored_from_a_checkpoint_goes_on_to_the_byte():
    """State = checkpoint + the turns after it: the digests stay the same."""
    scans = stage()[3]
    node = fresh()
    started(node)
    feed(node, scans[:HALF])
    again = fresh()
    restore(again, save(node))
    assert save(again) == save(node)
    assert feed(again, scans[HALF:]) == feed(node, scans[HALF:])
    assert again.digest == node.digest


def test_a_checkpoint_holds_no_secret():
    """Keys come from the node's directory; readers may read the store."""
    member = stage()[2]
    node = fresh()
    started(node)
    feed(node, stage()[3][:HALF])
    data = save(node)
    assert codec.encode(member.opaque_key) not in data
    assert member.opaque_key not in data


def test_a_checkpoint_of_another_schema_is_refused_by_number():
    """A later version folds the turns instead of guessing at old bytes."""
    node = fresh()
    started(node)
    data = save(node).replace(b'"schema":2', b'"schema":3')
    with pytest.raises(BadInput, match="schema 3"):
        restore(fresh(), data)


def test_a_replay_decides_by_the_partners_and_texts_of_their_time():
    """A partner or agreement that is new today changes no decision of yesterday."""
    _, agreements, member, scans = stage()
    profile = member.profile
    korea = tuple(c for c in profile.partners if c.party == "KOR")
    before = type(member)(
        profile=replace(profile, partners=korea),
        sealer=member.sealer,
        people=member.people,
        opaque_key=member.opaque_key,
    )
    gsomia = tuple(a for a in agreements if a.id.startswith("gsomia"))
    first = fresh(before, gsomia)
    turns = [started(first), *feed(first, scans[:HALF])]
    assert not _decided_for(turns, "USA")

    now = fresh()
    for turn in turns:
        now.fold(turn)
    assert now.digest == first.digest
    later = [started(now), *feed(now, scans[HALF:])]
    assert _decided_for(later, "USA")
    assert _decided_for(later, "KOR")


def test_a_replay_refuses_a_turn_that_these_rules_would_not_have_made():
    """What the journal holds and what this build decides must agree, by name."""
    scans = stage()[3]
    node = fresh()
    turns = [started(node), *feed(node, scans[:HALF])]
    victim = turns[-1]
    forged = make_turn(
        turn=victim.turn,
        at=victim.at,
        writer=victim.writer,
        previous=victim.previous,
        entries=victim.entries[:-1],
    )
    other = fresh()
    for turn in turns[:-1]:
        other.fold(turn)
    with pytest.raises(BeaconfireError, match=f"turn {victim.turn}"):
        other.fold(forged)


def _decided_for(turns, party):
    return [
        e
        for turn in turns
        for e in turn.entries
        if e.kind in ("release", "refusal") and e.body.to == party
    ]
