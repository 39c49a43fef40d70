"""Printable: what a stranger wrote, in a form that no terminal obeys.

A terminal takes control characters as orders, and characters that turn the direction
of writing, or have no width, let a text read as another. Guarantees:

* Every character of the categories Cc, Cf, Cs, Co, Cn, Zl and Zp is escaped as JSON
  would, so `ESC` becomes `\\u001b`; whatever else there is stays as it is.
* JSON stays JSON of the same value, since such characters stand there in texts alone.

Nothing is escaped in what is stored or signed, but in our own sentences about it.
"""

import unicodedata

_BEYOND_16_BITS = 0x10000


def printable(text: str, *, lines: bool = False) -> str:
    """Return ``text`` with what is not to be seen escaped; ``lines`` may stay lines.

    One sentence is one line: a line break in it is its author's, and looks like ours.
    """
    if text.isprintable():
        return text
    return "".join(
        one if _is_seen(one) or (lines and one == "\n") else _escaped(one)
        for one in text
    )


def _is_seen(one: str) -> bool:
    # What Python calls printable, and the wider spaces, which are only wide.
    return one.isprintable() or unicodedata.category(one) == "Zs"


def _escaped(one: str) -> str:
    number = ord(one)
    if number < _BEYOND_16_BITS:
        return f"\\u{number:04x}"
    high, low = divmod(number - _BEYOND_16_BITS, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
