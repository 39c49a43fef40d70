"""Evidence: all that is held of one launch, each sighting counted once.

* A plot is known by its originator, its sensor and its own time and id, however often
  and by whatever way it came.
* Plots and tracklet under one lineage token rest on the same sightings: the form that
  rests on more plots is used (a tie goes to the plots), never both. A newer tracklet
  of a token replaces the older one. A tracklet without a token is not used: nobody
  could say what else it was made of.
* Everything is bounded. Of a sensor that has watched for very long the newest plots
  stay whole and the older ones evenly thinned, so the arc's length is never lost.

What the sightings mean is the estimator's to say.
"""

from dataclasses import dataclass, field
from typing import TypeVar

from msgspec.structs import replace

from beaconfire.stages.fuse.portion import portion
from beaconfire.vocabulary.flight import Observations
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.motion import BiasPrior, Cue, Plot, Tracklet
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

# 25 minutes at 1 Hz, longer than any radar sees one ballistic flight whole.
PLOTS_PER_SENSOR_MAX = 1_500
# What stays when there are more: the newest whole, and so many of those before.
NEWEST_KEPT, OLDER_KEPT = 500, 500
# A partner has some tens of radars; more would be a partner gone wrong.
SENSORS_PER_FORM_MAX = 64
# One observation set a partner and launch is usual; a handful after restarts.
FORMS_PER_PARTNER_MAX = 16
CUES_MAX = 64
# What the start of a solve needs (see the estimator's notes: 6 to 11).
PLOTS_TO_SOLVE_MIN = 6
# A name that we extend keeps to the length of a token.
_NAME_CHARS_MAX = 128

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Form:
    """What one partner told of one observation set: plots, and its newest tracklet.

    Each plot stands with the id of the item that brought it first, so that an item
    that is retracted takes its plots along.
    """

    originator: Party
    tokens: tuple[str, ...]
    plots: dict[str, dict[str, tuple[str, Plot]]] = field(default_factory=dict)
    tracklet: Tracklet | None = None
    tracklet_item: str = ""
    tracklet_created: Instant = field(default_factory=lambda: Instant(0))

    def count(self) -> int:
        """Return how many plots are held."""
        return sum(len(plots) for plots in self.plots.values())


@dataclass(slots=True, kw_only=True)
class Evidence:
    """The sightings of one launch: our plots, cues, and partners' forms."""

    own: dict[str, dict[str, Plot]] = field(default_factory=dict)
    cues: dict[str, Cue] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    oldest: Instant | None = None
    newest: Instant | None = None

    def arc_s(self) -> float:
        """Return the seconds between the first and the last sighting."""
        if self.oldest is None or self.newest is None:
            return 0.0
        return self.newest.seconds_since(self.oldest)

    def enough(self) -> bool:
        """Say whether a solve could start: some plots, or a usable tracklet."""
        plots = sum(len(plots) for plots in self.own.values())
        for form in self.forms.values():
            if form.tracklet is not None:
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
    held = evidence.own.setdefault(sensor, {})
    before = len(held)
    for plot in plots:
        held.setdefault(_plot_key(plot), plot)
        evidence.span(plot.time, plot.time)
    new = len(held) > before
    if len(held) > PLOTS_PER_SENSOR_MAX:
        evidence.own[sensor] = _thinned(held)
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
    held = form.plots.setdefault(sensor, {})
    before = len(held)
    for plot in plots:
        key = _plot_key(plot)
        if key not in held:
            held[key] = (item.id, _named_plot(plot, item.originator))
            evidence.span(plot.time, plot.time)
    new = len(held) > before
    if len(held) > PLOTS_PER_SENSOR_MAX:
        form.plots[sensor] = _thinned(held)
    return new


def add_tracklet(evidence: Evidence, item: Item, tracklet: Tracklet) -> bool:
    """Take a partner's tracklet if it is the newest of its token; say whether."""
    if not item.lineage:
        return False
    form = _form(evidence, item)
    if form is None:
        return False
    # Two made at one instant: the one that rests on more, then the id, so that the
    # order in which they came decides nothing.
    rank = (item.created, tracklet.plots, item.id)
    held = form.tracklet
    if held is not None and rank <= (
        form.tracklet_created,
        held.plots,
        form.tracklet_item,
    ):
        return False
    form.tracklet = _named_tracklet(tracklet, item.originator)
    form.tracklet_item, form.tracklet_created = item.id, item.created
    evidence.span(*tracklet.interval)
    return True


