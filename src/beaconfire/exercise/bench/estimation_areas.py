"""Estimation areas: do published areas and windows hold the truth, and how small?

Beside each stands the posterior Cramér-Rao bound with the estimator's own priors, on
the plots from the true burn-out on: the least that any unbiased estimator could reach.
"""

import math
from collections.abc import Callable

import numpy as np

from beaconfire.exercise.after_action.accuracy import (
    area95_km2,
    holds_point,
    offset_m,
)
from beaconfire.exercise.bench.estimation_case import (
    FOURTH_OCTOBER,
    REFERENCE,
    Watched,
    drawn_flights,
    middle_flight,
    radars,
    sensors,
    share_percent,
    watch,
)
from beaconfire.exercise.bench.figures import Figure, median_of
from beaconfire.exercise.bench.layout import bound
from beaconfire.exercise.scenario_parts import Launch
from beaconfire.vocabulary.flight import FlightEstimate

AFTER_S = (30.0, 60.0, 120.0, 300.0)
HAND_OVER_S = 60.0  # up to then an area may hold more than it says
AREA_OVER_BOUND_MAX = 1.25
RMSE_OVER_BOUND_MAX = 1.05
BIASED_RMSE_KM_MAX = 0.2
MISS_KM_MAX = {"D": 20.0, "ABC": 7.0}

Say = Callable[[str], None]


def areas(seeds: int, say: Say) -> list[Figure]:
    """Return containment, window and size of what is published, 1 and 3 radars."""
    figures: list[Figure] = []
    for names in ("A", "ABC"):
        rows = _ask(REFERENCE, names, seeds, biased=True)
        say(f"areas: {len(names)} radars, {seeds} seeds")
        for after_s in AFTER_S:
            figures.extend(_area_figures(names, after_s, rows[after_s]))
        if names == "ABC":
            misses = [_miss_m(w, e) for w, e in rows[300.0]]
            figures.append(
                Figure(
                    name="3 radars, bias drawn: impact RMSE at +300 s",
                    unit="km",
                    measured=_rms(misses, 1e-3),
                    goal=BIASED_RMSE_KM_MAX,
                )
            )
    return figures


def limits(seeds: int, say: Say) -> list[Figure]:
    """Return RMSE over the bound without bias, and the miss on 4 October."""
    figures: list[Figure] = []
    for names in ("A", "ABC"):
        rows = _ask(REFERENCE, names, seeds, biased=False)
        say(f"RMSE over its bound: {len(names)} radars, {seeds} seeds")
        for after_s in AFTER_S:
            least = bound(
                middle_flight(REFERENCE), radars(names, biased=False), after_s
            )
            misses = [_miss_m(w, e) for w, e in rows[after_s]]
            off = [_position_off_m(w, e) for w, e in rows[after_s]]
            for what, values, limit in (
                ("impact", misses, least.impact_rmse_m),
                ("position", off, least.position_rmse_m),
            ):
                figures.append(
                    Figure(
                        name=f"{what} RMSE over bound, {len(names)} radars, no bias, "
                        f"+{after_s:.0f} s",
                        unit="",
                        measured=_rms(values, 1.0 / limit),
                        goal=RMSE_OVER_BOUND_MAX,
                    )
                )
    for names, goal_km in MISS_KM_MAX.items():
        pairs = _ask(FOURTH_OCTOBER, names, seeds, biased=True, at=(30.0,))[30.0]
        misses_km = [
            None if m is None else m / 1e3 for m in (_miss_m(*p) for p in pairs)
        ]
        figures.append(
            Figure(
                name=f"4 October, {len(names)} radars: median miss at +30 s",
                unit="km",
                measured=median_of(misses_km),
                goal=goal_km,
            )
        )
    return figures


Pair = tuple[Watched, FlightEstimate]


def _ask(
    launch: Launch,
    names: str,
    seeds: int,
    *,
    biased: bool,
    at: tuple[float, ...] = AFTER_S,
) -> dict[float, list[Pair]]:
    """Return every seed's estimate at each instant after burn-out."""
    flights = drawn_flights(launch)
    rows: dict[float, list[Pair]] = {after_s: [] for after_s in at}
    for seed in range(1, seeds + 1):
        flight = flights[seed * 13 % len(flights)]
        watched = watch(flight, sensors(names, biased=biased), seed)
        for after_s in at:
            estimate = watched.estimate(flight.burn_out_s + after_s)
            rows[after_s].append((watched, estimate))
    return rows


def _area_figures(names: str, after_s: float, pairs: list[Pair]) -> list[Figure]:
    given = [(w, e) for w, e in pairs if e.impact is not None]
    inside = [holds_impact(w, e) for w, e in given]
    in_time = [_in_window(w, e) for w, e in given]
    least = bound(middle_flight(REFERENCE), radars(names), after_s).area95_km2
    sizes = [area95_km2(e.impact) / least for _, e in given if e.impact is not None]
    young = after_s <= HAND_OVER_S
    row = f"{len(names)} radars, +{after_s:.0f} s"
    size_goal = None if after_s <= AFTER_S[0] else AREA_OVER_BOUND_MAX
    return [
        Figure(
            name=f"{row}: area holds the impact",
            unit="%",
            measured=share_percent(inside),
            goal=93.0,
            at_least=True,
            upto=100.0 if young else 97.0,
        ),
        Figure(
            name=f"{row}: window holds the time",
            unit="%",
            measured=share_percent(in_time),
            goal=93.0,
            at_least=True,
            upto=99.0,
        ),
        Figure(
            name=f"{row}: median area over the bound's",
            unit="",
            measured=median_of(sizes),
            goal=size_goal,
        ),
        Figure(
            name=f"{row}: an area was given",
            unit="%",
            measured=100.0 * len(given) / max(1, len(pairs)),
        ),
    ]


def holds_impact(watched: Watched, estimate: FlightEstimate) -> bool:
    """Say whether the true impact lies in the area that an estimate gives."""
    area, truth = estimate.impact, watched.flight.impact
    assert area is not None
    assert truth is not None
    return holds_point(area, *offset_m(area, truth))


def _in_window(watched: Watched, estimate: FlightEstimate) -> bool:
    assert estimate.impact is not None
    first, last = estimate.impact.time_window95
    return first <= watched.flight.lift_off.plus_s(watched.flight.end_s) <= last


def _miss_m(watched: Watched, estimate: FlightEstimate) -> float | None:
    truth = watched.flight.impact
    if estimate.impact is None or truth is None:
        return None
    return math.hypot(*offset_m(estimate.impact, truth))


def _position_off_m(watched: Watched, estimate: FlightEstimate) -> float | None:
    if estimate.track is None:
        return None
    at_s = estimate.track.epoch.seconds_since(watched.flight.lift_off)
    true = watched.flight.state_ecef(np.array(at_s))[:3]
    return float(np.linalg.norm(true - np.array(estimate.track.position_ecef_m)))


def _rms(values: list[float | None], scale: float) -> float | None:
    """Return the root of the mean square; nothing while any seed gave none."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return scale * math.sqrt(sum(value * value for value in known) / len(known))
