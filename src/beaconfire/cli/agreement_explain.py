"""``beaconfire agreement matrix, explain, diff``: what may go, did, and would.

Parses, calls, prints. ``agreements/matrix.py`` asks what may go, ``difference.py`` what
another text would change; an explanation is read from an exported journal, where every
decision stands with its grounds.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from beaconfire.agreements.difference import difference
from beaconfire.agreements.matrix import Cell, matrix
from beaconfire.cli.agreement import (
    ActsOption,
    NodeOption,
    TextsOption,
    app,
    held_texts,
)
from beaconfire.cli.printing import JsonOption, put, put_json
from beaconfire.errors import BadInput
from beaconfire.runtime.act_files import JournalLine, fold, journal_lines, read_acts
from beaconfire.runtime.agreement_files import read_agreement
from beaconfire.runtime.node_dir import load_node
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.party import Party, require_party
from beaconfire.vocabulary.times import Instant

SHORT = {
    "LaunchNotice": "notice",
    "Plots": "plots",
    "TrackProduct": "track",
    "ImpactPrediction": "impact",
    "Retraction": "retraction",
}
# What tells of one item's decision and of its fate, in the words of the journal.
DECIDED = ("release", "refusal", "deferral")
FATE = (
    "hand-over",
    "receipt",
    "withdrawal",
    "expiry",
    "waiting",
    "fate-unknown",
    "quarantine",
    "reconsideration",
    "foregone",
)


@app.command("matrix")
def matrix_(
    *,
    party: Annotated[
        str | None,
        typer.Option("--for", metavar="PARTY", help="Who sends; default: the node's."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Default: now.")
    ] = None,
    marking: Annotated[
        str, typer.Option(metavar="MARKING", help="How the items are marked.")
    ] = "SECRET",
    node: NodeOption = Path("node"),
    agreements: TextsOption = None,
    acts: ActsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what may go to whom: all partners by all forms, and what would open more."""
    held = held_texts(node, agreements)
    texts = tuple(text.agreement for text in held.texts)
    if not texts:
        raise BadInput("there is no agreement to ask")
    when = held.at if at is None else Instant.parse(at)
    standing = held.standing
    if acts is not None:
        standing = fold(read_acts(acts), texts, until=when).standing
    cells = matrix(
        _sender(party, node, agreements),
        marking=marking,
        at=when,
        agreements=texts,
        standing=standing,
    )
    for sentence in held.left_out:
        put(sentence, err=True)
    if as_json:
        put_json({"v": 1, "at": when, "cells": [_told(cell) for cell in cells]})
        return
    put(_table(cells, when))


