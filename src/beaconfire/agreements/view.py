"""View: what one party has done to one agreement, in the order of its own instants.

* **An act has its place by its own instant, not by its arrival.** Acts reach a node by
  several routes: two nodes that know the same acts of a party have the same view, in
  whatever order they came, and an act that comes twice counts once.
* A view is bounded. Of more acts than are kept the oldest that later ones have
  overtaken are forgotten, and what is as old as they were is not taken any more, so
  that nothing forgotten comes back. Where all of them count, no more are taken.

What a view means for an agreement is ``standing.py``'s to say.
"""

from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from beaconfire.vocabulary.acts import Act, ActName
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import EARLIEST, Instant

NOTICE_ACTS: tuple[ActName, ...] = ("notice", "notice-suspend", "withdraw")
# The acts that make a view, and those of them after which more may leave.
STATUS_ACTS: tuple[ActName, ...] = ("suspend", "restore", *NOTICE_ACTS, "contest")
OPENING_ACTS: tuple[ActName, ...] = ("restore", "notice-suspend", "withdraw")

ACTS_KEPT_MAX = 256  # of one party on one agreement: centuries of disputes


class Recorded(Struct, frozen=True, kw_only=True):
    """An act, the entry that records it, and when this node recorded it."""

    entry: str
    at: Instant
    act: Act

    @property
    def issued(self) -> Instant:
        """The act's own instant; a file for a decision on paper may leave it out."""
        return self.act.issued or self.at

    @property
    def order(self) -> tuple[Instant, str]:
        """Its place among the acts of its party."""
        return (self.issued, self.entry)


class View(Struct, frozen=True, kw_only=True):
    """What one party has done to one agreement, in the order of its own instants.

    What was issued at ``floor`` or before, and is not here, has been forgotten.
    """

    agreement: str
    party: Party
    acts: tuple[Recorded, ...] = ()
    floor: Instant = EARLIEST

    @property
    def suspension(self) -> Recorded | None:
        """The suspension that stands, if the party's last word is one."""
        for recorded in reversed(self.acts):
            if recorded.act.act == "suspend":
                return recorded
            if recorded.act.act == "restore":
                return None
        return None

    @property
    def notices(self) -> tuple[Recorded, ...]:
        """Its acts about notice of termination."""
        return tuple(one for one in self.acts if one.act.act in NOTICE_ACTS)

    @property
    def contest(self) -> Recorded | None:
        """The party's last word that it does not accept how another would end it."""
        own = (one for one in reversed(self.acts) if one.act.act == "contest")
        return next(own, None)

    def knows(self, entry_id: str, act: Act) -> bool:
        """Say whether ``act`` is here, or as old as what was forgotten."""
        if any(recorded.entry == entry_id for recorded in self.acts):
            return True
        return act.issued is not None and act.issued <= self.floor

    def has_room(self, recorded: Recorded) -> bool:
        """Say whether ``recorded`` can be taken in and nothing that counts is lost."""
        if len(self.acts) < ACTS_KEPT_MAX:
            return True
        return _overtaken(self._with(recorded)) is not None

    def with_act(self, recorded: Recorded) -> "View":
        """Return the view once ``recorded`` is among its acts."""
        if self.knows(recorded.entry, recorded.act):
            return self
        acts = self._with(recorded)
        floor = self.floor
        if len(acts) > ACTS_KEPT_MAX:
            # Whoever takes acts in asks ``has_room`` before.
            forgotten = _overtaken(acts) or acts[0]
            floor = max(floor, forgotten.issued)
            acts = tuple(one for one in acts if one is not forgotten)
        return replace(self, acts=acts, floor=floor)

    def _with(self, recorded: Recorded) -> tuple[Recorded, ...]:
        return tuple(sorted((*self.acts, recorded), key=lambda one: one.order))


def _overtaken(acts: tuple[Recorded, ...]) -> Recorded | None:
    """Return the oldest act without which the view means the same; ``None`` if none is.

    Of suspensions and restorations, and of contests, the last one speaks. A notice, or
    its end, that came before stays: it may have taken effect, and that is final; but
    the same said twice in a row is said once.
    """
    made = [one for one in acts if one.act.act in ("suspend", "restore")]
    contests = [one for one in acts if one.act.act == "contest"]
    notices = [one for one in acts if one.act.act in NOTICE_ACTS]
    again = [two for one, two in pairwise(notices) if one.act.act == two.act.act]
    spare = (*made[:-1], *contests[:-1], *again)
    return min(spare, key=lambda one: one.order, default=None)
