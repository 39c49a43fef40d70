"""Layout: how much the exercise's gain depends on where its sensors stand.

The gain that an exercise shows is a property of its invented sensor sites as much as of
sharing. This computes the best that any unbiased estimator could do (the posterior
Cramér-Rao bound) for one to three Japanese radars, with and without the Korean ones, so
that the figure can be printed beside every claim.

Known beforehand to such an estimator: each radar's survey error and ln beta by their
one sigma. Unknown: position and velocity at burn-out. Plots before burn-out are left
out, as an estimator that does not know the thrust must.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beaconfire.exercise.bench.figures import Bench, Figure
from beaconfire.exercise.radar import Radar, look, radar_of, visible
from beaconfire.exercise.scenario_parts import Scenario
from beaconfire.exercise.sky import Flight, fly_all
from beaconfire.exercise.sky.dynamics import Body, Course, follow
from beaconfire.exercise.sky.earth import (
    SEMI_MAJOR_M,
    Floats,
    geodetic,
    inertial_to_ecef,
)
from beaconfire.exercise.sky.flight import LN_BALLISTIC_SIGMA
from beaconfire.vocabulary.party import Party

_CHI2_95_OF_2 = 5.991464547
_PER_UNIT = np.array([1.0, 1_000.0, 1_000.0])  # m, and mrad in a radian
# Differences: small against the curvature of a flight, large against its rounding.
_STEPS = np.array([20.0, 20.0, 20.0, 0.05, 0.05, 0.05, 0.02])


@dataclass(frozen=True, slots=True)
class Bound:
    """The least 95 % impact ellipse that a set of radars allows."""

    area95_km2: float
    semi_major_km: float
    semi_minor_km: float
    first_plot_s: float | None  # from lift-off, by any of the radars
    impact_rmse_m: float
    position_rmse_m: float  # at the last scan


@dataclass(frozen=True, slots=True)
class Row:
    """One layout: a nation's radars alone, and joined by a partner's."""

    own_sensor_ids: tuple[str, ...]
    alone: Bound
    shared: Bound

    @property
    def area_ratio(self) -> float:
        """The area with sharing over the area without."""
        return self.shared.area95_km2 / self.alone.area95_km2


@dataclass(frozen=True, slots=True)
class _Varied:
    """The flight after burn-out and its derivatives, column by column."""

    flight: Flight
    scans_s: Floats
    position_ecef_m: Floats  # (scan, 3)
    position_by_state: Floats  # (scan, 3, 7)
    impact_by_state: Floats  # (2, 7), east and north in metres


def sweep(
    scenario: Scenario,
    *,
    own: Party,
    partner: Party,
    after_burnout_s: float = 60.0,
    seed: int | None = None,
) -> tuple[Row, ...]:
    """Return a row for the first, the first two, ... of ``own``'s radars."""
    flight = fly_all(scenario, seed=seed)[0]
    varied = _vary(flight, after_burnout_s)
    mine = _radars(scenario, own)
    theirs = _radars(scenario, partner)
    return tuple(
        Row(
            own_sensor_ids=tuple(radar.site.id for radar in mine[:count]),
            alone=_bound(varied, mine[:count]),
            shared=_bound(varied, (*mine[:count], *theirs)),
        )
        for count in range(1, len(mine) + 1)
    )


def _radars(scenario: Scenario, party: Party) -> tuple[Radar, ...]:
    return tuple(radar_of(s) for s in scenario.sensors_of(party) if s.kind == "radar")


def first_plot_s(flight: Flight, radars: Sequence[Radar]) -> float | None:
    """Return when any of the radars could first see the flight, from lift-off."""
    times = np.arange(0.0, flight.end_s, 1.0)
    position = flight.state_ecef(times)[:, :3]
    seen = np.zeros(len(times), dtype=bool)
    for radar in radars:
        seen |= visible(radar, position)
    return float(times[np.argmax(seen)]) if seen.any() else None


def _vary(flight: Flight, after_burnout_s: float) -> _Varied:
    """Follow the flight from burn-out 14 times more, each time a little displaced."""
    begin_s = flight.burn_out_s
    start = np.append(flight.course.motion(begin_s), 0.0)
    scans_s = np.arange(begin_s, begin_s + after_burnout_s, 1.0)
    assert flight.impact is not None, "a bound on the impact needs an impact"
    level = math.cos(math.radians(flight.impact.lat_deg))

    def followed(state: Floats) -> tuple[Floats, Floats]:
        body = Body(flight.ballistic_kg_per_m2 * math.exp(state[6]))
        course = follow(state[:6], body, None, begin_s=begin_s)
        return _positions(course, scans_s), _fell(course, level)

    by_state, fell_by_state = [], []
    for index, step in enumerate(_STEPS):
        shift = step * np.eye(7)[index]
        (ahead, fell_ahead) = followed(start + shift)
        (behind, fell_behind) = followed(start - shift)
        by_state.append((ahead - behind) / (2.0 * step))
        fell_by_state.append((fell_ahead - fell_behind) / (2.0 * step))
    return _Varied(
        flight=flight,
        scans_s=scans_s,
        position_ecef_m=_positions(flight.course, scans_s),
        position_by_state=np.stack(by_state, axis=-1),
        impact_by_state=np.stack(fell_by_state, axis=-1),
    )


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


