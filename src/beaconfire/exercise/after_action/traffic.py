"""Traffic: what arrived by which route, how sends ended, and how long they took."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from beaconfire.exercise.after_action.canvas import (
    ALERT,
    FAINT,
    INK,
    LANE_COLOURS,
    OUTCOME_COLOURS,
    as_svg,
    ascii_only,
    look,
    mark_instants,
    new_figure,
)
from beaconfire.exercise.after_action.pictures import end_s, instants
from beaconfire.exercise.after_action.report import ReleaseLine, Report
from beaconfire.exercise.after_action.story import Route, Story, suspensions
from beaconfire.vocabulary.link import LANES

APART_S = 10.0  # arrivals closer than this are drawn as one bar
BAR_S_MIN = 2.0  # a shorter bar would not be seen


def routes_picture(story: Story) -> str:
    """Draw when items arrived by each route, lane by lane, and when acts stopped it."""
    routes = sorted(
        {route for route, _ in story.arrived_s},
        key=lambda r: (r.to, r.originator, r.via or ""),
    )
    title = "What arrived by which route, and when"
    with look("routes"):
        figure = new_figure(1.4 + 0.42 * max(len(routes), 1))
        axes = figure.axes[0]
        cuts = [
            edge_s
            for spans in suspensions(story).values()
            for span in spans
            for edge_s in span
            if edge_s is not None
        ]
        for place, route in enumerate(routes):
            for row, lane in enumerate(LANES):
                times = story.arrived_s.get((route, lane), [])
                axes.broken_barh(
                    bars(times, cuts),
                    (place - 0.36 + 0.25 * row, 0.21),
                    color=LANE_COLOURS[lane],
                    linewidth=0,
                )
        if not routes:
            axes.text(0.5, 0.5, "nothing arrived", transform=axes.transAxes)
        _shade(axes, story)
        axes.set_yticks(range(len(routes)), [route.title for route in routes])
        axes.set_ylim(max(len(routes), 1) - 0.5, -0.5)
        axes.set_xlim(0.0, end_s(story))
        mark_instants(axes, instants(story), label=False)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("seconds after lift-off")
        handles: list[Patch | Line2D] = [
            Patch(color=LANE_COLOURS[lane], label=lane) for lane in LANES
        ]
        if suspensions(story):
            shade = Patch(facecolor=f"{ALERT}1c", edgecolor=ALERT, label="suspended")
            handles.append(shade)
        handles.append(
            Line2D(
                [], [], color=FAINT, linestyle="--", label=", ".join(instants(story))
            )
        )
        figure.legend(handles=handles, loc="outside upper right", ncols=5)
        return as_svg(figure, name="routes", title=title)


def bars(
    times_s: Sequence[float], cuts_s: Sequence[float] = ()
) -> list[tuple[float, float]]:
    """Return (start, length) of the stretches in which something arrived.

    None reaches over one of ``cuts_s``: what an act stopped must not seem to go on.
    """
    cuts = sorted(cuts_s)
    stretches: list[tuple[float, float]] = []
    for t_s in sorted(times_s):
        same = stretches and t_s - stretches[-1][1] <= APART_S
        if same and _next(cuts, stretches[-1][1]) == _next(cuts, t_s):
            stretches[-1] = (stretches[-1][0], t_s)
        else:
            stretches.append((t_s, t_s))
    return [
        (first_s, min(max(last_s - first_s, BAR_S_MIN), _next(cuts, last_s) - first_s))
        for first_s, last_s in stretches
    ]


def _next(cuts: Sequence[float], t_s: float) -> float:
    """Return the first cut after an instant; one at it has happened."""
    return next((cut for cut in cuts if cut > t_s), math.inf)


def _shade(axes: Axes, story: Story) -> None:
    over_s = end_s(story)
    for agreement, spans in suspensions(story).items():
        for from_s, until_s in spans:
            to_s = over_s if until_s is None else until_s
            axes.axvspan(from_s, to_s, facecolor=f"{ALERT}1c", linewidth=0, zorder=0)
            for edge_s in (from_s, until_s):
                if edge_s is not None:
                    axes.axvline(edge_s, color=ALERT, linewidth=1.0)
            axes.annotate(
                f"{ascii_only(agreement)} suspended",
                ((from_s + to_s) / 2.0, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=7.5,
                color=ALERT,
            )


def outcomes_picture(report: Report) -> str:
    """Draw how many units went each route in each form, by how they ended."""
    rows: dict[tuple[Route, str], dict[str, int]] = {}
    for line in report.releases:
        counts = rows.setdefault((_route(line), line.form), {})
        counts[line.outcome] = counts.get(line.outcome, 0) + line.count
    title = "How sends and refusals ended, by route and form"
    with look("outcomes"):
        figure = new_figure(1.1 + 0.235 * max(len(rows), 1))
        axes = figure.axes[0]
        for place, counts in enumerate(rows.values()):
            left = 0
            for outcome, colour in OUTCOME_COLOURS.items():
                count = counts.get(outcome, 0)
                if count:
                    axes.barh(place, count, left=left, color=colour, height=0.7)
                    left += count
            told = ", ".join(
                f"{count:,} {outcome}"
                for outcome in OUTCOME_COLOURS
                if (count := counts.get(outcome, 0))
            )
            axes.annotate(
                told,
                (left, place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
            )
        axes.set_yticks(
            range(len(rows)), [f"{route.title}: {form}" for route, form in rows]
        )
        axes.set_ylim(max(len(rows), 1) - 0.4, -0.6)
        axes.margins(x=0.22)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("units (item x partner x via)")
        figure.legend(
            handles=[
                Patch(color=colour, label=outcome)
                for outcome, colour in OUTCOME_COLOURS.items()
                if any(outcome in counts for counts in rows.values())
            ],
            loc="outside upper right",
            ncols=6,
        )
        return as_svg(figure, name="outcomes", title=title)


def _route(line: ReleaseLine) -> Route:
    return Route(originator=line.originator, to=line.to, via=line.via)


def latency_picture(report: Report, story: Story) -> str:
    """Draw the spread of each hop's latency: all of it, its median, its 99th part."""
    hops = [
        (name, story.hops_ms[pair])
        for name, pair in zip(report.latency_ms.hops, story.hops_ms, strict=True)
    ]
    title = "Latency from hand-over to arrival, by hop"
    with look("latency"):
        figure = new_figure(1.2 + 0.32 * max(len(hops), 1))
        axes = figure.axes[0]
        for place, (name, values) in enumerate(hops):
            spread = report.latency_ms.hops[name]
            if spread.p50 is None or spread.p99 is None or spread.max is None:
                axes.text(
                    0.02,
                    place,
                    "nothing was taken",
                    transform=axes.get_yaxis_transform(),
                    color=FAINT,
                    va="center",
                )
                continue
            axes.hlines(place, values[0], spread.max, color=FAINT, linewidth=1.0)
            axes.hlines(place, values[0], spread.p99, color=INK, linewidth=3.0)
            axes.plot(spread.p50, place, "o", color=INK, markersize=7, mfc="white")
        axes.set_yticks(range(len(hops)), [name for name, _ in hops])
        axes.set_ylim(max(len(hops), 1) - 0.5, -0.5)
        axes.set_xlim(left=0.0)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("milliseconds")
        figure.legend(
            handles=[
                Line2D(
                    [],
                    [],
                    color=INK,
                    marker="o",
                    mfc="white",
                    linestyle="none",
                    label="median",
                ),
                Line2D([], [], color=INK, linewidth=3.0, label="99th percentile"),
                Line2D([], [], color=FAINT, linewidth=1.0, label="longest"),
            ],
            loc="outside upper right",
            ncols=3,
        )
        return as_svg(figure, name="latency", title=title)
