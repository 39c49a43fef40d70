"""``beaconfire agreement``: check, list, show, sign.

Parses, calls, prints. What a text may say is settled in ``agreements/text.py``. What a
party does to an agreement stands in ``agreement_acts``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from beaconfire.agreements.agreement import (
    LASTING,
    OBLIGATIONS,
    Agreement,
    Article,
)
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.status import PartyStatus, status_of
from beaconfire.agreements.text import MISTAKES_SHOWN_MAX, more_than_shown
from beaconfire.cli.decide import LIBRARY, texts_from
from beaconfire.cli.ordering import people_key
from beaconfire.cli.printing import JsonOption, put, put_document, put_json
from beaconfire.errors import BadInput
from beaconfire.runtime import cards
from beaconfire.runtime.act_files import flaws, read_acts
from beaconfire.runtime.agreement_files import (
    AgreementFile,
    in_force_texts,
    read_agreement,
    read_agreements,
    shipped_texts,
    sign_file,
)
from beaconfire.runtime.clock import WallClock
from beaconfire.runtime.node_dir import load_node, node_now
from beaconfire.runtime.orders import standing_in
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import codec
from beaconfire.vocabulary.entries.arrivals import NodeStart
from beaconfire.vocabulary.times import Instant

app = typer.Typer(
    help="Read, sign, suspend and restore what the nations agreed.",
    no_args_is_help=True,
    add_completion=False,
)

NodeOption = Annotated[
    Path, typer.Option("--node", metavar="DIR", help="The node's directory.")
]
TextsOption = Annotated[
    str | None,
    typer.Option(
        "--agreements",
        metavar="DIR",
        help="Read these texts on paper instead of a node's; `library` = the shipped.",
    ),
]
ActsOption = Annotated[
    Path | None,
    typer.Option("--acts", metavar="ACTS.jsonl", help="As `journal export` writes."),
]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The agreement's id.")]


@app.command()
def check(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|DIR|library",
            help="A text, a folder of texts, or `library` = the shipped.",
        ),
    ],
    *,
    acts: ActsOption = None,
    as_json: JsonOption = False,
) -> int:
    """Explain every mistake in a text, or in each text of a folder, and in acts."""
    checked = _checked(path, acts)
    if as_json:
        put_json(checked)
        return BadInput.exit_code if checked.mistakes else 0
    for text in checked.texts:
        place, count = text.file, text.articles
        put(f"{place}: {text.id}, {count} articles, in order")
        if text.unsigned_by:
            put(f"{place}: not signed by {', '.join(text.unsigned_by)}", err=True)
    if checked.mistakes:
        raise BadInput("\n".join(checked.mistakes))
    if checked.acts is not None:
        put(f"{acts}: {checked.acts} acts, in order")
    return 0


class _CheckedText(Struct, frozen=True, kw_only=True):
    """One text that is in order."""

    file: str
    id: str
    articles: int
    unsigned_by: tuple[str, ...]


class _Checked(Struct, frozen=True, kw_only=True):
    """What ``check`` found; ``acts`` counts those in order, if all are."""

    v: int = 1
    texts: tuple[_CheckedText, ...]
    acts: int | None
    mistakes: tuple[str, ...]


def _checked(path: Path, acts: Path | None) -> _Checked:
    texts, mistakes = _read_all(path)
    count = None
    if acts is not None and not mistakes:
        read = read_acts(acts)
        mistakes += _shown(acts, flaws(read, [text.agreement for _, text in texts]))
        count = sum(not isinstance(one.act, NodeStart) for one in read)
    return _Checked(
        texts=tuple(
            _CheckedText(
                file=place,
                id=text.agreement.id,
                articles=len(text.agreement.articles),
                unsigned_by=text.unsigned_by,
            )
            for place, text in texts
        ),
        acts=None if mistakes else count,
        mistakes=tuple(mistakes),
    )


def _shown(acts: Path, mistakes: Sequence[str]) -> list[str]:
    shown = list(mistakes[:MISTAKES_SHOWN_MAX])
    if len(mistakes) > len(shown):
        shown.append(f"{acts}: {more_than_shown(len(mistakes))}")
    return shown


def _read_all(path: Path) -> tuple[list[tuple[str, AgreementFile]], list[str]]:
    """Return the texts with their places, and what is wrong with the others."""
    if str(path) == LIBRARY and not path.exists():
        return [(text.file, text) for text in shipped_texts()], []
    paths = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not paths:
        raise BadInput(f"`{path}` holds no agreement (`*.toml`)")
    if len(paths) > SETTINGS.texts_max:
        raise BadInput(f"`{path}`: more than {SETTINGS.texts_max} texts")
    texts, mistakes = [], []
    for one in paths:
        try:
            texts.append((str(one), read_agreement(one)))
        except BadInput as error:
            mistakes.append(str(error))
    if not mistakes and path.is_dir():
        try:
            read_agreements(path)  # two files must not hold one id
        except BadInput as error:
            mistakes.append(str(error))
    return texts, mistakes


@app.command("list")
def list_(
    *,
    node: NodeOption = Path("node"),
    agreements: TextsOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the agreements of a node, or of a folder, and whether they are in force."""
    held = held_texts(node, agreements)
    rows = [_row(text, held) for text in held.texts]
    if as_json:
        told = {"v": 1, "agreements": rows, "left_out": held.left_out}
        put_json(told)
        return
    for sentence in held.left_out:
        put(sentence, err=True)
    for row in rows:
        put(f"{row.id:<22} {row.state:<16} {row.title}")
        if row.state != "in force" or row.contested:
            put(f"{'':<22} {row.reason}")
        if row.unsigned_by:
            put(f"{'':<22} not signed by {', '.join(row.unsigned_by)}")


