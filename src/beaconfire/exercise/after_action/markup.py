"""Markup: the few pieces of HTML that the page is made of, always escaped.

Every text goes through ``escape`` here and nowhere else, so what a journal says can
never become part of the page's own markup. Instants in it are cut to their seconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from beaconfire.vocabulary.times import whole_seconds


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head, and its class (``n`` number, ``k`` kept whole)."""

    head: str
    kind: str = ""


def number(head: str) -> Column:
    """Return a column of numbers."""
    return Column(head, "n")


def whole(head: str) -> Column:
    """Return a column whose words are not broken."""
    return Column(head, "k")


def text(tag: str, said: str, kind: str = "") -> str:
    """Return ``said`` in an element."""
    return f"<{tag}{_class(kind)}>{escape(whole_seconds(said))}</{tag}>"


def bullets(said: Iterable[str], kind: str) -> str:
    """Return sentences as a list."""
    return f"<ul{_class(kind)}>{''.join(text('li', one) for one in said)}</ul>"


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; every cell is text."""
    head = "".join(text("th", column.head, column.kind) for column in columns)
    body = "".join(
        "<tr>"
        + "".join(
            text("td", cell, column.kind)
            for column, cell in zip(columns, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def figure(drawn: str, *, title: str, caption: str) -> str:
    """Return an ``svg`` element, drawn by us, under its title and over its caption."""
    said = text("figcaption", caption)
    return f"<figure>{text('h3', title)}{drawn}{said}</figure>"


def tile(value: str, name: str, kind: str = "") -> str:
    """Return one large figure with its name."""
    return f"<li{_class(kind)}>{text('b', value)}{text('span', name)}</li>"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
