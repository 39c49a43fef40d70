"""``beaconfire agreement``: check, list, show, sign; and what a party does to one.

Parses, calls, prints. What a text may say is settled in ``agreements/text.py``, who may
do what by the node's desk. Acts are signed here, with a person's key, and sent to the
running node; if it is stopped nothing changes (exit code 4).
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
from beaconfire.cli.printing import put, put_document
from beaconfire.errors import BadInput, Refused
from beaconfire.runtime import cards, keys
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
from beaconfire.runtime.node_dir import NodeConfig, load_node, node_now
from beaconfire.runtime.orders import order, standing_in
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals import codec
from beaconfire.seals.acts import sign_act
from beaconfire.seals.keys import SigningKey
from beaconfire.vocabulary.acts import CLASSES, Act, ActName
from beaconfire.vocabulary.entries.arrivals import NodeStart
from beaconfire.vocabulary.party import require_party
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
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The agreement's id.")]
AgreementOption = Annotated[
    str, typer.Option("--agreement", metavar="ID", help="The agreement's id.")
]
ToOption = Annotated[
    str, typer.Option("--to", metavar="PARTY", help="Who may receive it.")
]
ViaOption = Annotated[
    str, typer.Option("--via", metavar="PARTY", help="Who may pass it on.")
]
ClassOption = Annotated[
    str | None,
    typer.Option("--class", metavar="CLASS", help=f"One of {', '.join(CLASSES)}."),
]
ItemOption = Annotated[
    str | None, typer.Option("--item", metavar="ID", help="One item, by its id.")
]


@app.command()
def check(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|DIR|library",
            help="A text, a folder of texts, or `library` = the shipped.",
        ),
    ],
    acts: ActsOption = None,
) -> None:
    """Explain every mistake in a text, or in each text of a folder, and in acts."""
    if str(path) == LIBRARY and not path.exists():
        for text in shipped_texts():
            _in_order(text.file, text)
        _check_acts(acts, shipped_texts())
        return
    paths = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not paths:
        raise BadInput(f"`{path}` holds no agreement (`*.toml`)")
    if len(paths) > SETTINGS.texts_max:
        raise BadInput(f"`{path}`: more than {SETTINGS.texts_max} texts")
    mistakes, texts = [], []
    for one in paths:
        try:
            text = read_agreement(one)
        except BadInput as error:
            mistakes.append(str(error))
            continue
        _in_order(str(one), text)
        texts.append(text)
    if not mistakes and path.is_dir():
        read_agreements(path)  # two files must not hold one id
    if mistakes:
        raise BadInput("\n".join(mistakes))
    _check_acts(acts, texts)


def _check_acts(acts: Path | None, texts: Sequence[AgreementFile]) -> None:
    if acts is None:
        return
    read = read_acts(acts)
    mistakes = flaws(read, [text.agreement for text in texts])
    if mistakes:
        shown = list(mistakes[:MISTAKES_SHOWN_MAX])
        if len(mistakes) > len(shown):
            shown.append(f"{acts}: {more_than_shown(len(mistakes))}")
        raise BadInput("\n".join(shown))
    count = sum(not isinstance(one.act, NodeStart) for one in read)
    put(f"{acts}: {count} acts, in order")


def _in_order(place: str, text: AgreementFile) -> None:
    count = len(text.agreement.articles)
    put(f"{place}: {text.agreement.id}, {count} articles, in order")
    if text.unsigned_by:
        put(f"{place}: not signed by {', '.join(text.unsigned_by)}", err=True)


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
        put(codec.encode(told).decode())
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
        put(codec.encode(told).decode())
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
) -> None:
    """Sign a text for this node's party, with a person's key, beside the file."""
    config = load_node(node)
    beside = sign_file(file, party=config.party, key=_people_key(node))
    put(f"signed for {config.party}: {beside}")


@app.command()
def suspend(agreement_id: IdArgument, *, node: NodeOption = Path("node")) -> None:
    """Suspend an agreement: from that instant nothing leaves under it."""
    act_on(node, "suspend", agreement_id)


@app.command()
def restore(agreement_id: IdArgument, *, node: NodeOption = Path("node")) -> None:
    """Restore what this party suspended; another party's suspension stands."""
    act_on(node, "restore", agreement_id)


