"""Each condition by itself: what it finds, what it says it saw, what it would need."""

import re
from pathlib import Path

import pytest

from beaconfire.agreements.agreement import LASTING, OBLIGATIONS
from beaconfire.agreements.conditions import (
    CONDITIONS,
    NOT_IN_FORCE,
    ApprovalOfOriginator,
    AssuranceOfRecipient,
    Body,
    ClassificationAbove,
    ClassificationUpTo,
    OriginatorIsSender,
    Recipient,
    Sender,
    Status,
    TogetherWith,
    WithConsentOf,
)
from beaconfire.agreements.purpose import purposes_of
from beaconfire.agreements.question import Consent, Finding, Question
from beaconfire.agreements.register import Register
from beaconfire.agreements.text import (
    ARTICLES_MAX,
    KEY_PARTS_MAX,
    MARKINGS_MAX,
    RECORDS_MAX,
    TEXT_BYTES_MAX,
)
from beaconfire.agreements.values import BODIES, LIST_LENGTH_MAX, TEXT_LENGTH_MAX
from beaconfire.vocabulary.label import LADDER
from tests.agreements.agreements_made import NOW, notice, permit

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "conditions.md"

MET, NOT_MET, UNKNOWN = Finding.MET, Finding.NOT_MET, Finding.UNKNOWN


def question(**changes):
    """USA asks whether KOR's secret notice may go to JPN."""
    told = {
        "item": notice("KOR"),
        "sender": "USA",
        "to": "JPN",
        "under": "here",
        "in_force": True,
        "status_note": "how it stands",
        "status_need": "what would open it",
        "level": "SECRET",
        "level_note": "at which level",
        "approved": False,
        "approval_note": "who approved",
        "together": ("beside", "also"),
        "body": "LaunchNotice",
        "at": NOW,
        "annexes": (),
        "register": Register(),
    }
    told |= changes
    own = told["item"].originator == told["sender"]
    return Question(own=own, purposes=purposes_of(told["item"]), **told)


@pytest.mark.parametrize(
    ("condition", "finding", "saw", "to_meet", "to_avoid"),
    [
        (
            *(Body(("LaunchNotice", "Plots")), MET, "the item's body is LaunchNotice"),
            "LaunchNotice or Plots instead of LaunchNotice",
            "another body instead of LaunchNotice",
        ),
        (
            *(Body(("Plots",)), NOT_MET, "the item's body is LaunchNotice"),
            "Plots instead of LaunchNotice",
            "another body instead of LaunchNotice",
        ),
        (
            *(OriginatorIsSender(value=False), MET),
            "the item is KOR's, not USA's own",
            "an item other than USA's own",
            "an item of USA's own",
        ),
        (
            *(OriginatorIsSender(value=True), NOT_MET),
            "the item is KOR's, not USA's own",
            "an item of USA's own",
            "an item other than USA's own",
        ),
        (
            *(ApprovalOfOriginator(value=True), NOT_MET, "who approved"),
            "approval by KOR for JPN via USA under here",
            "no approval by KOR for JPN via USA under here",
        ),
        (
            *(ApprovalOfOriginator(value=False), MET, "who approved"),
            "no approval by KOR for JPN via USA under here",
            "approval by KOR for JPN via USA under here",
        ),
        (
            *(Sender(("JPN", "KOR")), NOT_MET, "USA sends it"),
            "sent by JPN or KOR instead of USA",
            "sent by another party instead of USA",
        ),
        (
            *(Recipient(("KOR", "USA")), NOT_MET, "JPN receives it"),
            "sent to KOR or USA instead of JPN",
            "sent to another party instead of JPN",
        ),
        (
            *(ClassificationUpTo("SECRET"), MET, "at which level"),
            "a marking that here knows, up to SECRET",
            "a marking that here knows, above SECRET",
        ),
        (
            *(ClassificationAbove("SECRET"), NOT_MET, "at which level"),
            "a marking that here knows, above SECRET",
            "a marking that here knows, up to SECRET",
        ),
        (
            *(TogetherWith(("also", "x")), MET, "beside and also decides beside here"),
            "also or x beside here on the same hop",
            "another agreement beside here on the same hop",
        ),
        (
            *(Status(NOT_IN_FORCE), NOT_MET, "how it stands"),
            "here not in force",
            "what would open it",
        ),
    ],
)
def test_a_condition_finds_and_says(condition, finding, saw, to_meet, to_avoid):
    """Its words stand before an officer, so they are tested like its finding."""
    asked = question()
    assert condition.finding(asked) is finding
    assert condition.saw(asked) == saw
    assert condition.need(asked, met=True) == to_meet
    assert condition.need(asked, met=False) == to_avoid


def consent(party, *, stands):
    """What a party that was asked has said."""
    return Consent(
        party=party,
        consultation=f"about {party}",
        stands=stands,
        no_further=False,
        acts=(),
        note=f"what {party} said",
        need=f"what would move {party}",
    )


