"""Impact: the area and the time window in which a coasting body comes down.

* Mean and 3 x 3 covariance of (east, north, time): the transition matrix carries the
  uncertainty that remains when the drag is known; the drag itself, whose effect is not
  linear, is integrated out over nodes from -3 to +3 sigma.
* The window runs from the 2.5 % to the 97.5 % point of that mixture.
* The ellipse has the shape of the mixture's covariance and the size that holds 95 % of
  the mixture, which is not a Gaussian's when drag dominates.
* Nothing is published that would be no help: beyond ``SEMI_MAJOR_MAX_M`` the answer is
  a reason. An orbit that clears the atmosphere has no impact.
"""

import math
from dataclasses import dataclass

import numpy as np

from beaconfire.estimation.arrays import Floats, compiled
from beaconfire.estimation.descent import (
    descend,
    impact_jacobian,
    land,
    perigee_height_m,
)
from beaconfire.estimation.geodesy import enu_axes, geodetic_from_ecef
from beaconfire.vocabulary.motion import ErrorEllipse, ImpactArea
from beaconfire.vocabulary.times import Instant

# An area 600 km long names no coast; whoever reads it would be no wiser.
SEMI_MAJOR_MAX_M = 300_000.0
# Below this a body does not complete another revolution, whatever it weighs.
ORBITAL_PERIGEE_M = 90_000.0
CHI2_2_95 = 5.991464547107979
_NODES = np.linspace(-3.0, 3.0, 7)
_FINE = np.linspace(-3.5, 3.5, 57)
_FINE_WEIGHTS: Floats = np.exp(-0.5 * _FINE**2) / np.sum(np.exp(-0.5 * _FINE**2))
_INTERPOLATION: Floats = np.vander(_FINE, 7) @ np.linalg.inv(np.vander(_NODES, 7))
# Centimetres, beside what a node of the drag stands for.
_STRIDE = 2.0
_BIN = 0.1  # of squared distance, in the histogram of the mixture
_BINS = 400


@dataclass(frozen=True, slots=True)
class Impact:
    """Where a state comes down, or why it cannot be said."""

    area: ImpactArea | None
    reason: str | None
    orbital: bool
    highest_m: float  # of the way still to fly
    seconds: float = math.nan  # of the way still to fly, to the ground


def ellipse_of(covariance: Floats, scale: float = CHI2_2_95) -> ErrorEllipse:
    """Return the ellipse of a 2 x 2 (east, north) covariance, ``scale`` its level."""
    longest, shortest, turned = _principal(covariance)
    azimuth = math.degrees(0.5 * math.pi - turned) % 180.0
    return ErrorEllipse(
        semi_major_m=math.sqrt(max(scale * longest, 0.0)),
        semi_minor_m=math.sqrt(max(scale * shortest, 0.0)),
        azimuth_deg=0.0 if azimuth >= 180.0 else azimuth,
    )


@compiled
def _principal(matrix: Floats) -> tuple[float, float, float]:
    """Return the variances of a 2 x 2 covariance and the first one's angle from east.

    A circle's is taken to lie north.
    """
    a, b, c = matrix[0, 0], matrix[0, 1], matrix[1, 1]
    apart = math.hypot(0.5 * (a - c), b)
    if apart == 0.0:
        return a, c, 0.5 * math.pi
    longest = 0.5 * (a + c) + apart
    return longest, (a * c - b * b) / longest, 0.5 * math.atan2(2.0 * b, a - c)


def predict_impact(epoch: Instant, state: Floats, covariance: Floats) -> Impact:
    """Return the impact of [r, v, s] with its 7 x 7 covariance at ``epoch``."""
    if perigee_height_m(state) > ORBITAL_PERIGEE_M:
        reason = "its orbit clears the atmosphere: there is no impact to predict"
        return Impact(None, reason, True, math.nan)
    landed, seconds, at, phi, highest = descend(state, _STRIDE)
    if not landed:
        reason = "it does not come down within three hours"
        return Impact(None, reason, False, highest)
    lat, lon, _ = geodetic_from_ecef(at[:3].copy())
    axes = enu_axes(lat, lon)
    jacobian = impact_jacobian(at, phi, axes)
    moved = jacobian @ covariance
    linear = moved @ jacobian.T
    if _principal(linear)[0] * CHI2_2_95 > SEMI_MAJOR_MAX_M**2:
        reason = (
            "the plots do not yet narrow the area to "
            f"{SEMI_MAJOR_MAX_M / 1e3:.0f} km each way"
        )
        return Impact(None, reason, False, highest)
    fell, nodes = _by_drag(state, covariance, at, axes, seconds)
    if not fell:
        reason = "with some of the drags it may have it does not come down"
        return Impact(None, reason, False, highest)
    # What remains when the drag is known.
    lean = moved[:, 6]
    rest = linear - np.outer(lean, lean) / covariance[6, 6]
    # Seven nodes determine a polynomial of degree six: smooth in the drag, as they are.
    area = _area(epoch, at[:3], axes, seconds, _INTERPOLATION @ nodes, rest)
    return Impact(area, None, False, highest, seconds)


