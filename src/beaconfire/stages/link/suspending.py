"""Suspending: what an act does to what is on its way.

From the turn that journals it:

* what relied on the agreement and was not yet numbered does not leave any more; that
  it is withdrawn is written in as many turns as a long queue takes;
* a lane whose window holds anything that relied on it is purged and its epoch ended:
  those units are sent-fate-unknown until the partner's receipt for the old head, and
  what is still allowed is handed over again, acts first, in the new epoch;
* a lane that holds nothing of it goes on undisturbed;
* a notice that takes effect, or a term that runs out, does the same when its instant
  has come, without an act;
* on restoration, what relies on it waits until the partner knows (``telling``), and
  what was kept from leaving is decided again (``withholding``); so it is when another
  text takes the agreement's place.

And what a revocation of the partner's card does: every lane that holds anything is
purged and its epoch ended, all items that wait are withdrawn, and acts wait until a
higher-numbered card opens the link.

And what a retraction does: what it takes back and nobody has yet is withdrawn.
"""

from collections.abc import Collection

from beaconfire.agreements.agreement import parties_of
from beaconfire.agreements.consultation import Held
from beaconfire.agreements.lapse import Lapse, link_closed
from beaconfire.agreements.status import closes_at
from beaconfire.agreements.view import STATUS_ACTS
from beaconfire.journal.entry import Entry
from beaconfire.stages.link import queue, withholding
from beaconfire.stages.link.handing import (
    fill,
    in_entries,
    judge_at,
    waiting,
    withdrawn,
)
from beaconfire.stages.link.state import LinkStage, Partner, Unit
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.consultations import OnwardReleaseOf, ReleaseOf
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import EpochEnd, FateUnknown
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.link import LANES, ZERO_DIGEST, EpochHead, Lane
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.records import Amendment
from beaconfire.vocabulary.report import Retraction
from beaconfire.vocabulary.times import Instant


def after_act(state: LinkStage, act: Act, entry: Entry) -> list[EntryBody]:
    """Make the links to the act's parties agree with the standing it has left.

    Nothing that goes to others relies on it. Nor may it be when something else is
    noticed there: they would learn of an act that is no business of theirs.

    An act that was kept until a tick or a start comes before what the link has said in
    that turn: nothing more is given back until the next, or it would be twice.
    """
    at = entry.at
    name = act.agreement
    others = [one for one in state.ended if one != name]
    state.ended = [*others, name] if name in _over(state, at) else others
    parties = parties_of(state.agreements, name)
    out = _settle(state, parties, entry.id, at)
    opens = act.act in STATUS_ACTS or isinstance(act.record, Amendment)
    among = concerned(state, parties)
    out.extend(withholding.look_again(state, among, at, (name,) if opens else ()))
    if state.timed != entry.turn:
        out.extend(withholding.give_back(among))
    return out


def after_word(
    state: LinkStage, held: Held, at: Instant, *, outcome: bool
) -> list[EntryBody]:
    """Decide again what a word on a question of ours opens, for whom it is about.

    What time or a receipt makes of it comes before what the link has said in that
    turn, so it waits for the next tick.
    """
    about = held.ask.proposes
    ours = held.ask.party == state.profile.party
    if not ours or not isinstance(about, ReleaseOf | OnwardReleaseOf):
        return []
    among = concerned(state, about.to)
    out = withholding.look_again(state, among, at, ())
    if not outcome:
        out.extend(withholding.give_back(among))
    return out


def after_consent(
    state: LinkStage, agreement: str, entry: str, at: Instant
) -> list[EntryBody]:
    """Make the links to an agreement's parties agree with a consent that has ended."""
    return _settle(state, parties_of(state.agreements, agreement), entry, at)


def after_revocation(
    state: LinkStage, party: Party, entry: str, at: Instant
) -> list[EntryBody]:
    """Make the link to ``party`` agree with its card's not being trusted any more."""
    return _settle(state, (party,), entry, at)


