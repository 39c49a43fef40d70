"""Release: for every item and every partner, leave to send or not, with the articles.

* The decision is ``agreements.decision.decide``, remembered while it cannot differ, and
  nothing else; this stage asks it
  once for each item and partner, and again for what lacked an approval when one comes.
* Our own items are asked about for every partner of their audience; a partner's item
  only where we may be its relay, and never back to where it came from. A product of
  ours is made of our own sensors alone, so no other case exists.
* Deciding is not sending: the link stage judges again at hand-over.
"""

from dataclasses import dataclass, field

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.memo import Memo
from beaconfire.agreements.remembered import decide_remembered, may_relay_remembered
from beaconfire.agreements.standing import Standing
from beaconfire.journal.entry import Entry
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.cards import NodeProfile
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.decisions import Release
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import Instant

# Relayable items kept for an approval that may still come; older ones have expired.
REFUSED_KEPT_MAX = 2_000


@dataclass(slots=True, kw_only=True)
class ReleaseStage:
    """The state of the stage; owned by it and changed in place.

    ``refused`` keeps, by item and partner, partners' items that were refused and may
    be allowed by an approval while they are still valid.
    """

    profile: NodeProfile
    agreements: tuple[Agreement, ...]
    standing: Standing
    refused: dict[str, tuple[Item, list[Party]]] = field(default_factory=dict)
    memo: Memo = field(default_factory=Memo, compare=False, repr=False)


def begin(
    profile: NodeProfile, agreements: tuple[Agreement, ...], *, standing: Standing
) -> ReleaseStage:
    """Return the state of a node that has decided nothing yet."""
    return ReleaseStage(profile=profile, agreements=agreements, standing=standing)


def step(
    state: ReleaseStage, entry: Entry
) -> tuple[ReleaseStage, tuple[EntryBody, ...]]:
    """Take one entry; return the state and the decisions that follow from it."""
    body = entry.body
    if isinstance(body, ItemHeld):
        return state, tuple(_decide_all(state, body, entry.at))
    if isinstance(body, Act):
        state.standing = state.standing.after(entry.id, body, entry.at)
        if body.act == "approve":
            return state, tuple(_decide_again(state, body, entry.at))
    return state, ()


def _decide_all(state: ReleaseStage, held: ItemHeld, at: Instant) -> list[EntryBody]:
    item = held.sealed.item
    carriage = held.carriage
    own = carriage is None
    if carriage is not None and (carriage.via is not None or carriage.history):
        return []  # what was relayed to us ends here; what is stale warns nobody
    out: list[EntryBody] = []
    refused: list[Party] = []
    for card in state.profile.partners:
        to = card.party
        if to == item.originator:
            continue
        if own and held.audience is not None and to not in held.audience:
            continue
        if not own and not may_relay_remembered(
            state.memo,
            originator=item.originator,
            relay=state.profile.party,
            to=to,
            at=at,
            agreements=state.agreements,
            standing=state.standing,
        ):
            continue
        decision = _decide(state, item, to, at)
        out.append(decision)
        if not own and not isinstance(decision, Release):
            refused.append(to)
    if refused:
        state.refused[_name(item)] = (item, refused)
        while len(state.refused) > REFUSED_KEPT_MAX:
            del state.refused[next(iter(state.refused))]
    return out


def _decide_again(state: ReleaseStage, approval: Act, at: Instant) -> list[EntryBody]:
    """Ask again about what ``approval`` may open: its party's items, to whom it names.

    Whatever else was refused it leaves refused, without asking.
    """
    out: list[EntryBody] = []
    still: dict[str, tuple[Item, list[Party]]] = {}
    for name, (item, parties) in state.refused.items():
        if item.valid_until < at:
            continue
        left = list(parties)
        named = (approval.party, approval.via) == (item.originator, state.profile.party)
        if named and approval.to is not None and approval.to in left:
            decision = _decide(state, item, approval.to, at)
            if isinstance(decision, Release):
                out.append(decision)
                left.remove(approval.to)
        if left:
            still[name] = (item, left)
    state.refused = still
    return out


def _name(item: Item) -> str:
    # An id is its originator's alone: two nations may use the same.
    return f"{item.originator} {item.id}"


def _decide(state: ReleaseStage, item: Item, to: Party, at: Instant) -> EntryBody:
    return decide_remembered(
        state.memo,
        item,
        sender=state.profile.party,
        to=to,
        at=at,
        agreements=state.agreements,
        standing=state.standing,
    )
