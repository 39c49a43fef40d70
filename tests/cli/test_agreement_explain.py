"""``beaconfire agreement matrix, explain, diff``."""

import json

import pytest

from beaconfire.runtime.agreement_files import shipped_texts
from tests.cli.test_agreement_records import command, written
from tests.cli.test_decide import AT, approve, entry

__all__ = ["command"]

LIBRARY = ("--agreements", "library", "--at", AT)


def cells(out):
    """The outcomes by (from, via, to, form)."""
    told = json.loads(out)["cells"]
    return {(c["from"], c["via"], c["to"], c["form"]): c for c in told}


def test_the_matrix_shows_all_partners_by_all_forms(command):
    """Own items to each, and what the hub may relay with an approval."""
    code, out, _ = command("matrix", "--for", "USA", *LIBRARY)
    assert code == 0
    head, first = out.splitlines()[1:3]
    assert head.split() == ["notice", "plots", "track", "impact", "retraction"]
    assert first.split() == ["USA", "to", "JPN", "yes", "no", "yes", "yes", "yes"]
    assert "JPN to KOR via USA  no " in out
    assert "  would need approval by JPN for KOR via USA under tisa-2014" in out
    assert "USA to JPN, notice, track, impact, retraction: yes, by tisa-2014" in out

    told = cells(command("matrix", "--for", "USA", *LIBRARY, "--json")[1])
    assert len(told) == 4 * 5
    refused = told["KOR", "USA", "JPN", "notice"]
    assert refused["outcome"] == "refusal"
    assert refused["would_need"] == ["approval by KOR for JPN via USA under tisa-2014"]


def test_the_matrix_counts_acts_and_markings(command, tmp_path):
    """An approval opens a row, a suspension closes one, a marking all of it."""
    words = ("matrix", "--for", "USA", *LIBRARY, "--json")
    acts = written(tmp_path, approve())
    told = cells(command(*words, "--acts", acts)[1])
    opened = told["KOR", "USA", "JPN", "notice"]
    assert (opened["outcome"], opened["approval"]) == ("release", "entry-1")
    assert "re-mark" in opened["obligations"]
    assert told["KOR", "USA", "JPN", "plots"]["outcome"] == "refusal"

    shut = written(tmp_path, entry("suspend", "JPN", "tisa-2014"))
    told = cells(command(*words, "--acts", shut)[1])
    assert {cell["outcome"] for cell in told.values()} == {"refusal"}
    told = cells(command(*words, "--marking", "TOP SECRET")[1])
    assert {cell["outcome"] for cell in told.values()} == {"refusal"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--agreements", "library"), "give `--for`"),
        (("--agreements", "library", "--for", "usa"), "`usa` is not a party"),
        (("--agreements", "nowhere", "--for", "USA"), "cannot be read"),
    ],
)
def test_a_matrix_needs_texts_and_a_sender(command, words, told):
    """Texts on paper have no party of their own."""
    code, _, err = command("matrix", *words)
    assert code == 2
    assert told in err


RELEASED = {
    "item": "i",
    "from": "KOR",
    "to": "JPN",
    "via": "USA",
    "articles": ["tisa-2014:4(relay)"],
    "acts": ["entry-1"],
    "approval": "entry-1",
    "obligations": ["re-mark"],
    "reason": "permitted by tisa-2014:4(relay)",
}
REFUSED = {
    "item": "i",
    "to": "KOR",
    "articles": [],
    "acts": [],
    "approval": None,
    "reason": "no agreement binds both",
    "would_need": ["an agreement"],
}
HANDED = {"from": "KOR", "to": "JPN", "via": "USA", "number": 7, "items": ["i"]}


def journal(tmp_path):
    """A journal of one release, its approval, and what became of it."""
    lines = [approve()]
    for place, kind, body in (
        (2, "release", RELEASED),
        (3, "refusal", REFUSED),
        (4, "hand-over", HANDED),
        (5, "release", {**RELEASED, "item": "j"}),
    ):
        line = {"v": 1, "id": f"x{place}", "at": AT, "kind": kind, "body": body}
        lines.append(json.dumps(line))
    return written(tmp_path, *lines)


def test_explain_tells_what_was_decided_then_and_what_became_of_it(command, tmp_path):
    """By which articles, whose approval, what was owed, what would have been needed."""
    path = journal(tmp_path)
    code, out, _ = command("explain", path, "--item", "i")
    assert code == 0
    for line in (
        "release to JPN (entry `x2`)",
        "  because    permitted by tisa-2014:4(relay)",
        "  articles   tisa-2014:4(relay)",
        "  approval   entry-1",
        "  owes       re-mark",
        "  act        approve of tisa-2014 by KOR, 2022-10-03T22:30:00.000Z",
        "refusal to KOR (entry `x3`)",
        "  would need an agreement",
        "hand-over to JPN (entry `x4`)",
        "  number     7",
    ):
        assert line in out
    assert "x5" not in out
    words = ("explain", path, "--item", "i", "--json")
    told = json.loads(command(*words)[1])
    assert [row["entry"] for row in told["entries"]] == ["x2", "x3", "x4"]
    told = json.loads(command(*words, "--to", "KOR")[1])
    assert [row["kind"] for row in told["entries"]] == ["refusal"]


