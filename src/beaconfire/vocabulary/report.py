"""Reports: what an item says. One struct a body, told apart by ``type``.

``LaunchNotice``, ``TrackProduct`` and ``ImpactPrediction`` are the three elements
that the 2023 trilateral mechanism shares (launch point, flight path, expected impact
point); ``Plots`` is the finest form and goes only where an article permits it.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from beaconfire.vocabulary.motion import (
    Covariance,
    ImpactArea,
    LaunchPoint,
    Phase,
    Plot,
    StateVector,
    Tracklet,
)
from beaconfire.vocabulary.places import Azimuth, Text, Token
from beaconfire.vocabulary.reach import Condition
from beaconfire.vocabulary.sight import Group
from beaconfire.vocabulary.times import Instant


class Report(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"
):
    """What every body shares: its name in ``type``."""


class LaunchNotice(Report, frozen=True, kw_only=True, tag=True):
    """A launch was detected. Everything but ``first_seen`` may still be unknown."""

    launch_id: Token
    first_seen: Instant
    point: LaunchPoint | None = None
    time: Instant | None = None
    azimuth_true_deg: Azimuth | None = None


class Plots(Report, frozen=True, kw_only=True, tag=True):
    """One scan of one sensor."""

    sensor_id: Token
    plots: Annotated[tuple[Plot, ...], Meta(min_length=1, max_length=1000)]


class TrackProduct(Report, frozen=True, kw_only=True, tag=True):
    """The flight path so far, from the originator's own sensors.

    ``tracklet`` is ``None`` while the flight is powered or too little was seen: then
    ``state`` may be shown but not fused. A sender that cannot make tracklets may state
    the ``covariance`` of its ``state`` instead (``x_m y_m z_m vx_mps vy_mps vz_mps``);
    it is fused as one whose errors may be related to any other's. Ours never do.

    ``group`` stands where the path is that of several objects which the originator's
    sensors cannot tell apart: then ``state`` is none of theirs, but the group's.
    """

    launch_id: Token
    phase: Phase
    state: StateVector
    tracklet: Tracklet | None = None
    covariance: Covariance | UnsetType = UNSET
    group: Group | UnsetType = UNSET


class ImpactPrediction(Report, frozen=True, kw_only=True, tag=True):
    """The expected impact point, with its area and time window.

    ``condition``: the area holds only under it, and is retracted when it is broken.
    """

    launch_id: Token
    area: ImpactArea
    condition: Condition | None = None


class Retraction(Report, frozen=True, kw_only=True, tag=True):
    """An earlier item was wrong. Not an all-clear: that it passed is another verb."""

    retracts: Token
    reason: Text


Body = LaunchNotice | Plots | TrackProduct | ImpactPrediction | Retraction

# The form of an item, as reports and agreements count them.
Form = Literal["notice", "track", "impact", "plots", "retraction", "report"]

FORM: dict[type, Form] = {
    LaunchNotice: "notice",
    Plots: "plots",
    TrackProduct: "track",
    ImpactPrediction: "impact",
    Retraction: "retraction",
}
