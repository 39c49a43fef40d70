"""Printing: the one way by which a command's text reaches a terminal or a file.

What a command prints quotes what strangers wrote, so all of it is made printable first
(``vocabulary/printable.py``). JSON is the same value after that. A document that is
asked for as it is, bytes and all, stays so in a file, and is made printable for eyes.
"""

import sys
from typing import Annotated

import typer

from beaconfire.seals import codec
from beaconfire.vocabulary.printable import printable

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]


def put(text: str, *, err: bool = False) -> None:
    """Print ``text``, of one line or many, on standard output or standard error."""
    typer.echo(printable(text, lines=True), err=err)


def put_json(value: object) -> None:
    """Print ``value``, a struct or built-in containers, as one line of JSON."""
    put(codec.encode(value).decode())


def put_document(data: bytes) -> None:
    """Print a file's own bytes; a terminal is shown them made printable."""
    if sys.stdout.isatty():
        text = data.decode(errors="replace").replace("\r\n", "\n").replace("\t", "    ")
        typer.echo(printable(text, lines=True), nl=False)
    else:
        typer.echo(data, nl=False)
