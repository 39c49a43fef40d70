"""Standing: what the acts so far have made of the agreements, as a fold.

* Each party's own view of each agreement is kept: the latest of its suspend and
  restore acts. If any party's view is *suspended*, nothing leaves under the agreement
  in either direction. Only the party that suspended can restore its own suspension.
* Approvals stand until they expire or the originator revokes what names the same item
  or class, recipient and relay.
* Notice, its suspension and its withdrawal are read but not carried out in this first
  form. ``entitled`` says so, and whoever takes acts in must ask it: an act that is
  not entitled must never be folded in.

Nothing here verifies a signature and nothing reads a clock: acts count from the
instant of their entry, in the order in which they are folded.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from beaconfire.agreements.agreement import Agreement
from beaconfire.vocabulary.acts import LAUNCH_WARNING, Act
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.report import FORM
from beaconfire.vocabulary.times import Instant

State = Literal["not yet", "in force", "suspended", "terminated"]

CLASSES = (LAUNCH_WARNING, *(body.__name__ for body in FORM))

# An approval that ended longer ago than this is dropped when the next act comes in:
# until then a refusal can still say that it expired.
_EXPIRED_KEPT_S = 3600.0


class View(Struct, frozen=True, kw_only=True):
    """What one party last said of one agreement, and the entry that says it."""

    agreement: str
    party: Party
    says: Literal["suspend", "restore"]
    entry: str
    at: Instant


class Approval(Struct, frozen=True, kw_only=True):
    """An approval and the entry that records it."""

    entry: str
    act: Act


class AgreementStatus(Struct, frozen=True, kw_only=True):
    """Is it in force, by which article and acts? ``reason`` is a sentence.

    ``need`` says what would put it in force; empty while it is.
    """

    in_force: bool
    state: State
    acts: tuple[str, ...]
    article: str | None
    reason: str
    need: str = ""


class Standing(Struct, frozen=True, kw_only=True):
    """The fold of all acts so far. Start with ``Standing()``; it never changes."""

    views: tuple[View, ...] = ()
    approvals: tuple[Approval, ...] = ()

    def after(self, entry_id: str, act: Act, at: Instant) -> "Standing":
        """Return the standing once ``act``, recorded as ``entry_id``, has happened."""
        if act.act in ("suspend", "restore"):
            view = View(
                agreement=act.agreement,
                party=act.party,
                says=act.act,
                entry=entry_id,
                at=at,
            )
            others = (v for v in self.views if _seat(v) != _seat(view))
            return replace(self, views=tuple(sorted((*others, view), key=_seat)))
        current = [a for a in self.approvals if not _long_over(a, at)]
        if act.act == "approve":
            # A renewal stands beside what it renews: a release that rests on the
            # older one must not lapse. The same act, heard again, adds nothing.
            if all(approval.act != act for approval in current):
                current.append(Approval(entry=entry_id, act=act))
            return replace(self, approvals=tuple(current))
        if act.act == "revoke":
            kept = [a for a in current if _scope(a.act) != _scope(act)]
            return replace(self, approvals=tuple(kept))
        # The three acts about notice: see the third rule above.
        return self

    def approval(self, entry_id: str) -> Act | None:
        """Return the approval recorded as ``entry_id``, if it still stands."""
        for approval in self.approvals:
            if approval.entry == entry_id:
                return approval.act
        return None


def status_of(agreement: Agreement, standing: Standing, at: Instant) -> AgreementStatus:
    """Return whether ``agreement`` is in force at ``at``, and on what that rests."""
    article = agreement.cite(agreement.status_article)
    if at < agreement.in_force_from:
        return AgreementStatus(
            in_force=False,
            state="not yet",
            acts=(),
            article=article,
            reason=f"{agreement.id} is in force from {agreement.in_force_from} only",
            need=f"a send at or after {agreement.in_force_from}",
        )
    views = [
        view
        for view in standing.views
        if view.agreement == agreement.id and view.party in agreement.parties
    ]
    closed = [view for view in views if view.says == "suspend"]
    if closed:
        told = " and ".join(
            f"suspended by {view.party} since {view.at} (act `{view.entry}`)"
            for view in closed
        )
        parties = " and by ".join(view.party for view in closed)
        return AgreementStatus(
            in_force=False,
            state="suspended",
            acts=tuple(view.entry for view in closed),
            article=article,
            reason=f"{agreement.id} is {told}",
            need=f"{agreement.id} restored by {parties}",
        )
    return AgreementStatus(
        in_force=True,
        state="in force",
        acts=tuple(view.entry for view in views),
        article=article,
        reason=f"{agreement.id} is in force",
    )


def entitled(
    agreement: Agreement, act: Act, standing: Standing | None = None
) -> str | None:
    """Return why ``act`` may not be done to ``agreement``, ``None`` if it may.

    With ``standing``, a restoration is also checked against what its party suspended.
    """
    if act.agreement != agreement.id:
        return f"the act is for `{act.agreement}`, not for {agreement.id}"
    if not agreement.binds(act.party):
        return f"{act.party} is no party to {agreement.id}"
    if act.act in ("notice", "notice-suspend", "withdraw"):
        return f"`{act.act}` is not carried out in this first form: nothing was changed"
    if act.act in ("approve", "revoke"):
        return _approval_flaw(agreement, act)
    if any((act.item, act.to, act.via, act.item_class, act.expires)):
        return f"`{act.act}` concerns the whole agreement: it names no item, way or end"
    if standing is not None and act.act == "restore":
        mine = [v for v in standing.views if _seat(v) == (act.agreement, act.party)]
        if not any(view.says == "suspend" for view in mine):
            return (
                f"{act.party} has not suspended {agreement.id}: only the party that "
                "suspended it can restore it"
            )
    return None


def _approval_flaw(agreement: Agreement, act: Act) -> str | None:
    if act.to is None or act.via is None:
        return "an approval names the recipient and the relay (`to` and `via`)"
    if len({act.party, act.to, act.via}) != 3:
        return "an approval names three different parties: who approves, via and to"
    if not agreement.binds(act.via):
        return f"{act.via} is no party to {agreement.id}"
    if act.item is None and act.item_class is None:
        return "an approval names an item or a class"
    if act.item_class is not None and act.item_class not in CLASSES:
        return f"`{act.item_class}` is no class: write one of {', '.join(CLASSES)}"
    if act.act == "approve" and act.expires is None:
        return "an approval names the instant at which it expires"
    if act.expires and act.issued and act.expires <= act.issued:
        return f"the approval expires at {act.expires}, before it begins"
    return None


def _seat(view: View) -> tuple[str, str]:
    return (view.agreement, view.party)


def _scope(act: Act) -> tuple[str | None, ...]:
    return (act.agreement, act.party, act.item, act.item_class, act.to, act.via)


def _long_over(approval: Approval, at: Instant) -> bool:
    expires = approval.act.expires
    return expires is not None and at.seconds_since(expires) > _EXPIRED_KEPT_S
