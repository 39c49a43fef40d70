"""``beaconfire node run``: run the node of a directory until it is told to stop."""

import time
from pathlib import Path

import typer

from beaconfire.cli.printing import put
from beaconfire.runtime import event_loop
from beaconfire.runtime.run import run_node
from beaconfire.vocabulary.printable import printable


def run(
    node: Path = typer.Option(  # noqa: B008
        Path("node"), "--node", metavar="DIR", help="The node's directory."
    ),
) -> None:
    """Run the node: journal, border, partners, doors. Stop it with an interrupt."""
    began = time.monotonic()

    def say(text: str) -> None:
        put(f"{time.monotonic() - began:7.2f} s  {printable(text)}", err=True)

    event_loop.run(run_node(node, say=say))
