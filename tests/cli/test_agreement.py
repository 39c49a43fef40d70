"""``beaconfire agreement``: reading, signing, and acts sent to a running node."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from beaconfire.cli.commands import run
from beaconfire.runtime.agreement_files import shipped_texts
from beaconfire.runtime.orders import standing_in

IDS = ["gsomia-jpn-kor-2016", "jpn-usa-2007", "kor-usa-1987", "tisa-2014"]
GSOMIA = "gsomia-jpn-kor-2016"
LATER = "2190-01-01T00:00:00Z"


@pytest.fixture
def command(capsys):
    """Run a command; return exit code, standard output and standard error."""

    def run_it(*words):
        code = run([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run_it


def two_free_ports():
    """Two loopback ports that are free now, and not the same one."""
    with socket.socket() as one, socket.socket() as other:
        for place in (one, other):
            place.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def two_nations(base):
    """Lay out nodes of Japan and Korea that hold each other's card; return both."""
    places = {party: base / party for party in ("JPN", "KOR")}
    for party, place in places.items():
        words = ["node", "init", "--node", place, "--party", party]
        border, journal = two_free_ports()
        words += ["--border-port", border, "--journal-port", journal]
        assert run([str(word) for word in words]) == 0
        assert run(["node", "card", "--node", str(place)]) == 0
    return places


def admit(command, home, guest):
    """Admit ``guest``'s card at ``home``."""
    facts = json.loads(command("node", "card", "--node", guest, "--json")[1])
    words = ("--node", home, "--confirm", facts["fingerprint"])
    assert command("partner", "add", facts["file"], *words)[0] == 0


@pytest.fixture
def nations(tmp_path, command):
    """Japan and Korea, both holding GSOMIA's text and one to follow it, all signed."""
    places = two_nations(tmp_path)
    command()
    admit(command, places["JPN"], places["KOR"])
    admit(command, places["KOR"], places["JPN"])
    text = tmp_path / f"{GSOMIA}.toml"
    text.write_bytes(shipped_texts()[0].data)
    hold(command, places, text)
    follows = tmp_path / "gsomia-next.toml"
    words = text.read_text("utf-8").replace(GSOMIA, "gsomia-next")
    follows.write_text(words, "utf-8")
    hold(command, places, follows)
    return places


def hold(command, places, text):
    """Have both sign a text, and put it with the signatures into both folders."""
    for place in places.values():
        assert command("agreement", "sign", text, "--node", place)[0] == 0
    for place in places.values():
        for file in text.parent.glob(f"{text.name}*"):
            (place / "agreements" / file.name).write_bytes(file.read_bytes())


