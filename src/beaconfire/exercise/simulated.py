"""Simulated: fly a scenario over the seeded world and bring back the journals.

With the same scenario and seed, the run with sharing and the run without differ in
nothing but the lines between the nations: same launches, same sensors, same draws,
same nodes, same agreements.
"""

from collections.abc import Callable
from dataclasses import dataclass

from beaconfire.agreements.agreement import Agreement
from beaconfire.estimation.flight import estimate_flight
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.sensors import Sighting, observe
from beaconfire.exercise.sky.flight import Flight, fly_all
from beaconfire.exercise.world import World
from beaconfire.journal.entry import Turn
from beaconfire.runtime.agreement_files import library
from beaconfire.vocabulary.party import Party

AFTER_IMPACT_S = 30.0  # what is still on its way must have time to end
STEP_S = 10.0  # how often progress is told

# Told now and then: exercise seconds since the epoch, and the journals so far.
Watch = Callable[[float, dict[Party, tuple[Turn, ...]]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """What truly flies, and what the sensors report of it."""

    flights: tuple[Flight, ...]
    sightings: tuple[Sighting, ...]

    def end_s(self, scenario: Scenario) -> float:
        """Return when the exercise is over, in seconds after the scenario's epoch."""
        landed = [flight.lift_off.plus_s(flight.end_s) for flight in self.flights]
        end = max([*landed, *(sighting.at for sighting in self.sightings)])
        return end.seconds_since(scenario.epoch) + AFTER_IMPACT_S


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedRun:
    """The journals of all nations."""

    turns: dict[Party, tuple[Turn, ...]]


def sky_of(scenario: Scenario, seed: int) -> Sky:
    """Fly the scenario's launches and let its sensors look."""
    flights = fly_all(scenario, seed=seed)
    return Sky(flights=flights, sightings=tuple(observe(scenario, flights, seed)))


def agreements_of(scenario: Scenario) -> tuple[Agreement, ...]:
    """Return the shipped agreements all of whose parties take part."""
    parties = set(scenario.parties)
    return tuple(a for a in library() if parties >= set(a.parties))


def simulate(
    scenario: Scenario,
    sky: Sky,
    *,
    seed: int,
    sharing: bool,
    until_s: float | None = None,
    watch: Watch | None = None,
) -> SimulatedRun:
    """Run the exercise in simulated time, to its end or to ``until_s``."""
    world = World(
        scenario,
        agreements_of(scenario),
        sky.sightings,
        seed=seed,
        solver=estimate_flight,
        sharing=sharing,
    )
    end_s = sky.end_s(scenario) if until_s is None else until_s
    now_s = 0.0
    while now_s < end_s:
        now_s = min(now_s + STEP_S, end_s)
        world.run(now_s)
        if watch is not None:
            watch(now_s, _journals(world))
    return SimulatedRun(turns=_journals(world))


def _journals(world: World) -> dict[Party, tuple[Turn, ...]]:
    return {party: world.turns(party) for party in world.parties}
