"""Profiles, plots, cues, items and estimates made by hand for the stages' tests."""

import base64
import math

import numpy as np
from pymap3d import enu2ecef, enu2uvw

from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.acts import UNSIGNED
from beaconfire.vocabulary.cards import Card, NodeProfile, OwnSensor, PublicKey
from beaconfire.vocabulary.entries import EntryBody, kind_of
from beaconfire.vocabulary.entries.arrivals import Estimate
from beaconfire.vocabulary.entries.sightings import (
    Carriage,
    EstimateRequest,
    ItemHeld,
)
from beaconfire.vocabulary.flight import FlightEstimate, TrackPoint
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.link import SealedItem
from beaconfire.vocabulary.motion import (
    BiasPrior,
    Cue,
    CuedLaunch,
    ErrorEllipse,
    ImpactArea,
    LaunchPoint,
    Plot,
    StateVector,
    Tracklet,
)
from beaconfire.vocabulary.places import SensorSite
from beaconfire.vocabulary.report import Body
from beaconfire.vocabulary.times import Instant

T0 = Instant.parse("2022-10-03T22:22:00Z")
KEY = bytes(range(32))
_B64 = base64.b64encode(bytes(32)).decode()


def at_s(seconds: float) -> Instant:
    """Return the instant ``seconds`` after the launch."""
    return T0.plus_s(seconds)


def card(party: str) -> Card:
    """Return a card whose keys verify nothing: the stages never look at them."""
    return Card(
        party=party,
        number=1,
        status="EXERCISE",
        valid_from=T0.plus_s(-1e6),
        valid_until=T0.plus_s(1e6),
        root=_B64,
        keys=tuple(
            PublicKey(role=role, keyid=f"{party}-{role}", key=_B64)
            for role in ("items", "link", "people")
        ),
        border_host="127.0.0.1",
        border_port=4222,
        certificate_pem="",
    )


def radar(
    name: str, *, hidden_from: tuple[str, ...] = (), bias_id: str | None = None
) -> OwnSensor:
    """Return an own radar."""
    return OwnSensor(id=name, kind="radar", hidden_from=hidden_from, bias_id=bias_id)


def infrared(name: str, *, hidden_from: tuple[str, ...] = ()) -> OwnSensor:
    """Return an own infrared sensor."""
    return OwnSensor(id=name, kind="infrared", hidden_from=hidden_from)


def profile(
    *sensors: OwnSensor, party: str = "JPN", partners: tuple[str, ...] = ("KOR", "USA")
) -> NodeProfile:
    """Return a node's profile."""
    return NodeProfile(
        party=party,
        status="EXERCISE",
        exercise="test",
        policy="EXERCISE",
        classification="SECRET",
        sensors=sensors,
        card=card(party),
        partners=tuple(card(name) for name in partners),
    )


def site(name: str) -> SensorSite:
    """Return where a sensor stands; all stand together, which no stage minds."""
    return SensorSite(id=name, lat_deg=37.0, lon_deg=137.0, alt_m=0.0)


def plot(
    sensor: str,
    seconds: float,
    *,
    east_m: float,
    north_m: float,
    up_m: float,
    plot_id: str | None = None,
) -> Plot:
    """Return the plot of a point in the sensor's own axes."""
    level_m = math.hypot(east_m, north_m)
    return Plot(
        time=at_s(seconds),
        sensor=site(sensor),
        range_m=math.hypot(level_m, up_m),
        azimuth_deg=math.degrees(math.atan2(east_m, north_m)) % 360.0,
        elevation_deg=math.degrees(math.atan2(up_m, level_m)),
        sigma_range_m=30.0,
        sigma_azimuth_mrad=1.0,
        sigma_elevation_mrad=1.0,
        plot_id=plot_id,
    )


def flown(sensor: str, seconds: float, *, north_m: float = 0.0) -> Plot:
    """Return the plot of a missile that climbs and comes nearer, ``seconds`` on."""
    east_m, level_m, up_m = _where(seconds)
    return plot(
        sensor,
        seconds,
        east_m=east_m,
        north_m=level_m + north_m,
        up_m=up_m,
        plot_id=f"{sensor}-{seconds:g}",
    )


def _where(seconds: float) -> tuple[float, float, float]:
    """Return where the missile is in the sensors' axes; at 0 s at 40.6 N, 126.4 E."""
    return (
        -892_093.4 + 2_500.0 * seconds,
        449_183.8,
        -78_645.0 + 2_000.0 * seconds - 2.0 * seconds**2,
    )


def false_plot(sensor: str, seconds: float, shares: tuple[float, ...]) -> Plot:
    """Return a false plot, each share (0 to 1) placing it in one coordinate."""
    return Plot(
        time=at_s(seconds),
        sensor=site(sensor),
        range_m=50_000.0 + 2_950_000.0 * shares[0],
        azimuth_deg=359.9 * shares[1],
        elevation_deg=2.0 + 88.0 * shares[2],
        sigma_range_m=30.0,
        sigma_azimuth_mrad=1.0,
        sigma_elevation_mrad=1.0,
        plot_id=f"f-{seconds:g}-{shares[0]:.9f}",
    )


def cue(sensor: str, seconds: float, *, lat_deg: float = 40.6) -> Cue:
    """Return a cue of a launch thirty seconds earlier."""
    return Cue(
        time=at_s(seconds),
        sensor=site(sensor),
        launch=CuedLaunch(
            lat_deg=lat_deg,
            lon_deg=126.4,
            sigma_m=3_000.0,
            time=at_s(seconds - 30.0),
            sigma_time_s=2.0,
        ),
        azimuth_deg=80.0,
        sigma_azimuth_deg=3.0,
        cue_id=f"cue-{seconds:g}",
    )


