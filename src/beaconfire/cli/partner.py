"""``beaconfire partner``: whom this node trusts, and whom it trusts no more.

Parses, calls, prints; what a card must be is decided in ``runtime/cards.py``. The order
to revoke one is signed here, with a person's key, and sent to the running node, whose
desk judges it; if the node is stopped nothing changes (exit code 4).
"""

from pathlib import Path
from typing import Annotated

import typer

from beaconfire.cli.card_facts import card_facts
from beaconfire.cli.ordering import carry_out, people_key
from beaconfire.cli.printing import JsonOption, put, put_json
from beaconfire.errors import BadInput
from beaconfire.runtime import cards
from beaconfire.runtime.node_dir import load_node, node_now
from beaconfire.runtime.orders import standing_in
from beaconfire.seals import codec
from beaconfire.seals.cards import card_fingerprint
from beaconfire.seals.people_orders import sign_people_order
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.party import require_party
from beaconfire.vocabulary.revoking import CardRevocation
from beaconfire.vocabulary.times import Instant

app = typer.Typer(
    help="Admit partners by their cards; list and revoke them.", no_args_is_help=True
)


@app.callback()
def partner() -> None:
    """Admit partners by their cards; list and revoke them."""


@app.command()
def add(
    card: Annotated[Path, typer.Argument(metavar="CARD", help="The card file.")],
    *,
    confirm: Annotated[
        str | None,
        typer.Option(
            metavar="FINGERPRINT",
            help="The fingerprint as the partner read it out, not as it came along.",
        ),
    ] = None,
    node: Annotated[
        Path, typer.Option("--node", metavar="DIR", help="The node's directory.")
    ] = Path("node"),
    expected: Annotated[
        str | None, typer.Option("--as", metavar="PARTY", help="Who it must be.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Admit a partner, or take its next card, after confirming the fingerprint."""
    config = load_node(node)
    if confirm is None:
        # Showing it here would invite copying it, which confirms nothing.
        message = (
            "a card is admitted only with `--confirm FINGERPRINT`: ask the partner, by "
            "telephone or in person, what `beaconfire node card` shows there"
        )
        raise BadInput(message)
    done = cards.admit(
        node,
        config,
        cards.read_card_file(card),
        confirmed=confirm,
        expected=None if expected is None else require_party(expected),
        at=node_now(config),
        trust=standing_in(node, lambda line: put(line, err=True)).trust,
    )
    held = done.card
    if as_json:
        put_json({"v": 1, **card_facts(held), "replaced": done.replaced})
        return
    how = "added" if done.replaced is None else f"replaces card {done.replaced}"
    put(f"card {held.number} of {held.party}, {held.status}: {how}")
    put(f"valid until {held.valid_until}")
    put(f"border {held.border_host}:{held.border_port}")
    put("a node that runs now takes it up when it is started again")


@app.command("list")
def list_(
    *,
    node: Annotated[
        Path, typer.Option("--node", metavar="DIR", help="The node's directory.")
    ] = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """List the partners whose cards this node holds, and which of them it trusts."""
    config = load_node(node)
    known = cards.load_cards(node, config)
    now = node_now(config)
    trust = standing_in(node, lambda line: put(line, err=True)).trust
    rows = []
    for card in known.partners:
        revoked = trust.covering(card)
        state = "revoked" if revoked is not None else _validity(card, now)
        rows.append(
            {
                "party": card.party,
                "card": card.number,
                "state": state,
                "revoked": None if revoked is None else revoked.told,
                "valid_until": str(card.valid_until),
                "border": f"{card.border_host}:{card.border_port}",
                "fingerprint": card_fingerprint(card),
            }
        )
    for sentence in known.left_out:
        put(sentence, err=True)
    if as_json:
        put_json({"v": 1, "partners": rows})
        return
    if not rows:
        put(f"{config.party} has admitted nobody: beaconfire partner add CARD")
    for row in rows:
        put(
            f"{row['party']}  card {row['card']}, {row['state']}, valid until "
            f"{row['valid_until']}, border {row['border']}"
        )
        put(f"     fingerprint {row['fingerprint']}")
        if row["revoked"] is not None:
            put(f"     {row['revoked']}")


def _validity(card: Card, now: Instant) -> str:
    if now < card.valid_from:
        return "not valid yet"
    return "expired" if now > card.valid_until else "trusted"


@app.command()
def revoke(
    party: Annotated[
        str, typer.Argument(metavar="PARTY", help="Whose card, as in KOR.")
    ],
    *,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="TEXT", help="Why; it stays in this node."),
    ],
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="From when its keys are in doubt. Default: now."
        ),
    ] = None,
    node: Annotated[
        Path, typer.Option("--node", metavar="DIR", help="The node's directory.")
    ] = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Trust a partner's card no more: the running node closes the link at once.

    What came from it since is flagged: `beaconfire journal flagged` lists it. A card of
    a higher number from the same root opens the link again at the node's next start.
    """
    config = load_node(node)
    now = node_now(config)
    told = {
        "party": config.party,
        "partner": require_party(party),
        "since": now if since is None else Instant.parse(since),
        "reason": reason,
        "issued": now,
    }
    said = codec.convert(codec.to_builtins(told), CardRevocation, what="revoke")
    carry_out(
        node,
        "revoke-card",
        sign_people_order(said, people_key(node)),
        as_json=as_json,
        read=f"{said.partner}, {{reason}}; the link is closed",
    )
