"""Marking: how a receiver marks what another party marked, by the texts it came under.

* The original marking is never replaced: the receiver's own equivalent and the
  originator's name stand beside it. Level tables are not one to one, so the way back
  from an equivalent to the original is not in them.
* Of several texts that know the original marking, the one that puts it highest counts;
  an equivalent is never lower. A text that does not bind the originator knows an item
  by its relay's own marking, and is asked only when no text knows the original.
* A marking without an equivalent cannot be kept as an article asks, so the item is
  refused with that article. Where no article asks, it is taken with its original alone.

Whether an item may be sent at all is ``decision.py``'s.
"""

from collections.abc import Sequence

from beaconfire.agreements.agreement import Agreement
from beaconfire.errors import BadInput
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import (
    LADDER,
    Label,
    OwnMarking,
    marking_by,
    re_marked,
)
from beaconfire.vocabulary.party import Party

OBLIGATION = "mark-on-receipt"


def mark_on_receipt(
    item: Item,
    *,
    by: Party,
    under: Sequence[Agreement],
    cited: Sequence[str],
    relay: Party | None = None,
    outside: Label | None = None,
) -> OwnMarking | None:
    """Return ``item``'s label with ``by``'s own equivalent, ``None`` if it has none.

    ``under`` are the texts that it came under and ``cited`` the articles that its
    sender named; ``outside`` is what a ``relay`` marked it with.

    Raises:
        BadInput: an article asks for an equivalent and there is none.
    """
    asking = _asking(under, cited)
    label = item.label
    if relay is not None and outside is not None:
        label = re_marked(label, by=relay, marking=marking_by(outside, relay))
    own = _equivalent(item, by=by, under=under, relay=relay, label=label)
    if own is not None:
        return OwnMarking(
            originator=item.originator,
            label=re_marked(label, by=by, marking=own),
            articles=asking,
        )
    if not asking:
        return None
    message = (
        f"item `{item.id}`: {', '.join(asking)} asks for {by}'s own equivalent of "
        f"`{label.classification}` of {item.originator}, and the levels of "
        f"{', '.join(agreement.id for agreement in under)} have none"
    )
    raise BadInput(message)


def _asking(under: Sequence[Agreement], cited: Sequence[str]) -> tuple[str, ...]:
    """Return the articles that ask for a marking: those cited, else all that do.

    A sender that cites none of them does not lift what both parties signed.
    """
    asking = [
        agreement.cite(article)
        for agreement in under
        for article in agreement.articles
        if OBLIGATION in article.obligations
    ]
    return tuple(one for one in asking if one in cited) or tuple(asking)


def _equivalent(
    item: Item,
    *,
    by: Party,
    under: Sequence[Agreement],
    relay: Party | None,
    label: Label,
) -> str | None:
    levels = [
        level
        for agreement in under
        if (level := agreement.level_of(label.classification, by=item.originator))
    ]
    if not levels and relay is not None:
        marking = marking_by(label, relay)
        levels = [
            level
            for agreement in under
            if not agreement.binds(item.originator)
            if (level := agreement.level_of(marking, by=relay))
        ]
    if not levels:
        return None
    highest = max(levels, key=LADDER.index)
    markings = (agreement.marking_for(highest, by=by) for agreement in under)
    return next((marking for marking in markings if marking is not None), None)
