"""Lines: a file of plots and cues in, the answer of ``beaconfire estimate`` out.

One line of JSON is one plot, or one infrared cue if it has a ``launch``. A line that
cannot be used is listed with its number (from 1) and the reason, and harms no other
line; empty lines are passed over.

Whose plots are in the file is not said there. The whole is first taken to be of one
object, if need be without a sensor that contradicts the others (``contradiction``).
Where that does not explain it, each object is answered for by itself; which plots are
whose is the caller's to say (``sort``), since it is the node's own rule and no number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from beaconfire.errors import BadInput
from beaconfire.estimation.contradiction import LEFT_OUT_PART, doubted
from beaconfire.estimation.flight import estimate_flight
from beaconfire.estimation.members import widened_for_members
from beaconfire.estimation.seen_in_file import groups_in, sights_in, surely_theirs
from beaconfire.estimation.selection import REPEATED
from beaconfire.seals import codec
from beaconfire.seals.toml_text import is_utf8
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
from beaconfire.vocabulary.sight import Group, Sight
from beaconfire.vocabulary.times import Instant

# A plot is 400 bytes; what is longer is not a plot.
LINE_BYTES_MAX = 16_384
# Five radars at 10 Hz for half an hour: a larger file is not one flight's.
LINES_MAX = 100_000
# So many plots of 400 bytes are 40 MB; what is longer is not read on.
FILE_BYTES_MAX = 64 * 1024 * 1024
# A file with a gap as long as this is looked through for several objects in any case.
GAP_S = 300.0
_LATER = "it is later than the instant that is asked about"
_ON_NO_PATH = "no object is followed through it"
_OF_ANY = "it may be of any object of a group that has parted since"

# Which of the plots and cues are of one object each.
Sort = Callable[[Sequence[Plot], Sequence[Cue]], tuple[Observations, ...]]


class TrackAnswer(Struct, frozen=True, kw_only=True):
    """The present state with its 6 x 6 covariance in m and m/s."""

    epoch: Instant
    position_ecef_m: Vector3
    velocity_ecef_mps: Vector3
    covariance: tuple[tuple[float, ...], ...]


class ObjectAnswer(Struct, frozen=True, kw_only=True):
    """One object. A ``*_reason`` stands only where its neighbour is null.

    The last six stand only while they have something to say: a young area's condition,
    the corridor under thrust, a push off the arc, the region that it can reach, that it
    is not seen any more (then track and impact are those of the arc on which it was
    last seen), and that it is several which cannot be told apart.
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
    sight: Sight | UnsetType = UNSET
    group: Group | UnsetType = UNSET


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


def answer_lines(
    lines: Sequence[bytes | str], *, sort: Sort, at: Instant | None = None
) -> EstimateAnswer:
    """Answer for each object that the lines are about; never fails for a bad line.

    ``at`` is the instant that is asked about: what is later is left out. Without it, it
    is the newest time in the file.

    Raises:
        BadInput: there are more lines than one flight can have.
    """
    if len(lines) > LINES_MAX:
        message = f"more than {LINES_MAX} lines: give the plots of one flight"
        raise BadInput(message)
    held = _Held(until=at)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            held.add(_read(line), number)
        except BadInput as error:
            held.reject(number, str(error))
    if not held.plots and not held.cues:
        return EstimateAnswer(objects=(), rejected=tuple(held.rejected), sensors=())
    whole = Observations(plots=tuple(held.plots), cues=tuple(held.cues))
    one = estimate_flight(whole)
    objects = _objects(one, whole, sort)
    estimates = [(whole, one)]
    if objects[0] is not whole:
        followed = {id(plot) for each in objects for plot in each.plots}
        objects = surely_theirs(objects, held.plots)
        estimates = _each(objects)
        sure = {id(plot) for each in objects for plot in each.plots}
        for plot, number in zip(held.plots, held.numbers, strict=True):
            if id(plot) not in sure:
                reason = _OF_ANY if id(plot) in followed else _ON_NO_PATH
                held.reject(number, reason)
    times = [plot.time for plot in held.plots] + [cue.time for cue in held.cues]
    sights = sights_in(estimates, held.plots, max(times) if at is None else at)
    groups = groups_in(estimates, held.plots)
    number_of = dict(zip(map(id, held.plots), held.numbers, strict=True))
    for each, estimate in estimates:
        for out in estimate.rejected:
            held.reject(number_of[id(each.plots[out.index])], out.reason)
    return EstimateAnswer(
        objects=tuple(
            _object(
                estimate if spread is None else widened_for_members(estimate, spread),
                sight,
                group,
            )
            for (_, estimate), sight, (group, spread) in zip(
                estimates, sights, groups, strict=True
            )
        ),
        rejected=tuple(sorted(held.rejected, key=lambda one: one.line)),
        sensors=_sensors([estimate for _, estimate in estimates]),
    )


