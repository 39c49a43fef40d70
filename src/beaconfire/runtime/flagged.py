"""Flagged: what was taken from a partner while its keys were in doubt.

A revocation says from when on a partner's card was not to be trusted. What was taken
from that instant until the revocation stays in the journal and goes on counting; people
judge it by this list: items that the partner made or brought, acts and statements that
its people signed, and silence of it that counted as a consent, with the releases and
the acts of ours that rest on that, also later: it may not have been able to answer.

Pure: the journal's entries are the argument.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from beaconfire.agreements.consultation import (
    ConsentedBySilence,
    Consultations,
    Outcome,
    after,
    doubting,
)
from beaconfire.agreements.trust import told_of
from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.consultations import ConsultationProceeding, Statement
from beaconfire.vocabulary.entries.consulting import ConsultationClosed
from beaconfire.vocabulary.entries.decisions import Release
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import FORM
from beaconfire.vocabulary.times import Instant


class FlaggedEntry(Struct, frozen=True, kw_only=True):
    """One entry in doubt: what it is, whose, and who brought it.

    What was released is its originator's; of what nobody brought, ``link`` is the same.
    """

    entry: str
    at: Instant
    what: str
    id: str
    originator: Party
    link: Party


class FlaggedCard(Struct, frozen=True, kw_only=True):
    """One revocation of the party's card and what it puts in doubt."""

    entry: str
    number: int
    root: str
    since: Instant
    revoked: Instant
    reason: str
    flagged: tuple[FlaggedEntry, ...]


# When what it rests on was taken, which is in doubt or is not, and what it is.
_Doubt = tuple[Instant, FlaggedEntry]


def flagged(entries: Iterable[Entry], party: Party) -> tuple[FlaggedCard, ...]:
    """Return each revocation for ``party``, the oldest first, and what it flags."""
    taken: list[_Doubt] = []
    revoked: list[tuple[Entry, CardRevoked]] = []
    silences = _Silences(party)
    for entry in entries:
        one = _taken(entry, party)
        if one is not None:
            taken.append((entry.at, one))
        taken.extend(silences.resting_on(entry))
        if isinstance(entry.body, CardRevoked) and entry.body.order.partner == party:
            revoked.append((entry, entry.body))
    return tuple(_flag(entry, body, taken) for entry, body in revoked)


def read(found: tuple[FlaggedCard, ...], party: Party) -> str:
    """Return the list as people read it."""
    if not found:
        return f"no card of {party} is revoked in this journal: nothing is flagged"
    lines: list[str] = []
    for card in found:
        told = told_of(party, card.number, since=card.since, reason=card.reason)
        lines.append(f"{told} (entry {card.entry}, {card.revoked})")
        lines.append(f"{len(card.flagged)} entries taken since then are in doubt")
        lines.extend(
            f"  {one.at} {one.what} {one.id} of {one.originator}"
            + (f", brought by {one.link}" if one.link != one.originator else "")
            for one in card.flagged
        )
    return "\n".join(lines)


class _Silences:
    """The party's silences that counted as consents, as the journal is read."""

    def __init__(self, party: Party) -> None:
        self._party = party
        self._known = Consultations()
        self._spoke: dict[str, Instant] = {}

    def resting_on(self, entry: Entry) -> Iterator[_Doubt]:
        """Yield ``entry`` if it is such a silence, or rests on one."""
        body, at = entry.body, entry.at
        if isinstance(body, CardRevoked):
            self._known = doubting(self._known, body.order.partner)
        elif isinstance(body, Release):
            spoke = [self._spoke[one] for one in body.consents if one in self._spoke]
            if spoke:
                what = f"release to {body.to}"
                told = _entry(entry, what=what, name=body.item, by=body.originator)
                yield max(spoke), told
        elif isinstance(body, Statement | Outcome):
            self._known = after(self._known, entry.id, body, at)
            if isinstance(body, ConsultationClosed) and self._is_consent(body):
                self._spoke[body.consultation] = at
                what = "silence that counted as consent"
                name = body.consultation
                yield at, _entry(entry, what=what, name=name, by=self._party)
            elif isinstance(body, ConsultationProceeding) and (
                body.consultation in self._spoke
            ):
                told = _entry(entry, what=body.KIND, name=entry.id, by=body.party)
                yield self._spoke[body.consultation], told

    def _is_consent(self, body: ConsultationClosed) -> bool:
        held = self._known.get(body.consultation)
        return (
            held is not None
            and held.ask.affected == self._party
            and isinstance(held.state, ConsentedBySilence)
        )


def _flag(entry: Entry, body: CardRevoked, taken: list[_Doubt]) -> FlaggedCard:
    return FlaggedCard(
        entry=entry.id,
        number=body.number,
        root=body.root,
        since=body.order.since,
        revoked=entry.at,
        reason=body.order.reason,
        flagged=tuple(one for at, one in taken if body.order.since <= at <= entry.at),
    )


def _taken(entry: Entry, party: Party) -> FlaggedEntry | None:
    body = entry.body
    if isinstance(body, ItemHeld) and body.carriage is not None:
        item, link = body.sealed.item, body.carriage.link
        if party in (item.originator, link):
            form = FORM[type(item.body)]
            return _entry(entry, what=form, name=item.id, by=item.originator, link=link)
    if isinstance(body, Act | Statement) and body.party == party:
        what = body.act if isinstance(body, Act) else body.KIND
        return _entry(entry, what=what, name=entry.id, by=party)
    return None


def _entry(
    entry: Entry, *, what: str, name: str, by: Party, link: Party | None = None
) -> FlaggedEntry:
    return FlaggedEntry(
        entry=entry.id,
        at=entry.at,
        what=what,
        id=name,
        originator=by,
        link=link or by,
    )
