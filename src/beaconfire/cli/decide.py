"""``beaconfire decide``: may this item go to this partner, and by which articles?

Parses, calls, prints; the decision is made in ``agreements/decision.py``. Exit code 0
is a release, 3 a refusal or that it waits for a consultation, 2 bad input.
"""

from pathlib import Path
from typing import Annotated

import typer

from beaconfire.agreements.agreement import OBLIGATIONS
from beaconfire.agreements.decision import decide as decide_item
from beaconfire.agreements.standing import Standing
from beaconfire.cli.printing import JsonOption, put, put_json
from beaconfire.errors import BadInput, Refused
from beaconfire.runtime.act_files import fold, read_acts
from beaconfire.runtime.agreement_files import (
    AgreementFile,
    read_agreements,
    shipped_texts,
)
from beaconfire.runtime.named_files import read_named
from beaconfire.seals import codec
from beaconfire.vocabulary.entries.decisions import Deferral, Refusal, Release
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.party import require_party
from beaconfire.vocabulary.times import Instant

app = typer.Typer(add_completion=False)

# `--agreements library` names the texts that ship with the project.
LIBRARY = "library"
ITEM_BYTES_MAX = 1_000_000  # several times what a border takes of one message

Decision = Release | Refusal | Deferral
_OUTCOME: dict[type, str] = {
    Release: "release",
    Refusal: "refusal",
    Deferral: "waiting",
}


@app.command()
def decide(
    *,
    agreements: Annotated[
        str,
        typer.Option(
            metavar="DIR", help="Texts to decide by; `library` = the shipped."
        ),
    ],
    item: Annotated[Path, typer.Option(metavar="ITEM.json", help="The wire item.")],
    to: Annotated[str, typer.Option(metavar="PARTY", help="Who is to receive it.")],
    at: Annotated[str, typer.Option(metavar="TIME", help="The instant of the send.")],
    sender: Annotated[
        str | None,
        typer.Option("--from", metavar="PARTY", help="Who sends; else its originator."),
    ] = None,
    acts: Annotated[
        Path | None,
        typer.Option(metavar="ACTS.jsonl", help="Acts, as `journal export` writes."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Say whether an item may go to a partner, and on which articles that rests."""
    when = Instant.parse(at)
    texts = texts_from(agreements)
    if not texts:
        raise BadInput(f"`{agreements}` holds no agreement (`*.toml`)")
    held = tuple(text.agreement for text in texts)
    what = _item(item)
    folded = fold(read_acts(acts), held, until=when) if acts else None
    decision = decide_item(
        what,
        sender=what.originator if sender is None else require_party(sender),
        to=require_party(to),
        at=when,
        agreements=held,
        standing=folded.standing if folded else Standing(),
    )
    for line in (*_about_signatures(texts), *(folded.passed_over if folded else ())):
        put(line, err=True)
    if as_json:
        put_json(as_told(decision))
    else:
        put(as_read(decision, what))
    return 0 if isinstance(decision, Release) else Refused.exit_code


def texts_from(place: str) -> tuple[AgreementFile, ...]:
    """Return the texts in a directory, or those that ship for ``library``."""
    if place == LIBRARY and not Path(place).is_dir():
        return shipped_texts()
    return read_agreements(Path(place))


def as_told(decision: Decision) -> dict[str, object]:
    """Return ``decision`` as ``--json`` prints it, keys in the published order."""
    return {
        "v": 1,
        "outcome": _OUTCOME[type(decision)],
        "from": decision.via or decision.originator,
        "to": decision.to,
        "at": decision.at,
        "agreements": decision.agreements,
        "articles": decision.articles,
        "acts": _acts(decision),
        "approval": None if isinstance(decision, Deferral) else decision.approval,
        "obligations": decision.obligations if isinstance(decision, Release) else (),
        "reason": decision.reason,
        "would_need": () if isinstance(decision, Release) else decision.would_need,
        "considered": decision.considered,
    }


def as_read(decision: Decision, item: Item) -> str:
    """Return ``decision`` as people read it."""
    outcome = _OUTCOME[type(decision)]
    sender = decision.via or decision.originator
    body = type(item.body).__name__
    whose = f" of {decision.originator}" if decision.via else ""
    lines = [f"{outcome}: {body}{whose}, {sender} to {decision.to} at {decision.at}"]
    rows = [
        ("item", (decision.item,)),
        ("because", (decision.reason,)),
        ("under", decision.agreements),
        ("articles", decision.articles),
        ("acts", _acts(decision)),
    ]
    if not isinstance(decision, Deferral) and decision.approval:
        rows.append(("approval", (decision.approval,)))
    if isinstance(decision, Release):
        rows.append(
            ("owes", tuple(f"{o}: {OBLIGATIONS[o]}" for o in decision.obligations))
        )
        if decision.marking is not None:
            marks = decision.marking.equivalents
            rows.append(
                ("marked", tuple(f"{m.party}: {m.marking}" for m in marks)),
            )
    else:
        rows.append(("would need", decision.would_need))
    rows.append(
        (
            "considered",
            tuple(
                f"{' + '.join(way.agreements)}: {way.outcome}, {way.reason}"
                for way in decision.considered
            ),
        )
    )
    for name, values in rows:
        for place, value in enumerate(values):
            lines.append(f"  {name if place == 0 else '':<11}{value}")
    return "\n".join(lines)


def _acts(decision: Decision) -> tuple[str, ...]:
    # What it waits for is cited like an act: by the entry that asked.
    waits = isinstance(decision, Deferral)
    return decision.consultations if waits else decision.acts  # type: ignore[union-attr]


def _about_signatures(texts: tuple[AgreementFile, ...]) -> tuple[str, ...]:
    # Signatures that lie there are not verified either: that takes the parties' cards.
    return tuple(
        f"{text.agreement.id}: read without the signature of "
        f"{', '.join(text.unsigned_by)}; a running node would not act on it"
        for text in texts
        if text.unsigned_by
    )


def _item(path: Path) -> Item:
    data = read_named(path, bytes_max=ITEM_BYTES_MAX, empty=": it needs one item")
    return codec.decode(data, Item, what=str(path))
