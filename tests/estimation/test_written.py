"""What is written says how it was rounded, and what is not so written is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.errors import BadInput
from beaconfire.estimation.written import (
    APOGEE_KM,
    Written,
    read_figure,
    read_place,
    read_time,
)


@pytest.mark.parametrize(
    ("text", "low", "value", "high"),
    [
        ("6248.5", 6_248.45, 6_248.5, 6_248.55),
        ("4550", 4_549.5, 4_550.0, 4_550.5),
        ("970-1000", 970.0, 985.0, 1_000.0),
        ("10.25", 10.245, 10.25, 10.255),
    ],
)
def test_digits_say_how_a_figure_was_rounded(text, low, value, high):
    """Half of the last digit, or the interval that was written."""
    read = read_figure(text, "apogee in km", APOGEE_KM)
    assert (read.low, read.value, read.high) == pytest.approx((low, value, high))


@pytest.mark.parametrize(
    "text",
    ["", " ", "-5", "+5000", "1e3", "nan", "inf", "6,248.5", "6248.5 km", "6248.",
     ".5", "0x10", "５０００", "1000-", "1000-2000-3000", "1" * 40, "9" * 10_000,
     "6248.5\n"],
)  # fmt: skip
def test_what_is_no_figure_is_refused(text):
    """Signs, powers, separators, units, other alphabets: each hides a rounding."""
    with pytest.raises(BadInput, match=r"^apogee in km: [^;]* is no figure; write"):
        read_figure(text, "apogee in km", APOGEE_KM)


@pytest.mark.parametrize("text", ["0", "0.0", "9", "10001", "6248500", "5-20"])
def test_what_was_never_announced_is_refused(text):
    """Zero, and metres for kilometres: the sentence says what is taken."""
    with pytest.raises(BadInput, match=r"`.*` is not between 10 and 10000"):
        read_figure(text, "apogee in km", APOGEE_KM)


def test_an_interval_that_ends_before_it_begins_is_refused():
    """Its author swapped two numbers."""
    with pytest.raises(BadInput, match="the interval `1000-970` ends before"):
        read_figure("1000-970", "apogee in km", APOGEE_KM)


@pytest.mark.parametrize(
    ("text", "half_s"), [("4052", 0.5), ("4260", 60.0), ("4260.0", 0.05), ("660", 60.0)]
)
def test_whole_minutes_are_read_as_such(text, half_s):
    """Two readings of a clock differ from the time between by up to a minute."""
    read = read_time(text)
    assert read.high - read.value == pytest.approx(half_s)
    assert read.value - read.low == pytest.approx(half_s)


@pytest.mark.parametrize("text", ["0", "-60", "nan", "86400", "1 h"])
def test_what_is_no_time_of_flight_is_refused(text):
    """Zero, negative, not finite, a day, words."""
    with pytest.raises(BadInput, match="announced time in s"):
        read_time(text)


@pytest.mark.parametrize(
    ("text", "place"),
    [("39.2,125.7", (39.2, 125.7)), ("-33, -70.5", (-33.0, -70.5)), ("+0,0", (0, 0))],
)
def test_a_place_is_latitude_and_longitude(text, place):
    """Degrees, north and east positive."""
    assert read_place(text) == place


@pytest.mark.parametrize(
    "text",
    ["", "39.2", "39.2;125.7", "39.2 125.7", "39.2,125.7,0", "N39.2,E125.7",
     "nan,nan", "1e1,1", "91,0", "0,181", "-90.1,0", "39,2,125,7"],
)  # fmt: skip
def test_what_is_no_place_is_refused(text):
    """One sentence that names the text; nothing is guessed."""
    with pytest.raises(BadInput, match="place: `"):
        read_place(text)


@given(st.text(max_size=60))
def test_whatever_is_written_is_read_or_refused(text):
    """No other error, and what is read lies in its own bounds."""
    try:
        read = read_figure(text, "apogee in km", APOGEE_KM)
    except BadInput:
        return
    assert isinstance(read, Written)
    assert read.low <= read.value <= read.high
