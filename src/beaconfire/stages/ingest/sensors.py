"""Sensors: the lines of one scan, each taken or refused by itself.

* Nothing good is lost because of a bad neighbour: the good plots of a scan are one
  ``PlotsHeard``, every bad line is one ``Rejection`` with its reason and beginning.
* What is wrong with the whole scan (a sensor we do not have, plots from an infrared
  sensor) is one ``Rejection``, so that a stranger cannot fill the journal.
* A sensor speaks for itself alone: a line that names another sensor is refused.

A repeat in a *later* scan is left to the fusion, which counts a plot once however
often it comes. Whether a plot belongs to a launch is not asked here either.
"""

from msgspec.structs import replace

from beaconfire.errors import BadInput
from beaconfire.seals import codec
from beaconfire.vocabulary.cards import NodeProfile, OwnSensor
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import SensorLines
from beaconfire.vocabulary.entries.sightings import CueHeard, PlotsHeard, Rejection
from beaconfire.vocabulary.motion import Cue, Plot
from beaconfire.vocabulary.times import Instant

# Sensors and node keep time within milliseconds; two seconds is a broken clock.
AHEAD_S_MAX = 2.0
# A feed that was cut sends again what it buffered; after ten minutes that is history,
# which an operator may replay from a file but which must not steer a live picture.
AGE_S_MAX = 600.0
# A cue follows its launch by the sensor's delay, at most minutes.
CUED_LAUNCH_AGE_S_MAX = 1_800.0
# A plot line takes about 350 bytes; nothing honest comes near this.
LINE_CHARS_MAX = 4_096
# What is read within a step; a fuller scan is jamming or a fault.
LINES_MAX = 400
REASON_CHARS_MAX = 400  # one sentence; what is longer quotes the line too far
EXCERPT_CHARS_MAX = 512  # what an entry holds; a good plot fits whole


def hear(
    profile: NodeProfile, body: SensorLines, at: Instant | None
) -> tuple[EntryBody, ...]:
    """Return what one scan gives: its good sightings first, then its rejections.

    Without ``at`` no line is refused for its time: the node's clock is not trusted, and
    a warning to our own people is never held for that.
    """
    sensor = next((own for own in profile.sensors if own.id == body.sensor), None)
    wrong = _wrong_scan(body, sensor)
    if wrong is not None or sensor is None:
        first = body.lines[0] if body.lines else ""
        return (_rejection(body, wrong or "unknown sensor", first),)
    return _plots(sensor, body, at) if body.stream == "plots" else _cues(body, at)


def _wrong_scan(body: SensorLines, sensor: OwnSensor | None) -> str | None:
    name, lines = _clean(body.sensor)[:64], len(body.lines)
    if sensor is None:
        return (
            f"sensor `{name}` is not one of this node's sensors: all {lines} lines "
            "are refused"
        )
    if sensor.kind == "infrared" and body.stream == "plots":
        return f"sensor `{name}` is infrared and sends cues: send them as cues"
    if sensor.kind == "radar" and body.stream == "cues":
        return f"sensor `{name}` is a radar and sends plots: send them as plots"
    return None


def _plots(
    sensor: OwnSensor, body: SensorLines, at: Instant | None
) -> tuple[EntryBody, ...]:
    heard: dict[tuple[object, ...], Plot] = {}
    refused: list[EntryBody] = []
    for line in body.lines[:LINES_MAX]:
        try:
            plot = codec.decode(_bounded(line), Plot, what="plot line")
            _require_sender(body.sensor, plot.sensor.id)
            _require_time(plot.time, at)
            _require_new(_plot_key(plot) not in heard, plot.plot_id, "plot")
        except BadInput as error:
            refused.append(_rejection(body, str(error), line))
        else:
            heard[_plot_key(plot)] = plot
    plots = tuple(heard.values())
    if sensor.bias_id is not None:
        plots = tuple(replace(plot, bias_id=sensor.bias_id) for plot in plots)
    scan = (PlotsHeard(sensor=sensor.id, plots=plots),) if plots else ()
    return (*scan, *refused, *_overlong(body))


