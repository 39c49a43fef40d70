"""Repeatable: one seed gives one world to the byte, and a journal gives its node."""

import dataclasses
import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from beaconfire.exercise.cast import cast, node_of
from beaconfire.exercise.sensors import Sighting
from beaconfire.exercise.world import SOLVE_INTERVAL_S, World
from beaconfire.runtime.checkpoint import save
from beaconfire.seals import codec
from beaconfire.seals.dsse import unverified_payload
from beaconfire.vocabulary.entries.arrivals import LinkArrival
from beaconfire.vocabulary.entries.carriage import HandOver
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.link import LINK_TYPE, LinkHeader, LinkMessage
from beaconfire.vocabulary.report import TrackProduct
from tests.exercise.test_world_faults import bad_lines, crashes
from tests.exercise.test_world_suspension import drawn_acts
from tests.exercise.worlds import (
    PARTIES,
    agreements,
    approval,
    assert_settled,
    bodies,
    plain,
    plot_line,
    scenario,
    sightings,
    solve,
    world,
)

ROOT = Path(__file__).parents[2]
SEEN = sightings(10, 30)


def troubled(seed: int) -> World:
    """Run a world of bad lines, acts and nodes that die."""
    draw = random.Random(seed)
    made = world(acts=drawn_acts(draw), links=bad_lines(draw), seen=SEEN, seed=seed)
    for party, at_s, restart_s in crashes(draw, *PARTIES):
        made.crash(party, at_s, restart_s=restart_s)
    made.run(60.0)
    return made


def printed(made: World) -> str:
    """Return one digest over every byte of every journal."""
    whole = hashlib.sha256()
    for party in made.parties:
        for turn in made.turns(party):
            whole.update(codec.encode(turn))
    return whole.hexdigest()


