"""TOML text: a table, or one sentence that says where and why there is none.

The parser of the standard library gives up on some texts in its own words, and on some
takes seconds: a key of thousands of dotted parts makes as many tables, each looked for
from the first on. No file of ours has a key of more than a few parts.
"""

import re
import tomllib

from beaconfire.errors import BadInput

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PARTS_OF_KEY_MAX = 128  # a name of the network in a text, which looks like one, has 127
# Longer parts are too few in any file to cost much.
_PART = r"""(?:(?<![\w-])[\w-]{1,64}|"(?:[^"\\\n]|\\.){0,64}"|'[^'\n]{0,64}')"""
_LONG_KEY = re.compile(rf"(?:{_PART}[ \t]*\.[ \t]*){{{PARTS_OF_KEY_MAX}}}")
_PLACE = re.compile(r" \(at line (\d+), column \d+\)$")


def toml_of(text: str, *, file: str) -> dict[str, object]:
    """Read a TOML text; its size is the caller's to bound.

    Raises:
        BadInput: it is not TOML, or none that can be read; says why, and in which line
            of ``file``.
    """
    if long := _LONG_KEY.search(text):
        line = text.count("\n", 0, long.start()) + 1
        raise BadInput(f"{file}:{line}: a key has more than {PARTS_OF_KEY_MAX} parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line_said = place[1] if place else str(text.count("\n") + 1)
        said = _PLACE.sub("", re.sub(r" \(at end of document\)$", "", str(error)))
        said = said[:1].lower() + said[1:]
        message = f"{file}:{line_said}: not TOML: {said}"
    except RecursionError:
        message = f"{file}: not TOML that can be read: nested too deep"
    except ValueError:
        # The parser's own errors are above; this is its answer to endless digits.
        message = f"{file}: not TOML that can be read: a number is too long"
    raise BadInput(message)


def text_of(data: bytes, *, file: str) -> str:
    """Return the text in a file's bytes.

    Raises:
        BadInput: it is in no encoding of ours; says where that shows.
    """
    refuse_mark(data, file=file)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{file}:{line}: not UTF-8") from None


def refuse_mark(data: bytes, *, file: str) -> None:
    """Refuse a file that begins with a byte order mark, which editors hide.

    Raises:
        BadInput: it does.
    """
    if data.startswith(_BYTE_ORDER_MARK):
        raise BadInput(f"{file}:1: begins with a byte order mark: save without")


def is_utf8(line: bytes) -> bool:
    """Say whether a line is text at all."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
