"""Suspending: what an act does to what is on its way.

From the turn that journals it:

* what relied on the agreement and was not yet numbered is withdrawn;
* a lane whose window holds anything that relied on it is purged and its epoch ended:
  those units are sent-fate-unknown until the partner's receipt for the old head, and
  what is still allowed is handed over again, acts first, in the new epoch;
* a lane that holds nothing of it goes on undisturbed;
* on restoration, what relies on it waits until the partner has receipted our act.
"""

from beaconfire.agreements.lapse import still_stands
from beaconfire.stages.link.handing import (
    fill,
    grouped,
    open_epoch,
    withdraw_lapsed,
)
from beaconfire.stages.link.state import LinkStage, Partner, Unit
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import EpochEnd, FateUnknown
from beaconfire.vocabulary.link import LANES, ZERO_DIGEST, EpochHead, Lane
from beaconfire.vocabulary.times import Instant


def after_act(state: LinkStage, act: Act, act_id: str, at: Instant) -> list[EntryBody]:
    """Make every link agree with the standing as ``act`` has just left it."""
    out: list[EntryBody] = []
    for partner in state.partners.values():
        own_restore = act.act == "restore" and act.party == state.profile.party
        if own_restore and partner.card.party in _parties(state, act.agreement):
            partner.awaited[act.agreement] = act_id
        for lane in LANES:
            out.extend(_settle_lane(state, partner, lane, act_id, at))
    return out


def _parties(state: LinkStage, agreement: str) -> tuple[str, ...]:
    return next((a.parties for a in state.agreements if a.id == agreement), ())


def _settle_lane(
    state: LinkStage, partner: Partner, lane: Lane, act_id: str, at: Instant
) -> list[EntryBody]:
    sending = partner.sending[lane]
    lapsed: list[tuple[int, Unit]] = []
    allowed: list[Unit] = []
    lapse = None
    for message in sending.window:
        for unit in message.units:
            why = unit.release and still_stands(
                unit.release,
                agreements=state.agreements,
                standing=state.standing,
                at=at,
            )
            if why:
                lapse = why
                lapsed.append((message.number, unit))
            else:
                allowed.append(unit)
    withdrawn = withdraw_lapsed(state, partner, lane, at)
    if lapse is None:
        return [*withdrawn, *fill(state, partner, lane, at)]

    head = EpochHead(epoch=sending.epoch, number=sending.number, hash=sending.hash)
    out: list[EntryBody] = [
        *withdrawn,
        EpochEnd(
            to=partner.card.party,
            lane=lane,
            head=head,
            agreement=lapse.agreement,
            act=lapse.act or act_id,
            reason=lapse.reason,
        ),
    ]
    unsettled = sending.unsettled.setdefault(sending.epoch, {})
    for number, unit in lapsed:
        unsettled.setdefault(number, []).append(unit)
    for (originator, via), units in grouped([unit for _, unit in lapsed]).items():
        out.append(
            FateUnknown(
                originator=originator,
                to=partner.card.party,
                via=via,
                lane=lane,
                epoch=head.epoch,
                number=head.number,
                items=tuple(unit.id for unit in units),
                reason="stood at the border when its window was purged",
            )
        )
    sending.window.clear()
    sending.closes = head
    sending.epoch += 1
    sending.number = 0
    sending.hash = ZERO_DIGEST
    sending.queue[:0] = allowed
    sending.queue.sort(key=lambda unit: unit.act is None)  # stable: acts first
    sending.held = 0
    sending.earliest = min(
        (u.valid_until for u in sending.queue if u.valid_until is not None),
        default=None,
    )
    out.extend(open_epoch(state, partner, lane, at))
    return out