def test_one_seed_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    """No order of a set or a dictionary of another process shows in a journal."""
    program = (
        "from tests.exercise.test_world_repeatable import printed, troubled\n"
        "import sys\n"
        "sys.stdout.write(printed(troubled(7)))\n"
    )
    here = printed(troubled(7))
    path = os.pathsep.join((str(ROOT), str(ROOT / "src")))
    for hash_seed in ("1", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == here
    assert printed(troubled(8)) != here


@pytest.mark.parametrize("seed", range(5))
def test_folding_a_troubled_journal_gives_the_node_that_wrote_it(seed: int) -> None:
    """After faults, acts and crashes the state and its digest come from the journal."""
    made = troubled(seed)
    for party, member in cast(plain(), seed).items():
        node = node_of(member, agreements(), solve_interval_s=SOLVE_INTERVAL_S)
        recorded = made.turns(party)
        half = len(recorded) // 2
        for turn in recorded[:half]:
            node.fold(turn)
        for turn in recorded[half:]:
            first = turn.entries[0]
            again, _ = node.turn(first.body, by=first.by, at=first.at)
            assert again == turn
        assert save(node) == save(made.node(party))


def came(made: World, party: str) -> list[tuple[str, str, str]]:
    """Return every byte that partners sent to a nation, in order."""
    return [
        (body.partner, body.lane, body.message)
        for body in bodies(made, party, LinkArrival)
    ]


def watched(hidden_from: tuple[str, ...], seen: tuple[Sighting, ...]) -> World:
    """Run a world in which Japan has a second radar."""
    shown = scenario()
    first = next(one for one in shown.sensor if one.id == "jpn-radar")
    second = replace(first, id="jpn-second", hidden_from=hidden_from)
    made = World(
        replace(shown, sensor=(*shown.sensor, second)),
        agreements(),
        seen,
        seed=1,
        solver=solve,
    )
    made.run(60.0)
    return made


def by_second() -> tuple[Sighting, ...]:
    """Return what Japan's second radar reports, half a second after the first."""
    return tuple(
        dataclasses.replace(
            one,
            at=one.at.plus_s(0.5),
            sensor_id="jpn-second",
            lines=(plot_line("jpn-second", one.at.seconds_since(plain().epoch) + 0.5),),
        )
        for one in SEEN
        if one.sensor_id == "jpn-radar"
    )


def test_a_hidden_radar_changes_no_byte_that_reaches_whom_it_is_hidden_from() -> None:
    """Neither directly nor through the hub; a radar that is not hidden does."""
    both = tuple(sorted((*SEEN, *by_second()), key=lambda one: one.at))
    hidden = watched(("KOR", "USA"), both)
    absent = watched(("KOR", "USA"), SEEN)
    for party in ("KOR", "USA"):
        assert came(hidden, party)
        assert came(hidden, party) == came(absent, party)
    assert came(watched((), both), "KOR") != came(absent, "KOR")


def relays(made: World) -> list[tuple[LinkHeader, LinkMessage]]:
    """Return the relayed messages that Korea got from the hub."""
    found = []
    for body in bodies(made, "KOR", LinkArrival):
        message = codec.decode(body.message, LinkMessage, what="link message")
        payload = unverified_payload(message.header, payload_type=LINK_TYPE)
        header = codec.decode(payload, LinkHeader, what="link header")
        if header.sender == "USA" and header.originator == "JPN":
            found.append((header, message))
    return found


def test_the_hub_relays_inner_bytes_unchanged_re_marked_and_with_leave() -> None:
    """Outside: its own marking and the approval; inside: what Japan signed."""
    made = world(seen=SEEN)
    made.run(60.0)
    assert_settled(made)
    inside = {
        part
        for body in bodies(made, "USA", LinkArrival)
        if body.partner == "JPN"
        for part in codec.decode(body.message, LinkMessage, what="message").inner
    }
    seen = []
    for header, message in relays(made):
        for part, inner in zip(header.parts, message.inner, strict=True):
            assert inner in inside
            assert part.marking is not None
            assert part.approval is not None
            assert (part.approval.party, part.approval.to) == ("JPN", "KOR")
            assert {"tisa-2014", "kor-usa-1987"} <= set(part.agreements)
            seen.append(part.id)
    assert seen
    assert len(seen) == len(set(seen))


def test_what_is_relayed_never_comes_back_and_is_never_relayed_again() -> None:
    """The hub hands nothing to its originator, and an end nothing of a third's."""
    made = world(seen=SEEN)
    made.run(60.0)
    for party in PARTIES:
        for body in bodies(made, party, HandOver):
            assert body.to != body.originator
            # Acts are told on by every party; items are relayed by the hub alone.
            assert body.via in (None, "USA") or not body.items
            assert (body.via == party) == (body.originator != party)


def test_without_approval_refused_and_released_once_it_comes_in_time() -> None:
    """The hub keeps what it may not pass on, and passes it on when leave arrives."""
    never = world(acts=(), seen=SEEN)
    never.run(60.0)
    assert_settled(never)
    assert not relays(never)
    refused = [
        one
        for one in bodies(never, "USA", Refusal)
        if (one.originator, one.to) == ("JPN", "KOR")
    ]
    assert refused
    assert all(one.approval is None for one in refused)
    later = world(acts=(approval("JPN", "KOR", at_s=33.0),), seen=SEEN)
    later.run(60.0)
    assert_settled(later)
    released = {
        one.item
        for one in bodies(later, "USA", Release)
        if (one.originator, one.to, one.via) == ("JPN", "KOR", "USA")
    }
    first = {
        one.item
        for one in bodies(later, "USA", Refusal)
        if (one.originator, one.to) == ("JPN", "KOR")
    }
    assert released
    assert released <= first
    assert relays(later)


def test_a_radar_hidden_from_one_partner_does_not_reach_it_through_the_hub() -> None:
    """The hub may know of it; what it relays is what it would without that radar.

    It gets what the other may know beside its own richer form, and names what both
    rest on, so that it counts the same plots once.
    """
    both = tuple(sorted((*SEEN, *by_second()), key=lambda s: (s.at, s.sensor_id)))
    hidden = watched(("KOR",), both)
    unseen = watched(("KOR",), SEEN)
    absent = world(seen=SEEN)
    absent.run(60.0)
    assert relays(hidden)
    assert came(hidden, "KOR") == came(unseen, "KOR") == came(absent, "KOR")
    assert came(hidden, "USA") != came(unseen, "USA")
    tracks = [
        held.sealed.item.lineage
        for held in bodies(hidden, "USA", ItemHeld)
        if held.sealed.item.originator == "JPN"
        and isinstance(held.sealed.item.body, TrackProduct)
    ]
    plain_token = {lineage[0] for lineage in tracks if len(lineage) == 1}
    assert len(plain_token) == 1
    assert {lineage[1:] for lineage in tracks if len(lineage) > 1} == {
        tuple(plain_token)
    }
