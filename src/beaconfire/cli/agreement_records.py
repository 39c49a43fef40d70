"""``beaconfire agreement declare, amend, duties, access, inspect``: what lasts.

Parses, calls, prints. Who may record what is the node's desk's to judge; what is owed,
who may see what and what became of it is read in ``agreements``.
"""

from pathlib import Path
from typing import Annotated, get_args

import typer

from beaconfire.agreements.access import Access, decide_access
from beaconfire.agreements.agreement import LASTING, Agreement
from beaconfire.agreements.custody import custody
from beaconfire.agreements.difference import difference
from beaconfire.agreements.duties import lasting_duties, open_duties
from beaconfire.agreements.register import Register
from beaconfire.cli.agreement import (
    ActsOption,
    Held,
    IdArgument,
    NodeOption,
    TextsOption,
    app,
    held_texts,
    one_text,
)
from beaconfire.cli.agreement_acts import act_on
from beaconfire.cli.printing import JsonOption, put, put_json
from beaconfire.errors import BadInput, Refused
from beaconfire.runtime.act_files import fold, read_acts, read_items
from beaconfire.runtime.named_files import read_named
from beaconfire.runtime.node_dir import load_node, node_now
from beaconfire.seals import codec
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import require_party
from beaconfire.vocabulary.persons import FacilityRegister
from beaconfire.vocabulary.records import Amendment, Record
from beaconfire.vocabulary.times import Instant

FILE_BYTES_MAX = 4 * 1024 * 1024  # a register of ten thousand persons
KINDS = tuple(kind.__name__ for kind in get_args(Record))


@app.command()
def declare(
    agreement_id: IdArgument,
    record: Annotated[
        Path,
        typer.Argument(
            metavar="RECORD.json", help=f"`type` is one of {', '.join(KINDS)}."
        ),
    ],
    *,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Its last instant.")
    ] = None,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Put a record of this party on file: authority, assurance, loss, closing …"""
    end = None if until is None else Instant.parse(until)
    if end is not None and end <= node_now(load_node(node)):
        raise BadInput(f"`{until}` has passed: a record ends in the future")
    told = {"record": _record(record), "expires": end}
    act_on(node, "declare", agreement_id, told, as_json=as_json)


@app.command()
def amend(
    agreement_id: IdArgument,
    *,
    by: Annotated[
        str, typer.Option("--by", metavar="ID", help="The text that takes its place.")
    ],
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Consent that another text takes this one's place; tells what that changes.

    It does when every party has consented, from the new text's `in_force_from` on.
    """
    held = held_texts(node, None)
    old, new = (
        one_text(held.texts, name, *held.left_out).agreement
        for name in (agreement_id, by)
    )
    changes = difference(old, new)
    for line in () if as_json else changes:
        put(f"  {line}")
    told = {"record": Amendment(text=new.id, since=new.in_force_from)}
    act_on(node, "declare", old.id, told, as_json=as_json, more={"changes": changes})


@app.command()
def duties(
    agreement_id: IdArgument,
    *,
    node: NodeOption = Path("node"),
    agreements: TextsOption = None,
    acts: ActsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what an agreement lays on its parties for good, and what is open now."""
    held = held_texts(node, agreements)
    under = one_text(held.texts, agreement_id, *held.left_out).agreement
    register = _register(held, under, acts, until=held.at)
    lasting = lasting_duties(under)
    owed = open_duties(under, register, held.at)
    if as_json:
        rows = [
            {"duty": duty, "article": article, "what": LASTING[duty]}
            for duty, article in lasting
        ]
        put_json({"v": 1, "at": held.at, "lasting": rows, "open": owed})
        return
    lines = [f"{under.id}: what lasts, whether or not it is in force"]
    lines += [f"  {article:<28} {duty}: {LASTING[duty]}" for duty, article in lasting]
    lines += ["", f"open at {held.at}:" if owed else f"nothing is open at {held.at}"]
    lines += [
        f"  {one.by} owes since {one.since}: {one.what} "
        f"({one.article or one.duty}, entry `{one.entry}`)"
        for one in owed
    ]
    put("\n".join(lines))


@app.command()
def access(
    agreement_id: IdArgument,
    *,
    item: Annotated[Path, typer.Option(metavar="ITEM.json", help="The wire item.")],
    register: Annotated[
        Path, typer.Option(metavar="REGISTER.json", help="The facility's own register.")
    ],
    person: Annotated[str, typer.Option(metavar="NAME", help="As the register says.")],
    purpose: Annotated[
        str, typer.Option(metavar="WORD", help="What it is to be used for.")
    ],
    holder: Annotated[str, typer.Option(metavar="PARTY", help="Whose facility it is.")],
    at: Annotated[str, typer.Option(metavar="TIME", help="The instant asked about.")],
    agreements: TextsOption = None,
    acts: ActsOption = None,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> int:
    """Say whether a person may see an item: cleared, and needing it, and registered."""
    held = held_texts(node, agreements)
    under = one_text(held.texts, agreement_id, *held.left_out).agreement
    when = Instant.parse(at)
    answer = decide_access(
        codec.decode(_read(item), Item, what=str(item)),
        name=person,
        purpose=purpose,
        holder=require_party(holder),
        under=under,
        register=_register(held, under, acts, until=when),
        persons=codec.decode(_read(register), FacilityRegister, what=str(register)),
        at=when,
    )
    may = isinstance(answer, Access)
    if as_json:
        outcome = "access" if may else "no access"
        put_json({"v": 1, "outcome": outcome, "at": when, **codec.to_builtins(answer)})
        return 0 if may else Refused.exit_code
    if isinstance(answer, Access):
        put(f"access: {answer.person}, {answer.level}, for {answer.purpose}")
        return 0
    lines = [f"no access: {answer.person}", *(f"  {why}" for why in answer.reasons)]
    put("\n".join(lines))
    return Refused.exit_code


@app.command()
def inspect(
    agreement_id: IdArgument,
    journal: Annotated[
        Path,
        typer.Argument(
            metavar="JOURNAL.jsonl", help="The holder's, from `journal export`."
        ),
    ],
    *,
    holder: Annotated[str, typer.Option(metavar="PARTY", help="Who holds the items.")],
    originator: Annotated[
        str, typer.Option("--for", metavar="PARTY", help="Who gave them.")
    ],
    agreements: TextsOption = None,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Write the ledger of all that one party got from another, one JSON line each."""
    held = held_texts(node, agreements)
    under = one_text(held.texts, agreement_id, *held.left_out).agreement
    entries = read_acts(journal)
    last = max((one.at for one in entries), default=held.at)
    ledger = custody(
        read_items(journal),
        fold(entries, [under], until=last).standing.register,
        under=under,
        holder=require_party(holder),
        originator=require_party(originator),
    )
    if as_json:
        put_json({"v": 1, "agreement": under.id, "ledger": ledger})
        return
    for line in ledger:
        put_json(line)


def _register(
    held: Held, under: Agreement, acts: Path | None, *, until: Instant
) -> Register:
    if acts is None:
        return held.standing.register
    return fold(read_acts(acts), [under], until=until).standing.register


def _record(path: Path) -> Record:
    record: Record = codec.decode(_read(path), Record, what=str(path))  # type: ignore[arg-type]
    return record


def _read(path: Path) -> bytes:
    return read_named(path, bytes_max=FILE_BYTES_MAX, empty=": it needs one JSON value")
