"""Worlds: short exercises with few sensors, made sightings and a solver for nothing.

Three nations, a radar each for Japan and Korea, an infrared cue for the United States.
Sightings are written by hand and the solver answers at once with what it was given, so
that a world of a hundred exercise seconds takes a fraction of a second.
"""

import json
import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from msgspec.structs import replace

from beaconfire.exercise.after_action.checker import Delivery, check_delivery
from beaconfire.exercise.scenario import Scenario, parse_scenario
from beaconfire.exercise.scenario_parts import Act, Link
from beaconfire.exercise.sensors import Sighting
from beaconfire.exercise.simulated import agreements_of
from beaconfire.exercise.world import World
from beaconfire.journal.entry import Entry, encode_entry
from beaconfire.seals.codec import encode
from beaconfire.vocabulary.flight import FlightEstimate, Observations
from beaconfire.vocabulary.motion import (
    Cue,
    CuedLaunch,
    ErrorEllipse,
    ImpactArea,
    LaunchPoint,
    Plot,
    StateVector,
)
from beaconfire.vocabulary.places import SensorSite

GSOMIA, TISA = "gsomia-jpn-kor-2016", "tisa-2014"
JPN_USA, KOR_USA = "jpn-usa-2007", "kor-usa-1987"
PARTIES = ("JPN", "KOR", "USA")
PAIRS = tuple((a, b) for a in PARTIES for b in PARTIES if a != b)
SEEN_FROM_S, SEEN_UNTIL_S = 10, 50
SETTLED_S = 30.0  # after the last trouble: everything must have ended by then
ALWAYS_S = 86_400.0

_RADAR = """
[[sensor]]
party = "{party}"
id = "{id}"
kind = "radar"
lat_deg = 37.0
lon_deg = 137.0
rate_hz = 1.0
range_max_km = 3000.0
elevation_min_deg = 0.0
sigma_range_m = 30.0
sigma_azimuth_mrad = 1.0
sigma_elevation_mrad = 1.0
"""
_TEXT = f"""
name = "small-world"
epoch = 2022-10-03T22:22:00Z

[policy]
classification = {{ JPN = "秘", KOR = "군사III급비밀", USA = "CONFIDENTIAL" }}

[[launch]]
id = "one"
site = {{ lat_deg = 40.6, lon_deg = 126.4 }}
at_s = 0.0
azimuth_true_deg = 84.0
apogee_km = 985.0
range_km = 4550.0
powered_s = 147.0
{_RADAR.format(party="JPN", id="jpn-radar")}
{_RADAR.format(party="KOR", id="kor-radar")}
[[sensor]]
party = "USA"
id = "usa-infrared"
kind = "infrared"
lat_deg = 0.0
lon_deg = 160.0
alt_m = 35786000.0
delay_s = 20.0
sigma_launch_m = 5000.0
sigma_time_s = 3.0
"""


@cache
def plain() -> Scenario:
    """Return the scenario without acts, on lines that carry at once."""
    return parse_scenario(_TEXT, file="small-world")


def approval(
    by: str, to: str, *, at_s: float = -30.0, until_s: float = ALWAYS_S
) -> Act:
    """Return a nation's leave to pass its launch warnings on through the hub."""
    return Act(
        at_s=at_s,
        by=by,
        agreement=TISA,
        act="approve",
        to=to,
        via="USA",
        class_="launch-warning",
        expires_s=until_s,
    )


APPROVALS = (approval("JPN", "KOR"), approval("KOR", "JPN"))


def act(at_s: float, by: str, does: str, agreement: str = GSOMIA) -> Act:
    """Return a suspension or a restoration."""
    return Act(at_s=at_s, by=by, agreement=agreement, act=does)  # type: ignore[arg-type]


def cut(sender: str, to: str, at_s: float, until_s: float) -> Link:
    """Return a cut of one direction."""
    return Link(from_=sender, to=to, at_s=at_s, until_s=until_s, cut=True)


def lines(**manners: float) -> tuple[Link, ...]:
    """Return lines between all that behave alike, with 20 ms of delay at least."""
    said = {"delay_ms": 20.0, **manners}
    return tuple(Link(from_=a, to=b, **said) for a, b in PAIRS)  # type: ignore[arg-type]


def scenario(
    *, acts: Sequence[Act] = APPROVALS, links: Sequence[Link] = ()
) -> Scenario:
    """Return the scenario with these acts, and these lines."""
    return replace(plain(), act=tuple(acts), link=tuple(links or lines()))


def plot_line(sensor: str, seconds: float) -> str:
    """Return what a radar says of a missile that climbs and comes nearer."""
    east_m, north_m = -900_000.0 + 2_500.0 * seconds, 200_000.0
    up_m = 1_800.0 * seconds - 2.0 * seconds**2
    level_m = math.hypot(east_m, north_m)
    plot = Plot(
        time=plain().at(seconds),
        sensor=SensorSite(id=sensor, lat_deg=37.0, lon_deg=137.0, alt_m=0.0),
        range_m=math.hypot(level_m, up_m),
        azimuth_deg=math.degrees(math.atan2(east_m, north_m)) % 360.0,
        elevation_deg=math.degrees(math.atan2(up_m, level_m)),
        sigma_range_m=30.0,
        sigma_azimuth_mrad=1.0,
        sigma_elevation_mrad=1.0,
    )
    return encode(plot).decode()


