"""Estimation lies: what becomes of a flight of which one radar is off, unknowingly.

One radar of two or three is off by a constant, up or down, beyond what its survey
states; everything else is drawn as in the other rows. An area that misses where a
sensor lies is the worst that an estimator can do, so it is counted whatever else is
said; whose lie it is, must not be said of an honest sensor.
"""

from collections.abc import Sequence
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from beaconfire.exercise.bench.estimation_areas import holds_impact
from beaconfire.exercise.bench.estimation_case import (
    DRAGS,
    REFERENCE,
    Watched,
    drawn_flights,
    sensors,
    watch,
)
from beaconfire.exercise.bench.figures import Figure, share
from beaconfire.exercise.bench.workers import Workers
from beaconfire.vocabulary.motion import Plot

AFTER_S = 180.0  # from burn-out
RANGES_M = (100.0, 200.0, 300.0, 500.0, 1_000.0, 5_000.0)
ANGLES_MRAD = (2.0, 5.0)
# The radar that is off comes first. A and B, and A and C, stand far apart; B and C
# have the object between them.
BY_RANGE = ("AB", "AC", "BC", "ABC", "BAC", "CAB")
BY_ANGLE = ("AC", "ABC")
MISSED_PERCENT_MAX = 7.0  # as of honest radars
_MRAD_DEG = 0.0572957795


class Lie(Struct, frozen=True, kw_only=True):
    """One flight of one row: the first of ``radars`` is off by ``off``, m or mrad."""

    radars: str
    quantity: str
    off: float
    seed: int


class Outcome(Struct, frozen=True, kw_only=True):
    """What was said of it."""

    given: bool
    missed: bool
    widened: bool
    named: bool
    another_named: bool


def lies(seeds: int, crew: Workers) -> list[Figure]:
    """Return, for each size of error, how often it is found and how often it harms."""
    rows = [
        *((names, "range", off) for names in BY_RANGE for off in RANGES_M),
        *(
            (names, quantity, off)
            for names in BY_ANGLE
            for quantity in ("azimuth", "elevation")
            for off in ANGLES_MRAD
        ),
    ]
    figures: list[Figure] = []
    for names, quantity, off in rows:
        of = ", ".join(sorted(names))
        unit = "m" if quantity == "range" else "mrad"
        row = f"{names[0]} of {of}, {quantity} off by {off:,.0f} {unit}"
        cases = [
            Lie(radars=names, quantity=quantity, off=off, seed=seed)
            for seed in range(1, seeds + 1)
        ]
        figures += _figures(row, list(crew.each(row, outcome, cases, at_once=4)))
    return figures


def outcome(case: Lie) -> Outcome:
    """Fly one seed, let the first radar lie, and hold the answer against the truth."""
    flights = drawn_flights(REFERENCE)
    flight = flights[case.seed * 13 % DRAGS]
    honest = watch(flight, sensors(case.radars), case.seed)
    signed = case.off if case.seed % 2 else -case.off
    off = partial(_off, liar=case.radars[0], quantity=case.quantity, by=signed)
    watched = Watched(flight, tuple(map(off, honest.plots)), honest.times_s)
    found = watched.estimate(flight.burn_out_s + AFTER_S)
    named = {one.id for one in found.sensors if one.verdict == "rejected"}
    given = found.impact is not None
    return Outcome(
        given=given,
        missed=given and not holds_impact(watched, found),
        widened=given and "may be off" in found.reason,
        named=case.radars[0] in named,
        another_named=bool(named - {case.radars[0]}),
    )


def _off(plot: Plot, *, liar: str, quantity: str, by: float) -> Plot:
    if plot.sensor.id != liar:
        return plot
    if quantity == "range":
        return replace(plot, range_m=plot.range_m + by)
    if quantity == "azimuth":
        return replace(plot, azimuth_deg=(plot.azimuth_deg + by * _MRAD_DEG) % 360.0)
    return replace(plot, elevation_deg=plot.elevation_deg + by * _MRAD_DEG)


def _figures(row: str, outcomes: Sequence[Outcome]) -> list[Figure]:
    return [
        share(
            f"{row}: an area that misses",
            [one.missed for one in outcomes],
            goal=0.0,
            upto=MISSED_PERCENT_MAX,
        ),
        share(
            f"{row}: of them said to be widened",
            [one.missed and one.widened for one in outcomes],
        ),
        share(f"{row}: no area", [not one.given for one in outcomes]),
        share(f"{row}: widened", [one.widened for one in outcomes]),
        share(f"{row}: it is named", [one.named for one in outcomes]),
        share(
            f"{row}: an honest one is named",
            [one.another_named for one in outcomes],
            goal=0.0,
            upto=0.0,
        ),
    ]
