"""On which line of a text a key stands, and how many parts its longest key has."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaconfire.agreements.lines import KeyLines, longest_key

# What could be mistaken for the end of a text, a table, a key or a long key.
VALUES = (
    "1.5",
    "true # [not] = 'a table",
    '"# a.b.c.d [no comment"',
    '"a \\" # [b"',
    '"""\n[not.a.table]\nkey0 = 1\n"""',
    '"""a \\"""\nkey0 = 1\n"""',
    "'C:\\'",
    "['C:\\', [\n1\n]]",
    "'''C:\\'''",
    "'''\n[[table]]\n'''",
    "[\n[1.5, 2.5],\n[3, 4],\n]",
    "[ # ]\n\"key0\",\n'key0 = 1',\n]",
    '{ k = \']\', "l" = ["}"] }',
)
SPELLINGS = ("{}", "  {}", '"{}"', "'{}'", "a.{}", "a . '{}'", '"a"."{}"')
HEADERS = {
    "[[table]]": (),
    "[[table]]\n[table.inner]": ("inner",),
    "[[table]]\n[ 'table' . inner ] # [": ("inner",),
}
keys = st.lists(
    st.tuples(st.sampled_from(SPELLINGS), st.sampled_from(VALUES)), max_size=4
)
tables = st.lists(st.tuples(st.sampled_from(list(HEADERS)), keys), max_size=4)


@given(keys, tables)
def test_every_key_is_found_on_its_own_line(top, more):
    """However it and what stands before it is written; no value makes a key longer."""
    text, where = "", {}
    for count, (header, rows) in enumerate([("", top), *more], start=-1):
        path = ("table", count, *HEADERS[header]) if header else ()
        text += f"{header}\n"
        where[path] = text.count("\n")
        for place, (spelling, value) in enumerate(rows):
            name = f"key{place}"
            own = ("a", name) if "a" in spelling else (name,)
            where[*path, *own] = text.count("\n") + 1
            text += f"{spelling.format(name)} = {value}\n\n# [{name}]\n"
    tomllib.loads(text)
    lines = KeyLines(text)
    assert {path: lines.of(path) for path in where} == where
    assert longest_key(text)[0] <= 2


def test_the_line_is_found_in_every_way_to_write_a_table():
    """Dotted keys, quoted keys, multi-line values, sub-tables of the last article."""
    text = (
        'a.b = """\n[not.a.table]\nx = 1\\"""\n"""\n'
        "list = [ # [not]\n  { k = ']' },\n  '''\n]''',\n]\n"
        '["levels"."JPN"]\n\'極秘\' = 1\n'
        "[[article]]\n[article.when]\nbody = 1\n"
        "[[article]]\nnumber = 2\n"
    )
    lines = KeyLines(text)
    assert lines.of(("a", "b")) == 1
    assert lines.of(("x",)) == 1
    assert lines.of(("list",)) == 5
    assert lines.of(("levels", "JPN")) == 10
    assert lines.of(("levels", "JPN", "極秘")) == 11
    assert lines.of(("levels",)) == 10
    assert lines.of(("article", 0)) == 12
    assert lines.of(("article", 0, "when")) == 13
    assert lines.of(("article", 0, "when", "body")) == 14
    assert lines.of(("article", 1)) == 15
    assert lines.of(("article", 1, "number", "deeper")) == 16


def test_dots_inside_texts_make_no_long_key():
    """The guard against endless keys must not refuse prose."""
    assert longest_key('x = "a.b.c.d.e.f.g.h.i.j"\n# a.b.c.d.e.f.g.h.i\n') == (1, 1)
    assert longest_key("x = '''\na.b.c.d.e.f.g.h.i\n'''\na.b = 1.5\n") == (2, 4)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_text_that_does_not_end_on_its_line_hides_no_long_key(quote):
    """The guard looks before anyone knows whether it is TOML at all."""
    assert longest_key(f"x = {quote}a\nb.c.d = 1\n") == (3, 2)
