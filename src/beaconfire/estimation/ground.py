"""Ground: a sensor's place and axes on WGS 84, in plain Python.

What ``geodesy`` does compiled for rows of positions, for the few that a node's own
process looks at: it loads no numerical library.
"""

import math
from functools import lru_cache

from beaconfire.vocabulary.places import SensorSite, Vector3

_SEMI_MAJOR_M, _ECCENTRICITY_2 = 6_378_137.0, 6.694379990141e-3  # WGS 84


@lru_cache(maxsize=1_024)  # more radars than a node knows; each is asked for often
def axes_of(site: SensorSite) -> tuple[Vector3, Vector3, Vector3, Vector3]:
    """Return east, north and up of a sensor, and where it stands, Earth-fixed."""
    place, up = ground_ecef_m(site.lat_deg, site.lon_deg, site.alt_m)
    lon = math.radians(site.lon_deg)
    east = (-math.sin(lon), math.cos(lon), 0.0)
    north = (
        up[1] * east[2] - up[2] * east[1],
        up[2] * east[0] - up[0] * east[2],
        up[0] * east[1] - up[1] * east[0],
    )
    return east, north, up, place


def ground_ecef_m(
    lat_deg: float, lon_deg: float, alt_m: float
) -> tuple[Vector3, Vector3]:
    """Return a geodetic place, and its vertical."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    up = (
        math.cos(lat) * math.cos(lon),
        math.cos(lat) * math.sin(lon),
        math.sin(lat),
    )
    n_m = _SEMI_MAJOR_M / math.sqrt(1.0 - _ECCENTRICITY_2 * up[2] ** 2)
    level_m, along_m = n_m + alt_m, n_m * (1.0 - _ECCENTRICITY_2) + alt_m
    return (level_m * up[0], level_m * up[1], along_m * up[2]), up
