"""Evidence: all that is held of one launch, each sighting counted once.

* The plots of a sensor are kept by ``sighted``; a sensor is known by its originator.
* What partners told under lineage tokens is counted by ``counting``, each sighting
  once.
* A tracklet without a token, and a bare state with its covariance, may be made of
  anything, our own sightings among it. A partner's newest one is kept and handed on
  apart from the rest: the estimator intersects it, and never adds it.
* Everything is bounded.

What the sightings mean is the estimator's to say.
"""

from dataclasses import dataclass, field

from msgspec import UNSET
from msgspec.structs import replace

from beaconfire.stages.fuse.counting import Form, Told, count_once, keep, named
from beaconfire.stages.fuse.portion import Seen, portion, solve_plots_max
from beaconfire.stages.fuse.sighted import Sighted, name_of
from beaconfire.vocabulary.flight import Observations, StatedTrack
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.motion import BiasPrior, Cue, Plot, Tracklet
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import TrackProduct
from beaconfire.vocabulary.times import Instant

# A partner has some tens of radars; more would be a partner gone wrong.
SENSORS_PER_FORM_MAX = 64
# One observation set a partner and launch is usual; a handful after restarts.
FORMS_PER_PARTNER_MAX = 16
CUES_MAX = 64
# What the start of a solve needs (see the estimator's notes: 6 to 11).
PLOTS_TO_SOLVE_MIN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Untraced:
    """A partner's newest track of which nobody can say what it is made of.

    A tracklet where it has one: that rests on plots, if on nobody knows which.
    """

    item: str
    created: Instant
    tracklet: Tracklet | None
    track: StatedTrack | None

    def rank(self) -> tuple[Instant, str]:
        """Return what makes one newer than another, whatever came first."""
        return (self.created, self.item)


@dataclass(slots=True, kw_only=True)
class Evidence:
    """The sightings of one launch: our plots, cues, and partners' forms."""

    own: dict[str, Sighted] = field(default_factory=dict)
    cues: dict[str, Cue] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    untraced: dict[Party, Untraced] = field(default_factory=dict)
    oldest: Instant | None = None
    newest: Instant | None = None

    def arc_s(self) -> float:
        """Return the seconds between the first and the last sighting."""
        if self.oldest is None or self.newest is None:
            return 0.0
        return self.newest.seconds_since(self.oldest)

    def enough(self) -> bool:
        """Say whether a solve could start: some plots, or a partner's track."""
        if self.untraced:
            return True
        plots = sum(len(plots) for plots in self.own.values())
        for form in self.forms.values():
            if form.tracklets:
                return True
            plots += form.count()
        return plots >= PLOTS_TO_SOLVE_MIN

    def span(self, first: Instant, last: Instant) -> None:
        """Stretch the arc over an interval in which something was seen."""
        if self.oldest is None or first < self.oldest:
            self.oldest = first
        if self.newest is None or last > self.newest:
            self.newest = last


def add_own_plots(evidence: Evidence, sensor: str, plots: tuple[Plot, ...]) -> bool:
    """Add plots of an own sensor that are the object's; say whether any was new."""
    if not plots:
        return False
    held = evidence.own.setdefault(sensor, Sighted())
    new = False
    for plot in plots:
        new = held.add(name_of(plot), plot) or new
        evidence.span(plot.time, plot.time)
    held.thin()
    return new


def add_cue(evidence: Evidence, cue: Cue) -> bool:
    """Add a cue of an own sensor; say whether it was new."""
    key = f"{cue.sensor.id}:{cue.time.ns}:{cue.cue_id or ''}"
    if key in evidence.cues or len(evidence.cues) >= CUES_MAX:
        return False
    evidence.cues[key] = cue
    evidence.span(cue.launch.time, cue.time)
    return True


def add_partner_plots(
    evidence: Evidence, item: Item, sensor: str, plots: tuple[Plot, ...]
) -> bool:
    """Add a partner's plots that are the object's; say whether any was new."""
    form = _form(evidence, item)
    if form is None or not plots:
        return False
    if sensor not in form.plots and len(form.plots) >= SENSORS_PER_FORM_MAX:
        return False
    held = form.plots.setdefault(sensor, Sighted())
    new = False
    for plot in plots:
        name = name_of(plot)
        if name not in held.names:
            held.add(name, _named_plot(plot, item.originator), item.id)
            evidence.span(plot.time, plot.time)
            new = True
    held.thin()
    return new


def add_track(evidence: Evidence, item: Item, track: TrackProduct) -> bool:
    """Take what can be fused of a partner's track; say whether anything was new."""
    tracklet = track.tracklet
    if tracklet is not None and item.lineage:
        form = _form(evidence, item)
        told = Told(
            item=item.id,
            created=item.created,
            tracklet=_named_tracklet(tracklet, item.originator),
        )
        if form is None or not keep(form.tracklets, told):
            return False
        evidence.span(*tracklet.interval)
        return True
    stated: StatedTrack | None = None
    if tracklet is not None:
        tracklet = _named_tracklet(tracklet, item.originator)
        evidence.span(*tracklet.interval)
    elif track.covariance is not UNSET and track.phase == "ballistic":
        stated = StatedTrack(state=track.state, covariance=track.covariance)
        evidence.span(track.state.epoch, track.state.epoch)
    else:
        return False
    new = Untraced(item=item.id, created=item.created, tracklet=tracklet, track=stated)
    held = evidence.untraced.get(item.originator)
    if held is not None and new.rank() <= held.rank():
        return False
    evidence.untraced[item.originator] = new
    return True


