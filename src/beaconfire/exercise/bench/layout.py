"""Layout: how much the exercise's gain depends on where its sensors stand.

The gain that an exercise shows is a property of its invented sensor sites as much as of
sharing. This computes the best that any unbiased estimator could do (``bound``) for one
to three Japanese radars, with and without the Korean ones, so that the figure can be
printed beside every claim.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beaconfire.exercise.bench.bound import Bound, each_second, least, vary
from beaconfire.exercise.bench.figures import Bench, Figure
from beaconfire.exercise.radar import Radar, radar_of, visible
from beaconfire.exercise.scenario_parts import Scenario
from beaconfire.exercise.sky import Flight, fly_all
from beaconfire.vocabulary.party import Party


@dataclass(frozen=True, slots=True)
class Row:
    """One layout: a nation's radars alone, and joined by a partner's."""

    own_sensor_ids: tuple[str, ...]
    alone: Bound
    shared: Bound
    alone_first_s: float | None  # the first plot, from lift-off
    shared_first_s: float | None

    @property
    def area_ratio(self) -> float:
        """The area with sharing over the area without."""
        return self.shared.area95_km2 / self.alone.area95_km2


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
    varied = vary(flight)
    mine = _radars(scenario, own)
    theirs = _radars(scenario, partner)

    def best(radars: tuple[Radar, ...]) -> Bound:
        return least(varied, each_second(flight, radars, after_burnout_s))

    return tuple(
        Row(
            own_sensor_ids=tuple(radar.site.id for radar in mine[:count]),
            alone=best(mine[:count]),
            shared=best((*mine[:count], *theirs)),
            alone_first_s=first_plot_s(flight, mine[:count]),
            shared_first_s=first_plot_s(flight, (*mine[:count], *theirs)),
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
            f"{_seconds(row.alone_first_s):>18}  {_seconds(row.shared_first_s):>8}"
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
    alone_s, shared_s = row.alone_first_s, row.shared_first_s
    return None if alone_s is None or shared_s is None else alone_s - shared_s
