"""What lies in the folder is what was judged; and real nodes' books close."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

from beaconfire.errors import BeaconfireError
from beaconfire.exercise.after_action.checker import (
    check_delivery,
    plots_between_acts,
)
from beaconfire.exercise.after_action.figures import exported
from beaconfire.exercise.after_action.writing import AfterAction, write_report
from beaconfire.journal.entry import decode_entry

from .flown import SEED, flown, troubled
from .journals_made import GSOMIA, Json

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "reading-a-report.md"


def write(folder: Path) -> AfterAction:
    """Write the flown scenario's report."""
    run = flown()
    return write_report(
        folder,
        run.scenario,
        SEED,
        "simulated",
        journals=run.with_sharing,
        journals_without=run.without,
        flights=run.sky.flights,
    )


@cache
def exported_lines() -> dict[str, tuple[bytes, ...]]:
    """Return the flown nodes' journals as they export them."""
    return {p: tuple(lines) for p, lines in exported(flown().with_sharing).items()}


def journals() -> dict[str, list[Json]]:
    """Return the flown nodes' journals, to be spoiled."""
    lines = exported_lines()
    return {party: [json.loads(line) for line in lines[party]] for party in lines}


def numbered(entries: list[Json]) -> list[Json]:
    """Number entries anew, so that only what was planted can be found."""
    for seq, entry in enumerate(entries, 1):
        entry["seq"] = seq
    return entries


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> AfterAction:
    """Write the flown scenario's report once."""
    return write(tmp_path_factory.mktemp("exercise") / "DIR")


def test_report_page_and_journals_are_written(written):
    """Three things, whole: the journals can be read again entry by entry."""

    report = json.loads(written.report_json.read_bytes())
    assert report["scenario"] == flown().scenario.name
    assert written.report_html.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert [path.name for path in written.journals] == [
        f"{party}.jsonl" for party in ("JPN", "KOR", "USA")
    ]
    for path in written.journals:
        lines = path.read_bytes().splitlines()
        entries = tuple(decode_entry(line) for line in lines)
        assert entries == flown().with_sharing[path.stem]
    assert written.delivery.sound
    assert report["delivery"]["delivered"] == written.delivery.delivered > 500


def test_the_guides_own_check_works(written, monkeypatch):
    """The lines of the guide, run as they stand there."""
    monkeypatch.chdir(written.report_json.parent.parent)
    code = re.search(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert code is not None
    names: dict[str, object] = {}
    exec(code[1], names)
    assert names["delivery"] == written.delivery


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    """Where a file stands in the way, say so and name the folder."""
    blocked = tmp_path / "out"
    blocked.write_text("a file")
    with pytest.raises(BeaconfireError, match="cannot write the report into `"):
        write(blocked)


def test_the_books_of_real_nodes_close():
    """Nothing lost, duplicated or leaked in a flight with a suspension in it."""
    delivery = check_delivery(journals())

    assert delivery.problems == ()
    assert delivery.released > 500


def test_the_books_close_under_faults():
    """Losses, repeats, cuts, crashes and a suspension: every unit has its ending."""
    delivery = check_delivery(exported(troubled()))

    assert delivery.problems == ()
    assert delivery.withdrawn > 0
    assert delivery.quarantined > 0


def test_a_line_taken_from_the_recipient_is_lost():
    """Planted in real nodes' journals: an item vanishes after its receipt."""
    books = journals()
    receipted = {
        item
        for entry in books["KOR"]
        if entry["kind"] == "receipt" and entry["body"]["to"] == "JPN"
        for item in entry["body"]["items"]
    }
    gone = next(
        entry
        for entry in books["JPN"]
        if entry["kind"] == "item"
        and entry["body"]["sealed"]["item"]["id"] in receipted
        and entry["body"]["sealed"]["item"]["body"]["type"] == "Plots"
    )
    books["JPN"].remove(gone)
    numbered(books["JPN"])

    delivery = check_delivery(books)

    assert (delivery.lost, delivery.duplicated, delivery.leaked) == (1, 0, 0)


def test_a_line_repeated_at_the_recipient_is_duplicated():
    """Planted in real nodes' journals: a partner's item is used twice."""
    books = journals()
    used = next(
        entry
        for entry in books["JPN"]
        if entry["kind"] == "item" and entry["body"]["carriage"]
    )
    books["JPN"].append(dict(used))
    numbered(books["JPN"])

    delivery = check_delivery(books)

    assert (delivery.lost, delivery.duplicated, delivery.leaked) == (0, 1, 0)


def test_a_release_taken_from_the_sender_is_a_leak():
    """Planted in real nodes' journals: what was sent was never let go."""
    books = journals()
    gone = next(e for e in books["KOR"] if e["kind"] == "release")
    books["KOR"].remove(gone)
    numbered(books["KOR"])

    delivery = check_delivery(books)

    assert (delivery.lost, delivery.duplicated, delivery.leaked) == (0, 0, 1)


def test_no_plots_go_between_the_acts():
    """Korea's own journal: none while suspended, and a planted one is found."""
    books = journals()
    args = {"party": "KOR", "to": "JPN", "agreement": GSOMIA}
    assert plots_between_acts(books["KOR"], **args) == ()

    journal = books["KOR"]
    acts = [i for i, entry in enumerate(journal) if entry["kind"] == "act"]
    handed = next(
        e for e in journal if e["kind"] == "hand-over" and e["body"]["lane"] == "plots"
    )
    journal.insert(acts[0] + 1, handed)
    assert len(plots_between_acts(numbered(journal), **args)) == 1
