"""Acts from partners: whoever brings one, its author's people signed it; taken once.

* An act comes from its author or from another party of its agreement, the signed bytes
  unchanged. Who brings it proves nothing: the author's key on the author's card does.
* It concerns us, and the partner that brings it, as parties to its agreement. What it
  means now is asked of nobody: acts come in any order and find their place later.
* What is known, superseded or over changes nothing and is no fault.
* An act dated ahead of our clock is kept until that instant. One whose author's card
  or whose text we do not hold, or whose author's card is revoked, is refused, and kept:
  a start with another card or the text judges it again.
  So no act is lost for having come too early. What is kept is bounded.

Left to others: that the part is the one its header names (``partners``), telling the
other parties (the link stage).
"""

from msgspec.structs import replace

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.entitled import came_late, entitled, too_many
from beaconfire.agreements.standing import Standing
from beaconfire.errors import BadInput, Refused
from beaconfire.seals.acts import act_id, open_act
from beaconfire.seals.cards import require_valid
from beaconfire.stages.ingest.state import Brought, IngestStage
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.sightings import Bell, Rejection
from beaconfire.vocabulary.printable import printable
from beaconfire.vocabulary.times import AHEAD_S_MAX, Instant

KEPT_AHEAD_S_MAX = 86_400.0  # a clock that is wrong by more than a day must be mended
KEPT_ACTS_MAX = 64  # of one partner that brings them; a party acts a few times a year


class _Early(BadInput):
    """The act may be right; this node cannot know yet."""


def take_act(
    state: IngestStage, brought: Brought, at: Instant, *, standing: Standing
) -> tuple[Act | None, Bell | None]:
    """Return the act if it is new here, and what a person is to be told.

    Raises:
        BadInput: it is refused; says why, and what would have to be done.
    """
    try:
        act = _verified(state, brought, at)
    except _Early:
        # A start may tell, no instant does.
        _keep(state, replace(brought, counts_from=None))
        raise
    if standing.knows(brought.id, act) or _over(act, at):
        return None, None
    wrong = too_many(act, standing)
    if wrong:
        raise BadInput(f"act `{brought.id}`: {wrong}")
    assert act.issued is not None  # verified acts are dated
    ahead_s = act.issued.seconds_since(at)
    if ahead_s <= AHEAD_S_MAX:
        under = next(a for a in state.agreements if a.id == act.agreement)
        late = came_late(under, act, at)
        if late is None:
            return act, None
        text = f"{late}: it counts by its date; contest it if you do not accept that"
        return act, Bell(role="release officer", text=text)
    if ahead_s > KEPT_AHEAD_S_MAX:
        text = (
            f"act `{brought.id}` is dated {act.issued}, more than a day ahead of this "
            f"node's clock: ask {act.party} to set its clock and to issue it anew"
        )
        raise BadInput(text)
    repeated = any(
        kept.id == brought.id and kept.counts_from is not None
        for kept in state.early.values()
    )
    _keep(state, replace(brought, counts_from=act.issued))
    if repeated:
        return None, None
    text = (
        f"`{act.act}` of {act.party} on {act.agreement} (act `{brought.id}`) is dated "
        f"{act.issued}, ahead of this node's clock: it is kept and counts from then"
    )
    return None, Bell(role="release officer", text=text)


def take_again(state: IngestStage, at: Instant, *, start: bool) -> list[EntryBody]:
    """Judge what was kept and is due, or everything when the node starts anew."""
    out: list[EntryBody] = []
    standing = state.standing
    for key, brought in list(state.early.items()):
        if not start and not _is_due(brought, at):
            continue
        del state.early[key]
        try:
            act, bell = take_act(state, brought, at, standing=standing)
        except BadInput as error:
            out.append(refusal(brought, str(error)))
            continue
        if act is not None:
            out.append(act)
            standing = standing.after(brought.id, act, at)
        if bell is not None and not start:
            out.append(bell)
    return out


def due(state: IngestStage) -> Instant | None:
    """Return when the next act that was kept begins to count; ``None`` if none does."""
    times = [
        brought.counts_from.plus_s(-AHEAD_S_MAX)
        for brought in state.early.values()
        if brought.counts_from is not None
    ]
    return min(times, default=None)


def refusal(brought: Brought, reason: str) -> Rejection:
    """Return the entry that says why an act was refused."""
    return Rejection(
        source=brought.sender,
        what="act",
        reason=printable(reason),
        excerpt=brought.id,
    )


def _verified(state: IngestStage, brought: Brought, at: Instant) -> Act:
    name = f"act `{brought.id}`"
    card = state.profile.partner(brought.originator)
    if card is None:
        text = (
            f"{name} is said to be {brought.originator}'s, whose card this node does "
            "not hold, so its signature proves nothing: add the card with `beaconfire "
            "partner add` and start the node again; the act is kept until then"
        )
        raise _Early(text)
    closed = state.standing.trust.closing(card.party)
    if closed is not None:
        raise _Early(f"{name}: {closed.refusal}")
    _require_valid(card, at)
    act = open_act(brought.envelope, card)
    assert act_id(act) == brought.id
    agreement = next((a for a in state.agreements if a.id == act.agreement), None)
    if agreement is None:
        text = (
            f"{name} is on `{act.agreement}`, which is not signed here; it is kept "
            "until the node starts with that text, signed by all its parties"
        )
        raise _Early(text)
    wrong = entitled(agreement, act) or _misdirected(state, brought, agreement)
    if wrong:
        raise BadInput(f"{name}: {wrong}")
    return act


def _misdirected(
    state: IngestStage, brought: Brought, agreement: Agreement
) -> str | None:
    for party, fault in (
        (state.profile.party, f"{brought.sender} was not to tell it"),
        (brought.sender, f"ask {brought.originator} how it came to know"),
    ):
        if not agreement.binds(party):
            return f"{party} is no party to {agreement.id}: {fault}"
    return None


def _require_valid(card: Card, at: Instant) -> None:
    try:
        require_valid(card, at)
    except Refused as error:
        raise BadInput(str(error)) from None


def _over(act: Act, at: Instant) -> bool:
    # An approval that has ended opens nothing, and is soon forgotten: taken again and
    # again it would be told again and again.
    return act.act == "approve" and act.expires is not None and act.expires < at


def _is_due(brought: Brought, at: Instant) -> bool:
    since = brought.counts_from
    return since is not None and since.seconds_since(at) <= AHEAD_S_MAX


def _keep(state: IngestStage, brought: Brought) -> None:
    """Keep an act for later; of too many from one partner the oldest gives way.

    Each partner's own bytes are kept: what another brings under the same id may be
    forged, or give way to whatever else that one brings.
    """
    state.early[f"{brought.sender} {brought.id}"] = brought
    same = [key for key, one in state.early.items() if one.sender == brought.sender]
    if len(same) > KEPT_ACTS_MAX:
        del state.early[same[0]]
