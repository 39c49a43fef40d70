"""Known: which items came before, by whichever route.

* An id is its originator's alone, and each originator has bounds of its own: nobody
  makes us forget another's.
* What is still valid, or ended within the hour, is remembered whatever it is.
* What ended longer ago may still come once more: what was withheld under one agreement
  comes as history when that is restored, years after another route brought it. So of
  each form as many ids are remembered as a partner keeps of what it withheld.
"""

from msgspec.structs import replace

from beaconfire.stages.ingest.state import Held, IngestStage
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import FORM
from beaconfire.vocabulary.times import Instant

HELD_AFTER_S = 3600.0  # how long after its validity an item's id is surely remembered
# Ids remembered at most of one originator: minutes at the highest rate planned for. A
# repeat comes by its other route within seconds, and by its own its number refuses it.
HELD_ITEMS_MAX = 50_000
# Ids of what ended long ago, of one originator and form: what a partner keeps of what
# it withheld, on one shelf.
PAST_IDS_MAX = 2_000


def find(state: IngestStage, item: Item) -> Held | None:
    """Return what is remembered of an item of this id, ``None`` if nothing is."""
    return _place(state, item).get(item.id)


def remember(state: IngestStage, item: Item, held: Held) -> None:
    """Remember an item, or another route by which it came."""
    _place(state, item)[item.id] = held


def brought_too(state: IngestStage, item: Item, held: Held, link: Party) -> None:
    """Note another link that has brought an item that is known."""
    remember(state, item, replace(held, links=(*held.links, link)))


def forget(state: IngestStage, originator: Party, at: Instant) -> None:
    """Let go of ids that ended long ago, oldest arrivals first, and of too many."""
    held = state.held.get(originator, {})
    while held:
        oldest = next(iter(held))
        long_over = at.seconds_since(held[oldest].valid_until) > HELD_AFTER_S
        if not long_over and len(held) <= HELD_ITEMS_MAX:
            return
        known = held.pop(oldest)
        if long_over:
            past = state.past.setdefault(f"{originator} {known.form}", {})
            past[oldest] = known
            if len(past) > PAST_IDS_MAX:
                del past[next(iter(past))]


def _place(state: IngestStage, item: Item) -> dict[str, Held]:
    past = state.past.get(f"{item.originator} {FORM[type(item.body)]}", {})
    if item.id in past:
        return past
    return state.held.setdefault(item.originator, {})
