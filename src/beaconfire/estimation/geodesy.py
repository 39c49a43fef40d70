"""Geodesy: WGS 84 between Earth-fixed and geodetic coordinates, compiled.

Constants: NIMA TR8350.2. Heights are above the ellipsoid. Bowring's 1985 form needs no
iteration and no angle; against geographiclib it is good to a micrometre from the
ground to 10,000 km.
"""

import math

import numpy as np
from geographiclib.geodesic import Geodesic

from beaconfire.estimation.arrays import Floats, compiled

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1.0 / 298.257223563
SEMI_MINOR_M = SEMI_MAJOR_M * (1.0 - FLATTENING)
ECCENTRICITY_2 = FLATTENING * (2.0 - FLATTENING)
SECOND_ECCENTRICITY_2 = ECCENTRICITY_2 / (1.0 - ECCENTRICITY_2)


@compiled
def height_and_up(
    x_m: float, y_m: float, z_m: float
) -> tuple[float, float, float, float]:
    """Return the height above the ellipsoid and its normal there (x, y, z)."""
    p = math.sqrt(x_m * x_m + y_m * y_m)
    if p < 1e-3:
        return abs(z_m) - SEMI_MINOR_M, 0.0, 0.0, math.copysign(1.0, z_m)
    r = math.sqrt(x_m * x_m + y_m * y_m + z_m * z_m)
    # Roots and divisions wait for one another: as few as may be stand in a row.
    rise = SEMI_MINOR_M * z_m * (r + SECOND_ECCENTRICITY_2 * SEMI_MINOR_M)
    run = SEMI_MAJOR_M * p * r
    per_slant = 1.0 / math.sqrt(rise * rise + run * run)
    sin_u, cos_u = rise * per_slant, run * per_slant
    north = z_m + SECOND_ECCENTRICITY_2 * SEMI_MINOR_M * sin_u * sin_u * sin_u
    out = p - ECCENTRICITY_2 * SEMI_MAJOR_M * cos_u * cos_u * cos_u
    norm_2 = north * north + out * out
    surface = SEMI_MAJOR_M * math.sqrt(norm_2 - ECCENTRICITY_2 * north * north)
    per_norm = 1.0 / math.sqrt(norm_2)
    height = (p * out + z_m * north - surface) * per_norm
    level = out * per_norm / p
    return height, level * x_m, level * y_m, north * per_norm


@compiled
def ecef_from_geodetic(lat_deg: float, lon_deg: float, height_m: float) -> Floats:
    """Return the Earth-fixed position of a geodetic one."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    sin_lat, cos_lat = math.sin(lat), math.cos(lat)
    n = SEMI_MAJOR_M / math.sqrt(1.0 - ECCENTRICITY_2 * sin_lat * sin_lat)
    return np.array(
        (
            (n + height_m) * cos_lat * math.cos(lon),
            (n + height_m) * cos_lat * math.sin(lon),
            (n * (1.0 - ECCENTRICITY_2) + height_m) * sin_lat,
        )
    )


@compiled
def geodetic_from_ecef(position_ecef_m: Floats) -> tuple[float, float, float]:
    """Return latitude and longitude in degrees (-180 to 180) and height in metres."""
    x, y, z = position_ecef_m[0], position_ecef_m[1], position_ecef_m[2]
    height, ux, uy, uz = height_and_up(x, y, z)
    lat = math.degrees(math.atan2(uz, math.sqrt(ux * ux + uy * uy)))
    return lat, math.degrees(math.atan2(y, x)), height


@compiled
def geodetic_rows(states: Floats) -> Floats:
    """Return (latitude, longitude, height) of every row's first three columns."""
    result = np.empty((states.shape[0], 3))
    for i in range(states.shape[0]):
        result[i] = geodetic_from_ecef(states[i])
    return result


@compiled
def enu_axes(lat_deg: float, lon_deg: float) -> Floats:
    """Return the rows east, north, up of a place, as Earth-fixed unit vectors."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    sin_lat, cos_lat = math.sin(lat), math.cos(lat)
    sin_lon, cos_lon = math.sin(lon), math.cos(lon)
    axes = np.empty((3, 3))
    axes[0, 0], axes[0, 1], axes[0, 2] = -sin_lon, cos_lon, 0.0
    axes[1, 0], axes[1, 1], axes[1, 2] = -sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat
    axes[2, 0], axes[2, 1], axes[2, 2] = cos_lat * cos_lon, cos_lat * sin_lon, sin_lat
    return axes


def ground_range_m(
    from_lat_deg: float, from_lon_deg: float, to_lat_deg: float, to_lon_deg: float
) -> float:
    """Return the length of the geodesic between two places."""
    line = Geodesic.WGS84.Inverse(from_lat_deg, from_lon_deg, to_lat_deg, to_lon_deg)
    return float(line["s12"])


def offset_place(
    lat_deg: float, lon_deg: float, east_m: float, north_m: float
) -> tuple[float, float]:
    """Return the place that lies this far east and north along the geodesic."""
    azimuth_deg = math.degrees(math.atan2(east_m, north_m))
    length_m = math.hypot(east_m, north_m)
    line = Geodesic.WGS84.Direct(lat_deg, lon_deg, azimuth_deg, length_m)
    return float(line["lat2"]), float(line["lon2"])
