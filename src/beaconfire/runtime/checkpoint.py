"""Checkpoint: the state of a node after a turn, as bytes, and back.

* What a node *remembers* is saved, and no secret: keys come from its directory.
* The bytes are the one JSON encoding of the state, packed; their digest, which an
  entry in the journal's chain names, proves them.
* What the node was by its newest start is saved with it, as the journal has it; what
  it is now comes with the next start, like every change.
* A checkpoint of another schema is not used: the turns are folded from the beginning.

Left to others: when to make one (``run``), where the bytes are kept (``journal``).
"""

import zlib
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_type_hints

import msgspec

from beaconfire.errors import BadInput
from beaconfire.runtime.turns import Node, Place, Stages
from beaconfire.seals import codec
from beaconfire.vocabulary.entries.arrivals import NodeStart
from beaconfire.vocabulary.entries.sightings import EstimateRequest

SCHEMA = 20
STAGES = tuple(field.name for field in fields(Stages))
# What a node is: taken from its directory, never from a checkpoint. What is remembered
# to spare work is worked out anew.
GIVEN = frozenset({"profile", "agreements", "opaque_key", "solve_interval_s", "memo"})


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A node's memory after one turn, and what it was by its newest start."""

    v: int = 1
    schema: int
    start: NodeStart
    place: Place
    asked: dict[str, EstimateRequest]
    stages: dict[str, msgspec.Raw]


def save(node: Node) -> bytes:
    """Return the node's memory after its newest turn."""
    states = {name: getattr(node.stages, name) for name in STAGES}
    states["fuse"] = _without_keys(states["fuse"])
    return codec.encode(
        Saved(
            schema=SCHEMA,
            start=node.start,
            place=node.place,
            asked=dict(node.asked),
            stages={
                name: msgspec.Raw(codec.encode(_memory(state)))
                for name, state in states.items()
            },
        )
    )


def restore(node: Node, data: bytes) -> None:
    """Give a node that has made no turn yet the memory that was saved.

    Raises:
        BadInput: not a checkpoint of this schema; the node must not be used.
    """
    saved = codec.decode_repeating(data, Saved, what="checkpoint")
    if saved.schema != SCHEMA:
        message = f"checkpoint: of schema {saved.schema}, this version reads {SCHEMA}"
        raise BadInput(message)
    node.take_up(saved.start)
    memories = {}
    for name in STAGES:
        state = getattr(node.stages, name)
        raw = bytes(saved.stages[name])
        memories[name] = codec.decode_repeating(
            raw, _memory_type(type(state)), what=name
        )
    for name, memory in memories.items():
        state = getattr(node.stages, name)
        for field in memory.__struct_fields__:
            setattr(state, field, getattr(memory, field))
    _give_keys(node.stages.fuse)
    node.resume(saved.place, saved.asked)


def pack(state: bytes) -> bytes:
    """Return ``state`` as it is kept: about a tenth of it, made in a tenth of a second.

    The bytes for one state may differ between builds; what unpacks does not.
    """
    return zlib.compress(state, level=1)


def unpack(data: bytes, *, bytes_max: int) -> bytes:
    """Return the state that was packed.

    Raises:
        BadInput: not a packed state, or one larger than any that is made.
    """
    unpacking = zlib.decompressobj()
    try:
        state = unpacking.decompress(data, bytes_max)
    except zlib.error:
        message = "checkpoint: not a packed state"
        raise BadInput(message) from None
    if not unpacking.eof or unpacking.unused_data:
        message = f"checkpoint: not one whole state of at most {bytes_max} bytes"
        raise BadInput(message)
    return state


def _memory(state: Any) -> msgspec.Struct:
    kind = _memory_type(type(state))
    return kind(**{name: getattr(state, name) for name in kind.__struct_fields__})


def _memory_type(state: type) -> type[msgspec.Struct]:
    """Return the struct of a stage's fields without what it was given."""
    if state not in _MEMORY_TYPES:
        assert is_dataclass(state)
        hints = get_type_hints(state)
        named = [(f.name, hints[f.name]) for f in fields(state) if f.name not in GIVEN]
        _MEMORY_TYPES[state] = msgspec.defstruct(
            f"{state.__name__}Memory", named, kw_only=True
        )
    return _MEMORY_TYPES[state]


# Made once for each kind of stage: a struct's type is also its decoder's key.
_MEMORY_TYPES: dict[type, type[msgspec.Struct]] = {}


def _without_keys(state: Any) -> Any:
    return replace(
        state,
        picture=replace(state.picture, opaque_key=b""),
        own=[replace(book, opaque_key=b"") for book in state.own],
    )


def _give_keys(state: Any) -> None:
    state.picture.opaque_key = state.opaque_key
    for book in state.own:
        book.opaque_key = state.opaque_key
