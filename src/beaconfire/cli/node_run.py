"""``beaconfire node run``: run the node of a directory until it is told to stop."""

import asyncio
import logging
import time
from pathlib import Path

import typer
import uvloop

from beaconfire.runtime.run import run_node


def run(
    node: Path = typer.Option(  # noqa: B008
        Path("node"), "--node", metavar="DIR", help="The node's directory."
    ),
) -> None:
    """Run the node: journal, border, partners, doors. Stop it with an interrupt."""
    began = time.monotonic()

    # The TLS layer of the event loop remarks on every closed line; it means nothing.
    logging.getLogger("asyncio").setLevel(logging.ERROR)

    def say(text: str) -> None:
        typer.echo(f"{time.monotonic() - began:7.2f} s  {text}", err=True)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_node(node, say=say))
