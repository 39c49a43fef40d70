"""``beaconfire retract``: take back an own item that was handed over and is wrong.

Parses, calls, prints. The order is signed here, with a person's key, and sent to the
running node; if it is stopped nothing changes (exit code 4). What may be taken back is
settled by the node's desk.
"""

from pathlib import Path
from typing import Annotated

import typer

from beaconfire.cli.ordering import carry_out, people_key
from beaconfire.cli.printing import JsonOption
from beaconfire.runtime.node_dir import load_node, node_now
from beaconfire.seals import codec
from beaconfire.seals.people_orders import sign_people_order
from beaconfire.vocabulary.taking_back import TakingBack

app = typer.Typer(add_completion=False)


@app.command()
def retract(
    item: Annotated[
        str, typer.Argument(metavar="ITEM", help="The id of an item of this nation.")
    ],
    *,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="TEXT", help="What was wrong; it is told."),
    ],
    node: Annotated[
        Path, typer.Option("--node", metavar="DIR", help="The node's directory.")
    ] = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Take back a notice, track or impact prediction: all who were given it are told.

    What still waits for its turn is withdrawn. It is no all-clear.
    """
    config = load_node(node)
    told = {
        "party": config.party,
        "item": item,
        "reason": reason,
        "issued": node_now(config),
    }
    said = codec.convert(codec.to_builtins(told), TakingBack, what="retract")
    signed = sign_people_order(said, people_key(node))
    carry_out(node, "retract", signed, as_json=as_json)
