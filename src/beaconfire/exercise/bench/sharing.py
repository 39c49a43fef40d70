"""Sharing: what the links between nations are worth, over many seeds.

Each seed is flown once and simulated twice, with and without the links, up to a little
after the instant at which the areas are compared; nothing else differs. The figures are
those of the report of an exercise (``after_action``), for one nation.

One seed proves nothing and one layout not much more: so the gain is told as a spread,
and beside it stand the same figures for fewer radars, and the least area ratio that
the layout allows to any estimator.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from statistics import median

import msgspec

from beaconfire.exercise.after_action.accuracy import (
    area95_km2,
    holds_point,
    offset_m,
)
from beaconfire.exercise.after_action.figures import AREA_AFTER_BURNOUT_S
from beaconfire.exercise.after_action.readings import Reading, newest_by, read_all
from beaconfire.exercise.bench.figures import Bench, Figure, median_of
from beaconfire.exercise.bench.layout import sweep, sweep_text
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.simulated import Sky, simulate, sky_of
from beaconfire.exercise.sky.flight import Flight
from beaconfire.vocabulary.party import Party

NOTICE_GAIN_S_MIN = 30.0
AREA_RATIO_MAX = 1.0 / 3.0
AFTER_S = 5.0  # beyond the comparison, so that its estimate has been made
PROCESSES = 2
PROGRESS_SEEDS = 10

Say = Callable[[str], None]


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One nation in one run, at burn-out + 60 s; ``None`` where it never happened."""

    notice_s: float | None
    area95_km2: float | None
    holds_truth: bool | None


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """One seed, with and without sharing."""

    seed: int
    shared: Picture
    alone: Picture

    @property
    def notice_gain_s(self) -> float | None:
        """How much earlier the first notice came through sharing."""
        if self.shared.notice_s is None or self.alone.notice_s is None:
            return None
        return self.alone.notice_s - self.shared.notice_s

    @property
    def area_ratio(self) -> float | None:
        """The area with sharing over the area without."""
        if self.shared.area95_km2 is None or not self.alone.area95_km2:
            return None
        return self.shared.area95_km2 / self.alone.area95_km2


def run(
    scenario: Scenario,
    *,
    own: Party,
    partner: Party,
    seeds: int,
    sweep_seeds: int,
    say: Say,
) -> Bench:
    """Simulate all seeds in two processes, then fewer for fewer radars.

    Raises:
        BeaconfireError: the scenario cannot be flown.
    """
    radars = [s.id for s in scenario.sensors_of(own) if s.kind == "radar"]
    layouts: list[tuple[int, list[Seed]]] = []
    # A fresh process each: the parent's numerical threads do not survive a fork.
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for count in range(len(radars), 0, -1):
            fewer = without_sensors(scenario, radars[count:])
            wanted = seeds if count == len(radars) else sweep_seeds
            what = f"{own} with {count} of {len(radars)} radars"
            one = partial(one_seed, fewer, own)
            made = pool.map(one, range(1, wanted + 1))
            layouts.append((count, list(_told(made, wanted, what, say))))
    rows = sweep(scenario, own=own, partner=partner)
    return report(
        layouts, own=own, name=scenario.name,
        bound=sweep_text(rows, own=own, partner=partner),
    )  # fmt: skip


def _told(made: Iterable[Seed], wanted: int, what: str, say: Say) -> Iterable[Seed]:
    for number, seed in enumerate(made, 1):
        if number % PROGRESS_SEEDS == 0 or number == wanted:
            say(f"{what}: {number} of {wanted} seeds")
        yield seed


def without_sensors(scenario: Scenario, left_out: Sequence[str]) -> Scenario:
    """Return the scenario without these sensors."""
    kept = tuple(s for s in scenario.sensor if s.id not in left_out)
    return msgspec.structs.replace(scenario, sensor=kept)


def one_seed(scenario: Scenario, own: Party, seed: int) -> Seed:
    """Fly and simulate one seed, with and without sharing."""
    sky = sky_of(scenario, seed)
    return Seed(
        seed=seed,
        shared=_picture(scenario, sky, own, seed, sharing=True),
        alone=_picture(scenario, sky, own, seed, sharing=False),
    )


def _picture(
    scenario: Scenario, sky: Sky, own: Party, seed: int, *, sharing: bool
) -> Picture:
    first = min(sky.flights, key=lambda flight: flight.lift_off)
    by_s = first.burn_out_s + AREA_AFTER_BURNOUT_S
    until_s = first.lift_off.seconds_since(scenario.epoch) + by_s + AFTER_S
    ran = simulate(scenario, sky, seed=seed, sharing=sharing, until_s=until_s)
    entries = (entry for turn in ran.turns[own] for entry in turn.entries)
    reading = read_all({own: entries}, sky.flights)[own]
    return picture_of(reading, first, by_s)


