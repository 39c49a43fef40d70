"""Places: points on and above the WGS 84 ellipsoid, and the limits of their numbers.

And of the texts that name them: one line, in which every character is seen. Two ids
that look alike are one to whoever reads them; a control character is an order to a
terminal.
"""

from typing import Annotated

from msgspec import Meta, Struct

from beaconfire.vocabulary.patterns import SEEN

Latitude = Annotated[float, Meta(ge=-90.0, le=90.0)]
Longitude = Annotated[float, Meta(ge=-180.0, le=360.0)]
Azimuth = Annotated[float, Meta(ge=0.0, le=360.0)]
Elevation = Annotated[float, Meta(ge=-90.0, le=90.0)]
# A sigma of zero would claim a perfect sensor and divide by nothing.
Sigma = Annotated[float, Meta(gt=0.0, le=1e9)]
SigmaOrZero = Annotated[float, Meta(ge=0.0, le=1e9)]
Altitude = Annotated[float, Meta(ge=-12_000.0, le=50_000_000.0)]
Length = Annotated[float, Meta(ge=0.0, le=1e9)]
Text = Annotated[str, Meta(max_length=512, pattern=SEEN)]
Token = Annotated[str, Meta(min_length=1, max_length=128, pattern=SEEN)]
Vector3 = tuple[float, float, float]


class Place(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A geodetic point on the WGS 84 ellipsoid."""

    lat_deg: Latitude
    lon_deg: Longitude


class SensorSite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a sensor stands; altitude above the WGS 84 ellipsoid."""

    id: Token
    lat_deg: Latitude
    lon_deg: Longitude
    alt_m: Altitude


def place_told(lat_deg: float, lon_deg: float, *, digits: int = 2) -> str:
    """Return a point as people read it."""
    north, east = "N" if lat_deg >= 0.0 else "S", "E" if lon_deg >= 0.0 else "W"
    return f"{abs(lat_deg):.{digits}f} {north} {abs(lon_deg):.{digits}f} {east}"
