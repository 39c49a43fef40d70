"""Vacuum arc: the least time from ground to ground with a given apogee.

A push that lasts no time, no air, a point mass, the Earth turning below: one ellipse
joins two places on the ground with a given height between them, and no real flight
with that apogee is quicker, because a climb under thrust is slower than a throw and
air only holds up. So the arc is the floor of plausibility of a published time, and the
first guess for a flight that is powered.

Heights are above the ellipsoid, at the places as at the top. J2 is left out: it moves
the time of an hour's flight by 0.3 s. The shorter way round is taken.
"""

import math
from dataclasses import dataclass

import numpy as np

from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.dynamics import GM_M3PS2, ROTATION_RADPS
from beaconfire.estimation.geodesy import height_and_up

# Each round moves place and top by what the last one changed in time: a thousandth.
_ROUNDS = 12
# The Earth's radii differ by 21 km: along a quarter of it, so low an arc is none.
_TOP_M_MIN = 1.0  # above the farther end


@dataclass(frozen=True, slots=True)
class VacuumArc:
    """One arc: its duration and its first velocity, relative to the turning ground."""

    seconds: float
    velocity_ecef_mps: Floats


def vacuum_arc(start_ecef_m: Floats, end_ecef_m: Floats, apogee_m: float) -> VacuumArc:
    """Return the arc between two places on the ground, which must differ.

    The places and the instant of the throw share one frame; the far place has turned on
    when the arc comes down, and how far depends on the time that is asked for. Hence
    the rounds.
    """
    ends_m = max(float(np.linalg.norm(p)) for p in (start_ecef_m, end_ecef_m))
    seconds, top_m = 0.0, ends_m + apogee_m
    velocity = np.zeros(3)
    for _ in range(_ROUNDS):
        fallen = _turned(end_ecef_m, seconds)
        velocity, seconds, summit = _ellipse(start_ecef_m, fallen, top_m)
        height, _, _, _ = height_and_up(*summit.tolist())
        top_m = max(top_m + apogee_m - height, ends_m + _TOP_M_MIN)
    ground = ROTATION_RADPS * np.array([-start_ecef_m[1], start_ecef_m[0], 0.0])
    return VacuumArc(seconds=seconds, velocity_ecef_mps=velocity - ground)


def _turned(place_ecef_m: Floats, seconds: float) -> Floats:
    """Return where a place on the ground is, in the axes of ``seconds`` before."""
    x, y, z = place_ecef_m.tolist()
    cos, sin = math.cos(ROTATION_RADPS * seconds), math.sin(ROTATION_RADPS * seconds)
    return np.array([cos * x - sin * y, sin * x + cos * y, z])


def _ellipse(here: Floats, there: Floats, top_m: float) -> tuple[Floats, float, Floats]:
    """Return starting velocity, duration and summit of the ellipse of that height.

    With r = p / (1 - e cos(f)), f counted from the summit: at ``here`` f = -a and at
    ``there`` f = b, a + b being the angle between them. The radii differ by the
    flattening, so the summit is not quite half way.
    """
    r1, r2 = float(np.linalg.norm(here)), float(np.linalg.norm(there))
    one, other = here / r1, there / r2
    across = np.cross(one, other)
    between = math.atan2(float(np.linalg.norm(across)), float(one @ other))
    rise, e, p = _summit(r1, r2, between, top_m)
    onward = np.cross(across / np.linalg.norm(across), one)
    axis = p / (1.0 - e * e)
    momentum = math.sqrt(GM_M3PS2 * p)
    climb = GM_M3PS2 / momentum * e * math.sin(rise)
    velocity = climb * one + momentum / r1 * onward
    summit = top_m * (math.cos(rise) * one + math.sin(rise) * onward)
    mean = _mean_anomaly(rise, e) + _mean_anomaly(between - rise, e)
    return velocity, mean * math.sqrt(axis**3 / GM_M3PS2), summit


def _summit(
    r1: float, r2: float, between: float, top_m: float
) -> tuple[float, float, float]:
    """Return the angle from the start to the summit, eccentricity and parameter."""
    low, high = 0.0, between

    def bend(angle: float, radius: float) -> float:
        return (top_m - radius) / (top_m - radius * math.cos(angle))

    for _ in range(60):
        rise = 0.5 * (low + high)
        if bend(rise, r1) > bend(between - rise, r2):
            low = rise
        else:
            high = rise
    e = bend(rise, r1)
    return rise, e, top_m * (1.0 - e)


def _mean_anomaly(angle: float, e: float) -> float:
    """Return the mean anomaly that lies between the summit and ``angle`` from it."""
    eccentric = 2.0 * math.atan2(
        math.sqrt(1.0 + e) * math.sin(0.5 * angle),
        math.sqrt(1.0 - e) * math.cos(0.5 * angle),
    )
    return eccentric + e * math.sin(eccentric)
