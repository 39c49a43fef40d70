"""Flagged: what was taken from a partner while its keys were in doubt.

A revocation says from when on a partner's card was not to be trusted. What was taken
from that instant until the revocation stays in the journal and goes on counting; people
judge it by this list: items that the partner made or brought, and acts and statements
that its people signed.

Pure: the journal's entries are the argument.
"""

from collections.abc import Iterable

from msgspec import Struct

from beaconfire.agreements.trust import told_of
from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.consultations import Statement
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import FORM
from beaconfire.vocabulary.times import Instant


class FlaggedEntry(Struct, frozen=True, kw_only=True):
    """One entry in doubt: what it is, whose, and who brought it."""

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


def flagged(entries: Iterable[Entry], party: Party) -> tuple[FlaggedCard, ...]:
    """Return each revocation for ``party``, the oldest first, and what it flags."""
    taken: list[FlaggedEntry] = []
    found: list[FlaggedCard] = []
    for entry in entries:
        one = _taken(entry, party)
        if one is not None:
            taken.append(one)
        if isinstance(entry.body, CardRevoked) and entry.body.order.partner == party:
            found.append(_flag(entry, entry.body, taken))
    return tuple(found)


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


def _flag(entry: Entry, body: CardRevoked, taken: list[FlaggedEntry]) -> FlaggedCard:
    return FlaggedCard(
        entry=entry.id,
        number=body.number,
        root=body.root,
        since=body.order.since,
        revoked=entry.at,
        reason=body.order.reason,
        flagged=tuple(one for one in taken if one.at >= body.order.since),
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
        return _entry(entry, what=what, name=entry.id, by=party, link=party)
    return None


def _entry(
    entry: Entry, *, what: str, name: str, by: Party, link: Party
) -> FlaggedEntry:
    return FlaggedEntry(
        entry=entry.id, at=entry.at, what=what, id=name, originator=by, link=link
    )
