"""The checker finds what is planted, and finds nothing in honest books."""

import ast
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import beaconfire.exercise.after_action as package
from beaconfire.errors import BadInput
from beaconfire.exercise.after_action.checker import (
    audit,
    check_delivery,
    plots_between_acts,
)

from .books_checked import checked, find, remove
from .journals_made import GSOMIA, Books, honest_books

CHECKER_FILES = (
    *("checker", "accounts", "holdings", "lanes", "ledger"),
    *("withholdings", "deferrals", "closings"),
)


def test_the_checker_shares_nothing_with_the_nodes():
    """An audit by the audited is none: standard library and errors, nothing else."""
    allowed = {"beaconfire.errors"}
    allowed |= {f"{package.__name__}.{name}" for name in CHECKER_FILES}
    for name in CHECKER_FILES:
        path = Path(package.__path__[0]) / f"{name}.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for found in names:
                standard = found.split(".")[0] in sys.stdlib_module_names
                assert standard or found in allowed, f"{name} imports {found}"


def test_honest_books_close():
    """Every ending is counted, and there is nothing to complain of."""
    delivery = checked(honest_books())

    assert delivery.problems == ()
    assert delivery.sound
    assert delivery.settled
    counts = (delivery.released, delivery.delivered, delivery.receipts)
    assert counts == (10, 8, 8)
    assert (delivery.withdrawn, delivery.expired, delivery.quarantined) == (1, 1, 1)
    assert (delivery.lost, delivery.duplicated, delivery.leaked) == (0, 0, 0)


def test_each_release_has_one_ending():
    """Units come out one by one, with their articles and how they ended."""
    books = honest_books()
    units = audit(books.journals)[1]

    outcomes = [(u.originator, u.to, u.via, u.form, u.outcome) for u in units]
    assert ("KOR", "JPN", "USA", "notice", "delivered") in outcomes
    assert ("KOR", "JPN", None, "plots", "expired") in outcomes
    assert ("KOR", "JPN", None, "plots", "withdrawn") in outcomes
    assert len(outcomes) == 10
    assert next(u for u in units if u.form == "plots").articles == (f"{GSOMIA}:1",)


def test_an_item_that_the_recipient_does_not_have_is_lost():
    """Lost: a receipt at the sender, nothing in the recipient's journal."""
    books = honest_books()
    used = [e for e in books.journals["JPN"] if e["kind"] == "item"]
    remove(books, "JPN", used[1])

    delivery = checked(books)

    assert delivery.lost == 1
    assert "JPN does not have it" in delivery.problems[0]
    assert not delivery.sound


def test_a_refused_item_is_lost_and_the_reason_is_told():
    """A recipient that refused a part still signs for the message: say why it fell."""
    books = honest_books()
    used = [e for e in books.journals["JPN"] if e["kind"] == "item"][1]
    item = used["body"]["sealed"]["item"]["id"]
    used["kind"] = "rejection"
    used["body"] = {
        "source": "KOR",
        "what": "item",
        "reason": "not signed by its originator",
        "excerpt": item,
    }

    delivery = checked(books)

    assert delivery.lost == 1
    assert any("not signed by its originator" in p for p in delivery.problems)


def test_a_release_that_vanishes_is_lost_and_breaks_the_sum():
    """A unit without ending, hand-over or waiting is in no class at all."""
    books = honest_books()
    remove(books, "KOR", find(books, "KOR", "expiry"), find(books, "KOR", "waiting"))

    delivery = checked(books)

    assert delivery.lost == 1
    assert any("nothing was heard of it again" in p for p in delivery.problems)
    assert any(p.startswith("10 released, but") for p in delivery.problems)


def test_an_item_that_is_used_again_is_duplicated():
    """Duplicated: two uses of one item in one journal."""
    books = honest_books()
    used = [e for e in books.journals["JPN"] if e["kind"] == "item"][1]
    books.write("JPN", "item", used["body"])

    delivery = checked(books)

    assert delivery.duplicated == 1
    assert any("used item" in p and "2 times" in p for p in delivery.problems)


def test_a_repeat_by_another_route_is_no_duplicate():
    """Every route is used, always: the second to come is noted and not used."""
    books = honest_books()
    repeats = [e for e in books.journals["JPN"] if e["body"].get("repeated")]

    assert len(repeats) == 1
    assert repeats[0]["body"]["via"] == "USA"
    assert checked(books).duplicated == 0


def test_a_resend_under_the_same_number_is_no_duplicate():
    """What the border delivers again is receipted again and counts once."""
    books = honest_books()
    arrival = find(books, "JPN", "arrival", 1)
    empty = {"items": [], "repeated": [], "quarantined": [], "again": True}
    books.write("JPN", "arrival", arrival["body"] | empty)

    assert checked(books).problems == ()


