"""Ground: a sensor's place and axes on WGS 84, and distances, in plain Python.

What ``geodesy`` does compiled for rows of positions, for the few that a node's own
process looks at: it loads no numerical library.
"""

import math
from functools import lru_cache
from typing import Protocol

from beaconfire.vocabulary.places import SensorSite, Vector3

# The mean radius, where an ellipsoid is more than is asked for.
EARTH_RADIUS_M = 6_371_000.0
_SEMI_MAJOR_M, _ECCENTRICITY_2 = 6_378_137.0, 6.694379990141e-3  # WGS 84


class Place(Protocol):
    """Whatever stands at a latitude and a longitude."""

    @property
    def lat_deg(self) -> float:
        """Geodetic, north positive."""

    @property
    def lon_deg(self) -> float:
        """East positive."""


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


def distance_m(one: Place, other: Place) -> float:
    """Return the great-circle distance; a sphere is enough to tell places apart."""
    lat1, lon1, lat2, lon2 = map(
        math.radians, (one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)
    )
    half = (
        math.sin((lat2 - lat1) / 2.0) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2.0) ** 2
    )
    return 2.0 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, half)))
