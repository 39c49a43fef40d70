"""Counting: which of partners' forms go into one solve, each sighting counted once.

A *form* is what one partner told under one set of lineage tokens: plots, tracklets, or
both. Nothing is compared between partners: a token, or a sensor's name, is its
originator's. Rules, richest (most plots) first, a tie going to the plots:

1. Of one form either its plots or its tracklets are used. Of tracklets that overlap in
   time the newest; those that do not overlap are increments, and are used together.
2. Two forms overlap where they share a token, or a sensor at the same time; tracklets
   of different times never do. A plot that stands in two forms is one plot.
3. Where a tracklet overlaps one that is used, and the very part that both hold is held
   as a tracklet of its own, the two are used and the part is named to be taken out.
4. What overlaps in any other way is left out, but for a tracklet that brings a sensor
   of which nothing else was counted: that is named as overlapping, not to be summed.

Everything is a function of what is held, never of the order in which it came.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from beaconfire.stages.fuse.portion import Seen
from beaconfire.stages.fuse.sighted import Sighted
from beaconfire.vocabulary.motion import Plot, Tracklet
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

# Increments of ten seconds over the eight minutes in which an arc is settled; of a
# growing tracklet the newest alone is kept, and a few whose beginning was another.
TRACKLETS_PER_FORM_MAX = 48

# A name that we extend keeps to the length of a token.
_NAME_CHARS_MAX = 128

Span = tuple[Instant, Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A tracklet, and the item that brought it."""

    item: str
    created: Instant
    tracklet: Tracklet

    def rank(self) -> tuple[Instant, int, str]:
        """Return what makes one newer than another, whatever came first.

        Of two made at one instant the one that rests on more, then the id.
        """
        return (self.created, self.tracklet.plots, self.item)


@dataclass(slots=True, kw_only=True)
class Form:
    """What one partner told of one observation set.

    Each plot stands with the id of the item that brought it first, so that an item
    that is retracted takes its plots along.
    """

    originator: Party
    tokens: tuple[str, ...]
    plots: dict[str, Sighted] = field(default_factory=dict)
    tracklets: list[Told] = field(default_factory=list)

    def count(self) -> int:
        """Return how many plots are held."""
        return sum(len(plots) for plots in self.plots.values())


@dataclass(slots=True, kw_only=True)
class Counted:
    """What goes into a solve; see ``Observations`` for the names."""

    plots: list[Seen] = field(default_factory=list)
    tracklets: list[Tracklet] = field(default_factory=list)
    common: list[Tracklet] = field(default_factory=list)
    overlapping: list[Tracklet] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """One way to count a form, or one of its tracklets."""

    form: Form
    told: Told | None  # nothing: by plots


def keep(tracklets: list[Told], new: Told) -> bool:
    """Put a tracklet among a form's, without those it replaces; say whether it is in.

    One that a newer one covers in time, with all of its sensors, says nothing more.
    """
    held = [*tracklets, new]
    kept = [
        one
        for one in held
        if not any(other.rank() > one.rank() and _covers(other, one) for other in held)
    ]
    kept.sort(key=Told.rank)
    before = list(tracklets)
    tracklets[:] = kept[-TRACKLETS_PER_FORM_MAX:]
    return tracklets != before


def count_once(forms: Iterable[Form]) -> Counted:
    """Return what of all forms is used, and how."""
    ways = _richest_first(forms)
    counted = Counted()
    used: list[_Way] = []
    aside: list[_Way] = []
    for way in ways:
        clash = [one for one in (*used, *aside) if _overlap(one, way)]
        if not clash:
            used.append(way)
        elif way.told is not None:
            part = _common(way, clash, used, ways)
            if part is not None and part not in counted.common:
                counted.common.append(part)
                used.append(way)
            elif not _sensors(way) <= set().union(*map(_sensors, (*used, *aside))):
                aside.append(way)
    counted.plots = _distinct(way.form for way in used if way.told is None)
    counted.tracklets = [way.told.tracklet for way in used if way.told is not None]
    counted.overlapping = [way.told.tracklet for way in aside if way.told is not None]
    return counted


