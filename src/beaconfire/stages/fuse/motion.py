"""Motion: where something was and how it moved at an instant; is it one with another?

Two sensors' paths, a partner's track and our own estimate are compared at a common
time, by place and by velocity; never by place alone, and never by a name that the
sky gave nobody. Positions are Earth-fixed, so sensors need no common axes.

* A path's motion is a straight line through its newest plots, said of their middle
  instant: there a push bends it least. How far one may bend it is allowed for: a
  second apart plots show no bend, but a radar that turns slowly, or a path of which
  scans are missing, one of kilometres.
* Between two instants each is carried half the way; what the greatest push can do in
  that time is allowed for, so far-apart instants tell little, and soon nothing.
* Registration errors do not cancel between two sensors: they are allowed for.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from beaconfire.estimation.fix import Fix
from beaconfire.estimation.ground import axes_of, ground_ecef_m
from beaconfire.vocabulary.flight import FlightEstimate, TrackPoint
from beaconfire.vocabulary.motion import StateVector
from beaconfire.vocabulary.places import Vector3
from beaconfire.vocabulary.times import NS_PER_S

# Thrust beyond gravity, which pulls on both alike.
PUSH_MPS2_MAX = 60.0
# Carried farther than this from both sides, a push could have led anywhere.
APART_S_MAX = 40.0
# Beyond so many sigma two are not one: one pair in some ten thousand.
SIGMAS = 4.0
# What is allowed for a sensor's registration: twice what is assumed where a sensor
# states nothing (20 m, 0.3 mrad).
SURVEY_M, SURVEY_RAD = 40.0, 0.6e-3
# A partner's track says no error of its own: that of one radar after ten seconds.
TRACK_SIGMA_M, TRACK_SIGMA_MPS = 1_500.0, 150.0
# Two velocities closer than this are alike, whatever was claimed of them.
SPEED_SLACK_MPS = 100.0

# Plots of the line: longer bends too much under thrust.
PLOTS_OF_LINE = 8
# What bends a line: thrust and gravity, since two lines are not bent alike.
BEND_MPS2_MAX = PUSH_MPS2_MAX + 10.0


@dataclass(frozen=True, slots=True)
class Motion:
    """Position and velocity at an instant, each with one sigma in any direction.

    ``noise_m`` is the part of ``sigma_m`` that two objects of one sensor do not share;
    only a sensor's path has one.
    """

    time_ns: int
    position_ecef_m: Vector3
    velocity_ecef_mps: Vector3
    sigma_m: float
    sigma_mps: float
    noise_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Way:
    """The way that an estimate still has to fly, and how well it was known at first."""

    from_ns: int
    points: tuple[TrackPoint, ...]
    sigma_m: float
    sigma_mps: float


def way_of(estimate: FlightEstimate) -> Way | None:
    """Return the way of an estimate on an arc that nothing pushes; else ``None``."""
    coasts = estimate.model_holds and estimate.phase in ("ballistic", "re-entry")
    spread = estimate.track_covariance
    if not coasts or estimate.track is None or spread is None or not estimate.path:
        return None
    squares = [max(spread.rows[i][i], 0.0) for i in range(6)]
    return Way(
        from_ns=estimate.track.epoch.ns,
        points=estimate.path,
        sigma_m=math.sqrt(sum(squares[:3])),
        sigma_mps=math.sqrt(sum(squares[3:])),
    )


def motion_on(way: Way, time_ns: int) -> Motion | None:
    """Return the motion on an estimate's way; ``None`` before its epoch and after.

    Between two of its points ten seconds apart a straight line: some hundred metres.
    """
    for before, after in pairwise(way.points):
        if before.time.ns <= time_ns <= after.time.ns and before.time < after.time:
            span_s = after.time.seconds_since(before.time)
            part = (time_ns - before.time.ns) / NS_PER_S / span_s
            one, _ = ground_ecef_m(before.lat_deg, before.lon_deg, 1e3 * before.alt_km)
            two, _ = ground_ecef_m(after.lat_deg, after.lon_deg, 1e3 * after.alt_km)
            x, y, z = (a + part * (b - a) for a, b in zip(one, two, strict=True))
            vx, vy, vz = ((b - a) / span_s for a, b in zip(one, two, strict=True))
            flown_s = (time_ns - way.from_ns) / NS_PER_S
            return Motion(
                time_ns=time_ns,
                position_ecef_m=(x, y, z),
                velocity_ecef_mps=(vx, vy, vz),
                sigma_m=math.hypot(way.sigma_m, way.sigma_mps * flown_s, SURVEY_M),
                sigma_mps=way.sigma_mps,
            )
    return None


def motion_of_path(fixes: Sequence[Fix]) -> Motion:
    """Return the motion of one sensor's path from its newest plots."""
    fixes = fixes[-PLOTS_OF_LINE:]
    n, site = len(fixes), fixes[-1].plot.sensor
    origin_ns = fixes[-1].time_ns
    times_s = [(fix.time_ns - origin_ns) / NS_PER_S for fix in fixes]
    middle_s = sum(times_s) / n
    spread_s2 = sum((t - middle_s) ** 2 for t in times_s)
    aslant_s3 = abs(sum((t - middle_s) ** 3 for t in times_s))
    # A parabola's mean lies off its middle, and its line aslant, by so much.
    bend_m = 0.5 * BEND_MPS2_MAX * spread_s2 / n
    bend_mps = 0.5 * BEND_MPS2_MAX * aslant_s3 / max(spread_s2, 1e-9)
    places = [(fix.x_m, fix.y_m, fix.z_m) for fix in fixes]
    place = [sum(p[i] for p in places) / n for i in range(3)]
    speed = [
        sum((t - middle_s) * p[i] for t, p in zip(times_s, places, strict=True))
        / max(spread_s2, 1e-9)
        for i in range(3)
    ]
    sigma_m = math.sqrt(sum(fix.sigma_m**2 for fix in fixes) / n)
    range_m = math.hypot(*place)
    east, north, up, foot = axes_of(site)
    return Motion(
        time_ns=origin_ns + round(middle_s * NS_PER_S),
        position_ecef_m=_turned(place, east, north, up, foot),
        velocity_ecef_mps=_turned(speed, east, north, up, (0.0, 0.0, 0.0)),
        sigma_m=math.hypot(
            sigma_m / math.sqrt(n), SURVEY_M, SURVEY_RAD * range_m, bend_m / SIGMAS
        ),
        sigma_mps=math.hypot(
            sigma_m / math.sqrt(max(spread_s2, 1e-9)), bend_mps / SIGMAS
        ),
        noise_m=sigma_m / math.sqrt(n),
    )


