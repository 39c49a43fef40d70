"""Estimation phases: burn-out and stages, asked every second; and false alarms."""

from dataclasses import dataclass
from statistics import median

import numpy as np
from msgspec import Struct

from beaconfire.exercise.bench.estimation_areas import AFTER_S, holds_impact
from beaconfire.exercise.bench.estimation_case import (
    FOURTH_OCTOBER,
    REFERENCE,
    Watched,
    drawn_flights,
    sensors,
    staged,
    watch,
)
from beaconfire.exercise.bench.figures import Figure, median_of, share
from beaconfire.exercise.bench.workers import Workers
from beaconfire.exercise.scenario_parts import Launch

BURNOUT_S_MAX, RESUMED_S_MAX = 15.0, 5.0
GAPS_S = (3.0, 8.0, 14.0, 20.0)
FALSE_ALARM_PERCENT_MAX = 0.1
_STAGED_FLIGHTS = 4  # a gap
_BEFORE_S, _AFTER_S = 30, 40
# Of 1,000 looks: dense while young, then as a node asks, to the end of the flight.
_LOOKS_AFTER_S = (*range(8, 60, 4), *range(60, 300, 20), *range(300, 3_000, 60))


class Seed(Struct, frozen=True, kw_only=True):
    """One seed of one row; ``gap_s`` where the flight has two stages."""

    launch: Launch
    radars: str
    seed: int
    gap_s: float = 0.0


def burnouts(seeds: int, crew: Workers) -> list[Figure]:
    """Return how soon burn-out is found, and whether ever early."""
    figures: list[Figure] = []
    for launch, names in ((REFERENCE, "D"), (REFERENCE, "ABC"), (FOURTH_OCTOBER, "D")):
        row = f"burn-out, {launch.id}, {len(names)} radars"
        cases = [
            Seed(launch=launch, radars=names, seed=seed) for seed in range(1, seeds + 1)
        ]
        delays = list(crew.each(f"{row}, seeds", burnout_delay_s, cases, at_once=4))
        early = sum(delay is not None and delay < 0.0 for delay in delays)
        figures += [
            Figure(
                name=f"{row}: found after, median of {seeds}",
                unit="s",
                measured=median_of(delays),
                goal=BURNOUT_S_MAX,
            ),
            Figure(
                name=f"{row}: early in {seeds} runs",
                unit="",
                measured=float(early),
                goal=0.0,
            ),
            share(
                f"{row}: not found within {_AFTER_S} s",
                [delay is None for delay in delays],
            ),
        ]
    return figures


def burnout_delay_s(case: Seed) -> float | None:
    """Return how long after burn-out the first area stands; negative if too early."""
    flights = drawn_flights(case.launch)
    flight = flights[case.seed % len(flights)]
    watched = watch(flight, sensors(case.radars), case.seed)
    out_s = flight.burn_out_s
    first_s = _first_area_s(watched, out_s - _BEFORE_S, out_s + _AFTER_S)
    return None if first_s is None else first_s - out_s


def _first_area_s(watched: Watched, from_s: float, to_s: float) -> float | None:
    for at_s in np.arange(from_s, to_s).tolist():
        if watched.estimate(at_s).impact is not None:
            return float(at_s)
    return None


@dataclass(slots=True)
class _Gap:
    """What happened about the gap of one flight, in seconds.

    ``held`` says of each instant after the final burn-out whether the area held the
    true impact; ``None`` where none was given.
    """

    in_gap_s: int = 0
    marked_s: int = 0
    resumed_after_s: float | None = None
    held: tuple[bool | None, ...] = ()


def stagings(seeds: int, crew: Workers) -> list[Figure]:
    """Return what areas stand in a gap, and how soon they go when thrust resumes."""
    figures: list[Figure] = []
    for launch, names in (
        (FOURTH_OCTOBER, "D"), (FOURTH_OCTOBER, "ABC"), (REFERENCE, "D"),
        (REFERENCE, "ABC"),
    ):  # fmt: skip
        row = f"gaps of 3 to 20 s, {launch.id}, {len(names)} radars"
        cases = [
            Seed(launch=launch, radars=names, seed=seed, gap_s=gap_s)
            for gap_s in GAPS_S
            for seed in range(1, seeds + 1)
        ]
        gaps = list(crew.each(f"{row}, flights", about_gap, cases))
        figures += _stage_figures(row, gaps)
    return figures