class TestOnPaper:
    """Texts read without a node."""

    def test_check_takes_a_good_folder(self, command, tmp_path):
        """Each text is named, and who has not signed it."""
        for text in shipped_texts():
            (tmp_path / text.file).write_bytes(text.data)
        code, out, err = command("agreement", "check", tmp_path)
        assert code == 0
        assert [line.split(": ")[1].split(",")[0] for line in out.splitlines()] == IDS
        assert "not signed by JPN, KOR, USA" in err

    def test_check_takes_the_shipped_library_by_its_name(
        self, command, tmp_path, monkeypatch
    ):
        """`library` means the shipped texts, unless a file or folder is called so."""
        monkeypatch.chdir(tmp_path)
        code, out, err = command("agreement", "check", "library")
        assert code == 0
        assert [line.split(": ")[1].split(",")[0] for line in out.splitlines()] == IDS
        assert "gsomia-jpn-kor-2016.toml: not signed by JPN, KOR" in err
        Path("library").mkdir()
        code, _, err = command("agreement", "check", "library")
        assert (code, "`library` holds no agreement" in err) == (2, True)

    def test_check_explains_every_mistake_in_every_file(self, command, tmp_path):
        """File, line and key of each, in one go, and exit code 2."""
        good = shipped_texts()[0].data.decode()
        (tmp_path / "a.toml").write_text(good.replace("permit", "permitt"), "utf-8")
        (tmp_path / "b.toml").write_text(good.replace("title", "tilte"), "utf-8")
        code, _, err = command("agreement", "check", tmp_path)
        assert code == 2
        line = 1 + good.split("\n").index('effect = "permit"')
        assert f"a.toml:{line}: `article.effect`: `permitt` is no effect" in err
        assert "b.toml:2: `tilte` is no key here: did you mean `title`?" in err
        assert "b.toml:1: missing key `title`" in err

    def test_check_refuses_two_files_with_one_id(self, command, tmp_path):
        """A citation must mean one text."""
        for name in ("a.toml", "b.toml"):
            (tmp_path / name).write_bytes(shipped_texts()[0].data)
        code, _, err = command("agreement", "check", tmp_path)
        assert code == 2
        assert f"`{GSOMIA}` stands in a.toml and in b.toml" in err

    def test_check_needs_something_to_check(self, command, tmp_path):
        """An empty folder and a missing file are bad input."""
        assert command("agreement", "check", tmp_path)[0] == 2
        assert command("agreement", "check", tmp_path / "none.toml")[0] == 2

    def test_list_and_show_read_the_library(self, command):
        """The shipped texts can be looked at without a node."""
        code, out, _ = command("agreement", "list", "--agreements", "library", "--json")
        told = json.loads(out)
        assert code == 0
        assert [row["id"] for row in told["agreements"]] == IDS
        assert {row["state"] for row in told["agreements"]} == {"in force"}

        words = ("agreement", "show", GSOMIA, "--agreements", "library")
        told = json.loads(command(*words, "--json")[1])
        assert told["status_article"] == f"{GSOMIA}:21(3)"
        (third,) = [a for a in told["articles"] if a["citation"] == f"{GSOMIA}:6(a)"]
        assert third["when"] == {
            "originator_is_sender": False,
            "approval_of_originator": False,
        }
        out = command(*words)[1]
        assert f"{GSOMIA}:6(a): prohibit" in out
        assert "when      originator_is_sender is false; approval_of_orig" in out
        assert "rests on  Article 6(a)" in out
        assert "owes      report-loss: loss or compromise, even its poss" in out
        assert "on record by KOR: type is Assurance; recipients_cleared is true" in out
        assert told["records"][0]["record"]["type"] == "Authority"

        assert "signed    by nobody" in out

        out = command("agreement", "list", "--agreements", "library")[1]
        assert "not signed by JPN, KOR" in out

    def test_a_text_is_shown_as_it_is_signed(self, command):
        """Who wants to sign a shipped text gets its file, to the byte."""
        words = ("agreement", "show", GSOMIA, "--agreements", "library", "--text")
        code, out, _ = command(*words)
        assert (code, out.encode()) == (0, shipped_texts()[0].data)
        assert command(*words, "--json")[0] == 2

    def test_an_unknown_id_is_answered_with_those_there_are(self, command):
        """A mistyped id is bad input."""
        words = ("agreement", "show", "gsomia", "--agreements", "library")
        code, _, err = command(*words)
        assert code == 2
        assert f"there is no agreement `gsomia` here: there are {GSOMIA}, jpn" in err


