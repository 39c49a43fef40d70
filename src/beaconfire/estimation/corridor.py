"""Corridor: what a body under thrust may still reach, and one that left its arc.

Under thrust no impact area can be given, since nobody but its owner knows how long it
will burn. What can be said:

* the instantaneous impact point: where it would come down if thrust ended now;
* the corridor: where it would come down if thrust ended at any time from now, with the
  force it has now, its direction off by what the filter does not know of it and by
  ``YAW_DEG`` of turning to either side. The present force is held, which is no bound:
  a motor that pushes harder reaches farther.

A push that is no stage's gives a circle instead: it may go on for ``PUSH_S_MAX``, and
inside the air it may glide. It holds each place where it was expected before. Neither
is a probability.
"""

import math
from collections.abc import Sequence

import numpy as np

from beaconfire.estimation.arrays import Floats, compiled
from beaconfire.estimation.descent import land, perigee_height_m
from beaconfire.estimation.dynamics import acceleration
from beaconfire.estimation.geodesy import (
    geodetic_from_ecef,
    ground_range_m,
    height_and_up,
)
from beaconfire.estimation.impact import ORBITAL_PERIGEE_M
from beaconfire.vocabulary.places import Place
from beaconfire.vocabulary.reach import ImpactNow, ReachableRegion, ReachCorridor
from beaconfire.vocabulary.times import Instant

# Large motors burn for one to five minutes in all.
_ENDS_S: Floats = np.array(
    [*(0.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 80.0, 100.0, 130.0, 160.0, 200.0),
     *(250.0, 300.0)]
)  # fmt: skip
YAW_DEG = 10.0
_SIGMAS = 3.0
_SPREAD_DEG_MAX = 60.0  # beyond it the filter does not know where it is heading
# Until the force is known it is taken to push along the path, a stage's usual way.
_FORCE_MPS2, _SPREAD_UNKNOWN_RAD = 30.0, math.radians(30.0)
_STEP_S = 2.5
# Farther than this an outline on the ground would close behind the launch site.
_REACH_M_MAX = 15_000_000.0
PUSH_S_MAX = 60.0
_GLIDE_RATIO, _GLIDE_FROM_M = 3.0, 70_000.0
_LATE_FACTOR, _LATE_S = 2.0, 600.0
_RADIUS_M_MAX = 10_000_000.0


@compiled
def burn_on(start: Floats, force: Floats, ends_s: Floats, states: Floats) -> None:
    """Write the state (r, v) at each of ``ends_s`` under a steady specific force."""
    y, k, at, a = start[:6].copy(), np.empty((4, 6)), np.empty(6), np.empty(3)
    t = 0.0
    for n in range(ends_s.shape[0]):
        steps = math.ceil((ends_s[n] - t) / _STEP_S)
        h = (ends_s[n] - t) / max(steps, 1)
        for _ in range(steps):
            for stage in range(4):
                lag = 0.0 if stage == 0 else (h if stage == 3 else 0.5 * h)
                for i in range(6):
                    at[i] = y[i] + (lag * k[stage - 1, i] if stage else 0.0)
                acceleration(at, 0.0, a)
                for i in range(3):
                    k[stage, i] = at[3 + i]
                    k[stage, 3 + i] = a[i] + force[i]
            for i in range(6):
                y[i] += h / 6.0 * (k[0, i] + 2.0 * k[1, i] + 2.0 * k[2, i] + k[3, i])
        t = ends_s[n]
        states[n] = y


def reach_corridor(
    epoch: Instant, mean: Floats, covariance: Floats
) -> ReachCorridor | None:
    """Return the corridor of a thrust filter's [r, v, a], if it knows enough."""
    _, *up = height_and_up(*(float(x) for x in mean[:3]))
    upward = np.array(up)
    force = mean[6:]
    spread_v = _spread_rad(mean[3:6], covariance[3:6, 3:6], upward)
    if spread_v is None:
        return None
    spread_a = _spread_rad(force, covariance[6:, 6:], upward)
    if spread_a is None:
        force = mean[3:6] * (_FORCE_MPS2 / float(np.linalg.norm(mean[3:6])))
        spread_a = _SPREAD_UNKNOWN_RAD
    now = _impact_now(epoch, mean[:6])
    slower = mean[:6].copy()
    sigma = math.sqrt(float(np.max(np.linalg.eigvalsh(covariance[3:6, 3:6]))))
    speed = float(np.linalg.norm(mean[3:6]))
    slower[3:] *= max(0.0, 1.0 - _SIGMAS * sigma / max(speed, 1.0))
    turns = [spread_a + math.radians(YAW_DEG), 0.0, -spread_a - math.radians(YAW_DEG)]
    leans = [spread_v, 0.0, -spread_v]
    edges = [
        _edge(mean[:6], force, upward, lean, turn)
        for lean, turn in zip(leans, turns, strict=True)
    ]
    reached = min(len(edge) for edge in edges)
    behind = _place_of(slower)
    if now is None or behind is None or reached < 2:
        return None
    left, middle, right = (edge[:reached] for edge in edges)
    outline = [behind, *left, middle[-1], *reversed(right)]
    return ReachCorridor(
        impact_now=now,
        heading_deg=_heading_deg(now, middle[-1]),
        heading_half_spread_deg=math.degrees(turns[0]),
        thrust_s_max=float(_ENDS_S[reached - 1]),
        beyond_outline=reached < len(_ENDS_S),
        outline=tuple(outline),
    )


