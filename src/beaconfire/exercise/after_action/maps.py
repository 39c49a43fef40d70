"""Maps: the true flight over the ground with the sensors, and the areas at its end.

No coast lines ship with the program, so a graticule and named points stand for them.
Longitudes are drawn on from the launch site and may pass 180 degrees; degrees of both
axes have the same length in the middle of the map, not elsewhere.
"""

import math
from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse
from matplotlib.ticker import FuncFormatter, MultipleLocator

from beaconfire.exercise.after_action.accuracy import offset_m
from beaconfire.exercise.after_action.canvas import (
    ALERT,
    FAINT,
    INK,
    LANE_COLOURS,
    WIDTH_IN,
    WITH,
    WITHOUT,
    as_svg,
    look,
    new_figure,
)
from beaconfire.exercise.after_action.pictures import compared_at_s
from beaconfire.exercise.after_action.readings import Predicted, newest_by
from beaconfire.exercise.after_action.story import Story
from beaconfire.exercise.sky.flight import Flight, Impact

_PARTY_COLOURS = (*LANE_COLOURS.values(), "#b0413e", "#7a6a3a", "#555b63")
_MINUTE_S = 60.0
_MAP_WIDTH = 0.93  # of the figure's
_LABELS_IN = 0.75  # how high the minutes reach over the track
_ALOFT_M = 1e5  # a sensor above this is a satellite and stands on no map


def flight_map(story: Story) -> str:
    """Draw the ground track of every flight, the sensors, and where it came down."""
    with look("map"):
        figure = new_figure(WIDTH_IN)
        axes = figure.axes[0]
        middle = story.scenario.launch[0].site.lon_deg
        for flight in story.flights:
            # The tracks of a salvo lie on one another, and so would their minutes.
            _track(axes, flight, middle, told=flight is story.flights[0])
        colours = dict(zip(story.scenario.parties, _PARTY_COLOURS * 8, strict=False))
        sensors = story.scenario.sensor
        aloft = [sensor for sensor in sensors if sensor.alt_m > _ALOFT_M]
        for sensor in sensors:
            if sensor in aloft:
                continue
            lon_deg = _near(sensor.lon_deg, middle)
            marker = "^" if sensor.kind == "radar" else "s"
            colour = colours[sensor.party]
            axes.plot(lon_deg, sensor.lat_deg, marker, color=colour, markersize=5)
            axes.annotate(
                sensor.id,
                (lon_deg, sensor.lat_deg),
                xytext=(4, -3),
                textcoords="offset points",
                fontsize=6.5,
                color=colour,
            )
        for place, sensor in enumerate(aloft):
            axes.annotate(
                f"{sensor.id}: {sensor.alt_m / 1e3:,.0f} km above "
                f"{_degrees('NS')(sensor.lat_deg, 0)}, "
                f"{_degrees('EW')(sensor.lon_deg, 0)} (not drawn)",
                (0.01, 0.03 + 0.06 * place),
                xycoords="axes fraction",
                fontsize=7.0,
                color=colours[sensor.party],
            )
        drawn = {s.party: colours[s.party] for s in sensors if s not in aloft}
        top_deg = float(max(story.flights[0].ground_track(10.0)[:, 1]))
        shape = _graticule(axes, top_deg)
        figure.set_figheight(1.1 + _MAP_WIDTH * WIDTH_IN * shape)
        figure.legend(handles=_map_legend(drawn), loc="outside upper right", ncols=8)
        title = "The true flight over the ground, and the invented sensors"
        return as_svg(figure, name="map", title=title)


def _track(axes: Axes, flight: Flight, middle: float, *, told: bool) -> None:
    rows = flight.ground_track(10.0)
    lon_deg = np.array([_near(float(lon), middle) for lon in rows[:, 2]])
    powered = rows[:, 0] <= flight.burn_out_s
    axes.plot(lon_deg[powered], rows[powered, 1], color=ALERT, linewidth=2.2)
    coasting = slice(max(int(powered.sum()) - 1, 0), None)
    axes.plot(lon_deg[coasting], rows[coasting, 1], color=INK, linewidth=1.3)
    for minute in range(2, int(flight.end_s / _MINUTE_S - 0.5), 2):
        at = int(np.searchsorted(rows[:, 0], minute * _MINUTE_S))
        axes.plot(lon_deg[at], rows[at, 1], "|", color=INK, markersize=5)
        if not told:
            continue
        axes.annotate(
            f"{minute} min, {rows[at, 3] / 1e3:,.0f} km",
            (lon_deg[at], rows[at, 1]),
            xytext=(0, 6),
            textcoords="offset points",
            fontsize=6.5,
            color=FAINT,
            rotation=35,
        )
    axes.plot(lon_deg[0], rows[0, 1], "*", color=ALERT, markersize=11)
    if flight.impact is not None:
        there = _near(flight.impact.lon_deg, middle)
        axes.plot(there, flight.impact.lat_deg, "X", color=INK, markersize=9)


