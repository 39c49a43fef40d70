"""Patterns: what our schemas say of a text, every client's validator understands."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import sync_playwright

from beaconfire.vocabulary.patterns import SEEN
from beaconfire.vocabulary.printable import printable
from tests.in_a_browser import FLAGS, chromium

SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "schemas"
TEXTS = [
    *("", "JPN", "JPN\n", "JPNZ", "jpn", "0" * 64, "0" * 64 + "\n", "site-survey"),
    *("track 7", "日本", "\U0001f6f0", "a\x00", "a\u202eb", "a\u200b", "\ufeffa", "é"),
    *("a\nb", "a\u2028b", "a\tb", "a\x7f", "a\x85", "a\u00adb", "a b", "U0"),
]


def patterns(value):
    """Yield every pattern in a schema."""
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield value["pattern"]
        for inner in value.values():
            yield from patterns(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from patterns(inner)


@pytest.mark.browser
def test_a_client_in_a_browser_reads_our_patterns_as_we_do():
    """A schema's patterns are ECMAScript's; a partner may check our items with them."""
    found = sorted(
        {
            pattern
            for path in SCHEMAS.glob("*.json")
            for pattern in patterns(json.loads(path.read_text("utf-8")))
        }
    )
    assert len(found) >= 4
    ours = [[re.search(p, text) is not None for text in TEXTS] for p in found]
    assert all(any(row) and not all(row) for row in ours)
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=chromium(), args=FLAGS)
        theirs = browser.new_page().evaluate(
            """([patterns, texts]) => patterns.map(
                p => texts.map(text => new RegExp(p, "u").test(text)))""",
            [found, TEXTS],
        )
        browser.close()
    assert theirs == ours


@given(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])))
def test_a_text_that_is_seen_is_printed_as_it_is(text):
    """Nothing that is taken as seen needs to be escaped, but what has no glyph yet."""
    if re.search(SEEN, text):
        hidden = {one for one in text if printable(one) != one}
        assert all(ord(one) > 0x7F for one in hidden)
        assert not hidden & set("\u00ad\u200b\u200e\u202e\u2066\ufeff")
