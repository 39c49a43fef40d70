"""Motion: plots and cues of sensors, states, ellipses, launch points, impact areas.

Earth-centred Earth-fixed (ECEF, WGS 84) in metres and seconds; angles in degrees,
azimuth true, clockwise from north; elevation geometric, above the plane tangent to
the ellipsoid at the sensor. Uncertainties are one sigma unless the name says 95.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from beaconfire.vocabulary.places import (
    Azimuth,
    Elevation,
    Latitude,
    Length,
    Longitude,
    SensorSite,
    Sigma,
    SigmaOrZero,
    Token,
    Vector3,
)
from beaconfire.vocabulary.times import Instant

Phase = Literal["boost", "ballistic", "re-entry", "orbital", "unknown"]


class Plot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One radar report. It carries no object id: whose plot it is must be found.

    ``bias_sigma_*`` state how well the sensor is registered (``None`` = the
    estimator's default prior); ``bias_id`` names sensors that share one survey error
    (``None`` = the sensor's own id).
    """

    time: Instant
    sensor: SensorSite
    range_m: Annotated[float, Meta(gt=0.0, le=5e7)]
    azimuth_deg: Azimuth
    elevation_deg: Elevation
    sigma_range_m: Sigma
    sigma_azimuth_mrad: Sigma
    sigma_elevation_mrad: Sigma
    bias_sigma_range_m: SigmaOrZero | None = None
    bias_sigma_azimuth_mrad: SigmaOrZero | None = None
    bias_sigma_elevation_mrad: SigmaOrZero | None = None
    bias_id: Token | None = None
    plot_id: Token | None = None
    v: Literal[1] = 1


class CuedLaunch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and when an infrared sensor saw a launch, with one-sigma circles."""

    lat_deg: Latitude
    lon_deg: Longitude
    sigma_m: Sigma
    time: Instant
    sigma_time_s: Sigma


class Cue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One infrared report of a launch."""

    v: Literal[1] = 1
    time: Instant
    sensor: SensorSite
    launch: CuedLaunch
    azimuth_deg: Azimuth | None = None
    sigma_azimuth_deg: Sigma | None = None
    cue_id: Token | None = None


class StateVector(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Position and velocity at an epoch, ECEF."""

    epoch: Instant
    position_ecef_m: Vector3
    velocity_ecef_mps: Vector3


class Covariance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A symmetric matrix by rows; ``states`` names its rows with their units."""

    states: Annotated[tuple[Token, ...], Meta(max_length=64)]
    rows: Annotated[tuple[tuple[float, ...], ...], Meta(max_length=64)]


class ErrorEllipse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A 95 % ellipse on the ground; azimuth of the major axis, 0 to under 180."""

    semi_major_m: Length
    semi_minor_m: Length
    azimuth_deg: Annotated[float, Meta(ge=0.0, lt=180.0)]


class LaunchPoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and when it was launched, as estimated or cued.

    ``time_window95`` is null where the sender does not say how sure it is of the time.
    """

    lat_deg: Latitude
    lon_deg: Longitude
    time: Instant
    ellipse95: ErrorEllipse
    time_window95: tuple[Instant, Instant] | None = None


class ImpactArea(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and when it will come down: height 0 of WGS 84.

    ``covariance_en_t``: rows east (m), north (m), time (s). Area and time window
    belong together and are never published apart.
    """

    lat_deg: Latitude
    lon_deg: Longitude
    time: Instant
    time_window95: tuple[Instant, Instant]
    ellipse95: ErrorEllipse
    covariance_en_t: tuple[Vector3, Vector3, Vector3]


class BiasPrior(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How well a survey is known: one sigma of its range and angle errors."""

    bias_id: Token
    sigma_range_m: SigmaOrZero
    sigma_azimuth_mrad: SigmaOrZero
    sigma_elevation_mrad: SigmaOrZero


class Tracklet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What some sensors saw of one ballistic arc, as an equivalent measurement.

    The information form ``(J, y)`` about ``reference``: J x = y minimises the weighted
    squares of the plots alone. No prior of any kind is inside it, neither of drag nor
    of bias, so whoever adds tracklets adds each prior once.

    ``states`` names the rows: ``x_m y_m z_m vx_mps vy_mps vz_mps drag`` and then, for
    each bias id, ``<bias id>:range_m``, ``:azimuth_mrad``, ``:elevation_mrad``.
    ``information_upper`` is the upper triangle by rows; ``information_vector`` = J
    times the estimate's offset from the reference. ``reference_drag`` is the value of
    the drag state (ln of reference over true ballistic coefficient) at the reference.
    """

    reference: StateVector
    reference_drag: float
    states: Annotated[tuple[Token, ...], Meta(min_length=7, max_length=64)]
    information_upper: Annotated[tuple[float, ...], Meta(max_length=2080)]
    information_vector: Annotated[tuple[float, ...], Meta(max_length=64)]
    bias_priors: Annotated[tuple[BiasPrior, ...], Meta(max_length=19)]
    sensors: Annotated[tuple[Token, ...], Meta(max_length=64)]
    interval: tuple[Instant, Instant]
    plots: Annotated[int, Meta(ge=1)]
