"""A start goes on from its journal, and knows at once when its clock cannot."""

import pytest

from beaconfire.runtime.clock import WallClock
from beaconfire.runtime.settings import SETTINGS
from beaconfire.runtime.taking_up import first_turns
from beaconfire.vocabulary.entries.arrivals import (
    ClockStep,
    LinkArrival,
    NodeStart,
    SensorLines,
    Tick,
)
from beaconfire.vocabulary.entries.sightings import ItemHeld, PlotsHeard, Rejection
from tests.exercise.worlds import plot_line
from tests.runtime.test_clock import Machine
from tests.stages.partners_made import Fed, Line, at_s, item_of, members, only

AHEAD_S = 3_600.0
RADAR = members()["JPN"].profile.sensors[0].id


def taken_up(node, machine):
    """Start again on what ``node`` has journalled; return the inputs of the turns."""
    clock = machine.clock()
    turns, _ = first_turns(node.node, clock)
    node.turns += turns
    return clock, [turn.entries[0].body for turn in turns]


def at(seconds):
    """Return a machine whose clock shows this second of the scenario."""
    return Machine(wall_ns=at_s(seconds).ns)


def scan(seconds):
    """Return a radar's scan of this second."""
    line = plot_line(RADAR, seconds)
    return SensorLines(sensor=RADAR, stream="plots", lines=(line,))


def test_good_plots_are_taken_at_once_after_a_clock_that_was_ahead_is_mended():
    """Nothing that a sensor tells is refused for a clock that the node had before."""
    node = Fed()
    node.give(Tick(), seconds=AHEAD_S)
    clock, inputs = taken_up(node, at(10.0))
    step, start = inputs
    assert isinstance(start, NodeStart)
    assert step == ClockStep(seconds=pytest.approx(10.0 - AHEAD_S), trusted=False)
    assert node.node.at >= at_s(AHEAD_S), "turns are never dated back"
    turn, _ = node.node.turn(scan(10.0), by="runtime", at=clock.now())
    bodies = [entry.body for entry in turn.entries]
    assert [one for one in bodies if isinstance(one, PlotsHeard)]
    assert not [one for one in bodies if isinstance(one, Rejection)]


def test_a_partners_item_is_no_history_for_a_clock_that_was_ahead():
    """What counts as history raises no alarm, and its time would not come again."""
    node, kor = Fed(), Line()
    node.give(Tick(), seconds=AHEAD_S)
    clock, _ = taken_up(node, at(10.0))
    sent = kor.send(kor.carry(item_of("KOR", created_s=9.0)))
    arrival = LinkArrival(partner="KOR", lane="notices", message=sent.text)
    turn, _ = node.node.turn(arrival, by="runtime", at=clock.now())
    held = only(ItemHeld, [entry.body for entry in turn.entries])
    assert not held.carriage.history


def test_a_start_by_a_clock_in_order_tells_of_no_step():
    """An hour's rest is no step, nor is half a second."""
    for newest_s, now_s in ((0.0, 3_600.0), (10.0, 9.5)):
        node = Fed()
        node.give(Tick(), seconds=newest_s)
        _, inputs = taken_up(node, at(now_s))
        assert [type(body) for body in inputs] == [NodeStart]
        assert node.node.clock_trusted


def test_a_clock_that_steps_while_the_node_starts_is_told_with_the_start():
    """A journal that holds nothing begins with what the node is, all the same."""
    node = Fed()
    fresh = node.fresh()
    machine = at(10.0)
    clock = machine.clock()
    machine.wait(1.0, step_s=3_600.0)
    turns, _ = first_turns(fresh, clock)
    assert [type(turn.entries[0].body) for turn in turns] == [NodeStart, ClockStep]
    assert not fresh.clock_trusted
    machine.wait(SETTINGS.steady_s)
    assert clock.trusted
    assert clock.stepped_s() == 0.0, "it is told once"
    assert isinstance(clock, WallClock)