def retract(evidence: Evidence, originator: Party, item: str) -> bool:
    """Take out what ``originator``'s item brought; say whether anything was there."""
    changed = False
    for form in evidence.forms.values():
        if form.originator != originator:
            continue
        if form.tracklet is not None and form.tracklet_item == item:
            form.tracklet = None
            changed = True
        for sensor, held in form.plots.items():
            kept = {key: one for key, one in held.items() if one[0] != item}
            changed = changed or len(kept) < len(held)
            form.plots[sensor] = kept
    return changed


def take_back(evidence: Evidence, sensor: str, after: Instant) -> None:
    """Take out what a sensor's path brought after it had gone over to another object.

    ``sensor`` is an own sensor's id, or a partner's under its party.
    """
    own = evidence.own.get(sensor)
    if own is not None:
        evidence.own[sensor] = {k: p for k, p in own.items() if p.time <= after}
    originator, _, name = sensor.partition("/")
    for form in evidence.forms.values():
        held = form.plots.get(name)
        if held is not None and form.originator == originator:
            form.plots[name] = {k: p for k, p in held.items() if p[1].time <= after}


def observations(evidence: Evidence) -> Observations:
    """Return what the estimator is given: every sighting in its richest form, once.

    Where that is more than one solve can use, each sensor's portion of it.
    """
    plots = [list(held.values()) for held in evidence.own.values()]
    tracklets: list[Tracklet] = []
    used: set[tuple[Party, str]] = set()
    for form, by_plots in _richest_first(evidence):
        tokens = {(form.originator, token) for token in form.tokens}
        if tokens & used:
            continue
        used |= tokens
        if by_plots:
            plots.extend(
                [plot for _, plot in held.values()] for held in form.plots.values()
            )
        elif form.tracklet is not None:
            tracklets.append(form.tracklet)
    return Observations(
        plots=portion(plots),
        tracklets=tuple(tracklets),
        cues=tuple(evidence.cues.values()),
    )


def _richest_first(evidence: Evidence) -> list[tuple[Form, bool]]:
    """Return each form as plots or as tracklet, those that rest on most plots first."""
    ways: list[tuple[int, int, str, Form]] = []
    for key, form in evidence.forms.items():
        if count := form.count():
            ways.append((-count, 0, key, form))
        if form.tracklet is not None:
            ways.append((-form.tracklet.plots, 1, key, form))
    ways.sort(key=lambda way: way[:3])
    return [(form, kind == 0) for _, kind, _, form in ways]


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


def _plot_key(plot: Plot) -> str:
    """Return what makes a plot the same plot wherever it comes from.

    The time stands beside the id because a sensor may number each scan from one; the
    values stand in for an id because several plots of a scan can share an instant.
    """
    name = plot.plot_id or f"{plot.range_m!r}:{plot.azimuth_deg!r}"
    return f"{plot.time.ns}:{name}"


def _thinned(held: dict[str, T]) -> dict[str, T]:
    keys = sorted(held, key=_time_ns)
    older = keys[:-NEWEST_KEPT]
    step_ns = (_time_ns(older[-1]) - _time_ns(older[0])) / (OLDER_KEPT - 1)
    kept: list[str] = []
    for key in older:
        if _time_ns(key) >= _time_ns(older[0]) + len(kept) * step_ns:
            kept.append(key)
    return {key: held[key] for key in (*kept, *keys[-NEWEST_KEPT:])}


def _time_ns(key: str) -> int:
    return int(key.partition(":")[0])


# A partner's sensor may bear the name of one of ours or of another partner's. Its
# names are put under its party, so that two radars never share one registration error
# by accident.


def _named(name: str, originator: Party) -> str:
    return f"{originator}/{name}"[:_NAME_CHARS_MAX]


def _named_plot(plot: Plot, originator: Party) -> Plot:
    site = replace(plot.sensor, id=_named(plot.sensor.id, originator))
    if plot.bias_id is None:
        return replace(plot, sensor=site)
    return replace(plot, sensor=site, bias_id=_named(plot.bias_id, originator))


def _named_tracklet(tracklet: Tracklet, originator: Party) -> Tracklet:
    def state(name: str) -> str:
        bias, colon, quantity = name.rpartition(":")
        return f"{_named(bias, originator)}{colon}{quantity}" if colon else name

    def prior(of: BiasPrior) -> BiasPrior:
        return replace(of, bias_id=_named(of.bias_id, originator))

    return replace(
        tracklet,
        states=tuple(state(name) for name in tracklet.states),
        sensors=tuple(_named(name, originator) for name in tracklet.sensors),
        bias_priors=tuple(prior(of) for of in tracklet.bias_priors),
    )
