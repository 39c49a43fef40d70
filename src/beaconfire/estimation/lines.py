"""Lines: a file of plots and cues in, the answer of ``beaconfire estimate`` out.

One line of JSON is one plot, or one infrared cue if it has a ``launch``. A line that
cannot be used is listed with its number (from 1) and the reason, and harms no other
line; empty lines are passed over. The whole file is taken to be one object.
"""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Struct, UnsetType

from beaconfire.errors import BadInput
from beaconfire.estimation.flight import estimate_flight
from beaconfire.seals import codec
from beaconfire.vocabulary.flight import (
    BiasEstimate,
    FlightEstimate,
    Observations,
    SensorAccount,
    SensorReading,
)
from beaconfire.vocabulary.motion import (
    Cue,
    ImpactArea,
    LaunchPoint,
    Phase,
    Plot,
)
from beaconfire.vocabulary.places import Vector3
from beaconfire.vocabulary.reach import (
    Condition,
    DepartureFound,
    ReachableRegion,
    ReachCorridor,
)
from beaconfire.vocabulary.times import Instant

# A plot is 400 bytes; what is longer is not a plot.
LINE_BYTES_MAX = 16_384
# Five radars at 10 Hz for half an hour: a larger file is not one flight's.
LINES_MAX = 100_000


class TrackAnswer(Struct, frozen=True, kw_only=True):
    """The present state with its 6 x 6 covariance in m and m/s."""

    epoch: Instant
    position_ecef_m: Vector3
    velocity_ecef_mps: Vector3
    covariance: tuple[tuple[float, ...], ...]


class ObjectAnswer(Struct, frozen=True, kw_only=True):
    """One object. A ``*_reason`` stands only where its neighbour is null.

    The last four stand only while they have something to say: a young area's condition,
    the corridor under thrust, a push off the arc, and the region that it can reach.
    """

    launch: LaunchPoint | None
    launch_reason: str | UnsetType = UNSET
    phase: Phase
    track: TrackAnswer | None
    track_reason: str | UnsetType = UNSET
    impact: ImpactArea | None
    impact_reason: str | UnsetType = UNSET
    apogee_km: float | None
    apogee_km_reason: str | UnsetType = UNSET
    range_km: float | None
    range_km_reason: str | UnsetType = UNSET
    model_holds: bool
    reason: str
    impact_condition: Condition | UnsetType = UNSET
    corridor: ReachCorridor | UnsetType = UNSET
    departure: DepartureFound | UnsetType = UNSET
    reachable: ReachableRegion | UnsetType = UNSET


class LineRejected(Struct, frozen=True, kw_only=True):
    """A line that was not used, counted from 1, and why."""

    line: int
    reason: str


class SensorAnswer(Struct, frozen=True, kw_only=True):
    """What became of one sensor's plots."""

    id: str
    plots: int
    bias: BiasEstimate | None
    bias_reason: str | UnsetType = UNSET
    verdict: SensorReading


class EstimateAnswer(Struct, frozen=True, kw_only=True):
    """The one JSON object that ``beaconfire estimate --json`` prints."""

    objects: tuple[ObjectAnswer, ...]
    rejected: tuple[LineRejected, ...]
    sensors: tuple[SensorAnswer, ...]


class _Peek(Struct, frozen=True):
    """Just enough of a line to tell a cue from a plot."""

    launch: msgspec.Raw | UnsetType = UNSET


def answer_lines(lines: Sequence[bytes | str]) -> EstimateAnswer:
    """Estimate the one object that the lines are about; never fails for a bad line."""
    plots: list[Plot] = []
    plot_lines: list[int] = []
    cues: list[Cue] = []
    rejected: list[LineRejected] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            read = _read(line, number)
        except BadInput as error:
            rejected.append(LineRejected(line=number, reason=str(error)))
            continue
        if isinstance(read, Cue):
            cues.append(read)
        else:
            plots.append(read)
            plot_lines.append(number)
    if not plots and not cues:
        return EstimateAnswer(objects=(), rejected=tuple(rejected), sensors=())
    held = Observations(plots=tuple(plots), cues=tuple(cues))
    estimate = estimate_flight(held)
    for one in estimate.rejected:
        at = plot_lines[one.index]
        rejected.append(LineRejected(line=at, reason=one.reason))
    return EstimateAnswer(
        objects=(_object(estimate),),
        rejected=tuple(sorted(rejected, key=lambda one: one.line)),
        sensors=tuple(_sensor(account) for account in estimate.sensors),
    )


def _read(line: bytes | str, number: int) -> Plot | Cue:
    """Read one line.

    Raises:
        BadInput: neither a plot nor a cue; says where and why.
    """
    if number > LINES_MAX:
        message = f"more than {LINES_MAX} lines are not one flight"
        raise BadInput(message)
    if len(line) > LINE_BYTES_MAX:
        message = f"longer than {LINE_BYTES_MAX} characters"
        raise BadInput(message)
    if codec.decode(line, _Peek, what="line").launch is UNSET:
        return codec.decode(line, Plot, what="plot")
    return codec.decode(line, Cue, what="cue")


def _unless(value: object, reason: str | None) -> str | UnsetType:
    """Return the reason where the value is missing, and nothing where it is not."""
    if value is not None:
        return UNSET
    assert reason is not None, "what cannot be said has a reason"
    return reason


def _object(estimate: FlightEstimate) -> ObjectAnswer:
    track = None
    if estimate.track is not None and estimate.track_covariance is not None:
        track = TrackAnswer(
            epoch=estimate.track.epoch,
            position_ecef_m=estimate.track.position_ecef_m,
            velocity_ecef_mps=estimate.track.velocity_ecef_mps,
            covariance=estimate.track_covariance.rows,
        )
    no_arc = estimate.impact_reason or "there is no coasting arc to say it of"
    missing = estimate.impact_reason or estimate.launch_reason
    return ObjectAnswer(
        launch=estimate.launch,
        launch_reason=_unless(estimate.launch, estimate.launch_reason),
        phase=estimate.phase,
        track=track,
        track_reason=_unless(track, estimate.track_reason),
        impact=estimate.impact,
        impact_reason=_unless(estimate.impact, estimate.impact_reason),
        apogee_km=estimate.apogee_km,
        apogee_km_reason=_unless(estimate.apogee_km, no_arc),
        range_km=estimate.range_km,
        range_km_reason=_unless(estimate.range_km, missing),
        model_holds=estimate.model_holds,
        reason=estimate.reason,
        impact_condition=estimate.impact_condition or UNSET,
        corridor=estimate.corridor or UNSET,
        departure=estimate.departure or UNSET,
        reachable=estimate.reachable or UNSET,
    )


def _sensor(account: SensorAccount) -> SensorAnswer:
    reason = "its plots lie on no coasting arc"
    return SensorAnswer(
        id=account.id,
        plots=account.plots,
        bias=account.bias,
        bias_reason=_unless(account.bias, reason),
        verdict=account.verdict,
    )
