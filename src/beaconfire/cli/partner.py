"""``beaconfire partner``: whom this node trusts.

Parses, calls, prints; what a card must be is decided in ``runtime/cards.py``.
"""

from pathlib import Path
from typing import Annotated

import typer

from beaconfire.errors import BadInput
from beaconfire.runtime import cards
from beaconfire.runtime.node_dir import load_node, node_now
from beaconfire.vocabulary.party import require_party

app = typer.Typer(help="Admit partners by their cards.", no_args_is_help=True)


@app.callback()
def partner() -> None:
    """Admit partners by their cards."""


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
    )
    held = done.card
    how = "added" if done.replaced is None else f"replaces card {done.replaced}"
    typer.echo(f"card {held.number} of {held.party}, {held.status}: {how}")
    typer.echo(f"valid until {held.valid_until}")
    typer.echo(f"border {held.border_host}:{held.border_port}")
    typer.echo("a node that runs now takes it up when it is started again")
