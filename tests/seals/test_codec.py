"""The codec: one encoding a value, and one clear sentence for bad bytes."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.errors import BadInput
from beaconfire.seals import codec
from beaconfire.vocabulary.motion import Plot
from beaconfire.vocabulary.party import Party

GOOD = (
    b'{"time":"2022-10-03T22:22:00.500Z","sensor":{"id":"a","lat_deg":1,'
    b'"lon_deg":2,"alt_m":0},"range_m":1e6,"azimuth_deg":1,"elevation_deg":4,'
    b'"sigma_range_m":30,"sigma_azimuth_mrad":1,"sigma_elevation_mrad":1}'
)


def test_a_value_is_read_back_as_written():
    """Reading and writing again gives the same bytes: signatures depend on it."""
    plot = codec.decode(GOOD, Plot, what="plot")
    data = codec.encode(plot)
    assert codec.decode(data, Plot, what="plot") == plot
    assert codec.encode(codec.decode(data, Plot, what="plot")) == data


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b"1e6", b"1e999"), "range"),
        ((b"1e6", b"NaN"), "not JSON"),
        ((b"1e6", b"Infinity"), "not JSON"),
        ((b"1e6", b"-5"), "range_m"),
        ((b"1e6", b'"far"'), "range_m"),
        ((b'"lat_deg":1', b'"lat_deg":91'), "lat_deg"),
        ((b'"elevation_deg":4', b'"elevation_deg":4,"object":"A"'), "object"),
        ((b'"elevation_deg":4', b'"elevation_deg":4,"v":2'), "`v`"),
        ((b".500Z", b""), "offset"),
        ((b'"sigma_range_m":30', b'"sigma_range_m":0'), "sigma_range_m"),
        ((b'"range_m":1e6,', b""), "range_m"),
        ((b'{"time"', b'[{"time"'), "a list"),
        ((b'"a"', b'"\xff\xfe"'), "plot"),
        ((b'"lat_deg":1', b'"lat_deg":1,"lat_deg":1'), "key `lat_deg` stands twice"),
        ((b'"lat_deg":1', b'"lat_deg":1,"\\u006cat_deg":3'), "`lat_deg` stands twice"),
        ((b'"a"', b'"a\\u0000"'), "one line without hidden characters at `sensor.id`"),
        ((b'"a"', '"a\u202eb"'.encode()), "without hidden characters at `sensor.id`"),
    ],
)
def test_bad_bytes_become_one_sentence_that_names_the_place(change, said):
    """Unknown keys, unknown versions, non-finite and misplaced values are refused."""
    with pytest.raises(BadInput) as caught:
        codec.decode(GOOD.replace(*change), Plot, what="plot")
    message = str(caught.value)
    assert message.startswith("plot: ")
    assert said in message
    assert "\n" not in message
    assert "Struct" not in message
    assert "float" not in message


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    around=st.lists(st.sampled_from("[{"), max_size=4),
    pairs=st.dictionaries(st.text(max_size=3), _VALUES, min_size=1, max_size=4),
    place=st.integers(0, 3),
    escaped=st.booleans(),
    value=_VALUES,
)
def test_a_key_that_stands_twice_is_found_wherever_it_stands(
    around, pairs, place, escaped, value
):
    """Of two values for one key two readers might each take another.

    However deep, however the key is spelt, whatever the values; and the same text with
    the key once is taken.
    """
    name = list(pairs)[place % len(pairs)]
    spelt = "".join(f"\\u{ord(c):04x}" for c in name) if name.isascii() else name
    again = f'"{spelt}"' if escaped and name.isascii() else json.dumps(name)
    once = json.dumps(pairs, ensure_ascii=escaped)
    twice = f"{once[:-1]},{again}:{json.dumps(value)}}}"
    for opening in around:
        once, twice = (
            f'[1,{text},"x"]' if opening == "[" else f'{{"a":{{}},"b":{text}}}'
            for text in (once, twice)
        )
    codec.refuse_repeated_keys(once, what="text")
    with pytest.raises(
        BadInput, match=r"text: the key `.*` stands twice in one object"
    ):
        codec.refuse_repeated_keys(twice, what="text")


def test_what_we_wrote_ourselves_is_read_without_looking_for_it():
    """A start replays hundreds of thousands of own lines, each of them ours."""
    twice = GOOD.replace(b'"lat_deg":1', b'"lat_deg":1,"lat_deg":2')
    assert codec.decode_repeating(twice, Plot, what="plot").sensor.lat_deg == 2


def test_deep_nesting_is_refused_and_does_not_exhaust_the_stack():
    """A message of a million brackets is bad input, not a crash."""
    with pytest.raises(BadInput):
        codec.decode(b"[" * 1_000_000, Plot, what="plot")


@pytest.mark.parametrize(
    ("data", "kind", "told"),
    [
        ('["JPN","K\u041eR"]', list[Party], "CYRILLIC CAPITAL LETTER O; write"),
        ('"J\u200bPN"', Party, "`J?PN` is not a party: it holds the character ZERO"),
        ('"\uff2aPN"', Party, "FULLWIDTH LATIN CAPITAL LETTER J"),
        ('["jpn"]', list[Party], "`jpn` is not a party: write three capitals, as in"),
        ('["jpn", oops', list[Party], "a name is not a party: write three capitals"),
        ('{"jpn":1}', dict[Party, int], "a name is not a party: write three capit"),
        ('{"x":["jpn"]}', dict[str, list[Party]], "a name is not a party: write"),
    ],
)
def test_a_look_alike_in_a_partys_name_is_named(data, kind, told):
    """Nobody sees the difference, so the character stands there by its name."""
    with pytest.raises(BadInput) as caught:
        codec.decode(data, kind, what="x")
    assert told in str(caught.value)
    assert "regex" not in str(caught.value)
    if "oops" not in data:
        with pytest.raises(BadInput) as again:
            codec.convert(json.loads(data), kind, what="x")
        assert str(again.value) == str(caught.value)


def test_the_place_of_a_partys_name_is_told():
    """Key by key, as for every other mistake."""
    text = '{"from":"JPN","refused":[{"to":["KOR","usa"]}]}'
    kind = msgspec.defstruct("K", [("refused", list[dict[str, list[Party]]])])
    with pytest.raises(BadInput, match=r"as in JPN, at `refused\[0\]\[\.\.\.\]\[1\]`"):
        codec.decode(text, kind, what="x")
    item = msgspec.defstruct("K", [("refused", list[Party])])
    with pytest.raises(BadInput, match=r"`usa` is not .* at `refused\[1\]`"):
        codec.decode('{"refused":["KOR","usa"]}', item, what="x")
