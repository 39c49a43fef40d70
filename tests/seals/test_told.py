"""A value that is not allowed is told with its place and with what is."""

from typing import Literal, get_args

import pytest
from msgspec import Struct

from beaconfire.errors import BadInput
from beaconfire.seals import codec
from beaconfire.seals.told import VALUES_SHOWN_MAX
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.records import Record


class Left(Struct, tag="left", tag_field="type"):
    """One form."""

    how: Literal["p", "q"]
    both: Literal["x"] = "x"


class Right(Struct, tag="right", tag_field="type"):
    """Another, with keys of the same names."""

    how: Literal["r"]
    both: Literal["x"] = "x"


Many = Literal[
    "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b0", "b1", "b2", "b3",
    "b4", "b5", "b6", "b7", "b8", "b9", "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7",
]  # fmt: skip


class Whole(Struct):
    """What a text may hold."""

    v: Literal[1] = 1
    kind: Literal["a", "b"] | None = None
    side: Left | Right | None = None
    lefts: tuple[Left, ...] = ()
    counts: dict[str, Literal[1, 2]] = {}
    one: Literal["only"] = "only"
    many: Many = "a0"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"v": 2}', "`v` is 2; this node reads 1"),
        ('{"kind": "x"}', "`kind` is `x`; allowed are a, b"),
        ('{"one": "x"}', "`one` is `x`; allowed is only"),
        ('{"side": {"type": "up"}}', "`side.type` is `up`; allowed are left, right"),
        ('{"side": {"type": "left", "how": "p", "both": "y"}}', "allowed is x"),
        (
            '{"lefts": [{"type": "left", "how": "r"}]}',
            "`lefts[0].how` is `r`; allowed are p, q",
        ),
        ('{"lefts": [{"type": "right"}]}', "`lefts[0].type` is `right`; allowed is"),
        ('{"counts": {"k": 3}}', "`counts[...]` is 3; allowed are 1, 2"),
    ],
)
def test_what_is_allowed_stands_beside_what_is_not(text, told):
    """Whoever wrote it can mend it without our source; from JSON or from a table."""
    with pytest.raises(BadInput) as from_text:
        codec.decode(text, Whole, what="whole")
    assert told in str(from_text.value)
    assert str(from_text.value).startswith("whole: `")
    value = codec.decode(text, dict, what="whole")
    with pytest.raises(BadInput) as from_table:
        codec.convert(value, Whole, what="whole")
    assert str(from_table.value) == str(from_text.value)


def test_where_two_forms_allow_different_values_neither_list_is_told():
    """Which was meant is not known at that place: a wrong list would mislead."""
    with pytest.raises(BadInput, match=r"invalid enum value 's' at `side.how`"):
        codec.decode('{"side": {"type": "right", "how": "s"}}', Whole, what="whole")


@pytest.mark.parametrize(
    "value",
    ["x" * 5_000, "x - at `$.v`", "\u202ex", "x\ny", "`", "'", ""],
    ids=["long", "a place", "reversed", "two lines", "a tick", "a quote", "nothing"],
)
def test_whatever_the_value_is_one_short_line_is_told(value):
    """What is wrong with a text must not be as long as the text, nor hide anything."""
    with pytest.raises(BadInput) as told:
        codec.decode(codec.encode({"kind": value}), Whole, what="whole")
    said = str(told.value)
    assert said.isprintable()
    assert len(said) < 120
    assert said.endswith("allowed are a, b")


def test_a_long_list_is_cut_with_a_count():
    """A limit on everything."""
    with pytest.raises(BadInput) as told:
        codec.decode('{"many": "z"}', Whole, what="whole")
    rest = len(get_args(Many)) - VALUES_SHOWN_MAX
    assert str(told.value).endswith(f" and {rest} more")


def test_our_own_texts_say_what_they_allow():
    """An item of another version, a record of no kind."""
    with pytest.raises(BadInput, match="item: `v` is 2; this node reads 1"):
        codec.decode('{"v": 2}', Item, what="item")
    with pytest.raises(BadInput, match="`type` is `Nothing`; allowed are Authority, "):
        codec.decode('{"type": "Nothing"}', Record, what="record")
