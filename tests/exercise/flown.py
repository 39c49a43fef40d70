"""Flown: short real runs of a shipped scenario, with a solver that costs nothing.

The solver answers with an area about the true impact that shrinks with the number of
plots: good enough for a report, and no estimator has to be compiled. It stands where
only a test may stand: it knows the truth.
"""

import math
from dataclasses import dataclass
from functools import cache

from msgspec.structs import replace

from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.scenario_parts import Link, Scenario
from beaconfire.exercise.simulated import Sky, agreements_of, sky_of
from beaconfire.exercise.world import Solver, World
from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.motion import ErrorEllipse, ImpactArea, StateVector

NAME = "2022-10-04-gsomia-suspended"
SUSPENDED_S, RESTORED_S, UNTIL_S = 165.0, 185.0, 210.0
SEED = 1


@dataclass(frozen=True)
class Flown:
    """A scenario, its sky, and the journals of both runs."""

    scenario: Scenario
    sky: Sky
    with_sharing: dict[str, tuple[Entry, ...]]
    without: dict[str, tuple[Entry, ...]]


@cache
def flown() -> Flown:
    """Fly the scenario once, with and without sharing."""
    shipped = load_scenario(NAME)
    # Suspended and restored sooner than shipped: a shorter flight shows the same.
    moved = {"suspend": SUSPENDED_S, "restore": RESTORED_S}
    acts = tuple(replace(a, at_s=moved.get(a.act, a.at_s)) for a in shipped.act)
    scenario = replace(shipped, act=acts)
    sky = sky_of(scenario, SEED)
    return Flown(scenario, sky, run(scenario, sky), run(scenario, sky, sharing=False))


def run(
    scenario: Scenario, sky: Sky, *, sharing: bool = True
) -> dict[str, tuple[Entry, ...]]:
    """Run the world until a little after the direct path is restored."""
    world = World(
        scenario,
        agreements_of(scenario),
        sky.sightings,
        seed=SEED,
        solver=solver_of(sky),
        sharing=sharing,
    )
    world.run(UNTIL_S)
    return {
        party: tuple(entry for turn in world.turns(party) for entry in turn.entries)
        for party in world.parties
    }


@cache
def troubled() -> dict[str, tuple[Entry, ...]]:
    """Run with bad lines, cuts about the suspension, and every node killed once."""
    calm = flown()
    parties = calm.scenario.parties
    lines = tuple(
        Link(from_=a, to=b, delay_ms=20, jitter_ms=80, drop=0.1, duplicate=0.2)
        for a in parties
        for b in parties
        if a != b
    )
    # What stands at the border when the direct path is suspended cannot be seen there.
    cuts = (
        Link(from_="KOR", to="JPN", at_s=158.0, until_s=172.0, cut=True),
        Link(from_="JPN", to="KOR", at_s=159.0, until_s=171.0, cut=True),
    )
    scenario = replace(calm.scenario, link=(*lines, *cuts))
    world = World(
        scenario,
        agreements_of(scenario),
        calm.sky.sightings,
        seed=SEED,
        solver=solver_of(calm.sky),
    )
    world.crash("KOR", 120.0, restart_s=125.0)
    world.crash("JPN", 166.0, restart_s=169.0)
    world.crash("USA", 180.0, restart_s=183.0)
    world.run(UNTIL_S)
    return {
        party: tuple(entry for turn in world.turns(party) for entry in turn.entries)
        for party in world.parties
    }


def solver_of(sky: Sky) -> Solver:
    """Return a solver that knows where the flight of ``sky`` comes down."""
    flight = sky.flights[0]
    assert flight.impact is not None
    truth, burn_out = flight.impact, flight.lift_off.plus_s(flight.burn_out_s)

    def solve(seen: Observations) -> FlightEstimate:
        coasting = [plot for plot in seen.plots if plot.time > burn_out]
        pieces = len(coasting) + 10 * len(seen.tracklets)
        return answer(
            impact_area(
                truth.lat_deg,
                truth.lon_deg + 0.01,
                lift_off=flight.lift_off,
                semi_major_m=1e5 / math.sqrt(pieces),
            )
            if pieces > 5
            else None,
            epoch=burn_out,
        )

    return solve


def impact_area(lat_deg, lon_deg, *, lift_off, semi_major_m, ratio=0.5, azimuth=30.0):
    """Return an area with its time window about 22 minutes after ``lift_off``."""
    time = lift_off.plus_s(1_324.0)
    return ImpactArea(
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        time=time,
        time_window95=(time.plus_s(-5.0), time.plus_s(5.0)),
        ellipse95=ErrorEllipse(
            semi_major_m=semi_major_m,
            semi_minor_m=ratio * semi_major_m,
            azimuth_deg=azimuth,
        ),
        covariance_en_t=((1e6, 0.0, 0.0), (0.0, 1e6, 0.0), (0.0, 0.0, 4.0)),
    )


def answer(impact, *, epoch, launch=None):
    """Return an estimate that says where, and nothing that costs time to find."""
    return FlightEstimate(
        launch=launch,
        launch_reason=None if launch else "not asked for",
        launch_azimuth_deg=None,
        phase="ballistic" if impact else "boost",
        track=StateVector(
            epoch=epoch,
            position_ecef_m=(-3.0e6, 3.5e6, 4.4e6),
            velocity_ecef_mps=(-3_000.0, -2_000.0, 2_000.0),
        ),
        track_covariance=None,
        track_reason=None,
        impact=impact,
        impact_reason=None if impact else "still under thrust",
        apogee_km=None,
        range_km=None,
        model_holds=impact is not None,
        reason="made for a test",
        tracklet=None,
        rejected=(),
        sensors=(),
    )