@compiled
def _by_drag(
    state: Floats, covariance: Floats, at: Floats, axes: Floats, seconds: float
) -> tuple[bool, Floats]:
    """Return (east, north, time) from the mean impact for each node of the drag."""
    along = covariance[:, 6] / math.sqrt(covariance[6, 6])
    nodes = np.zeros((_NODES.shape[0], 3))
    for k in range(_NODES.shape[0]):
        if _NODES[k] == 0.0:
            continue  # the mean impact itself
        landed, flown_s, place = land(state + _NODES[k] * along, _STRIDE)
        if not landed:
            return False, nodes
        for row in range(2):
            for i in range(3):
                nodes[k, row] += axes[row, i] * (place[i] - at[i])
        nodes[k, 2] = flown_s - seconds
    return True, nodes


def _area(
    epoch: Instant, at_m: Floats, axes: Floats, seconds: float, places: Floats,
    rest: Floats,
) -> ImpactArea:  # fmt: skip
    mean = _FINE_WEIGHTS @ places
    spread = places - mean
    total = rest + (spread.T * _FINE_WEIGHTS) @ spread
    # From the plane that touches at the mean impact down to the ellipsoid.
    lat, lon, _ = geodetic_from_ecef(at_m + mean[0] * axes[0] + mean[1] * axes[1])
    sigma_s = math.sqrt(max(float(rest[2, 2]), 1e-12))
    opens_s = _before(places[:, 2], _FINE_WEIGHTS, sigma_s, 0.025)
    shuts_s = _before(places[:, 2], _FINE_WEIGHTS, sigma_s, 0.975)
    scale = _scale95(spread, _FINE_WEIGHTS, rest, total)
    rows = [(float(row[0]), float(row[1]), float(row[2])) for row in total]
    return ImpactArea(
        lat_deg=lat,
        lon_deg=lon,
        time=epoch.plus_s(seconds + float(mean[2])),
        time_window95=(
            epoch.plus_s(seconds + opens_s),
            epoch.plus_s(seconds + shuts_s),
        ),
        ellipse95=ellipse_of(total, scale),
        covariance_en_t=(rows[0], rows[1], rows[2]),
    )


@compiled
def _before(times_s: Floats, weights: Floats, sigma_s: float, share: float) -> float:
    """Return the instant before which ``share`` of the mixture of Gaussians lies.

    Newton's steps, halved instead where one would leave what encloses the answer.
    """
    low = np.min(times_s) - 6.0 * sigma_s
    high = np.max(times_s) + 6.0 * sigma_s
    width, at = high - low, 0.5 * (low + high)
    for _ in range(60):
        held, slope = 0.0, 0.0
        for k in range(times_s.shape[0]):
            z = (at - times_s[k]) / sigma_s
            held += 0.5 * weights[k] * math.erfc(-z / math.sqrt(2.0))
            slope += weights[k] * math.exp(-0.5 * z * z)
        slope /= sigma_s * math.sqrt(2.0 * math.pi)
        if held < share:
            low = at
        else:
            high = at
        step = (share - held) / slope if slope > 0.0 else math.inf
        was = at
        at += step
        if not low < at < high:
            at = 0.5 * (low + high)
        if abs(at - was) < 1e-12 * width:
            break
    return at


@compiled
def _scale95(spread: Floats, weights: Floats, rest: Floats, total: Floats) -> float:
    """Return the squared size of the ellipse of ``total`` that holds 95 %.

    Each component is a plane Gaussian: 50 rings of equal steps in its own squared
    distance, ten directions a ring. Lengths are measured in sigmas of ``total``.
    """
    longest, shortest, turned = _principal(rest)
    major, minor = math.sqrt(max(longest, 0.0)), math.sqrt(max(shortest, 0.0))
    east_sigma = math.sqrt(total[0, 0])
    lean = total[0, 1] / total[0, 0]
    north_sigma = math.sqrt(max(total[1, 1] - lean * total[0, 1], 1e-12 * total[1, 1]))
    ring_e, ring_n, shares = np.empty(500), np.empty(500), np.empty(500)
    for i in range(500):
        ring, turn = i // 10, i % 10
        angle = 2.0 * math.pi * (turn + 0.5 * (ring % 2)) / 10.0
        size = math.sqrt(0.4 * (ring + 0.5))
        shares[i] = math.exp(-0.5 * size * size)
        u, v = size * minor * math.cos(angle), size * major * math.sin(angle)
        east = v * math.cos(turned) - u * math.sin(turned)
        north = v * math.sin(turned) + u * math.cos(turned)
        ring_e[i], ring_n[i] = east / east_sigma, (north - lean * east) / north_sigma
    bins = np.zeros(_BINS)
    for k in range(0, spread.shape[0], 2):
        e = spread[k, 0] / east_sigma
        n = (spread[k, 1] - lean * spread[k, 0]) / north_sigma
        for i in range(500):
            square = (e + ring_e[i]) ** 2 + (n + ring_n[i]) ** 2
            bins[min(int(square / _BIN), _BINS - 1)] += weights[k] * shares[i]
    return _reached(bins, 0.95 * np.sum(bins))


@compiled
def _reached(bins: Floats, wanted: float) -> float:
    """Return the squared distance below which so much of the histogram lies."""
    held = 0.0
    for i in range(bins.shape[0]):
        if held + bins[i] >= wanted:
            return float(_BIN * (i + (wanted - held) / bins[i]))
        held += bins[i]
    return float(_BIN * bins.shape[0])
