"""Answers: what the decision says of an item, and where the link puts the item then.

* A release goes on the queue of its lane, and leaves when there is a place.
* A refusal on account of a suspension alone goes on a shelf (``withholding``); any
  other ends the item's way.
* A deferral of an item of ours keeps it until the answer that it waits for.

Whatever is answered, the item is on no shelf from an earlier answer any more.
"""

from beaconfire.agreements.lapse import Lapse
from beaconfire.seals.dsse import envelope_digest, envelope_of
from beaconfire.stages.link import queue, withholding
from beaconfire.stages.link.consulting import keep_deferred
from beaconfire.stages.link.handing import fill, waiting, withdrawals
from beaconfire.stages.link.state import LinkStage, Partner, Unit
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import Foregone, Withdrawal
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.link import LANE_OF_FORM, Lane, SealedItem
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant


def take_answer(
    state: LinkStage, answer: Release | Refusal | Deferral, at: Instant
) -> list[EntryBody]:
    """Put the item of an answer where it belongs; return what follows."""
    sealed = _sealed(state, answer)
    _decided(state, answer)
    if isinstance(answer, Release):
        return _queue_item(state, answer, sealed, at)
    if isinstance(answer, Refusal):
        return _refused(state, answer, sealed, at)
    if answer.via is None and sealed is not None:
        keep_deferred(state, sealed, at)
    return []


def _queue_item(
    state: LinkStage, release: Release, sealed: SealedItem | None, at: Instant
) -> list[EntryBody]:
    partner = state.partners.get(release.to)
    assert partner is not None, release.to
    lane = LANE_OF_FORM[release.form]
    if sealed is None:
        return [_forgotten(release, lane)]
    sealed_form = envelope_of(sealed)
    unit = Unit(
        id=release.item,
        originator=release.originator,
        via=release.via,
        digest=envelope_digest(sealed_form),
        envelope=sealed_form,
        release=release,
        # What was withheld is told late, as history, rather than not at all; and
        # whoever was handed what was wrong hears of it whenever its line carries.
        valid_until=None
        if release.withheld or release.form == "retraction"
        else sealed.item.valid_until,
    )
    out = _overflow(partner, lane, queue.put(partner.sending[lane], partner, unit))
    out.extend(fill(state, partner, lane, at))
    return [*out, *waiting(state, partner, lane, [unit])]


def _refused(
    state: LinkStage, refusal: Refusal, sealed: SealedItem | None, at: Instant
) -> list[EntryBody]:
    """Keep what nothing but a suspension keeps from leaving."""
    partner = state.partners.get(refusal.to)
    if not refusal.withheld or partner is None:
        return []
    if sealed is None:
        gone = Foregone(
            originator=refusal.originator,
            to=refusal.to,
            via=refusal.via,
            items=(refusal.item,),
            reason="it was not kept any more when it was refused",
        )
        return [gone]
    name = withholding.shelf_of(refusal.originator, refusal.form, refusal.via)
    kept = withholding.kept_of(sealed, refusal.via, refusal.withheld, "refused")
    # It has just been decided: asked about at once, it would be refused again.
    return withholding.shelve(state, partner, name, refusal.item, kept, at, ask=False)


def _decided(state: LinkStage, answer: Release | Refusal | Deferral) -> None:
    partner = state.partners.get(answer.to)
    if partner is not None:
        name = withholding.shelf_of(answer.originator, answer.form, answer.via)
        withholding.take_off(partner, name, answer.item)


def _sealed(
    state: LinkStage, answer: Release | Refusal | Deferral
) -> SealedItem | None:
    """Return the item that was decided, wherever it is kept.

    An item of ours is decided in the turn that made it, when what it waited for was
    answered, or when what withheld it was restored.
    """
    item, partner = answer.item, state.partners.get(answer.to)
    if answer.via is None:
        kept = state.own.get(item) or state.deferred.get(item)
    else:
        kept = _of_others(state, answer.originator, item)
    if kept is None and partner is not None:
        name = withholding.shelf_of(answer.originator, answer.form, answer.via)
        kept = withholding.find(partner, name, item)
    return kept


def _of_others(state: LinkStage, originator: Party, item: str) -> SealedItem | None:
    for shelf, kept in state.items.items():
        if shelf.startswith(originator) and item in kept:
            return kept[item]
    return None


def _forgotten(release: Release, lane: Lane) -> Withdrawal:
    return Withdrawal(
        originator=release.originator,
        to=release.to,
        via=release.via,
        lane=lane,
        items=(release.item,),
        agreement=None,
        act=None,
        reason="leave to send it came when it was not kept any more",
    )


def _overflow(partner: Partner, lane: Lane, units: list[Unit]) -> list[EntryBody]:
    full = Lapse(
        agreement=None,
        article=None,
        act=None,
        reason=f"the queue to {partner.card.party} is full; the oldest gave way",
    )
    return [gone for gone, _ in withdrawals(partner, lane, units, full)]
