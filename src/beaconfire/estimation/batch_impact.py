"""Batch impact: where and when many coasting objects come down, compiled.

For each object the mean point on the ellipsoid, the time, and the 3 x 3 covariance of
(east, north, time): enough to rank, count down and draw many objects at once. What
remains uncertain when the drag is known goes through the transition matrix; the drag
itself, whose effect is not linear, is taken at three Gauss-Hermite nodes. What a
nation publishes of one object is ``impact``'s area, with more nodes and the size that
holds 95 % of the mixture.

Steps are twice the usual ones, which costs centimetres.
"""

import math
from dataclasses import dataclass

import numpy as np

from beaconfire.estimation.arrays import Flags, Floats, compiled
from beaconfire.estimation.descent import descend, impact_jacobian, land
from beaconfire.estimation.geodesy import enu_axes, geodetic_from_ecef

_STRIDE = 2.0
# Gauss-Hermite of three nodes: 0 and this many sigma to both sides.
_NODE, _MIDDLE_WEIGHT, _SIDE_WEIGHT = math.sqrt(3.0), 2.0 / 3.0, 1.0 / 6.0


@dataclass(frozen=True, slots=True)
class Impacts:
    """One row an object; where ``landed`` is false the other numbers mean nothing."""

    landed: Flags
    seconds: Floats  # from the state's own instant
    places: Floats  # (n, 2): latitude and longitude, degrees
    covariances: Floats  # (n, 3, 3): east m, north m, time s


def predict_impacts(means: Floats, covariances: Floats) -> Impacts:
    """Return the impact of every [r, v, s] with its 7 x 7 covariance."""
    n = means.shape[0]
    found = Impacts(
        np.zeros(n, dtype=np.bool_),
        np.zeros(n),
        np.zeros((n, 2)),
        np.zeros((n, 3, 3)),
    )
    _land_all(
        means, covariances, found.landed, found.seconds, found.places, found.covariances
    )
    return found


@compiled
def _land_all(
    means: Floats,
    covariances: Floats,
    landed: Flags,
    seconds: Floats,
    places: Floats,
    spreads: Floats,
) -> None:
    nodes = np.zeros((3, 3))
    for k in range(means.shape[0]):
        landed[k], flown_s, at, phi, _ = descend(means[k], _STRIDE)
        if not landed[k]:
            continue
        lat, lon, _ = geodetic_from_ecef(at[:3])
        axes = enu_axes(lat, lon)
        jacobian = impact_jacobian(at, phi, axes)
        if not _by_drag(means[k], covariances[k], at, axes, flown_s, nodes):
            landed[k] = False
            continue
        _moments(covariances[k], jacobian, nodes, spreads[k])
        east_m, north_m, later_s = _SIDE_WEIGHT * (nodes[1] + nodes[2])
        seconds[k] = flown_s + later_s
        for i in range(3):
            at[i] += axes[0, i] * east_m + axes[1, i] * north_m
        places[k, 0], places[k, 1], _ = geodetic_from_ecef(at[:3])


@compiled
def _by_drag(
    mean: Floats,
    covariance: Floats,
    at: Floats,
    axes: Floats,
    flown_s: float,
    nodes: Floats,
) -> bool:
    """Write (east, north, time) from the mean impact for the two side nodes of drag."""
    along = covariance[:, 6] / math.sqrt(covariance[6, 6])
    for side in range(2):
        sigmas = _NODE if side else -_NODE
        fell, seconds, place = land(mean + sigmas * along, _STRIDE)
        if not fell:
            return False
        for row in range(2):
            nodes[1 + side, row] = 0.0
            for i in range(3):
                nodes[1 + side, row] += axes[row, i] * (place[i] - at[i])
        nodes[1 + side, 2] = seconds - flown_s
    return True


@compiled
def _moments(
    covariance: Floats, jacobian: Floats, nodes: Floats, spread: Floats
) -> None:
    """Write the covariance: what remains when drag is known, and the nodes' spread."""
    for i in range(3):
        mean_i = _SIDE_WEIGHT * (nodes[1, i] + nodes[2, i])
        for n in range(3):
            mean_n = _SIDE_WEIGHT * (nodes[1, n] + nodes[2, n])
            total = _MIDDLE_WEIGHT * mean_i * mean_n
            for side in (1, 2):
                total += (
                    _SIDE_WEIGHT * (nodes[side, i] - mean_i) * (nodes[side, n] - mean_n)
                )
            for a in range(7):
                for b in range(7):
                    known = covariance[a, 6] * covariance[b, 6] / covariance[6, 6]
                    rest = covariance[a, b] - known
                    total += jacobian[i, a] * rest * jacobian[n, b]
            spread[i, n] = total
