"""Reach: where something might come down while no impact area can be given.

Apart from ``ImpactArea`` in name and type: none of these is a prediction, none has a
probability, and each says of itself that it is merely ``Possible``.

* While it is under thrust: where it would come down if thrust ended now, and the
  corridor of all that it may still reach if thrust ends at any time from now.
* When a push that is not a stage's has taken it off its arc: the region that it can
  reach with that push.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from beaconfire.vocabulary.places import (
    Azimuth,
    Latitude,
    Length,
    Longitude,
    Place,
)
from beaconfire.vocabulary.times import Instant


class ImpactNow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and when it would come down if thrust ended now."""

    lat_deg: Latitude
    lon_deg: Longitude
    time: Instant


class ReachCorridor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that it may reach if thrust ends at any time from now.

    ``outline`` runs round it once, the last point joined to the first. It ends where
    ``thrust_s_max`` more seconds of thrust would bring it, or, with
    ``beyond_outline``, where a second more would take it farther than can be said: far
    round the Earth or into orbit.
    """

    certainty: Literal["Possible"] = "Possible"
    impact_now: ImpactNow | None
    heading_deg: Azimuth
    heading_half_spread_deg: Annotated[float, Meta(ge=0.0, le=180.0)]
    thrust_s_max: Annotated[float, Meta(ge=0.0)]
    beyond_outline: bool
    outline: Annotated[tuple[Place, ...], Meta(min_length=3, max_length=256)]


class ReachableRegion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What it can reach since a push took it off its arc, as a circle on the ground."""

    certainty: Literal["Possible"] = "Possible"
    lat_deg: Latitude
    lon_deg: Longitude
    radius_m: Length
    opens: Instant
    shuts: Instant


Condition = Literal["no further stage"]


class DepartureFound(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A push that began on a coasting arc: when, how strong, and what it is."""

    kind: Literal["thrust resumed", "unknown push"]
    since: Instant
    push_mps2: Annotated[float, Meta(ge=0.0)]
