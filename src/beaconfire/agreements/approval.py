"""Approval: does the originator's signed leave cover this item on this way, now?

Form, scope and time only. The signature is verified when the act comes in, under a
people's key of the party it names, never here. Whatever an approval leaves unsaid it
does not cover: one without a recipient, a relay, an object or an end is none.
"""

from beaconfire.agreements.standing import Standing
from beaconfire.vocabulary.acts import LAUNCH_WARNING, THREE_ELEMENTS, Act
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.times import AHEAD_S_MAX, Instant


def check_approval(
    approval: Act, *, item: Item, to: Party, via: Party, at: Instant
) -> str | None:
    """Return why ``approval`` does not cover ``item`` on this way, ``None`` if it does.

    It ends after its ``expires``. One that was issued in the future has not begun,
    beyond what two nations' clocks may differ by.
    """
    if approval.act != "approve":
        return f"it is a `{approval.act}`, not an approval"
    if approval.party != item.originator:
        return f"it is by {approval.party}, but the item is {item.originator}'s"
    if (approval.to, approval.via) != (to, via):
        way = f"{approval.to or 'nobody'} via {approval.via or 'nobody'}"
        return f"it is for {way}, not for {to} via {via}"
    if approval.item is None and approval.item_class is None:
        return "it names neither an item nor a class"
    if approval.item is not None and approval.item != item.id:
        return f"it is for the item `{approval.item}`"
    body = type(item.body).__name__
    if approval.item_class is not None and not covers(approval.item_class, body):
        return f"it is for the class `{approval.item_class}`, not for {body}"
    if approval.expires is None:
        return "it does not say when it expires"
    if approval.expires < at:
        return f"it expired at {approval.expires}"
    if approval.issued is not None and at < approval.issued.plus_s(-AHEAD_S_MAX):
        return f"it begins only at {approval.issued}"
    return None


def covers(item_class: str, body: str) -> bool:
    """Return whether an approval for ``item_class`` covers a ``body``.

    The launch warning includes the retraction of its elements: whoever was warned
    must hear that the warning was wrong, and a retraction says nothing else.
    """
    if item_class == LAUNCH_WARNING:
        return body in (*THREE_ELEMENTS, "Retraction")
    return item_class == body


def find_approval(
    standing: Standing,
    agreement: str,
    *,
    item: Item,
    to: Party,
    via: Party,
    at: Instant,
) -> tuple[str | None, str]:
    """Return the entry of an approval under ``agreement`` that covers, and a note.

    The oldest that covers is named, so that an answer does not change when another is
    added; the note says why there is none, if one for this way fell short.
    """
    note = f"{item.originator} has not approved it for {to} via {via}"
    for approval in standing.approvals:
        act = approval.act
        if act.agreement != agreement:
            continue
        flaw = check_approval(act, item=item, to=to, via=via, at=at)
        if flaw is None:
            told = f"{act.party} has approved it for {to} via {via}"
            return approval.entry, f"{told} (act `{approval.entry}`)"
        if (act.party, act.to, act.via) == (item.originator, to, via):
            note = (
                f"{act.party}'s approval for {to} via {via} (act `{approval.entry}`) "
                f"does not cover it: {flaw}"
            )
    return None, note
