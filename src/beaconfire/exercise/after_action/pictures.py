"""Pictures: how good the estimates were, and who knew what when.

Each function draws one figure of the story as an ``svg`` element. Nothing is computed
here that is not in the report, but where a line stands on the paper.
"""

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from beaconfire.exercise.after_action.canvas import (
    ALERT,
    FAINT,
    INK,
    WITH,
    WITHOUT,
    as_svg,
    look,
    mark_instants,
    new_figure,
)
from beaconfire.exercise.after_action.figures import AREA_AFTER_BURNOUT_S
from beaconfire.exercise.after_action.readings import Reading
from beaconfire.exercise.after_action.report import EstimateLine, Report
from beaconfire.exercise.after_action.story import Story

# Field, marker, how far below its line, and what it means.
_MARKS = (
    ("notice_s", "o", 0.0, "first notice"),
    ("told_s", "<", 0.24, "first item of a partner"),
    ("estimate_s", "D", 0.0, "first impact area"),
    ("draft_s", "^", -0.24, "first alert draft"),
)


def instants(story: Story) -> dict[str, float]:
    """Return the instants of the first flight that figures mark."""
    flight = min(story.flights, key=lambda one: one.lift_off)
    marked = {
        "burn-out": flight.burn_out_s,
        "highest point": flight.apogee.t_s,
    }
    if flight.impact is not None:
        marked["impact"] = flight.impact.t_s
    return marked


def accuracy_picture(report: Report, story: Story) -> str:
    """Draw area and miss over time, with and without sharing, for each nation."""
    parties = list(report.nations)
    title = "Area and miss of the impact prediction, with and without sharing"
    with look("accuracy"):
        figure = new_figure(5.6, rows=2, columns=len(parties))
        axes = figure.axes
        for column, party in enumerate(parties):
            above, below = axes[column], axes[len(parties) + column]
            lines = [line for line in report.estimates if line.nation == party]
            _curves(above, [(line, line.area95_km2) for line in lines])
            _curves(below, [(line, line.miss_km) for line in lines])
            _outside(below, lines)
            above.set_title(party, pad=14)  # over the names of the instants
            below.set_xlabel("seconds after lift-off")
            for one in (above, below):
                one.set_xlim(0.0, end_s(story))
                mark_instants(one, instants(story), label=one is above)
        axes[0].set_ylabel("95 % area (km²)")
        axes[len(parties)].set_ylabel("miss (km)")
        for one in (axes[0], axes[len(parties)]):
            one.set_yscale("log")
            one.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,g}"))
        figure.legend(
            handles=[
                Line2D([], [], color=WITH, label="with sharing"),
                Line2D([], [], color=WITHOUT, linestyle="--", label="without sharing"),
                Line2D(
                    [], [], color=ALERT, marker="x", linestyle="none",
                    label="the 95 % area did not hold the impact",
                ),
            ],
            loc="outside upper right",
            ncols=3,
        )  # fmt: skip
        return as_svg(figure, name="accuracy", title=title)


def _curves(axes: Axes, points: list[tuple[EstimateLine, float | None]]) -> None:
    for sharing, colour, style in ((True, WITH, "-"), (False, WITHOUT, "--")):
        drawn: dict[str, list[tuple[float, float]]] = {}
        for line, value in points:
            # A logarithm has no place for zero: an exact hit is left out.
            if line.with_sharing == sharing and value:
                drawn.setdefault(line.launch, []).append((line.t_s, value))
        for curve in drawn.values():  # one a launch: those of a salvo alternate
            axes.plot(*zip(*curve, strict=True), color=colour, linestyle=style)
    if not any(value for _, value in points):
        axes.text(
            0.5,
            0.5,
            "no impact was ever predicted",
            transform=axes.transAxes,
            ha="center",
            color=FAINT,
        )


def _outside(axes: Axes, lines: list[EstimateLine]) -> None:
    """Mark each miss that its own area did not cover."""
    missed = [
        (line.t_s, line.miss_km)
        for line in lines
        if line.contains_truth is False and line.miss_km
    ]
    if missed:
        axes.plot(*zip(*missed, strict=True), "x", color=ALERT, markersize=4)


def end_s(story: Story) -> float:
    """Return when the last flight ends, from the first lift-off."""
    return max(
        flight.lift_off.seconds_since(story.lift_off) + flight.end_s
        for flight in story.flights
    )


def timeline_picture(story: Story) -> str:
    """Draw when each nation first knew, was told, could say where, and could warn."""
    rows: list[tuple[str, str, Reading]] = []
    for party, reading in story.without.items():
        if party in story.with_sharing:
            rows.append((f"{party} with sharing", WITH, story.with_sharing[party]))
        rows.append((f"{party} without", WITHOUT, reading))
    title = "Who knew what, and when"
    with look("timeline"):
        figure = new_figure(1.1 + 0.42 * len(rows))
        axes = figure.axes[0]
        last_s = 1.0
        for place, (_, colour, reading) in enumerate(rows):
            known = [
                (t_s, marker, below)
                for name, marker, below, _ in _MARKS
                if (t_s := getattr(reading, name)) is not None
            ]
            times = [t_s for t_s, _, _ in known]
            if times:
                axes.hlines(place, min(times), max(times), color=colour, linewidth=1.0)
                last_s = max(last_s, *times)
            else:
                axes.text(2.0, place, "never knew", va="center", color=ALERT)
            for t_s, marker, below in known:
                axes.plot(t_s, place + below, marker, color=colour, markersize=6)
        shown = {n: t for n, t in instants(story).items() if t <= last_s * 1.1}
        axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
        axes.set_ylim(len(rows) - 0.5, -0.7)
        axes.set_xlim(0.0, last_s * 1.1)
        mark_instants(axes, shown)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("seconds after lift-off")
        figure.legend(handles=_mark_legend(), loc="outside upper right", ncols=4)
        return as_svg(figure, name="timeline", title=title)


def _mark_legend() -> list[Line2D]:
    return [
        Line2D([], [], color=INK, marker=marker, linestyle="none", label=told)
        for _, marker, _, told in _MARKS
    ]


def compared_at_s(story: Story) -> float:
    """Return when the areas with and without sharing are compared."""
    flight = min(story.flights, key=lambda one: one.lift_off)
    return flight.burn_out_s + AREA_AFTER_BURNOUT_S
