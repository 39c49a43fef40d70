"""``beaconfire node``: lay out a node, and issue its card.

Parses, calls, prints; what a node or a card must be is decided in ``runtime/``.
"""

import ipaddress
from pathlib import Path
from typing import Annotated, get_args

import typer

from beaconfire.cli.card_facts import card_facts
from beaconfire.cli.node_run import run
from beaconfire.cli.printing import JsonOption, put, put_json
from beaconfire.errors import BadInput
from beaconfire.runtime import cards, keys
from beaconfire.runtime.node_dir import (
    BorderPlace,
    ExerciseTime,
    JournalPlace,
    NodeConfig,
    load_node,
    make_node,
    node_now,
)
from beaconfire.seals import codec
from beaconfire.seals.cards import card_fingerprint
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.item import Status
from beaconfire.vocabulary.party import require_party
from beaconfire.vocabulary.times import NS_PER_S, Instant

app = typer.Typer(help="Make and run this nation's node.", no_args_is_help=True)
app.command()(run)

NodeOption = Annotated[
    Path, typer.Option("--node", metavar="DIR", help="The node's directory.")
]

_DAY_S = 86_400
_CLOCK_SLACK_S = 3_600  # a partner's clock may be behind ours


@app.command()
def init(
    *,
    party: Annotated[str, typer.Option(help="Who we are, as in JPN.")],
    node: NodeOption = Path("node"),
    status: Annotated[
        str, typer.Option(help="EXERCISE, ACTUAL or TEST; never mixed.")
    ] = "EXERCISE",
    exercise: Annotated[
        str | None, typer.Option(metavar="ID", help="The exercise taken part in.")
    ] = None,
    border_host: Annotated[
        str, typer.Option(help="Where partners reach this node.")
    ] = "127.0.0.1",
    border_port: Annotated[
        int, typer.Option(min=1, max=65535, help="The port of the border there.")
    ] = 7422,
    journal_port: Annotated[
        int, typer.Option(min=1, max=65535, help="The own server's, on loopback.")
    ] = 7421,
    policy: Annotated[
        str | None, typer.Option(help="Label policy; the party if not given.")
    ] = None,
    classification: Annotated[
        str, typer.Option(help="Marking of what own sensors say.")
    ] = "SECRET",
    as_json: JsonOption = False,
) -> None:
    """Lay out a node directory and make its keys. Nothing is ever written over."""
    require_party(party)
    if status not in get_args(Status):
        message = f"`{status[:32]}` is no status: EXERCISE, ACTUAL or TEST"
        raise BadInput(message)
    # A name is for partners to dial; it is not an address to bind, so until the
    # operator says where to listen, nothing outside this machine can reach us.
    listen = border_host if _is_address(border_host) else "127.0.0.1"
    config = codec.convert(
        codec.to_builtins(
            {
                "party": party,
                "status": status,
                "policy": policy or party,
                "classification": classification,
                "border": BorderPlace(
                    host=border_host, port=border_port, listen=listen
                ),
                "journal": JournalPlace(port=journal_port),
                "exercise": None if exercise is None else ExerciseTime(id=exercise),
            }
        ),
        NodeConfig,
        what="node init",
    )
    make_node(node, config)
    keys.create_keys(node / "keys", party=party, host=border_host)
    if as_json:
        facts = {"v": 1, "node": str(node), **codec.to_builtins(config)}
        put_json(facts)
        return
    put(f"node of {party}, {status}, laid out in {node}")
    put(f"border {border_host}:{border_port}, listening on {listen}")
    put(f"next: beaconfire node card --node {node}")


@app.command()
def card(
    *,
    node: NodeOption = Path("node"),
    renew: Annotated[
        bool, typer.Option("--renew", help="Issue the next card.")
    ] = False,
    new_keys: Annotated[
        bool, typer.Option("--new-keys", help="With --renew: replace all but the root.")
    ] = False,
    root: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The root key, if not in the node."),
    ] = None,
    valid_from: Annotated[
        str | None, typer.Option(metavar="TIME", help="Default: an hour ago.")
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Default: in a year.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Issue this node's card, or show the one in use, with its fingerprint."""
    config = load_node(node)
    path = cards.own_card_path(node, config.party)
    if new_keys and not renew:
        message = "`--new-keys` makes a new card: give `--renew` as well"
        raise BadInput(message)
    root_path = root or node / "keys" / "root.key"
    if path.exists() and not renew:
        held = cards.load_cards(node, config).own
    else:
        held = cards.issue_card(
            node,
            config,
            root=keys.load_signing_key(root_path, "root"),
            validity=_validity(node_now(config), valid_from, valid_until),
            new_keys=new_keys,
        )
    _show(held, path, config=config, as_json=as_json)
    if new_keys:
        put(
            "the people's key is new as well: sign every agreement anew with "
            "`beaconfire agreement sign` and give partners the signatures, or it is "
            "not in force from the next start on",
            err=True,
        )
    if (node / "keys" / "root.key").exists():
        put(
            "the root key is still in this node: move it to a safe place now that "
            f"the card is issued (see {node / 'keys' / keys.ROOT_NOTE_NAME})",
            err=True,
        )


def _show(held: Card, path: Path, *, config: NodeConfig, as_json: bool) -> None:
    place = (held.border_host, held.border_port)
    if place != (config.border.host, config.border.port):
        put(
            "node.toml names another border than this card: issue the next card "
            "with `--renew`",
            err=True,
        )
    if as_json:
        put_json({"v": 1, **card_facts(held), "file": str(path)})
        return
    put(f"card {held.number} of {held.party}, {held.status}: {path}")
    put(f"valid {held.valid_from} to {held.valid_until}")
    put(f"fingerprint {card_fingerprint(held)}")
    put("send the file any way you like; read out the fingerprint another way")


def _validity(
    now: Instant, valid_from: str | None, valid_until: str | None
) -> cards.Validity:
    now = Instant(now.ns // NS_PER_S * NS_PER_S)  # dates that people will read
    begins = now.plus_s(-_CLOCK_SLACK_S)
    if valid_from is not None:
        begins = Instant.parse(valid_from)
    ends = now.plus_s(365 * _DAY_S)
    if valid_until is not None:
        ends = Instant.parse(valid_until)
    return cards.Validity(begins=begins, ends=ends)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
