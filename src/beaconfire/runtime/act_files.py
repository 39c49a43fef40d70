"""Act files: acts as ``journal export`` writes them, folded for a decision on paper.

Entries of other kinds are passed over. Acts count from the instant of their entry, in
the order of those instants; what happened after the instant asked about is left out.

* Signatures are *not* verified: whoever holds the file vouches for it. The running
  node verifies every act before it becomes an entry.
* What was said on a consultation counts as it did in the journal that it is from; so do
  the revocation of a partner's card, and a start with a higher-numbered one.
* An approval or a record that is not in order, and an act by a party that is none, do
  not count: each is told in a sentence.
* Any other act that cannot be carried out makes the whole file unusable: to pass over
  a suspension would release.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.consultation import Outcome
from beaconfire.agreements.entitled import entitled
from beaconfire.agreements.standing import Standing
from beaconfire.errors import BadInput
from beaconfire.runtime.named_files import named_lines
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import codec
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.consultations import Statement
from beaconfire.vocabulary.entries import ACT_KINDS, BODIES, CONSULTING_KINDS
from beaconfire.vocabulary.entries.arrivals import NodeStart
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.entries.sightings import ItemHeld
from beaconfire.vocabulary.places import Token
from beaconfire.vocabulary.times import Instant

# What makes a standing: an act, or something beside it.
Recorded = Act | Statement | Outcome | CardRevoked | NodeStart
_BESIDE = (*CONSULTING_KINDS, CardRevoked.KIND, NodeStart.KIND)


class JournalLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of an exported journal, its body not yet read."""

    v: Literal[1] = 1
    turn: int = 0
    seq: int = 0
    id: Token
    at: Instant
    by: Token = "person"
    kind: Token
    cause: tuple[str, ...] = ()
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActEntry:
    """One act, the entry that records it, and where it was read."""

    entry: str
    at: Instant
    act: Recorded
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The standing, and a sentence for each act that did not count."""

    standing: Standing
    passed_over: tuple[str, ...]


def read_acts(path: Path) -> tuple[ActEntry, ...]:
    """Read the acts and approvals in a file of journal lines, in order of instants.

    Raises:
        BadInput: the file cannot be read, or a line is wrong; names file and line.
    """
    kinds = (*ACT_KINDS, *_BESIDE)
    found = [_act_of(line, where) for line, where in journal_lines(path, kinds)]
    return tuple(sorted(found, key=lambda act: act.at))


def read_items(path: Path) -> tuple[tuple[str, Instant, ItemHeld], ...]:
    """Read the items held in a file of journal lines, as (entry, instant, body).

    Raises:
        BadInput: the file cannot be read, or a line is wrong; names file and line.
    """
    return tuple(
        (line.id, line.at, codec.convert(line.body, ItemHeld, what=where))
        for line, where in journal_lines(path, (ItemHeld.KIND,))
    )


def flaws(acts: Sequence[ActEntry], agreements: Sequence[Agreement]) -> tuple[str, ...]:
    """Return a sentence for each act that is not in order, with file and line.

    Unlike ``fold`` it also tells of approvals and records that had ended before they
    were recorded, and of acts under agreements that are not here.
    """
    by_id = {agreement.id: agreement for agreement in agreements}
    told = []
    for one in acts:
        if not isinstance(one.act, Act):
            continue  # everything else was judged where it was said
        under = by_id.get(one.act.agreement)
        expires = one.act.expires
        if under is None:
            flaw: str | None = f"there is no text of `{one.act.agreement}` here"
        else:
            flaw = entitled(under, one.act)
        if flaw is None and expires is not None and expires < one.at:
            flaw = f"`{one.act.act}` had expired at {expires} when it was recorded"
        if flaw is not None:
            told.append(f"{one.where}: {flaw}")
    return tuple(told)


def fold(
    acts: Sequence[ActEntry], agreements: Sequence[Agreement], *, until: Instant
) -> Folded:
    """Fold the acts up to and including ``until`` that concern ``agreements``.

    Raises:
        BadInput: an act that counts cannot be carried out; names file and line.
    """
    standing = Standing()
    passed_over = []
    by_id = {agreement.id: agreement for agreement in agreements}
    for one in acts:
        if until < one.at:
            continue
        if not isinstance(one.act, Act):
            standing = _beside(standing, one.entry, one.act, one.at)
            continue
        under = by_id.get(one.act.agreement)
        if under is None:
            continue
        # A record is judged by those before it; other acts as they are on paper.
        known = standing if one.act.act == "declare" else None
        flaw = entitled(under, one.act, known)
        if flaw is None:
            standing = standing.after(one.entry, one.act, one.at)
        elif one.act.act in ("approve", "declare") or not under.binds(one.act.party):
            passed_over.append(f"{one.where}: does not count: {flaw}")
        else:
            raise BadInput(f"{one.where}: {flaw}")
    return Folded(standing=standing, passed_over=tuple(passed_over))


def _beside(
    standing: Standing,
    entry: str,
    body: Statement | Outcome | CardRevoked | NodeStart,
    at: Instant,
) -> Standing:
    if isinstance(body, CardRevoked):
        return standing.distrusting(entry, body)
    if isinstance(body, NodeStart):
        given = body.profile
        return standing if given is None else standing.with_cards(given.partners)
    return standing.consulted(entry, body, at)


def journal_lines(
    path: Path, kinds: tuple[str, ...]
) -> Iterator[tuple[JournalLine, str]]:
    """Yield the journal lines of some kinds, each with its file and line.

    Raises:
        BadInput: the file cannot be read, or a line is wrong, or too many lines are
            of these kinds to be held in memory.
    """
    kept = 0
    for line, where in named_lines(path):
        entry = codec.decode(line, JournalLine, what=where)
        if entry.kind not in kinds:
            continue
        kept += 1
        if kept > SETTINGS.journal_kept_max:
            message = (
                f"{where}: more than {SETTINGS.journal_kept_max} entries of use here: "
                "give a part of it"
            )
            raise BadInput(message)
        yield entry, where


def _act_of(entry: JournalLine, where: str) -> ActEntry:
    # The signature is not read, since without cards it could prove nothing.
    told = {key: value for key, value in entry.body.items() if key != "signature"}
    act: Recorded = codec.convert(told, BODIES[entry.kind], what=where)
    return ActEntry(entry=entry.id, at=entry.at, act=act, where=where)
