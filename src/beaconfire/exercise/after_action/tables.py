"""Tables: the report's numbers and the journals' words, row by row.

A dash stands where nothing is said; why is in the report.
"""

from beaconfire.exercise.after_action.accuracy import area95_km2
from beaconfire.exercise.after_action.checker import Delivery
from beaconfire.exercise.after_action.markup import (
    Column,
    bullets,
    number,
    table,
    text,
    tile,
    whole,
)
from beaconfire.exercise.after_action.pictures import compared_at_s
from beaconfire.exercise.after_action.readings import Reading, newest_by
from beaconfire.exercise.after_action.report import ReleaseLine, Report
from beaconfire.exercise.after_action.story import (
    ACTS_SHOWN_MAX,
    REFUSALS_SHOWN_MAX,
    Route,
    Story,
)
from beaconfire.exercise.told import SIGHT, instant, is_far

_NONE = "–"
_EVENTS = (
    "Seconds from the launch's own lift-off. Events: how many launches the nation took "
    "it for. One is right; two are one launch taken for two, none is a launch missed."
)
_STATES = (
    "When a nation's own sensors no longer showed an object, showed it as several that "
    "could not be told apart, or contradicted each other. How many: at least so many "
    "objects were seen in one; a dash where it was seen as one."
)
# Of one nation; a salvo that sets for four radars writes some dozens.
STATES_SHOWN_MAX = 60


def times_table(report: Report, story: Story) -> str:
    """Return when each nation knew, could say where, and could warn."""
    keys = ("first_notice_s", "first_estimate_s", "first_alert_draft_s")
    fields = ("notice_s", "estimate_s", "draft_s")
    rows = []
    for party, times in report.nations.items():
        row = [party]
        for key, name in zip(keys, fields, strict=True):
            gain = getattr(report.sharing_gain[party], key)
            row += [
                _told(getattr(times, key), "{:,.1f}"),
                _told(getattr(story.without[party], name), "{:,.1f}"),
                _told(gain, "{:+,.1f}"),
            ]
        rows.append(row)
    heads = []
    without = without_head(report)
    for what in ("notice", "impact area", "alert draft"):
        heads += [number(f"first {what} (s)"), number(without), number("earlier by")]
    return table([whole("nation"), *heads], rows)


def without_head(report: Report) -> str:
    """Return the head of what was without sharing: that run is never a real one."""
    return "without, simulated" if report.mode == "real" else "without"


def launches_table(report: Report) -> str:
    """Return each launch as each nation knew it; seconds from its own lift-off."""
    numbers = ("events", "notice (s)", "impact area (s)", "last miss (km)")
    heads = [whole("launch"), whole("nation"), *map(number, numbers)]
    rows = [
        [
            line.launch,
            line.nation,
            str(line.events),
            _told(line.first_notice_s, "{:,.1f}"),
            _told(line.first_estimate_s, "{:,.1f}"),
            _told(line.last_miss_km, "{:,.1f}"),
        ]
        for line in report.launches
        if line.with_sharing or not any(one.with_sharing for one in report.launches)
    ]
    return table(heads, rows) + text("p", _EVENTS, "note")


def states_table(story: Story) -> str:
    """Return when each nation lost an object, saw it as several, or did not believe it.

    Of the run with sharing, where there is one; empty where nothing was written.
    """
    rows = []
    for party, reading in (story.with_sharing or story.without).items():
        launches = {known.id: known.launch for known in reading.events}
        for t_s, body in reading.states[:STATES_SHOWN_MAX]:
            sight, group = body.sight, body.group
            said = [] if sight is None else [sight.reason]
            said += [] if body.doubt is None else [f"doubted: {body.doubt}"]
            rows.append(
                [
                    party,
                    launches.get(body.launch_id) or _NONE,
                    f"{t_s:,.1f}",
                    _NONE if sight is None else SIGHT[sight.state],
                    _NONE if group is None else f"at least {group.at_least}",
                    "; ".join(said) or _NONE,
                ]
            )
    heads = [whole("nation"), whole("launch"), number("seconds"), Column("the object")]
    if not rows:
        return ""
    shown = table([*heads, whole("how many"), Column("what it rests on")], rows)
    return shown + text("p", _STATES, "note")


