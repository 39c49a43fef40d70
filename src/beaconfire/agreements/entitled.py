"""Entitled: may this party do this to this agreement, and does it make sense now?

* Form and party are asked always. Sense, such as restoring what is suspended, is asked
  only with a standing: of our own people at the desk. A partner's acts may come in any
  order, so theirs are taken as they are and find their place by their own instants.
* Whoever takes acts in asks here first: an act that is not entitled is never folded.

Who signed it is verified before, never here.
"""

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.register import may_declare
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.status import open_notices, status_of
from beaconfire.agreements.term import Notice, ends_after, last_day_for
from beaconfire.agreements.view import NOTICE_ACTS, STATUS_ACTS, Recorded
from beaconfire.vocabulary.acts import CLASSES, Act
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import EARLIEST, Instant

# Valid approvals of one party under one agreement; one more must wait for an end.
APPROVALS_MAX = 2_000


def entitled(
    agreement: Agreement, act: Act, standing: Standing | None = None
) -> str | None:
    """Return why ``act`` may not be done to ``agreement``, ``None`` if it may.

    With ``standing``, its sense is asked too: after what its party did before.
    """
    if act.agreement != agreement.id:
        return f"the act is for `{act.agreement}`, not for {agreement.id}"
    if not agreement.binds(act.party):
        return f"{act.party} is no party to {agreement.id}"
    if act.act == "declare":
        known = None if standing is None else standing.register
        return may_declare(act, agreement.parties, known)
    if act.record is not None:
        return f"`{act.act}` carries no record: declare it by itself"
    if act.act in ("approve", "revoke"):
        return _approval_flaw(agreement, act)
    if any((act.item, act.to, act.via, act.item_class, act.expires)):
        return f"`{act.act}` concerns the whole agreement: it names no item, way or end"
    if act.act in NOTICE_ACTS and agreement.term.notice_days is None:
        return (
            f"{_article(agreement)}: {agreement.id} does not say how notice ends it: "
            "it has no `notice_days` under `[term]`"
        )
    if standing is not None and act.issued is not None:
        return _senseless(agreement, act, act.issued, standing)
    return None


def parties_to_tell(agreement: Agreement, act: Act, *, by: Party) -> tuple[Party, ...]:
    """Return whom ``by``, who holds ``act``, is to tell of it, in the text's order.

    That an act exists is confidential among the parties of its agreement. An approval
    concerns the recipient and the relay alone, and it is the relay that acts on it:
    the recipient gets it with every item, so nobody but its author tells it before.
    """
    others = tuple(p for p in agreement.parties if p not in (act.party, by))
    if act.act not in ("approve", "revoke"):
        return others
    concerned = (act.to, act.via) if by == act.party else (act.via,)
    return tuple(party for party in others if party in concerned)


def too_many(act: Act, standing: Standing) -> str | None:
    """Return why one more act is not taken, ``None`` if it may be."""
    mine = (act.agreement, act.party)
    if act.act in STATUS_ACTS:
        view = standing.view(*mine)
        recorded = Recorded(entry="", at=EARLIEST, act=act)
        if view.has_room(recorded):
            return None
        return (
            f"{len(view.acts)} acts of {act.party} on `{act.agreement}` count: no more "
            "can be held"
        )
    if act.act == "declare":
        return standing.register.too_many(act)
    if act.act != "approve":
        return None
    held = [a for a in standing.approvals if (a.act.agreement, a.act.party) == mine]
    if len(held) < APPROVALS_MAX:
        return None
    return (
        f"{act.party} has {len(held)} approvals under `{act.agreement}` that have not "
        "ended: revoke some, or approve a class"
    )


def notice_told(agreement: Agreement, act: Act) -> str:
    """Return in words when a notice takes effect, and why not sooner."""
    assert act.issued is not None
    end = ends_after(agreement, act.issued)
    if end is None:
        return ""
    told = f"it takes effect at {end} ({_article(agreement)})"
    if agreement.term.extended_by_years is None:
        return told
    return f"{told}, since the last instant for it is {last_day_for(agreement, end)}"


def came_late(agreement: Agreement, act: Act, at: Instant) -> str | None:
    """Say that a notice came after the deadline that it was dated before, if it did."""
    if act.act != "notice" or act.issued is None:
        return None
    if ends_after(agreement, act.issued) == ends_after(agreement, at):
        return None
    return (
        f"{_article(agreement)}: {act.party}'s notice on {agreement.id} is dated "
        f"{act.issued}, before its last instant for a term, and came at {at}, after it"
    )


def _senseless(
    agreement: Agreement, act: Act, issued: Instant, standing: Standing
) -> str | None:
    view = standing.view(agreement.id, act.party)
    if view.acts and issued <= view.acts[-1].issued:
        last = view.acts[-1]
        return (
            f"it is dated {issued}, not after {act.party}'s last act on "
            f"{agreement.id} ({last.act.act}, {last.issued}): sign it anew"
        )
    status = status_of(agreement, standing, issued)
    if status.state in ("terminated", "amended"):
        return f"{status.article}: {status.reason}: no act changes that"
    if act.act == "restore" and view.suspension is None:
        return (
            f"{act.party} has not suspended {agreement.id}: only the party that "
            "suspended it can restore it"
        )
    notices = dict(open_notices(agreement, standing, issued))
    if act.act in NOTICE_ACTS:
        return _senseless_notice(agreement, act, notices.get(act.party))
    if act.act == "contest" and not set(notices) - {act.party}:
        return (
            f"no other party has given notice on {agreement.id}: there is nothing to "
            "contest"
        )
    return None


def _senseless_notice(
    agreement: Agreement, act: Act, stands: Notice | None
) -> str | None:
    cited, party = _article(agreement), act.party
    if act.act == "notice":
        if stands is None or stands.suspended is not None:
            return None
        return (
            f"{cited}: {party} has given notice on {stands.given.issued}, with effect "
            f"from {stands.effective}: withdraw or suspend that one first"
        )
    if stands is None:
        return f"{cited}: {party} has no notice on {agreement.id} that stands"
    if act.act == "notice-suspend" and stands.suspended is not None:
        return f"{cited}: {party} has suspended its notice on {stands.suspended.issued}"
    return None


def _article(agreement: Agreement) -> str:
    return agreement.cite(agreement.status_article)


def _approval_flaw(agreement: Agreement, act: Act) -> str | None:
    if act.to is None or act.via is None:
        return "an approval names the recipient and the relay (`to` and `via`)"
    if len({act.party, act.to, act.via}) != 3:
        return (
            "an approval names three different parties (who approves, via and to): "
            "a way that comes back to one of them is no way"
        )
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