def _bound(varied: _Varied, radars: Sequence[Radar]) -> Bound:
    """Sum what every plot tells, with each prior counted once, and invert it."""
    size = 7 + 3 * len(radars)
    information = np.zeros((size, size))
    information[6, 6] = 1.0 / LN_BALLISTIC_SIGMA**2
    for index, radar in enumerate(radars):
        at = 7 + 3 * index
        rows = _plot_derivatives(varied, radar)
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
    newest = varied.position_by_state[-1]
    minor, major = np.sqrt(_CHI2_95_OF_2 * np.linalg.eigvalsh(impact)) / 1_000.0
    return Bound(
        area95_km2=float(math.pi * minor * major),
        semi_major_km=float(major),
        semi_minor_km=float(minor),
        first_plot_s=first_plot_s(varied.flight, radars),
        impact_rmse_m=math.sqrt(float(np.trace(impact))),
        position_rmse_m=math.sqrt(float(np.trace(newest @ covariance @ newest.T))),
    )


def bound(flight: Flight, radars: Sequence[Radar], after_burnout_s: float) -> Bound:
    """Return the least errors that radars allow so long after a flight's burn-out."""
    return _bound(_vary(flight, after_burnout_s), radars)


def _inverse(information: Floats) -> Floats:
    """Invert after scaling to a unit diagonal: the units differ by many powers."""
    scale = 1.0 / np.sqrt(np.diag(information))
    scaled = information * np.outer(scale, scale)
    inverse: Floats = np.linalg.inv(scaled) * np.outer(scale, scale)
    return inverse


def _plot_derivatives(varied: _Varied, radar: Radar) -> Floats:
    """Return (scan, 3, 7): range (m), azimuth and elevation (rad) by the state."""
    seen = visible(radar, varied.position_ecef_m)
    position = varied.position_ecef_m[seen]
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
    by_position = np.stack(columns, axis=-1)  # (scan, 3, 3)
    return by_position @ varied.position_by_state[seen]


def sweep_text(rows: Sequence[Row], *, own: Party, partner: Party) -> str:
    """Return the sweep as a table for people, to stand beside any claim of a gain."""
    lines = [
        f"least 95 % impact area, {own} alone and with the plots of {partner}",
        f"{own + ' radars':>12}  {'alone km2':>10}  {'shared km2':>10}  "
        f"{'ratio':>6}  {'first plot alone s':>18}  {'shared s':>8}",
    ]
    for row in rows:
        alone, shared = row.alone, row.shared
        lines.append(
            f"{len(row.own_sensor_ids):>12}  {alone.area95_km2:>10.1f}  "
            f"{shared.area95_km2:>10.1f}  {row.area_ratio:>6.3f}  "
            f"{_seconds(alone.first_plot_s):>18}  {_seconds(shared.first_plot_s):>8}"
        )
    return "\n".join(lines)


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.0f}"


def as_bench(rows: Sequence[Row], *, own: Party, partner: Party) -> Bench:
    """Return the sweep as figures: they bound what may be claimed, and have no goal."""
    figures = []
    for row in rows:
        count = len(row.own_sensor_ids)
        what = f"{own} with {count} radar" + ("s" if count > 1 else "")
        figures += [
            Figure(
                name=f"least area ratio, {what}",
                unit="",
                measured=row.area_ratio,
            ),
            Figure(
                name=f"first plot earlier by, {what}",
                unit="s",
                measured=_earlier_s(row),
            ),
        ]
    return Bench(
        bench="layout",
        figures=tuple(figures),
        conditions=(
            "a bound (posterior Cramér-Rao) from the flight and the sensors' errors "
            "alone, at burn-out + 60 s: no node runs and no estimate is made",
            "every sensor site is invented",
        ),
        text=sweep_text(rows, own=own, partner=partner),
    )


def _earlier_s(row: Row) -> float | None:
    alone_s, shared_s = row.alone.first_plot_s, row.shared.first_plot_s
    return None if alone_s is None or shared_s is None else alone_s - shared_s
