"""Amendment: another text takes the place of this one, by what all parties declare.

* An amendment is a text of its own, with an id of its own, signed by all as any text.
  Each party declares that it takes the old one's place, and from when (``Amendment``).
* When every party has declared the same text and the same instant, the old one ends
  then, or with the last of these acts if that is later: whatever order they come in.
* A consent that was signed stands. Who thinks otherwise suspends the agreement.
* Before that nothing closes, and what is open is shown.
* No party consents to texts that take each other's place, however long the circle. Each
  of its texts must bind all who were bound, so one party that asks here prevents it.
"""

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.register import Register
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.records import Amendment
from beaconfire.vocabulary.times import Instant


class Amended(Struct, frozen=True, kw_only=True):
    """What is to take a text's place, by whose consent so far.

    ``since`` is when it does; ``None`` while a party is missing. ``acts`` are the
    entries of the declarations, in the text's order of parties.
    """

    text: str
    since: Instant | None
    by: tuple[Party, ...]
    acts: tuple[str, ...]


def amendments(agreement: Agreement, register: Register) -> tuple[Amended, ...]:
    """Return every amendment that a party has consented to, the soonest whole first."""
    if not register.amending:
        return ()  # nearly always, and every decision asks
    consents: dict[Amendment, dict[Party, tuple[Instant, str]]] = {}
    for one in register.amending:
        known = one.agreement == agreement.id and one.party in agreement.parties
        if known and isinstance(one.record, Amendment):
            # The oldest declaration counts: to say it again changes nothing.
            said = consents.setdefault(one.record, {})
            said.setdefault(one.party, (one.issued, one.entry))
    found = [_amended(agreement, record, said) for record, said in consents.items()]
    return tuple(sorted(found, key=_soonest))


def amended(agreement: Agreement, register: Register) -> Amended | None:
    """Return what takes the text's place by all parties' consent, if anything does."""
    for one in amendments(agreement, register):
        if one.since is not None:
            return one
    return None


def successor_flaw(
    old: Agreement, record: Amendment, held: Sequence[Agreement]
) -> str | None:
    """Return why our own people may not consent to this amendment, if they may not.

    Asked at one's own desk alone: a partner may hold the new text before we do.
    """
    new = next((one for one in held if one.id == record.text), None)
    if new is None:
        return (
            f"`{record.text}` is no text that all parties have signed and this node "
            f"holds: with nothing in its place, nothing could leave after {old.id}"
        )
    left_out = [party for party in old.parties if party not in new.parties]
    if left_out:
        return f"{' and '.join(left_out)} would be no party to {new.id} any more"
    if new.in_force_from != record.since:
        return (
            f"{new.id} is in force from {new.in_force_from}, and the amendment from "
            f"{record.since}: between the two there would be two texts, or none"
        )
    return _companion_flaw(old, new, held)


def circle_flaw(
    agreement: str, record: Amendment, *, register: Register, party: Party
) -> str | None:
    """Return how ``party``'s consents would make texts take each other's place.

    Its own alone are asked: a consent stands, and any of them may become whole. What
    another party alone has said must not keep our people from answering.
    """
    seen: dict[str, str] = {record.text: ""}
    ahead = [record.text]
    for text in ahead:
        for one in register.amending:
            after = getattr(one.record, "text", "")
            mine = (one.party, one.agreement) == (party, text)
            if mine and after not in seen:
                seen[after] = text
                ahead.append(after)
    if agreement not in seen:
        return None
    circle = [agreement]
    while seen[circle[-1]]:
        circle.append(seen[circle[-1]])
    steps = [f"`{new}` takes the place of `{old}`" for new, old in pairwise(circle)]
    return (
        f"{party} has consented that {' and '.join(reversed(steps))}: with "
        f"`{record.text}` in the place of `{agreement}` none of them would be left, "
        "and nothing could leave"
    )


def _companion_flaw(
    old: Agreement, new: Agreement, held: Sequence[Agreement]
) -> str | None:
    """Return which text that the new one asks for would go on asking for the old."""
    asked = [one for one in held if one.id in new.requires and not one.permits_alone]
    answer = [one for one in asked if new.id in one.requires]
    for one in asked:
        replaced = any(set(one.parties) <= set(other.parties) for other in answer)
        if old.id in one.requires and not replaced:
            return (
                f"{new.id} asks for {one.id}, which permits only together with "
                f"{old.id}: nothing could leave; {new.id} must name a text of its "
                f"parties that names {new.id}"
            )
    return None


def _amended(
    agreement: Agreement, record: Amendment, said: dict[Party, tuple[Instant, str]]
) -> Amended:
    by = tuple(party for party in agreement.parties if party in said)
    since = None
    if by == agreement.parties:
        since = max(record.since, *(issued for issued, _ in said.values()))
    return Amended(
        text=record.text,
        since=since,
        by=by,
        acts=tuple(said[party][1] for party in by),
    )


def _soonest(one: Amended) -> tuple[bool, int, str]:
    return (one.since is None, one.since.ns if one.since else 0, one.text)
