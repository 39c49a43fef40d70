"""Standing: what the acts so far have made of the agreements, as a fold.

* Each party's own view of each agreement is kept, and only that party's acts make it.
* Two nodes that know the same acts have the same standing, in whatever order and
  however often these came: each act has its place by its own instant.
* Approvals stand until they expire or the originator revokes what names the same item
  or class, recipient and relay. A revocation is remembered, so that an older approval
  that comes behind it opens nothing.
* What is remembered is the signed act itself, to be told to who has not heard of it.
* A declared record goes on file (``register.py``); it changes no view.
* Which cards are revoked is kept beside it (``trust.py``).
* An act that is not ``entitled`` must never be folded in.

Nothing here verifies a signature and nothing reads a clock. What it means at an instant
is ``status.py``'s to say.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from beaconfire.agreements.consultation import (
    Consultations,
    Outcome,
    after,
    doubting,
)
from beaconfire.agreements.register import Register
from beaconfire.agreements.trust import Trust
from beaconfire.agreements.view import STATUS_ACTS, Recorded, View
from beaconfire.seals import codec
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.consultations import Statement
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import EARLIEST, Instant

# An approval that ended longer ago than this is dropped when the next act comes in:
# until then a refusal can still say that it expired.
_EXPIRED_KEPT_S = 3600.0

# Remembered of one party under one agreement. Of more the oldest is forgotten, and an
# approval as old as that is not taken any more.
REVOCATIONS_KEPT_MAX = 256


class Approval(Struct, frozen=True, kw_only=True):
    """An approval and the entry that records it."""

    entry: str
    act: Act
    at: Instant = EARLIEST

    @property
    def issued(self) -> Instant:
        """The approval's own instant, or else that of its entry."""
        return self.act.issued or self.at


class Revoked(Struct, frozen=True, kw_only=True):
    """Of one party: its newest revocation of each thing that approvals name."""

    agreement: str
    party: Party
    acts: dict[str, Recorded] = {}
    floor: Instant = EARLIEST

    def covers(self, act: Act, issued: Instant) -> bool:
        """Say whether an act of ``issued`` was taken back, or is too old to tell."""
        newest = self.acts.get(_scope(act))
        return issued <= max(newest.issued if newest else EARLIEST, self.floor)

    def with_revocation(self, recorded: Recorded) -> "Revoked":
        """Return it once an act has taken back what it names."""
        known = dict(self.acts)
        scope = _scope(recorded.act)
        newest = max(known.get(scope, recorded), recorded, key=lambda one: one.order)
        known[scope] = newest
        floor = self.floor
        if len(known) > REVOCATIONS_KEPT_MAX:
            oldest = min(known, key=lambda one: (known[one].issued, one))
            floor = max(floor, known.pop(oldest).issued)
        return replace(self, acts=dict(sorted(known.items())), floor=floor)


