"""``beaconfire decide``: the printed answer, the exit codes, and bad input."""

import json
from pathlib import Path

import pytest

from beaconfire.cli.commands import run

EXAMPLES = Path(__file__).parents[2] / "examples" / "items"
AT = "2022-10-03T22:30:00Z"
KEYS = [
    *["v", "outcome", "from", "to", "at", "agreements", "articles", "acts"],
    *["approval", "obligations", "reason", "would_need", "considered"],
]


@pytest.fixture
def decide(capsys):
    """Run the command; return exit code, standard output and standard error."""

    def run_it(*more, form="LaunchNotice", to="JPN", at=AT, texts="library", item=None):
        item = item or EXAMPLES / f"{form}.json"
        words = ["decide", "--agreements", texts, "--item", item]
        words += ["--to", to, "--at", at, *more]
        code = run([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run_it


def entry(name, by, agreement="gsomia-jpn-kor-2016", *, at=AT, place=1, **body):
    """A journal line of an act, as ``journal export`` writes it."""
    told = {"agreement": agreement, "act": name, "party": by, "item": None}
    told |= {"to": None, "via": None, "class": None, "expires": None}
    told |= {"issued": at, "signature": {"keyid": "k", "sig": "c2ln"}, **body}
    kind = "approval" if name == "approve" else "act"
    return json.dumps(
        {
            "v": 1, "turn": place, "seq": 1, "id": f"entry-{place}", "at": at,
            "by": "desk", "kind": kind, "cause": [], "body": told,
        }
    )  # fmt: skip


APPROVAL = {"to": "JPN", "via": "USA", "class": "launch-warning"}


def approve(*, place=1, expires="2022-10-04T00:00:00Z", **body):
    """A journal line of KOR's approval for JPN via USA."""
    told = {**APPROVAL, "expires": expires, **body}
    return entry("approve", "KOR", "tisa-2014", place=place, **told)


@pytest.fixture
def acts(tmp_path):
    """Write lines into a file of acts; return its path."""

    def write(*lines):
        path = tmp_path / "acts.jsonl"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path

    return write


def test_a_release_exits_0_and_prints_the_published_keys_in_order(decide):
    """One JSON value on standard output, keys as settled."""
    code, out, _ = decide("--json", form="Plots")
    told = json.loads(out)
    assert code == 0
    assert list(told) == KEYS
    assert told["outcome"] == "release"
    assert (told["from"], told["to"], told["at"]) == (
        "KOR",
        "JPN",
        "2022-10-03T22:30:00.000Z",
    )
    assert told["agreements"] == ["gsomia-jpn-kor-2016"]
    assert told["articles"] == ["gsomia-jpn-kor-2016:9"]
    assert (told["acts"], told["approval"], told["would_need"]) == ([], None, [])
    assert told["obligations"] == [
        "seal-in-transit",
        "signed-receipt",
        "mark-on-receipt",
    ]
    way = ["agreements", "outcome", "articles", "acts", "reason"]
    assert [list(one) for one in told["considered"]] == [way, way]


def test_a_refusal_exits_3_with_the_same_keys(decide):
    """A refusal is an answer, not a failure."""
    code, out, _ = decide("--json", form="Plots", to="USA")
    told = json.loads(out)
    assert code == 3
    assert list(told) == KEYS
    assert told["outcome"] == "refusal"
    assert (told["agreements"], told["articles"], told["obligations"]) == ([], [], [])
    assert told["would_need"]


def test_a_suspension_is_cited_by_article_and_entry(decide, acts):
    """The status article, and the id of the entry of the act."""
    path = acts(entry("suspend", "JPN", at="2022-10-03T22:29:00Z"))
    code, out, _ = decide("--json", "--acts", path, form="Plots")
    told = json.loads(out)
    assert code == 3
    assert told["agreements"] == ["gsomia-jpn-kor-2016"]
    assert told["articles"] == ["gsomia-jpn-kor-2016:21(3)"]
    assert told["acts"] == ["entry-1"]
    assert told["would_need"][0] == "gsomia-jpn-kor-2016 restored by JPN"


def test_a_revoked_card_is_named_in_the_refusal(decide, acts):
    """Nothing goes to whom is not trusted, whatever the texts permit."""
    order = {"party": "KOR", "partner": "JPN", "since": AT, "reason": "stolen keys"}
    line = json.loads(entry("suspend", "KOR"))
    line["kind"] = "card-revocation"
    line["body"] = {"order": {**order, "issued": AT}, "number": 3, "root": "r"}
    code, out, _ = decide("--json", "--acts", acts(json.dumps(line)), form="Plots")
    told = json.loads(out)
    assert code == 3
    assert told["reason"].startswith("card 3 of JPN is revoked, not trusted from")
    assert told["would_need"] == ["a card of JPN with a higher number"]


def test_acts_count_from_their_instant_in_the_order_of_instants(decide, acts):
    """Later acts do not count yet; the order of the lines does not matter."""
    suspend = entry("suspend", "JPN", at="2022-10-03T22:29:00Z")
    restore = entry("restore", "JPN", at="2022-10-03T22:31:00Z", place=2)
    path = acts(restore, "", suspend)
    expected = {"22:28:59": 0, "22:29:00": 3, "22:30:59.999": 3, "22:31:00": 0}
    for clock, code in expected.items():
        at = f"2022-10-03T{clock}Z"
        assert decide("--acts", path, form="Plots", at=at)[0] == code


def test_a_relay_is_asked_with_from_and_names_its_approval(decide, acts):
    """``--from`` is who sends; the approval's entry id is told."""
    code, out, _ = decide("--json", "--from", "USA", "--acts", acts(approve()))
    told = json.loads(out)
    assert code == 0
    assert (told["from"], told["approval"]) == ("USA", "entry-1")
    assert told["agreements"] == ["tisa-2014", "jpn-usa-2007"]

    code, out, _ = decide("--json", "--from", "USA")
    told = json.loads(out)
    assert (code, told["approval"]) == (3, None)
    assert told["would_need"] == ["approval by KOR for JPN via USA under tisa-2014"]


def test_an_approval_that_covers_nothing_is_told_and_does_not_count(decide, acts):
    """Without an end, an approval is none; the sentence goes to standard error."""
    path = acts(approve(expires=None))
    code, out, err = decide("--json", "--from", "USA", "--acts", path)
    assert (code, json.loads(out)["outcome"]) == (3, "refusal")
    assert f"{path}:1: does not count: an approval names the instant" in err


def test_an_act_by_a_stranger_is_told_and_does_not_count(decide, acts):
    """Nobody else's dispute closes an agreement."""
    path = acts(entry("suspend", "USA"))
    code, _, err = decide("--acts", path, form="Plots")
    assert code == 0
    assert "does not count: USA is no party to gsomia-jpn-kor-2016" in err


def test_entries_of_other_kinds_and_other_agreements_are_passed_over(decide, acts):
    """A whole exported journal can be given."""
    other = '{"v":1,"turn":1,"seq":1,"id":"x","at":"%s","by":"runtime",' % AT  # noqa: UP031
    other += '"kind":"something new","cause":[],"body":{"any":[1]}}'
    path = acts(other, entry("suspend", "JPN", "another-2020"))
    assert decide("--acts", path, form="Plots")[0] == 0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "not JSON"),
        ("[1]", "expected an object"),
        ('{"v":2}', "acts.jsonl:2"),
        (
            entry("suspend", "JPN").replace('"party"', '"partei"'),
            "unknown key `partei`",
        ),
        (entry("sespend", "JPN"), "acts.jsonl:2"),
        (entry("suspend", "JPN", to="KOR"), "concerns the whole agreement"),
        (entry("notice", "JPN", "tisa-2014"), "does not say how notice ends it"),
        (entry("revoke", "KOR", "tisa-2014"), "names the recipient and the relay"),
    ],
)
def test_a_bad_line_of_acts_exits_2_and_names_file_and_line(decide, acts, line, told):
    """To pass over a suspension would release; so the file is refused."""
    path = acts(entry("restore", "KOR", place=9), line)
    code, out, err = decide("--json", "--acts", path)
    assert (code, out) == (2, "")
    assert "acts.jsonl:2" in err
    assert told in err


