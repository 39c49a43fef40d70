"""Write the generated reference: commands, limits, schemas, subjects; for `make docs`.

    python tools/reference.py [DIR]

What stands in ``docs/reference`` must equal what this writes; a test compares them.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import get_args

import msgspec
import typer
import typer.core

from asyncapi import asyncapi
from beaconfire.agreements.consultation import (
    MOVES,
    AnyState,
    Asked,
    Standing,
    State,
    Waiting,
    state_name,
)
from beaconfire.cli.commands import COMMANDS
from beaconfire.runtime.agreement_files import SignatureFile
from beaconfire.runtime.settings import table
from beaconfire.seals.cards import SignedCard
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.consultations import (
    Consultation,
    ConsultationAnswer,
    ConsultationProceeding,
    ConsultationWithdrawal,
)
from beaconfire.vocabulary.entries import BODIES
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.link import Envelope, LinkHeader, LinkMessage, ReceiptNote
from beaconfire.vocabulary.motion import Cue, Plot
from beaconfire.vocabulary.revoking import CardRevocation
from beaconfire.vocabulary.taking_back import TakingBack
from beaconfire.vocabulary.times import Instant
from bounds import bounds

SCHEMAS = {
    "item": Item,
    "act": Act,
    "consultation": Consultation,
    "consultation-answer": ConsultationAnswer,
    "consultation-withdrawal": ConsultationWithdrawal,
    "consultation-proceeding": ConsultationProceeding,
    "taking-back": TakingBack,
    "card-revocation": CardRevocation,
    "card": Card,
    "card-file": SignedCard,
    "agreement-signature": SignatureFile,
    "plot": Plot,
    "cue": Cue,
    "envelope": Envelope,
    "link-message": LinkMessage,
    "link-header": LinkHeader,
    "receipt-note": ReceiptNote,
}


def main(folder: Path) -> None:
    """Write everything into ``folder``."""
    (folder / "schemas").mkdir(parents=True, exist_ok=True)
    (folder / "limits.md").write_text(limits(), "utf-8")
    (folder / "commands.md").write_text(commands(), "utf-8")
    (folder / "consultation.md").write_text(consultation(), "utf-8")
    (folder / "asyncapi.json").write_text(asyncapi(), "utf-8")
    for name, kind in SCHEMAS.items():
        text = schema({name: kind})
        (folder / "schemas" / f"{name}.json").write_text(text, "utf-8")
    (folder / "schemas" / "entries.json").write_text(schema(BODIES), "utf-8")


def limits() -> str:
    """Return the table of limits."""
    rows = [
        "# Limits",
        "",
        "Every limit of a running node, from `runtime/settings.py`; below them the",
        "bounds of the pure modules.",
        "",
        "| name | value | unit | reason |",
        "| --- | --- | --- | --- |",
    ]
    rows += [f"| `{s.name}` | {s.value:,} | {s.unit} | {s.reason} |" for s in table()]
    rows += [
        "",
        "## Bounds of the pure modules",
        "",
        "Constants at the head of a module, each with its reason as it stands there; a",
        "name ends in its unit, and what has none is a count. Those of `estimation`",
        "are left out: they are thresholds of a method, and stand beside its formulas.",
        "",
        "| module | name | value | reason |",
        "| --- | --- | --- | --- |",
    ]
    rows += [
        f"| `{b.module}` | `{b.name}` | {b.value:,} | {_said(b.reason)} |"
        for b in bounds()
    ]
    return "\n".join(rows) + "\n"


def commands() -> str:
    """Return every command with its arguments and options."""
    lines = [
        "# Commands",
        "",
        "Exit codes: 0 done, 1 failed, 2 bad input or usage, 3 refused or does not",
        "close, 4 node not reachable. With `--json` a command prints one JSON value on",
        "standard output when it ends, and nothing else; what is for people goes to",
        "standard error. A question that is answered with no is answered with a value",
        "as well; what failed or was refused prints none, but a sentence on standard",
        "error. An option that takes one value may be given once.",
    ]
    for name, (module, what) in COMMANDS.items():
        app = importlib.import_module(f"beaconfire.cli.{module}").app
        command = typer.main.get_command(app)
        lines += ["", f"## `beaconfire {name}`", "", f"{what[:1].upper()}{what[1:]}."]
        if hasattr(command, "commands"):
            for sub in sorted(command.commands):
                lines += ["", f"### `beaconfire {name} {sub}`", ""]
                lines += _one(command.commands[sub])
        else:
            lines += ["", *_one(command)]
    return "\n".join(lines) + "\n"


def _one(command: typer.core.TyperCommand) -> list[str]:
    said = " ".join((command.help or "").split())
    lines = [said, ""] if said else []
    lines += ["| | | |", "| --- | --- | --- |"]
    for parameter in command.params:
        if parameter.param_type_name == "option":
            if {"--install-completion", "--show-completion"} & set(parameter.opts):
                continue
            names = ", ".join(f"`{name}`" for name in parameter.opts)
            value = "" if parameter.is_flag else f"`{parameter.metavar or 'VALUE'}`"
            lines.append(f"| {names} | {value} | {_said(parameter.help)} |")
        else:
            name = parameter.metavar or (parameter.name or "").upper()
            text = _said(getattr(parameter, "help", None))
            lines.append(f"| `{name}` | | {text} |")
    return lines if len(lines) > len([said, ""] if said else []) + 2 else lines[:1]


def consultation() -> str:
    """Return the state diagram of a consultation, drawn from its moves."""
    lines = [
        "# The states of a consultation",
        "",
        "Drawn from `MOVES` in `agreements/consultation.py`; what is not here cannot",
        "happen. What each means is told in",
        "[consultation](../concepts/consultation.md).",
        "",
        "```mermaid",
        "stateDiagram-v2",
    ]
    states = [state for state in get_args(AnyState) if issubclass(state, State)]
    lines += [f"    {s.__name__}: {state_name(s)}" for s in states]
    lines += [f"    [*] --> {Asked.__name__}: a signed question"]
    for state in states:
        for event, to in MOVES.get(state, {}).items():
            lines.append(f"    {state.__name__} --> {to.__name__}: {event}")
    lines += [f"    {s.__name__} --> [*]" for s in states if s not in MOVES]
    lines += ["```", "", "| state | what it means | the act |", "| --- | --- | --- |"]
    for state in states:
        means = (state.__doc__ or "").split("\n", maxsplit=1)[0]
        act = "waits" if issubclass(state, Waiting) else "is refused"
        if issubclass(state, Standing):
            act = "may go, as far as the consent does"
        lines.append(f"| {state_name(state)} | {means} | {act} |")
    return "\n".join(lines) + "\n"


def _said(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def schema(kinds: dict[str, type]) -> str:
    """Return the JSON Schema of one kind, or of several by name."""
    listed = list(dict.fromkeys(kinds.values()))
    schemas, parts = msgspec.json.schema_components(
        listed, schema_hook=_instant, ref_template="#/$defs/{name}"
    )
    by_type = dict(zip(listed, schemas, strict=True))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    if len(kinds) == 1:
        body = {**head, **by_type[listed[0]], "$defs": parts}
    else:
        named = {name: by_type[kind] for name, kind in kinds.items()}
        body = {**head, "bodies": named, "$defs": parts}
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def _instant(kind: type) -> dict[str, str]:
    if kind is Instant:
        return {"type": "string", "format": "date-time"}
    raise NotImplementedError(kind)  # msgspec's own protocol for "not mine"


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference"))