def test_a_hand_over_without_release_is_leaked():
    """Leaked: it left, and no decision let it."""
    books = honest_books()
    item = books.item("KOR", "impact")
    release = books.release("KOR", item, "USA", "impact")
    books.deliver(release)
    remove(books, "KOR", find(books, "KOR", "release", item=item))

    delivery = checked(books)

    assert delivery.leaked == 1
    assert any("without a release" in p for p in delivery.problems)


def test_an_item_that_its_sender_never_sent_is_leaked():
    """Leaked: it stands in a journal, and the sender's journal does not know."""
    books = honest_books()
    way = {"link": "USA", "via": None, "lane": "notices", "epoch": 1, "number": 9}
    books.hold(
        "JPN", "stray", "impact", originator="USA", agreements=["jpn-usa-2007"], **way
    )

    delivery = checked(books)

    assert delivery.leaked == 1
    assert any("`stray`" in p and "without a release" in p for p in delivery.problems)


def test_a_quarantined_item_without_release_is_leaked_too():
    """That it was set apart does not undo that it left."""
    books = honest_books()
    body = find(books, "JPN", "quarantine")["body"]
    books.write("JPN", "quarantine", body | {"items": ["stray"]})

    assert checked(books).leaked == 1


@pytest.mark.parametrize("by", ["KOR", "JPN"])
def test_a_hand_over_under_a_suspended_agreement_is_leaked(by):
    """The agreement must be in force at the hand-over, whoever suspended it."""
    books = honest_books()
    release = books.release("KOR", books.item("KOR", "plots"), "JPN", "plots")
    books.act("suspend", by, GSOMIA, "KOR")
    books.deliver(release)

    delivery = checked(books)

    assert delivery.leaked == 1
    assert any(f"while `{GSOMIA}` was suspended" in p for p in delivery.problems)


def test_one_partys_restoration_does_not_lift_the_others_suspension():
    """Each party's own view counts: only who suspended can restore."""
    books = honest_books()
    books.act("suspend", "KOR", GSOMIA, "KOR")
    books.act("suspend", "JPN", GSOMIA, "KOR")
    books.act("restore", "KOR", GSOMIA, "KOR")
    books.deliver(books.release("KOR", books.item("KOR", "plots"), "JPN", "plots"))

    assert checked(books).leaked == 1


def test_a_hand_over_after_a_withdrawal_is_leaked():
    """What was withdrawn has no leave to go any more."""
    books = honest_books()
    release = books.release("KOR", books.item("KOR", "plots"), "JPN", "plots")
    books.end("withdrawal", release)
    books.deliver(release)

    delivery = checked(books)

    assert delivery.leaked == 1
    assert any("after it was withdrawn" in p for p in delivery.problems)


def test_plots_through_the_relay_are_leaked():
    """Under the trilateral arrangement go the three elements, never plots."""
    books = honest_books()
    item = books.item("KOR", "plots")
    books.deliver(books.release("KOR", item, "USA", "plots"))
    books.deliver(books.release("USA", item, "JPN", "plots", originator="KOR"))

    delivery = checked(books)

    assert delivery.leaked == 1
    assert any("are plots" in p for p in delivery.problems)


def test_plots_under_another_forms_name_are_leaked():
    """What it is called in the release does not change what it is."""
    books = honest_books()
    item = books.item("KOR", "plots")
    books.deliver(books.release("KOR", item, "USA", "plots"))
    books.deliver(books.release("USA", item, "JPN", "track", originator="KOR"))

    assert checked(books).leaked == 1


@pytest.mark.parametrize("spoil", ["absent", "revoked", "another's"])
def test_a_relay_without_the_originators_approval_is_leaked(spoil):
    """Nobody passes on another's item without that originator's standing approval."""
    books = honest_books()
    item = books.item("KOR", "impact")
    books.deliver(books.release("KOR", item, "USA", "impact"))
    approval = find(books, "USA", "approval")
    if spoil == "revoked":
        books.write("USA", "approval", approval["body"] | {"act": "revoke"})
    elif spoil == "another's":
        approval["body"]["party"] = "JPN"
    release = books.release("USA", item, "JPN", "impact", originator="KOR")
    if spoil == "absent":
        find(books, "USA", "release", item=item)["body"]["approval"] = None
    books.deliver(release)

    delivery = checked(books)

    assert delivery.leaked == (2 if spoil == "another's" else 1)
    assert any("without approval by KOR" in p for p in delivery.problems)