def launch_point(*, lat_deg: float = 40.6, semi_major_m: float = 5e3) -> LaunchPoint:
    """Return a launch point with a round ellipse."""
    return LaunchPoint(
        lat_deg=lat_deg,
        lon_deg=126.4,
        time=T0,
        ellipse95=ErrorEllipse(
            semi_major_m=semi_major_m, semi_minor_m=semi_major_m, azimuth_deg=0.0
        ),
    )


def area(
    *, lat_deg: float = 42.0, semi_major_m: float = 40e3, impact_s: float = 1_321.0
) -> ImpactArea:
    """Return an impact area half as wide as it is long."""
    return ImpactArea(
        lat_deg=lat_deg,
        lon_deg=178.0,
        time=at_s(impact_s),
        time_window95=(at_s(impact_s - 20.0), at_s(impact_s + 20.0)),
        ellipse95=ErrorEllipse(
            semi_major_m=semi_major_m,
            semi_minor_m=semi_major_m / 2.0,
            azimuth_deg=80.0,
        ),
        covariance_en_t=((1e8, 0.0, 0.0), (0.0, 1e8, 0.0), (0.0, 0.0, 100.0)),
    )


def state(seconds: float, *, north_m: float = 0.0) -> StateVector:
    """Return the missile's state at an epoch, or that of one farther north."""
    here = enu2ecef(*np.add(_where(seconds), (0.0, north_m, 0.0)), 37.0, 137.0, 0.0)
    speed = enu2uvw(2_500.0, 0.0, 2_000.0 - 4.0 * seconds, 37.0, 137.0)
    x, y, z = (float(value) for value in here)
    vx, vy, vz = (float(value) for value in speed)
    return StateVector(
        epoch=at_s(seconds),
        position_ecef_m=(x, y, z),
        velocity_ecef_mps=(vx, vy, vz),
    )


def tracklet(seconds: float, *, plots: int, sensor: str = "r1") -> Tracklet:
    """Return a tracklet over the minute before ``seconds``."""
    return Tracklet(
        reference=state(seconds),
        reference_drag=0.0,
        states=(
            *("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps", "drag"),
            *(f"{sensor}:{q}" for q in ("range_m", "azimuth_mrad", "elevation_mrad")),
        ),
        information_upper=(1.0,) * 55,
        information_vector=(0.0,) * 10,
        bias_priors=(
            BiasPrior(
                bias_id=sensor,
                sigma_range_m=20.0,
                sigma_azimuth_mrad=0.3,
                sigma_elevation_mrad=0.3,
            ),
        ),
        sensors=(sensor,),
        interval=(at_s(seconds - 60.0), at_s(seconds)),
        plots=plots,
    )


def estimate_of(
    seconds: float,
    *,
    impact: ImpactArea | None = None,
    launch: LaunchPoint | None = None,
    phase: str = "ballistic",
    holds: bool = True,
    plots: int = 30,
) -> FlightEstimate:
    """Return an answer of the solver, made by hand."""
    return FlightEstimate(
        launch=launch,
        launch_reason=None if launch else "too few plots",
        launch_azimuth_deg=80.0 if launch else None,
        phase=phase,  # type: ignore[arg-type]
        track=state(seconds),
        track_covariance=None,
        track_reason=None,
        impact=impact,
        impact_reason=None if impact else "it is still under thrust",
        apogee_km=970.0,
        range_km=4_550.0,
        model_holds=holds,
        reason="made by hand",
        tracklet=tracklet(seconds, plots=plots),
        path=(TrackPoint(lat_deg=41.0, lon_deg=141.0, alt_km=700.0, time=at_s(400.0)),),
        rejected=(),
        sensors=(),
    )


def answer(
    request: EstimateRequest, estimate: FlightEstimate | None, failed: str | None = None
) -> Estimate:
    """Return the solver's entry for a request."""
    return Estimate(
        request=request.request,
        launch_id=request.launch_id,
        product=request.product,
        estimate=estimate,
        failed=failed,
    )


def item(
    name: str,
    body: Body,
    seconds: float,
    *,
    originator: str = "KOR",
    lineage: tuple[str, ...] = ("token",),
    valid_s: float = 600.0,
) -> Item:
    """Return a partner's item."""
    return Item(
        id=name,
        originator=originator,
        status="EXERCISE",
        exercise="test",
        label=Label(policy="EXERCISE", classification="SECRET"),
        created=at_s(seconds),
        valid_until=at_s(seconds + valid_s),
        lineage=lineage,
        body=body,
    )


def held(what: Item, *, via: str | None = None, history: bool = False) -> ItemHeld:
    """Return a partner's item as ingest holds it."""
    return ItemHeld(
        sealed=SealedItem(item=what, signature=UNSIGNED),
        carriage=Carriage(
            link=via or what.originator,
            via=via,
            lane="plots",
            epoch=1,
            number=1,
            agreements=("gsomia-jpn-kor-2016",),
            articles=("gsomia-jpn-kor-2016:1",),
            approval=None,
            history=history,
        ),
    )


def entry(body: EntryBody, seconds: float, number: int = 1) -> Entry:
    """Return a journal entry at an instant."""
    return Entry(
        turn=number,
        seq=number,
        id=f"e{number}",
        at=at_s(seconds),
        by="ingest",
        kind=kind_of(body),
        cause=(),
        body=body,
    )
