"""Bound: the least errors that any unbiased estimator could reach on given plots.

The posterior Cramér-Rao bound of an impact and of a position. Known beforehand to such
an estimator: each radar's survey error and ln beta by their one sigma. Unknown:
position and velocity at burn-out. Plots before burn-out are left out, as an estimator
that does not know the thrust must; one that knows something of the last powered state
can pass the bound while the arc is young.

The derivatives are differences of flights that share no code with the estimator.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beaconfire.exercise.radar import Radar, look, visible
from beaconfire.exercise.sky import Flight
from beaconfire.exercise.sky.dynamics import Body, Course, follow
from beaconfire.exercise.sky.earth import (
    SEMI_MAJOR_M,
    Floats,
    geodetic,
    inertial_to_ecef,
)
from beaconfire.exercise.sky.flight import LN_BALLISTIC_SIGMA

_CHI2_95_OF_2 = 5.991464547
_PER_UNIT = np.array([1.0, 1_000.0, 1_000.0])  # m, and mrad in a radian
# Differences: small against the curvature of a flight, large against its rounding.
_STEPS = np.array([20.0, 20.0, 20.0, 0.05, 0.05, 0.05, 0.02])


@dataclass(frozen=True, slots=True)
class Bound:
    """The least 95 % impact ellipse that some plots allow."""

    area95_km2: float
    semi_major_km: float
    semi_minor_km: float
    impact_rmse_m: float
    position_rmse_m: float  # at the last plot


@dataclass(frozen=True, slots=True)
class Looks:
    """When one radar looked, in seconds from lift-off."""

    radar: Radar
    times_s: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Varied:
    """A flight from burn-out on, and the same a little displaced each way."""

    flight: Flight
    displaced: tuple[tuple[Course, Course], ...]  # ahead, behind; by component
    impact_by_state: Floats  # (2, 7), east and north in metres

    def position_by_state(self, times_s: Floats) -> Floats:
        """Return (time, 3, 7): position by the state at burn-out and ln of drag."""
        columns = [
            (_positions(ahead, times_s) - _positions(behind, times_s)) / (2.0 * step)
            for (ahead, behind), step in zip(self.displaced, _STEPS, strict=True)
        ]
        return np.stack(columns, axis=-1)


def vary(flight: Flight) -> Varied:
    """Follow the flight from burn-out 14 times more, each time a little displaced."""
    begin_s = flight.burn_out_s
    start = np.append(flight.course.motion(begin_s), 0.0)
    assert flight.impact is not None, "a bound on the impact needs an impact"
    level = math.cos(math.radians(flight.impact.lat_deg))

    def followed(state: Floats) -> Course:
        body = Body(flight.ballistic_kg_per_m2 * math.exp(state[6]))
        return follow(state[:6], body, None, begin_s=begin_s)

    displaced, fell = [], []
    for index, step in enumerate(_STEPS):
        shift = step * np.eye(7)[index]
        ahead, behind = followed(start + shift), followed(start - shift)
        displaced.append((ahead, behind))
        fell.append((_fell(ahead, level) - _fell(behind, level)) / (2.0 * step))
    return Varied(flight, tuple(displaced), np.stack(fell, axis=-1))


def least(varied: Varied, looks: Sequence[Looks]) -> Bound:
    """Sum what every plot tells, with each prior counted once, and invert it.

    Looks before burn-out, and those at which the radar could not see it, tell nothing.
    """
    flight = varied.flight
    size = 7 + 3 * len(looks)
    information = np.zeros((size, size))
    information[6, 6] = 1.0 / LN_BALLISTIC_SIGMA**2
    last_s = flight.burn_out_s
    for index, looked in enumerate(looks):
        at, radar = 7 + 3 * index, looked.radar
        times_s = _seen(flight, looked)
        last_s = max([last_s, *times_s.tolist()])
        rows = _plot_derivatives(varied, radar, times_s)
        columns = np.r_[0:7, at : at + 3]
        sigmas = np.array(radar.sigmas) / _PER_UNIT
        priors = np.array(radar.bias_sigmas) / _PER_UNIT
        # The bias is counted in its own sigmas, so its prior is one.
        whole = np.concatenate(
            [rows, np.broadcast_to(np.diag(priors), (len(rows), 3, 3))], axis=2
        )
        weighted = whole / sigmas[np.newaxis, :, np.newaxis]
        information[np.ix_(columns, columns)] += np.einsum(
            "sij,sik->jk", weighted, weighted
        )
        information[at : at + 3, at : at + 3] += np.eye(3)
    covariance = _inverse(information)[:7, :7]
    impact = varied.impact_by_state @ covariance @ varied.impact_by_state.T
    newest = varied.position_by_state(np.array([last_s]))[0]
    minor, major = np.sqrt(_CHI2_95_OF_2 * np.linalg.eigvalsh(impact)) / 1_000.0
    return Bound(
        area95_km2=float(math.pi * minor * major),
        semi_major_km=float(major),
        semi_minor_km=float(minor),
        impact_rmse_m=math.sqrt(float(np.trace(impact))),
        position_rmse_m=math.sqrt(float(np.trace(newest @ covariance @ newest.T))),
    )


def each_second(
    flight: Flight, radars: Sequence[Radar], after_burnout_s: float
) -> tuple[Looks, ...]:
    """Return a look of each radar at each whole second from burn-out on."""
    begin_s = flight.burn_out_s
    times_s = np.arange(begin_s, begin_s + after_burnout_s, 1.0)
    return tuple(Looks(radar, times_s) for radar in radars)


def _seen(flight: Flight, looked: Looks) -> Floats:
    """Return the times after burn-out at which the radar can see the flight."""
    times_s = looked.times_s[looked.times_s >= flight.burn_out_s]
    seen: Floats = times_s[visible(looked.radar, _positions(flight.course, times_s))]
    return seen


def _positions(course: Course, times_s: Floats) -> Floats:
    states = np.moveaxis(course.motion(times_s), 0, -1)
    return inertial_to_ecef(times_s, states)[:, :3]


def _fell(course: Course, level: float) -> Floats:
    """Return the impact as metres east and north on a map true at one latitude.

    ``level`` is that latitude's cosine. It must be one for all that is compared: a
    cosine of each impact's own would turn a step north into one east.
    """
    assert course.landed, "a bound on the impact needs an impact"
    end = inertial_to_ecef(np.array(course.end_s), course.motion(course.end_s))
    lat, lon, _ = geodetic(end[:3])
    scale = math.radians(1.0) * SEMI_MAJOR_M
    return np.array([lon * scale * level, lat * scale])


def _inverse(information: Floats) -> Floats:
    """Invert after scaling to a unit diagonal: the units differ by many powers."""
    scale = 1.0 / np.sqrt(np.diag(information))
    scaled = information * np.outer(scale, scale)
    inverse: Floats = np.linalg.inv(scaled) * np.outer(scale, scale)
    return inverse


def _plot_derivatives(varied: Varied, radar: Radar, times_s: Floats) -> Floats:
    """Return (time, 3, 7): range (m), azimuth and elevation (rad) by the state."""
    position = _positions(varied.flight.course, times_s)
    columns = []
    for axis in np.eye(3):
        ahead, behind = (
            look(radar.site, position + axis),
            look(radar.site, position - axis),
        )
        distance, azimuth, elevation = (
            0.5 * (a - b) for a, b in zip(ahead, behind, strict=True)
        )
        azimuth = (azimuth + 90.0) % 180.0 - 90.0  # half of a step across north
        columns.append(
            np.stack([distance, np.radians(azimuth), np.radians(elevation)], axis=-1)
        )
    by_position = np.stack(columns, axis=-1)  # (time, 3, 3)
    return by_position @ varied.position_by_state(times_s)
