"""Told: what the decoder says of a value that is not allowed, and what is.

The decoder names the value and its place, as in "Invalid enum value 2 - at `$.v`". What
may stand there is looked up in the type that was read, along that place.

* Only what is sure is said: where one of several forms is read and they allow different
  values, the decoder's own words stay.
* Of the value no more is told than serves to find it.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import inspect

VALUES_SHOWN_MAX = 24  # more than any list of ours has but the kinds of journal entries
_VALUE_CHARACTERS_MAX = 40

_INVALID = re.compile(
    r"Invalid (?:enum )?value (?P<value>.*) - at `\$(?P<path>[^`]*)`", re.DOTALL
)
_STEP = re.compile(r"\.([^.\[\]]+)|\[([^\]]*)\]")


def allowed(message: str, kind: Any) -> str:
    """Return the decoder's ``message`` on a ``kind`` with what it allows, if that fits.

    ``kind`` is the type that was read, the same for every text that a caller reads.
    """
    found = _INVALID.fullmatch(message)
    if found is None:
        return message
    values = _allowed_at(kind, found["path"])
    if not values:
        return message
    place = found["path"].removeprefix(".")
    value = found["value"]
    if value[:1] in "'\"":
        value = f"`{_short(value[1:-1])}`"
    if place.split(".")[-1] == "v":
        return f"`{place}` is {_short(value)}; this node reads {' or '.join(values)}"
    shown = ", ".join(values[:VALUES_SHOWN_MAX])
    if len(values) > VALUES_SHOWN_MAX:
        shown += f" and {len(values) - VALUES_SHOWN_MAX} more"
    verb = "are" if len(values) > 1 else "is"
    return f"`{place}` is {value}; allowed {verb} {shown}"


def _short(value: str) -> str:
    more = len(value) > _VALUE_CHARACTERS_MAX + 2
    return f"{value[:_VALUE_CHARACTERS_MAX]}…" if more else value


@lru_cache(maxsize=512)
def _allowed_at(kind: Any, path: str) -> tuple[str, ...]:
    """Return what may stand at ``path`` in a ``kind``; nothing where that is unsure."""
    here = [*_each(inspect.type_info(kind))]
    steps = _STEP.findall(path)
    for name, _ in steps[:-1]:
        here = [*_one_step(here, name)]
    if not steps:
        return _one_list(_literals(one) for one in here)
    last = steps[-1][0]
    tags = [
        str(one.tag)
        for one in here
        if isinstance(one, inspect.StructType) and last and one.tag_field == last
    ]
    if tags:
        return tuple(tags)
    # Every form that has such a key counts: which one was read is not known here.
    return _one_list(_literals_of([end]) for end in _one_step(here, last, split=False))


def _one_list(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the list that all are, if they are."""
    different = {found for found in lists if found}
    return different.pop() if len(different) == 1 else ()


def _one_step(
    here: Iterable[inspect.Type], name: str, *, split: bool = True
) -> Iterator[inspect.Type]:
    """Yield what stands one step further, at a key or else in a list or a table."""
    for one in here:
        inner: inspect.Type | None = None
        if name and isinstance(one, inspect.StructType):
            fields = {field.encode_name: field.type for field in one.fields}
            inner = fields.get(name)
        elif not name and isinstance(one, inspect.CollectionType):
            inner = one.item_type
        elif not name and isinstance(one, inspect.DictType):
            inner = one.value_type
        if inner is not None:
            yield from _each(inner) if split else (inner,)


def _literals_of(types: Iterable[inspect.Type]) -> tuple[str, ...]:
    return tuple(
        value for one in types for each in _each(one) for value in _literals(each)
    )


def _literals(one: inspect.Type) -> tuple[str, ...]:
    if isinstance(one, inspect.LiteralType):
        return tuple(map(str, one.values))
    if isinstance(one, inspect.EnumType):
        return tuple(str(member.value) for member in one.cls)
    return ()


def _each(one: inspect.Type) -> Iterator[inspect.Type]:
    """Yield a type without its wrappings, or each of a union's."""
    if isinstance(one, inspect.Metadata):
        yield from _each(one.type)
    elif isinstance(one, inspect.UnionType):
        for member in one.types:
            yield from _each(member)
    else:
        yield one
