"""The drafts of one launch stand in the journal in the order of their versions.

The last one is what people are told: an older one behind it would take its word back.
"""

from beaconfire.exercise.cast import cast, node_of
from beaconfire.exercise.world import SOLVE_INTERVAL_S
from beaconfire.runtime.checkpoint import save
from beaconfire.runtime.turns import Node, fuse
from beaconfire.stages.warn.stage import SILENCE_S_MAX
from beaconfire.vocabulary.entries.arrivals import Estimate, Tick
from beaconfire.vocabulary.entries.sightings import (
    AlertDraft,
    LaunchEvent,
    LaunchState,
)
from tests.exercise.worlds import agreements, plain
from tests.stages.sightings_made import area, estimate_of

KNOWN = LaunchEvent(launch_id="e1", first_seen=plain().at(35.0), source="JPN")
LIKELY = Estimate(
    request="q",
    launch_id="e1",
    product="picture",
    estimate=estimate_of(200.0, impact=area()),
)
DOUBTED = LaunchState(launch_id="e1", sight=None, group=None, doubt="`a` and `b`")


def fresh() -> Node:
    """Return Japan's node that has made no turn."""
    member = cast(plain(), 1)["JPN"]
    return node_of(member, agreements(), solve_interval_s=SOLVE_INTERVAL_S)


def test_what_was_due_and_what_has_changed_in_one_turn_stand_in_order(monkeypatch):
    """A repetition of the likely area is due in the turn in which it is doubted."""

    def step(state, entry):
        doubted = isinstance(entry.body, Tick)
        return state, ((DOUBTED,) if doubted else ())

    monkeypatch.setattr(fuse, "step", step)
    node, again, seconds = fresh(), fresh(), 40.0
    turns = []
    for body, later_s in (
        (node.given, 0.0), (KNOWN, 1.0), (LIKELY, 1.0), (Tick(), SILENCE_S_MAX)
    ):  # fmt: skip
        seconds += later_s
        made, _ = node.turn(body, by="runtime", at=plain().at(seconds))
        turns.append(made)
        again.fold(made)
    told = [e.body for e in turns[-1].entries if isinstance(e.body, AlertDraft)]
    assert [draft.version for draft in told] == [3, 4]
    assert [draft.certainty for draft in told] == ["Likely", "Possible"]
    assert DOUBTED.doubt in told[-1].why
    assert save(again) == save(node)