def picture_of(reading: Reading, flight: Flight, by_s: float) -> Picture:
    """Return what a nation knew of ``flight`` ``by_s`` seconds after lift-off."""
    newest = newest_by(reading, by_s)
    holds = None
    if newest is not None and flight.impact is not None:
        holds = holds_point(newest.area, *offset_m(newest.area, flight.impact))
    return Picture(
        notice_s=reading.notice_s,
        area95_km2=None if newest is None else area95_km2(newest.area),
        holds_truth=holds,
    )


def report(
    layouts: Sequence[tuple[int, Sequence[Seed]]], *, own: Party, name: str, bound: str
) -> Bench:
    """Return the figures of the whole layout; fewer radars stand in the text."""
    count, seeds = layouts[0]
    # A seed that could not be compared never met the goal: worse than any other.
    gains = [s.notice_gain_s for s in seeds]
    ratios = [s.area_ratio for s in seeds]
    worst_gain = None if None in gains else min(g for g in gains if g is not None)
    worst_ratio = None if None in ratios else max(r for r in ratios if r is not None)
    return Bench(
        bench="sharing",
        figures=(
            Figure(
                name=f"{own}'s first notice earlier by, least of all seeds",
                unit="s", measured=worst_gain, goal=NOTICE_GAIN_S_MIN, at_least=True,
            ),
            Figure(
                name="the same, median", unit="s", measured=median_of(gains),
            ),
            Figure(
                name="area ratio at burn-out + 60 s, median",
                unit="", measured=median_of(ratios), goal=AREA_RATIO_MAX,
            ),
            Figure(
                name="the same, greatest of all seeds",
                unit="", measured=worst_ratio, goal=AREA_RATIO_MAX,
            ),
            Figure(
                name="share of seeds with a ratio of at most 1/3",
                unit="", measured=_share_within(ratios), goal=1.0, at_least=True,
            ),
            Figure(
                name="area with sharing holds the true impact, share",
                unit="", measured=_share_held([s.shared for s in seeds]),
            ),
            Figure(
                name="area without sharing holds it, share",
                unit="", measured=_share_held([s.alone for s in seeds]),
            ),
        ),
        conditions=(
            f"{name}, seeds 1 to {len(seeds)}, {count} {own} radars, simulated to "
            f"burn-out + {AREA_AFTER_BURNOUT_S + AFTER_S:g} s with and without links",
            f"a 95 % area should hold the truth in 0.95 of seeds; of {len(seeds)} "
            f"independent seeds that is within {_spread(len(seeds)):.2f} of it, 95 % "
            "of the time",
            "every sensor site and error is invented: the gain is this layout's",
        ),
        text=f"{_layouts_text(layouts, own)}\n\n{bound}",
    )  # fmt: skip


def _share_within(ratios: Sequence[float | None]) -> float | None:
    if not ratios:
        return None
    within = [r is not None and r <= AREA_RATIO_MAX for r in ratios]
    return sum(within) / len(within)


def _share_held(pictures: Sequence[Picture]) -> float | None:
    held = [p.holds_truth for p in pictures if p.holds_truth is not None]
    return sum(held) / len(held) if held else None


def _spread(count: int) -> float:
    return float(1.96 * (0.95 * 0.05 / max(1, count)) ** 0.5)


def _layouts_text(layouts: Sequence[tuple[int, Sequence[Seed]]], own: Party) -> str:
    lines = [
        "simulated, by the number of radars (medians over the seeds)",
        f"{own + ' radars':>12}  {'seeds':>5}  {'earlier s':>9}  {'alone km2':>10}  "
        f"{'shared km2':>10}  {'ratio':>6}  {'worst':>6}  {'within 1/3':>10}",
    ]
    for count, seeds in sorted(layouts, key=lambda layout: layout[0]):
        ratios = [s.area_ratio for s in seeds]
        known = [r for r in ratios if r is not None]
        cells = (
            (median_of([s.notice_gain_s for s in seeds]), ">9.0f"),
            (median_of([s.alone.area95_km2 for s in seeds]), ">10.1f"),
            (median_of([s.shared.area95_km2 for s in seeds]), ">10.1f"),
            (median(known) if known else None, ">6.3f"),
            (max(known) if len(known) == len(ratios) else None, ">6.3f"),
            (_share_within(ratios), ">10.2f"),
        )
        told = "  ".join(
            f"{'-':>{style[1:].split('.')[0]}}" if cell is None else f"{cell:{style}}"
            for cell, style in cells
        )
        lines.append(f"{count:>12}  {len(seeds):>5}  {told}")
    return "\n".join(lines)
