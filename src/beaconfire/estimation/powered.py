"""Powered flight: a plain model of how a missile climbs from rest, compiled.

Ten parameters, each with a prior that is stated here and is all we assume of a motor:

====  ==========================================  =======================
0, 1  launch place east, north of a guess (m)      none
2     lift-off (s from the epoch)                  none
3     heading of the thrust's plane (rad)          none
4     ln of the specific force at lift-off (m/s2)  ln 24, 0.4 (11 to 53)
5     its rate of growth as fuel burns (1/s)       0.008, 0.006
6     elevation the thrust turns to (rad)          40 deg, 25 deg
7     ln of the time that turn takes (s)           ln 45, 0.6 (14 to 150)
8     ln of the burn's duration (s)                ln 140, 0.4 (63 to 310)
9     ln of how suddenly the turn comes            ln 1.7, 0.35 (0.9 to 3.4)
====  ==========================================  =======================

Thrust is vertical at lift-off and turns to its final elevation in a plane fixed to the
launch site, by the share 1 - exp(-(t / time) ** suddenness). The site lies on the
ellipsoid. Gravity, rotation and drag are those of ``dynamics``. Stages, coasts between
them and yaw are left out: what they change is inside the priors' width, or not found.
"""

import math

import numpy as np

from beaconfire.estimation.arrays import Floats, compiled
from beaconfire.estimation.dynamics import next_step_s
from beaconfire.estimation.geodesy import SEMI_MAJOR_M, ecef_from_geodetic, enu_axes
from beaconfire.estimation.propagation import step_pushed, step_state

EAST, NORTH, LIFT_OFF, HEADING, LN_FORCE, GROWTH, ELEVATION, LN_TURN, LN_BURN = range(9)
LN_SUDDEN = 9
PARAMETERS = 10
PRIOR_MEAN = np.array(
    [
        *(0.0, 0.0, 0.0, 0.0, math.log(24.0), 0.008, math.radians(40.0)),
        *(math.log(45.0), math.log(140.0), math.log(1.7)),
    ]
)
PRIOR_SIGMA = np.array(
    [
        *(math.inf, math.inf, math.inf, math.inf, 0.4, 0.006, math.radians(25.0)),
        *(0.6, 0.4, 0.35),
    ]
)
# A change of each parameter that is small to the model and large to the arithmetic.
_NUDGE = np.array([10.0, 10.0, 1e-2, 1e-4, 1e-4, 1e-5, 1e-4, 1e-3, 1e-4, 1e-3])
_STEP_S = 8.0


@compiled
def place_of(parameters: Floats, guess_deg: Floats) -> tuple[float, float]:
    """Return latitude and longitude (degrees) of the launch place."""
    cos_lat = max(math.cos(math.radians(guess_deg[0])), 1e-3)
    lat = guess_deg[0] + math.degrees(parameters[NORTH] / SEMI_MAJOR_M)
    lon = guess_deg[1] + math.degrees(parameters[EAST] / (SEMI_MAJOR_M * cos_lat))
    return min(max(lat, -90.0), 90.0), lon


@compiled
def _force(
    parameters: Floats, axes: Floats, turn: tuple[float, float], t: float
) -> tuple[float, float, float]:
    """Return the specific force at ``t``; ``turn`` is how long and how sudden it is."""
    size = math.exp(parameters[LN_FORCE] + parameters[GROWTH] * t)
    left = math.exp(-((t / turn[0]) ** turn[1]))
    elevation = parameters[ELEVATION] + (0.5 * math.pi - parameters[ELEVATION]) * left
    flat = size * math.cos(elevation)
    east = flat * math.sin(parameters[HEADING])
    north = flat * math.cos(parameters[HEADING])
    up = size * math.sin(elevation)
    return (
        east * axes[0, 0] + north * axes[1, 0] + up * axes[2, 0],
        east * axes[0, 1] + north * axes[1, 1] + up * axes[2, 1],
        east * axes[0, 2] + north * axes[1, 2] + up * axes[2, 2],
    )


@compiled
def climb(parameters: Floats, guess_deg: Floats, at_s: float, result: Floats) -> None:
    """Write position, velocity and specific force at ``at_s`` from the epoch."""
    lat, lon = place_of(parameters, guess_deg)
    axes = enu_axes(lat, lon)
    y, y_next = np.zeros(6), np.empty(6)
    y[:3] = ecef_from_geodetic(lat, lon, 0.0)
    flown = max(at_s - parameters[LIFT_OFF], 0.0)
    burn = min(math.exp(parameters[LN_BURN]), flown)
    steps = max(int(burn / _STEP_S) + 1, 1)
    h = burn / steps
    turn = (math.exp(parameters[LN_TURN]), math.exp(parameters[LN_SUDDEN]))
    end = _force(parameters, axes, turn, 0.0)
    for step in range(steps):
        begin, middle = end, _force(parameters, axes, turn, (step + 0.5) * h)
        end = _force(parameters, axes, turn, (step + 1.0) * h)
        step_pushed(y, 0.0, h, (begin, middle, end), y)
    left = flown - burn
    while left > 1e-9:
        step_s = min(2.0 * next_step_s(y, 1.0), left)
        step_state(y, 0.0, step_s, y_next)
        y[:] = y_next
        left -= step_s
    result[:6] = y
    result[6], result[7], result[8] = end


@compiled
def climb_and_slopes(
    parameters: Floats, guess_deg: Floats, at_s: float, value: Floats, slopes: Floats
) -> None:
    """Write what ``climb`` writes, and its slopes by the parameters (9 x 10).

    Differences are enough here, unlike in the fit of an arc: the slopes lead to the
    minimum and to an ellipse of kilometres, and carry no plot's metre.
    """
    high = np.empty(9)
    climb(parameters, guess_deg, at_s, value)
    nudged = parameters.copy()
    for j in range(PARAMETERS):
        nudged[j] = parameters[j] + _NUDGE[j]
        climb(nudged, guess_deg, at_s, high)
        nudged[j] = parameters[j]
        for i in range(9):
            slopes[i, j] = (high[i] - value[i]) / _NUDGE[j]
