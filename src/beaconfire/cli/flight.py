"""``beaconfire flight``: does the arithmetic of an announcement close?

Parses, calls ``estimation.announcement``, prints; decides nothing. Exit code 0 means
that it closes or that no time was announced, 3 that it does not close, 2 bad input.
"""

from typing import Annotated

import typer
from rich.console import Console

from beaconfire.cli.printing import JsonOption, put, put_json
from beaconfire.errors import Refused
from beaconfire.estimation.announcement import (
    DEFAULT_AZIMUTH_DEG,
    DEFAULT_SITE_DEG,
    Announcement,
    FlightAnswer,
    judge_announcement,
)
from beaconfire.estimation.written import (
    APOGEE_KM,
    AZIMUTH_DEG,
    RANGE_KM,
    read_figure,
    read_place,
    read_time,
)

app = typer.Typer(add_completion=False)


@app.command()
def flight(
    *,
    apogee_km: Annotated[
        str, typer.Option(metavar="A", help="As announced, or an interval 970-1000.")
    ],
    range_km: Annotated[
        str, typer.Option(metavar="R", help="As announced, or an interval.")
    ],
    site: Annotated[
        str | None,
        typer.Option("--from", metavar="LAT,LON", help="Launch site, in degrees."),
    ] = None,
    azimuth_deg: Annotated[
        str | None,
        typer.Option(metavar="D", help="True bearing of the impact from the site."),
    ] = None,
    announced_s: Annotated[
        str | None, typer.Option(metavar="T", help="Announced time of flight.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Say how long a flight with these figures takes, and whether a time fits them."""
    azimuth = DEFAULT_AZIMUTH_DEG
    if azimuth_deg is not None:
        azimuth = read_figure(azimuth_deg, "azimuth in deg", AZIMUTH_DEG)
    given = Announcement(
        apogee_km=read_figure(apogee_km, "apogee in km", APOGEE_KM),
        range_km=read_figure(range_km, "range in km", RANGE_KM),
        from_deg=DEFAULT_SITE_DEG if site is None else read_place(site),
        azimuth_deg=azimuth,
        announced_s=None if announced_s is None else read_time(announced_s),
    )
    # On a terminal alone: the first run on a machine compiles for some ten seconds.
    with Console(stderr=True).status("flying (the first run compiles once)"):
        answer = judge_announcement(given)
    if as_json:
        put_json(answer)
    else:
        put(as_read(answer))
    return Refused.exit_code if answer.closes is False else 0


def as_read(answer: FlightAnswer) -> str:
    """Return an answer as people read it."""
    takes = "not foretold"
    if answer.flight_time_s is not None and answer.interval95_s is not None:
        low_s, high_s = answer.interval95_s
        takes = f"{answer.flight_time_s:.0f} s, 95 % from {low_s:.0f} to {high_s:.0f} s"
    told = {True: "closes", False: "does not close", None: "no verdict"}
    said = "nothing"
    if answer.announced_s is not None:
        said = f"{answer.announced_s:g} s: {told[answer.closes]}"
    rows = (
        ("flight", takes),
        ("floor", f"{answer.vacuum_floor_s:.0f} s without air and powered phase"),
        ("class", answer.class_),
        ("announced", said),
        ("because", answer.reason),
    )
    return "\n".join(f"{name:<11}{text}" for name, text in rows)
