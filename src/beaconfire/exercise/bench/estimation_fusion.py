"""Estimation fusion: what partners' plots, tracklets and tracks are worth together.

The reference case, biases and drag drawn. Our radar is A; B and C are partners'. Beside
each row stands the same flight with all plots in one fit, the most that can be had.

* With provenance: B's and C's plots told as tracklets of ten seconds, each made of its
  ten seconds alone, about the arc that its sender had found by then.
* Without: a partner states a track, or sends a tracklet whose lineage is lost. It was
  made of its own radar, or of ours as well: the estimator is not told which.
"""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from msgspec import Struct

from beaconfire.estimation.arc import StatePrior, fit_arc
from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.measurement import tabulate
from beaconfire.estimation.propagation import sample_arc
from beaconfire.estimation.tracklet import make_tracklet
from beaconfire.exercise.after_action.accuracy import area95_km2, offset_m
from beaconfire.exercise.bench.estimation_areas import holds_impact
from beaconfire.exercise.bench.estimation_case import (
    REFERENCE,
    Watched,
    drawn_flights,
    sensors,
    watch,
)
from beaconfire.exercise.bench.figures import Figure, median_of, share
from beaconfire.exercise.bench.workers import Workers
from beaconfire.exercise.infrared import cues
from beaconfire.exercise.scenario_parts import Sensor
from beaconfire.vocabulary.flight import FlightEstimate, Observations, StatedTrack
from beaconfire.vocabulary.motion import Plot, Tracklet

TRACKLET_S = 10.0
TRACKLETS_AFTER_S = 300.0
LOOSE_AFTER_S = (60.0, 180.0)
CUED_AFTER_S = (20.0, 30.0)  # later it is forgotten
RMSE_RATIO_MAX, AREA_RATIO_MAX = 1.02, 1.05
PLOTS_MIN = 3  # of a tracklet: so many the fit of an arc keeps
# How near its sender's arc a tracklet is made linear: m, m/s, ln of drag.
_HERE = np.array([1.0] * 3 + [0.01] * 3 + [0.01])

INFRARED = Sensor(
    party="USA", id="infrared", kind="infrared", lat_deg=0.0, lon_deg=160.0,
    alt_m=35_786_000.0, delay_s=30.0, sigma_launch_m=2_000.0, sigma_time_s=2.0,
    sigma_azimuth_deg=5.0,
)  # fmt: skip


class Beside(Struct, frozen=True, kw_only=True):
    """One seed's impact by one way of fusing, beside the best that could be."""

    inside: bool
    best_inside: bool
    square_m2: float
    best_square_m2: float
    area_ratio: float


class Seed(Struct, frozen=True, kw_only=True):
    """One seed of one row, so long after burn-out."""

    seed: int
    after_s: float

    def watched(self) -> Watched:
        """Let the three radars look at its flight."""
        flights = drawn_flights(REFERENCE)
        flight = flights[self.seed * 13 % len(flights)]
        return watch(flight, sensors("ABC"), self.seed)


Told = tuple[Beside | None, ...]


def beside(
    watched: Watched, said: FlightEstimate, best: FlightEstimate
) -> Beside | None:
    """Compare two answers, if both said where it comes down."""
    if said.impact is None or best.impact is None:
        return None
    assert watched.flight.impact is not None
    truth = watched.flight.impact
    return Beside(
        inside=holds_impact(watched, said),
        best_inside=holds_impact(watched, best),
        square_m2=math.hypot(*offset_m(said.impact, truth)) ** 2,
        best_square_m2=math.hypot(*offset_m(best.impact, truth)) ** 2,
        area_ratio=area95_km2(said.impact) / area95_km2(best.impact),
    )


class Row:
    """All seeds of one way of fusing in which both said where it comes down."""

    def __init__(self, told: Iterable[Beside | None]) -> None:
        """Take the seeds in their order."""
        self.known = [one for one in told if one is not None]

    def rmse_ratio(self) -> float | None:
        """Return the RMSE over the best one's."""
        if not self.known:
            return None
        squares = sum(one.square_m2 for one in self.known)
        return math.sqrt(squares / sum(one.best_square_m2 for one in self.known))

    def area_ratio(self) -> float | None:
        """Return the median claimed area over the best one's."""
        return median_of([one.area_ratio for one in self.known])