def areas_table(report: Report, story: Story) -> str:
    """Return each nation's area at the instant of comparison, and how often it held."""
    at_s = compared_at_s(story)
    rows = []
    for party in report.nations:
        ratio = report.sharing_gain[party].area95_ratio
        rows.append(
            [
                party,
                _area(story.with_sharing.get(party), at_s),
                _area(story.without.get(party), at_s),
                _told(ratio, "{:.3f}"),
                _held(report, party, sharing=True),
                _held(report, party, sharing=False),
            ]
        )
    without = without_head(report)
    columns = [
        whole("nation"),
        number(f"area at {at_s:,.0f} s (km²)"),
        number(without),
        number("ratio"),
        number("estimates that held the true impact"),
        number(without),
    ]
    return table(columns, rows)


def delivery_tiles(delivery: Delivery) -> str:
    """Return the account of all sends as large figures."""
    tiles = [
        tile(f"{delivery.released:,}", "released"),
        tile(f"{delivery.delivered:,}", "delivered"),
        tile(f"{delivery.receipts:,}", "receipts"),
    ]
    for value, name in (
        (delivery.lost, "lost"),
        (delivery.duplicated, "duplicated"),
        (delivery.leaked, "leaked"),
    ):
        tiles.append(tile(f"{value:,}", name, "bad" if value else "good"))
    tiles += [
        tile(f"{delivery.refused:,}", "refused by the recipient"),
        tile(f"{delivery.withdrawn:,}", "withdrawn"),
        tile(f"{delivery.expired:,}", "expired"),
        tile(f"{delivery.waiting:,}", "waiting"),
        tile(f"{delivery.sent_fate_unknown:,}", "of unknown fate"),
        tile(f"{delivery.quarantined:,}", "quarantined"),
        tile(f"{delivery.withheld:,}", "withheld"),
        tile(f"{delivery.undecided:,}", "to be decided again"),
        tile(f"{delivery.deferred:,}", "waiting for a consultation"),
        tile(f"{delivery.taken_back:,}", "taken back while waiting"),
    ]
    return f'<ul class="tiles">{"".join(tiles)}</ul>'


def problems_list(delivery: Delivery) -> str:
    """Return what the checker found, or that it found nothing."""
    if delivery.sound:
        return text("p", "The checker has nothing to report.", "note")
    return bullets(delivery.problems, "problems")


def releases_table(report: Report, story: Story) -> str:
    """Return every route, form and outcome with its articles and count."""
    rows = [
        [
            Route(originator=line.originator, to=line.to, via=line.via).title,
            line.form,
            line.outcome,
            ", ".join(line.articles) or _why_none(line, story),
            f"{line.count:,}",
        ]
        for line in report.releases
    ]
    columns = [whole("route"), whole("form"), whole("outcome")]
    heads = [Column("articles, or why there is none"), number("units")]
    return table([*columns, *heads], rows)


def _why_none(line: ReleaseLine, story: Story) -> str:
    """Return the reasons as journalled of what was refused without an article."""
    way = (line.originator, line.to, line.via, line.form)
    reasons = {
        one.reason: None
        for one in story.refusals
        if not one.articles and (one.originator, one.to, one.via, one.form) == way
    }
    return "; or ".join(reasons) if line.outcome == "refused" and reasons else _NONE


