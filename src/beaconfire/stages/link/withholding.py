"""Withholding: what a suspension keeps from leaving, until it is decided again.

* On the shelf goes what was refused, or withdrawn after its release, because an
  agreement is suspended, and for no other reason. It stays there while all of these
  agreements are suspended. What waited when another text took an agreement's place
  passes through it, to be decided under that text.
* So does what crossed a suspension on its way and was set apart by its recipient. If
  its act has not come here yet, it stays until there is one on its agreements.
* When one is restored, or has ended for good, what it kept is given back to the
  decision: retractions first, in the very turn of the act, then of each shelf the
  oldest first, some in each turn, as fast as ticks come.
* A decision takes it off the shelf: it leaves, waits for an answer, is refused, or is
  withheld anew. So does a retraction. Whatever else takes it off is journalled as
  withheld for good, with why.
* Each recipient, originator, way and lane has a shelf of its own, and retractions have
  one beside it: nobody's items push out another's, and plots push out no notice.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from beaconfire.agreements.restored import is_suspended
from beaconfire.seals.dsse import reopen_item
from beaconfire.stages.link.state import Kept, LinkStage, Partner
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import Foregone, Reconsideration
from beaconfire.vocabulary.entries.sightings import Bell
from beaconfire.vocabulary.link import SealedItem
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import Form
from beaconfire.vocabulary.times import Instant

# Kept on one shelf: half an hour of one radar, the length of a flight, and some 3 MB.
# Of more the newest are kept: what is oldest says least about what is to come.
WITHHELD_KEPT_MAX = 2_000
# Of one shelf given back in one turn: a turn stays short, the next tick goes on.
AGAIN_MAX = 8
# Retractions of one shelf given back in one turn, and so before anything else: one
# message of them. More were never seen of one suspension.
RETRACTIONS_AGAIN_MAX = 50

_RETRACTIONS = "retraction"


def shelve(
    state: LinkStage,
    partner: Partner,
    name: str,
    item: str,
    kept: Kept,
    at: Instant,
    *,
    ask: bool = True,
) -> list[EntryBody]:
    """Keep an item; return what gave way to it, withheld for good.

    ``ask`` for it at once if nothing that we know of keeps it any more.
    """
    shelf = partner.withheld.setdefault(name, {})
    shelf.pop(item, None)
    shelf[item] = kept
    if ask and _is_open(state, kept, at):
        # Restored while its withdrawal was being written, or before it was heard of.
        partner.to_ask.setdefault(name, {})[item] = None
    if len(shelf) <= WITHHELD_KEPT_MAX:
        return []
    oldest = next(iter(shelf))
    text = f"{WITHHELD_KEPT_MAX} newer items were withheld from {partner.card.party}"
    return [_forego(partner, name, oldest, text)]


def shelf_of(originator: Party, form: Form, via: Party | None) -> str:
    """Return the name of the shelf for items of that form by that way.

    Impact areas stand with notices, as they share a lane.
    """
    group = "notice" if form in ("impact", "report") else form
    return f"{originator} {via or originator} {group}"


def find(partner: Partner, name: str, item: str) -> SealedItem | None:
    """Return a shelved item, ``None`` if it is not there."""
    kept = partner.withheld.get(name, {}).get(item)
    return None if kept is None else reopen_item(kept.envelope)


def take_off(partner: Partner, name: str, item: str) -> None:
    """Forget a shelved item: it has been decided."""
    shelf, marked = partner.withheld.get(name, {}), partner.to_ask.get(name, {})
    shelf.pop(item, None)
    marked.pop(item, None)
    if not shelf:
        partner.withheld.pop(name, None)
    if not marked:
        partner.to_ask.pop(name, None)


def forget(state: LinkStage, gone: Foregone) -> None:
    """Take off the shelves what the decision says will not be decided again."""
    partner = state.partners[gone.to]
    for name in list(partner.withheld):
        if name.startswith(f"{gone.originator} {gone.via or gone.originator} "):
            for item in gone.items:
                take_off(partner, name, item)


def take_back(
    state: LinkStage, originator: Party, item: str, why: str
) -> list[EntryBody]:
    """Take what its originator has retracted off every shelf."""
    return [
        _forego(partner, name, item, why)
        for partner in state.partners.values()
        for name in [n for n in partner.withheld if n.startswith(f"{originator} ")]
        if item in partner.withheld[name]
    ]


def look_again(
    state: LinkStage, at: Instant, agreement: str | None = None
) -> list[EntryBody]:
    """Mark what is not withheld any more, and tell the release officer how much it is.

    Called when an act on ``agreement`` has come, or an end of any: then alone can it
    have changed.
    """
    still: dict[tuple[str, ...], bool] = {}
    told: list[EntryBody] = []
    for partner in state.partners.values():
        counts: dict[str, int] = {}
        for name, shelf in partner.withheld.items():
            marked = partner.to_ask.get(name, {})
            for item, kept in shelf.items():
                if agreement is not None and agreement not in kept.agreements:
                    continue
                if kept.agreements not in still:
                    still[kept.agreements] = not _is_open(state, kept, at)
                if not still[kept.agreements] and item not in marked:
                    marked[item] = None
                    under = " and ".join(kept.agreements)
                    counts[under] = counts.get(under, 0) + 1
            if marked:
                partner.to_ask[name] = marked
        told.extend(_told(partner, under, many) for under, many in counts.items())
    return told


def give_back(partners: Iterable[Partner]) -> Iterator[Reconsideration]:
    """Give some of what is marked back to the decision, retractions before all else."""
    among = list(partners)
    for first in (True, False):
        at_most = RETRACTIONS_AGAIN_MAX if first else AGAIN_MAX
        for partner in among:
            for name in list(partner.to_ask):
                if name.endswith(_RETRACTIONS) == first:
                    yield from _some(partner, name, at_most)


def asks(partner: Partner) -> bool:
    """Say whether anything is to be decided again."""
    return bool(partner.to_ask)


def _some(partner: Partner, name: str, at_most: int) -> Iterator[Reconsideration]:
    marked, shelf = partner.to_ask[name], partner.withheld.get(name, {})
    for item in list(islice(marked, at_most)):
        del marked[item]
        kept = shelf[item]
        sealed = reopen_item(kept.envelope)
        yield Reconsideration(
            originator=sealed.item.originator,
            to=partner.card.party,
            via=kept.via,
            agreements=kept.agreements,
            was=kept.was,
            sealed=sealed,
        )
    if not marked:
        del partner.to_ask[name]


def _is_open(state: LinkStage, kept: Kept, at: Instant) -> bool:
    return not all(
        is_suspended(one, state.agreements, state.standing, at)
        for one in kept.agreements
    )


def _forego(partner: Partner, name: str, item: str, why: str) -> Foregone:
    kept = partner.withheld[name][item]
    take_off(partner, name, item)
    return Foregone(
        originator=name.partition(" ")[0],
        to=partner.card.party,
        via=kept.via,
        items=(item,),
        reason=why,
    )


def _told(partner: Partner, agreements: str, many: int) -> Bell:
    text = (
        f"{agreements}: {many} items withheld from {partner.card.party} are decided "
        "again, `journal withheld` lists them"
    )
    return Bell(role="release officer", text=text)