def _graticule(axes: Axes, top_deg: float) -> float:
    """Draw degrees of equal length; return the map's height over its width.

    What is written over the track, which reaches up to ``top_deg``, has room.
    """
    axes.margins(0.05, 0.16)
    (south, north), (west, east) = axes.get_ylim(), axes.get_xlim()
    narrow = math.cos(math.radians((south + north) / 2.0))
    room = _LABELS_IN / (_MAP_WIDTH * WIDTH_IN) * (east - west) * narrow
    north = max(north, top_deg + room)
    axes.set_ylim(south, north)
    shrink = math.cos(math.radians((south + north) / 2.0))
    axes.set_aspect(1.0 / shrink)
    step = next(s for s in (1, 2, 5, 10, 20, 30, 60, 400) if (east - west) / s <= 13)
    for axis, letters in ((axes.xaxis, "EW"), (axes.yaxis, "NS")):
        axis.set_major_locator(MultipleLocator(step))
        axis.set_major_formatter(FuncFormatter(_degrees(letters)))
    return min((north - south) / (east - west) / shrink, 1.0)


def _degrees(letters: str) -> Callable[[float, int], str]:
    def told(value: float, _: int) -> str:
        value = (value + 180.0) % 360.0 - 180.0
        return f"{abs(value):g}° {letters[0] if value >= 0 else letters[1]}"

    return told


def _near(lon_deg: float, middle: float) -> float:
    """Return a longitude as the turn of it that lies nearest to the map's middle."""
    return middle + (lon_deg - middle + 180.0) % 360.0 - 180.0


def _map_legend(colours: dict[str, str]) -> list[Line2D]:
    return [
        Line2D([], [], color=ALERT, linewidth=2.2, label="powered"),
        Line2D([], [], color=INK, linewidth=1.3, label="coasting"),
        Line2D([], [], color=INK, marker="X", linestyle="none", label="true impact"),
        *(
            Line2D(
                [], [], color=colour, marker="^", linestyle="none", label=f"{p} sensor"
            )
            for p, colour in colours.items()
        ),
    ]


def areas_picture(story: Story) -> str:
    """Draw each nation's 95 % area about the true impact, with and without sharing."""
    at_s = compared_at_s(story)
    parties = list(story.without)
    title = f"95 % areas {at_s:,.0f} s after lift-off, about the true impact"
    with look("areas"):
        figure = new_figure(4.5, columns=len(parties))
        reach_km = 0.1
        for axes, party in zip(figure.axes, parties, strict=True):
            axes.set_title(party)
            axes.plot(0.0, 0.0, "X", color=INK, markersize=8, zorder=5)
            made = [
                (newest_by(readings[party], at_s), colour, style)
                for readings, colour, style in (
                    (story.without, WITHOUT, "--"),
                    (story.with_sharing, WITH, "-"),
                )
                if party in readings
            ]
            for one, colour, style in made:
                if one is not None and one.flight.impact is not None:
                    reach = _ellipse(axes, one, one.flight.impact, colour, style)
                    reach_km = max(reach_km, reach)
            if all(one is None for one, _, _ in made):
                axes.set_title(f"{party}: no area yet")
        for axes in figure.axes:
            axes.set_xlim(-reach_km, reach_km)
            axes.set_ylim(-reach_km, reach_km)
            axes.set_aspect("equal")
        figure.supxlabel("km east", fontsize="medium")
        figure.axes[0].set_ylabel("km north")
        figure.legend(
            handles=[
                Line2D([], [], color=WITH, label="with sharing"),
                Line2D([], [], color=WITHOUT, linestyle="--", label="without sharing"),
                Line2D(
                    [], [], color=INK, marker="X", linestyle="none", label="true impact"
                ),
            ],
            loc="outside upper right",
            ncols=3,
        )
        return as_svg(figure, name="areas", title=title)


def _ellipse(
    axes: Axes, one: Predicted, truth: Impact, colour: str, style: str
) -> float:
    """Draw an area as seen from the true impact; return how far it reaches (km)."""
    east_m, north_m = offset_m(one.area, truth)
    x, y = -east_m / 1e3, -north_m / 1e3
    ellipse = one.area.ellipse95
    axes.add_patch(
        Ellipse(
            (x, y),
            2.0 * ellipse.semi_major_m / 1e3,
            2.0 * ellipse.semi_minor_m / 1e3,
            # Ours is from north, clockwise; the picture's from east, the other way.
            angle=90.0 - ellipse.azimuth_deg,
            facecolor=f"{colour}22",
            edgecolor=colour,
            linestyle=style,
            linewidth=1.6,
        )
    )
    axes.plot(x, y, "+", color=colour, markersize=7)
    return 1.08 * (math.hypot(x, y) + ellipse.semi_major_m / 1e3)
