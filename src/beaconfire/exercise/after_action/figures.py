"""Figures: the report of one exercise, from journals, truth and nothing else.

``build_report`` is a function of its arguments: equal journals and flights give equal
bytes. The run without sharing is the same exercise with the lines between nations cut,
and only measures what sharing was worth; deliveries and latencies are those of the run
that the report is about.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import UNSET

from beaconfire.exercise.after_action.accuracy import area95_km2, estimate_lines
from beaconfire.exercise.after_action.checker import Delivery, SentUnit, audit
from beaconfire.exercise.after_action.latency import hop_latencies_ms, latency
from beaconfire.exercise.after_action.launches import launch_lines
from beaconfire.exercise.after_action.ledger import Line
from beaconfire.exercise.after_action.readings import (
    Reading,
    first_lift_off,
    newest_by,
    read_all,
)
from beaconfire.exercise.after_action.report import (
    DeliveryCount,
    EstimateLine,
    LaunchLine,
    Mode,
    NationTimes,
    ProcessLine,
    Reason,
    ReleaseLine,
    Report,
    SharingGain,
)
from beaconfire.exercise.after_action.rounding import rounded
from beaconfire.exercise.scenario import Scenario
from beaconfire.exercise.sky.flight import Flight
from beaconfire.journal.entry import Entry, encode_entry
from beaconfire.vocabulary.entries.carriage import Withdrawal
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.party import Party

AREA_AFTER_BURNOUT_S = 60.0  # when the areas with and without sharing are compared
RATIO_DIGITS = 4

# The form of a report names the instant at which an alert was sent. A node drafts; who
# sends is outside of it, so the key is there and always empty.
NOT_SENT = "two-person sending is not part of this version"

Journals = Mapping[Party, Sequence[Entry]]
# Originator, recipient, relay, form, outcome, articles: what units are counted by.
_Line = tuple[Party, Party, Party | None, str, str, tuple[str, ...]]


def build_report(
    scenario: Scenario,
    seed: int,
    mode: Mode,
    *,
    journals: Journals,
    journals_without: Journals | None,
    flights: Sequence[Flight],
    processes: Sequence[ProcessLine] = (),
    speed: float = 1.0,
) -> Report:
    """Return the report of a run.

    ``journals_without`` is ``None`` when the run itself was without sharing: then there
    is nothing to compare it with. ``speed`` is that of a real run's exercise time.
    """
    return make_report(
        scenario,
        seed,
        mode,
        journals=journals,
        journals_without=journals_without,
        flights=flights,
        audited=audit(exported(journals)),
        processes=processes,
        speed=speed,
    )


def exported(journals: Journals) -> dict[Party, Iterable[Line]]:
    """Return the journals as ``journal export`` writes them, line by line."""
    return {p: map(encode_entry, entries) for p, entries in sorted(journals.items())}


def make_report(
    scenario: Scenario,
    seed: int,
    mode: Mode,
    *,
    journals: Journals,
    journals_without: Journals | None,
    flights: Sequence[Flight],
    audited: tuple[Delivery, tuple[SentUnit, ...]],
    processes: Sequence[ProcessLine] = (),
    speed: float = 1.0,
) -> Report:
    """Return the report of a run whose exported journals are audited already."""
    delivery, units = audited
    with_, without = _both(journals, journals_without, flights)
    lift_off = first_lift_off(flights)
    estimates: list[EstimateLine] = []
    launches: list[LaunchLine] = []
    for readings, sharing in ((with_, True), (without, False)):
        for reading in readings.values():
            launches.extend(
                launch_lines(reading, flights, lift_off=lift_off, with_sharing=sharing)
            )
            estimates.extend(
                estimate_lines(reading, lift_off=lift_off, with_sharing=sharing)
            )
    return Report(
        scenario=scenario.name,
        seed=seed,
        mode=mode,
        nations={p: _times(r) for p, r in (with_ or without).items()},
        launches=tuple(launches),
        estimates=tuple(estimates),
        releases=_release_lines(units, journals),
        delivery=DeliveryCount(
            released=delivery.released,
            delivered=delivery.delivered,
            receipts=delivery.receipts,
            lost=delivery.lost,
            duplicated=delivery.duplicated,
            leaked=delivery.leaked,
        ),
        latency_ms=latency(hop_latencies_ms(journals, speed=speed)),
        sharing_gain={
            party: _gain(with_.get(party), without.get(party), flights)
            for party in sorted(journals)
        },
        processes=tuple(processes) if mode == "real" else UNSET,
    )


def _both(
    journals: Journals, journals_without: Journals | None, flights: Sequence[Flight]
) -> tuple[dict[Party, Reading], dict[Party, Reading]]:
    if journals_without is None:
        return {}, read_all(journals, flights)
    return read_all(journals, flights), read_all(journals_without, flights)


def _times(reading: Reading) -> NationTimes:
    where = "in this nation's journal"
    return NationTimes(
        first_notice_s=_seconds(reading.notice_s),
        first_notice_s_reason=_why(reading.notice_s, f"no launch event {where}"),
        first_estimate_s=_seconds(reading.estimate_s),
        first_estimate_s_reason=_why(
            reading.estimate_s, f"no estimate with an impact {where}"
        ),
        first_alert_draft_s=_seconds(reading.draft_s),
        first_alert_draft_s_reason=_why(reading.draft_s, f"no alert draft {where}"),
        first_alert_sent_s=None,
        first_alert_sent_s_reason=NOT_SENT,
    )


def _release_lines(
    units: Sequence[SentUnit], journals: Journals
) -> tuple[ReleaseLine, ...]:
    """Count units and refusals by way, form, outcome and articles."""
    # A unit that vanished has no outcome and stands in `delivery.lost` alone.
    counts = Counter(
        (unit.originator, unit.to, unit.via, unit.form, unit.outcome, unit.articles)
        for unit in units
        if unit.outcome is not None
    )
    for entries in journals.values():
        counts.update(_without_leave(entries))
    return tuple(
        ReleaseLine(
            originator=originator,
            to=to,
            via=via,
            form=form,  # type: ignore[arg-type]  # as the journal has it
            outcome=outcome,  # type: ignore[arg-type]
            articles=articles,
            count=count,
        )
        for (originator, to, via, form, outcome, articles), count in sorted(
            counts.items(),
            key=lambda line: (*line[0][:2], line[0][2] or "", line[0][3:]),
        )
    )


def _without_leave(entries: Sequence[Entry]) -> Iterator[_Line]:
    """Yield what had no leave: refused, waiting for it, or withdrawn while it did."""
    waiting: dict[tuple[Party, Party, Party | None, str], _Line] = {}
    for entry in entries:
        said = entry.body
        if isinstance(said, Withdrawal):
            for item in said.items:
                line = waiting.pop((said.originator, said.to, said.via, item), None)
                if line is not None:
                    yield (*line[:4], "withdrawn", line[5])
        elif isinstance(said, Refusal | Deferral | Release):
            way = (said.originator, said.to, said.via)
            # What waited for a consultation has ended with whatever was said next.
            waiting.pop((*way, said.item), None)
            if isinstance(said, Refusal):
                yield (*way, said.form, "refused", said.articles)
            elif isinstance(said, Deferral):
                line = (*way, said.form, "waiting", said.articles)
                waiting[(*way, said.item)] = line
    yield from waiting.values()


def _gain(
    with_: Reading | None, without: Reading | None, flights: Sequence[Flight]
) -> SharingGain:
    if with_ is None or without is None:
        why = "the run is without sharing"
        return SharingGain(
            first_notice_s=None,
            first_notice_s_reason=why,
            first_estimate_s=None,
            first_estimate_s_reason=why,
            first_alert_draft_s=None,
            first_alert_draft_s_reason=why,
            area95_ratio=None,
            area95_ratio_reason=why,
        )
    notice, notice_why = _earlier(with_.notice_s, without.notice_s)
    estimate, estimate_why = _earlier(with_.estimate_s, without.estimate_s)
    draft, draft_why = _earlier(with_.draft_s, without.draft_s)
    ratio, ratio_why = _area_ratio(with_, without, flights)
    return SharingGain(
        first_notice_s=notice,
        first_notice_s_reason=notice_why,
        first_estimate_s=estimate,
        first_estimate_s_reason=estimate_why,
        first_alert_draft_s=draft,
        first_alert_draft_s_reason=draft_why,
        area95_ratio=ratio,
        area95_ratio_reason=ratio_why,
    )


def _earlier(
    with_s: float | None, without_s: float | None
) -> tuple[float | None, Reason]:
    if with_s is not None and without_s is not None:
        return rounded(without_s - with_s), UNSET
    return None, _missing(with_s is None, without_s is None, "it never happened")


def _area_ratio(
    with_: Reading, without: Reading, flights: Sequence[Flight]
) -> tuple[float | None, Reason]:
    """Compare the newest areas at burn-out + 60 s of the first launch."""
    first = min(flights, key=lambda flight: flight.lift_off)
    by_s = first.burn_out_s + AREA_AFTER_BURNOUT_S
    one, other = newest_by(with_, by_s), newest_by(without, by_s)
    if one is not None and other is not None:
        ratio = area95_km2(one.area) / area95_km2(other.area)
        return rounded(ratio, RATIO_DIGITS), UNSET
    what = f"there was no area {AREA_AFTER_BURNOUT_S:.0f} s after burn-out"
    return None, _missing(one is None, other is None, what)


def _missing(with_: bool, without: bool, what: str) -> str:
    if with_ and without:
        return f"{what}, with or without sharing"
    return f"{what} {'with' if with_ else 'without'} sharing"


def _seconds(value_s: float | None) -> float | None:
    return None if value_s is None else rounded(value_s)


def _why(value_s: float | None, reason: str) -> Reason:
    return reason if value_s is None else UNSET
