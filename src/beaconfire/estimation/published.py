"""Published: flights whose apogee, range and time of flight were announced.

Facts of public statements, each with where it can be read; they teach how long a flight
is powered (``allowance``) and are what a verdict on other announcements is held
against. No flight is left out for not fitting: ``TO_THE_SECOND`` has every multi-stage
lofted flight whose time was announced to the second, but for the disputed one.

Places are those of the named sites; bearings of the impact from there are those that
the CNS North Korea Missile Test Database (James Martin Center for Nonproliferation
Studies) gives, or where it gives none (28 July 2017, 18 November 2022, 18 December
2023) those of neighbouring flights. Ten degrees of bearing change a lofted flight's
time by a second.
"""

from dataclasses import dataclass

from beaconfire.estimation.boundary import Ends


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFlight:
    """One flight as announced; the bearing is that of the impact from the site."""

    date: str  # local, and whose figures where two were announced
    site_deg: tuple[float, float]
    bearing_deg: float
    apogee_km: float
    range_km: float
    flight_s: float
    source: str

    @property
    def ends(self) -> Ends:
        """Both ends and the apogee."""
        return Ends.along(
            self.site_deg, self.bearing_deg, 1e3 * self.range_km, 1e3 * self.apogee_km
        )


_AIRPORT = (39.2002, 125.6733)  # Pyongyang International
_SAMSOK = (39.112, 125.998)
_MUPYONG = (40.6112, 126.4257)

TO_THE_SECOND = (
    PublishedFlight(
        date="2017-07-28", site_deg=_MUPYONG, bearing_deg=76.0,
        apogee_km=3_724.9, range_km=998.0, flight_s=2_832.0,
        source="KCNA, 47 min 12 s: nknews.org, tass.com/world/958257, janes.com 72745",
    ),
    PublishedFlight(
        date="2022-11-18", site_deg=_AIRPORT, bearing_deg=71.0,
        apogee_km=6_040.9, range_km=999.2, flight_s=4_135.0,
        source="KCNA: tass.com/defense/1539159",
    ),
    PublishedFlight(
        date="2023-02-18", site_deg=_AIRPORT, bearing_deg=72.0,
        apogee_km=5_768.5, range_km=989.0, flight_s=4_015.0,
        source="KCNA: livemint.com 11676763956151; CNS database",
    ),
    PublishedFlight(
        date="2023-03-16", site_deg=_AIRPORT, bearing_deg=65.0,
        apogee_km=6_045.0, range_km=1_000.2, flight_s=4_151.0,
        source="KCNA: news.cgtn.com 2023-03-17; CNS database",
    ),
    PublishedFlight(
        date="2023-07-12", site_deg=_SAMSOK, bearing_deg=62.0,
        apogee_km=6_648.4, range_km=1_001.2, flight_s=4_491.0,
        source="KCNA: tass.com/world/1646163, shine.cn 2307139589; CNS database",
    ),
    PublishedFlight(
        date="2023-12-18", site_deg=_AIRPORT, bearing_deg=62.0,
        apogee_km=6_518.2, range_km=1_002.3, flight_s=4_415.0,
        source="KCNA: efe.com 2023-12-19 pyongyang-confirms-firing-of-icbm",
    ),
    PublishedFlight(
        date="2024-10-31", site_deg=_SAMSOK, bearing_deg=62.0,
        apogee_km=7_687.5, range_km=1_001.2, flight_s=5_156.0,
        source="KCNA: chosun.com 2024-11-01, news.livedoor.com 27483494; CNS database",
    ),
)  # fmt: skip

# One flight, two announcements; which missile it was is disputed between allies and
# KCNA. In no fit.
KCNA_24_MARCH_2022 = PublishedFlight(
    date="2022-03-24 KCNA", site_deg=_AIRPORT, bearing_deg=72.0,
    apogee_km=6_248.5, range_km=1_090.0, flight_s=4_052.0,
    source="KCNA: deccanherald.com 1094456, defence-blog.com 2022-03-25 (67.5 min)",
)  # fmt: skip
JAPAN_24_MARCH_2022 = PublishedFlight(
    date="2022-03-24 Japan", site_deg=_AIRPORT, bearing_deg=72.0,
    apogee_km=6_248.5, range_km=1_090.0, flight_s=4_260.0,
    source="Ministry of Defense of Japan, 71 min (14:33 to 15:44): "
    "mod.go.jp/j/press/news/2022/03/24d.html; apogee and range by KCNA",
)  # fmt: skip

# Figures rounded, times in whole minutes: good to a minute or two, in no fit.
WHOLE_MINUTES = (
    PublishedFlight(
        date="2017-05-14", site_deg=(40.0659, 125.2099), bearing_deg=71.0,
        apogee_km=2_111.5, range_km=787.0, flight_s=1_800.0,
        source="Chief Cabinet Secretary of Japan, 30 min; CNS database",
    ),
    PublishedFlight(
        date="2017-08-29", site_deg=_AIRPORT, bearing_deg=73.0,
        apogee_km=550.0, range_km=2_700.0, flight_s=840.0,
        source="Ministry of Defense of Japan, 05:58 to 06:12, broke up; CNS database",
    ),
    PublishedFlight(
        date="2022-01-30", site_deg=_MUPYONG, bearing_deg=75.0,
        apogee_km=2_000.0, range_km=800.0, flight_s=1_800.0,
        source="Ministry of Defense of Japan, some 30 min; CNS database",
    ),
    PublishedFlight(
        date="2022-10-04", site_deg=_MUPYONG, bearing_deg=80.0,
        apogee_km=985.0, range_km=4_550.0, flight_s=1_320.0,
        source="970-1,000 and 4,500-4,600 km (JCS, Japan), 07:22 to 07:44; "
        "CNS database",
    ),
)  # fmt: skip
