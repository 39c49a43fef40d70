"""Decision: may this item go to this partner, and which articles say so?

``decide`` asks every way that the agreements offer and answers with a ``Release``, a
``Refusal``, or a ``Deferral`` where nothing but an open consultation stands between.
It is pure: replaying the journal repeats every decision exactly. It never edits an
item: what an article requires is returned as an obligation, and a relay's marking
stands outside.

Whatever the agreements say:

1. Silence is refusal: an item that no article permits stays at home.
2. Refusal wins: one prohibiting article outweighs any number of permitting ones.
3. Doubt refuses: a prohibition we cannot evaluate is taken to apply, and a permission
   we cannot evaluate is taken not to.
4. A way is one agreement, or two of which one asks for the other. All of a way's
   agreements must permit; one way that releases is enough.
5. Nobody passes on another's item without that originator's approval and a marking of
   its own, and what was promised to the originator when the item was received binds
   on every way, also when that agreement is no longer in force.
6. The originator's label comes first: no text widens ``releasable_to``.
7. Nothing goes to a party whose card is revoked, nor is anything of it passed on.
8. A retraction has no end: whoever was told is told that it was wrong.
9. Whoever was asked about such a release is heard first: until it consents nothing
   goes, and a release that rests on a consent names it.

Rules 1 to 3 are kept by ``answer.py`` within each agreement, the rest here. Nothing
else constructs any of the three.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from beaconfire.agreements.agreement import Agreement, Obligation
from beaconfire.agreements.answer import (
    Objection,
    Permission,
    decide_release,
    object_as_holder,
    once,
)
from beaconfire.agreements.consent import if_answered
from beaconfire.agreements.consultation import told
from beaconfire.agreements.restored import if_restored, suspended_between
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.ways import Way, ways_between
from beaconfire.errors import BadInput
from beaconfire.vocabulary.entries.decisions import (
    Considered,
    Deferral,
    Refusal,
    Release,
)
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import re_marked
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import FORM
from beaconfire.vocabulary.times import Instant


class _Asked(Struct, frozen=True, kw_only=True):
    item: Item
    sender: Party
    to: Party
    at: Instant
    standing: Standing
    withheld: bool

    @property
    def via(self) -> Party | None:
        return None if self.sender == self.item.originator else self.sender


class _Opened(Struct, frozen=True, kw_only=True):
    """A way whose agreements all permit."""

    considered: Considered
    obligations: tuple[Obligation, ...]
    approval: str | None
    marking: str | None
    consents: tuple[str, ...]


class _Closed(Struct, frozen=True, kw_only=True):
    """A way with at least one objection."""

    considered: Considered
    objections: tuple[Objection, ...]


def decide(
    item: Item,
    *,
    sender: Party,
    to: Party,
    at: Instant,
    agreements: Sequence[Agreement],
    standing: Standing,
    may_wait: bool = True,
    withheld: bool = False,
) -> Release | Refusal | Deferral:
    """Decide whether ``sender`` may send ``item`` ``to`` a partner at ``at``.

    Without ``may_wait`` nobody keeps the item until a consultation is answered, so
    what would wait is refused.

    An item that a suspension has ``withheld`` is decided again when that is over: its
    validity is not asked then, since history is told as history.

    ``sender`` is the item's originator, or the relay that holds it. ``at`` is the
    instant of the send and comes from the turn, never from a clock.

    Raises:
        BadInput: a party would send to itself. That is a routing mistake, not a
            refusal, and must not look like one in the journal.
    """
    if sender == to:
        message = f"`{to}` would send to itself: name two parties"
        raise BadInput(message)
    asked = _Asked(
        item=item, sender=sender, to=to, at=at, standing=standing, withheld=withheld
    )
    answer = _answer(asked, agreements)
    if isinstance(answer, Release):
        return answer
    # It waits if it would go with every open question answered well, and not else: a
    # consent that could open nothing is not worth waiting for.
    if may_wait and any(held.waits for held in standing.consultations.held):
        then = _answer(replace(asked, standing=if_answered(standing)), agreements)
        if isinstance(then, Release):
            return _deferral(asked, then, answer)
    return _kept_for_restoration(asked, answer, agreements)


def _answer(asked: _Asked, agreements: Sequence[Agreement]) -> Release | Refusal:
    # A card that our people have revoked, and the originator's own word: its label and
    # its item's life. The agreements are not asked: they could not widen either.
    ground = _own_ground(asked)
    if ground is not None:
        return _refusal(asked, *ground)

    ways = ways_between(agreements, asked.sender, asked.to)
    if not ways:
        ends = f"{asked.sender} and {asked.to}"
        return _refusal(
            asked, f"no agreement binds both {ends}", f"an agreement between {ends}"
        )

    # Ask every way, even after one has released: the journal owes the whole list.
    answers = [_decide_way(asked, way, agreements) for way in ways]
    opened = [answer for answer in answers if isinstance(answer, _Opened)]
    closed = [answer for answer in answers if isinstance(answer, _Closed)]
    considered = tuple(answer.considered for answer in answers)
    if not opened:
        return _refusal_on_all_ways(asked, closed, considered)

    # What gives the partner most is what owes least. Single agreements come before
    # pairs, so the first among equals is also the plainest.
    best = min(opened, key=lambda way: len(way.obligations))
    return _release(asked, best, considered)


def _kept_for_restoration(
    asked: _Asked, answer: Refusal, agreements: Sequence[Agreement]
) -> Refusal:
    """Name the suspended agreements if it would leave, or wait, were they restored."""
    closed = suspended_between(
        agreements, asked.sender, asked.to, standing=asked.standing, at=asked.at
    )
    if not closed:
        return answer
    open_again = if_answered(if_restored(asked.standing))
    then = _answer(replace(asked, standing=open_again), agreements)
    return answer if isinstance(then, Refusal) else replace(answer, withheld=closed)


def _own_ground(asked: _Asked) -> tuple[str, str] | None:
    item, to = asked.item, asked.to
    for party in (to, item.originator):
        closed = asked.standing.trust.closing(party)
        if closed is not None:
            return closed.told, f"a card of {party} with a higher number"
    if not asked.withheld and item.is_over(asked.at):
        ended = f"the item's validity ended at {item.valid_until}"
        return ended, "an item that is still valid"
    if to == item.originator:
        return f"the item is {to}'s own", "another recipient"
    listed = item.label.releasable_to
    if listed and to not in listed:
        reason = f"the item's label makes it releasable to {', '.join(listed)} only"
        return reason, f"a label by {item.originator} that names {to}"
    return None


def _decide_way(
    asked: _Asked, way: Way, agreements: Sequence[Agreement]
) -> _Opened | _Closed:
    marking = None if asked.via is None else _relay_marking(asked, way)
    permissions: list[Permission] = []
    objections: list[Objection] = []
    ids = _ids(way)
    for under in way:
        answer = decide_release(
            asked.item,
            sender=asked.sender,
            to=asked.to,
            under=under,
            at=asked.at,
            standing=asked.standing,
            together=tuple([other for other in ids if other != under.id]),
            marking=marking,
        )
        if isinstance(answer, Permission):
            permissions.append(answer)
        else:
            objections.append(answer)
    approvals = [p.approval for p in permissions if p.approval is not None]
    approval = approvals[0] if approvals else None
    if asked.via is not None:
        objections += _held_under(asked, way, agreements)
        # Rule 5 holds even where a text forgot to ask for it.
        if not objections and (approval is None or marking is None):
            objections.append(_not_to_be_passed_on(asked, way, approval))
    if objections:
        return _closed(ids, objections)
    articles = [p.under.cite(a) for p in permissions for a in p.relied_on]
    return _Opened(
        considered=Considered(
            agreements=ids,
            outcome="release",
            articles=tuple(articles),
            acts=tuple([act for p in permissions for act in p.acts]),
            reason=f"permitted by {', '.join(articles)}",
        ),
        obligations=once([owed for p in permissions for owed in p.obligations]),
        approval=approval,
        marking=marking,
        consents=once([one for p in permissions for one in p.consents]),
    )


def _relay_marking(asked: _Asked, way: Way) -> str | None:
    """Return the relay's own equivalent, by the first text that knows the original."""
    item = asked.item
    for under in way:
        level = under.level_of(item.label.classification, by=item.originator)
        if level is not None:
            return under.marking_for(level, by=asked.sender)
    return None