class TestWithANode:
    """A node that is not running."""

    def test_signing_puts_the_signature_beside_the_file(self, command, tmp_path):
        """``FILE.<PARTY>.sig``, by the person's key of the node's party."""
        place = two_nations(tmp_path)["KOR"]
        text = tmp_path / "text.toml"
        text.write_bytes(shipped_texts()[0].data)
        code, out, _ = command("agreement", "sign", text, "--node", place)
        beside = tmp_path / "text.toml.KOR.sig"
        assert code == 0
        assert str(beside) in out
        assert list(json.loads(beside.read_text())) == ["v", "party", "keyid", "sig"]

    def test_nobody_signs_for_an_agreement_of_others_or_a_broken_text(
        self, command, tmp_path
    ):
        """Not a party: 3. Not readable: 2. No signature is left behind."""
        place = two_nations(tmp_path)["JPN"]
        other, broken = tmp_path / "other.toml", tmp_path / "broken.toml"
        other.write_bytes(shipped_texts()[2].data)
        broken.write_bytes(shipped_texts()[0].data[:-40])
        code, _, err = command("agreement", "sign", other, "--node", place)
        assert (code, "JPN is no party to kor-usa-1987" in err) == (3, True)
        assert command("agreement", "sign", broken, "--node", place)[0] == 2
        assert not list(tmp_path.glob("*.sig"))

    def test_list_shows_what_all_parties_signed_and_why_the_rest_is_left_out(
        self, command, nations
    ):
        """A running node lives by what it lists."""
        place = nations["JPN"]
        tisa = shipped_texts()[3]
        (place / "agreements" / tisa.file).write_bytes(tisa.data)
        code, out, err = command("agreement", "list", "--node", place)
        assert code == 0
        assert out.startswith(f"{GSOMIA}    in force")
        assert "tisa-2014" not in out
        assert "tisa-2014.toml is not in force here: JPN has not signed it" in err

        code, _, err = command("agreement", "show", "tisa-2014", "--node", place)
        assert code == 2
        assert "JPN has not signed it" in err
        out = command("agreement", "show", GSOMIA, "--node", place)[1]
        assert "signed    by all parties" in out

    @pytest.mark.parametrize(
        "words",
        [
            ("suspend", GSOMIA),
            ("restore", GSOMIA),
            (
                *("approve", "--agreement", GSOMIA, "--to", "USA", "--via", "KOR"),
                *("--class", "launch-warning", "--expires", LATER),
            ),
            (
                *("revoke", "--agreement", GSOMIA, "--to", "USA", "--via", "KOR"),
                *("--item", "one"),
            ),
        ],
        ids=lambda words: words[0],
    )
    def test_a_stopped_node_changes_nothing_and_exits_4(self, command, nations, words):
        """The command says so, and neither queues nor pretends."""
        place = nations["JPN"]
        code, out, err = command("agreement", *words, "--node", place)
        assert (code, out) == (4, "")
        assert f"node at `{place}` is not running: nothing was changed" in err

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("suspend", "gsomia"), "there is no agreement `gsomia` here"),
            (
                ("approve", "--class", "Plot"),
                "`Plot` is no class: write one of launch-warning",
            ),
            (("approve",), "give either `--class` or `--item`"),
            (
                ("approve", "--class", "Plots", "--item", "x"),
                "give either `--class` or `--item`",
            ),
            (("approve", "--item", "x", "--to", "US"), "`US` is not a party"),
            (("approve", "--item", "x", "--expires", "soon"), "is not a time"),
            (
                ("approve", "--item", "x", "--expires", "2016-11-23T00:00:00Z"),
                "has passed: an approval ends in the future",
            ),
            (("approve", "--item", "x" * 129), "act: expected text of length <= 128"),
        ],
    )
    def test_bad_words_exit_2_before_anything_is_signed(
        self, command, nations, words, told
    ):
        """A slip of the pen never reaches the desk."""
        verb, *more = words
        if verb == "approve":
            given = {"--agreement": GSOMIA, "--to": "USA", "--via": "KOR"}
            given |= {"--expires": LATER} | dict(
                zip(more[::2], more[1::2], strict=True)
            )
            more = [word for pair in given.items() for word in pair]
        code, _, err = command("agreement", verb, *more, "--node", nations["JPN"])
        assert code == 2, err
        assert told in err

    def test_without_a_node_there_is_nothing_to_ask(self, command, tmp_path):
        """No node in the folder: exit code 4."""
        code, _, err = command("agreement", "list", "--node", tmp_path / "none")
        assert code == 4
        assert "no node in" in err


