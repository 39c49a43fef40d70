"""Calibration: is what an area claims what comes true? As figures, and as a picture.

Above, in how many seeds the 95 % area and the 95 % window held the truth, with the
exact interval of so many seeds and the band that is wanted. Below, the same for every
probability at once: the share of seeds within the ellipse that claims it. A curve above
the diagonal claims too little, one below it too much.
"""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from beaconfire.estimation.warm import warm_up
from beaconfire.exercise.after_action.canvas import (
    FAINT,
    GRID,
    INK,
    WITH,
    WITHOUT,
    as_svg,
    look,
    new_figure,
)
from beaconfire.exercise.bench.estimation_areas import (
    Asked,
    Told,
    area_figures,
    ask_areas,
)
from beaconfire.exercise.bench.figures import Bench, share
from beaconfire.exercise.bench.workers import Say, workers

WANTED = (93.0, 97.0)
_SHOWN_FROM = 80.0  # percent; a share below it is drawn at the edge
_DKW_95 = math.sqrt(math.log(2.0 / 0.05) / 2.0)  # Massart, Ann. Probab. 18, 1990
_LATER = ("#9ec1de", "#5f97c6", "#0b5fa5", "#062f57")  # the later, the darker


def measure(*, seeds: int, processes: int, say: Say) -> tuple[Bench, str]:
    """Return the figures of published areas, and the picture as SVG."""
    warm_up()
    with workers(processes, say) as crew:
        asked = ask_areas(seeds, crew)
    bench = Bench(
        bench="calibration",
        figures=tuple(area_figures(asked)),
        conditions=(
            f"{seeds} seeds a row, each counted where an area was given",
            "drag stands evenly over its prior; biases are drawn from theirs",
            "every site is invented; truth is flown by code that shares nothing",
        ),
    )
    return bench, picture(asked)


def picture(asked: tuple[Asked, ...]) -> str:
    """Draw a column for each case and number of radars."""
    title = "Calibration: what areas and windows claim, and what came true"
    with look("calibration"):
        figure = new_figure(5.4, rows=2, columns=len(asked))
        above, below = figure.axes[: len(asked)], figure.axes[len(asked) :]
        for one, strip, curve in zip(asked, above, below, strict=True):
            strip.set_title(f"{one.launch.id}, {_radars(one)}")
            _strip(strip, one)
            _curves(curve, one)
        above[0].set_ylabel("held the truth (%)")
        below[0].set_ylabel("seeds within it (%)")
        figure.legend(
            handles=[
                Line2D([], [], color=WITH, marker="o", label="95 % area"),
                Line2D([], [], color=WITHOUT, marker="s", label="95 % time window"),
            ],
            loc="outside upper right",
            ncols=2,
        )
        return standing_alone(as_svg(figure, name="calibration", title=title))


def standing_alone(drawn: str) -> str:
    """Return an element of a page as a file of its own, on white."""
    return drawn.replace(
        "<svg ",
        '<svg xmlns="http://www.w3.org/2000/svg" style="background:#ffffff" ',
        1,
    )


def _radars(one: Asked) -> str:
    return "1 radar" if len(one.radars) == 1 else f"{len(one.radars)} radars"


def _strip(axes: Axes, one: Asked) -> None:
    axes.axhspan(*WANTED, color=GRID, zorder=0)
    for place, told in enumerate(one.rows.values()):
        for held, colour, marker, aside in (
            ([t.holds for t in told], WITH, "o", -0.08),
            ([t.in_window for t in told], WITHOUT, "s", 0.08),
        ):
            row = share("held", [h for h in held if h is not None])
            if row.measured is None or row.interval is None:
                continue
            x, (low, high) = _place(place) + 30.0 * aside, row.interval
            axes.vlines(x, max(low, _SHOWN_FROM), high, color=colour, linewidth=1.2)
            axes.plot(
                x, max(row.measured, _SHOWN_FROM), marker, color=colour, markersize=4
            )
    axes.set_ylim(_SHOWN_FROM, 101.0)
    for place, after_s in enumerate(one.rows):
        axes.annotate(
            f"+{after_s:.0f} s",
            (_place(place), _SHOWN_FROM),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            color=INK,
            fontsize=7.5,
        )


def _place(number: int) -> float:
    """Return where an instant stands: the scale below is that of percents."""
    return 11.0 + 26.0 * number


def _curves(axes: Axes, one: Asked) -> None:
    axes.plot([0.0, 100.0], [0.0, 100.0], color=FAINT, linewidth=0.8)
    darkness = _LATER[-len(one.rows) :]
    for (after_s, told), colour in zip(one.rows.items(), darkness, strict=True):
        claimed = claimed_percent(told)
        if not claimed:
            continue
        reached = 100.0 * np.arange(1, len(claimed) + 1) / len(claimed)
        axes.step(
            claimed,
            reached,
            where="post",
            color=colour,
            linewidth=1.2,
            label=f"+{after_s:.0f} s",
        )
        off = 100.0 * _DKW_95 / math.sqrt(len(claimed))
    axes.fill_between(
        [0.0, 100.0], [-off, 100.0 - off], [off, 100.0 + off], color=GRID, zorder=0
    )
    axes.set_xlim(0.0, 100.0)
    axes.set_ylim(0.0, 100.0)
    axes.set_xlabel("probability that an ellipse claims (%)")
    axes.legend(loc="upper left")


def claimed_percent(told: list[Told]) -> list[float]:
    """Return, in order, the probability of the ellipse that just reaches the truth."""
    return sorted(
        100.0 * -math.expm1(-0.5 * one.squared_sigmas)
        for one in told
        if one.squared_sigmas is not None
    )
