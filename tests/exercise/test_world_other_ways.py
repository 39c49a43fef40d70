"""Other ways: what a suspension withholds leaves when another text comes to allow it.

GSOMIA is suspended and stays so. A second text of the same words begins, is restored,
or is laid in both nodes' directories before they start again; on bad lines and through
deaths whatever GSOMIA kept is given back, leaves under the second, and counts once.
"""

import random
from dataclasses import replace

import pytest

from beaconfire.exercise.cast import cast
from beaconfire.exercise.scenario_parts import Act
from beaconfire.exercise.world import World
from beaconfire.journal.memory import CrashPoint
from beaconfire.seals.codec import encode
from beaconfire.seals.people_orders import sign_people_order
from beaconfire.vocabulary.consultations import ReleaseOf
from beaconfire.vocabulary.entries.arrivals import Order
from beaconfire.vocabulary.entries.carriage import HandOver, Reconsideration
from beaconfire.vocabulary.entries.decisions import Deferral, Release
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.report import LaunchNotice, Retraction
from beaconfire.vocabulary.taking_back import TakingBack
from tests.exercise.test_world_amending import SECOND, SINCE_S, texts
from tests.exercise.test_world_consulting import asks
from tests.exercise.test_world_faults import HEALED_S, bad_lines, crashes
from tests.exercise.test_world_restoring import delivered, fates
from tests.exercise.worlds import (
    APPROVALS,
    PARTIES,
    act,
    agreements,
    assert_settled,
    bodies,
    entries,
    plain,
    scenario,
    sightings,
    solve,
)

SHUT_S, END_S = 20.0, 100.0
SEEN = sightings(10, 40)


def assert_all_left(made: World) -> None:
    """Whatever was withheld between the two has left under the second, and once."""
    audited = assert_settled(made)
    assert (audited.withheld, audited.undecided) == (0, 0)
    for party in ("JPN", "KOR"):
        found = fates(made, party)
        assert len(found) > 10
        assert set(found.values()) == {"Release"}
        came = delivered(made, party)
        assert {came[unit] for unit in found} == {1}
        again = [body for body in bodies(made, party, Release) if body.withheld]
        assert {body.agreements for body in again} == {(SECOND,)}


def shut(*more: Act) -> tuple[Act, ...]:
    """Return acts by which GSOMIA is suspended for good."""
    return (*APPROVALS, act(SHUT_S, "KOR", "suspend"), *more)


@pytest.mark.parametrize("crash", [None, *CrashPoint])
def test_what_one_text_withholds_leaves_when_another_begins(
    crash: CrashPoint | None,
) -> None:
    """No act comes; also by a node that dies just then."""
    made = World(scenario(acts=shut()), texts(), SEEN, seed=1, solver=solve)
    if crash is not None:
        made.crash("JPN", SINCE_S - 0.001, restart_s=SINCE_S + 1.0, during=crash)
    made.run(END_S)
    assert_all_left(made)


@pytest.mark.parametrize("seed", range(4))
def test_on_any_line_and_through_any_death_the_other_text_carries_it(seed: int) -> None:
    """The second is suspended before it begins, and restored after that."""
    draw = random.Random(seed)
    acts = shut(
        act(SHUT_S + 1.0, "KOR", "suspend", SECOND),
        act(draw.uniform(31.0, 50.0), "KOR", "restore", SECOND),
    )
    shown = scenario(acts=acts, links=bad_lines(draw))
    made = World(shown, texts(), SEEN, seed=seed, solver=solve)
    for party, at_s, restart_s in crashes(draw, "JPN", "USA"):
        made.crash(party, at_s, restart_s=min(restart_s, HEALED_S))
    made.run(END_S + 10.0)
    audited = assert_settled(made)
    assert audited.undecided == 0
    assert sum(len(fates(made, party)) for party in ("JPN", "KOR")) > 10
    for party in PARTIES:
        assert "withheld" not in fates(made, party).values()


def test_what_waits_and_what_is_withheld_leaves_by_a_text_laid_down_at_a_start() -> (
    None
):
    """Both nodes start with it; the retraction goes first, in the start's own turn."""
    held = agreements()
    second = [text for text in texts() if text.id == SECOND]
    more = (*held, replace(second[0], in_force_from=plain().at(-1e6)))
    made = World(scenario(acts=shut()), held, SEEN, seed=1, solver=solve)
    made.run(24.0)
    wrong = next(
        one.sealed.item.id
        for one in bodies(made, "KOR", ItemHeld)
        if one.carriage
        and one.carriage.via is None
        and isinstance(one.sealed.item.body, LaunchNotice)
    )
    said = TakingBack(party="JPN", item=wrong, reason="?", issued=plain().at(25.0))
    order = sign_people_order(said, cast(scenario(acts=APPROVALS), 1)["JPN"].people)
    made.give("JPN", 25.0, Order(verb="retract", text=encode(order).decode()), "person")
    for party in ("KOR", "JPN"):
        made.crash(party, 44.0, restart_s=45.0, texts=more)
    made.run(END_S)
    assert_all_left(made)
    started = [e.turn for e in entries(made, "JPN") if e.kind == "node-start"][-1]
    handed = [
        item
        for entry in entries(made, "JPN")
        if entry.turn >= started and isinstance(entry.body, HandOver)
        if entry.body.to == "KOR" and entry.body.via is None
        for item in entry.body.items
    ]
    retractions = [
        one.sealed.item.id
        for one in bodies(made, "JPN", ItemHeld)
        if isinstance(one.sealed.item.body, Retraction)
    ]
    assert handed[:1] == retractions
    first = [e for e in entries(made, "JPN") if isinstance(e.body, Reconsideration)]
    assert first[0].turn == started


def test_what_waits_for_a_word_leaves_by_a_text_laid_down_at_a_start() -> None:
    """Under the first Japan has asked; the second asks for nobody's word."""
    held = agreements()
    second = [text for text in texts() if text.id == SECOND]
    more = (*held, replace(second[0], in_force_from=plain().at(-1e6)))
    made = World(scenario(acts=APPROVALS), held, SEEN, seed=1, solver=solve)
    about = ReleaseOf(item_class="launch-warning", to=("KOR",))
    made.consult("JPN", 2.0, asks("JPN", "KOR", about=about))
    for party in ("KOR", "JPN"):
        made.crash(party, 44.0, restart_s=45.0, texts=more)
    made.run(END_S)
    assert assert_settled(made).deferred == 0
    waited = {b.item for b in bodies(made, "JPN", Deferral) if b.to == "KOR"}
    assert waited
    left = {
        body.item: body
        for body in bodies(made, "JPN", Release)
        if body.to == "KOR" and body.via is None and body.item in waited
    }
    assert set(left) == waited
    assert {body.agreements for body in left.values()} == {(SECOND,)}
    came = delivered(made, "JPN")
    assert {came[item, "KOR", None] for item in waited} == {1}