@app.command()
def notice(agreement_id: IdArgument, *, node: NodeOption = Path("node")) -> None:
    """Give notice of termination: it takes effect as the text says; tells when."""
    act_on(node, "notice", agreement_id)


@app.command("notice-suspend")
def notice_suspend(
    agreement_id: IdArgument, *, node: NodeOption = Path("node")
) -> None:
    """Suspend the effect of this party's notice: the agreement stays in force."""
    act_on(node, "notice-suspend", agreement_id)


@app.command()
def withdraw(agreement_id: IdArgument, *, node: NodeOption = Path("node")) -> None:
    """Take this party's notice back, suspended or not."""
    act_on(node, "withdraw", agreement_id)


@app.command()
def contest(agreement_id: IdArgument, *, node: NodeOption = Path("node")) -> None:
    """Record that this party does not accept how another would end it; only shows."""
    act_on(node, "contest", agreement_id)


@app.command()
def approve(
    *,
    agreement: AgreementOption,
    to: ToOption,
    via: ViaOption,
    expires: Annotated[
        str, typer.Option("--expires", metavar="TIME", help="Its last instant.")
    ],
    item_class: ClassOption = None,
    item: ItemOption = None,
    node: NodeOption = Path("node"),
) -> None:
    """Approve that a partner passes on this party's items to another."""
    end = Instant.parse(expires)
    if end <= node_now(load_node(node)):
        raise BadInput(f"`{expires}` has passed: an approval ends in the future")
    named = _named(to, via, item_class, item)
    act_on(node, "approve", agreement, expires=end, **named)


@app.command()
def revoke(
    *,
    agreement: AgreementOption,
    to: ToOption,
    via: ViaOption,
    item_class: ClassOption = None,
    item: ItemOption = None,
    node: NodeOption = Path("node"),
) -> None:
    """Take back the approvals for the same item or class, recipient and relay."""
    act_on(node, "revoke", agreement, **_named(to, via, item_class, item))


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


def _named(
    to: str, via: str, item_class: str | None, item: str | None
) -> dict[str, str | None]:
    if (item_class is None) is (item is None):
        raise BadInput("give either `--class` or `--item`")
    if item_class is not None and item_class not in CLASSES:
        known = ", ".join(CLASSES)
        raise BadInput(f"`{item_class[:64]}` is no class: write one of {known}")
    return {
        "to": require_party(to),
        "via": require_party(via),
        "item_class": item_class,
        "item": item,
    }


def act_on(node: Path, name: ActName, agreement_id: str, **told: object) -> None:
    """Sign an act with this node's person's key, send it, say what the desk said."""
    config = load_node(node)
    _require_in_force(node, config, agreement_id)
    act = _signed(config, _people_key(node), name, agreement_id, told)
    judged = order(node, act.act, act)
    if not judged.accepted:
        raise Refused(f"the desk of {config.party} refused: {judged.reason}")
    put(f"{config.party}: {judged.reason}")


def _require_in_force(node: Path, config: NodeConfig, agreement_id: str) -> None:
    """See that the node holds such a text, or say which it holds and what is wrong.

    Whatever else lies beside it: a broken draft must not stand between a party and its
    suspension.
    """
    known = cards.load_cards(node, config)
    found = in_force_texts(node / "agreements", (known.own, *known.partners))
    one_text(found.texts, agreement_id, *found.left_out)


def _signed(
    config: NodeConfig,
    key: SigningKey,
    name: ActName,
    agreement_id: str,
    told: dict[str, object],
) -> Act:
    unsigned = {"agreement": agreement_id, "act": name, "party": config.party, **told}
    unsigned["class"] = unsigned.pop("item_class", None)
    unsigned["issued"] = node_now(config)
    as_written = codec.to_builtins(unsigned)
    return sign_act(codec.convert(as_written, Act, what="act"), key)


def _people_key(node: Path) -> SigningKey:
    return keys.load_signing_key(node / "keys" / "people.key", "people")
