"""Estimation departures: what leaves its arc on the way down, asked every second.

Three ways of leaving it, each flown on the reference arcs and seen by three radars: a
body that glides, one that pulls up with 2 g for a while, and one that comes apart, so
that what is followed has a tenth of the ballistic coefficient. How soon it is said, and
whether the region that is given then holds where it comes down.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from geographiclib.geodesic import Geodesic
from msgspec import Struct

from beaconfire.exercise.bench.estimation_case import (
    DRAGS,
    GLIDE,
    REFERENCE,
    drawn_flights,
    gliding_flights,
    gone_on,
    sensors,
    watch,
)
from beaconfire.exercise.bench.figures import Figure, median_of, share
from beaconfire.exercise.bench.workers import Workers
from beaconfire.exercise.sky.dynamics import AIRBORNE_S_MAX, Body
from beaconfire.exercise.sky.flight import Flight
from beaconfire.vocabulary.reach import ReachableRegion

UNDER_M = 60_000.0
PULL_UP_MPS2, PULL_UP_S = 2.0 * 9.80665, 20.0
COME_APART = 10.0  # the ballistic coefficient of the whole over that of the piece
_BEFORE_S = 10.0  # it is asked from so long before: what is said then is early


class Left(Struct, frozen=True, kw_only=True):
    """When it was said, from 60 km down; ``None`` if never. Did the region hold it?"""

    delay_s: float | None
    inside: bool | None


def glides(seeds: int, crew: Workers) -> list[Figure]:
    """Return how soon a body that glides in the air is said to leave its arc."""
    row = f"a glide of {GLIDE} to 1"
    return _figures(row, glided, seeds, crew, always=True)


def departures(seeds: int, crew: Workers) -> list[Figure]:
    """Return how soon a pull-up and a break-up are said."""
    return [
        *_figures("a pull-up of 2 g", pulled_up, seeds, crew, always=True),
        *_figures("a break-up", broken_up, seeds, crew, always=False),
    ]


def glided(seed: int) -> Left:
    """Look at one body that glides."""
    return _left(gliding_flights(REFERENCE, DRAGS)[seed % DRAGS], seed)


def pulled_up(seed: int) -> Left:
    """Look at one body that pulls up."""
    return _left(_pulling_up(seed % DRAGS), seed)


def broken_up(seed: int) -> Left:
    """Look at one body that comes apart."""
    return _left(_breaking_up(seed % DRAGS), seed)


def _figures(
    what: str,
    look: Callable[[int], Left],
    seeds: int,
    crew: Workers,
    *,
    always: bool,
) -> list[Figure]:
    """Say it of so many flights; ``always``: each must be said."""
    row = f"{what}, {REFERENCE.id}, 3 radars"
    told = list(crew.each(f"{row}, flights", look, range(1, seeds + 1)))
    said = [one for one in told if one.delay_s is not None]
    held = [one.inside is True for one in (told if always else said)]
    return [
        Figure(
            name=f"{row}: said to leave its arc after 60 km down, median",
            unit="s",
            measured=median_of([one.delay_s for one in told]),
        ),
        Figure(
            name=f"{row}: never said, of {seeds}",
            unit="",
            measured=float(len(told) - len(said)),
            goal=0.0 if always else None,
        ),
        share(f"{row}: region holds where it comes down", held, goal=95.0),
    ]


def _left(flight: Flight, seed: int) -> Left:
    """Ask each second from a little above 60 km on until the model fails."""
    watched = watch(flight, sensors("ABC"), 70_000 + seed)
    low_s = under_s(flight)
    for at_s in np.arange(low_s - _BEFORE_S, flight.end_s).tolist():
        found = watched.estimate(at_s)
        if not found.model_holds:
            region = found.reachable
            inside = None if region is None else _region_holds(region, flight)
            return Left(delay_s=at_s - low_s, inside=inside)
    return Left(delay_s=None, inside=None)


@cache
def _pulling_up(index: int) -> Flight:
    flight = drawn_flights(REFERENCE)[index]
    begin_s, ballistic = under_s(flight), flight.ballistic_kg_per_m2
    legs = (
        (Body(ballistic, pull_up_mps2=PULL_UP_MPS2), begin_s + PULL_UP_S),
        (Body(ballistic), AIRBORNE_S_MAX),
    )
    return gone_on(flight, begin_s, legs)


@cache
def _breaking_up(index: int) -> Flight:
    flight = drawn_flights(REFERENCE)[index]
    piece = Body(flight.ballistic_kg_per_m2 / COME_APART)
    return gone_on(flight, under_s(flight), ((piece, AIRBORNE_S_MAX),))


def under_s(flight: Flight, height_m: float = UNDER_M) -> float:
    """Return when it last came down under a height, to the second before."""
    track = flight.ground_track(1.0)
    high = np.flatnonzero(track[:, 3] > height_m)
    return float(track[high[-1], 0])


def _region_holds(region: ReachableRegion, flight: Flight) -> bool:
    assert flight.impact is not None
    line = Geodesic.WGS84.Inverse(
        region.lat_deg, region.lon_deg, flight.impact.lat_deg, flight.impact.lon_deg
    )
    return bool(line["s12"] <= region.radius_m)
