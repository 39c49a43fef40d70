"""Announcement: does the arithmetic of what was announced of a flight close?

Given apogee, range and perhaps a time of flight, as they were written: how long such a
flight takes, between which bounds at 95 %, and whether the announced time is one of
them. A plausibility check of published numbers; it knows no flight beyond them.

The bounds join, as independent: the rounding of each figure (half of its last digit,
or an interval that was written as one), the powered phase of the class, the bearing,
which is seldom announced, and the drag of the way down. Nothing here asks how well a
time fits before it chooses a class.

A time below the vacuum floor is refused whatever the class. No ballistic time is given
for a flight that is flown by lift, nor for figures that no push meets; then the answer
has none, and says why. Figures beyond those of the flights that the powered phase is
learnt from are foretold all the same, and said to be extrapolated.
"""

import math
from dataclasses import dataclass, replace

from msgspec import Struct

from beaconfire.estimation.allowance import (
    Allowance,
    FlightClass,
    assumed,
    class_of,
    learnt,
)
from beaconfire.estimation.boundary import Ends, flight_time_s
from beaconfire.estimation.dynamics import DRAG_SIGMA
from beaconfire.estimation.published import TO_THE_SECOND
from beaconfire.estimation.written import Written, exactly

# The published flights of the coast they all left from: the airport of the capital, and
# their bearings. Two degrees of latitude change a lofted flight's time by 3 s.
DEFAULT_SITE_DEG = (39.2, 125.7)
DEFAULT_AZIMUTH_DEG = Written(52.0, 72.0, 92.0)

# The ranges of the flights learnt from lie within 14 km of each other. Time hangs on
# range far less than on apogee, so a tenth more or less is no extrapolation.
RANGE_BEYOND_PART = 0.1

