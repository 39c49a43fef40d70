"""Estimation fusion: what partners' plots, tracklets and tracks are worth together.

The reference case, biases and drag drawn. Our radar is A; B and C are partners'. Beside
each row stands the same flight with all plots in one fit, the most that can be had.

* With provenance: B's and C's plots told as tracklets of ten seconds, each made of its
  ten seconds alone, about the arc that its sender had found by then.
* Without: a partner states a track, or sends a tracklet whose lineage is lost. It was
  made of its own radar, or of ours as well: the estimator is not told which.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np

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
    share_percent,
    watch,
)
from beaconfire.exercise.bench.figures import Figure
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

Say = Callable[[str], None]


@dataclass(slots=True)
class Row:
    """The impacts of one way of fusing, seed by seed, beside the best that could be."""

    inside: list[bool] = field(default_factory=list)
    best_inside: list[bool] = field(default_factory=list)
    squares_m2: list[float] = field(default_factory=list)
    best_squares_m2: list[float] = field(default_factory=list)
    area_ratios: list[float] = field(default_factory=list)

    def add(self, watched: Watched, said: FlightEstimate, best: FlightEstimate) -> None:
        """Take one seed, if both said where it comes down."""
        if said.impact is None or best.impact is None:
            return
        assert watched.flight.impact is not None
        truth = watched.flight.impact
        self.inside.append(holds_impact(watched, said))
        self.best_inside.append(holds_impact(watched, best))
        self.squares_m2.append(math.hypot(*offset_m(said.impact, truth)) ** 2)
        self.best_squares_m2.append(math.hypot(*offset_m(best.impact, truth)) ** 2)
        self.area_ratios.append(area95_km2(said.impact) / area95_km2(best.impact))

    def rmse_ratio(self) -> float | None:
        """Return the RMSE over the best one's."""
        if not self.squares_m2:
            return None
        return math.sqrt(sum(self.squares_m2) / sum(self.best_squares_m2))

    def area_ratio(self) -> float | None:
        """Return the median claimed area over the best one's."""
        return median(self.area_ratios) if self.area_ratios else None


def fusion(seeds: int, say: Say) -> list[Figure]:
    """Return all rows of fusion across partners."""
    say(f"fusion: tracklets with provenance, {seeds} seeds")
    figures = _with_provenance(seeds)
    for after_s in LOOSE_AFTER_S:
        say(f"fusion: without provenance at +{after_s:.0f} s, {seeds} seeds")
        figures += _without_provenance(seeds, after_s)
    say(f"fusion: infrared cues, {seeds} seeds")
    return figures + _cued(seeds)


def _seen(seeds: int) -> list[Watched]:
    flights = drawn_flights(REFERENCE)
    radars = sensors("ABC")
    return [
        watch(flights[seed * 13 % len(flights)], radars, seed)
        for seed in range(1, seeds + 1)
    ]


def _until(watched: Watched, names: str, after_s: float) -> tuple[Plot, ...]:
    """Return what some radars had seen so long after burn-out."""
    end_s = watched.flight.burn_out_s + after_s
    pairs = zip(watched.plots, watched.times_s, strict=True)
    return tuple(plot for plot, t in pairs if t <= end_s and plot.sensor.id in names)


def _with_provenance(seeds: int) -> list[Figure]:
    row = Row()
    for watched in _seen(seeds):
        ours, *theirs = (_until(watched, one, TRACKLETS_AFTER_S) for one in "ABC")
        best = estimate_flight(Observations(plots=(*ours, *theirs[0], *theirs[1])))
        told = tuple(one for plots in theirs for one in tracklets_of(plots))
        row.add(
            watched, estimate_flight(Observations(plots=ours, tracklets=told)), best
        )
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
        Figure(
            name=f"{name}: area holds the impact", unit="%",
            measured=share_percent(row.inside), goal=93.0, at_least=True, upto=97.0,
        ),
        Figure(
            name=f"all plots in one fit, +{TRACKLETS_AFTER_S:.0f} s: area holds the "
            "impact", unit="%", measured=share_percent(row.best_inside),
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


def _without_provenance(seeds: int, after_s: float) -> list[Figure]:
    rows = {name: Row() for name in _LOOSE}
    alone = Row()
    for watched in _seen(seeds):
        a, b, c = (_until(watched, name, after_s) for name in "ABC")
        best = estimate_flight(Observations(plots=(*a, *b, *c)))
        ours = estimate_flight(Observations(plots=a))
        alone.add(watched, ours, best)
        for name, held in _LOOSE.items():
            rows[name].add(watched, estimate_flight(held(a, b, c)), best)
    figures = [
        Figure(
            name=f"+{after_s:.0f} s, own plots alone: area over all plots'", unit="",
            measured=alone.area_ratio(),
        )
    ]  # fmt: skip
    for name, row in rows.items():
        summed = name == _NAIVE
        figures += [
            Figure(
                name=f"+{after_s:.0f} s, {name}: area holds the impact", unit="%",
                measured=share_percent(row.inside),
                goal=None if summed else 95.0, at_least=True,
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


def _cued(seeds: int) -> list[Figure]:
    """Return what an infrared cue does to the area of one radar."""
    figures = []
    for after_s in CUED_AFTER_S:
        row, given = Row(), 0
        for seed, watched in enumerate(_seen(seeds), start=1):
            a = _until(watched, "A", after_s)
            seen = tuple(cues(INFRARED, (watched.flight,), seed))
            without = estimate_flight(Observations(plots=a))
            row.add(watched, estimate_flight(Observations(plots=a, cues=seen)), without)
            given += without.impact is not None
        name = f"1 radar and an infrared cue, +{after_s:.0f} s"
        figures += [
            Figure(
                name=f"{name}: area holds the impact", unit="%",
                measured=share_percent(row.inside), goal=93.0, at_least=True,
                upto=100.0,
            ),
            Figure(
                name=f"{name}: area over that without the cue", unit="",
                measured=row.area_ratio(),
            ),
        ]  # fmt: skip
    return figures