@dataclass(slots=True)
class _Held:
    """What could be read, with the numbers of the plots' lines, and what could not."""

    plots: list[Plot] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    until: Instant | None = None
    cues: list[Cue] = field(default_factory=list)
    rejected: list[LineRejected] = field(default_factory=list)

    def add(self, read: Plot | Cue, number: int) -> None:
        if self.until is not None and read.time > self.until:
            self.reject(number, _LATER)
        elif isinstance(read, Cue):
            self.cues.append(read)
        else:
            self.plots.append(read)
            self.numbers.append(number)

    def reject(self, number: int, reason: str) -> None:
        self.rejected.append(LineRejected(line=number, reason=reason))


def _objects(
    one: FlightEstimate, whole: Observations, sort: Sort
) -> tuple[Observations, ...]:
    """Return what is of each object, unless ``one`` explains the whole."""
    left_out = {
        id(whole.plots[plot.index]) for plot in one.rejected if plot.reason != REPEATED
    }
    one_may_do = one.model_holds and not _has_gap(whole.plots)
    # A sensor of which nothing was used contradicts the rest, and has been named.
    heard = {p.sensor.id for p in whole.plots if id(p) not in left_out}
    of_heard = {id(plot) for plot in whole.plots if plot.sensor.id in heard}
    # Long after an object was last seen a false plot may pass for a push of it.
    pushed = one.phase == "boost" and bool(left_out)
    if one_may_do and _few(left_out, of_heard) and not pushed:
        return (whole,)
    objects = sort(whole.plots, whole.cues)
    followed = {id(plot) for each in objects for plot in each.plots}
    used = [plot for plot in whole.plots if id(plot) not in left_out]
    newest = max(used, key=lambda plot: plot.time, default=None)
    if len(objects) == 1 and pushed and newest and id(newest) not in followed:
        return objects
    if len(objects) == 1 and not (one_may_do and _few(left_out, of_heard)):
        # Aircraft and false plots are no objects; they must not hide the one that is.
        return objects if _explains(objects[0]) else (whole,)
    if len(objects) < 2 or (one_may_do and _few(left_out, followed)):
        return (whole,)
    return objects


def _explains(held: Observations) -> bool:
    """Say whether what is followed is one object's by itself."""
    alone = estimate_flight(held)
    out = {id(held.plots[plot.index]) for plot in alone.rejected}
    return alone.model_holds and _few(out, {id(plot) for plot in held.plots})


def _few(left_out: set[int], of: set[int]) -> bool:
    return bool(of) and len(left_out & of) <= LEFT_OUT_PART * len(of)


def _each(
    objects: Sequence[Observations],
) -> list[tuple[Observations, FlightEstimate]]:
    """Answer for each object, without an area where a sensor stands alone."""
    found = [(held, estimate_flight(held)) for held in objects]
    return list(zip(objects, doubted(found), strict=True))


def _has_gap(plots: Sequence[Plot]) -> bool:
    """Say whether nothing at all was seen for longer than a flight is out of sight."""
    instants = sorted(plot.time for plot in plots)
    return any(b.seconds_since(a) > GAP_S for a, b in pairwise(instants))


def _sensors(estimates: Sequence[FlightEstimate]) -> tuple[SensorAnswer, ...]:
    """Return each sensor once: all its plots, and what most of them say of it."""
    of: dict[str, list[SensorAccount]] = {}
    for estimate in estimates:
        for account in estimate.sensors:
            of.setdefault(account.id, []).append(account)
    answers = []
    for accounts in of.values():
        most = max(accounts, key=lambda one: (one.bias is not None, one.plots))
        plots = sum(one.plots for one in accounts)
        answers.append(_sensor(replace(most, plots=plots)))
    return tuple(answers)


def _read(line: bytes | str) -> Plot | Cue:
    """Read one line.

    Raises:
        BadInput: neither a plot nor a cue; says where and why.
    """
    if len(line) > LINE_BYTES_MAX:
        message = f"longer than {LINE_BYTES_MAX} characters"
        raise BadInput(message)
    if isinstance(line, bytes) and not is_utf8(line):
        raise BadInput("not UTF-8")
    if codec.decode_repeating(line, _Peek, what="line").launch is UNSET:
        return codec.decode(line, Plot, what="plot")
    return codec.decode(line, Cue, what="cue")


def _unless(value: object, reason: str | None) -> str | UnsetType:
    """Return the reason where the value is missing, and nothing where it is not."""
    if value is not None:
        return UNSET
    assert reason is not None, "what cannot be said has a reason"
    return reason


def _object(
    estimate: FlightEstimate, sight: Sight | None, group: Group | None
) -> ObjectAnswer:
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
        sight=UNSET if sight is None or sight.state == "seen" else sight,
        group=group or UNSET,
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
