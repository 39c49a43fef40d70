"""Crossing: what meets its recipient's suspension on the way, in seeded worlds.

It is set apart there and never used as it came. Its sender reads that in the receipt,
and decides it again when the agreement is restored, like all that a suspension kept.
Here people take items back at random times: a retraction that is lost leaves its
recipient with what its originator has withdrawn.
"""

import random
from collections.abc import Sequence

import pytest

from beaconfire.exercise.cast import cast
from beaconfire.exercise.world import World
from beaconfire.journal.memory import CrashPoint
from beaconfire.seals.codec import encode
from beaconfire.seals.people_orders import sign_people_order
from beaconfire.vocabulary.entries.arrivals import Order
from beaconfire.vocabulary.entries.sightings import ItemHeld, Quarantine, Rejection
from beaconfire.vocabulary.report import (
    ImpactPrediction,
    LaunchNotice,
    Retraction,
    TrackProduct,
)
from beaconfire.vocabulary.taking_back import TakingBack
from tests.exercise.test_world_faults import HEALED_S, bad_lines, crashes
from tests.exercise.test_world_restoring import delivered, fates
from tests.exercise.test_world_suspension import assert_nothing_after_an_act, drawn_acts
from tests.exercise.worlds import (
    PARTIES,
    act,
    assert_settled,
    bodies,
    entries,
    lines,
    plain,
    sightings,
    world,
)

END_S = 110.0
SEEN = sightings(10, 23)
TAKEN_BACK = (LaunchNotice, TrackProduct, ImpactPrediction)


def take_back(made: World, party: str, at_s: float, item: str, *, seed: int) -> None:
    """Let a person of a nation order that an item is taken back."""
    order = TakingBack(party=party, item=item, reason="drawn", issued=plain().at(at_s))
    signed = sign_people_order(order, cast(plain(), seed)[party].people)
    text = encode(signed).decode()
    made.give(party, at_s, Order(verb="retract", text=text), "person")


def told(made: World, party: str) -> list[str]:
    """Return what a nation has told so far that people may take back."""
    return [
        held.sealed.item.id
        for held in bodies(made, party, ItemHeld)
        if held.carriage is None and isinstance(held.sealed.item.body, TAKEN_BACK)
    ]


def taken_back(made: World, party: str, *, own: bool) -> dict[str, str]:
    """Return the retractions that a nation has made, or uses, by what they retract."""
    return {
        held.sealed.item.body.retracts: held.sealed.item.id
        for held in bodies(made, party, ItemHeld)
        if isinstance(held.sealed.item.body, Retraction)
        and (held.carriage is None) == own
    }


def used(made: World, party: str) -> set[str]:
    """Return the ids of the partners' items that a nation uses."""
    return {
        one.sealed.item.id
        for one in bodies(made, party, ItemHeld)
        if one.carriage is not None
    }


def drawn(seed: int, *, dying: bool) -> World:
    """Run a drawn world in which people take back newest items now and then."""
    draw = random.Random(9_000 + seed)
    made = world(
        acts=drawn_acts(draw), links=bad_lines(draw), seen=sightings(10, 40), seed=seed
    )
    for party, at_s, restart_s in crashes(draw, *PARTIES) if dying else ():
        made.crash(party, at_s, restart_s=min(restart_s, HEALED_S))
    for at_s in sorted(draw.uniform(12.0, 40.0) for _ in range(12)):
        made.run(at_s)
        party = draw.choice(PARTIES)
        newest = told(made, party)[-4:]
        if newest:
            take_back(made, party, at_s, draw.choice(newest), seed=seed)
    made.run(END_S)
    return made


def assert_nothing_is_lost(made: World) -> int:
    """Whatever was set apart is used in the end, or its sender says why it is not.

    Returns how much was set apart.
    """
    assert_settled(made)
    every = {party: fates(made, party) for party in PARTIES}
    many = 0
    for party in PARTIES:
        assert_nothing_after_an_act(made, party)
        assert all(times == 1 for times in delivered(made, party).values())
        has = used(made, party)
        for apart in bodies(made, party, Quarantine):
            sender = apart.via or apart.originator
            for item in apart.items:
                many += 1
                fate = every[sender][item, party, apart.via]
                ended = fate in ("Refusal", "foregone", "withheld")
                assert item in has or ended, (party, apart, fate)
    for party in PARTIES:
        has, heard = used(made, party), taken_back(made, party, own=False)
        for other in PARTIES:
            for item, back in taken_back(made, other, own=True).items():
                ends = {
                    fate
                    for found in every.values()
                    for (name, to, _), fate in found.items()
                    if (name, to) == (back, party)
                }
                if item in has and item not in heard:
                    assert ends & {"Refusal", "withheld"}, (party, other, item)
    return many


@pytest.mark.parametrize("seed", [0, 6, 9])
def test_who_uses_what_was_taken_back_hears_of_it(seed: int) -> None:
    """Nothing that crossed a suspension is lost, whatever the acts and lines do."""
    assert assert_nothing_is_lost(drawn(seed, dying=False)) > 0


