"""Partners' messages: verify all of it, take what is good, say what is not.

The steps, each with its number again at the code:

 1. The message is ours to read (``chain``).
 2. It continues the chain. A repeat of what is stored is receipted again and otherwise
    ignored; a hole is an error.
 3. Every inner envelope is the one its part names, by digest.
 4. An item is signed by its originator's items key, came in the lane of its form, is
    of our status and exercise, is not dated ahead of us, and names us among those it
    may be released to.
 5. A relayed item carries its originator's approval, signed by that nation's people,
    under an agreement it was sent under, for us, by this relay, for such an item,
    unexpired, and not revoked as far as we know; and an outer marking.
 6. The agreements named are ours, with both ends of the link among their parties.
 7. An agreement that we know not to be in force: quarantined, unused, receipted so;
    unless another text took its place on the way and allows it too (``crossing``).
 8. It is marked as the articles ask: our own equivalent beside the original marking.
    A marking that has none is refused with the article.
 9. An act is signed by the people of the party that the header names as its
    originator, whoever brings it, and that party may do it (``acts``).
10. What is said on a consultation is signed alike and may be said (``consulting``).

A bad part is refused by itself, and the receipt says so; the chain moves on, so that
one bad item cannot stop the warnings behind it. An act that is refused rings a bell.
Not checked here: whether the sender's *decision* was right; that is the sender's duty,
and the articles it cites are on record.
"""

from dataclasses import dataclass, field

from beaconfire.agreements.agreement import parties_of
from beaconfire.agreements.approval import check_approval
from beaconfire.agreements.crossing import Came, standing_on_arrival
from beaconfire.agreements.lapse import Lapse
from beaconfire.agreements.marking import mark_on_receipt
from beaconfire.agreements.standing import Standing
from beaconfire.errors import BadInput
from beaconfire.seals.acts import act_id, act_id_in, verify_act
from beaconfire.seals.dsse import envelope_digest, open_item
from beaconfire.stages.ingest import known
from beaconfire.stages.ingest.acts import take_act
from beaconfire.stages.ingest.chain import (
    OutOfChain,
    card_of,
    continues,
    open_message,
)
from beaconfire.stages.ingest.consulting import take_statement
from beaconfire.stages.ingest.state import Brought, Held, IngestStage
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.arrivals import LinkArrival
from beaconfire.vocabulary.entries.carriage import Arrival
from beaconfire.vocabulary.entries.sightings import (
    Bell,
    Carriage,
    ItemHeld,
    Quarantine,
    Rejection,
)
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import OwnMarking, marking_by
from beaconfire.vocabulary.link import (
    LANE_OF_FORM,
    REASON_MAX,
    Envelope,
    EpochHead,
    Lane,
    LinkHeader,
    Part,
    RefusedPart,
    SealedItem,
)
from beaconfire.vocabulary.printable import printable
from beaconfire.vocabulary.report import FORM
from beaconfire.vocabulary.times import AHEAD_S_MAX, Instant

_ARTICLE = {"act": "an act", "consultation": "a consultation"}


