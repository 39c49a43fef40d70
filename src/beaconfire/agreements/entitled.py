"""Entitled: may this party do this to this agreement, and does it make sense now?

* Form and party are asked always. Sense, such as restoring what is suspended, is asked
  only with a standing: of our own people at the desk. A partner's acts may come in any
  order, so theirs are taken as they are and find their place by their own instants.
* Whoever takes acts in asks here first: an act that is not entitled is never folded.

Who signed it is verified before, never here.
"""

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.standing import CLASSES, Standing
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.party import Party

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
    if act.act in ("notice", "notice-suspend", "withdraw"):
        return f"`{act.act}` is not carried out in this first form: nothing was changed"
    if act.act in ("approve", "revoke"):
        return _approval_flaw(agreement, act)
    if any((act.item, act.to, act.via, act.item_class, act.expires)):
        return f"`{act.act}` concerns the whole agreement: it names no item, way or end"
    if standing is not None:
        return _senseless(agreement, act, standing)
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
    """Return why one more approval is not taken, ``None`` if it is no such case."""
    if act.act != "approve":
        return None
    mine = (act.agreement, act.party)
    held = [a for a in standing.approvals if (a.act.agreement, a.act.party) == mine]
    if len(held) < APPROVALS_MAX:
        return None
    return (
        f"{act.party} has {len(held)} approvals under `{act.agreement}` that have not "
        "ended: revoke some, or approve a class"
    )


def _senseless(agreement: Agreement, act: Act, standing: Standing) -> str | None:
    view = standing.view(agreement.id, act.party)
    if view.acts and act.issued is not None and act.issued <= view.acts[-1].issued:
        last = view.acts[-1]
        return (
            f"it is dated {act.issued}, not after {act.party}'s last act on "
            f"{agreement.id} ({last.act.act}, {last.issued}): sign it anew"
        )
    if act.act == "restore" and view.suspension is None:
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