@pytest.mark.servers
def test_acts_reach_the_desk_of_a_running_node_and_its_journal(command, nations):
    """Suspend, approve, revoke, restore, notice: once each, refused out of turn."""
    place = nations["JPN"]
    node = subprocess.Popen(
        [Path(sys.executable).parent / "beaconfire", "node", "run", "--node", place],
        stderr=subprocess.DEVNULL,
    )
    try:
        approval = ("--agreement", GSOMIA, "--to", "USA", "--via", "KOR")
        approval = (*approval, "--class", "LaunchNotice")
        suspend = ("agreement", "suspend", GSOMIA, "--node", place)
        restore = ("agreement", "restore", GSOMIA, "--node", place)
        code, out, err = _when_ready(lambda: command(*restore), node)
        assert code == 3, err
        assert "JPN has not suspended gsomia-jpn-kor-2016" in err

        code, out, err = command(*suspend)
        assert (code, err) == (0, "")
        assert out.startswith(f"JPN: suspend {GSOMIA}: entry ")
        told = json.loads(
            command("agreement", "show", GSOMIA, "--node", place, "--json")[1]
        )
        assert (told["state"], len(told["acts"])) == ("suspended", 1)
        assert f"entry {told['acts'][0]}" in out

        more = (*approval, "--expires", LATER, "--node", place)
        assert command("agreement", "approve", *more)[0] == 0
        (stood,) = standing_in(place, lambda line: None).approvals
        assert (stood.act.item_class, stood.act.via) == ("LaunchNotice", "KOR")
        assert stood.act.signature is not None
        assert command("agreement", "revoke", *approval, "--node", place)[0] == 0
        assert standing_in(place, lambda line: None).approvals == ()

        assert command(*restore)[0] == 0
        out = command("agreement", "list", "--node", place)[1]
        assert out.startswith(f"{GSOMIA}    in force")

        notice = ("agreement", "notice", GSOMIA, "--node", place)
        code, out, err = command(*notice)
        assert (code, err) == (0, "")
        assert "it takes effect at 20" in out
        code, out, err = command(*notice)
        assert code == 3
        assert f"{GSOMIA}:21(3): JPN has given notice on" in err
        out = command("agreement", "show", GSOMIA, "--node", place)[1]
        assert "state     notice given: gsomia-jpn-kor-2016 is in force until" in out
        assert f"governed  by {GSOMIA}:21(3)" in out
        assert "JPN       holds it notice given, by act `" in out
        assert "KOR       holds it in force" in out
        nothing = command("agreement", "contest", GSOMIA, "--node", place)
        assert nothing[0] == 3
        assert "there is nothing to contest" in nothing[2]
        _amend(command, place)
        for verb in ("notice-suspend", "withdraw"):
            assert command("agreement", verb, GSOMIA, "--node", place)[0] == 0
        out = command("agreement", "list", "--node", place)[1]
        assert out.startswith(f"{GSOMIA}    in force")
    finally:
        node.send_signal(signal.SIGINT)
        assert node.wait(30) is not None


def _amend(command, place):
    """Consent to an amendment, and to none that makes no sense."""
    amend = ("agreement", "amend", GSOMIA, "--node", place, "--by")
    code, out, err = command(*amend, "gsomia-next")
    assert (code, err) == (0, "")
    assert f"id: `{GSOMIA}` becomes `gsomia-next`" in out
    assert f"JPN: declare {GSOMIA}: entry " in out
    out = command("agreement", "show", GSOMIA, "--node", place)[1]
    assert "JPN consents that `gsomia-next` takes its place" in out
    assert command(*amend, "gsomia-none")[0] == 2
    code, _, err = command(*amend, GSOMIA)
    assert code == 3
    assert f"{GSOMIA} cannot take its own place" in err


def _when_ready(ask, node):
    """Ask until the node answers; it says *not running* until it does."""
    for _ in range(300):
        answer = ask()
        if answer[0] != 4:
            return answer
        assert node.poll() is None, "the node stopped"
        time.sleep(0.1)
    raise AssertionError(answer)