def test_consent_is_of_each_party_named_but_the_sender_and_tells_who_withholds():
    """Who was not consulted is to be; who consents is told where all do."""
    asked = question(
        consents=(consent("KOR", stands=True), consent("AUS", stands=False))
    )
    both = WithConsentOf(("KOR", "AUS"))
    assert both.finding(asked) is NOT_MET
    assert both.saw(asked) == "what AUS said"
    assert both.need(asked, met=True) == "what would move AUS"
    assert both.need(asked, met=False) == "no consent of KOR or AUS"
    given = WithConsentOf(("KOR", "USA"))  # USA sends it
    assert given.finding(asked) is MET
    assert WithConsentOf(("KOR",)).saw(asked) == "what KOR said"
    unasked = WithConsentOf(("KOR", "JPN"))
    assert unasked.finding(asked) is NOT_MET
    assert unasked.saw(asked) == "JPN was not consulted"
    assert unasked.need(asked, met=True) == "a consultation of JPN, and its consent"


def test_whose_item_it_is_is_seen_for_an_own_item_too():
    """The sender's own item is called its own."""
    own = question(sender="KOR")
    assert OriginatorIsSender(value=True).finding(own) is MET
    assert OriginatorIsSender(value=True).saw(own) == "the item is KOR's own"


@pytest.mark.parametrize(
    ("level", "up_to", "above"),
    [
        ("UNCLASSIFIED", MET, NOT_MET),
        ("CONFIDENTIAL", MET, NOT_MET),
        ("SECRET", NOT_MET, MET),
        ("TOP SECRET", NOT_MET, MET),
        (None, UNKNOWN, UNKNOWN),
    ],
)
def test_a_level_is_up_to_or_above_and_an_unknown_one_is_doubt(level, up_to, above):
    """The two conditions leave no gap and no overlap, but for doubt."""
    asked = question(level=level)
    assert ClassificationUpTo("CONFIDENTIAL").finding(asked) is up_to
    assert ClassificationAbove("CONFIDENTIAL").finding(asked) is above


def test_company_and_status_are_found_as_they_are():
    """The other answer of each condition that has only one above."""
    assert TogetherWith(("other",)).finding(question()) is NOT_MET
    alone = question(together=())
    assert TogetherWith(("other",)).finding(alone) is NOT_MET
    assert TogetherWith(("other",)).saw(alone) == (
        "no other agreement decides beside here"
    )
    assert Status(NOT_IN_FORCE).finding(question(in_force=False)) is MET
    assert ApprovalOfOriginator(value=True).finding(question(approved=True)) is MET
    assert Sender(("USA",)).finding(question()) is MET
    assert Recipient(("JPN",)).finding(question()) is MET


def test_one_condition_not_met_settles_an_article_then_doubt_does():
    """Nothing asked is nothing unmet."""
    met, not_met = Recipient(("JPN",)), Recipient(("KOR",))
    doubt = AssuranceOfRecipient(value=True)
    for when, finding in (
        ((), MET),
        ((met, met), MET),
        ((doubt, met), UNKNOWN),
        ((met, doubt), UNKNOWN),
        ((doubt, not_met, met), NOT_MET),
        ((not_met, doubt), NOT_MET),
    ):
        assert permit(1, *when).applies(question()) is finding


def rows(text):
    """The names in the first column of the page's tables."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def test_every_condition_and_obligation_has_its_row_and_nothing_else_has():
    """The reference page is complete, in the order of the code's own list."""
    assert rows(REFERENCE.read_text("utf-8")) == [
        *CONDITIONS,
        *OBLIGATIONS,
        *LASTING,
    ]


def test_the_levels_and_bodies_on_the_page_are_those_a_text_may_write():
    """A value that the page offers is one that the reader takes."""
    table = dict(
        line.split(" | ")[:2]
        for line in REFERENCE.read_text("utf-8").split("\n")
        if line.startswith("| `")
    )
    for name, allowed in (("classification_up_to", LADDER[1:]), ("body", BODIES)):
        assert tuple(re.findall(r"`([^`]+)`", table[f"| `{name}`"])) == allowed


def test_the_limits_on_the_page_are_those_of_the_code():
    """A documented limit that is not the real one is worse than none."""
    text = " ".join(REFERENCE.read_text("utf-8").split())
    for told in (
        f"{TEXT_BYTES_MAX // 1024} KiB",
        f"{ARTICLES_MAX} articles",
        f"{RECORDS_MAX} records",
        f"{MARKINGS_MAX} markings",
        f"{LIST_LENGTH_MAX} values",
        f"{TEXT_LENGTH_MAX} characters",
        f"{KEY_PARTS_MAX} parts",
    ):
        assert told in text, told