def refusals_table(story: Story) -> str:
    """Return what was refused, on which articles, and the reason as journalled."""
    if not story.refusals:
        return text("p", "Nothing was refused.", "note")
    shown = story.refusals[:REFUSALS_SHOWN_MAX]
    rows = [
        [
            Route(originator=one.originator, to=one.to, via=one.via).title,
            one.form,
            f"{one.count:,}",
            f"{_at(one.first_s, story)} to {_at(one.last_s, story)}",
            ", ".join(one.articles) or "none",
            one.reason,
        ]
        for one in shown
    ]
    columns = [
        whole("route"),
        whole("form"),
        number("units"),
        number("seconds"),
        whole("articles"),
    ]
    more = len(story.refusals) - len(shown)
    rest = text("p", f"and {more:,} more kinds", "note") if more else ""
    return table([*columns, Column("reason")], rows) + rest


def acts_table(story: Story) -> str:
    """Return every act and approval, and when each nation had it."""
    if not story.acts:
        return text("p", "No agreement was acted on.", "note")
    parties = list(story.without)
    rows = []
    for told in story.acts[:ACTS_SHOWN_MAX]:
        act = told.act
        scope = [act.item_class or "", f"item {act.item}" if act.item else ""]
        scope += [f"to {act.to}" if act.to else "", f"via {act.via}" if act.via else ""]
        rows.append(
            [
                _at(told.t_s, story, "{:,.1f}"),
                act.party,
                act.act,
                act.agreement,
                ", ".join(word for word in scope if word) or _NONE,
                *(_known(told.known_s.get(party), story) for party in parties),
            ]
        )
    columns = [
        number("seconds, or when"),
        whole("by"),
        whole("act"),
        whole("agreement"),
    ]
    known = [number(f"known in {party}") for party in parties]
    more = len(story.acts) - len(rows)
    rest = text("p", f"and {more:,} more acts", "note") if more else ""
    return table([*columns, whole("scope"), *known], rows) + rest


def latency_table(report: Report, story: Story) -> str:
    """Return each hop's percentiles and how many messages they are of."""
    rows = []
    for (name, spread), values in zip(
        report.latency_ms.hops.items(), story.hops_ms.values(), strict=True
    ):
        numbers = [_told(v, "{:,.3f}") for v in (spread.p50, spread.p99, spread.max)]
        rows.append([name, f"{len(values):,}", *numbers])
    whole_ = report.latency_ms
    numbers = [_told(v, "{:,.3f}") for v in (whole_.p50, whole_.p99, whole_.max)]
    total = sum(len(values) for values in story.hops_ms.values())
    rows.append(["all", f"{total:,}", *numbers])
    columns = [whole("hop"), number("messages"), number("median (ms)")]
    return table([*columns, number("99 % (ms)"), number("longest (ms)")], rows)


def processes_table(report: Report) -> str:
    """Return the processes of a real run."""
    rows = [
        [
            one.party,
            one.kind,
            str(one.pid),
            _NONE if one.port is None else str(one.port),
        ]
        for one in report.processes or ()  # unset is empty
    ]
    columns = [whole("nation"), whole("kind"), number("process"), number("port")]
    return table(columns, rows)


def _area(reading: Reading | None, at_s: float) -> str:
    newest = None if reading is None else newest_by(reading, at_s)
    return _NONE if newest is None else f"{area95_km2(newest.area):,.1f}"


def _held(report: Report, party: str, *, sharing: bool) -> str:
    held = [
        line.contains_truth
        for line in report.estimates
        if line.nation == party
        and line.with_sharing == sharing
        and line.contains_truth is not None
    ]
    if not held:
        return _NONE
    return f"{sum(held):,} of {len(held):,} ({sum(held) / len(held):.0%})"


def _known(t_s: float | None, story: Story) -> str:
    return _NONE if t_s is None else _at(t_s, story, "{:,.3f}")


def _at(t_s: float, story: Story, form: str = "{:,.0f}") -> str:
    """Say seconds from the first lift-off, or the date where they would be days."""
    if is_far(t_s):
        return instant(story.lift_off.plus_s(t_s))
    return form.format(t_s)


def _told(value: float | None, form: str) -> str:
    return _NONE if value is None else form.format(value)
