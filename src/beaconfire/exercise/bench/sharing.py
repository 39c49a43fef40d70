"""Sharing: what the links between nations are worth, over many seeds.

Each seed is flown once and simulated twice, with and without the links, up to a little
after the instant at which the areas are compared; nothing else differs. The figures are
those of the report of an exercise (``after_action``), for one nation.

One seed proves nothing and one layout not much more: so the gain is told as a spread,
and beside it stand the same figures for fewer radars, and the least area ratio that
the layout allows to any estimator. A seed that could not be compared is a miss, never
a gap.
"""

from collections.abc import Callable, Sequence

import msgspec

from beaconfire.exercise.after_action.accuracy import (
    area95_km2,
    holds_point,
    offset_m,
)
from beaconfire.exercise.after_action.figures import AREA_AFTER_BURNOUT_S
from beaconfire.exercise.after_action.readings import Predicted, newest_by, read_all
from beaconfire.exercise.bench.figures import Bench, Figure, median_of
from beaconfire.exercise.bench.layout import Row, sweep, sweep_text
from beaconfire.exercise.bench.workers import Say, workers
from beaconfire.exercise.scenario import Scenario, load_scenario
from beaconfire.exercise.simulated import Sky, simulate, sky_of
from beaconfire.vocabulary.party import Party

NOTICE_GAIN_S_MIN = 30.0
AREA_RATIO_MAX = 1.0 / 3.0
AFTER_S = 5.0  # beyond the comparison, so that its estimate has been made
SWEEP_SEEDS_MAX = 20  # of each smaller layout


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One seed of one layout: the first so many radars of ``own``."""

    scenario: str
    seed: int
    own: Party
    radars: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What sharing was worth there; ``None`` where it could not be compared.

    ``holds`` and ``holds_alone``: the true impact lies in the 95 % area.
    """

    case: Case
    gain_s: float | None
    ratio: float | None
    holds: bool | None
    holds_alone: bool | None


def measure(
    scenario: str,
    *,
    seeds: int,
    own: Party,
    partner: Party,
    processes: int,
    say: Say,
) -> Bench:
    """Simulate all seeds, then fewer of them with fewer radars.

    Raises:
        BeaconfireError: the scenario cannot be flown.
    """
    read = load_scenario(scenario)
    count = radar_count(read, own)
    outcomes: list[Outcome] = []
    with workers(processes, say) as crew:
        for radars in range(count, 0, -1):
            wanted = seeds if radars == count else min(seeds, SWEEP_SEEDS_MAX)
            cases = [
                Case(scenario=scenario, seed=seed, own=own, radars=radars)
                for seed in range(1, wanted + 1)
            ]
            outcomes += crew.each(f"{own} with {radars} radars, seeds", play, cases)
    rows = sweep(read, own=own, partner=partner)
    return report(outcomes, rows, own=own, partner=partner)


def radar_count(scenario: Scenario, own: Party) -> int:
    """Return how many radars the nation has."""
    return sum(sensor.kind == "radar" for sensor in scenario.sensors_of(own))


def with_radars(scenario: Scenario, own: Party, count: int) -> Scenario:
    """Return the scenario with the first ``count`` of the nation's radars alone."""
    radars = [s.id for s in scenario.sensors_of(own) if s.kind == "radar"]
    kept = tuple(s for s in scenario.sensor if s.id not in radars[count:])
    return msgspec.structs.replace(scenario, sensor=kept)


def play(case: Case) -> Outcome:
    """Fly and simulate one case, with and without sharing."""
    scenario = with_radars(load_scenario(case.scenario), case.own, case.radars)
    sky = sky_of(scenario, case.seed)
    notice_s, newest = _known(scenario, sky, case, sharing=True)
    alone_notice_s, alone = _known(scenario, sky, case, sharing=False)
    gain_s = ratio = None
    if notice_s is not None and alone_notice_s is not None:
        gain_s = alone_notice_s - notice_s
    if newest is not None and alone is not None:
        ratio = area95_km2(newest.area) / area95_km2(alone.area)
    return Outcome(
        case=case,
        gain_s=gain_s,
        ratio=ratio,
        holds=_holds(newest),
        holds_alone=_holds(alone),
    )


