"""Announced: do published figures of a flight close, and which of them do not?

Apogee, range and flight time of one flight are not independent: with the first two
flown by the sky, only the length of the powered phase is left to choose. It is fitted,
for each flight, to all *others* that were announced to the second, and the time that
follows is held against the announced one. Impact lies on the announced side: the range
is signed, and eastward a lofted flight lasts half a minute longer than westward.

Figures: Korean Central News Agency, as collected in the CNS North Korea Missile Test
Database of the James Martin Center for Nonproliferation Studies; 24 March 2022 in two
versions, by KCNA and by Japan's Ministry of Defense (71 min). The bearings of 18
November 2022 and 18 December 2023 are those of neighbouring flights: twenty degrees
change a lofted flight's time by less than a second.
"""

from collections.abc import Callable
from statistics import median

from msgspec import Struct

from beaconfire.exercise.bench.estimation_case import EPOCH
from beaconfire.exercise.bench.figures import Figure
from beaconfire.exercise.scenario_parts import Launch, Site
from beaconfire.exercise.sky.flight import fly

MEDIAN_PERCENT_MAX, WORST_PERCENT_MAX = 0.4, 3.1
FLAGGED_PERCENT = 2.0  # a residual beyond it: the figures do not belong together
_POWERED_S = (260.0, 360.0)  # flown; between and beyond them time grows linearly

Say = Callable[[str], None]


class Announced(Struct, frozen=True, kw_only=True):
    """One flight as announced; the bearing is that of the impact from the site."""

    date: str
    lat_deg: float
    lon_deg: float
    bearing_deg: float
    apogee_km: float
    range_km: float
    flight_s: float


def _of(
    date: str, at: tuple[float, float, float], flown: tuple[float, ...]
) -> Announced:
    return Announced(
        date=date, lat_deg=at[0], lon_deg=at[1], bearing_deg=at[2],
        apogee_km=flown[0], range_km=flown[1], flight_s=flown[2],
    )  # fmt: skip


TO_THE_SECOND = (
    _of("2022-11-18", (39.203, 125.709, 71.0), (6_040.9, 999.2, 4_135.0)),
    _of("2023-02-18", (39.200, 125.673, 72.0), (5_768.5, 989.0, 4_015.0)),
    _of("2023-03-16", (39.200, 125.673, 65.0), (6_045.0, 1_000.2, 4_151.0)),
    _of("2023-07-12", (39.112, 125.998, 62.0), (6_648.4, 1_001.2, 4_491.0)),
    _of("2023-12-18", (39.200, 125.673, 62.0), (6_518.2, 1_002.3, 4_415.0)),
    _of("2024-10-31", (39.112, 125.998, 62.0), (7_687.5, 1_001.2, 5_156.0)),
)
DISPUTED_SITE = (39.200, 125.673, 72.0)
KCNA = _of("2022-03-24 KCNA", DISPUTED_SITE, (6_248.5, 1_090.0, 4_052.0))
JAPAN = _of("2022-03-24 Japan", DISPUTED_SITE, (6_248.5, 1_090.0, 4_260.0))


def announced(say: Say) -> list[Figure]:
    """Return how far each flight's time is from what the others let expect."""
    lines = {one.date: _line(one) for one in (*TO_THE_SECOND, KCNA, JAPAN)}
    say(f"announced flight times: {len(TO_THE_SECOND)} flights")
    burnt_s = {
        one.date: (one.flight_s - lines[one.date][0]) / lines[one.date][1]
        for one in TO_THE_SECOND
    }

    def off_percent(one: Announced) -> float:
        others = [s for date, s in burnt_s.items() if date != one.date]
        base_s, slope = lines[one.date]
        expected_s = base_s + slope * median(others)
        return 100.0 * (expected_s - one.flight_s) / one.flight_s

    sizes = [abs(off_percent(one)) for one in TO_THE_SECOND]
    each = [
        Figure(name=f"flight of {one.date}: expected over announced", unit="%",
               measured=off_percent(one))
        for one in (*TO_THE_SECOND, JAPAN)
    ]  # fmt: skip
    return [
        Figure(
            name="announced flight times, each by the others: median off", unit="%",
            measured=median(sizes), goal=MEDIAN_PERCENT_MAX,
        ),
        Figure(
            name="announced flight times, each by the others: worst off", unit="%",
            measured=max(sizes), goal=WORST_PERCENT_MAX,
        ),
        Figure(
            name="24 March 2022 as KCNA had it: off, to be flagged", unit="%",
            measured=off_percent(KCNA), goal=FLAGGED_PERCENT, at_least=True,
        ),
        *each,
    ]  # fmt: skip


def _line(one: Announced) -> tuple[float, float]:
    """Return flight time at no powered phase, extrapolated, and its growth with it."""
    short_s, long_s = (_flown_s(one, powered_s) for powered_s in _POWERED_S)
    slope = (long_s - short_s) / (_POWERED_S[1] - _POWERED_S[0])
    return short_s - slope * _POWERED_S[0], slope


def _flown_s(one: Announced, powered_s: float) -> float:
    launch = Launch(
        id="announced", site=Site(lat_deg=one.lat_deg, lon_deg=one.lon_deg), at_s=0.0,
        azimuth_true_deg=one.bearing_deg, apogee_km=one.apogee_km,
        range_km=one.range_km, powered_s=powered_s,
    )  # fmt: skip
    return fly(launch, epoch=EPOCH, seed=0).end_s