def take(state: IngestStage, body: LinkArrival, at: Instant) -> list[EntryBody]:
    """Verify one link message and return everything that follows from it."""
    try:
        card = card_of(state, body.partner, at)
        message, header, text_digest = open_message(state, card, body)  # 1
        again, closed = continues(state, header, text_digest)  # 2
    except OutOfChain as error:
        refused = _rejection(body.partner, "link message", str(error), body.message)
        return [refused, Bell(role="watch officer", text=str(error))]
    except BadInput as error:
        return [_rejection(body.partner, "link message", str(error), body.message)]
    via = _via(header)
    if again:
        return [_arrival(header, text_digest, via=via, again=True)]
    head = EpochHead(epoch=header.epoch, number=header.number, hash=text_digest)
    state.heads.setdefault(body.partner, {})[body.lane] = head

    taken = _Taken(standing=state.standing)
    for part, sealed in zip(header.parts, message.inner, strict=True):
        try:
            if part.kind == "act":
                _take_act(state, taken, header, part, sealed, at)
            elif part.kind == "consultation":
                _take_statement(state, taken, header.sender, part, sealed, at)
            else:
                _take_item(state, taken, header, part, sealed, at)
        except BadInput as error:
            why = printable(str(error))  # it quotes what the author wrote
            taken.rest.append(_rejection(body.partner, part.kind, why, part.id))
            taken.refused.append(_refused(part, why))
            if part.kind != "item":
                # Whatever it was to do, its sender believes that we know of it now.
                whose = header.originator if part.kind == "act" else body.partner
                text = f"{_ARTICLE[part.kind]} of {whose} was refused: {why}"
                taken.rest.append(Bell(role="release officer", text=text))
    known.forget(state, header.originator, at)
    moved = _arrival(
        header,
        text_digest,
        via=via,
        items=tuple(taken.items),
        acts=tuple(taken.known_acts),
        quarantined=tuple(taken.quarantined),
        repeated=tuple(taken.repeated),
        refused=tuple(taken.refused),
        closed=closed,
    )
    # The message comes before its acts: who is to be told depends on who told us.
    return [moved, *taken.acts, *taken.rest]


@dataclass(slots=True, kw_only=True)
class _Taken:
    """What one message gave so far. ``standing`` counts its own acts as well."""

    standing: Standing
    acts: list[EntryBody] = field(default_factory=list)
    rest: list[EntryBody] = field(default_factory=list)
    known_acts: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    refused: list[RefusedPart] = field(default_factory=list)


def _take_item(
    state: IngestStage,
    taken: _Taken,
    header: LinkHeader,
    part: Part,
    envelope: Envelope,
    at: Instant,
) -> None:
    sealed = _item(state, header, part, envelope, at, taken.standing)
    item = sealed.item
    marking = _marking(state, header, part, item)  # 8
    # An id is its originator's alone: nobody else's item of that name stands for it.
    held = known.find(state, item)
    if held is not None and held.digest != part.digest:
        text = f"item `{item.id}` of {item.originator} came before with other text"
        raise BadInput(text)
    if held is not None and header.sender in held.links:
        taken.repeated.append(item.id)
        return
    # Judged by its own route, also when another has brought it: what a sender hears of
    # its message must not depend on what others sent us.
    under = standing_on_arrival(  # 7
        _came(state, header, part, item),
        agreements=state.agreements,
        standing=taken.standing,
        at=at,
    )
    if isinstance(under, Lapse):
        taken.items.append(item.id)
        taken.quarantined.append(item.id)
        taken.rest.append(_quarantine(state, header, sealed, under, marking))
        return
    if held is not None:
        known.brought_too(state, item, held, header.sender)
        taken.repeated.append(item.id)
        return
    new = Held(
        digest=part.digest,
        links=(header.sender,),
        valid_until=item.valid_until,
        form=FORM[type(item.body)],
    )
    known.remember(state, item, new)
    taken.items.append(item.id)
    taken.rest.append(_held(state, header, part, sealed, marking, under, at))


def _came(state: IngestStage, header: LinkHeader, part: Part, item: Item) -> Came:
    return Came(
        item=item,
        sender=header.sender,
        to=state.profile.party,
        sent=header.sent,
        agreements=part.agreements,
        articles=part.articles,
        no_further=part.no_further,
        marking=marking_by(part.marking, header.sender) if part.marking else None,
    )