def reachable_region(
    epoch: Instant, state: Floats, expected: Sequence[Floats], push_mps2: float
) -> ReachableRegion | None:
    """Return what a body that some push took off its arc can reach.

    ``state`` is [r, v] at ``epoch``; ``expected`` are other states then that may be
    its own, as the arc's that it was on.
    """
    landed, seconds, at = land(np.append(state[:6], 0.0), 1.0)
    if not landed:
        return None
    lat, lon, _ = geodetic_from_ecef(at)
    others = [_place_of(one[:6]) for one in expected]
    height, *_ = height_and_up(*(float(x) for x in state[:3]))
    pushed_s = min(seconds, PUSH_S_MAX)
    radius = 0.5 * push_mps2 * pushed_s**2
    radius += push_mps2 * pushed_s * (seconds - pushed_s)
    radius += _GLIDE_RATIO * min(max(height, 0.0), _GLIDE_FROM_M)
    radius += max(
        (ground_range_m(lat, lon, p.lat_deg, p.lon_deg) for p in others if p),
        default=0.0,
    )
    speed = float(np.linalg.norm(state[3:6]))
    return ReachableRegion(
        lat_deg=lat,
        lon_deg=lon,
        radius_m=min(radius, _RADIUS_M_MAX),
        opens=epoch.plus_s(0.5 * max(height, 0.0) / max(speed, 1.0)),
        shuts=epoch.plus_s(_LATE_FACTOR * seconds + _LATE_S),
    )


def _spread_rad(vector: Floats, covariance: Floats, up: Floats) -> float | None:
    """Return three sigma of a vector's heading, or nothing where it has none."""
    level = vector - up * float(vector @ up)
    length = float(np.linalg.norm(level))
    across = np.cross(up, level / max(length, 1e-9))
    sigma = math.sqrt(max(float(across @ covariance @ across), 0.0))
    spread = math.atan2(_SIGMAS * sigma, length)
    return spread if spread < math.radians(_SPREAD_DEG_MAX) else None


def _edge(
    state: Floats, force: Floats, up: Floats, lean: float, turn: float
) -> list[Place]:
    """Return where it comes down for each end of thrust, until it no longer does."""
    start = np.concatenate([state[:3], _turned(state[3:], up, lean)])
    states = np.empty((len(_ENDS_S), 6))
    burn_on(start, _turned(force, up, turn), _ENDS_S, states)
    places: list[Place] = []
    for one in states:
        place = _place_of(one)
        if place is None:
            break
        first = places[0] if places else place
        gone = ground_range_m(
            first.lat_deg, first.lon_deg, place.lat_deg, place.lon_deg
        )
        if gone > _REACH_M_MAX:
            break
        places.append(place)
    return places


def _turned(vector: Floats, up: Floats, angle: float) -> Floats:
    """Return a vector turned about the vertical, to the left for a positive angle."""
    along = up * float(vector @ up)
    level = vector - along
    result: Floats = (
        along + math.cos(angle) * level + math.sin(angle) * np.cross(up, level)
    )
    return result


def _place_of(state: Floats) -> Place | None:
    if perigee_height_m(state) > ORBITAL_PERIGEE_M:
        return None
    landed, _, at = land(np.append(state, 0.0), 2.0)
    if not landed:
        return None
    lat, lon, _ = geodetic_from_ecef(at)
    return Place(lat_deg=lat, lon_deg=lon)


def _impact_now(epoch: Instant, state: Floats) -> ImpactNow | None:
    if perigee_height_m(state) > ORBITAL_PERIGEE_M:
        return None
    landed, seconds, at = land(np.append(state, 0.0), 1.0)
    if not landed:
        return None
    lat, lon, _ = geodetic_from_ecef(at)
    return ImpactNow(lat_deg=lat, lon_deg=lon, time=epoch.plus_s(seconds))


def _heading_deg(start: ImpactNow, end: Place) -> float:
    """Return the direction at the beginning towards the end, true, by the sphere."""
    lat1, lon1, lat2, lon2 = (
        math.radians(x)
        for x in (start.lat_deg, start.lon_deg, end.lat_deg, end.lon_deg)
    )
    east = math.sin(lon2 - lon1) * math.cos(lat2)
    north = math.cos(lat1) * math.sin(lat2)
    north -= math.sin(lat1) * math.cos(lat2) * math.cos(lon2 - lon1)
    return math.degrees(math.atan2(east, north)) % 360.0
