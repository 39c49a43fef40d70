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

from beaconfire.estimation.arc import inverse
from beaconfire.estimation.arrays import Floats, compiled
from beaconfire.estimation.descent import (
    descend,
    impact_jacobian,
    land_each,
    perigee_height_m,
)
from beaconfire.estimation.geodesy import enu_axes, geodetic_from_ecef, offset_place
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
    values, vectors = np.linalg.eigh(covariance)
    east, north = float(vectors[0, 1]), float(vectors[1, 1])
    azimuth = math.degrees(math.atan2(east, north)) % 180.0
    return ErrorEllipse(
        semi_major_m=math.sqrt(max(scale * float(values[1]), 0.0)),
        semi_minor_m=math.sqrt(max(scale * float(values[0]), 0.0)),
        azimuth_deg=0.0 if azimuth >= 180.0 else azimuth,
    )


def predict_impact(epoch: Instant, state: Floats, covariance: Floats) -> Impact:
    """Return the impact of [r, v, s] with its 7 x 7 covariance at ``epoch``."""
    if perigee_height_m(state) > ORBITAL_PERIGEE_M:
        reason = "its orbit clears the atmosphere: there is no impact to predict"
        return Impact(None, reason, True, math.nan)
    landed, seconds, at, phi, highest = descend(state)
    if not landed:
        reason = "it does not come down within three hours"
        return Impact(None, reason, False, highest)
    lat, lon, _ = geodetic_from_ecef(at[:3].copy())
    axes = enu_axes(lat, lon)
    jacobian = impact_jacobian(at, phi, axes)
    linear = jacobian @ covariance @ jacobian.T
    if float(np.linalg.eigvalsh(linear[:2, :2])[1]) * CHI2_2_95 > SEMI_MAJOR_MAX_M**2:
        reason = (
            "the plots do not yet narrow the area to "
            f"{SEMI_MAJOR_MAX_M / 1e3:.0f} km each way"
        )
        return Impact(None, reason, False, highest)
    places = _by_drag(state, covariance, at[:3], axes, seconds)
    if places is None:
        reason = "with some of the drags it may have it does not come down"
        return Impact(None, reason, False, highest)
    # What remains when the drag is known.
    given_drag = (
        covariance - np.outer(covariance[:, 6], covariance[6]) / covariance[6, 6]
    )
    rest = jacobian @ given_drag @ jacobian.T
    area = _area(epoch, (lat, lon), places, rest)
    return Impact(area, None, False, highest, seconds)


def _by_drag(
    state: Floats, covariance: Floats, at_m: Floats, axes: Floats, seconds: float
) -> Floats | None:
    """Return (east, north, time) of the impact for each fine node of the drag."""
    sigma = math.sqrt(covariance[6, 6])
    along = covariance[:, 6] / sigma
    starts = state + np.outer(_NODES, along)
    times, positions = np.empty(len(_NODES)), np.empty((len(_NODES), 3))
    if not np.all(land_each(starts, times, positions)):
        return None
    offsets = np.column_stack([(positions - at_m) @ axes[:2].T, times - seconds])
    # Seven nodes determine a polynomial of degree six: smooth in the drag, as they are.
    result: Floats = _INTERPOLATION @ offsets
    result[:, 2] += seconds
    return result


def _area(
    epoch: Instant, place: tuple[float, float], places: Floats, rest: Floats
) -> ImpactArea:
    mean = _FINE_WEIGHTS @ places
    spread = places - mean
    total = rest + (spread.T * _FINE_WEIGHTS) @ spread
    lat, lon = offset_place(place[0], place[1], float(mean[0]), float(mean[1]))
    times_s = np.ascontiguousarray(places[:, 2])
    sigma_s = math.sqrt(max(float(rest[2, 2]), 0.0))
    opens_s = _window(times_s, _FINE_WEIGHTS, sigma_s, 0.025)
    shuts_s = _window(times_s, _FINE_WEIGHTS, sigma_s, 0.975)
    scale = _scale95(spread[:, :2], rest[:2, :2], total[:2, :2])
    rows = [(float(row[0]), float(row[1]), float(row[2])) for row in total]
    return ImpactArea(
        lat_deg=lat,
        lon_deg=lon,
        time=epoch.plus_s(float(mean[2])),
        time_window95=(epoch.plus_s(opens_s), epoch.plus_s(shuts_s)),
        ellipse95=ellipse_of(total[:2, :2], scale),
        covariance_en_t=(rows[0], rows[1], rows[2]),
    )


@compiled
def _window(times_s: Floats, weights: Floats, sigma_s: float, share: float) -> float:
    """Return the instant before which ``share`` of the mixture of Gaussians lies."""
    sigma = max(sigma_s, 1e-6)
    low = np.min(times_s) - 6.0 * sigma
    high = np.max(times_s) + 6.0 * sigma
    for _ in range(40):
        middle = 0.5 * (low + high)
        held = 0.0
        for k in range(times_s.shape[0]):
            z = (middle - times_s[k]) / (sigma * math.sqrt(2.0))
            held += 0.5 * weights[k] * math.erfc(-z)
        if held < share:
            low = middle
        else:
            high = middle
    return float(0.5 * (low + high))


@compiled
def _histogram(
    spread: Floats, weights: Floats, root: Floats, inverse: Floats
) -> Floats:
    """Return how the mixture's squared distances are spread over bins.

    Each component is a plane Gaussian: 50 rings of equal steps in its own squared
    distance, ten directions a ring.
    """
    bins = np.zeros(_BINS)
    for ring in range(50):
        q = 0.4 * (ring + 0.5)
        share = math.exp(-0.5 * q)
        for turn in range(10):
            angle = 2.0 * math.pi * (turn + 0.5 * (ring % 2)) / 10.0
            u, v = math.sqrt(q) * math.cos(angle), math.sqrt(q) * math.sin(angle)
            east, north = (
                root[0, 0] * u + root[0, 1] * v,
                root[1, 0] * u + root[1, 1] * v,
            )
            for k in range(0, spread.shape[0], 2):
                e, n = spread[k, 0] + east, spread[k, 1] + north
                square = inverse[0, 0] * e * e + inverse[1, 1] * n * n
                square += 2.0 * inverse[0, 1] * e * n
                bins[min(int(square / _BIN), _BINS - 1)] += weights[k] * share
    return bins


def _scale95(spread: Floats, rest: Floats, total: Floats) -> float:
    """Return the squared size of the ellipse of ``total`` that holds 95 %."""
    values, vectors = np.linalg.eigh(rest)
    root = np.ascontiguousarray(vectors * np.sqrt(np.maximum(values, 0.0)))
    plane = np.ascontiguousarray(spread)
    bins = _histogram(plane, _FINE_WEIGHTS, root, inverse(total))
    cumulated = np.cumsum(bins) / np.sum(bins)
    edges = _BIN * (np.arange(_BINS) + 1.0)
    return float(np.interp(0.95, cumulated, edges))