def after_time(state: LinkStage, at: Instant) -> list[EntryBody]:
    """Make the links agree with what has ended by ``at`` without any act now."""
    known, state.ended = state.ended, _over(state, at)
    ended = [name for name in state.ended if name not in known]
    if not ended:
        return []
    parties = [party for name in ended for party in parties_of(state.agreements, name)]
    out = _settle(state, parties, None, at)
    for name in ended:  # no other's end may be noticed by who is no party to it
        among = concerned(state, parties_of(state.agreements, name))
        out.extend(withholding.look_again(state, among, at, (name,)))
    return out


def concerned(state: LinkStage, parties: Collection[Party]) -> list[Partner]:
    """Return the partners among ``parties``."""
    return [one for one in state.partners.values() if one.card.party in parties]


def next_end(state: LinkStage) -> Instant | None:
    """Return when the next agreement ends by what is known; ``None`` if none does."""
    ends = [
        closes_at(agreement, state.standing)
        for agreement in state.agreements
        if agreement.id not in state.ended
    ]
    return min((end for end in ends if end is not None), default=None)


def _over(state: LinkStage, at: Instant) -> list[str]:
    ends = [(one.id, closes_at(one, state.standing)) for one in state.agreements]
    return [one for one, end in ends if end is not None and end <= at]


def _settle(
    state: LinkStage, parties: Collection[Party], act_id: str | None, at: Instant
) -> list[EntryBody]:
    return [
        body
        for partner in concerned(state, parties)
        for lane in LANES
        for body in _settle_lane(state, partner, lane, act_id, at)
    ]


def take_back(state: LinkStage, held: ItemHeld, at: Instant) -> list[EntryBody]:
    """Withdraw what a retraction takes back where it still waits for its turn."""
    item = held.sealed.item
    if not isinstance(item.body, Retraction):
        return []
    retracts, originator = item.body.retracts, item.originator
    lapse = Lapse(
        agreement=None,
        article=None,
        act=None,
        reason=f"{originator} has retracted it (item `{item.id}`)",
    )

    def judge(unit: Unit) -> Lapse | None:
        named = (unit.originator, unit.id) == (originator, retracts)
        return lapse if named and unit.is_item else None

    out: list[EntryBody] = []
    for partner in state.partners.values():
        for lane in LANES:
            gone = queue.lapsed(partner.sending[lane], judge)
            out.extend(withdrawn(state, partner, lane, gone, at))
    return [*out, *withholding.take_back(state, originator, retracts, lapse.reason)]


def _settle_lane(
    state: LinkStage, partner: Partner, lane: Lane, act_id: str | None, at: Instant
) -> list[EntryBody]:
    sending = partner.sending[lane]
    lapsed: list[tuple[int, Unit]] = []
    allowed: list[Unit] = []
    # A link that is closed is purged of acts as well, which else never lapse.
    lapse = link_closed(partner.card.party, state.standing) if sending.window else None
    judge = judge_at(state, state.standing, at, state.memo)
    for message in sending.window:
        for unit in message.units:
            why = judge(unit)
            if why is not None:
                lapse = why
                unit.stopped_by = why.agreement if why.suspended else None
                lapsed.append((message.number, unit))
            else:
                allowed.append(unit)
    queue.begin_sweep(sending, state.standing, at)
    if lapse is None:
        return fill(state, partner, lane, at)
    out: list[EntryBody] = []

    head = EpochHead(epoch=sending.epoch, number=sending.number, hash=sending.hash)
    out.append(
        EpochEnd(
            to=partner.card.party,
            lane=lane,
            head=head,
            agreement=lapse.agreement,
            act=lapse.act or act_id,
            reason=lapse.reason,
        )
    )
    sending.ended[sending.epoch] = {
        **{message.number: message.hash for message in sending.window},
        sending.number: sending.hash,
    }
    unsettled = sending.unsettled.setdefault(sending.epoch, {})
    for number, unit in lapsed:
        unsettled.setdefault(number, []).append(unit)
    for (originator, via), units in in_entries([unit for _, unit in lapsed]):
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
    queue.put_back(sending, partner, allowed)
    out.extend(fill(state, partner, lane, at))
    return [*out, *waiting(state, partner, lane, allowed)]
