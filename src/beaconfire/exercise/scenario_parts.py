"""Scenario parts: launches, sensors, acts, links and persons of one exercise.

Frozen structs with the limits of every number. What the words mean, with units, is in
``docs/guides/scenarios.md``. Rules that join several keys are in ``scenario_rules``;
reading text and files is ``scenario``'s.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Latitude, Longitude, Place
from beaconfire.vocabulary.times import Instant

LAUNCHES_MAX = 32
SENSORS_MAX = 64
ACTS_MAX = LINKS_MAX = PERSONS_MAX = 1_000
WEEK_S = 604_800.0
DAY_S = 86_400.0

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
Title = Annotated[str, Meta(min_length=1, max_length=128)]
AnySecond = Annotated[float, Meta(ge=-WEEK_S, le=WEEK_S)]
# Agreements live longer than exercises: what was done years before still holds.
DECADE_S = 315_360_000.0
_ActSecond = Annotated[float, Meta(ge=-DECADE_S, le=DECADE_S)]
Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
Ground = Annotated[float, Meta(ge=0.0, le=6_000.0)]
_Bearing = Annotated[float, Meta(ge=0.0, le=360.0)]
_Apogee = Annotated[float, Meta(ge=10.0, le=10_000.0)]
_Range = Annotated[float, Meta(ge=1.0, le=18_000.0)]
_Powered = Annotated[float, Meta(ge=5.0, le=1_200.0)]
_Stage = tuple[
    Annotated[float, Meta(ge=1.0, le=1_200.0)],
    Annotated[float, Meta(ge=0.0, le=600.0)],
]
_Rate = Annotated[float, Meta(ge=0.01, le=20.0)]
_Reach = Annotated[float, Meta(gt=0.0, le=20_000.0)]
_Noise = Annotated[float, Meta(gt=0.0, le=1e6)]
_Angle = Annotated[float, Meta(gt=0.0, le=1_000.0)]
_Bias = Annotated[float, Meta(ge=0.0, le=1e5)]
_BiasAngle = Annotated[float, Meta(ge=0.0, le=1_000.0)]
_Delay = Annotated[float, Meta(ge=0.0, le=3_600.0)]
_Milliseconds = Annotated[float, Meta(ge=0.0, le=600_000.0)]


class Site(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a flight starts; height above WGS 84."""

    lat_deg: Latitude
    lon_deg: Longitude
    alt_m: Ground = 0.0


class Launch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One flight, by what was published of it.

    The impact point lies ``range_km`` from the site along the geodesic that leaves it
    at ``azimuth_true_deg``; ``target`` names it instead.
    """

    id: Name
    site: Site
    at_s: Annotated[float, Meta(ge=0.0, le=DAY_S)]
    azimuth_true_deg: _Bearing | None = None
    apogee_km: _Apogee
    range_km: _Range | None = None
    target: Place | None = None
    powered_s: _Powered
    kind: Literal["ballistic", "glide", "failed", "space"] = "ballistic"
    fails_at_s: _Powered | None = None
    stages: Annotated[tuple[_Stage, ...], Meta(max_length=5)] = ()


class Sensor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One radar or infrared sensor. ``None`` stands where its kind has no such key."""

    party: Party
    id: Name
    kind: Literal["radar", "infrared"]
    lat_deg: Latitude
    lon_deg: Longitude
    alt_m: Annotated[float, Meta(ge=-500.0, le=45_000_000.0)] = 0.0
    rate_hz: _Rate | None = None
    range_max_km: _Reach | None = None
    elevation_min_deg: Annotated[float, Meta(ge=-10.0, lt=90.0)] | None = None
    sigma_range_m: _Noise | None = None
    sigma_azimuth_mrad: _Angle | None = None
    sigma_elevation_mrad: _Angle | None = None
    bias_range_m: _Bias | None = None
    bias_azimuth_mrad: _BiasAngle | None = None
    bias_elevation_mrad: _BiasAngle | None = None
    bias_id: Name | None = None
    detection_probability: Probability = 1.0
    false_plots_per_scan: Annotated[float, Meta(ge=0.0, le=200.0)] | None = None
    delay_s: _Delay | None = None
    sigma_launch_m: _Noise | None = None
    sigma_time_s: Annotated[float, Meta(gt=0.0, le=3_600.0)] | None = None
    sigma_azimuth_deg: Annotated[float, Meta(gt=0.0, le=180.0)] | None = None
    hidden_from: Annotated[tuple[Party, ...], Meta(max_length=32)] = ()


class Act(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"class_": "class"},
):
    """What one party does to an agreement; before lift-off ``at_s`` is negative."""

    at_s: _ActSecond
    by: Party
    agreement: Name
    act: Literal[
        "suspend",
        "restore",
        "notice",
        "notice-suspend",
        "withdraw",
        "contest",
        "approve",
    ]
    to: Party | None = None
    via: Party | None = None
    class_: Title | None = None
    expires_s: _ActSecond | None = None


class Link(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"from_": "from"},
):
    """How the line from one party to another behaves for a while; one way."""

    from_: Party
    to: Party
    at_s: AnySecond = -WEEK_S
    until_s: AnySecond = WEEK_S
    delay_ms: _Milliseconds = 0.0
    jitter_ms: _Milliseconds = 0.0
    drop: Probability = 0.0
    duplicate: Probability = 0.0
    reorder: Probability = 0.0
    cut: bool = False


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody does in the exercise, and when."""

    party: Party
    role: Name
    at_s: AnySecond
    does: Title


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the exercise's items are labelled: policy, and each party's own marking."""

    name: Title = "EXERCISE"
    classification: dict[Party, Title] = {}

    def classification_of(self, party: Party) -> str:
        """Return the marking that ``party`` puts on what its own sensors say."""
        return self.classification.get(party) or _MARKINGS.get(party, _PLAIN)


_PLAIN = "CONFIDENTIAL"
_MARKINGS = {"JPN": "秘", "KOR": "군사III급비밀"}


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One exercise, read and checked. Exercise seconds count from ``epoch``."""

    name: Name
    epoch: Instant
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 1
    status: Literal["EXERCISE"] = "EXERCISE"
    policy: Policy = Policy()
    launch: Annotated[tuple[Launch, ...], Meta(min_length=1, max_length=LAUNCHES_MAX)]
    sensor: Annotated[tuple[Sensor, ...], Meta(min_length=1, max_length=SENSORS_MAX)]
    act: Annotated[tuple[Act, ...], Meta(max_length=ACTS_MAX)] = ()
    link: Annotated[tuple[Link, ...], Meta(max_length=LINKS_MAX)] = ()
    person: Annotated[tuple[Person, ...], Meta(max_length=PERSONS_MAX)] = ()

    @property
    def parties(self) -> tuple[Party, ...]:
        """Every nation that takes part, sorted."""
        named = {sensor.party for sensor in self.sensor}
        named |= {person.party for person in self.person}
        for act in self.act:
            named |= {act.by, *(p for p in (act.to, act.via) if p is not None)}
        for link in self.link:
            named |= {link.from_, link.to}
        return tuple(sorted(named))

    def at(self, exercise_s: float) -> Instant:
        """Return the instant so many exercise seconds from the epoch."""
        return self.epoch.plus_s(exercise_s)

    def lift_off(self, launch: Launch) -> Instant:
        """Return the instant at which a launch of this scenario leaves the ground."""
        return self.at(launch.at_s)

    def sensors_of(self, party: Party) -> tuple[Sensor, ...]:
        """Return one nation's sensors, in the order of the file."""
        return tuple(sensor for sensor in self.sensor if sensor.party == party)
