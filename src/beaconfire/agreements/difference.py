"""Difference: what changes, and for whom, if one text takes the place of another.

First what the texts say otherwise: parties, dates, levels, articles, records. Then what
follows for each hop, found by asking both texts about every form with every marking
that either knows, own and passed on, approved and not. Companions that a text asks for
are taken to stand beside it and to permit; both texts are taken to be in force.
"""

from collections.abc import Iterator, Sequence

from beaconfire.agreements.agreement import UNCLASSIFIED, Agreement, Article
from beaconfire.agreements.answer import Permission, decide_release
from beaconfire.agreements.matrix import bare_item, one_of_each
from beaconfire.agreements.standing import Standing
from beaconfire.seals import codec
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import LADDER
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

# What one text says to one item on one hop: by which articles it goes, and owing what;
# nothing if it does not go.
_Says = tuple[tuple[str, ...], tuple[str, ...]] | None


def difference(old: Agreement, new: Agreement) -> tuple[str, ...]:
    """Return in sentences what changes if ``new`` takes the place of ``old``.

    Nothing, if they are one and the same.
    """
    told = (*_in_the_text(old, new), *_for_whom(old, new))
    return tuple(told)


def _in_the_text(old: Agreement, new: Agreement) -> Iterator[str]:
    for name in ("id", "title", "instrument", "in_force_from"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield f"{name.replace('_', ' ')}: `{was}` becomes `{now}`"
    for party in old.parties:
        if party not in new.parties:
            yield f"{party} is no party any more"
    for party in new.parties:
        if party not in old.parties:
            yield f"{party} becomes a party"
    for name in ("initial_years", "extended_by_years", "notice_days"):
        was, now = getattr(old.term, name), getattr(new.term, name)
        if was != now:
            kept = name.replace("_", " ")
            yield f"term, {kept}: {_or_none(was)} becomes {_or_none(now)}"
    yield from _levels(old, new)
    yield from _articles(old, new)
    yield from _records(old, new)


def _levels(old: Agreement, new: Agreement) -> Iterator[str]:
    before, after = _markings(old), _markings(new)
    for key in dict.fromkeys((*before, *after)):
        party, marking = key
        was, now = before.get(key), after.get(key)
        if was is None:
            yield f"levels: `{marking}` of {party} is known, as {now}"
        elif now is None:
            yield f"levels: `{marking}` of {party} is not known any more (was {was})"
        elif was != now:
            yield f"levels: `{marking}` of {party} is {now}, was {was}"


def _articles(old: Agreement, new: Agreement) -> Iterator[str]:
    before = {article.number: article for article in old.articles}
    after = {article.number: article for article in new.articles}
    for number in dict.fromkeys((*before, *after)):
        if number not in before:
            yield f"article {number} is new: {_said(after[number])}"
        elif number not in after:
            yield f"article {number} is gone: {_said(before[number])}"
        elif before[number] != after[number]:
            was, now = _said(before[number]), _said(after[number])
            if was != now:
                yield f"article {number}: {was}; becomes: {now}"
            else:
                yield f"article {number} rests on other words, and says the same"
    kept = [number for number in before if number in after]
    if kept != [number for number in after if number in before]:
        yield "the articles stand in another order"


def _records(old: Agreement, new: Agreement) -> Iterator[str]:
    for word, those, others in (("gone", old, new), ("new", new, old)):
        for annex in those.annexes:
            if annex not in others.annexes:
                told = codec.encode(annex.record).decode()
                yield f"the record of {annex.party} is {word}: {told}"


def _for_whom(old: Agreement, new: Agreement) -> Iterator[str]:
    parties = tuple(dict.fromkeys((*old.parties, *new.parties)))
    for sender in parties:
        for to in parties:
            for originator in parties:
                if sender != to != originator:
                    yield from _on_a_hop(old, new, originator, sender, to)


def _on_a_hop(
    old: Agreement, new: Agreement, originator: Party, sender: Party, to: Party
) -> Iterator[str]:
    at = max(old.in_force_from, new.in_force_from)
    markings = [
        marking
        for party, marking in {**_markings(old), **_markings(new)}
        if party == originator
    ]
    whose = "its own" if originator == sender else f"{originator}'s"
    for approved in (False,) if originator == sender else (False, True):
        found: dict[str, list[str]] = {}
        for body in one_of_each(at):
            changed: dict[str, list[str]] = {}
            for marking in (*markings, UNCLASSIFIED, LADDER[-1]):
                item = bare_item(originator, body, marking, at)
                was = _asked(old, item, sender, to, approved=approved, at=at)
                now = _asked(new, item, sender, to, approved=approved, at=at)
                if was != now:
                    changed.setdefault(_change(was, now), []).append(marking)
            for what, those in changed.items():
                marked = f"{what}, marked {', '.join(those)}"
                found.setdefault(marked, []).append(type(body).__name__)
        leave = ", approved" if approved else ""
        for what, forms in found.items():
            yield f"{sender} to {to}, {whose} {', '.join(forms)}{leave}: {what}"


def _asked(
    under: Agreement,
    item: Item,
    sender: Party,
    to: Party,
    *,
    approved: bool,
    at: Instant,
) -> _Says:
    if not under.binds(sender, to):
        return None
    standing = Standing()
    if approved:
        leave = Act(
            agreement=under.id,
            act="approve",
            party=item.originator,
            item=item.id,
            to=to,
            via=sender,
            expires=at,
        )
        standing = standing.after("approved", leave, at)
    answer = decide_release(
        item,
        sender=sender,
        to=to,
        under=under,
        at=at,
        standing=standing,
        together=under.requires,
    )
    if not isinstance(answer, Permission):
        return None
    if item.originator != sender and answer.approval is None:
        return (
            None  # nobody passes on another's item without leave, whatever a text says
        )
    articles = tuple(article.number for article in answer.relied_on)
    return articles, tuple(map(str, answer.obligations))


def _change(was: _Says, now: _Says) -> str:
    if was is None:
        assert now is not None  # the two differ
        return f"may go, by {', '.join(now[0])}"
    if now is None:
        return f"may go no more (went by {', '.join(was[0])})"
    told = []
    if was[0] != now[0]:
        told.append(f"goes by {', '.join(now[0])} instead of {', '.join(was[0])}")
    told += [f"owes {owed}" for owed in now[1] if owed not in was[1]]
    told += [f"owes {owed} no more" for owed in was[1] if owed not in now[1]]
    return " and ".join(told) or "owes the same in another order"


def _markings(agreement: Agreement) -> dict[tuple[Party, str], str]:
    return {
        (levels.party, marking): level
        for levels in agreement.levels
        for marking, level in levels.markings
    }


def _said(article: Article) -> str:
    told = [article.effect.value]
    if article.when:
        asked = (f"{c.NAME} = {_value(c.value)}" for c in article.when)
        told.append(f"when {' and '.join(asked)}")
    if article.obligations:
        told.append(f"owing {', '.join(article.obligations)}")
    return " ".join(told)


def _value(value: bool | str | Sequence[str]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else " or ".join(value)


def _or_none(value: int | None) -> str:
    return "none" if value is None else str(value)