def _held_under(
    asked: _Asked, way: Way, agreements: Sequence[Agreement]
) -> list[Objection]:
    # Under which of its agreements with the originator the sender came by the item is
    # not known here, so each of them is asked: doubt refuses.
    promised = [
        object_as_holder(
            asked.item,
            sender=asked.sender,
            to=asked.to,
            under=under,
            at=asked.at,
            standing=asked.standing,
        )
        for under in agreements
        if under not in way and under.binds(asked.sender, asked.item.originator)
    ]
    return [objection for objection in promised if objection is not None]


def _not_to_be_passed_on(asked: _Asked, way: Way, approval: str | None) -> Objection:
    relay, originator, under = asked.sender, asked.item.originator, way[0]
    reason = f"{relay} may not pass on {originator}'s item without its approval"
    need = f"approval by {originator} for {asked.to} via {relay} under {under.id}"
    if approval is not None:
        mark = asked.item.label.classification
        reason = f"{relay} has no equivalent of {originator}'s marking `{mark}`"
        need = f"a marking of {relay} for it under {under.id}"
    return Objection(under=under, relied_on=(), acts=(), reason=reason, needs=(need,))


def _ids(way: Way) -> tuple[str, ...]:
    return tuple([under.id for under in way])


def _closed(ids: tuple[str, ...], objections: list[Objection]) -> _Closed:
    grounds = _grounds(objections)
    return _Closed(
        considered=Considered(
            agreements=ids,
            outcome="refusal",
            articles=tuple([o.under.cite(a) for o in grounds for a in o.relied_on]),
            acts=tuple([act for o in grounds for act in o.acts]),
            reason="; ".join([o.reason for o in grounds]),
        ),
        objections=tuple(objections),
    )