@pytest.mark.parametrize("seed", range(20, 24))
def test_nodes_that_die_lose_nothing_that_was_set_apart(seed: int) -> None:
    """Between its being set apart and the restoration, and at any other time."""
    assert_nothing_is_lost(drawn(seed, dying=True))


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_no_drawn_world_loses_what_was_set_apart() -> None:
    """Many more of both."""
    many = sum(
        assert_nothing_is_lost(drawn(seed, dying=seed % 2 == 1))
        for seed in range(100, 400)
    )
    assert many > 1_000


def crossed(
    by: str, acts: Sequence[tuple[float, str]], deaths: Sequence[tuple[str, float]] = ()
) -> tuple[World, str, str]:
    """Run a world in which a retraction crosses a suspension ``by`` its recipient.

    Lines take half a second, and the hub passes nothing on. Returns the world, what
    was taken back, and the retraction.
    """
    other = "JPN" if by == "KOR" else "KOR"
    made = world(
        acts=[act(at_s, by, verb) for at_s, verb in acts],
        links=lines(delay_ms=500.0),
        seen=SEEN,
    )
    for party, at_s in deaths:
        made.crash(party, at_s, restart_s=at_s + 2.0)
    made.run(19.8)
    item = next(iter(told(made, other)))
    take_back(made, other, 19.8, item, seed=1)
    made.run(50.0)
    back = taken_back(made, other, own=True)[item]
    apart = {i for one in bodies(made, by, Quarantine) for i in one.items}
    assert item in used(made, by)
    assert back in apart
    return made, item, back


@pytest.mark.parametrize("dies", [None, "sender", "recipient", "both"])
@pytest.mark.parametrize("by", ["KOR", "JPN"])
def test_a_retraction_that_crossed_takes_effect_after_the_restoration_alone(
    by: str, dies: str | None
) -> None:
    """In both directions, and though either node dies in between."""
    other = "JPN" if by == "KOR" else "KOR"
    deaths = {None: [], "sender": [other], "recipient": [by], "both": [by, other]}
    made, item, back = crossed(
        by,
        [(20.0, "suspend"), (30.0, "restore")],
        [(party, 24.0) for party in deaths[dies]],
    )
    assert_nothing_is_lost(made)
    assert taken_back(made, by, own=False)[item] == back
    (since,) = (
        entry.at.seconds_since(plain().epoch)
        for entry in entries(made, by)
        if isinstance(entry.body, ItemHeld) and entry.body.sealed.item.id == back
    )
    assert 30.0 < since < 32.0
    assert delivered(made, other)[back, by, None] == 1


def test_one_that_crosses_again_waits_again() -> None:
    """Restored, told again, and suspended meanwhile: set apart twice, used once."""
    made, item, back = crossed(
        "KOR", [(20.0, "suspend"), (30.0, "restore"), (30.7, "suspend")]
    )
    assert item not in taken_back(made, "KOR", own=False)
    assert fates(made, "JPN")[back, "KOR", None] == "withheld"
    made, item, back = crossed(
        "KOR",
        [(20.0, "suspend"), (30.0, "restore"), (30.7, "suspend"), (40.0, "restore")],
    )
    assert_nothing_is_lost(made)
    apart = [i for one in bodies(made, "KOR", Quarantine) for i in one.items]
    assert apart.count(back) == 2
    assert taken_back(made, "KOR", own=False)[item] == back


def test_what_its_recipient_never_used_is_taken_back_without_harm() -> None:
    """Both crossed: the item is given up, the retraction comes and changes nothing."""
    made = world(
        acts=[act(20.0, "KOR", "suspend"), act(30.0, "KOR", "restore")],
        links=lines(delay_ms=500.0),
        seen=SEEN,
    )
    made.run(20.2)
    item = told(made, "JPN")[-1]
    take_back(made, "JPN", 20.25, item, seed=1)
    made.run(50.0)
    assert_nothing_is_lost(made)
    apart = {i for one in bodies(made, "KOR", Quarantine) for i in one.items}
    back = taken_back(made, "JPN", own=True)[item]
    assert {item, back} <= apart
    assert item not in used(made, "KOR")
    assert fates(made, "JPN")[item, "KOR", None] == "foregone"
    assert taken_back(made, "KOR", own=False)[item] == back
    assert not bodies(made, "KOR", Rejection)


def test_a_node_that_dies_in_any_turn_of_it_comes_to_the_same() -> None:
    """As the receipt says it was set apart, and as the restoration comes."""
    for during in CrashPoint:
        for at_s in (20.75, 30.45):
            made = world(
                acts=[act(20.0, "KOR", "suspend"), act(30.0, "KOR", "restore")],
                links=lines(delay_ms=500.0),
                seen=SEEN,
            )
            made.crash("JPN", at_s, restart_s=at_s + 2.0, during=during)
            made.run(50.0)
            assert assert_nothing_is_lost(made) > 0