def retract(evidence: Evidence, originator: Party, item: str) -> bool:
    """Take out what ``originator``'s item brought; say whether anything was there."""
    changed = False
    track = evidence.untraced.get(originator)
    if track is not None and track.item == item:
        del evidence.untraced[originator]
        changed = True
    for form in evidence.forms.values():
        if form.originator != originator:
            continue
        left = [told for told in form.tracklets if told.item != item]
        changed = changed or len(left) < len(form.tracklets)
        form.tracklets = left
        for held in form.plots.values():
            changed = held.drop_item(item) or changed
    return changed


def take_back(evidence: Evidence, sensor: str, after: Instant) -> None:
    """Take out what a sensor's path brought after it had gone over to another object.

    ``sensor`` is an own sensor's id, or a partner's under its party.
    """
    own = evidence.own.get(sensor)
    if own is not None:
        own.drop_after(after)
    originator, _, name = sensor.partition("/")
    for form in evidence.forms.values():
        held = form.plots.get(name)
        if held is not None and form.originator == originator:
            held.drop_after(after)


def exchange(one: Evidence, other: Evidence, sensor: str) -> None:
    """Exchange what a sensor's paths brought since both were followed.

    ``sensor`` is an own sensor's id, or a partner's under its party.
    """
    mine, theirs = one.own.get(sensor), other.own.get(sensor)
    if mine and theirs:
        mine.exchange(theirs)
    originator, _, name = sensor.partition("/")
    for key, form in one.forms.items():
        match = other.forms.get(key)
        if match is None or form.originator != originator:
            continue
        told, heard = form.plots.get(name), match.plots.get(name)
        if told and heard:
            told.exchange(heard)


def observations(evidence: Evidence, unshared: tuple[str, ...] = ()) -> Observations:
    """Return what the estimator is given: every sighting in its richest form, once.

    Where that is more than one solve can use, each sensor's portion of it.
    ``unshared`` are the own sensors that no partner was ever told of.
    """
    counted = count_once(evidence.forms.values())
    own = [Seen(held.plots, in_order=held.in_order) for held in evidence.own.values()]
    untraced = evidence.untraced.values()
    loose = [one.tracklet for one in untraced if one.tracklet is not None]
    return Observations(
        plots=portion([*own, *counted.plots], most=solve_plots_max(evidence.arc_s())),
        tracklets=tuple(counted.tracklets),
        cues=tuple(evidence.cues.values()),
        common=tuple(counted.common),
        overlapping=(*counted.overlapping, *loose),
        tracks=tuple(one.track for one in untraced if one.track is not None),
        unshared=unshared if untraced or counted.overlapping else (),
    )


def shown_by(evidence: Evidence) -> dict[str, list[Plot]]:
    """Return the plots that are held of each sensor, named as a solve is told."""
    shown = {name: list(held.plots) for name, held in evidence.own.items() if held}
    for form in evidence.forms.values():
        for name, told in form.plots.items():
            if told:
                of = shown.setdefault(named(name, form.originator), [])
                of.extend(told.plots)
    return shown


def sources_of(evidence: Evidence) -> frozenset[str]:
    """Return by which sensors a launch is seen; a track's own name is its party's."""
    names = {name for name, held in evidence.own.items() if held}
    for form in evidence.forms.values():
        names |= {named(s, form.originator) for s, told in form.plots.items() if told}
        names |= {name for told in form.tracklets for name in told.tracklet.sensors}
    for party, track in evidence.untraced.items():
        names |= set(track.tracklet.sensors if track.tracklet else (party,))
    return frozenset(names)


def _form(evidence: Evidence, item: Item) -> Form | None:
    tokens = tuple(sorted(item.lineage))
    key = "\n".join((item.originator, *tokens))
    form = evidence.forms.get(key)
    if form is None:
        told = sum(f.originator == item.originator for f in evidence.forms.values())
        if told >= FORMS_PER_PARTNER_MAX:
            return None
        form = Form(originator=item.originator, tokens=tokens)
        evidence.forms[key] = form
    return form


def _named_plot(plot: Plot, originator: Party) -> Plot:
    site = replace(plot.sensor, id=named(plot.sensor.id, originator))
    if plot.bias_id is None:
        return replace(plot, sensor=site)
    return replace(plot, sensor=site, bias_id=named(plot.bias_id, originator))


def _named_tracklet(tracklet: Tracklet, originator: Party) -> Tracklet:
    def state(name: str) -> str:
        bias, colon, quantity = name.rpartition(":")
        return f"{named(bias, originator)}{colon}{quantity}" if colon else name

    def prior(of: BiasPrior) -> BiasPrior:
        return replace(of, bias_id=named(of.bias_id, originator))

    return replace(
        tracklet,
        states=tuple(state(name) for name in tracklet.states),
        sensors=tuple(named(name, originator) for name in tracklet.sensors),
        bias_priors=tuple(prior(of) for of in tracklet.bias_priors),
    )