def _item(
    state: IngestStage,
    header: LinkHeader,
    part: Part,
    envelope: Envelope,
    at: Instant,
    standing: Standing,
) -> SealedItem:
    originator = card_of(state, header.originator, at)
    sealed = open_item(  # 4
        envelope, originator.keys, originator=header.originator
    )
    item = sealed.item
    _named(part, envelope, item.id)  # 3
    _in_its_lane(header.lane, item)  # 4
    _of_our_world(state, item, at)
    if header.originator != header.sender:
        _relayed(state, header, part, item, at, standing)  # 5
    if not part.agreements:
        text = f"item `{item.id}` names no agreement that it was sent under"
        raise BadInput(text)
    for agreement in part.agreements:  # 6
        parties = parties_of(state.agreements, agreement)
        if not {header.sender, state.profile.party} <= set(parties):
            text = (
                f"item `{item.id}` was sent under `{agreement}`, which is not in force "
                f"here between {header.sender} and {state.profile.party}"
            )
            raise BadInput(text)
    return sealed


def _named(part: Part, envelope: Envelope, found: str) -> None:
    if envelope_digest(envelope) != part.digest:
        text = f"part `{part.id}` is not the one that the header names"
        raise BadInput(text)
    if found != part.id:
        text = f"part `{part.id}` holds `{found}`"
        raise BadInput(text)


def _in_its_lane(lane: Lane, item: Item) -> None:
    # Not asked of an act or a statement: no wrapping may keep one from its effect.
    form = FORM[type(item.body)]
    if lane != LANE_OF_FORM[form]:
        text = (
            f"item `{item.id}` came in the lane `{lane}`: a {form} goes in "
            f"`{LANE_OF_FORM[form]}`"
        )
        raise BadInput(text)


def _of_our_world(state: IngestStage, item: Item, at: Instant) -> None:
    profile = state.profile
    if (item.status, item.exercise) != (profile.status, profile.exercise):
        text = (
            f"item `{item.id}` is {item.status} {item.exercise or ''}".rstrip()
            + f", this node is {profile.status} {profile.exercise or ''}".rstrip()
        )
        raise BadInput(text)
    if state.clock_trusted and item.created.seconds_since(at) > AHEAD_S_MAX:
        text = f"item `{item.id}` is dated {item.created}, ahead of this node's clock"
        raise BadInput(text)
    allowed = item.label.releasable_to
    if allowed and profile.party not in allowed:
        text = f"item `{item.id}` is releasable to {', '.join(allowed)} only"
        raise BadInput(text)


def _relayed(
    state: IngestStage,
    header: LinkHeader,
    part: Part,
    item: Item,
    at: Instant,
    standing: Standing,
) -> None:
    if part.approval is None or part.marking is None:
        text = f"item `{item.id}` was relayed without approval and marking"
        raise BadInput(text)
    originator = card_of(state, item.originator, at)
    if part.approval.party != item.originator:
        text = f"item `{item.id}`: {part.approval.party} cannot approve for others"
        raise BadInput(text)
    verify_act(part.approval, originator)
    if part.approval.agreement not in part.agreements:
        text = (
            f"item `{item.id}`: the approval is under `{part.approval.agreement}`, "
            "which it was not sent under"
        )
        raise BadInput(text)
    wrong = check_approval(
        part.approval, item=item, to=state.profile.party, via=header.sender, at=at
    )
    if wrong:
        raise BadInput(f"item `{item.id}`: {wrong}")
    leave = part.approval
    taken_back = standing.revocations(leave.agreement, leave.party)
    if leave.issued is None or taken_back.covers(leave, leave.issued):
        text = (
            f"item `{item.id}`: {item.originator} has revoked its approval for "
            f"{state.profile.party} via {header.sender} (act `{act_id(leave)}`)"
        )
        raise BadInput(text)


def _take_act(
    state: IngestStage,
    taken: _Taken,
    header: LinkHeader,
    part: Part,
    envelope: Envelope,
    at: Instant,
) -> None:
    brought = Brought(
        id=act_id_in(envelope),
        sender=header.sender,
        originator=header.originator,
        envelope=envelope,
    )
    _named(part, envelope, brought.id)
    act, bell = take_act(state, brought, at, standing=taken.standing)  # 9
    if act is not None:
        taken.acts.append(act)
        # What stands behind it in this message is judged by it.
        taken.standing = taken.standing.after(brought.id, act, at)
    if bell is not None:
        taken.rest.append(bell)
    taken.known_acts.append(brought.id)


