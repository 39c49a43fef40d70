"""Restoration: what a suspension withheld is decided again, and ends, in seeded worlds.

Counted from the entries alone: what was withheld under the agreement, as refused or
withdrawn by its suspension, and what became of each unit after it was restored.
"""

import random
from collections import Counter

import pytest

from beaconfire.agreements.restored import is_suspended
from beaconfire.exercise.world import World
from beaconfire.journal.memory import CrashPoint
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.carriage import (
    Foregone,
    HandOver,
    Receipt,
    Reconsideration,
    Withdrawal,
)
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld, LaunchEvent
from tests.exercise.test_world_faults import bad_lines, crashes
from tests.exercise.test_world_suspension import assert_nothing_after_an_act, drawn_acts
from tests.exercise.worlds import (
    APPROVALS,
    KOR_USA,
    PARTIES,
    act,
    assert_settled,
    bodies,
    entries,
    lines,
    sightings,
    world,
)

Unit = tuple[str, str, str | None]
AGAIN_S = 1_000.0  # plots, tracks and areas are stale by then, notices are not


def withheld_units(made: World, party: str) -> set[Unit]:
    """Return each unit that a suspension kept from leaving, or from being used."""
    return set(fates(made, party))


def fates(made: World, party: str) -> dict[Unit, str]:
    """Return of each unit that was withheld whether it still is, or how that ended."""
    found: dict[Unit, str] = {}
    for entry in entries(made, party):
        body = entry.body
        if isinstance(body, Refusal) and body.withheld:
            found[body.item, body.to, body.via] = "withheld"
        elif isinstance(body, Withdrawal) and body.withheld:
            for item in body.items:
                found[item, body.to, body.via] = "withheld"
        elif isinstance(body, Receipt) and body.to != party:
            for item in body.quarantined:
                assert body.withheld, "set apart by its recipient, and not kept"
                found[item, body.to, body.via] = "withheld"
        elif isinstance(body, Reconsideration):
            unit = (body.sealed.item.id, body.to, body.via)
            assert found[unit] == "withheld", "given back though nobody kept it"
            found[unit] = "asked"
        elif isinstance(body, Release | Refusal):
            unit = (body.item, body.to, body.via)
            if unit in found:
                assert found[unit] == "asked", "decided though nobody asked again"
                found[unit] = type(body).__name__
        elif isinstance(body, Foregone):
            for item in body.items:
                found[item, body.to, body.via] = "foregone"
    return found


def delivered(made: World, party: str) -> Counter[Unit]:
    """Return how often each unit was taken, by the receipts in the sender's journal."""
    return Counter(
        (item, body.to, body.via)
        for body in bodies(made, party, Receipt)
        if body.to != party
        for item in body.items
        if item not in body.quarantined
    )


@pytest.mark.parametrize("by", ["KOR", "JPN"])
@pytest.mark.parametrize("seed", range(2))
def test_what_was_withheld_is_released_when_it_is_restored(by: str, seed: int) -> None:
    """Withdrawn or refused, in both directions: all of it comes, live while valid."""
    made = world(
        acts=(*APPROVALS, act(20.0, by, "suspend"), act(30.0, by, "restore")),
        links=lines(jitter_ms=50.0, delay_ms=60.0),
        seen=sightings(10, 40),
        seed=seed,
    )
    made.run(75.0)
    assert_settled(made)
    for party, to in (("KOR", "JPN"), ("JPN", "KOR")):
        units = withheld_units(made, party)
        assert {via for _, _, via in units} == {None}
        assert len(units) > 10
        came = delivered(made, party)
        assert {came[unit] for unit in units} == {1}
        assert not bodies(made, party, Foregone)
        held = {
            one.sealed.item.id: one
            for one in bodies(made, to, ItemHeld)
            if one.carriage is not None
        }
        assert not any(held[item].carriage.history for item, _, _ in units)


def test_what_has_become_stale_comes_as_history_and_warns_nobody() -> None:
    """After an hour of suspension nothing of it opens a launch, or is lost."""
    made = world(
        acts=(*APPROVALS, act(20.0, "KOR", "suspend"), act(AGAIN_S, "KOR", "restore")),
        seen=sightings(10, 40),
    )
    made.run(AGAIN_S + 60.0)
    assert_settled(made)
    restored = [
        entry.at
        for entry in entries(made, "JPN")
        if isinstance(entry.body, Act) and entry.body.act == "restore"
    ]
    for party, to in (("KOR", "JPN"), ("JPN", "KOR")):
        units = withheld_units(made, party)
        came = delivered(made, party)
        assert {came[unit] for unit in units} == {1}
        held = {
            one.sealed.item.id: one
            for one in bodies(made, to, ItemHeld)
            if one.carriage is not None
        }
        stale = 0
        for item, _, _ in units:
            arrived = held[item]
            if arrived.carriage.via is None:
                ended = arrived.sealed.item.valid_until < restored[0]
                assert arrived.carriage.history == ended
                stale += ended
        assert stale > 10
        late = [
            e
            for e in entries(made, to)
            if isinstance(e.body, LaunchEvent) and e.at >= restored[0]
        ]
        assert not late