def test_an_endless_line_of_acts_is_not_read_whole(decide, tmp_path):
    """A limit on everything."""
    path = tmp_path / "acts.jsonl"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    code, _, err = decide("--acts", path)
    assert code == 2
    assert "acts.jsonl:1: longer than" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"to": "JP"}, "`JP` is not a party"),
        ({"to": "JРN"}, "is not a party"),
        ({"to": "KOR"}, "`KOR` would send to itself"),
        ({"at": "2022-10-03T22:30:00"}, "is not a time"),
        ({"at": "now"}, "is not a time"),
        ({"form": "Nothing"}, "cannot be read"),
        ({"texts": "nowhere"}, "`nowhere` cannot be read as a directory"),
    ],
)
def test_bad_words_exit_2_with_one_sentence(decide, words, told):
    """What, where, what to do; nothing on standard output."""
    code, out, err = decide("--json", **words)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_a_bad_item_exits_2_and_names_the_key(decide, tmp_path):
    """Unknown keys and unknown ``v`` are refused by name."""
    item = json.loads((EXAMPLES / "Plots.json").read_text("utf-8"))
    for change, told in (
        ({"extra": 1}, "unknown key `extra`"),
        ({"v": 2}, "`v` is 2; this node reads 1"),
        ({"originator": "jpn"}, "`originator`"),
        ({"created": "2022-10-03T22:30:00"}, "is not a time"),
    ):
        path = tmp_path / "item.json"
        path.write_text(json.dumps(item | change), "utf-8")
        code, _, err = decide(item=path)
        assert code == 2
        assert told in err, err
    path.write_text('{"v": 1, ' + json.dumps(item)[1:], "utf-8")
    code, _, err = decide(item=path)
    assert code == 2
    assert "the key `v` stands twice in one object" in err, err