def _grounds(objections: Sequence[Objection]) -> list[Objection]:
    # Where something is prohibited, another text's mere silence explains nothing.
    loud = [objection for objection in objections if objection.relied_on]
    return loud or list(objections)


def _release(
    asked: _Asked, best: _Opened, considered: tuple[Considered, ...]
) -> Release:
    label = asked.item.label
    return Release(
        item=asked.item.id,
        form=FORM[type(asked.item.body)],
        originator=asked.item.originator,
        to=asked.to,
        via=asked.via,
        at=asked.at,
        agreements=best.considered.agreements,
        articles=best.considered.articles,
        acts=best.considered.acts,
        approval=best.approval,
        obligations=tuple(str(owed) for owed in best.obligations),
        marking=None
        if best.marking is None
        else re_marked(label, by=asked.sender, marking=best.marking),
        reason=best.considered.reason,
        considered=considered,
        consents=best.consents,
        withheld=asked.withheld,
    )


def _deferral(asked: _Asked, then: Release, now: Refusal) -> Deferral:
    known = asked.standing.consultations
    open_now = [h for h in map(known.get, then.consents) if h is not None and h.waits]
    return Deferral(
        item=now.item,
        form=now.form,
        originator=now.originator,
        to=now.to,
        via=now.via,
        at=now.at,
        agreements=then.agreements,
        articles=then.articles,
        consultations=tuple(held.id for held in open_now),
        reason=f"waiting: {' and '.join(told(held) for held in open_now)}",
        would_need=now.would_need,
        considered=now.considered,
    )


def _refusal_on_all_ways(
    asked: _Asked, closed: list[_Closed], considered: tuple[Considered, ...]
) -> Refusal:
    grounds = _grounds([o for way in closed for o in way.objections])
    return _refusal(
        asked,
        "; ".join(once(objection.reason for objection in grounds)),
        # One entry a way, since opening any one of them would be enough.
        *(
            " and ".join(once(need for o in way.objections for need in o.needs))
            for way in closed
        ),
        grounds=grounds,
        considered=considered,
    )


def _refusal(
    asked: _Asked,
    reason: str,
    *would_need: str,
    grounds: Sequence[Objection] = (),
    considered: tuple[Considered, ...] = (),
) -> Refusal:
    return Refusal(
        item=asked.item.id,
        form=FORM[type(asked.item.body)],
        originator=asked.item.originator,
        to=asked.to,
        via=asked.via,
        at=asked.at,
        agreements=once(o.under.id for o in grounds if o.relied_on),
        articles=once(o.under.cite(a) for o in grounds for a in o.relied_on),
        acts=once(act for o in grounds for act in o.acts),
        approval=None,
        reason=reason,
        would_need=once(would_need),
        considered=considered,
    )
