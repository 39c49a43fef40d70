"""Printable text: nothing in it that a terminal obeys or that misleads the eye."""

import json
import sys
import unicodedata

from beaconfire.vocabulary.printable import printable

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def test_every_hidden_character_is_escaped_and_no_other():
    """By category, over all of Unicode; unassigned ones may get a meaning later."""
    for number in range(sys.maxunicode + 1):
        one = chr(number)
        category = unicodedata.category(one)
        if category in HIDDEN:
            assert printable(one).isascii(), hex(number)
        elif category != "Cn":
            assert printable(one) == one, hex(number)


def test_a_sentence_is_one_line_and_a_listing_keeps_its_lines():
    """A line break that a stranger wrote would look like a line of ours."""
    assert printable("one\n  0.00 s  all clear") == "one\\u000a  0.00 s  all clear"
    assert printable("one\ntwo\x1b[2J", lines=True) == "one\ntwo\\u001b[2J"


def test_json_is_the_same_value_afterwards():
    """The escapes are JSON's own, beyond 16 bits as well."""
    value = {"\u202eid": "\x7f\x9b\u200b\U000e0001\U00100000 \\", "plain": "é 日"}
    text = json.dumps(value, ensure_ascii=False)
    assert json.loads(printable(text)) == value
    assert printable(text).replace("é", "").replace("日", "").isascii()
