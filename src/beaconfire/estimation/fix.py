"""Fix: a plot as a point about its own sensor, and whether three lie on one path.

Local and coarse on purpose: it serves to tell a flying object from clutter, in one
sensor's own axes (east, north, up), where registration errors cancel. Nothing that is
published is computed here.
"""

import math
from dataclasses import dataclass

from beaconfire.estimation.ground import EARTH_RADIUS_M
from beaconfire.vocabulary.motion import Plot

# Thrust at burn-out plus gravity, generously: what may bend a path.
ACCELERATION_MPS2_MAX = 150.0
# Above this it would not come back: the longest ranges need about 8 km/s.
SPEED_MPS_MAX = 9_000.0

_SIGMAS = 4.0


@dataclass(frozen=True, slots=True)
class Fix:
    """A plot, where it lies from its sensor, how high, and one sigma of each."""

    plot: Plot
    time_ns: int
    x_m: float
    y_m: float
    z_m: float
    sigma_m: float
    height_m: float
    sigma_height_m: float


def fix_of(plot: Plot) -> Fix:
    """Return the plot as a point; ``sigma_m`` is its largest error in any direction."""
    azimuth, elevation = map(math.radians, (plot.azimuth_deg, plot.elevation_deg))
    up, level, r = math.sin(elevation), math.cos(elevation), plot.range_m
    across_m = r * level * plot.sigma_azimuth_mrad * 1e-3
    along_m = r * plot.sigma_elevation_mrad * 1e-3
    sensor_radius_m = EARTH_RADIUS_M + plot.sensor.alt_m
    radius_m = math.sqrt(sensor_radius_m**2 + r * r + 2.0 * sensor_radius_m * r * up)
    return Fix(
        plot=plot,
        time_ns=plot.time.ns,
        x_m=r * level * math.sin(azimuth),
        y_m=r * level * math.cos(azimuth),
        z_m=r * up,
        sigma_m=max(plot.sigma_range_m, across_m, along_m),
        height_m=radius_m - EARTH_RADIUS_M,
        sigma_height_m=math.hypot(plot.sigma_range_m, along_m),
    )


def way_m(one: Fix, other: Fix) -> float:
    """Return the straight distance between two fixes of one sensor."""
    return math.dist((one.x_m, one.y_m, one.z_m), (other.x_m, other.y_m, other.z_m))


def off_path(
    first: Fix, last: Fix, fix: Fix, push_mps2: float = ACCELERATION_MPS2_MAX
) -> float:
    """Return how far ``fix`` lies off the line through two others; up to 1 is on it.

    Between them or beyond: 1 is four sigma of all three and what the acceleration
    ``push_mps2`` can bend in the time.
    """
    before_s = (fix.time_ns - first.time_ns) * 1e-9
    after_s = (last.time_ns - fix.time_ns) * 1e-9
    part = before_s / (before_s + after_s)
    expected_m = (
        first.x_m + part * (last.x_m - first.x_m),
        first.y_m + part * (last.y_m - first.y_m),
        first.z_m + part * (last.z_m - first.z_m),
    )
    sigma_m = math.sqrt(
        fix.sigma_m**2
        + ((1.0 - part) * first.sigma_m) ** 2
        + (part * last.sigma_m) ** 2
    )
    bend_m = 0.5 * push_mps2 * abs(before_s * after_s)
    off_m = math.dist(expected_m, (fix.x_m, fix.y_m, fix.z_m))
    return off_m / (_SIGMAS * sigma_m + bend_m)
