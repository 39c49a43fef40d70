"""``beaconfire consult``: ask, answer, withdraw, proceed; list and show.

Parses, calls, prints. Who may say what is settled by the node's desk. Statements are
signed here, with a person's key, and sent to the running node; if it is stopped
nothing changes (exit code 4). ``list`` and ``show`` read the node's journal.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, get_args

import typer
from msgspec import Struct

from beaconfire.agreements.consultation import Held, state_name, told
from beaconfire.agreements.statements import wrong_with
from beaconfire.cli.ordering import carry_out, people_key
from beaconfire.cli.printing import JsonOption, put, put_json
from beaconfire.errors import BadInput
from beaconfire.runtime.node_dir import load_node, node_now
from beaconfire.runtime.orders import standing_in
from beaconfire.seals import codec
from beaconfire.seals.consultations import sign_statement
from beaconfire.vocabulary.acts import CLASSES
from beaconfire.vocabulary.consultations import (
    Consultation,
    ConsultationAnswer,
    ConsultationProceeding,
    ConsultationWithdrawal,
    DeclaredMeasure,
    OnwardReleaseOf,
    ProposedAct,
    PublicStatement,
    ReleaseOf,
    Reply,
    Statement,
)
from beaconfire.vocabulary.party import require_party
from beaconfire.vocabulary.times import Instant

app = typer.Typer(
    help="Ask a party before an act that affects it; answer what a party asks.",
    no_args_is_help=True,
    add_completion=False,
)

NodeOption = Annotated[
    Path, typer.Option("--node", metavar="DIR", help="The node's directory.")
]
IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The consultation's id, or its beginning.")
]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, in a sentence.")
]
ACTS = ("release", "onward-release", "public-statement", "measure")


@app.command()
def ask(
    *,
    agreement: Annotated[
        str,
        typer.Option("--agreement", metavar="ID", help="Under which it is asked."),
    ],
    party: Annotated[
        str, typer.Option("--party", metavar="PARTY", help="Whom the act affects.")
    ],
    act: Annotated[
        str, typer.Option("--act", metavar="ACT", help=f"One of {', '.join(ACTS)}.")
    ],
    reason: ReasonOption,
    deadline: Annotated[
        str,
        typer.Option(
            "--deadline",
            metavar="TIME",
            help="Until when to answer, in a year at most.",
        ),
    ],
    item_class: Annotated[
        str | None,
        typer.Option("--class", metavar="CLASS", help=f"One of {', '.join(CLASSES)}."),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="PARTY", help="A recipient; may be repeated."),
    ] = None,
    originator: Annotated[
        str | None,
        typer.Option("--of", metavar="PARTY", help="Whose items are passed on."),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option("--text", metavar="TEXT", help="The statement, or the measure."),
    ] = None,
    silence: Annotated[
        str, typer.Option("--silence", metavar="no|yes", help="What no answer means.")
    ] = "no",
    extensions: Annotated[
        int, typer.Option("--extensions", metavar="N", help="How often more time.")
    ] = 1,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Ask a party before an act that affects it; the act waits for the answer."""
    config = load_node(node)
    told_ = {
        "agreement": agreement,
        "party": config.party,
        "affected": require_party(party),
        "proposes": _proposed(act, item_class, to or [], originator, text),
        "reason": reason,
        "deadline": Instant.parse(deadline),
        "silence": silence,
        "extensions": extensions,
        "issued": node_now(config),
    }
    _say(node, "consult-ask", told_, Consultation, as_json=as_json)


@app.command()
def answer(
    consultation: IdArgument,
    reply: Annotated[
        str,
        typer.Argument(metavar="REPLY", help=f"One of {', '.join(get_args(Reply))}."),
    ],
    *,
    reason: ReasonOption = "",
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="PARTY", help="Consent for these recipients."),
    ] = None,
    item_class: Annotated[
        list[str] | None,
        typer.Option("--class", metavar="CLASS", help="Consent to these classes."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="Last instant of the consent."),
    ] = None,
    no_further: Annotated[
        bool, typer.Option("--no-further", help="Recipients pass it on to nobody.")
    ] = False,
    deadline: Annotated[
        str | None,
        typer.Option("--deadline", metavar="TIME", help="When more time ends."),
    ] = None,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Answer for this party: consent, with conditions or without, object, more-time."""
    config = load_node(node)
    conditions: dict[str, object] | None = None
    if to or item_class or until or no_further:
        conditions = {
            "recipients": [require_party(one) for one in to or []],
            "classes": item_class or [],
            "until": None if until is None else Instant.parse(until),
            "no_further": no_further,
        }
    told_ = {
        "consultation": _found(node, consultation).id,
        "party": config.party,
        "reply": reply,
        "reason": reason,
        "conditions": conditions,
        "deadline": None if deadline is None else Instant.parse(deadline),
        "issued": node_now(config),
    }
    _say(node, "consult-answer", told_, ConsultationAnswer, as_json=as_json)


@app.command()
def withdraw(
    consultation: IdArgument,
    *,
    reason: ReasonOption = "",
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Take a consent back, with effect at once; or a question before it is answered."""
    config = load_node(node)
    told_ = {
        "consultation": _found(node, consultation).id,
        "party": config.party,
        "reason": reason,
        "issued": node_now(config),
    }
    _say(node, "consult-withdraw", told_, ConsultationWithdrawal, as_json=as_json)