def _cues(body: SensorLines, at: Instant | None) -> tuple[EntryBody, ...]:
    heard: dict[object, Cue] = {}
    refused: list[EntryBody] = []
    for line in body.lines[:LINES_MAX]:
        try:
            cue = codec.decode(_bounded(line), Cue, what="cue line")
            _require_sender(body.sensor, cue.sensor.id)
            _require_time(cue.time, at)
            _require_sense(cue)
            _require_new((cue.cue_id or cue) not in heard, cue.cue_id, "cue")
        except BadInput as error:
            refused.append(_rejection(body, str(error), line))
        else:
            heard[cue.cue_id or cue] = cue
    cues = (CueHeard(sensor=body.sensor, cue=cue) for cue in heard.values())
    return (*cues, *refused, *_overlong(body))


def _require_sender(sensor: str, named: str) -> None:
    if named != sensor:
        message = (
            f"the line names sensor `{named[:64]}` but came from `{sensor[:64]}`: "
            "a sensor speaks for itself alone"
        )
        raise BadInput(message)


def _require_time(time: Instant, at: Instant | None) -> None:
    if at is None:
        return
    ahead_s = time.seconds_since(at)
    if ahead_s > AHEAD_S_MAX:
        message = (
            f"its time `{time}` is {ahead_s:.3f} s ahead of the node's clock, more "
            f"than {AHEAD_S_MAX:.0f} s: set the sensor's clock"
        )
        raise BadInput(message)
    if -ahead_s > AGE_S_MAX:
        message = (
            f"its time `{time}` lies {-ahead_s:.0f} s back, more than "
            f"{AGE_S_MAX:.0f} s: too old for a live feed"
        )
        raise BadInput(message)


def _require_sense(cue: Cue) -> None:
    """Refuse a launch after its cue or long before, and an azimuth without its sigma.

    The launch's own time is an estimate, so it may pass the cue by its uncertainty.
    """
    delay_s = cue.time.seconds_since(cue.launch.time)
    if delay_s < -(AHEAD_S_MAX + 3.0 * min(cue.launch.sigma_time_s, 60.0)):
        message = "the launch it reports lies after the cue's own time"
        raise BadInput(message)
    if delay_s > CUED_LAUNCH_AGE_S_MAX:
        message = (
            f"the launch it reports lies {delay_s:.0f} s before the cue, more than "
            f"{CUED_LAUNCH_AGE_S_MAX:.0f} s"
        )
        raise BadInput(message)
    if (cue.azimuth_deg is None) != (cue.sigma_azimuth_deg is None):
        message = "give `azimuth_deg` and `sigma_azimuth_deg` both, or neither"
        raise BadInput(message)


def _require_new(new: bool, name: str | None, what: str) -> None:
    if not new:
        named = f" `{name[:64]}`" if name else ""
        message = f"it repeats {what}{named} of the same scan"
        raise BadInput(message)


def _plot_key(plot: Plot) -> tuple[object, ...]:
    """Return what tells two plots of one scan apart: the id, or else the values."""
    if plot.plot_id is not None:
        return (plot.plot_id,)
    return (plot.time, plot.range_m, plot.azimuth_deg, plot.elevation_deg)


def _bounded(line: str) -> str:
    if len(line) > LINE_CHARS_MAX:
        message = f"it has {len(line)} characters, more than {LINE_CHARS_MAX}"
        raise BadInput(message)
    return _clean(line)


def _overlong(body: SensorLines) -> tuple[EntryBody, ...]:
    if len(body.lines) <= LINES_MAX:
        return ()
    reason = (
        f"the scan has {len(body.lines)} lines: those after the first {LINES_MAX} "
        "are refused"
    )
    return (_rejection(body, reason, body.lines[LINES_MAX]),)


def _rejection(body: SensorLines, reason: str, line: str) -> Rejection:
    what = "plot line" if body.stream == "plots" else "cue line"
    return Rejection(
        source=_clean(body.sensor)[:128] or "unnamed sensor",
        what=what,
        reason=_clean(reason)[:REASON_CHARS_MAX],
        excerpt=_clean(line[:EXCERPT_CHARS_MAX]),
    )


def _clean(text: str) -> str:
    """Return ``text`` with lone surrogates replaced: they have no bytes to store."""
    return text.encode("utf-8", "replace").decode("utf-8")
