"""Item: what one nation tells others, signed once by its originator.

An item never changes. What a relay or a receiver adds (its own marking, the articles
it relied on) stands outside, in the link message or the journal entry.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Token
from beaconfire.vocabulary.report import Body, Retraction
from beaconfire.vocabulary.times import Instant

Status = Literal["ACTUAL", "EXERCISE", "TEST"]


class Item(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identity, originator, status, label, times, lineage, body.

    ``id`` and the tokens in ``lineage`` are opaque keyed hashes. A lineage token names
    an observation set: items that share one rest on the same sightings, and are
    counted once.
    """

    v: Literal[1] = 1
    id: Token
    originator: Party
    status: Status
    exercise: Token | None = None
    label: Label
    created: Instant
    valid_until: Instant
    lineage: Annotated[tuple[Token, ...], Meta(max_length=64)] = ()
    body: Body

    def is_over(self, at: Instant) -> bool:
        """Whether nobody is told of it any more at ``at``, unless as history.

        A retraction is never over: whoever was handed what was wrong hears of it.
        """
        return not isinstance(self.body, Retraction) and self.valid_until < at