def _marking(
    state: IngestStage, header: LinkHeader, part: Part, item: Item
) -> OwnMarking | None:
    texts = {agreement.id: agreement for agreement in state.agreements}
    return mark_on_receipt(
        item,
        by=state.profile.party,
        under=[texts[name] for name in part.agreements],
        cited=part.articles,
        relay=_via(header),
        outside=part.marking,
    )


def _take_statement(
    state: IngestStage, taken: _Taken, by: str, part: Part, seal: Envelope, at: Instant
) -> None:
    card = card_of(state, by, at)
    name, found = take_statement(taken.standing, seal, state=state, card=card, at=at)
    _named(part, seal, name)  # 10
    for body in found:
        taken.acts.append(body)
        taken.standing = taken.standing.consulted(name, body, at)
    taken.known_acts.append(name)


def _held(
    state: IngestStage,
    header: LinkHeader,
    part: Part,
    sealed: SealedItem,
    marking: OwnMarking | None,
    taken_under: tuple[str, ...],
    at: Instant,
) -> ItemHeld:
    return ItemHeld(
        sealed=sealed,
        carriage=Carriage(
            link=header.sender,
            via=_via(header),
            lane=header.lane,
            epoch=header.epoch,
            number=header.number,
            agreements=part.agreements,
            articles=part.articles,
            approval=act_id(part.approval) if part.approval else None,
            history=_is_history(state, header, sealed.item, at),
            marking=marking,
            no_further=part.no_further,
            taken_under=taken_under,
        ),
    )


def _quarantine(
    state: IngestStage,
    header: LinkHeader,
    sealed: SealedItem,
    lapse: Lapse,
    marking: OwnMarking | None,
) -> Quarantine:
    return Quarantine(
        originator=header.originator,
        to=state.profile.party,
        via=_via(header),
        lane=header.lane,
        epoch=header.epoch,
        number=header.number,
        items=(sealed.item.id,),
        agreement=lapse.agreement,
        act=lapse.act,
        reason=lapse.reason,
        sealed=(sealed,),
        marking=marking,
    )


def _refused(part: Part, why: str) -> RefusedPart:
    """Return what the receipt will say of it: a partner reads no odd characters."""
    plain = "".join(c if " " <= c <= "~" else "?" for c in why)
    return RefusedPart(id=part.id, reason=plain[:REASON_MAX])


def _via(header: LinkHeader) -> str | None:
    """Return the relay: the sender, where it is not the originator itself."""
    return header.sender if header.originator != header.sender else None


def _arrival(
    header: LinkHeader,
    digest: str,
    *,
    via: str | None,
    items: tuple[str, ...] = (),
    acts: tuple[str, ...] = (),
    quarantined: tuple[str, ...] = (),
    repeated: tuple[str, ...] = (),
    refused: tuple[RefusedPart, ...] = (),
    closed: EpochHead | None = None,
    again: bool = False,
) -> Arrival:
    return Arrival(
        originator=header.originator,
        to=header.recipient,
        via=via,
        lane=header.lane,
        epoch=header.epoch,
        number=header.number,
        hash=digest,
        items=items,
        acts=acts,
        quarantined=quarantined,
        repeated=repeated,
        refused=refused,
        closed=closed,
        again=again,
    )


def _rejection(source: str, what: str, reason: str, text: str) -> Rejection:
    return Rejection(source=source, what=what, reason=reason, excerpt=text[:512])


def _is_history(
    state: IngestStage, header: LinkHeader, item: Item, at: Instant
) -> bool:
    """Say whether an item is stale on arrival.

    While our clock is not trusted its originator's word alone counts: one that hands
    its own item over after its end tells it as history. A relay's word could keep a
    warning from us that comes late by its way and in time by another.
    """
    if state.clock_trusted:
        return item.valid_until < at
    return header.sender == item.originator and item.valid_until < header.sent
