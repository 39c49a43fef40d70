"""``beaconfire estimate``: launch point, flight path, impact area from a file of plots.

Reads the file, calls ``estimation.lines`` with the node's own way of telling objects
apart, prints; decides nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from beaconfire.cli.printing import put_json
from beaconfire.errors import BadInput
from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.lines import (
    FILE_BYTES_MAX,
    LINES_MAX,
    EstimateAnswer,
    LineRejected,
    ObjectAnswer,
    SensorAnswer,
    answer_lines,
)
from beaconfire.runtime.named_files import read_bounded
from beaconfire.seals.toml_text import refuse_mark
from beaconfire.stages.fuse.sorting import sort_sightings
from beaconfire.vocabulary.flight import Observations
from beaconfire.vocabulary.motion import Cue, ErrorEllipse, Plot
from beaconfire.vocabulary.places import place_told
from beaconfire.vocabulary.printable import printable
from beaconfire.vocabulary.reach import ReachCorridor
from beaconfire.vocabulary.sight import Sight
from beaconfire.vocabulary.times import Instant

app = typer.Typer(add_completion=False)
_REJECTED_SHOWN = 10


@app.command()
def estimate(
    plots: Annotated[Path, typer.Argument(help="plots and cues, one JSON a line")],
    json: Annotated[bool, typer.Option("--json", help="print one JSON value")] = False,
    at: Annotated[
        str | None,
        typer.Option("--at", help="ask about this time instead of the file's newest"),
    ] = None,
) -> None:
    """Say where it was launched, where it is and where it comes down."""
    asked = None if at is None else Instant.parse(at)
    answer = answer_lines(_lines_in(plots), sort=_sort, at=asked)
    if not answer.objects:
        raise BadInput(_nothing_in(plots, answer))
    if json:
        put_json(answer)
        return
    _show(answer, Console(highlight=False))


def _lines_in(plots: Path) -> list[bytes]:
    """Return the lines of the file, never more than one flight can have."""
    data = read_bounded(plots, bytes_max=FILE_BYTES_MAX)
    refuse_mark(data, file=str(plots))
    lines = data.split(b"\n", LINES_MAX)
    if len(lines) > LINES_MAX and lines.pop().strip():
        message = (
            f"`{plots}`: more than {LINES_MAX} lines: give the plots of one flight"
        )
        raise BadInput(message)
    return lines


def _sort(plots: Sequence[Plot], cues: Sequence[Cue]) -> tuple[Observations, ...]:
    """Sort as a node would, and say on a terminal how far it is."""
    with Console(stderr=True).status("telling objects apart") as status:

        def told(at: Instant) -> None:
            status.update(f"telling objects apart: {at}")

        return sort_sightings(plots, cues, solve=estimate_flight, told=told)


def _nothing_in(plots: Path, answer: EstimateAnswer) -> str:
    if not answer.rejected:
        return f"`{plots}` is empty: it needs one plot or cue a line"
    first = answer.rejected[0]
    return f"`{plots}` holds no plot and no cue: line {first.line}: {first.reason}"


def _show(answer: EstimateAnswer, console: Console) -> None:
    for number, found in enumerate(answer.objects, 1):
        if len(answer.objects) > 1:
            console.rule(f"object {number} of {len(answer.objects)}", align="left")
        _show_object(found, console)
    _show_sensors(answer.sensors, console)
    _show_rejected(answer.rejected, console)


def _show_object(found: ObjectAnswer, console: Console) -> None:
    def row(name: str, text: str) -> None:
        _print(console, f"{name:<8}{text}")

    if found.group:
        row("group", f"at least {found.group.at_least}: {found.group.reason}")
    if found.sight:
        row("sight", _sight(found.sight))
    held = "" if found.model_holds else " (the model does not hold)"
    row("phase", f"{found.phase}{held}: {found.reason}")
    if found.launch is None:
        row("launch", f"not known: {found.launch_reason}")
    else:
        where = place_told(found.launch.lat_deg, found.launch.lon_deg, digits=4)
        around = _ellipse(found.launch.ellipse95)
        window = found.launch.time_window95
        between = f", from {_window(window)}" if window else ""
        row("launch", f"{where} at {found.launch.time}, {around}{between}")
    if found.impact is None:
        row("impact", f"not known: {found.impact_reason}")
    else:
        area = found.impact
        where = place_told(area.lat_deg, area.lon_deg, digits=4)
        under = f", if {found.impact_condition}" if found.impact_condition else ""
        row("impact", f"{where} at {area.time}, {_ellipse(area.ellipse95)}{under}")
        row("window", _window(area.time_window95))
    if found.corridor:
        row("reach", _corridor(found.corridor))
    if found.reachable:
        region = found.reachable
        where = place_told(region.lat_deg, region.lon_deg, digits=4)
        row("reach", f"possibly within {region.radius_m / 1e3:.0f} km of {where}")
    row("apogee", _length(found.apogee_km, found.apogee_km_reason))
    row("range", _length(found.range_km, found.range_km_reason))


def _sight(sight: Sight) -> str:
    if sight.state == "set":
        return f"below the horizon of all radars here since {sight.since}, as predicted"
    if sight.state == "unsure":
        return f"last at {sight.last_seen}; {sight.reason}"
    what = "lost" if sight.state == "lost" else "radars silent"
    return (
        f"{what} since {sight.last_seen}: {sight.reason}; what follows is of the arc "
        "on which it was last seen, not of where it is known to be"
    )


def _show_sensors(sensors: tuple[SensorAnswer, ...], console: Console) -> None:
    for sensor in sensors:
        _print(console, f"sensor {sensor.id}: {sensor.plots} plots, {sensor.verdict}")


def _show_rejected(rejected: tuple[LineRejected, ...], console: Console) -> None:
    for one in rejected[:_REJECTED_SHOWN]:
        _print(console, f"line {one.line} left out: {one.reason}")
    if len(rejected) > _REJECTED_SHOWN:
        console.print(f"and {len(rejected) - _REJECTED_SHOWN} lines more")


def _print(console: Console, text: str) -> None:
    # Brackets of whoever wrote the file are no marks of ours either.
    console.print(printable(text), soft_wrap=True, markup=False)


def _ellipse(ellipse: ErrorEllipse) -> str:
    return (
        f"95 % within {ellipse.semi_major_m / 1e3:.1f} x "
        f"{ellipse.semi_minor_m / 1e3:.1f} km towards {ellipse.azimuth_deg:.0f} deg"
    )


def _window(window: tuple[Instant, Instant]) -> str:
    return f"{window[0]} to {window[1]}"


def _corridor(corridor: ReachCorridor) -> str:
    now = corridor.impact_now
    where = (
        "no place" if now is None else place_told(now.lat_deg, now.lon_deg, digits=4)
    )
    open_end = "; its end is open" if corridor.beyond_outline else ""
    return (
        f"possibly from {where}, if thrust ended now, on towards "
        f"{corridor.heading_deg:.0f} +- {corridor.heading_half_spread_deg:.0f} deg"
        f"{open_end}"
    )


def _length(value_km: float | None, reason: object) -> str:
    return f"not known: {reason}" if value_km is None else f"{value_km:.0f} km"