@pytest.mark.parametrize("seed", range(12))
def test_nothing_withheld_is_lost_whatever_the_acts_lines_and_deaths(seed: int) -> None:
    """Each withheld unit is decided again, and none is delivered twice."""
    draw = random.Random(1_000 + seed)
    made = world(
        acts=drawn_acts(draw),
        links=bad_lines(draw),
        seen=sightings(10, 40),
        seed=seed,
    )
    for party, at_s, restart_s in crashes(draw, *PARTIES):
        made.crash(party, at_s, restart_s=min(restart_s, 55.0))
    made.run(110.0)
    assert_settled(made)
    for party in PARTIES:
        assert_nothing_after_an_act(made, party)
        found = fates(made, party)
        assert set(found.values()) <= {"withheld", "Release", "Refusal"}
        came = delivered(made, party)
        assert all(times == 1 for times in came.values())
        state = made.node(party).stages.link
        # A restoration that was ordered while its party's node was down never came.
        shelved = {
            (item, to, kept.via)
            for to, partner in state.partners.items()
            for shelf in partner.withheld.values()
            for item, kept in shelf.items()
            if all(
                is_suspended(one, state.agreements, state.standing, made.node(party).at)
                for one in kept.agreements
            )
        }
        assert shelved == {unit for unit, fate in found.items() if fate == "withheld"}


@pytest.mark.parametrize("during", [None, *CrashPoint])
@pytest.mark.parametrize("at_s", [29.99, 31.5, 33.5])
def test_a_death_while_it_is_given_back_changes_nothing(
    at_s: float, during: CrashPoint | None
) -> None:
    """Before the act or between two batches, whether the turn was stored or not."""
    made = world(
        acts=(*APPROVALS, act(15.0, "KOR", "suspend"), act(30.0, "KOR", "restore")),
        links=lines(delay_ms=40.0),
        seen=sightings(10, 40, every_s=0.5),
    )
    made.crash("JPN", at_s, restart_s=at_s + 4.0, during=during)
    if at_s > 30.0:  # else its people's restoration would reach nobody
        made.crash("KOR", at_s, restart_s=at_s + 2.0, during=during)
    made.run(110.0)
    audited = assert_settled(made)
    assert (audited.withheld, audited.undecided) == (0, 0)
    for party in ("JPN", "KOR"):
        found = fates(made, party)
        assert len(found) > 30
        assert set(found.values()) == {"Release"}
        came = delivered(made, party)
        assert {came[unit] for unit in found} == {1}


@pytest.mark.parametrize("restored_s", [30.0, AGAIN_S])
def test_what_the_hub_may_not_relay_it_keeps_and_then_passes_on(
    restored_s: float,
) -> None:
    """Its own text with the recipient suspended: the originator's items wait there."""
    made = world(
        acts=(
            *APPROVALS,
            act(20.0, "KOR", "suspend", KOR_USA),
            act(restored_s, "KOR", "restore", KOR_USA),
        ),
        seen=sightings(10, 40),
    )
    made.run(restored_s + 60.0)
    assert_settled(made)
    units = {unit for unit in withheld_units(made, "USA") if unit[2] == "USA"}
    assert {to for _, to, _ in units} == {"KOR"}
    assert len(units) > 5
    came = delivered(made, "USA")
    assert {came[unit] for unit in units} == {1}
    # Korea has had them directly: once used, and noted as a repeat.
    used = Counter(one.sealed.item.id for one in bodies(made, "KOR", ItemHeld))
    assert {used[item] for item, _, _ in units} == {1}


def test_more_is_asked_again_in_a_turn_only_in_small_numbers() -> None:
    """A long suspension is given back some at a time: every turn stays short."""
    made = world(
        acts=(*APPROVALS, act(12.0, "KOR", "suspend"), act(45.0, "KOR", "restore")),
        seen=sightings(10, 45, every_s=0.25),
    )
    made.run(90.0)
    assert_settled(made)
    for party in ("KOR", "JPN"):
        in_turns = Counter(
            (entry.turn, entry.body.sealed.item.body.__class__.__name__)
            for entry in entries(made, party)
            if isinstance(entry.body, Reconsideration)
        )
        assert len(in_turns) > 5
        assert max(in_turns.values()) <= 8
        first = min(
            entry.turn
            for entry in entries(made, party)
            if isinstance(entry.body, Reconsideration)
        )
        restore = next(
            entry.turn
            for entry in entries(made, party)
            if isinstance(entry.body, Act) and entry.body.act == "restore"
        )
        assert first == restore


def test_what_a_short_suspension_withheld_rests_on_a_new_release() -> None:
    """Nothing is handed over on the old leave: a decision stands before each."""
    made = world(
        acts=(*APPROVALS, act(20.0, "KOR", "suspend"), act(20.2, "KOR", "restore")),
        links=lines(delay_ms=100.0),
        seen=sightings(10, 40, every_s=0.25),
    )
    made.run(75.0)
    assert_settled(made)
    for party in ("KOR", "JPN"):
        ends: dict[Unit, str] = {}
        for entry in entries(made, party):
            body = entry.body
            if isinstance(body, Release):
                ends[body.item, body.to, body.via] = "released"
            elif isinstance(body, Withdrawal):
                for item in body.items:
                    ends[item, body.to, body.via] = "withdrawn"
            elif isinstance(body, HandOver):
                for item in body.items:
                    assert ends[item, body.to, body.via] == "released"