def test_a_nation_without_a_journal_is_said_to_be_unchecked():
    """What cannot be checked is never counted as good."""
    books = honest_books()
    del books.journals["USA"]

    problems = checked(books).problems

    assert any("no journal of USA" in p for p in problems)


def test_the_plots_between_the_acts_are_found():
    """A suspended direct path carries no plots, by the sender's own journal."""
    books = honest_books()
    args = {"party": "KOR", "to": "JPN", "agreement": GSOMIA}
    assert plots_between_acts(books.journals["KOR"], **args) == ()

    journal = books.journals["KOR"]
    suspended = journal.index(find(books, "KOR", "act", act="suspend"))
    handed = find(books, "KOR", "hand-over", lane="plots", epoch=2)
    journal.remove(handed)
    journal.insert(suspended + 1, handed)

    found = plots_between_acts(journal, **args)
    assert len(found) == 1
    assert "KOR handed 1 plot items to JPN" in found[0]


def test_without_a_suspension_nothing_was_tested():
    """A check that has nothing to check says so instead of passing."""
    books = Books("KOR")
    with pytest.raises(BadInput, match="has no suspension of `gsomia"):
        plots_between_acts(
            books.journals["KOR"], party="KOR", to="JPN", agreement=GSOMIA
        )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "journal of KOR, line 1: not JSON"),
        ("[]", "journal of KOR, line 1: not a journal entry"),
        ('{"v":2}', "journal of KOR, line 1: unknown `v`: this reads 1"),
        ('{"v":1}', "journal of KOR, line 1: missing key `seq`"),
        ('{"v":1,"seq":"x"}', "journal of KOR, line 1: `seq` is not a whole number"),
        (
            '{"v":1,"seq":1,"id":"","at":"","kind":"release","body":{"item":"x"}}',
            "journal of KOR, line 1: missing key `form`",
        ),
    ],
)
def test_what_is_no_journal_is_refused_with_its_line(line, told):
    """A broken export must not look like a quiet exercise."""
    with pytest.raises(BadInput) as caught:
        check_delivery({"KOR": [line]})
    assert str(caught.value) == told


def test_a_broken_run_is_told_in_bounded_length():
    """Thousands of findings are counted, and the first hundreds told."""
    books = Books("KOR")
    for number in range(300):
        books.release("KOR", f"item-{number}", "USA", "notice")

    delivery = checked(books)

    assert delivery.lost == 300
    assert len(delivery.problems) == 201
    assert delivery.problems[-1] == "and 101 more"


STEPS = ("direct", "direct", "direct", "relay", "wait", "expire", "leave", "suspend")
FORMS = ("notice", "track", "impact", "plots")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(STEPS),
            st.sampled_from(("JPN", "KOR", "USA")),
            st.sampled_from(("JPN", "KOR", "USA")),
            st.sampled_from(FORMS),
        ).filter(lambda step: step[1] != step[2]),
        min_size=1,
        max_size=25,
    )
)
def test_whatever_honest_nations_do_their_books_close(steps):
    """No order of honest sends, waits, expiries and suspensions raises a complaint."""
    books = Books("JPN", "KOR", "USA")
    expected = dict.fromkeys(("delivered", "waiting", "expired", "unknown", "late"), 0)
    for step, sender, to, form in steps:
        item = books.item(sender, form)
        release = books.release(sender, item, to, form)
        if step == "direct":
            books.deliver(release)
            expected["delivered"] += 1
        elif step == "relay" and "USA" not in (sender, to) and form != "plots":
            books.deliver(release)
            books.deliver(books.release(sender, item, "USA", form))
            books.deliver(books.release("USA", item, to, form, originator=sender))
            expected["delivered"] += 3
        elif step == "expire":
            books.end("expiry", release)
            expected["expired"] += 1
        elif step == "leave":
            # Handed over, taken, and the receipt never seen: then the lane is purged.
            sent = books.hand_over(release)
            books.arrive(sent)
            books.purge(sender, to, sent["message"]["lane"])
            expected["unknown"] += 1
        elif step == "suspend":
            sent = books.hand_over(release)
            agreement = books.under(sender, to)
            books.act("suspend", sender, agreement)
            books.purge(sender, to, sent["message"]["lane"])
            books.arrive(sent, quarantine=True)
            books.receipt(sent, quarantined=True)
            books.act("restore", sender, agreement)
            expected["late"] += 1
        else:
            books.end("waiting", release)
            expected["waiting"] += 1

    delivery = checked(books)

    assert delivery.problems == ()
    assert delivery.delivered == expected["delivered"] + expected["late"]
    assert delivery.quarantined == expected["late"]
    assert delivery.expired == expected["expired"]
    assert delivery.waiting == expected["waiting"]
    assert delivery.sent_fate_unknown == expected["unknown"]
