"""Estimation phases: burn-out, stages and what leaves its arc, asked every second."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
from geographiclib.geodesic import Geodesic

from beaconfire.exercise.bench.estimation_areas import AFTER_S, holds_impact
from beaconfire.exercise.bench.estimation_case import (
    FOURTH_OCTOBER,
    GLIDE,
    REFERENCE,
    Watched,
    drawn_flights,
    gliding_flights,
    sensors,
    share_percent,
    staged,
    watch,
)
from beaconfire.exercise.bench.figures import Figure, median_of
from beaconfire.exercise.scenario_parts import Launch
from beaconfire.exercise.sky.flight import Flight
from beaconfire.vocabulary.reach import ReachableRegion

BURNOUT_S_MAX, RESUMED_S_MAX = 15.0, 5.0
GAPS_S = (3.0, 8.0, 14.0, 20.0)
GLIDES_UNDER_M = 60_000.0
_BEFORE_S, _AFTER_S = 30, 40
# Of 1,000 looks: dense while young, then as a node asks, to the end of the flight.
_LOOKS_AFTER_S = (*range(8, 60, 4), *range(60, 300, 20), *range(300, 3_000, 60))

Say = Callable[[str], None]


def burnouts(seeds: int, say: Say) -> list[Figure]:
    """Return how soon burn-out is found, and whether ever early."""
    figures: list[Figure] = []
    for launch, names in ((REFERENCE, "D"), (REFERENCE, "ABC"), (FOURTH_OCTOBER, "D")):
        flights, delays, early = drawn_flights(launch), [], 0
        for seed in range(1, seeds + 1):
            watched = watch(flights[seed % len(flights)], sensors(names), seed)
            out_s = watched.flight.burn_out_s
            first = _first_area_s(watched, out_s - _BEFORE_S, out_s + _AFTER_S)
            delays.append(None if first is None else first - out_s)
            early += first is not None and first < out_s
        row = f"burn-out, {launch.id}, {len(names)} radars"
        figures.append(
            Figure(
                name=f"{row}: found after, median of {seeds}",
                unit="s",
                measured=median_of(delays),
                goal=BURNOUT_S_MAX,
            )
        )
        figures.append(
            Figure(
                name=f"{row}: early in {seeds} runs",
                unit="",
                measured=float(early),
                goal=0.0,
            )
        )
        say(f"{row}: {seeds} seeds")
    return figures


def _first_area_s(watched: Watched, from_s: float, to_s: float) -> float | None:
    for at_s in np.arange(from_s, to_s).tolist():
        if watched.estimate(at_s).impact is not None:
            return float(at_s)
    return None


@dataclass(slots=True)
class _Gap:
    """What happened about the gap of one flight, in seconds."""

    in_gap_s: int = 0
    marked_s: int = 0
    resumed_after_s: float | None = None


def stagings(seeds: int, say: Say) -> list[Figure]:
    """Return what areas stand in a gap, and how soon they go when thrust resumes."""
    figures: list[Figure] = []
    for launch, names in (
        (FOURTH_OCTOBER, "D"), (FOURTH_OCTOBER, "ABC"), (REFERENCE, "D"),
        (REFERENCE, "ABC"),
    ):  # fmt: skip
        gaps: list[_Gap] = []
        held: dict[float, list[bool]] = {after_s: [] for after_s in AFTER_S}
        for gap_s in GAPS_S:
            flights = drawn_flights(staged(launch, gap_s), 4)
            for seed in range(1, seeds + 1):
                watched = watch(flights[seed % 4], sensors(names), seed)
                gaps.append(_about_gap(watched, staged(launch, gap_s), gap_s))
                for after_s in AFTER_S:
                    e = watched.estimate(watched.flight.burn_out_s + after_s)
                    if e.impact is not None:
                        held[after_s].append(holds_impact(watched, e))
        figures.extend(_stage_figures(launch, names, gaps, held))
        say(f"staging, {launch.id}, {len(names)} radars: {len(gaps)} flights")
    return figures


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


def _stage_figures(
    launch: Launch, names: str, gaps: list[_Gap], held: dict[float, list[bool]]
) -> list[Figure]:
    row = f"gaps of 3 to 20 s, {launch.id}, {len(names)} radars"
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
    for after_s, inside in held.items():
        figures.append(
            Figure(
                name=f"{row}: area holds the impact, final burn-out +{after_s:.0f} s",
                unit="%",
                measured=share_percent(inside),
                goal=93.0,
                at_least=True,
                upto=100.0,
            )
        )
    return figures


def false_alarms(seeds: int, say: Say) -> list[Figure]:
    """Return how many healthy flights are ever said to leave their arc."""
    alarms, withdrawn, flights, plots = 0, 0, 0, 0
    for launch, names in (
        (REFERENCE, "A"),
        (REFERENCE, "ABC"),
        (FOURTH_OCTOBER, "ABC"),
    ):
        drawn = drawn_flights(launch)
        for seed in range(1, seeds + 1):
            watched = watch(drawn[seed % len(drawn)], sensors(names), 50_000 + seed)
            alarm, gone = _ever(watched)
            alarms, withdrawn = alarms + alarm, withdrawn + gone
            flights, plots = flights + 1, plots + len(watched.plots)
        say(f"false alarms, {launch.id}, {len(names)} radars: {seeds} seeds")
    mean = plots / max(1, flights)
    return [
        Figure(
            name=f"healthy flights of {mean:.0f} plots said to leave their arc, "
            f"of {flights}",
            unit="%",
            measured=100.0 * alarms / max(1, flights),
            goal=0.1,
        ),
        Figure(
            name="healthy flights whose area went away for a while",
            unit="%",
            measured=100.0 * withdrawn / max(1, flights),
        ),
    ]


def _ever(watched: Watched) -> tuple[bool, bool]:
    """Whether a departure was ever declared, or an area ever taken away."""
    gone = spoken = False
    for after_s in _LOOKS_AFTER_S:
        at_s = watched.flight.burn_out_s + after_s
        age_s = watched.seen_s(at_s)
        if at_s > watched.flight.end_s or age_s is None or age_s > 60.0:
            break
        estimate = watched.estimate(at_s)
        if estimate.departure is not None or (not estimate.model_holds and spoken):
            return True, True
        gone = gone or (spoken and estimate.impact is None)
        spoken = spoken or estimate.impact is not None
    return False, gone


def departures(seeds: int, say: Say) -> list[Figure]:
    """Return how soon a body that glides in the air is said to leave its arc."""
    delays: list[float | None] = []
    inside: list[bool] = []
    for seed in range(1, seeds + 1):
        flight = gliding_flights(REFERENCE, seeds)[seed - 1]
        watched = watch(flight, sensors("ABC"), 70_000 + seed)
        low_s = _under_s(flight, GLIDES_UNDER_M)
        found = None
        for at_s in np.arange(low_s - 10.0, flight.end_s).tolist():
            found = watched.estimate(at_s)
            if not found.model_holds:
                delays.append(at_s - low_s)
                break
        else:
            delays.append(None)
        if found is not None and found.reachable is not None:
            inside.append(_region_holds(found.reachable, flight))
    say(f"gliding, {REFERENCE.id}, 3 radars: {seeds} seeds")
    missed = sum(one is None for one in delays)
    row = f"a glide of {GLIDE} to 1, {REFERENCE.id}, 3 radars"
    return [
        Figure(
            name=f"{row}: said to leave its arc after 60 km down, median",
            unit="s",
            measured=median_of(delays),
        ),
        Figure(
            name=f"{row}: never said, of {seeds}",
            unit="",
            measured=float(missed),
            goal=0.0,
        ),
        Figure(
            name=f"{row}: region holds where it comes down",
            unit="%",
            measured=share_percent(inside),
            goal=95.0,
            at_least=True,
        ),
    ]


def _under_s(flight: Flight, height_m: float) -> float:
    """Return when it last came down under a height."""
    track = flight.ground_track(1.0)
    high = np.flatnonzero(track[:, 3] > height_m)
    return float(track[high[-1], 0])


def _region_holds(region: ReachableRegion, flight: Flight) -> bool:
    assert flight.impact is not None
    line = Geodesic.WGS84.Inverse(
        region.lat_deg, region.lon_deg, flight.impact.lat_deg, flight.impact.lon_deg
    )
    return bool(line["s12"] <= region.radius_m)