def test_explain_tells_that_it_was_set_apart_and_given_back(command, tmp_path):
    """What keeps it, and that it is decided again; given up, with the reason."""
    way = {"from": "KOR", "to": "JPN", "via": None}
    apart = {"items": ["i"], "quarantined": ["i"], "withheld": ["tisa-2014"]}
    back = {"sealed": {"item": {"id": "i"}}, "was": "quarantined"}
    lines = [
        json.dumps({"v": 1, "id": f"x{place}", "at": AT, "kind": kind, "body": body})
        for place, (kind, body) in enumerate(
            (
                ("release", {**RELEASED, "acts": []}),
                ("receipt", {**way, **apart, "number": 7}),
                ("reconsideration", {**way, **back}),
                ("foregone", {**way, "items": ["i"], "reason": "retracted"}),
            )
        )
    ]
    path = written(tmp_path, *lines)
    code, out, _ = command("explain", path, "--item", "i")
    assert code == 0
    told = "  set apart  by JPN, decided again after an act on tisa-2014"
    assert told in out
    assert "receipt from JPN (entry `x1`)" in out  # JPN signed it
    assert "reconsideration to JPN (entry `x2`)" in out
    assert "foregone to JPN (entry `x3`)" in out
    assert "  because    retracted" in out


@pytest.mark.parametrize("kind", ["withdrawal", "foregone"])
def test_explain_tells_why_what_had_no_leave_will_not_be_sent(command, tmp_path, kind):
    """Waiting for a consultation or withheld, and then taken back: withdrawn, why."""
    refused = {**REFUSED, "reason": "waiting: it was asked"}
    gone = {"from": "JPN", "to": "KOR", "items": ["i"], "reason": "it was retracted"}
    lines = [
        json.dumps({"v": 1, "id": f"x{place}", "at": AT, "kind": one, "body": body})
        for place, one, body in ((1, "deferral", refused), (2, kind, gone))
    ]
    out = command("explain", written(tmp_path, *lines), "--item", "i")[1]
    assert f"{kind} to KOR (entry `x2`)\n  because    it was retracted" in out


def test_an_item_of_which_nothing_was_decided_is_bad_input(command, tmp_path):
    """A mistyped id must not look like silence."""
    code, _, err = command("explain", journal(tmp_path), "--item", "nothing")
    assert code == 2
    assert "no decision on an item `nothing`" in err


@pytest.mark.parametrize(
    ("kind", "odd"),
    [
        ("release", {"items": 7}),
        ("release", {"acts": [[]]}),
        ("release", {"acts": 5}),
        ("release", {"sealed": {}}),
        ("release", {"sealed": {"item": []}}),
        ("receipt", {"items": ["i"], "quarantined": 3}),
    ],
)
def test_an_entry_that_is_no_nodes_is_named(command, tmp_path, kind, odd):
    """A file may have been written by anybody, and not all of it can be told."""
    lines = [
        json.dumps({"v": 1, "id": name, "at": AT, "kind": one, "body": body})
        for name, one, body in (
            ("x1", "release", RELEASED),
            ("x2", kind, {"item": "i", "to": "JPN", **odd}),
        )
    ]
    code, out, err = command("explain", written(tmp_path, *lines), "--item", "i")
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert "entry `x2`: `" in line


def test_diff_says_what_changes_for_whom(command, tmp_path):
    """Text against text; the same text changes nothing."""
    text = shipped_texts()[0].data.decode()
    old = written(tmp_path, text, name="a.toml")
    new = written(tmp_path, text.replace('"Plots", "Track', '"Track'), name="b.toml")
    assert command("diff", old, old)[1] == "nothing changes\n"
    out = command("diff", old, new)[1]
    assert "JPN to KOR, its own Plots: may go no more (went by 9), marked" in out
    told = json.loads(command("diff", old, new, "--json")[1])
    assert told["changes"] == out.splitlines()
    assert command("diff", old, tmp_path / "none.toml")[0] == 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (approve(to="KOR"), "a way that comes back to one of them is no way"),
        (approve(via="KOR"), "a way that comes back to one of them is no way"),
        (
            approve(expires="2022-10-03T22:29:59Z", issued="2022-10-03T22:00:00Z"),
            "`approve` had expired at 2022-10-03T22:29:59.000Z when it was recorded",
        ),
        (approve(expires="2022-10-03T22:00:00Z"), "before it begins"),
        (entry("suspend", "USA"), "USA is no party to gsomia-jpn-kor-2016"),
        (entry("suspend", "JPN", "other"), "there is no text of `other` here"),
    ],
)
def test_check_explains_acts_that_are_not_in_order(command, tmp_path, line, told):
    """Cyclic approvals, those after their expiry, strangers: file, line and why."""
    acts = written(tmp_path, approve(place=9), line)
    code, _, err = command("check", "library", "--acts", acts)
    assert code == 2
    assert f"{acts}:2: " in err
    assert told in err
    good = written(tmp_path, approve(), entry("suspend", "JPN", place=2))
    code, out, _ = command("check", "library", "--acts", good)
    assert (code, f"{good}: 2 acts, in order" in out) == (0, True)


def test_check_counts_the_acts_out_of_order_that_it_does_not_list(command, tmp_path):
    """Ten thousand lines help nobody: twenty, and how many more there are."""
    lines = [entry("suspend", "USA", place=n) for n in range(1, 10_001)]
    acts = written(tmp_path, *lines)
    code, _, err = command("check", "library", "--acts", acts)
    told = [line for line in err.splitlines() if "not signed by" not in line]
    assert (code, len(told)) == (2, 21)
    assert told[-1] == f"{acts}: and 9980 more mistakes"