def _richest_first(forms: Iterable[Form]) -> list[_Way]:
    """Return each form as plots and as tracklets, those that rest on most plots first.

    Of one form's tracklets those are chosen that do not overlap, the newest first.
    """
    ranked: list[tuple[int, int, str, tuple[str, ...], int, _Way]] = []
    for form in forms:
        name = (form.originator, form.tokens)
        if count := form.count():
            ranked.append((-count, 0, *name, 0, _Way(form, None)))
        chosen: list[_Way] = []
        for told in reversed(form.tracklets):
            way = _Way(form, told)
            if not any(_overlap(one, way) for one in chosen):
                chosen.append(way)
        total = sum(way.told.tracklet.plots for way in chosen if way.told is not None)
        ranked.extend((-total, 1, *name, n, way) for n, way in enumerate(chosen))
    ranked.sort(key=lambda one: one[:5])
    return [way for *_, way in ranked]


def _overlap(one: _Way, other: _Way) -> bool:
    """Say whether two ways may hold one sighting twice (plots of two forms cannot)."""
    if one.form.originator != other.form.originator:
        return False
    if one.told is None or other.told is None:
        if one.told is other.told:
            return False
        plots, told = (one, other.told) if one.told is None else (other, one.told)
        related = set(one.form.tokens) & set(other.form.tokens)
        return one.form is other.form or bool(related) or _holds_plots(told, plots.form)
    if not _at_once(one.told.tracklet.interval, other.told.tracklet.interval):
        return False
    related = set(one.form.tokens) & set(other.form.tokens)
    return bool(related or _sensors(one) & _sensors(other))


def _holds_plots(told: Told | None, form: Form) -> bool:
    """Say whether any of a form's plots may be in a tracklet."""
    assert told is not None
    first, last = told.tracklet.interval
    seen = (
        plots
        for sensor, plots in form.plots.items()
        if named(sensor, form.originator) in told.tracklet.sensors
    )
    return any(shown.between(first, last) for shown in seen)


def _common(
    way: _Way, clash: Sequence[_Way], used: Sequence[_Way], ways: Sequence[_Way]
) -> Tracklet | None:
    """Return the tracklet of what ``way`` and the one that it overlaps both hold.

    Its beginning and its end must lie between those of the two: then every plot of
    the sensors they share is counted once or, between two ends, not at all.
    """
    if len(clash) != 1 or clash[0] not in used or clash[0].told is None:
        return None
    assert way.told is not None
    one, other = way.told.tracklet, clash[0].told.tracklet
    shared = set(one.sensors) & set(other.sensors)
    begins, ends = zip(one.interval, other.interval, strict=True)
    for third in ways:
        if third.told is None or third in used or third is way:
            continue
        part = third.told.tracklet
        first, last = part.interval
        if (
            third.form.originator == way.form.originator
            and shared
            and set(part.sensors) == shared
            and min(begins) <= first <= max(begins)
            and min(ends) <= last <= max(ends)
        ):
            return part
    return None


def _distinct(forms: Iterable[Form]) -> list[Seen]:
    """Return the plots of forms by sensor, each once."""
    sensors: dict[tuple[Party, str], list[Form]] = {}
    for form in forms:
        for sensor in form.plots:
            sensors.setdefault((form.originator, sensor), []).append(form)
    return [
        _joined([form.plots[sensor] for form in told])
        for (_, sensor), told in sensors.items()
    ]


def _joined(told: list[Sighted]) -> Seen:
    if len(told) == 1:
        return Seen(told[0].plots, in_order=told[0].in_order)
    mine: dict[str, Plot] = {}
    for shown in told:
        for name, plot, _ in shown.each():
            mine.setdefault(name, plot)
    return Seen(tuple(mine.values()))


def _sensors(way: _Way) -> set[str]:
    """Return the sensors that a way brings, as the picture names them."""
    if way.told is not None:
        return set(way.told.tracklet.sensors)
    return {named(sensor, way.form.originator) for sensor in way.form.plots}


def _covers(one: Told, other: Told) -> bool:
    first, last = one.tracklet.interval
    begin, end = other.tracklet.interval
    within = first <= begin and end <= last
    return within and set(one.tracklet.sensors) >= set(other.tracklet.sensors)


def _at_once(one: Span, other: Span) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def named(name: str, originator: Party) -> str:
    """Return a partner's name of a sensor or survey, put under its party.

    It may bear the name of one of ours or of another partner's, and two radars must
    never share one registration error by accident.
    """
    return f"{originator}/{name}"[:_NAME_CHARS_MAX]
