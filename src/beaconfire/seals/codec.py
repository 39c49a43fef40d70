"""Codec: our structs as JSON bytes and back; bad bytes become a clear sentence.

* One encoder: struct order, no spaces, instants as RFC 3339. One value has one
  encoding, so digests and signatures can be taken over it.
* Unknown keys, unknown ``v`` and numbers outside their limits are refused by name, and
  so is a key that stands twice in one object: two readers might each see another value.
* Size is the caller's limit to check before decoding (see ``runtime/settings.py``).
"""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from beaconfire.errors import BadInput
from beaconfire.seals.told import allowed
from beaconfire.vocabulary.party import PATTERN, no_party
from beaconfire.vocabulary.patterns import SEEN
from beaconfire.vocabulary.printable import printable
from beaconfire.vocabulary.times import Instant

T = TypeVar("T")

# What is wrong with a text must not be as long as the text: keys and values in it are
# its author's. The end is kept as well, since it says where.
_TOLD_MAX = 320
_TOLD_ENDS = 150
_NO_PARTY = "a name is not a party: write three capitals, as in JPN"
_MATCHING_SEEN = f"`str` matching regex {SEEN!r}"
_STEP = re.compile(r"\.[^.\[\]`]+|\[[^\]]*\]")


def _encode_instant(value: object) -> object:
    if isinstance(value, Instant):
        return str(value)
    message = f"no encoding for {value!r}"
    raise TypeError(message)


def _decode_instant(kind: type, value: Any) -> Any:
    if kind is Instant:
        if not isinstance(value, str):
            message = "a time is written as text, as in 2022-10-03T22:22:00Z"
            raise ValueError(message)
        try:
            return Instant.parse(value)
        except BadInput as error:
            raise ValueError(str(error)) from None
    message = f"no decoding for {kind!r}"
    raise TypeError(message)


_encoder = msgspec.json.Encoder(enc_hook=_encode_instant)


def encode(value: object) -> bytes:
    """Return the one JSON encoding of ``value``, a struct or built-in containers."""
    return _encoder.encode(value)


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, dec_hook=_decode_instant)


def decode(data: bytes | str, kind: type[T], *, what: str) -> T:
    """Read ``data`` as ``kind``; ``what`` names it in the error, as in "item".

    Raises:
        BadInput: not JSON, not such a thing, or a key stands twice; says where and why.
    """
    result = decode_repeating(data, kind, what=what)
    refuse_repeated_keys(data, what=what)
    return result


def decode_repeating(data: bytes | str, kind: type[T], *, what: str) -> T:
    """Read ``data`` like ``decode``, but of a key that stands twice take the last.

    For what this node wrote itself, and for a first look at what is read again.

    Raises:
        BadInput: not JSON, or not such a thing; says where and why.
    """
    try:
        result: T = _decoder(kind).decode(data)  # type: ignore[arg-type]
    except msgspec.ValidationError as error:
        told = _of_party(str(error), lambda: msgspec.json.decode(data))
        told = allowed(told, kind)
        raise BadInput(f"{what}: {_plain(told)}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{what}: not JSON: {_plain(str(error))}") from None
    return result


def refuse_repeated_keys(data: bytes | str, *, what: str) -> None:
    """Refuse JSON in which an object names one key twice.

    Raises:
        BadInput: not JSON, or names the key.
    """
    text = data.encode() if isinstance(data, str) else data
    if b"\\" not in text:
        # Without escapes a text has two quotation marks, so whatever a reader drops
        # shows in their number. It costs a third of looking at each pair.
        try:
            read = msgspec.json.encode(msgspec.json.decode(text))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadInput(f"{what}: not JSON") from None
        if read.count(b'"') == text.count(b'"'):
            return
    _name_repeated_key(text, what)


def _name_repeated_key(text: bytes, what: str) -> None:
    def once(pairs: list[tuple[str, object]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                told = printable(name[:64])
                raise BadInput(f"{what}: the key `{told}` stands twice in one object")
            seen.add(name)

    try:
        json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise BadInput(f"{what}: not JSON") from None


def convert(value: object, kind: type[T], *, what: str) -> T:
    """Read built-in containers (a TOML table, say) as ``kind``.

    Raises:
        BadInput: not such a thing; says where and why.
    """
    try:
        result: T = msgspec.convert(value, kind, dec_hook=_decode_instant)
    except msgspec.ValidationError as error:
        told = _of_party(str(error), lambda: value)
        told = allowed(told, kind)
        raise BadInput(f"{what}: {_plain(told)}") from None
    return result


def to_builtins(value: object) -> Any:
    """Return ``value`` as dicts, lists and text, as it would stand in JSON."""
    return msgspec.to_builtins(value, enc_hook=_encode_instant)


def _of_party(message: str, read: Callable[[], Any]) -> str:
    """Say of a text that names no party why, instead of the pattern that it misses.

    ``read`` returns the whole of which the message tells, as it was written.
    """
    expected, _, path = message.partition(" - at `$")
    if PATTERN not in expected.replace("\\\\", "\\"):
        return message
    where = f" - at `${path}" if path else ""
    try:
        value = read()
        for step in _STEP.findall(path):
            value = value[int(step[1:-1]) if step[0] == "[" else step[1:]]
    except (LookupError, TypeError, ValueError, RecursionError, msgspec.DecodeError):
        value = None  # broken further on, or its place cannot be followed
    told = no_party(value) if isinstance(value, str) else _NO_PARTY
    return f"{told},{where}" if where else told


def _plain(message: str) -> str:
    """Say it without the names of Python types and in lower case."""
    text = message.replace(_MATCHING_SEEN, "text of one line without hidden characters")
    text = text.replace("Object contains unknown field", "unknown key")
    text = text.replace("Object missing required field", "missing key")
    for name, word in (
        ("`float | null`", "a number or null"),
        ("`str | null`", "text or null"),
        ("`float`", "a number"),
        ("`int`", "a whole number"),
        ("`str`", "text"),
        ("`bool`", "true or false"),
        ("`array`", "a list"),
        ("`object`", "an object"),
        ("`datetime`", "a date with a time"),
        ("`date`", "a date"),
        ("`time`", "a time of day"),
        ("`array | null`", "a list or null"),
        ("`object | null`", "an object or null"),
    ):
        text = text.replace(name, word)
    text = text.replace(" - at `$.", " at `").replace(" - at `$`", "")
    if len(text) > _TOLD_MAX:
        text = f"{text[:_TOLD_ENDS]} ... {text[-_TOLD_ENDS:]}"
    text = printable(text)
    # An abbreviation keeps its capitals.
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