def _known(
    scenario: Scenario, sky: Sky, case: Case, *, sharing: bool
) -> tuple[float | None, Predicted | None]:
    """Return the first notice, and the newest area at burn-out + 60 s."""
    first = min(sky.flights, key=lambda flight: flight.lift_off)
    by_s = first.burn_out_s + AREA_AFTER_BURNOUT_S
    until_s = first.lift_off.seconds_since(scenario.epoch) + by_s + AFTER_S
    ran = simulate(scenario, sky, seed=case.seed, sharing=sharing, until_s=until_s)
    entries = (entry for turn in ran.turns[case.own] for entry in turn.entries)
    reading = read_all({case.own: entries}, sky.flights)[case.own]
    return reading.notice_s, newest_by(reading, by_s)


def _holds(newest: Predicted | None) -> bool | None:
    if newest is None or newest.flight.impact is None:
        return None
    return holds_point(newest.area, *offset_m(newest.area, newest.flight.impact))


def report(
    outcomes: Sequence[Outcome], rows: Sequence[Row], *, own: Party, partner: Party
) -> Bench:
    """Return the figures of the layout as it is shipped; fewer radars are a text."""
    whole = [one for one in outcomes if one.case.radars == len(rows)]
    gains = [one.gain_s for one in whole]
    ratios = [one.ratio for one in whole]
    area = "area at burn-out + 60 s over alone, greatest"
    figures = (
        Figure(
            name=f"{own}'s first notice earlier, least", unit="s",
            measured=_worst(gains, min), goal=NOTICE_GAIN_S_MIN, at_least=True,
        ),
        Figure(
            name=f"{own}'s first notice earlier, median", unit="s",
            measured=median_of(gains),
        ),
        Figure(name=area, unit="", measured=_worst(ratios, max), goal=AREA_RATIO_MAX),
        Figure(name="the same, median", unit="", measured=median_of(ratios)),
        Figure(
            name="the same, seeds within the goal", unit="%",
            measured=_percent([r is not None and r <= AREA_RATIO_MAX for r in ratios]),
            goal=100.0, at_least=True,
        ),
        Figure(
            name="that area holds the true impact, with sharing", unit="%",
            measured=_percent([one.holds is True for one in whole]),
        ),
        Figure(
            name="that area holds the true impact, alone", unit="%",
            measured=_percent([one.holds_alone is True for one in whole]),
        ),
    )  # fmt: skip
    return Bench(
        bench="sharing",
        figures=figures,
        conditions=(
            f"{len(whole)} seeds with {len(rows)} {own} radars, each simulated with "
            "and without the links, which is all that differs",
            f"a 95 % area should hold the truth in 95 % of seeds; of {len(whole)} "
            f"seeds that is within {_spread_percent(len(whole)):.0f} points of it, "
            "19 times in 20",
            "every sensor site and error is invented: the gain is this layout's",
        ),
        text="\n\n".join(
            (
                _layouts_text(outcomes, rows, own),
                sweep_text(rows, own=own, partner=partner),
            )
        ),
    )


def _worst(
    values: Sequence[float | None], worst: Callable[[list[float]], float]
) -> float | None:
    known = [value for value in values if value is not None]
    return worst(known) if known and len(known) == len(values) else None


def _percent(held: Sequence[bool]) -> float | None:
    return 100.0 * sum(held) / len(held) if held else None


def _spread_percent(count: int) -> float:
    return float(196.0 * (0.95 * 0.05 / max(1, count)) ** 0.5)


def _layouts_text(outcomes: Sequence[Outcome], rows: Sequence[Row], own: Party) -> str:
    lines = [
        "simulated, by the number of radars, beside the least ratio that is possible",
        f"{own + ' radars':>12}  {'seeds':>5}  {'earlier s':>9}  {'ratio':>6}  "
        f"{'worst':>6}  {'bound':>6}",
    ]
    for row in rows:
        radars = len(row.own_sensor_ids)
        of_it = [one for one in outcomes if one.case.radars == radars]
        ratios = [one.ratio for one in of_it]
        gain_s = _cell(median_of([one.gain_s for one in of_it]), 9, 1)
        lines.append(
            f"{radars:>12}  {len(of_it):>5}  {gain_s}  "
            f"{_cell(median_of(ratios), 6, 3)}  {_cell(_worst(ratios, max), 6, 3)}  "
            f"{row.area_ratio:>6.3f}"
        )
    return "\n".join(lines)


def _cell(value: float | None, width: int, digits: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:>{width}.{digits}f}"
