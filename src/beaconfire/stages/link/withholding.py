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
* So is what another way allows meanwhile, or lets wait for an answer: looked for after
  an act on an agreement that binds the recipient, after a word on a consultation about
  it, at the instants from which that may differ, and at a start (``other_ways``).
* A decision takes it off the shelf: it leaves, waits for an answer, is refused, or is
  withheld anew. So does a retraction. Whatever else takes it off is journalled as
  withheld for good, with why.
* Each recipient, originator, way and lane has a shelf of its own, and retractions have
  one beside it: nobody's items push out another's, and plots push out no notice.
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Literal

from beaconfire.seals.dsse import envelope_of, reopen_item
from beaconfire.stages.link.other_ways import Ways, sort_of
from beaconfire.stages.link.state import Kept, LinkStage, Partner
from beaconfire.vocabulary.entries import EntryBody
from beaconfire.vocabulary.entries.carriage import Foregone, Reconsideration
from beaconfire.vocabulary.entries.sightings import Bell
from beaconfire.vocabulary.link import SealedItem
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import Form, Retraction
from beaconfire.vocabulary.times import LATEST, Instant

# Kept on one shelf: half an hour of one radar, the length of a flight, and some 3 MB.
# Of more the newest are kept: what is oldest says least about what is to come.
WITHHELD_KEPT_MAX = 2_000
# Of one shelf given back in one turn: a turn stays short, the next tick goes on.
AGAIN_MAX = 8
# Retractions of one shelf given back in one turn, and so before anything else: one
# message of them. More were never seen of one suspension.
RETRACTIONS_AGAIN_MAX = 50

_RETRACTIONS = "retraction"


def kept_of(
    sealed: SealedItem,
    via: Party | None,
    keepers: tuple[str, ...],
    was: Literal["refused", "withdrawn", "quarantined"],
) -> Kept:
    """Return an item as it stands on a shelf, kept by the agreements named."""
    item = sealed.item
    return Kept(
        envelope=envelope_of(sealed),
        via=via,
        agreements=keepers,
        was=was,
        sort=sort_of(item),
        valid_until=LATEST if isinstance(item.body, Retraction) else item.valid_until,
    )


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
    ways = Ways(state, partner.card.party, at)
    if ways.keeps(kept):
        until = ways.closed_until(item, kept)
        _look_at(partner, until)
        ask = ask and until is None
    if ask:
        # Restored while its withdrawal was being written, or before it was heard of;
        # or another way is open.
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
    state: LinkStage,
    partners: Iterable[Partner],
    at: Instant,
    on: Collection[str] | None = None,
) -> list[EntryBody]:
    """Mark what may leave now, or wait for an answer; tell the release officer of it.

    ``on`` are the agreements that an act or an end has just changed, ``None`` for any
    of them: what these kept is decided again whatever comes of it. All else on the
    shelves of ``partners`` is, where another way is open by now.
    """
    told: list[EntryBody] = []
    for partner in partners:
        ways = Ways(state, partner.card.party, at)
        partner.closed_until = None
        counts: dict[str, int] = {}
        for name, shelf in partner.withheld.items():
            marked = partner.to_ask.get(name, {})
            for item, kept in shelf.items():
                if item in marked:
                    continue
                if ways.keeps(kept):
                    until = ways.closed_until(item, kept)
                    if until is not None:
                        _look_at(partner, until)
                        continue
                elif on is not None and not set(on).intersection(kept.agreements):
                    continue
                marked[item] = None
                under = " and ".join(kept.agreements)
                counts[under] = counts.get(under, 0) + 1
            if marked:
                partner.to_ask[name] = marked
        told.extend(_told(partner, under, many) for under, many in counts.items())
    return told


def look_in_time(state: LinkStage, at: Instant) -> list[EntryBody]:
    """Look at the shelves for which the time has come."""
    late = [
        partner
        for partner in state.partners.values()
        if partner.closed_until is not None and partner.closed_until < at
    ]
    return look_again(state, late, at, ())


def due(partner: Partner) -> Instant | None:
    """Return when something is to be decided again, or may have to be."""
    if partner.to_ask:
        return Instant(0)  # at once
    until = partner.closed_until
    return None if until is None else Instant(until.ns + 1)


def give_back(partners: Iterable[Partner]) -> Iterator[Reconsideration]:
    """Give some of what is marked back to the decision, retractions before all else."""
    among = list(partners)
    for first in (True, False):
        at_most = RETRACTIONS_AGAIN_MAX if first else AGAIN_MAX
        for partner in among:
            for name in list(partner.to_ask):
                if name.endswith(_RETRACTIONS) == first:
                    yield from _some(partner, name, at_most)


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


def _look_at(partner: Partner, until: Instant | None) -> None:
    if until is not None and until < LATEST:
        partner.closed_until = min(until, partner.closed_until or until)


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
