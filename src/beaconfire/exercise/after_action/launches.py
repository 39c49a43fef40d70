"""Launches: each launch of an exercise as each nation knew it.

An event of a nation is laid to the launch that most of its own estimates say they are
of (``readings``); one without any such estimate, to the launch that is
left when all others have theirs, in the order of lift-off. So a launch that has two
events, or none, shows as that.
"""

from collections.abc import Sequence

from msgspec import UNSET

from beaconfire.exercise.after_action.accuracy import miss_km
from beaconfire.exercise.after_action.readings import Known, Predicted, Reading
from beaconfire.exercise.after_action.report import LaunchLine
from beaconfire.exercise.after_action.rounding import rounded
from beaconfire.exercise.sky.flight import Flight
from beaconfire.vocabulary.times import Instant


def launch_lines(
    reading: Reading,
    flights: Sequence[Flight],
    *,
    lift_off: Instant,
    with_sharing: bool,
) -> tuple[LaunchLine, ...]:
    """Return one line a launch, in the order of lift-off; seconds from its own."""
    ordered = sorted(flights, key=lambda one: (one.lift_off, one.launch_id))
    laid = _laid(reading.events, ordered)
    return tuple(
        _line(
            reading,
            flight,
            laid[flight.launch_id],
            flight.lift_off.seconds_since(lift_off),
            with_sharing=with_sharing,
        )
        for flight in ordered
    )


def _laid(events: Sequence[Known], flights: Sequence[Flight]) -> dict[str, list[Known]]:
    laid: dict[str, list[Known]] = {flight.launch_id: [] for flight in flights}
    for known in events:
        if known.launch is not None:
            laid[known.launch].append(known)
    for known in events:
        if known.launch is None:
            free = [name for name, held in laid.items() if not held]
            laid[free[0] if free else flights[-1].launch_id].append(known)
    return laid


def _line(
    reading: Reading,
    flight: Flight,
    events: Sequence[Known],
    lift_off_s: float,
    *,
    with_sharing: bool,
) -> LaunchLine:
    names = {known.id for known in events}
    made = [one for one in reading.predicted if one.event in names]
    notice_s = min((known.t_s for known in events), default=None)
    estimate_s = made[0].t_s if made else None
    miss = miss_km(made[-1].area, flight.impact) if made else None
    no_event, no_area = "this nation had no event of it", "it had no impact area"
    return LaunchLine(
        launch=flight.launch_id,
        nation=reading.party,
        events=len(events),
        first_notice_s=_from(notice_s, lift_off_s),
        first_notice_s_reason=no_event if notice_s is None else UNSET,
        first_estimate_s=_from(estimate_s, lift_off_s),
        first_estimate_s_reason=no_area if estimate_s is None else UNSET,
        last_miss_km=miss,
        last_miss_km_reason=_why_no_miss(made) if miss is None else UNSET,
        with_sharing=with_sharing,
    )


def _from(t_s: float | None, lift_off_s: float) -> float | None:
    return None if t_s is None else rounded(t_s - lift_off_s)


def _why_no_miss(made: Sequence[Predicted]) -> str:
    if made:
        return "this flight did not come down within the exercise"
    return "it had no impact area"