_NORMAL_95 = 1.96
_SHORTER = (1.0, 0.75, 0.5, 0.25, 0.0)  # between the shortest push and the expected
_SHRINKINGS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What was announced of one flight, and what is assumed of the rest."""

    apogee_km: Written
    range_km: Written
    announced_s: Written | None = None
    from_deg: tuple[float, float] = DEFAULT_SITE_DEG
    azimuth_deg: Written = DEFAULT_AZIMUTH_DEG


class FlightAnswer(Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """What ``beaconfire flight`` prints; seconds."""

    flight_time_s: float | None
    interval95_s: tuple[float, float] | None
    vacuum_floor_s: float
    class_: FlightClass
    announced_s: float | None
    closes: bool | None
    reason: str


def judge_announcement(given: Announcement) -> FlightAnswer:
    """Say how long the announced flight takes and whether its figures close."""
    kind = class_of(given.apogee_km.value, given.range_km.value)
    floor_s = _floor_s(given)
    ends = _ends(given)
    if kind == "manoeuvring":
        return _flown_by_lift(given, floor_s, assumed(ends))
    if kind == "multi-stage-lofted":
        allowance = learnt(given.apogee_km.value, TO_THE_SECOND)
    else:
        allowance = assumed(ends)
    pushed_s = _flyable_s(ends, allowance)
    if pushed_s is None:
        return _cannot_be_flown(given, kind, floor_s)
    allowance = replace(allowance, expected_s=pushed_s)
    expected_s = flight_time_s(ends, pushed_s)
    assert expected_s is not None, "that is what flyable means"
    below_s, above_s = _spread_s(given, ends, allowance, expected_s)
    low_s, high_s = max(expected_s - below_s, floor_s), expected_s + above_s
    closes, verdict = _verdict(given.announced_s, floor_s, low_s, high_s)
    return FlightAnswer(
        flight_time_s=round(expected_s, 1),
        interval95_s=(round(low_s, 1), round(high_s, 1)),
        vacuum_floor_s=round(floor_s, 1),
        class_=kind,
        announced_s=_announced(given),
        closes=closes,
        reason=f"{verdict}; {_basis(allowance)}{_beyond(given, allowance)}; "
        f"{_assumed_of(given)}",
    )


def _announced(given: Announcement) -> float | None:
    return None if given.announced_s is None else given.announced_s.value


def _ends(given: Announcement) -> Ends:
    """Return the ends of the middle of what was announced."""
    return Ends.along(
        given.from_deg,
        given.azimuth_deg.value,
        1e3 * given.range_km.value,
        1e3 * given.apogee_km.value,
    )


def _floor_s(given: Announcement) -> float:
    """Return the least time without air and powered phase that the figures allow."""
    apogee_km, far, azimuth = given.apogee_km, given.range_km, given.azimuth_deg
    return min(
        Ends.along(given.from_deg, azimuth_deg, 1e3 * range_km, 1e3 * apogee_km.low)
        .arc.seconds
        for azimuth_deg in (azimuth.low, azimuth.value, azimuth.high)
        for range_km in (far.low, far.high)
    )  # fmt: skip


def _flyable_s(ends: Ends, allowance: Allowance) -> float | None:
    """Return the expected powered phase, or the longest below it that can be flown.

    On a flat and far flight a long push would end above the apogee.
    """
    for share in _SHORTER:
        pushed_s = share * allowance.expected_s + (1.0 - share) * allowance.low_s
        if flight_time_s(ends, pushed_s) is not None:
            return pushed_s
    return None


def _spread_s(
    given: Announcement, ends: Ends, allowance: Allowance, expected_s: float
) -> tuple[float, float]:
    """Return how far below and above the expected time the 95 % bounds lie.

    Each cause is moved to both its ends by itself; what it changes is joined in
    quadrature. Where an end cannot be flown, that way is closed and adds nothing.
    """
    pushed_s = allowance.expected_s
    apogee_km, far, azimuth = given.apogee_km, given.range_km, given.azimuth_deg
    moved = (
        [replace(given, apogee_km=exactly(x)) for x in (apogee_km.low, apogee_km.high)],
        [replace(given, range_km=exactly(x)) for x in (far.low, far.high)],
        [replace(given, azimuth_deg=exactly(x)) for x in (azimuth.low, azimuth.high)],
    )
    causes = [[flight_time_s(_ends(one), pushed_s) for one in pair] for pair in moved]
    drag = _NORMAL_95 * DRAG_SIGMA
    causes.append([flight_time_s(ends, pushed_s, end) for end in (-drag, drag)])
    powered_s = (allowance.low_s, allowance.high_s)
    causes.append([_furthest_s(ends, pushed_s, end_s) for end_s in powered_s])
    below = above = 0.0
    for times_s in causes:
        off = [time_s - expected_s for time_s in times_s if time_s is not None]
        below += min(0.0, *off) ** 2
        above += max(0.0, *off) ** 2
    return math.sqrt(below), math.sqrt(above)


def _furthest_s(ends: Ends, pushed_s: float, end_s: float) -> float | None:
    """Return the time with the push moved to an end, or as far as one can be flown."""
    for _ in range(_SHRINKINGS):
        time_s = flight_time_s(ends, end_s)
        if time_s is not None:
            return time_s
        end_s = 0.5 * (pushed_s + end_s)
    return None


def _verdict(
    announced: Written | None, floor_s: float, low_s: float, high_s: float
) -> tuple[bool | None, str]:
    expected = f"{low_s:.0f} to {high_s:.0f} s"
    if announced is None:
        return None, f"no time was announced; {expected} would close"
    said = _said(announced)
    if announced.high < floor_s:
        short_s = floor_s - announced.value
        return False, (
            f"{said} is {short_s:.0f} s below the {floor_s:.0f} s that the same apogee "
            f"and range take without air and without a powered phase; {expected} "
            "would close"
        )
    if announced.high < low_s:
        return False, f"{said} is too short: {expected} would close"
    if announced.low > high_s:
        return False, f"{said} is too long: {expected} would close"
    return True, f"{said} agrees with {expected}"


def _said(announced: Written) -> str:
    half_s = announced.high - announced.value
    rounded = f" (whole minutes, read as +- {half_s:g} s)" if half_s > 1.0 else ""
    return f"{announced.value:g} s{rounded}"


def _basis(allowance: Allowance) -> str:
    if allowance.learnt_from:
        return (
            f"the powered phase, {allowance.expected_s:.0f} s, is learnt from "
            f"{allowance.learnt_from} such flights announced to the second"
        )
    return (
        "no flight of this class was announced to the second, so the bounds are wide: "
        f"a powered phase of {allowance.low_s:.0f} to {allowance.high_s:.0f} s is "
        "assumed, not learnt"
    )


def _beyond(given: Announcement, allowance: Allowance) -> str:
    """Return which figures lie beyond what the powered phase was learnt from."""
    if not allowance.learnt_from:
        return ""
    apogees_km = [one.apogee_km for one in TO_THE_SECOND]
    ranges_km = [one.range_km for one in TO_THE_SECOND]
    apogee_km, range_km = given.apogee_km.value, given.range_km.value
    part = RANGE_BEYOND_PART * range_km
    said = []
    if not min(apogees_km) <= apogee_km <= max(apogees_km):
        said.append(f"apogees were {min(apogees_km):g} to {max(apogees_km):g} km")
    if not min(ranges_km) - part <= range_km <= max(ranges_km) + part:
        said.append(f"ranges were {min(ranges_km):g} to {max(ranges_km):g} km")
    return f", and extrapolated: their {' and '.join(said)}" if said else ""


def _assumed_of(given: Announcement) -> str:
    (lat_deg, lon_deg), azimuth = given.from_deg, given.azimuth_deg
    return (
        f"from {lat_deg:g},{lon_deg:g} towards {azimuth.value:g} deg "
        f"({azimuth.low:g} to {azimuth.high:g})"
    )


def _flown_by_lift(
    given: Announcement, floor_s: float, allowance: Allowance
) -> FlightAnswer:
    """Answer for a flight of which no ballistic time may be foretold.

    A throw takes no longer than its vacuum arc and its powered phase together, so what
    takes longer was no throw. What takes less can still have been one, or not.
    """
    ceiling_s = floor_s + allowance.high_s
    why = (
        "so flat a flight inside the air is flown by lift: it is not a ballistic "
        "flight, and no ballistic time is foretold"
    )
    closes, verdict = None, ""
    if given.announced_s is not None:
        said = _said(given.announced_s)
        if given.announced_s.high < floor_s:
            closes = False
            verdict = f"{said} is below the {floor_s:.0f} s of a throw without air; "
        elif given.announced_s.low > ceiling_s:
            closes = False
            verdict = f"{said} is longer than any throw, {ceiling_s:.0f} s at most; "
        else:
            verdict = f"{said} can neither be confirmed nor refused; "
    return _without_time(given, "manoeuvring", floor_s, closes, verdict + why)


def _cannot_be_flown(
    given: Announcement, kind: FlightClass, floor_s: float
) -> FlightAnswer:
    apogee_km, range_km = given.apogee_km.value, given.range_km.value
    why = (
        f"no push was found that rises {apogee_km:g} km and comes down {range_km:g} km "
        "away; look at apogee and range"
    )
    closes = None if given.announced_s is None else False
    return _without_time(given, kind, floor_s, closes, why)


def _without_time(
    given: Announcement,
    kind: FlightClass,
    floor_s: float,
    closes: bool | None,
    why: str,
) -> FlightAnswer:
    return FlightAnswer(
        flight_time_s=None,
        interval95_s=None,
        vacuum_floor_s=round(floor_s, 1),
        class_=kind,
        announced_s=_announced(given),
        closes=closes,
        reason=f"{why}; {_assumed_of(given)}",
    )
