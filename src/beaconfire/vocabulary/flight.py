"""Flight: the question put to the estimator and its answer for one object.

Both are values: the node records the answer in its journal, and a replay folds what
was recorded instead of computing it again.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from beaconfire.vocabulary.motion import (
    Covariance,
    Cue,
    ImpactArea,
    LaunchPoint,
    Phase,
    Plot,
    StateVector,
    Tracklet,
)
from beaconfire.vocabulary.places import Text, Token
from beaconfire.vocabulary.reach import (
    Condition,
    DepartureFound,
    ReachableRegion,
    ReachCorridor,
)
from beaconfire.vocabulary.times import Instant

# Contradicted: by other sensors, and nothing tells which of them is wrong.
SensorReading = Literal["used", "rejected", "contradicted", "too few plots"]


class StatedTrack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A partner's state and its covariance, made of nobody can say what."""

    state: StateVector
    covariance: Covariance


class GroupSpread(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That the plots are a group's, within ``cell_m`` of each other for ``over_s``."""

    cell_m: float
    over_s: float


class Observations(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is held of one flight, in any order. Nothing here names the object.

    ``plots`` and ``tracklets`` are different sightings and are summed, but for
    ``common``: tracklets of sightings that stand twice among these, to be taken out
    once. ``overlapping`` may rest on the same plots as anything else here, and on
    nothing but plots; of ``tracks`` not even that is known. ``unshared`` names own
    sensors that no partner was ever told of, so that no partner's word rests on them.
    ``group`` stands where it is several objects: the area is to hold each.
    """

    plots: tuple[Plot, ...] = ()
    tracklets: tuple[Tracklet, ...] = ()
    cues: tuple[Cue, ...] = ()
    common: tuple[Tracklet, ...] = ()
    overlapping: tuple[Tracklet, ...] = ()
    tracks: tuple[StatedTrack, ...] = ()
    unshared: tuple[Token, ...] = ()
    group: GroupSpread | None = None


class BiasEstimate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the fit thinks a sensor's registration error is, with one sigma each."""

    range_m: float
    azimuth_mrad: float
    elevation_mrad: float
    sigma_range_m: float
    sigma_azimuth_mrad: float
    sigma_elevation_mrad: float


class SensorAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one sensor's plots were used, and what was found of its bias."""

    id: Token
    plots: int
    bias: BiasEstimate | None
    verdict: SensorReading


class RejectedPlot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plot left out of the fit; ``index`` into ``Observations.plots``."""

    index: Annotated[int, Meta(ge=0)]
    reason: Text


class TrackPoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A point of the predicted path: over where, how high, when."""

    lat_deg: float
    lon_deg: float
    alt_km: float
    time: Instant


class FlightEstimate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One object: where from, where now, where to. What cannot be said is ``None``.

    ``tracklet`` is the plots' own equivalent measurement (no priors inside), ``None``
    while there is no ballistic arc to speak of. Each ``*_reason`` says why its
    neighbour is ``None``. ``path`` runs from the track's epoch to impact, ten seconds
    apart, and is empty where the model does not hold.

    ``impact_condition`` is what the area depends on while it is young. ``corridor``
    stands only under thrust, ``departure`` where a push has begun on an arc that
    coasted, and ``reachable`` where that push is no stage's.
    """

    launch: LaunchPoint | None
    launch_reason: Text | None
    launch_azimuth_deg: float | None
    phase: Phase
    track: StateVector | None
    track_covariance: Covariance | None
    track_reason: Text | None
    impact: ImpactArea | None
    impact_reason: Text | None
    apogee_km: float | None
    range_km: float | None
    model_holds: bool
    reason: Text
    tracklet: Tracklet | None
    path: tuple[TrackPoint, ...] = ()
    rejected: tuple[RejectedPlot, ...]
    sensors: tuple[SensorAccount, ...]
    impact_condition: Condition | None = None
    corridor: ReachCorridor | None = None
    departure: DepartureFound | None = None
    reachable: ReachableRegion | None = None
