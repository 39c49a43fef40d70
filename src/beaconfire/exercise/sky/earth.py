"""Earth: shape, turn and pull of the planet that the exercise's flights go round.

WGS 84 ellipsoid, its rotation and its gravity with the oblateness term J2. Written for
the exercise alone: the estimator has an Earth of its own, so that a mistake in either
shows as a disagreement between the two and never cancels.

Left out: tides, polar motion, the geoid, and harmonics above J2 (a few metres at
impact, far below what a sensor of the exercise sees).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# WGS 84, NIMA TR8350.2 (3rd edition), tables 3.1 and 3.2.
SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1.0 / 298.257223563
GRAVITATION_M3_PER_S2 = 3.986004418e14
ROTATION_RAD_PER_S = 7.292115e-5
# -sqrt(5) C20, the normalised WGS 84 coefficient being C20 = -0.484166774985e-3.
J2 = 1.082629821e-3

SEMI_MINOR_M = SEMI_MAJOR_M * (1.0 - FLATTENING)
_E2 = FLATTENING * (2.0 - FLATTENING)
_EP2 = _E2 / (1.0 - _E2)
_J2_FACTOR = 1.5 * J2 * GRAVITATION_M3_PER_S2 * SEMI_MAJOR_M**2


@dataclass(frozen=True, slots=True)
class Geodetic:
    """A point by latitude, longitude (-180 to 180) and height above WGS 84."""

    lat_deg: float
    lon_deg: float
    height_m: float


def gravity(x: float, y: float, z: float) -> tuple[float, float, float]:
    """Return the pull at an inertial position, in m/s2, along the same axes."""
    r2 = x * x + y * y + z * z
    r = math.sqrt(r2)
    central = -GRAVITATION_M3_PER_S2 / (r2 * r)
    bulge = _J2_FACTOR / (r2 * r2 * r)
    slope = 5.0 * z * z / r2
    flat = central - bulge * (1.0 - slope)
    return flat * x, flat * y, (central - bulge * (3.0 - slope)) * z


def height_m(p: float, z: float) -> float:
    """Return the height above the ellipsoid, ``p`` being the distance from the axis.

    Bowring's formula, once: within 1 mm from the ground to 10,000 km up.
    """
    r = math.hypot(p, z)
    beta = math.atan2(
        SEMI_MINOR_M * z * (1.0 + _EP2 * SEMI_MINOR_M / r), SEMI_MAJOR_M * p
    )
    sin_b, cos_b = math.sin(beta), math.cos(beta)
    over = z + _EP2 * SEMI_MINOR_M * sin_b**3
    under = p - _E2 * SEMI_MAJOR_M * cos_b**3
    length = math.hypot(over, under)
    sin_l, cos_l = over / length, under / length
    return p * cos_l + z * sin_l - SEMI_MAJOR_M * math.sqrt(1.0 - _E2 * sin_l**2)


def geodetic(position_ecef_m: Floats) -> tuple[Floats, Floats, Floats]:
    """Return latitude (deg), longitude (deg) and height (m) of each row."""
    x, y, z = np.moveaxis(np.asarray(position_ecef_m, dtype=float), -1, 0)
    p = np.hypot(x, y)
    r = np.hypot(p, z)
    beta = np.arctan2(
        SEMI_MINOR_M * z * (1.0 + _EP2 * SEMI_MINOR_M / r), SEMI_MAJOR_M * p
    )
    lat = np.arctan2(
        z + _EP2 * SEMI_MINOR_M * np.sin(beta) ** 3,
        p - _E2 * SEMI_MAJOR_M * np.cos(beta) ** 3,
    )
    height = (
        p * np.cos(lat)
        + z * np.sin(lat)
        - SEMI_MAJOR_M * np.sqrt(1.0 - _E2 * np.sin(lat) ** 2)
    )
    return np.degrees(lat), np.degrees(np.arctan2(y, x)), height


def place_ecef_m(lat_deg: float, lon_deg: float, alt_m: float) -> Floats:
    """Return a geodetic point in ECEF metres."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    across = SEMI_MAJOR_M / math.sqrt(1.0 - _E2 * math.sin(lat) ** 2)
    p = (across + alt_m) * math.cos(lat)
    z = (across * (1.0 - _E2) + alt_m) * math.sin(lat)
    return np.array([p * math.cos(lon), p * math.sin(lon), z])


def east_north_up(lat_deg: float, lon_deg: float) -> Floats:
    """Return the rows east, north and up (normal to the ellipsoid) in ECEF."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    sin_l, cos_l = math.sin(lat), math.cos(lat)
    sin_o, cos_o = math.sin(lon), math.cos(lon)
    return np.array(
        [
            [-sin_o, cos_o, 0.0],
            [-sin_l * cos_o, -sin_l * sin_o, cos_l],
            [cos_l * cos_o, cos_l * sin_o, sin_l],
        ]
    )


def inertial_to_ecef(t_s: Floats, state: Floats) -> Floats:
    """Turn inertial rows (position, velocity) into ECEF ones.

    The inertial axes are those of ECEF at ``t_s`` = 0.
    """
    angle = ROTATION_RAD_PER_S * t_s
    cos_a, sin_a = np.cos(angle), np.sin(angle)
    x, y, z, vx, vy, vz = np.moveaxis(state, -1, 0)
    # Velocity as the turning Earth sees it, then both turned into its axes.
    vx, vy = vx + ROTATION_RAD_PER_S * y, vy - ROTATION_RAD_PER_S * x
    return np.stack(
        [
            cos_a * x + sin_a * y,
            cos_a * y - sin_a * x,
            z,
            cos_a * vx + sin_a * vy,
            cos_a * vy - sin_a * vx,
            vz,
        ],
        axis=-1,
    )