class Standing(Struct, frozen=True, kw_only=True):
    """The fold of all acts so far. Start with ``Standing()``; it never changes."""

    views: tuple[View, ...] = ()
    approvals: tuple[Approval, ...] = ()
    revoked: tuple[Revoked, ...] = ()
    register: Register = Register()
    consultations: Consultations = Consultations()
    trust: Trust = Trust()

    def after(self, entry_id: str, act: Act, at: Instant) -> "Standing":
        """Return the standing once ``act``, recorded as ``entry_id``, has happened."""
        if act.act in STATUS_ACTS:
            recorded = Recorded(entry=entry_id, at=at, act=act)
            view = self.view(act.agreement, act.party).with_act(recorded)
            others = (v for v in self.views if _seat(v) != _seat(act))
            return replace(self, views=tuple(sorted((*others, view), key=_seat)))
        if act.act == "declare":
            return replace(self, register=self.register.after(entry_id, act, at))
        issued = act.issued or at
        current = [a for a in self.approvals if not _long_over(a, at)]
        if act.act == "approve":
            # A renewal stands beside what it renews: a release that rests on the
            # older one must not lapse. The same act, heard again, adds nothing.
            if not self.knows(entry_id, act) and not any(a.act == act for a in current):
                current.append(Approval(entry=entry_id, act=act, at=at))
            return replace(self, approvals=tuple(current))
        # Of all acts only a revocation is left.
        recorded = Recorded(entry=entry_id, at=at, act=act)
        mine = self.revocations(act.agreement, act.party).with_revocation(recorded)
        kept = [
            a
            for a in current
            if _seat(a.act) != _seat(act)
            or _scope(a.act) != _scope(act)
            or issued < a.issued
        ]
        others_revoked = (r for r in self.revoked if _seat(r) != _seat(act))
        return replace(
            self,
            approvals=tuple(kept),
            revoked=tuple(sorted((*others_revoked, mine), key=_seat)),
        )

    def view(self, agreement: str, party: Party) -> View:
        """Return what ``party`` has done to ``agreement``; nothing, if nothing."""
        for view in self.views:
            if (view.agreement, view.party) == (agreement, party):
                return view
        return View(agreement=agreement, party=party)

    def revocations(self, agreement: str, party: Party) -> Revoked:
        """Return what ``party`` has taken back under ``agreement``."""
        for revoked in self.revoked:
            if (revoked.agreement, revoked.party) == (agreement, party):
                return revoked
        return Revoked(agreement=agreement, party=party)

    def knows(self, entry_id: str, act: Act) -> bool:
        """Say whether taking ``act`` in again would change nothing."""
        if act.act in STATUS_ACTS:
            return self.view(act.agreement, act.party).knows(entry_id, act)
        if act.act == "declare":
            return self.register.knows(entry_id)
        mine = self.revocations(act.agreement, act.party)
        if act.issued is not None and mine.covers(act, act.issued):
            return True
        return any(approval.entry == entry_id for approval in self.approvals)

    def recorded_since(self, at: Instant) -> tuple[Recorded, ...]:
        """Return every act that is remembered and was recorded at ``at`` or later.

        In the order in which they were recorded.
        """
        known = [one for view in self.views for one in view.acts]
        known += [one for revoked in self.revoked for one in revoked.acts.values()]
        known += [Recorded(entry=a.entry, at=a.at, act=a.act) for a in self.approvals]
        known += [
            Recorded(entry=filed.entry, at=filed.at, act=filed.act)
            for filed in self.register.filed
        ]
        since = [one for one in known if one.at >= at]
        return tuple(sorted(since, key=lambda one: (one.at, one.order)))

    def consulted(
        self, entry_id: str, body: Statement | Outcome, at: Instant
    ) -> "Standing":
        """Return the standing once ``body``, about a consultation, has happened."""
        known = after(self.consultations, entry_id, body, at)
        return replace(self, consultations=known)

    def distrusting(self, entry_id: str, body: CardRevoked) -> "Standing":
        """Return the standing once a partner's card has been revoked."""
        return replace(
            self,
            trust=self.trust.after(entry_id, body),
            consultations=doubting(self.consultations, body.order.partner),
        )

    def with_cards(self, cards: Iterable[Card]) -> "Standing":
        """Return the standing of a node that lives by these partners' cards."""
        return replace(self, trust=self.trust.with_cards(cards))

    def approval(self, entry_id: str) -> Act | None:
        """Return the approval recorded as ``entry_id``, if it still stands."""
        for approval in self.approvals:
            if approval.entry == entry_id:
                return approval.act
        return None


def _seat(held: View | Revoked | Act) -> tuple[str, str]:
    return (held.agreement, held.party)


def _scope(act: Act) -> str:
    """Return what an approval is for, in one text: the key of a revocation."""
    return codec.encode((act.item, act.item_class, act.to, act.via)).decode()


def _long_over(approval: Approval, at: Instant) -> bool:
    expires = approval.act.expires
    return expires is not None and at.seconds_since(expires) > _EXPIRED_KEPT_S