def test_a_directory_without_texts_is_bad_input(decide, tmp_path):
    """An empty directory is a mistyped path more often than an empty world."""
    code, _, err = decide(texts=tmp_path)
    assert code == 2
    assert "holds no agreement" in err


def test_unsigned_texts_are_read_and_said_to_be_unsigned(decide):
    """On paper any text can be asked; a running node would not act on it."""
    code, out, err = decide("--json")
    assert code == 0
    assert json.loads(out)
    assert (
        "gsomia-jpn-kor-2016: read without the signature of JPN, KOR; a running node "
        "would not act on it" in err
    )


def test_people_read_every_ground(decide, acts):
    """Without ``--json`` the same answer reads from top to bottom."""
    code, out, _ = decide("--from", "USA", "--acts", acts(approve()))
    assert code == 0
    for told in (
        "release: LaunchNotice of KOR, USA to JPN at 2022-10-03T22:30:00.000Z",
        "because    permitted by tisa-2014:4(relay), jpn-usa-2007:protection",
        "under      tisa-2014",
        "articles   tisa-2014:4(relay)",
        "approval   entry-1",
        "owes       seal-in-transit: the link carries it encrypted",
        "marked     USA: CONFIDENTIAL",
    ):
        assert told in out

    code, out, _ = decide("--acts", acts(entry("suspend", "JPN")), form="Plots")
    assert code == 3
    for told in (
        "refusal: Plots, KOR to JPN",
        "acts       entry-1",
        "would need gsomia-jpn-kor-2016 restored by JPN",
        "considered gsomia-jpn-kor-2016: refusal, ",
    ):
        assert told in out


def test_help_and_usage_are_answered(decide, capsys):
    """A missing option exits 2, help exits 0."""
    assert run(["decide", "--help"]) == 0
    assert "--agreements" in capsys.readouterr().out
    assert run(["decide", "--to", "JPN"]) == 2
