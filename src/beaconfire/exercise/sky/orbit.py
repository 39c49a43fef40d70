"""Orbit: find the push that ends on a circular orbit, for launches into space.

Three unknowns again (strength, final tilt, and when the tilt is reached) against three
conditions at burn-out: the published height, no climb, and the speed of a circle there.
The object is above the horizon of nations it passes while it is still powered, and
there is no impact for anybody to predict.
"""

import math
from dataclasses import replace

import numpy as np

from beaconfire.exercise.sky.aim import (
    Aimed,
    CannotBeFlown,
    Flyer,
    launch_state,
    newton,
    push_at,
)
from beaconfire.exercise.sky.dynamics import Body, Course, follow
from beaconfire.exercise.sky.earth import GRAVITATION_M3_PER_S2, Floats, Geodetic
from beaconfire.exercise.sky.powered import Programme, delivered

# How far an orbital flight is followed: about once round the Earth.
FOLLOWED_S = 5_400.0

# First guesses: final tilt (deg from the vertical of the launch site) and the share of
# the powered flight at which it is reached.
_TILTS_DEG = (70.0, 85.0, 100.0, 115.0, 130.0)
_SHARES = (0.3, 0.5, 0.7, 0.9)
_SHARE_MIN, _SHARE_MAX = 0.1, 1.5
_SETTLE_S = 100.0  # weighs a metre per second like this many metres


def aim_at_orbit(
    site: Geodetic,
    azimuth_true_deg: float,
    height_m: float,
    programme: Programme,
    body: Body,
) -> Aimed:
    """Solve for the circular orbit at ``height_m`` above the site's radius.

    Raises:
        CannotBeFlown: no push of that duration gets there.
    """
    start = launch_state(site)
    radius_m = float(np.linalg.norm(start[:3])) - site.height_m + height_m
    circular_mps = math.sqrt(GRAVITATION_M3_PER_S2 / radius_m)
    heading = math.radians(azimuth_true_deg)

    def fly(unknowns: Floats) -> tuple[Floats, Aimed]:
        strength, tilt, share = unknowns.tolist()
        share = min(max(share, _SHARE_MIN), _SHARE_MAX)
        steered = replace(programme, turned_s=share * programme.burn_out_s)
        toward = np.array(
            [strength, tilt * math.sin(heading), tilt * math.cos(heading)]
        )
        push = push_at(site, steered, toward, programme.burn_out_s)
        course = follow(start, body, push, until_s=programme.burn_out_s)
        return _misses(course, radius_m, circular_mps), Aimed(push, course, start)

    scales = np.array([height_m, *(2 * [_SETTLE_S * circular_mps])])
    for guess in _guesses(fly, programme, circular_mps, scales):
        try:
            aimed = newton(fly, guess, scales)
        except CannotBeFlown:
            continue
        course = follow(start, body, aimed.push, until_s=FOLLOWED_S)
        if not course.landed:
            return replace(aimed, course=course)
    message = "no push reaches the orbit"
    raise CannotBeFlown(message)


def _misses(course: Course, radius_m: float, circular_mps: float) -> Floats:
    """Return height, climb and speed at burn-out minus the wanted, in metres."""
    if course.landed:
        return np.full(3, np.inf)
    state = course.motion(course.end_s)
    position, velocity = state[:3], state[3:]
    distance_m = float(np.linalg.norm(position))
    climb = float(position @ velocity) / distance_m
    level = math.sqrt(max(float(velocity @ velocity) - climb * climb, 0.0))
    return np.array(
        [
            distance_m - radius_m,
            _SETTLE_S * climb,
            _SETTLE_S * (level - circular_mps),
        ]
    )


def _guesses(
    fly: Flyer, programme: Programme, circular_mps: float, scales: Floats
) -> list[Floats]:
    """Return the four nearest of a coarse grid of pushes, nearest first."""
    tried = []
    for tilt_deg in _TILTS_DEG:
        for share in _SHARES:
            tilt = math.radians(tilt_deg)
            steered = replace(programme, turned_s=share * programme.burn_out_s)
            up, sideways, _ = delivered(steered, tilt)
            # Nearly all of the speed is sideways; climbing costs some of it.
            strength = 1.02 * circular_mps / max(sideways, 0.3 * abs(up))
            guess = np.array([math.log(strength), tilt, share])
            misses, _ = fly(guess)
            if np.all(np.isfinite(misses)):
                tried.append((float(np.linalg.norm(misses / scales)), guess))
    tried.sort(key=lambda pair: pair[0])
    return [guess for _, guess in tried[:4]]