def motion_of_state(state: StateVector) -> Motion:
    """Return the motion that a partner's track says, with an error it does not say."""
    return Motion(
        time_ns=state.epoch.ns,
        position_ecef_m=state.position_ecef_m,
        velocity_ecef_mps=state.velocity_ecef_mps,
        sigma_m=TRACK_SIGMA_M,
        sigma_mps=TRACK_SIGMA_MPS,
    )


def apart(one: Motion, other: Motion) -> float:
    """Return how far two motions are from being one; up to 1 they can be."""
    half_s = 0.5 * (other.time_ns - one.time_ns) / NS_PER_S
    if abs(half_s) > 0.5 * APART_S_MAX:
        return math.inf
    off_m = math.dist(
        [
            r + v * half_s
            for r, v in zip(one.position_ecef_m, one.velocity_ecef_mps, strict=True)
        ],
        [
            r - v * half_s
            for r, v in zip(other.position_ecef_m, other.velocity_ecef_mps, strict=True)
        ],
    )
    sigma_m = math.hypot(
        one.sigma_m,
        other.sigma_m,
        one.sigma_mps * half_s,
        other.sigma_mps * half_s,
    )
    reach_m = SIGMAS * sigma_m + PUSH_MPS2_MAX * half_s * half_s
    off_mps = math.dist(one.velocity_ecef_mps, other.velocity_ecef_mps)
    reach_mps = SIGMAS * math.hypot(one.sigma_mps, other.sigma_mps)
    reach_mps += SPEED_SLACK_MPS + 2.0 * PUSH_MPS2_MAX * abs(half_s)
    return max(off_m / reach_m, off_mps / reach_mps)


def _turned(
    local: Sequence[float], east: Vector3, north: Vector3, up: Vector3, foot: Vector3
) -> Vector3:
    x, y, z = (
        foot[i] + local[0] * east[i] + local[1] * north[i] + local[2] * up[i]
        for i in range(3)
    )
    return x, y, z