@app.command()
def proceed(
    consultation: IdArgument,
    *,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Record that the act asked about is done now; refused without a consent."""
    config = load_node(node)
    told_ = {
        "consultation": _found(node, consultation).id,
        "party": config.party,
        "issued": node_now(config),
    }
    _say(node, "consult-proceed", told_, ConsultationProceeding, as_json=as_json)


@app.command("list")
def list_(*, node: NodeOption = Path("node"), as_json: JsonOption = False) -> None:
    """List the consultations of a node, the oldest first, and where each stands."""
    rows = [_row(held) for held in _known(node)]
    if as_json:
        put_json({"v": 1, "consultations": rows})
        return
    for row in rows:
        put(f"{row.id[:8]}  {row.party} asks {row.affected}: {row.act}")
        put(f"{'':<10}{row.told}")
    if not rows:
        put("no consultation stands in this journal")


@app.command()
def show(
    consultation: IdArgument,
    *,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Show one consultation: what was asked and why, and where it stands."""
    held = _found(node, consultation)
    row, ask_ = _row(held), held.ask
    if as_json:
        found = codec.to_builtins(row)
        found |= {"v": 1, "ask": ask_, "conditions": held.conditions}
        put_json(found)
        return
    lines = [
        ("id", row.id),
        ("asks", f"{ask_.party} asks {ask_.affected} under {ask_.agreement}"),
        ("act", row.act),
        ("reason", ask_.reason),
        ("deadline", f"{held.deadline}, silence means {held.silence}"),
        ("state", f"{row.state} since {held.state.at} (entry `{held.state.entry}`)"),
        ("", row.told),
    ]
    for name, value in codec.to_builtins(held.conditions).items():
        if value:
            told_ = ", ".join(value) if isinstance(value, list) else value
            lines.append(("only if", f"{name} {told_}"))
    put("\n".join(f"{name:<10}{value}" for name, value in lines))


class _Row(Struct, frozen=True, kw_only=True):
    """One consultation as ``list`` tells it."""

    id: str
    agreement: str
    party: str
    affected: str
    act: str
    state: str
    waits: bool
    consented: bool
    deadline: Instant
    silence: str
    told: str
    statements: tuple[str, ...]


def _row(held: Held) -> _Row:
    ask_ = held.ask
    return _Row(
        id=held.id,
        agreement=ask_.agreement,
        party=ask_.party,
        affected=ask_.affected,
        act=_read(ask_.proposes),
        state=state_name(type(held.state)),
        waits=held.waits,
        consented=held.consented,
        deadline=held.deadline,
        silence=held.silence,
        told=told(held),
        statements=held.said,
    )


def _read(act: ProposedAct) -> str:
    if isinstance(act, ReleaseOf):
        return f"release of {act.item_class} to {', '.join(act.to)}"
    if isinstance(act, OnwardReleaseOf):
        whose = f"{act.originator}'s {act.item_class}"
        return f"onward release of {whose} to {', '.join(act.to)}"
    kind = "public statement" if isinstance(act, PublicStatement) else "measure"
    return f"{kind}: {act.text}"


def _proposed(
    act: str,
    item_class: str | None,
    to: list[str],
    originator: str | None,
    text: str | None,
) -> ProposedAct:
    needs = {
        "release": (item_class, to),
        "onward-release": (item_class, to, originator),
        "public-statement": (text,),
        "measure": (text,),
    }
    if act not in needs:
        raise BadInput(f"`{act[:32]}` is no act: write one of {', '.join(ACTS)}")
    given = sum(bool(one) for one in (item_class, to, originator, text))
    if not all(needs[act]) or given != len(needs[act]):
        options = {2: "`--class` and `--to`", 3: "`--class`, `--to` and `--of`"}
        wanted = options.get(len(needs[act]), "`--text`")
        raise BadInput(f"`{act}` takes {wanted}, and no other of these")
    recipients = tuple(require_party(one) for one in to)
    if act == "release":
        return ReleaseOf(item_class=item_class or "", to=recipients)
    if act == "onward-release":
        return OnwardReleaseOf(
            item_class=item_class or "",
            originator=require_party(originator or ""),
            to=recipients,
        )
    if act == "public-statement":
        return PublicStatement(text=text or "")
    return DeclaredMeasure(text=text or "")


def _known(node: Path) -> tuple[Held, ...]:
    load_node(node)
    standing = standing_in(node, lambda line: put(line, err=True))
    return standing.consultations.held


def _found(node: Path, beginning: str) -> Held:
    fitting = [held for held in _known(node) if held.id.startswith(beginning)]
    if len(fitting) == 1:
        return fitting[0]
    message = f"no consultation `{beginning[:64]}` here"
    if fitting:
        message = f"{len(fitting)} consultations begin with `{beginning[:64]}`"
    raise BadInput(f"{message}: see `beaconfire consult list`")


def _say(
    node: Path,
    verb: str,
    told_: Mapping[str, object],
    kind: type[Statement],
    *,
    as_json: bool,
) -> None:
    as_written = codec.to_builtins(dict(told_))
    statement: Statement = codec.convert(as_written, kind, what=verb)
    flaw = wrong_with(statement)
    if flaw is not None:
        raise BadInput(flaw)
    carry_out(node, verb, sign_statement(statement, people_key(node)), as_json=as_json)
