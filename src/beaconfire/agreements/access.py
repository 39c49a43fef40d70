"""Access: may this person see what a partner gave, for this purpose?

Clearance *and* need-to-know, never one of them, and never rank: a person must stand in
the register of a facility on record, hold a clearance for the item's level, have a
duty that requires it, and use it for what it was given for. All grounds are told, in
this order. Whether the agreement is still in force is not asked: what was given stays
protected. Doubt refuses.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from beaconfire.agreements.agreement import UNCLASSIFIED, Agreement
from beaconfire.agreements.purpose import purposes_of
from beaconfire.agreements.register import Register, standing_records
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.label import LADDER
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.persons import FacilityRegister, Person
from beaconfire.vocabulary.records import Facility, UseApproval
from beaconfire.vocabulary.times import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The person may see it, at this level and for this purpose."""

    person: str
    level: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAccess:
    """The person may not. ``reasons`` are all of them, never empty."""

    person: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    item: Item
    name: str
    purpose: str
    holder: Party
    under: Agreement
    register: Register
    persons: FacilityRegister
    at: Instant


def decide_access(
    item: Item,
    *,
    name: str,
    purpose: str,
    holder: Party,
    under: Agreement,
    register: Register,
    persons: FacilityRegister,
    at: Instant,
) -> Access | NoAccess:
    """Decide whether ``name`` at a facility of ``holder`` may see ``item`` at ``at``.

    Raises:
        BadInput: ``holder`` or the originator is no party to ``under``.
    """
    under.require_party(holder)
    under.require_party(item.originator)
    asked = _Asked(
        item=item,
        name=name,
        purpose=purpose,
        holder=holder,
        under=under,
        register=register,
        persons=persons,
        at=at,
    )
    level = under.level_of(item.label.classification, by=item.originator)
    if level is None:
        mark = item.label.classification
        reason = f"{under.id} does not know the marking `{mark}` of {item.originator}"
        return NoAccess(person=name, reasons=(reason,))
    reasons = tuple(_reasons(asked, level))
    if reasons:
        return NoAccess(person=name, reasons=reasons)
    return Access(person=name, level=level, purpose=purpose)


def _reasons(asked: _Asked, level: str) -> Iterator[str]:
    yield from _about_facility(asked, level)
    person = next((p for p in asked.persons.persons if p.name == asked.name), None)
    if person is None:
        yield f"{asked.name} is not in the register of {asked.persons.facility}"
    else:
        yield from _about_person(asked, person, level)
    yield from _about_purpose(asked)


def _about_facility(asked: _Asked, level: str) -> Iterator[str]:
    named = asked.persons.facility
    standing = standing_records(
        asked.under.annexes,
        asked.register,
        agreement=asked.under.id,
        party=asked.holder,
        kind=Facility,
        at=asked.at,
    )
    for record in standing:
        if record.name == named:
            if LADDER.index(record.level) < LADDER.index(level):
                yield f"{named} may hold up to {record.level}, the item is {level}"
            return
    yield f"{named} is no facility of {asked.holder} on record under {asked.under.id}"


def _about_person(asked: _Asked, person: Person, level: str) -> Iterator[str]:
    if level != UNCLASSIFIED:
        if person.clearance is None or person.cleared_by is None:
            yield f"{person.name} holds no clearance"
        elif LADDER.index(person.clearance) < LADDER.index(level):
            yield f"{person.name} is cleared up to {person.clearance}, not for {level}"
        if person.cleared_until is None or person.cleared_until < asked.at:
            ended = person.cleared_until or "an instant that is not on record"
            yield f"{person.name}'s clearance ended at {ended}"
    if asked.purpose not in person.duties:
        yield f"{person.name}'s duties do not require it for {asked.purpose}"
    if person.role == "contractor" and not person.told_of_duty:
        yield f"{person.name}, a contractor's, was not told of the duty to protect it"


def _about_purpose(asked: _Asked) -> Iterator[str]:
    given_for = purposes_of(asked.item)
    if asked.purpose in given_for or _approved(asked):
        return
    told = " and ".join(given_for) or "no purpose that it states"
    yield (
        f"the item was given for {told}, not for {asked.purpose}: that needs "
        f"{asked.item.originator}'s approval"
    )


def _approved(asked: _Asked) -> bool:
    wanted = UseApproval(item=asked.item.id, purpose=asked.purpose)
    return any(
        one.record == wanted
        and one.party == asked.item.originator
        and one.agreement == asked.under.id
        and not one.ended(asked.at)
        for one in asked.register.filed
    )
