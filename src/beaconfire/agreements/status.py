"""Status: is an agreement in force at an instant, by which article and whose acts?

* *In force*, *notice given* (until the notice takes effect) and *notice suspended*
  release. *Not yet*, *suspended* and *terminated* do not.
* If the signed view of any party says that it is not in force now, nothing leaves under
  it in either direction. Only who suspended can restore; a termination is final.
* A dispute about how it may end only shows *contested*: it closes nothing.
* *Amended*: another text has taken its place by all parties' consent, for good. Until
  the last has consented that is only shown.

Every answer cites the article of the text that governs the status, and the entries of
the acts. The instant is the caller's: nothing here reads a clock.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.amendment import Amended, amended, amendments
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.term import Notice, notice_of, runs_out
from beaconfire.agreements.view import Recorded, View
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

State = Literal[
    "not yet",
    "in force",
    "notice given",
    "notice suspended",
    "suspended",
    "terminated",
    "amended",
]
OPEN: tuple[State, ...] = ("in force", "notice given", "notice suspended")

# Of several parties' states the first is the agreement's.
_GRAVEST: tuple[State, ...] = (
    "terminated",
    "suspended",
    "notice given",
    "notice suspended",
    "in force",
)


class PartyStatus(Struct, frozen=True, kw_only=True):
    """How an agreement stands by one party's own acts, and the last act that says so.

    ``effective`` is when its notice takes effect, or did. ``contests`` is the entry by
    which the party does not accept how another would end it.
    """

    party: Party
    state: State
    act: str | None
    told: str
    effective: Instant | None = None
    contests: str | None = None


class AgreementStatus(Struct, frozen=True, kw_only=True):
    """Is it in force, by which article and acts? ``reason`` is a sentence.

    ``need`` says what would put it in force; empty while it is. ``parties`` tells each
    party's own view, in the text's order.
    """

    in_force: bool
    state: State
    acts: tuple[str, ...]
    article: str | None
    reason: str
    need: str = ""
    contested: bool = False
    parties: tuple[PartyStatus, ...] = ()


def status_of(agreement: Agreement, standing: Standing, at: Instant) -> AgreementStatus:
    """Return whether ``agreement`` is in force at ``at``, and on what that rests."""
    article = agreement.cite(agreement.status_article)
    beyond = _out_of_its_term(agreement, article, at)
    if beyond is not None:
        return beyond
    took = amended(agreement, standing.register)
    if took is not None and took.since is not None and took.since <= at:
        return _amended(agreement, article, took)
    views = _views(agreement, standing)
    if not views:
        return _untouched(agreement, article, standing)
    parties = _parties(agreement, views, at)
    states = {party.state for party in parties}
    state = next(one for one in _GRAVEST if one in states)
    decisive = [p for p in parties if p.state == state]
    contested = any(party.contests for party in parties)
    told = " and ".join(party.told for party in decisive if party.told)
    reason = f"{agreement.id} is {told or 'in force'}"
    need = ""
    if state == "suspended":
        need = (
            f"{agreement.id} restored by {' and by '.join(p.party for p in decisive)}"
        )
    elif state == "terminated":
        need = f"another agreement: {agreement.id} has ended"
    elif contested:
        reason += f"; how it may end is contested by {_contesters(parties)}"
    if state in OPEN:
        reason += _to_come(agreement, standing)
    shown = parties if state in ("in force", "notice suspended") else decisive
    acts = [act for p in shown for act in (p.act, p.contests) if act is not None]
    return AgreementStatus(
        in_force=state in OPEN,
        state=state,
        acts=tuple(acts),
        article=article,
        reason=reason,
        need=need,
        contested=contested,
        parties=parties,
    )


def closes_at(agreement: Agreement, standing: Standing) -> Instant | None:
    """Return when it ends by what is known now: its term, or a notice that runs."""
    took = amended(agreement, standing.register)
    ends = [runs_out(agreement), took.since if took else None]
    for view in _views(agreement, standing):
        notice = notice_of(agreement, view)
        ends.append(notice.effective if notice else None)
    return min((end for end in ends if end is not None), default=None)


def open_notices(
    agreement: Agreement, standing: Standing, at: Instant
) -> tuple[tuple[Party, Notice], ...]:
    """Return the notices that stand at ``at`` and have not ended the agreement."""
    return _open_notices(agreement, _views(agreement, standing), at)


def _open_notices(
    agreement: Agreement, views: Sequence[View], at: Instant
) -> tuple[tuple[Party, Notice], ...]:
    found = []
    for view in views:
        notice = notice_of(agreement, view)
        if notice is not None and not notice.is_effective(at):
            found.append((view.party, notice))
    return tuple(found)


def _out_of_its_term(
    agreement: Agreement, article: str, at: Instant
) -> AgreementStatus | None:
    ends = runs_out(agreement)
    if at < agreement.in_force_from:
        state: State = "not yet"
        reason = f"{agreement.id} is in force from {agreement.in_force_from} only"
        need = f"a send at or after {agreement.in_force_from}"
    elif ends is not None and ends <= at:
        state = "terminated"
        reason = f"{agreement.id} ran until {ends} and was not extended"
        need = f"another agreement: {agreement.id} has ended"
    else:
        return None
    return AgreementStatus(
        in_force=False, state=state, acts=(), article=article, reason=reason, need=need
    )


def _amended(agreement: Agreement, article: str, took: Amended) -> AgreementStatus:
    return AgreementStatus(
        in_force=False,
        state="amended",
        acts=took.acts,
        article=article,
        reason=(
            f"`{took.text}` has taken the place of {agreement.id} since {took.since}, "
            f"by consent of {' and '.join(took.by)}"
        ),
        need=f"`{took.text}` to permit it: {agreement.id} has ended",
    )


def _to_come(agreement: Agreement, standing: Standing) -> str:
    """Tell what amendments are consented to and not yet in effect."""
    told = ""
    for one in amendments(agreement, standing.register):
        by = " and ".join(one.by)
        if one.since is not None:
            told += f"; `{one.text}` takes its place at {one.since}, as {by} consented"
        else:
            told += f"; {by} consents that `{one.text}` takes its place"
    return told


def _untouched(
    agreement: Agreement, article: str, standing: Standing
) -> AgreementStatus:
    return AgreementStatus(
        in_force=True,
        state="in force",
        acts=(),
        article=article,
        reason=f"{agreement.id} is in force{_to_come(agreement, standing)}",
        parties=tuple([_silent(party) for party in agreement.parties]),
    )


# Most parties have done nothing under most agreements; a decision asks of all of them.
@lru_cache(maxsize=1_024)
def _silent(party: Party) -> PartyStatus:
    return PartyStatus(party=party, state="in force", act=None, told="")


def _parties(
    agreement: Agreement, views: Sequence[View], at: Instant
) -> tuple[PartyStatus, ...]:
    by_party = {view.party: view for view in views}
    notices = _open_notices(agreement, views, at)
    return tuple(
        _party(agreement, by_party[party], notices, at)
        if party in by_party
        else _silent(party)
        for party in agreement.parties
    )


def _party(
    agreement: Agreement,
    view: View,
    notices: Sequence[tuple[Party, Notice]],
    at: Instant,
) -> PartyStatus:
    party, suspension = view.party, view.suspension
    notice = notice_of(agreement, view)
    contests = _contests(view, notices)
    if notice is not None and notice.is_effective(at):
        end = notice.effective
        return PartyStatus(
            party=party,
            state="terminated",
            act=notice.given.entry,
            told=f"terminated since {end} by {party}'s {_act(notice.given, 'notice')}",
            effective=end,
        )
    if suspension is not None:
        return PartyStatus(
            party=party,
            state="suspended",
            act=suspension.entry,
            told=(
                f"suspended by {party} since {suspension.at} (act `{suspension.entry}`)"
            ),
            effective=notice.effective if notice else None,
            contests=contests,
        )
    if notice is None:
        acted = [one.entry for one in view.acts if one.act.act != "contest"]
        return PartyStatus(
            party=party,
            state="in force",
            act=acted[-1] if acted else None,
            told="",
            contests=contests,
        )
    if notice.suspended is not None:
        return PartyStatus(
            party=party,
            state="notice suspended",
            act=notice.suspended.entry,
            told=(
                f"in force: {party} has suspended its "
                f"{_act(notice.given, 'notice')} by {_act(notice.suspended, 'its act')}"
            ),
            contests=contests,
        )
    until = f" until {notice.effective}" if notice.effective else ""
    return PartyStatus(
        party=party,
        state="notice given",
        act=notice.given.entry,
        told=f"in force{until}: {party} gave {_act(notice.given, 'notice')}",
        effective=notice.effective,
        contests=contests,
    )


def _contests(view: View, notices: Sequence[tuple[Party, Notice]]) -> str | None:
    said = view.contest
    if said is None:
        return None
    disputed = any(
        party != view.party and notice.given.issued <= said.issued
        for party, notice in notices
    )
    return said.entry if disputed else None


def _contesters(parties: Sequence[PartyStatus]) -> str:
    told = [f"{p.party} (act `{p.contests}`)" for p in parties if p.contests]
    return " and ".join(told)


def _act(recorded: Recorded, name: str) -> str:
    return f"{name} of {recorded.issued} (act `{recorded.entry}`)"


def _views(agreement: Agreement, standing: Standing) -> list[View]:
    return [
        view
        for view in standing.views
        if view.agreement == agreement.id and view.party in agreement.parties
    ]