@app.command()
def show(
    agreement_id: IdArgument,
    *,
    node: NodeOption = Path("node"),
    agreements: TextsOption = None,
    as_text: Annotated[
        bool, typer.Option("--text", help="Print the file itself, as it is signed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one agreement: its state, and every article with what it rests on."""
    if as_text and as_json:
        message = "`--text` prints a file and `--json` a value: give one of them"
        raise BadInput(message)
    held = held_texts(node, agreements)
    text = one_text(held.texts, agreement_id, *held.left_out)
    if as_text:
        put_document(text.data)
        return
    row = _row(text, held)
    under = text.agreement
    if as_json:
        articles = [_article(under, article) for article in under.articles]
        told = {"v": 1, **codec.to_builtins(row)}
        told |= {"instrument": under.instrument, "articles": articles}
        told["records"] = codec.to_builtins(under.annexes)
        put_json(told)
        return
    unsigned = ", ".join(row.unsigned_by)
    signed = f"all but {unsigned}" if unsigned else "all parties"
    if row.unsigned_by == under.parties:
        signed = "nobody"
    lines = [
        f"{under.id}: {under.title}",
        f"  {under.instrument}",
        f"  parties   {', '.join(under.parties)}",
        f"  state     {row.state}: {row.reason}",
        f"  governed  by {row.status_article}",
        f"  signed    by {signed}",
    ]
    for party in row.views:
        acted = f", by act `{party.act}`" if party.act else ""
        against = f"; contests (act `{party.contests}`)" if party.contests else ""
        lines.append(f"  {party.party:<9} holds it {party.state}{acted}{against}")
    for levels in under.levels:
        marks = ", ".join(f"{mark} = {of}" for mark, of in levels.markings)
        lines.append(f"  {levels.party:<9} {marks}")
    said = {**OBLIGATIONS, **LASTING}
    for article in under.articles:
        when = "; ".join(_condition(c.NAME, c.value) for c in article.when)
        lines += ["", f"  {under.cite(article)}: {article.effect.value}"]
        lines += [f"    when      {when or 'always'}"]
        lines += [f"    owes      {o}: {said[o]}" for o in article.obligations]
        lines += [f"    rests on  {article.rests_on}"]
    for annex in under.annexes:
        kept = codec.to_builtins(annex.record)
        facts = "; ".join(_condition(key, value) for key, value in kept.items())
        lines += ["", f"  on record by {annex.party}: {facts}"]
    put("\n".join(lines))


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The text to sign.")],
    *,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Sign a text for this node's party, with a person's key, beside the file."""
    config = load_node(node)
    beside, signed = sign_file(file, party=config.party, key=people_key(node))
    if as_json:
        put_json(
            {
                "v": 1,
                "agreement": signed.id,
                "party": config.party,
                "file": str(file),
                "signature_file": str(beside),
            }
        )
        return
    put(f"signed for {config.party}: {beside}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Texts, the standing that they are read by, and what is left out of them."""

    texts: tuple[AgreementFile, ...]
    at: Instant
    standing: Standing
    left_out: tuple[str, ...]


class _Row(Struct, frozen=True, kw_only=True):
    """One agreement as ``list`` tells it."""

    id: str
    title: str
    parties: tuple[str, ...]
    state: str
    at: Instant
    reason: str
    acts: tuple[str, ...]
    status_article: str | None
    contested: bool
    views: tuple[PartyStatus, ...]
    file: str
    unsigned_by: tuple[str, ...]


def held_texts(node: Path, agreements: str | None) -> Held:
    """Return the texts of a node, or on paper, and the standing to read them by."""
    if agreements is not None:
        return Held(
            texts=texts_from(agreements),
            at=WallClock().now(),
            standing=Standing(),
            left_out=(),
        )
    config = load_node(node)
    known = cards.load_cards(node, config)
    found = in_force_texts(node / "agreements", (known.own, *known.partners))
    return Held(
        texts=found.texts,
        at=node_now(config),
        standing=standing_in(node, lambda line: put(line, err=True)),
        left_out=(*known.left_out, *found.left_out),
    )


def _row(text: AgreementFile, held: Held) -> _Row:
    status = status_of(text.agreement, held.standing, held.at)
    return _Row(
        id=text.agreement.id,
        title=text.agreement.title,
        parties=text.agreement.parties,
        state=status.state,
        at=held.at,
        reason=status.reason,
        acts=status.acts,
        status_article=status.article,
        contested=status.contested,
        views=status.parties,
        file=text.file,
        unsigned_by=text.unsigned_by,
    )


def _article(under: Agreement, article: Article) -> dict[str, object]:
    return {
        "citation": under.cite(article),
        "effect": article.effect.value,
        "when": {condition.NAME: condition.value for condition in article.when},
        "obligations": [str(owed) for owed in article.obligations],
        "rests_on": article.rests_on,
    }


def _condition(name: str, value: object) -> str:
    if isinstance(value, tuple | list):
        return f"{name} is {' or '.join(value)}"
    if isinstance(value, bool):
        return f"{name} is {'true' if value else 'false'}"
    return f"{name} is {value}"


def one_text(
    texts: tuple[AgreementFile, ...], agreement_id: str, *told: str
) -> AgreementFile:
    """Return the text of one agreement.

    Raises:
        BadInput: there is none; says which there are, and ``told``.
    """
    for text in texts:
        if text.agreement.id == agreement_id:
            return text
    known = ", ".join(text.agreement.id for text in texts) or "none"
    message = f"there is no agreement `{agreement_id[:64]}` here: there are {known}"
    raise BadInput("\n".join((message, *told)))