def fusion(seeds: int, crew: Workers) -> list[Figure]:
    """Return all rows of fusion across partners."""
    figures = _with_provenance(
        _ask(crew, "tracklets", told_tracklets, seeds, TRACKLETS_AFTER_S)
    )
    for after_s in LOOSE_AFTER_S:
        told = _ask(crew, "without provenance", told_loosely, seeds, after_s)
        figures += _without_provenance(told, after_s)
    for after_s in CUED_AFTER_S:
        told = _ask(crew, "infrared cues", told_cued, seeds, after_s)
        figures += _cued(told, after_s)
    return figures


def _ask(
    crew: Workers, what: str, work: Callable[[Seed], Told], seeds: int, after_s: float
) -> list[Row]:
    cases = [Seed(seed=seed, after_s=after_s) for seed in range(1, seeds + 1)]
    row = f"fusion: {what}, +{after_s:.0f} s, seeds"
    told = crew.each(row, work, cases, at_once=4)
    return [Row(column) for column in zip(*told, strict=True)]


def _until(watched: Watched, names: str, after_s: float) -> tuple[Plot, ...]:
    """Return what some radars had seen so long after burn-out."""
    end_s = watched.flight.burn_out_s + after_s
    pairs = zip(watched.plots, watched.times_s, strict=True)
    return tuple(plot for plot, t in pairs if t <= end_s and plot.sensor.id in names)


def told_tracklets(case: Seed) -> Told:
    """Return own plots with partners' tracklets, beside all plots."""
    watched = case.watched()
    ours, *theirs = (_until(watched, one, case.after_s) for one in "ABC")
    best = estimate_flight(Observations(plots=(*ours, *theirs[0], *theirs[1])))
    told = tuple(one for plots in theirs for one in tracklets_of(plots))
    said = estimate_flight(Observations(plots=ours, tracklets=told))
    return (beside(watched, said, best),)


def _with_provenance(rows: list[Row]) -> list[Figure]:
    (row,) = rows
    name = f"own plots and tracklets of 10 s, +{TRACKLETS_AFTER_S:.0f} s"
    return [
        Figure(
            name=f"{name}: impact RMSE over all plots'", unit="",
            measured=row.rmse_ratio(), goal=RMSE_RATIO_MAX,
        ),
        Figure(
            name=f"{name}: claimed area over all plots'", unit="",
            measured=row.area_ratio(), goal=AREA_RATIO_MAX,
        ),
        share(
            f"{name}: area holds the impact", [one.inside for one in row.known],
            goal=93.0, upto=97.0,
        ),
        share(
            f"all plots in one fit, +{TRACKLETS_AFTER_S:.0f} s: area holds the impact",
            [one.best_inside for one in row.known],
        ),
    ]  # fmt: skip


