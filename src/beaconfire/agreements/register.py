"""Register: what the parties have put on record, as a fold, and who may record what.

* Records are only added, each in its place by its act's own instant, and once however
  often the act is heard. A newer one of the same subject speaks instead of the older,
  which stays readable; one whose act names an end has ended after it.
* What stands in a signed text holds until its party declares otherwise.
* Each party speaks for itself: a record about another's item names its originator,
  and a case is investigated and closed by the party that reported it.
* A case cannot close without notice, findings and measures.
* Nothing here asks whether an agreement is in force: the duties outlive it.
"""

from collections.abc import Iterable
from typing import TypeVar, cast, get_args

from msgspec import Struct
from msgspec.structs import replace

from beaconfire.vocabulary.acts import Act, Signature
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.records import (
    Amendment,
    Annexed,
    Assurance,
    Authority,
    CaseClosed,
    Facility,
    Findings,
    Measures,
    Record,
    Suspected,
)
from beaconfire.vocabulary.times import Instant

# A party that declares more than this under one agreement has made a mistake that must
# not fill memories, nor keep the others' records out.
RECORDS_MAX = 10_000
# Of these amendments, which every look at the agreement's status reads.
AMENDMENTS_MAX = 16

K = TypeVar("K", Authority, Assurance, Facility)

_OF_A_CASE = (Suspected, Findings, Measures, CaseClosed)


class Annex(Struct, frozen=True, kw_only=True):
    """A record that stands in an agreement's own text."""

    party: Party
    record: Annexed


class Filed(Struct, frozen=True, kw_only=True):
    """A declared record, the entry that holds it, and its last instant if any."""

    entry: str
    agreement: str
    party: Party
    at: Instant
    issued: Instant
    until: Instant | None = None
    record: Record
    signature: Signature | None = None

    @property
    def act(self) -> Act:
        """The act that declared it, as it was signed."""
        return Act(
            agreement=self.agreement,
            act="declare",
            party=self.party,
            expires=self.until,
            issued=self.issued,
            record=self.record,
            signature=self.signature,
        )

    def ended(self, at: Instant) -> bool:
        """Return whether its last instant has passed."""
        return self.until is not None and self.until < at


class Register(Struct, frozen=True, kw_only=True):
    """The fold of all declared records, oldest act first. It never changes.

    ``amending`` are those among them that are about an amendment.
    """

    filed: tuple[Filed, ...] = ()
    amending: tuple[Filed, ...] = ()

    def after(self, entry: str, act: Act, at: Instant) -> "Register":
        """Return the register with the record that ``act`` declares."""
        if act.record is None or self.knows(entry):
            return self
        one = Filed(
            entry=entry,
            agreement=act.agreement,
            party=act.party,
            at=at,
            issued=act.issued or at,
            until=act.expires,
            record=act.record,
            signature=act.signature,
        )
        filed = tuple(sorted((*self.filed, one), key=_order))
        if not isinstance(act.record, Amendment):
            return replace(self, filed=filed)
        amending = tuple(sorted((*self.amending, one), key=_order))
        return replace(self, filed=filed, amending=amending)

    def knows(self, entry: str) -> bool:
        """Say whether the record of that entry is on file already."""
        return any(one.entry == entry for one in self.filed)

    def too_many(self, act: Act) -> str | None:
        """Return why one more record of its party is not taken; ``None`` if it is."""
        mine = (act.agreement, act.party)
        filed, most, what = self.filed, RECORDS_MAX, "records"
        if isinstance(act.record, Amendment):
            filed, most, what = self.amending, AMENDMENTS_MAX, "amendments"
        held = sum((one.agreement, one.party) == mine for one in filed)
        if held < most:
            return None
        return (
            f"{held} {what} of {act.party} are on file under `{act.agreement}`: no "
            "more can be held"
        )

    def under(self, agreement: str) -> tuple[Filed, ...]:
        """Return what was declared under one agreement, oldest first."""
        return tuple(one for one in self.filed if one.agreement == agreement)


def _order(filed: Filed) -> tuple[Instant, str]:
    return (filed.issued, filed.entry)