def cue_line(seconds: float) -> str:
    """Return what the infrared sensor says of the launch."""
    cue = Cue(
        time=plain().at(seconds),
        sensor=SensorSite(
            id="usa-infrared", lat_deg=0.0, lon_deg=160.0, alt_m=35_786_000.0
        ),
        launch=CuedLaunch(
            lat_deg=40.6,
            lon_deg=126.4,
            sigma_m=5_000.0,
            time=plain().epoch,
            sigma_time_s=3.0,
        ),
    )
    return encode(cue).decode()


def sightings(
    from_s: int = SEEN_FROM_S, until_s: int = SEEN_UNTIL_S, *, every_s: float = 1.0
) -> tuple[Sighting, ...]:
    """Return what the three sensors report, by time."""
    seen = []
    count = round((until_s - from_s) / every_s)
    for at_s in (from_s + every_s * index for index in range(count)):
        for party, sensor in (("JPN", "jpn-radar"), ("KOR", "kor-radar")):
            seen.append(_sighting(at_s, party, sensor, plot_line(sensor, at_s)))
    seen.append(_sighting(20.0, "USA", "usa-infrared", cue_line(20.0)))
    return tuple(sorted(seen, key=lambda one: one.at))


def _sighting(at_s: float, party: str, sensor: str, line: str) -> Sighting:
    return Sighting(
        at=plain().at(at_s),
        party=party,
        sensor_id=sensor,
        stream="cues" if party == "USA" else "plots",
        lines=(line,),
    )


def solve(observations: Observations) -> FlightEstimate:
    """Answer with a track and an area that rest on the number of plots alone."""
    epoch = plain().epoch
    many = len(observations.plots)
    state = StateVector(
        epoch=epoch.plus_s(float(many)),
        position_ecef_m=(-3.5e6, 3.5e6, 4.2e6 + many),
        velocity_ecef_mps=(1_000.0, 2_000.0, 3_000.0),
    )
    wide_m = 200_000.0 / (1.0 + many)
    round_ = ErrorEllipse(semi_major_m=wide_m, semi_minor_m=wide_m, azimuth_deg=0.0)
    down = epoch.plus_s(1_300.0)
    area = ImpactArea(
        lat_deg=42.0,
        lon_deg=178.0,
        time=down,
        time_window95=(down.plus_s(-20.0), down.plus_s(20.0)),
        ellipse95=round_,
        covariance_en_t=((1e8, 0.0, 0.0), (0.0, 1e8, 0.0), (0.0, 0.0, 25.0)),
    )
    return FlightEstimate(
        launch=LaunchPoint(lat_deg=40.6, lon_deg=126.4, time=epoch, ellipse95=round_),
        launch_reason=None,
        launch_azimuth_deg=84.0,
        phase="ballistic",
        track=state,
        track_covariance=None,
        track_reason=None,
        impact=area,
        impact_reason=None,
        apogee_km=985.0,
        range_km=4_550.0,
        model_holds=True,
        reason="made by hand",
        tracklet=None,
        rejected=(),
        sensors=(),
    )


@cache
def agreements() -> tuple[Any, ...]:
    """Return the shipped texts, read once."""
    return agreements_of(plain())


def world(
    *,
    acts: Sequence[Act] = APPROVALS,
    links: Sequence[Link] = (),
    seen: Iterable[Sighting] | None = None,
    seed: int = 1,
) -> World:
    """Return a world that has not begun."""
    return World(
        scenario(acts=acts, links=links),
        agreements(),
        sightings() if seen is None else seen,
        seed=seed,
        solver=solve,
    )


def entries(made: World, party: str) -> list[Entry]:
    """Return a nation's journal, entry by entry."""
    return [entry for turn in made.turns(party) for entry in turn.entries]


def bodies(made: World, party: str, kind: type) -> list[Any]:
    """Return the bodies of one kind in a nation's journal."""
    return [e.body for e in entries(made, party) if isinstance(e.body, kind)]


def delivery(made: World) -> Delivery:
    """Audit the journals as they would be exported."""
    return check_delivery(
        {
            party: [json.loads(encode_entry(entry)) for entry in entries(made, party)]
            for party in made.parties
        }
    )


def assert_settled(made: World) -> Delivery:
    """Every unit has ended exactly once, and both ends tell the same."""
    audited = delivery(made)
    assert audited.problems == ()
    assert (audited.lost, audited.duplicated, audited.leaked) == (0, 0, 0)
    assert audited.settled, (audited.waiting, audited.sent_fate_unknown)
    return audited
