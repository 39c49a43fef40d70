"""Crossing: may what was on its way when its text was amended be used where it arrives?

It may if, by all that is known there,

1. every party has consented, so that one text has taken the other's place;
2. the old one was in force, and no end of it contested, when the sender signed that it
   handed the item over;
3. the new one is in force now and permits this item on this hop, as does every other
   text that it came under;
4. all of them together owe nothing that it did not come with.

So nothing is gained by whoever antedates a hand-over: the new text must permit it too.
What crossed two amendments, and all else, stays set apart; so does what rests on acts
that are not known here, a relay's approval or a consent. The item goes on resting on
the text that it was given under, whose rules outlive it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from msgspec import Struct

from beaconfire.agreements.agreement import NO_FURTHER, Agreement, Obligation
from beaconfire.agreements.amendment import amended
from beaconfire.agreements.answer import Objection, decide_release, once
from beaconfire.agreements.lapse import Lapse, known_suspended
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.status import status_of
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant


class Came(Struct, frozen=True, kw_only=True):
    """An item as it came: on which hop, handed over when, under what, owing what.

    ``marking`` is what a relay marked it with.
    """

    item: Item
    sender: Party
    to: Party
    sent: Instant
    agreements: tuple[str, ...]
    articles: tuple[str, ...]
    no_further: bool
    marking: str | None


def standing_on_arrival(
    came: Came, *, agreements: Sequence[Agreement], standing: Standing, at: Instant
) -> Lapse | tuple[str, ...]:
    """Return why what came may not be used at ``at``, or under which texts it may be.

    Empty if those that it came under all stand: then nothing crossed. ``agreements``
    hold every one of them.
    """
    lapse = known_suspended(
        came.agreements, agreements=agreements, standing=standing, at=at
    )
    if lapse is None:
        return ()
    texts = {text.id: text for text in agreements}
    under: list[str] = []
    for name in came.agreements:
        now, flaw = _now(texts[name], came, standing, at)
        if flaw is not None:
            return lapse if flaw == lapse.reason else _because(lapse, flaw)
        under.append(now)
    flaw = _flaw(came, tuple(under), texts, standing, at)
    return tuple(under) if flaw is None else _because(lapse, flaw)


def _because(lapse: Lapse, flaw: str) -> Lapse:
    return replace(lapse, reason=f"{lapse.reason}; {flaw}")


def _now(
    text: Agreement, came: Came, standing: Standing, at: Instant
) -> tuple[str, str | None]:
    """Return the text that speaks now where ``text`` did, or why none does."""
    status = status_of(text, standing, at)
    took = amended(text, standing.register)
    if status.in_force:
        return text.id, None
    if status.state != "amended" or took is None:
        return text.id, status.reason
    then = status_of(text, standing, came.sent)
    if then.in_force and not then.contested:
        return took.text, None
    return text.id, f"when it was handed over, at {came.sent}, {then.reason}"


def _flaw(
    came: Came,
    under: tuple[str, ...],
    texts: Mapping[str, Agreement],
    standing: Standing,
    at: Instant,
) -> str | None:
    """Return why the texts that speak now do not allow it, ``None`` if they do."""
    held = tuple(texts.values())
    lapse = known_suspended(under, agreements=held, standing=standing, at=at)
    if lapse is not None:
        return lapse.reason
    owed: list[Obligation] = []
    for name in under:
        text = texts[name]
        if not text.binds(came.sender, came.to):
            return f"{name} does not bind both {came.sender} and {came.to}"
        answer = decide_release(
            came.item,
            sender=came.sender,
            to=came.to,
            under=text,
            at=at,
            standing=standing,
            together=tuple([other for other in under if other != name]),
            marking=came.marking,
        )
        if isinstance(answer, Objection):
            return answer.reason
        owed += answer.obligations
    more = [one for one in once(owed) if one not in _came_with(came, texts)]
    if not more:
        return None
    asks = f"{' and '.join(under)} asks for {', '.join(more)}"
    return f"{asks}, which it did not come with"


def _came_with(came: Came, texts: Mapping[str, Agreement]) -> set[str]:
    cited = [
        article
        for name in came.agreements
        for article in texts[name].articles
        if texts[name].cite(article) in came.articles
    ]
    owed = {str(one) for article in cited for one in article.obligations}
    # What is passed on to nobody says so itself: a citation alone would not hold it.
    return owed - {NO_FURTHER} | ({NO_FURTHER} if came.no_further else set())
