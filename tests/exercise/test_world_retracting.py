"""A launch that nothing bore out is taken back, by every route on which it was told."""

from msgspec.structs import replace

from beaconfire.exercise.world import World
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.report import LaunchNotice, Retraction
from tests.exercise.worlds import (
    agreements,
    assert_settled,
    bodies,
    scenario,
    sightings,
    solve,
)

ENDED_S = 1_900.0


def nothing(observations: Observations) -> FlightEstimate:
    """Answer that no path can be fitted."""
    return replace(
        solve(observations), launch=None, track=None, impact=None, model_holds=False
    )


def test_what_nothing_bore_out_is_taken_back_directly_and_through_the_hub() -> None:
    """Both radars' notices are retracted, the cue's is not; and all units settle."""
    seen = [one for one in sightings(10, 18) if one.party != "KOR"]
    made = World(scenario(), agreements(), seen, seed=1, solver=nothing)
    made.run(ENDED_S)
    assert_settled(made)
    for party, vias in (("KOR", {None}), ("USA", {None}), ("JPN", {None})):
        held = [
            one for one in bodies(made, party, ItemHeld) if one.carriage is not None
        ]
        notices = {
            one.sealed.item.id: one.sealed.item.originator
            for one in held
            if isinstance(one.sealed.item.body, LaunchNotice)
        }
        back = {
            one.sealed.item.body.retracts: one.sealed.item.originator
            for one in held
            if isinstance(one.sealed.item.body, Retraction)
        }
        told = {item for item, by in notices.items() if by == "JPN"}
        assert set(back) == told, party
        assert set(back.values()) <= {"JPN"}
        assert bool(told) == (party != "JPN")
        assert {one.carriage.via for one in held} >= vias
