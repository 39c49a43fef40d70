"""Other ways: may what a suspension withholds leave by a way that it does not close?

It may if ``decide`` would release it now, or let it wait for an answer: an amendment,
an approval, a consent or a text that has begun may open another way at any time. Asking
is not deciding: what may leave is given back to the release stage, which decides it.

Of one look at a partner's shelves each sort of item is asked about once: a decision
reads the form, the originator, the label and the status, and the id of what an approval
names singly. So a look at thousands of items costs a few decisions.
"""

from dataclasses import dataclass, field

from beaconfire.agreements.remembered import withheld_until
from beaconfire.agreements.restored import is_suspended
from beaconfire.seals import codec
from beaconfire.seals.dsse import reopen_item
from beaconfire.stages.link.state import Kept, LinkStage
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import FORM
from beaconfire.vocabulary.times import Instant

_Sort = tuple[str, bool, str | None]


def sort_of(item: Item) -> str:
    """Return in one text what a decision reads of an item beside its id and times."""
    read = (FORM[type(item.body)], item.originator, item.label, item.status)
    return codec.encode(read).decode()


@dataclass(slots=True)
class Ways:
    """The ways to one partner at one instant, each asked once."""

    state: LinkStage
    to: Party
    at: Instant
    _keep: dict[tuple[str, ...], bool] = field(default_factory=dict)
    _until: dict[_Sort, Instant | None] = field(default_factory=dict)
    _named: frozenset[str | None] = frozenset()

    def __post_init__(self) -> None:
        given = self.state.standing.approvals
        self._named = frozenset(approval.act.item for approval in given)

    def keeps(self, kept: Kept) -> bool:
        """Say whether all agreements that keep an item are known to be suspended."""
        names = kept.agreements
        if names not in self._keep:
            state = self.state
            self._keep[names] = all(
                is_suspended(one, state.agreements, state.standing, self.at)
                for one in names
            )
        return self._keep[names]

    def closed_until(self, item: str, kept: Kept) -> Instant | None:
        """Return the last instant until which no way opens by itself.

        ``None`` if one is open, or would be with an answer that may still come.
        """
        # Nobody keeps what has ended for an answer that may still come.
        may_wait = kept.valid_until >= self.at
        sort = (kept.sort, may_wait, item if item in self._named else None)
        if sort not in self._until:
            state = self.state
            self._until[sort] = withheld_until(
                state.memo,
                reopen_item(kept.envelope).item,
                sender=state.profile.party,
                to=self.to,
                at=self.at,
                agreements=state.agreements,
                standing=state.standing,
                may_wait=may_wait,
            )
        return self._until[sort]
