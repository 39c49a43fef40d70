"""Batch case: many coasting objects and what one radar sees of them, as plain arrays.

All are the *reference* flight (``estimation_case``) after burn-out, seen by radar A.
For the filters: independent draws of one flight's plots. For whole scans: objects that
stand in a square five kilometres apart, as a salvo does, each known as well as after a
minute of tracking and seen once; gates there seldom touch, and some do.

The same numbers go to our kernels (``rows``) and to the peer (``raw``).
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from beaconfire.estimation.arrays import Floats
from beaconfire.estimation.batch_filter import follow_each, start
from beaconfire.estimation.geodesy import ecef_from_geodetic, enu_axes
from beaconfire.estimation.measurement import COLUMNS, fill_rows, seen_from
from beaconfire.estimation.propagation import sample_arc
from beaconfire.exercise.bench.estimation_case import (
    ANGLE_SIGMA_MRAD,
    RANGE_SIGMA_M,
    REFERENCE,
    SENSORS,
    middle_flight,
)

STARTING = 11  # plots that make the start; the filters take the others
PLOTS = 300
KNOWN_AFTER = 60  # plots behind each object of a scan
APART_M = 5_000.0
_SITE = SENSORS["A"]
_SIGMAS = np.array([RANGE_SIGMA_M, ANGLE_SIGMA_MRAD, ANGLE_SIGMA_MRAD])


@dataclass(frozen=True, slots=True)
class Radar:
    """Where the radar stands, and the axes it measures about."""

    site_ecef_m: Floats
    axes: Floats  # rows east, north, up


@dataclass(frozen=True, slots=True)
class Tracks:
    """Objects with their plots after the start. Arrays are (objects, plots, ...)."""

    times_s: Floats  # (plots,)
    raw: Floats  # range (m), azimuth, elevation (degrees), their sigmas (m, mrad)
    rows: Floats
    means: Floats  # (objects, 7) at ``start_s``
    covariances: Floats
    start_s: float
    truth: Floats  # (plots, 6)


@dataclass(frozen=True, slots=True)
class Scan:
    """Objects one second before a scan, and the scan in no order."""

    means: Floats
    covariances: Floats
    raw: Floats
    rows: Floats

    def fresh(self) -> "Scan":
        """Return a copy whose states no filter has touched."""
        return replace(
            self, means=self.means.copy(), covariances=self.covariances.copy()
        )


def radar() -> Radar:
    """Return the radar of all plots here."""
    return Radar(
        ecef_from_geodetic(_SITE.lat_deg, _SITE.lon_deg, 0.0),
        enu_axes(_SITE.lat_deg, _SITE.lon_deg),
    )


@cache
def tracks(objects: int) -> Tracks:
    """Return so many draws of one flight's plots, each with its own start."""
    flight = middle_flight(REFERENCE)
    first_s = flight.burn_out_s + 5.0
    times_s = np.arange(float(PLOTS))
    truth = np.array([flight.state_ecef(np.array(first_s + t)) for t in times_s])
    raw = np.array([_look(truth, seed) for seed in range(objects)])
    rows = np.array([_rows(one) for one in raw])
    means, covariances = np.empty((objects, 7)), np.empty((objects, 7, 7))
    for k in range(objects):
        start(times_s[:STARTING], rows[k, :STARTING], means[k], covariances[k])
    return Tracks(
        times_s[STARTING:], raw[:, STARTING:], rows[:, STARTING:], means, covariances,
        float(times_s[STARTING - 1]), truth[STARTING:],
    )  # fmt: skip


@cache
def scan(objects: int) -> Scan:
    """Return so many objects side by side and their next scan."""
    one = tracks(1)
    plots = KNOWN_AFTER - STARTING
    mean, covariance = one.means.copy(), one.covariances.copy()
    firsts, distances = np.array([0, plots]), np.empty(plots)
    now_s = np.array([one.start_s])
    follow_each(
        mean, covariance, now_s, one.times_s, one.rows[0], firsts, distances
    )  # fmt: skip
    means = np.tile(mean, (objects, 1))
    side = int(np.ceil(np.sqrt(objects)))
    east, north = radar().axes[:2]
    for k in range(objects):
        means[k, :3] += APART_M * (k % side * east + k // side * north)
    draws = np.random.default_rng([7, objects])
    later = np.array([sample_arc(state, np.ones(1))[0][0] for state in means])
    raw = _look(later, objects)[draws.permutation(objects)]
    return Scan(means, np.tile(covariance, (objects, 1, 1)), raw, _rows(raw))


def _look(states: Floats, seed: int) -> Floats:
    """Return what the radar measures of each state, noise drawn from the seed."""
    exact = np.array(
        [seen_from(_SITE.lat_deg, _SITE.lon_deg, 0.0, state[:3]) for state in states]
    )
    noise = np.random.default_rng([3, seed]).standard_normal(exact.shape) * _SIGMAS
    noise[:, 1:] = np.degrees(noise[:, 1:] * 1e-3)
    return np.hstack([exact + noise, np.tile(_SIGMAS, (len(states), 1))])


def _rows(raw: Floats) -> Floats:
    rows = np.empty((len(raw), COLUMNS))
    here = radar()
    slots = np.zeros(len(raw), dtype=np.int64)
    fill_rows(raw, here.site_ecef_m[None], here.axes[None], slots, rows)
    return rows
