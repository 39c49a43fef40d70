"""Announced: do published figures of a flight close, and which of them do not?

What is measured is the product: the powered phase of each flight that was announced to
the second is foretold from all the *others*, and the time that follows is held against
the announced one. The exercise's sky, which shares no code with it, then flies the same
push, turning and growing as the sky's pushes do.

Facts and sources are those of ``estimation.published``.
"""

from collections.abc import Callable
from statistics import median

from beaconfire.estimation.allowance import Allowance, assumed, learnt
from beaconfire.estimation.announcement import Announcement, judge_announcement
from beaconfire.estimation.boundary import flight_time_s
from beaconfire.estimation.published import (
    JAPAN_24_MARCH_2022,
    KCNA_24_MARCH_2022,
    TO_THE_SECOND,
    WHOLE_MINUTES,
    PublishedFlight,
)
from beaconfire.estimation.written import Written, exactly
from beaconfire.exercise.bench.estimation_case import EPOCH
from beaconfire.exercise.bench.figures import Figure
from beaconfire.exercise.scenario_parts import Launch, Site
from beaconfire.exercise.sky.flight import fly

MEDIAN_PERCENT_MAX, WORST_PERCENT_MAX = 0.4, 3.1
FLAGGED_PERCENT = 2.0  # a residual beyond it: the figures do not belong together
SINGLE_STAGE_S_MAX = 120.0

Say = Callable[[str], None]


def announced(say: Say) -> list[Figure]:
    """Return how far each flight's time is from what the others let expect."""
    say(f"announced flight times: {len(TO_THE_SECOND)} flights")
    off = [_off_percent(one, _by_others(one)) for one in TO_THE_SECOND]
    in_no_fit = (JAPAN_24_MARCH_2022, KCNA_24_MARCH_2022)
    japan, kcna = (_off_percent(one, _by_others(one)) for one in in_no_fit)
    named = zip((*TO_THE_SECOND, JAPAN_24_MARCH_2022), (*off, japan), strict=True)
    whole = [
        _expected_s(one, assumed(one.ends)) - one.flight_s for one in WHOLE_MINUTES
    ]
    return [
        Figure(
            name="announced flight times, each by the others: median off", unit="%",
            measured=median(map(abs, off)), goal=MEDIAN_PERCENT_MAX,
        ),
        Figure(
            name="announced flight times, each by the others: worst off", unit="%",
            measured=max(map(abs, off)), goal=WORST_PERCENT_MAX,
        ),
        Figure(
            name="24 March 2022 as KCNA had it: off, to be flagged", unit="%",
            measured=kcna, goal=FLAGGED_PERCENT, at_least=True,
        ),
        *(
            Figure(name=f"flight of {one.date}: expected over announced", unit="%",
                   measured=percent)
            for one, percent in named
        ),
        Figure(
            name="the same pushes flown by the sky: worst apart", unit="%",
            measured=max(map(_sky_apart_percent, TO_THE_SECOND)),
        ),
        Figure(
            name="single-stage flights of whole minutes: worst off", unit="s",
            measured=max(map(abs, whole)), goal=SINGLE_STAGE_S_MAX,
        ),
        Figure(
            name="15 June 2023, flown by lift: ballistic prediction refused",
            unit="1 = yes", measured=float(_refused_15_june_2023()), goal=1.0,
            at_least=True,
        ),
    ]  # fmt: skip


def _by_others(one: PublishedFlight) -> Allowance:
    """Return the powered phase that all other flights to the second let expect."""
    return learnt(one.apogee_km, [other for other in TO_THE_SECOND if other != one])


def _expected_s(one: PublishedFlight, allowance: Allowance) -> float:
    expected_s = flight_time_s(one.ends, allowance.expected_s)
    assert expected_s is not None, "published figures can be flown"
    return expected_s


def _off_percent(one: PublishedFlight, allowance: Allowance) -> float:
    return 100.0 * (_expected_s(one, allowance) - one.flight_s) / one.flight_s


def _sky_apart_percent(one: PublishedFlight) -> float:
    allowance = _by_others(one)
    launch = Launch(
        id="announced", site=Site(lat_deg=one.site_deg[0], lon_deg=one.site_deg[1]),
        at_s=0.0, azimuth_true_deg=one.bearing_deg, apogee_km=one.apogee_km,
        range_km=one.range_km, powered_s=allowance.expected_s,
    )  # fmt: skip
    flown_s = fly(launch, epoch=EPOCH, seed=0).end_s
    return 100.0 * abs(flown_s - _expected_s(one, allowance)) / flown_s


def _refused_15_june_2023() -> bool:
    """Say whether 50 km, 850 km and 11 minutes (Japan's figures) get no prediction."""
    time = Written(600.0, 660.0, 720.0)
    given = Announcement(
        apogee_km=exactly(50.0), range_km=exactly(850.0), announced_s=time
    )
    answer = judge_announcement(given)
    return answer.flight_time_s is None and answer.closes is False
