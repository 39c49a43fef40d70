"""Reports made by hand: a few entries of the flown scenario, and their report."""

from functools import cache
from typing import Any

from msgspec.structs import replace

from beaconfire.exercise.after_action.figures import build_report
from beaconfire.exercise.after_action.report import Report
from beaconfire.exercise.scenario import load_scenario
from beaconfire.exercise.sky.flight import fly_all
from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.entries import EntryBody, kind_of
from beaconfire.vocabulary.entries.arrivals import Estimate
from beaconfire.vocabulary.entries.sightings import AlertDraft, LaunchEvent

from .flown import SEED, answer, flown, impact_area

SCENARIO = load_scenario("2022-10-04")
FLIGHTS = fly_all(SCENARIO)
FLIGHT = FLIGHTS[0]
LIFT_OFF = FLIGHT.lift_off
DIGEST = "0" * 64


def entries(*bodies: tuple[float, EntryBody]) -> tuple[Entry, ...]:
    """Return a journal of these bodies, at seconds after lift-off."""
    return tuple(
        Entry(
            turn=number,
            seq=number,
            id=f"{number}.0",
            at=LIFT_OFF.plus_s(t_s),
            by="fuse",
            kind=kind_of(body),
            cause=(),
            body=body,
        )
        for number, (t_s, body) in enumerate(bodies, 1)
    )


def event() -> LaunchEvent:
    """Return the entry that tells of a launch."""
    return LaunchEvent(launch_id="l", first_seen=LIFT_OFF, source="JPN")


def draft() -> AlertDraft:
    """Return an alert draft."""
    return AlertDraft(
        launch_id="l",
        version=1,
        certainty="Likely",
        area=None,
        overflight=(),
        sources=("JPN",),
        why="made for a test",
    )


def estimated(
    semi_major_m: float | None = 1e4, *, product: str = "picture", **changes: Any
) -> Estimate:
    """Return an estimate about the true impact, or one without an impact."""
    truth = FLIGHT.impact
    assert truth is not None
    area = None
    if semi_major_m is not None:
        area = impact_area(
            truth.lat_deg,
            truth.lon_deg,
            lift_off=LIFT_OFF,
            semi_major_m=semi_major_m,
        )
        area = replace(area, **changes)
    made = answer(area, epoch=LIFT_OFF)
    return Estimate(request="r", launch_id="l", product=product, estimate=made)


def report_of(
    journal: tuple[Entry, ...],
    without: tuple[Entry, ...] | None = (),
    mode: Any = "simulated",
    **more: Any,
) -> Report:
    """Return the report of Japan alone."""
    return build_report(
        SCENARIO,
        SEED,
        mode,
        journals={"JPN": journal},
        journals_without=None if without is None else {"JPN": without},
        flights=FLIGHTS,
        **more,
    )


def fresh_report() -> Report:
    """Return the report of the flown scenario, made anew."""
    run = flown()
    return build_report(
        run.scenario,
        SEED,
        "simulated",
        journals=run.with_sharing,
        journals_without=run.without,
        flights=run.sky.flights,
    )


flown_report = cache(fresh_report)
