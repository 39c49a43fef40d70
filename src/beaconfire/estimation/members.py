"""Members: an area that holds every object of a group, not its middle alone.

While a group stood within one cell each of its members was within the cell's width
``c`` of the arc that was fitted, at the newest sighting and ``T`` before it. Between
them it flew freely, so its offset there, ``b``, and the one before, ``a``, give its
velocity's offset, ``(b - a) / T``. Nothing else is assumed: neither how they parted nor
that either of them lies in the middle. With the Jacobian of the impact by place and by
velocity, ``J`` and ``K``, a member comes down off the arc's impact by

    (J + K / T) b - (K / T) a,   with a and b of length c at most,

a sum of two ellipses. The area is the ellipse about these and the statistical one that
has the least trace (Kurzhanski and Valyi 1997), so it holds the sum.
"""

import math

import numpy as np
from msgspec.structs import replace

from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.descent import descend, impact_jacobian
from beaconfire.estimation.geodesy import enu_axes, geodetic_from_ecef
from beaconfire.estimation.impact import SEMI_MAJOR_MAX_M, ellipse_of
from beaconfire.vocabulary.flight import FlightEstimate, GroupSpread
from beaconfire.vocabulary.motion import ImpactArea

WIDENED = "the area is widened to hold each member of the group"
# Two sightings of a radar at 1 Hz: with less nothing bounds how they part.
OVER_S_MIN = 2.0
_REASON_MAX = 480


def widened_for_members(
    estimate: FlightEstimate, spread: GroupSpread
) -> FlightEstimate:
    """Return an estimate whose area holds all that its group may hold."""
    area, track = estimate.impact, estimate.track
    if area is None or track is None:
        return estimate
    over_s = spread.over_s
    if estimate.tracklet is not None:  # before it something pushed
        first, last = estimate.tracklet.interval
        over_s = min(over_s, last.seconds_since(first))
    state = np.array([*track.position_ecef_m, *track.velocity_ecef_mps, 0.0])
    landed, _, at, phi, _ = descend(state, 2.0)
    if not landed:
        return estimate
    lat, lon, _ = geodetic_from_ecef(at[:3].copy())
    jacobian = impact_jacobian(at, phi, enu_axes(lat, lon))
    by_turn = jacobian[:, 3:6] / max(over_s, OVER_S_MIN)
    here = spread.cell_m * (jacobian[:, :3] + by_turn)
    before = spread.cell_m * by_turn
    wide = _about(area, here, before)
    if wide.ellipse95.semi_major_m > SEMI_MAJOR_MAX_M:
        return replace(
            estimate,
            impact=None,
            impact_condition=None,
            range_km=None,
            impact_reason="it is a group, and nothing yet narrows the area in which "
            f"its members come down to {SEMI_MAJOR_MAX_M / 1e3:.0f} km each way",
        )
    reason = f"{estimate.reason}; {WIDENED}"[:_REASON_MAX]
    return replace(estimate, impact=wide, reason=reason)


def _about(area: ImpactArea, here: Floats, before: Floats) -> ImpactArea:
    """Return the area about the sum of three sets; times are summed exactly."""
    covariance = np.array(area.covariance_en_t)
    longest = float(np.linalg.eigvalsh(covariance[:2, :2])[-1])
    scale = area.ellipse95.semi_major_m**2 / longest
    shapes = (scale * covariance, here @ here.T, before @ before.T)
    sizes = [math.sqrt(float(np.trace(one[:2, :2]))) for one in shapes]
    whole = sum(sizes) * sum(
        (one / size for one, size in zip(shapes, sizes, strict=True)),
        np.zeros((3, 3)),
    )
    aside_s = float(np.linalg.norm(here[2]) + np.linalg.norm(before[2]))
    rows = [(float(r[0]), float(r[1]), float(r[2])) for r in whole / scale]
    opens, shuts = area.time_window95
    return replace(
        area,
        time_window95=(opens.plus_s(-aside_s), shuts.plus_s(aside_s)),
        ellipse95=ellipse_of(whole[:2, :2], 1.0),
        covariance_en_t=(rows[0], rows[1], rows[2]),
    )