@app.command()
def explain(
    journal: Annotated[
        Path,
        typer.Argument(metavar="JOURNAL.jsonl", help="From `journal export`."),
    ],
    *,
    item: Annotated[str, typer.Option(metavar="ID", help="The item's id.")],
    to: Annotated[
        str | None, typer.Option(metavar="PARTY", help="Default: every partner.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what was decided of an item then, on which grounds, and what became of it."""
    partner = None if to is None else require_party(to)
    lines = [
        line
        for line, _ in journal_lines(journal, (*DECIDED, *FATE))
        if item in _items(line) and partner in (None, line.body.get("to"))
    ]
    if not any(line.kind in DECIDED for line in lines):
        raise BadInput(f"{journal}: no decision on an item `{item[:64]}`")
    if as_json:
        rows = [
            {"entry": line.id, "at": line.at, "kind": line.kind, "body": line.body}
            for line in lines
        ]
        put_json({"v": 1, "item": item, "entries": rows})
        return
    acts = {act.entry: act for act in read_acts(journal)}
    told: list[str] = []
    for line in lines:
        body = line.body
        # A receipt goes the other way: whom the item went to signs for it.
        way = "from" if line.kind == "receipt" else "to"
        told.append(f"{line.at} {line.kind} {way} {body.get('to')} (entry `{line.id}`)")
        told += [f"  {name:<11}{value}" for name, value in _grounds(body)]
        if line.kind == "receipt" and item in _texts(line, "quarantined"):
            keepers = " or ".join(_texts(line, "withheld"))
            again = f", decided again after an act on {keepers}" if keepers else ""
            told.append(f"  {'set apart':<11}by {body.get('to')}{again}")
        for entry in _texts(line, "acts"):
            act = acts.get(entry)
            if act is not None and isinstance(act.act, Act):
                told.append(
                    f"  {'act':<11}{act.act.act} of {act.act.agreement} by "
                    f"{act.act.party}, {act.at} (entry `{entry}`)"
                )
    put("\n".join(told))


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="A", help="The text as it was.")],
    new: Annotated[Path, typer.Argument(metavar="B", help="The text as it would be.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Say in words what changes for whom if text B takes the place of text A."""
    told = difference(read_agreement(old).agreement, read_agreement(new).agreement)
    if as_json:
        put_json({"v": 1, "changes": told})
        return
    put("\n".join(told) or "nothing changes")


def _grounds(body: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for key, name in (
        ("reason", "because"),
        ("articles", "articles"),
        ("approval", "approval"),
        ("obligations", "owes"),
        ("would_need", "would need"),
        ("number", "number"),
    ):
        value = body.get(key)
        if isinstance(value, list):
            rows += [(name, str(one)) for one in value]
        elif value is not None:
            rows.append((name, str(value)))
    return rows


def _items(line: JournalLine) -> tuple[str, ...]:
    """Return the items that an entry tells of.

    Raises:
        BadInput: it is no entry of a node's; says which.
    """
    sealed = line.body.get("sealed")
    if sealed is None:
        one = line.body.get("item")
        return (*([one] if isinstance(one, str) else []), *_texts(line, "items"))
    item = sealed.get("item") if isinstance(sealed, dict) else None
    name = item.get("id") if isinstance(item, dict) else None
    if not isinstance(name, str):
        raise BadInput(f"entry `{line.id}`: `sealed` holds no item with an id")
    return (name,)


def _texts(line: JournalLine, key: str) -> list[str]:
    value = line.body.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadInput(f"entry `{line.id}`: `{key}` is no list of texts")
    return value


def _sender(party: str | None, node: Path, agreements: str | None) -> Party:
    if party is not None:
        return require_party(party)
    if agreements is not None:
        raise BadInput("give `--for`: texts on paper have no party of their own")
    return load_node(node).party


def _told(cell: Cell) -> dict[str, object]:
    made = cell.decision
    return {
        "from": cell.originator,
        "via": cell.via,
        "to": cell.to,
        "form": SHORT[cell.form],
        "outcome": "release" if isinstance(made, Release) else "refusal",
        "agreements": made.agreements,
        "articles": made.articles,
        "acts": made.acts,
        "approval": made.approval,
        "obligations": made.obligations if isinstance(made, Release) else (),
        "reason": made.reason,
        "would_need": made.would_need if isinstance(made, Refusal) else (),
    }


def _table(cells: tuple[Cell, ...], at: Instant) -> str:
    rows: dict[str, list[Cell]] = {}
    for cell in cells:
        relayed = f" via {cell.via}" if cell.via else ""
        rows.setdefault(f"{cell.originator} to {cell.to}{relayed}", []).append(cell)
    width = max(map(len, rows))
    heads = " ".join(f"{name:<10}" for name in SHORT.values())
    lines = [f"at {at}", f"{'':<{width}}  {heads}".rstrip()]
    for name, row in rows.items():
        marks = ("yes" if isinstance(cell.decision, Release) else "no" for cell in row)
        lines.append(f"{name:<{width}}  {' '.join(f'{m:<10}' for m in marks)}".rstrip())
    for name, row in rows.items():
        lines.append("")
        lines += _grounds_of(name, row)
    return "\n".join(lines)


def _grounds_of(name: str, row: list[Cell]) -> list[str]:
    """Say once what several forms share: by which articles, or what would open it."""
    said: dict[tuple[str, ...], list[str]] = {}
    for cell in row:
        made = cell.decision
        if isinstance(made, Release):
            told = [f"yes, by {', '.join(made.articles)}"]
            told += [f"owes {owed}" for owed in made.obligations]
            if made.approval is not None:
                told.append(f"approval {made.approval}")
        else:
            told = [f"no: {made.reason}"]
            told += [f"would need {need}" for need in made.would_need]
        said.setdefault(tuple(told), []).append(SHORT[cell.form])
    lines = []
    for told_once, forms in said.items():
        first, *more = told_once
        lines.append(f"{name}, {', '.join(forms)}: {first}")
        lines += [f"  {line}" for line in more]
    return lines