def latest(
    register: Register, agreement: str, party: Party, kind: type[Record]
) -> tuple[Filed, ...]:
    """Return the newest of ``party``'s records of ``kind``, one a subject."""
    found: dict[tuple[object, ...], Filed] = {}
    for one in register.filed:
        if (
            isinstance(one.record, kind)
            and one.party == party
            and one.agreement == agreement
        ):
            found[_subject(one.record)] = one
    return tuple(found.values())


def standing_records(
    annexes: Iterable[Annex],
    register: Register,
    *,
    agreement: str,
    party: Party,
    kind: type[K],
    at: Instant,
) -> tuple[K, ...]:
    """Return ``party``'s records of ``kind`` that hold at ``at``, one a subject.

    A declared record speaks instead of the text's own, also when it has ended.
    """
    found: dict[tuple[object, ...], K] = {}
    for annex in annexes:
        if annex.party == party and isinstance(annex.record, kind):
            found[_subject(annex.record)] = annex.record
    for one in latest(register, agreement, party, kind):
        if one.ended(at):
            found.pop(_subject(one.record), None)
        else:
            found[_subject(one.record)] = cast(K, one.record)
    return tuple(found.values())


def may_declare(
    act: Act, parties: tuple[Party, ...], register: Register | None
) -> str | None:
    """Return why ``act`` may not put its record on file, ``None`` if it may.

    Without a ``register`` its form alone is asked: a partner's records may come in any
    order, and a case is judged by those of its party at that party's own desk.
    """
    record = act.record
    if record is None:
        return "`declare` carries a record: it has none"
    if any((act.item, act.to, act.via, act.item_class)):
        return "`declare` says what it concerns in its record, not beside it"
    if act.expires and act.issued and act.expires <= act.issued:
        return f"the record ends at {act.expires}, before it begins"
    if isinstance(record, Amendment):
        return _amendment_flaw(act, record)
    originator = getattr(record, "originator", None)
    if originator is not None and originator not in parties:
        return f"{originator} is no party to {act.agreement}"
    if originator == act.party and not isinstance(record, Suspected):
        return f"the item is {act.party}'s own: this record is for what others gave"
    if register is not None and isinstance(record, _OF_A_CASE):
        return _case_flaw(act, record, register)
    return None


def _amendment_flaw(act: Act, record: Amendment) -> str | None:
    if act.expires is not None:
        return "a consent to an amendment has no end: it names from when, and stands"
    if record.text == act.agreement:
        return f"{act.agreement} cannot take its own place"
    return None


def _case_flaw(
    act: Act, record: Suspected | Findings | Measures | CaseClosed, register: Register
) -> str | None:
    case = f"case `{record.case}` of {act.party}"
    said = steps_of(register, act.agreement, act.party, record.case)
    if isinstance(record, Suspected):
        return f"{case} was reported already" if said else None
    if Suspected not in said:
        return f"{case} was never reported: notify the loss first"
    if CaseClosed in said:
        return f"{case} is closed"
    if isinstance(record, CaseClosed):
        missing = [word for kind, word in _NEEDED.items() if kind not in said]
        if missing:
            return f"{case} cannot close without {' and '.join(missing)}"
    return None


_NEEDED: dict[type, str] = {Findings: "findings", Measures: "measures"}


def steps_of(
    register: Register, agreement: str, party: Party, case: str
) -> frozenset[type]:
    """Return which steps of a case are on record."""
    return frozenset(
        type(one.record)
        for one in register.under(agreement)
        if one.party == party
        and isinstance(one.record, _OF_A_CASE)
        and one.record.case == case
    )


def _subject(record: Record) -> tuple[object, ...]:
    """Return what a newer record of the same kind must share to replace it."""
    return tuple([getattr(record, name) for name in _SUBJECT[type(record)]])


# By kind of record the names of what makes its subject, worked out once.
_SUBJECT: dict[type, tuple[str, ...]] = {
    kind: tuple(
        name
        for name in ("originator", "item", "purpose", "case", "what")
        if name in kind.__struct_fields__
    )
    for kind in get_args(Record)
} | {Facility: ("name",)}