def tracklets_of(plots: Sequence[Plot]) -> list[Tracklet]:
    """Return what one radar's coasting plots say, in tracklets of ten seconds."""
    found = estimate_flight(Observations(plots=tuple(plots))).tracklet
    if found is None:
        return []
    first = found.interval[0]
    parts: dict[int, list[Plot]] = {}
    for plot in plots:
        since_s = plot.time.seconds_since(first)
        if since_s >= 0.0:
            parts.setdefault(int(since_s // TRACKLET_S), []).append(plot)
    arc = np.array(
        [
            *found.reference.position_ecef_m,
            *found.reference.velocity_ecef_mps,
            found.reference_drag,
        ]
    )
    made = []
    for part in parts.values():
        if len(part) < PLOTS_MIN:
            continue
        table = tabulate(part, range(len(part)))
        back_s = table.epoch.seconds_since(found.reference.epoch)
        (start,), _, _ = sample_arc(arc, np.array([back_s]))
        about = StatePrior(np.append(start, arc[6]), np.diag(_HERE**-2))
        fit = fit_arc(table, about.mean, table.epoch, prior=about)
        made.append(make_tracklet(fit, table))
    return made


def told_loosely(case: Seed) -> Told:
    """Return own plots alone, then each way of ``_LOOSE``, beside all plots."""
    watched = case.watched()
    a, b, c = (_until(watched, name, case.after_s) for name in "ABC")
    best = estimate_flight(Observations(plots=(*a, *b, *c)))
    ways = (Observations(plots=a), *(held(a, b, c) for held in _LOOSE.values()))
    return tuple(beside(watched, estimate_flight(way), best) for way in ways)


def _without_provenance(told: list[Row], after_s: float) -> list[Figure]:
    alone, *rows = told
    figures = [
        Figure(
            name=f"+{after_s:.0f} s, own plots alone: area over all plots'", unit="",
            measured=alone.area_ratio(),
        )
    ]  # fmt: skip
    for name, row in zip(_LOOSE, rows, strict=True):
        summed = name == _NAIVE
        figures += [
            share(
                f"+{after_s:.0f} s, {name}: area holds the impact",
                [one.inside for one in row.known], goal=None if summed else 95.0,
            ),
            Figure(
                name=f"+{after_s:.0f} s, {name}: area over all plots'", unit="",
                measured=row.area_ratio(),
            ),
        ]  # fmt: skip
    return figures


Plots = tuple[Plot, ...]


def _stated(plots: Plots) -> tuple[StatedTrack, ...]:
    made = estimate_flight(Observations(plots=plots))
    if made.track is None or made.track_covariance is None:
        return ()
    return (StatedTrack(state=made.track, covariance=made.track_covariance),)


def _loose(plots: Plots) -> tuple[Tracklet, ...]:
    made = estimate_flight(Observations(plots=plots)).tracklet
    return () if made is None else (made,)


_NAIVE = "own A and a tracklet of A, B: summed, as it must not be"
_LOOSE: dict[str, Callable[[Plots, Plots, Plots], Observations]] = {
    "own A and a stated track of B": lambda a, b, c: Observations(
        plots=a, tracks=_stated(b)
    ),
    "own A and a stated track of A, B": lambda a, b, c: Observations(
        plots=a, tracks=_stated(a + b)
    ),
    "own A and stated tracks of A, B and of A, C": lambda a, b, c: Observations(
        plots=a, tracks=_stated(a + b) + _stated(a + c)
    ),
    "own A and a tracklet of B, lineage lost": lambda a, b, c: Observations(
        plots=a, overlapping=_loose(b)
    ),
    "own A and a tracklet of A, B, lineage lost": lambda a, b, c: Observations(
        plots=a, overlapping=_loose(a + b)
    ),
    "tracklets of A, B and of A, C, lineage lost": lambda a, b, c: Observations(
        overlapping=_loose(a + b) + _loose(a + c)
    ),
    _NAIVE: lambda a, b, c: Observations(plots=a, tracklets=_loose(a + b)),
}


def told_cued(case: Seed) -> Told:
    """Return one radar with an infrared cue, beside it without."""
    watched = case.watched()
    a = _until(watched, "A", case.after_s)
    seen = tuple(cues(INFRARED, (watched.flight,), case.seed))
    without = estimate_flight(Observations(plots=a))
    said = estimate_flight(Observations(plots=a, cues=seen))
    return (beside(watched, said, without),)


def _cued(rows: list[Row], after_s: float) -> list[Figure]:
    """Return what an infrared cue does to the area of one radar."""
    (row,) = rows
    name = f"1 radar and an infrared cue, +{after_s:.0f} s"
    return [
        share(
            f"{name}: area holds the impact", [one.inside for one in row.known],
            goal=93.0, upto=100.0,
        ),
        Figure(
            name=f"{name}: area over that without the cue", unit="",
            measured=row.area_ratio(),
        ),
    ]  # fmt: skip