def about_gap(case: Seed) -> _Gap:
    """Fly two stages; return what was said in the gap and after the final burn-out."""
    launch = staged(case.launch, case.gap_s)
    flight = drawn_flights(launch, _STAGED_FLIGHTS)[case.seed % _STAGED_FLIGHTS]
    watched = watch(flight, sensors(case.radars), case.seed)
    found = _about_gap(watched, launch, case.gap_s)
    said = [watched.estimate(flight.burn_out_s + after_s) for after_s in AFTER_S]
    found.held = tuple(
        None if e.impact is None else holds_impact(watched, e) for e in said
    )
    return found


def _about_gap(watched: Watched, launch: Launch, gap_s: float) -> _Gap:
    """Ask each second from the first burn-out until thrust that resumed is known."""
    out_s = launch.stages[0][0]
    lit_s, found = out_s + gap_s, _Gap()
    for at_s in np.arange(out_s, watched.flight.burn_out_s).tolist():
        estimate = watched.estimate(at_s)
        if estimate.impact is not None:
            found.in_gap_s += 1
            found.marked_s += estimate.impact_condition is not None
        elif found.in_gap_s and at_s >= lit_s:
            found.resumed_after_s = at_s - lit_s
            return found
    return found


def _stage_figures(row: str, gaps: list[_Gap]) -> list[Figure]:
    spoken = [gap for gap in gaps if gap.in_gap_s]
    seconds = [float(gap.in_gap_s) for gap in spoken]
    figures = [
        Figure(
            name=f"{row}: thrust resuming declared after, median",
            unit="s",
            measured=median_of([gap.resumed_after_s for gap in spoken]),
            goal=RESUMED_S_MAX,
        ),
        Figure(
            name=f"{row}: flights with an area in the gap",
            unit="%",
            measured=100.0 * len(spoken) / len(gaps),
        ),
        Figure(
            name=f"{row}: it stood for, median",
            unit="s",
            measured=median(seconds) if seconds else None,
        ),
        Figure(
            name=f"{row}: of it marked `if no further stage`",
            unit="%",
            measured=100.0 * sum(g.marked_s for g in gaps) / max(1.0, sum(seconds)),
            goal=100.0,
            at_least=True,
        ),
    ]
    for index, after_s in enumerate(AFTER_S):
        held = [gap.held[index] for gap in gaps]
        at = f"final burn-out +{after_s:.0f} s"
        inside = [one for one in held if one is not None]
        figures += [
            share(f"{row}: area holds the impact, {at}", inside, goal=93.0, upto=100.0),
            share(f"{row}: an area was given, {at}", [one is not None for one in held]),
        ]
    return figures


class Ever(Struct, frozen=True, kw_only=True):
    """What was ever said of a healthy flight, and how many plots it gave."""

    alarm: bool
    gone: bool
    plots: int


def false_alarms(seeds: int, crew: Workers) -> list[Figure]:
    """Return how many healthy flights are ever said to leave their arc."""
    told: list[Ever] = []
    for launch, names in (
        (REFERENCE, "A"),
        (REFERENCE, "ABC"),
        (FOURTH_OCTOBER, "ABC"),
    ):
        cases = [
            Seed(launch=launch, radars=names, seed=seed) for seed in range(1, seeds + 1)
        ]
        what = f"false alarms, {launch.id}, {len(names)} radars, flights"
        told += crew.each(what, ever, cases)
    mean = sum(one.plots for one in told) / max(1, len(told))
    return [
        share(
            f"healthy flights of {mean:.0f} plots said to leave their arc, "
            f"of {len(told)}",
            [one.alarm for one in told],
            goal=FALSE_ALARM_PERCENT_MAX,
            at_least=False,
        ),
        share(
            "healthy flights whose area went away for a while",
            [one.gone for one in told],
        ),
    ]


def ever(case: Seed) -> Ever:
    """Say whether a departure was ever declared, or an area ever taken away."""
    drawn = drawn_flights(case.launch)
    flight = drawn[case.seed % len(drawn)]
    watched = watch(flight, sensors(case.radars), 50_000 + case.seed)
    alarm = gone = spoken = False
    for after_s in _LOOKS_AFTER_S:
        at_s = flight.burn_out_s + after_s
        age_s = watched.seen_s(at_s)
        if at_s > flight.end_s or age_s is None or age_s > 60.0:
            break
        estimate = watched.estimate(at_s)
        alarm = alarm or estimate.departure is not None
        alarm = alarm or (not estimate.model_holds and spoken)
        if alarm:
            break
        gone = gone or (spoken and estimate.impact is None)
        spoken = spoken or estimate.impact is not None
    return Ever(alarm=alarm, gone=gone, plots=len(watched.plots))
