"""What another text would change, and for whom; and the matrix of what may go."""

import pytest

from beaconfire.agreements.agreement import Term
from beaconfire.agreements.conditions import (
    ApprovalOfOriginator,
    Body,
    ClassificationUpTo,
    Recipient,
    Sender,
    TogetherWith,
)
from beaconfire.agreements.difference import difference
from beaconfire.agreements.matrix import matrix
from beaconfire.agreements.register import Annex
from beaconfire.agreements.standing import Standing
from beaconfire.runtime.agreement_files import library
from beaconfire.vocabulary.entries.decisions import Release
from tests.agreements.agreements_made import (
    ASSURED,
    BEGIN,
    NOTIFIED,
    NOW,
    agreement,
    approval,
    permit,
    prohibit,
    standing,
)
from tests.agreements.test_register import oblige

NOTICES = permit(1, Body(("LaunchNotice",)))
LEVELS = {"JPN": {"秘": "CONFIDENTIAL"}, "KOR": {"군사II급비밀": "SECRET"}}
TRIO = ("JPN", "KOR", "USA")
ALL = "LaunchNotice, Plots, TrackProduct, ImpactPrediction, Retraction"


def told(old, new):
    """What changes, old and new being articles."""
    return difference(agreement(*old, levels=LEVELS), agreement(*new, levels=LEVELS))


@pytest.mark.parametrize("text", library(), ids=lambda text: text.id)
def test_a_text_beside_itself_changes_nothing(text):
    """No sentence without a change."""
    assert difference(text, text) == ()


def test_an_article_more_opens_a_form():
    """What the text says, then what follows for each hop."""
    more = permit(2, Body(("Plots",)), Sender(("JPN",)))
    assert told([NOTICES], [NOTICES, more]) == (
        "article 2 is new: permit when body = Plots and sender = JPN",
        "JPN to KOR, its own Plots: may go, by 2, marked 秘, UNCLASSIFIED, TOP SECRET",
    )
    assert told([NOTICES, more], [NOTICES]) == (
        "article 2 is gone: permit when body = Plots and sender = JPN",
        "JPN to KOR, its own Plots: may go no more (went by 2), "
        "marked 秘, UNCLASSIFIED, TOP SECRET",
    )
    shut = prohibit(2, Sender(("JPN",)))
    assert told([NOTICES, shut], [NOTICES])[0] == (
        "article 2 is gone: prohibit when sender = JPN"
    )


def test_a_condition_of_one_value_is_told_as_its_text_writes_it():
    """A level, a truth: as a reader of the text knows them."""
    more = permit(2, ClassificationUpTo("SECRET"), ApprovalOfOriginator(value=True))
    assert told([NOTICES], [NOTICES, more])[0] == (
        "article 2 is new: permit when classification_up_to = SECRET "
        "and approval_of_originator = true"
    )


def test_other_obligations_and_articles_are_told_where_it_goes_all_the_same():
    """Who sends must know what it owes."""
    old = permit(1, Sender(("JPN",)), owes=("signed-receipt", "re-mark"))
    new = permit(1, Sender(("JPN",)), owes=("mark-on-receipt", "signed-receipt"))
    assert told([old], [new])[1].startswith(
        f"JPN to KOR, its own {ALL}: owes mark-on-receipt and owes re-mark no more, "
        "marked 秘"
    )
    moved = permit(3, Sender(("JPN",)), owes=("signed-receipt", "re-mark"))
    found = told([old], [moved])
    assert found[:2] == (
        "article 1 is gone: permit when sender = JPN owing signed-receipt, re-mark",
        "article 3 is new: permit when sender = JPN owing signed-receipt, re-mark",
    )
    assert "goes by 3 instead of 1, marked" in found[-1]
    turned = permit(1, Sender(("JPN",)), owes=("re-mark", "signed-receipt"))
    assert "owes the same in another order, marked" in told([old], [turned])[-1]


def test_a_level_that_is_read_otherwise_changes_what_goes():
    """Only for the party and the marking that it concerns."""
    limit = permit(1, ClassificationUpTo("CONFIDENTIAL"))
    higher = {**LEVELS, "JPN": {"秘": "SECRET", "特": "SECRET"}}
    old, new = agreement(limit, levels=LEVELS), agreement(limit, levels=higher)
    assert difference(old, new) == (
        "levels: `秘` of JPN is SECRET, was CONFIDENTIAL",
        "levels: `特` of JPN is known, as SECRET",
        f"JPN to KOR, its own {ALL}: may go no more (went by 1), marked 秘",
    )
    assert "levels: `特` of JPN is not known any more (was SECRET)" in (
        difference(new, old)
    )


def test_a_relay_is_told_with_and_without_approval():
    """The third-party rule holds whatever a text says."""
    relay = permit(1, Sender(("USA",)), Recipient(("JPN",)), Body(("Plots",)))
    old = agreement(name="t", parties=TRIO)
    new = agreement(relay, name="t", parties=TRIO)
    assert [line for line in difference(old, new) if "KOR's" in line] == [
        "USA to JPN, KOR's Plots, approved: may go, by 1, marked 군사II급비밀, "
        "군사III급비밀, UNCLASSIFIED, TOP SECRET"
    ]
    asks = permit(1, ApprovalOfOriginator(value=True), TogetherWith(("hop",)))
    beside = difference(old, agreement(asks, name="t", parties=TRIO))
    assert any("KOR's" in line and "approved" in line for line in beside)


def test_everything_else_that_the_texts_say_otherwise_is_told():
    """Parties, dates, term, duties, records, order, sources."""
    held = (Annex(party="KOR", record=ASSURED),)
    old = agreement(NOTICES, oblige(17, "report-loss"), annexes=held)
    new = agreement(
        oblige(17, "report-loss", "keep-custody"),
        NOTICES,
        name="test-two",
        parties=("JPN", "USA"),
        annexes=(Annex(party="JPN", record=NOTIFIED),),
    )
    object.__setattr__(new, "term", Term(notice_days=90))
    object.__setattr__(new, "in_force_from", NOW)
    changes = difference(old, new)
    assert changes[:5] == (
        "id: `test-one` becomes `test-two`",
        f"in force from: `{BEGIN}` becomes `{NOW}`",
        "KOR is no party any more",
        "USA becomes a party",
        "term, notice days: none becomes 90",
    )
    assert (
        "article 17: oblige owing report-loss; becomes: "
        "oblige owing report-loss, keep-custody"
    ) in changes
    assert "the articles stand in another order" in changes
    for begins in (
        "the record of KOR is gone: {",
        "the record of JPN is new: {",
        "JPN to KOR, its own LaunchNotice: may go no more (went by 1), ",
        "USA to JPN, its own LaunchNotice: may go, by 1, ",
    ):
        assert any(line.startswith(begins) for line in changes), begins


def test_another_source_alone_is_told_as_that():
    """The words that it rests on are part of what is signed."""
    other = permit(1, Body(("LaunchNotice",)))
    object.__setattr__(other, "rests_on", "other words")
    assert told([NOTICES], [other]) == (
        "article 1 rests on other words, and says the same",
    )


def test_the_matrix_asks_every_route_and_form_of_the_sender():
    """Direct to each partner, and each relay that an agreement foresees."""
    asked = {"marking": "SECRET", "at": NOW, "agreements": library()}
    leave = standing(approval("KOR", "JPN", "USA"))
    cells = matrix("USA", standing=leave, **asked)
    routes = list(dict.fromkeys((c.originator, c.via, c.to) for c in cells))
    assert routes == [
        ("USA", None, "JPN"),
        ("USA", None, "KOR"),
        ("JPN", "USA", "KOR"),
        ("KOR", "USA", "JPN"),
    ]
    opened = [c.form for c in cells if c.via and isinstance(c.decision, Release)]
    assert opened == ["LaunchNotice", "TrackProduct", "ImpactPrediction", "Retraction"]
    alone = matrix("JPN", standing=Standing(), **asked)
    assert {(c.originator, c.via, c.to) for c in alone} == {
        ("JPN", None, "KOR"),
        ("JPN", None, "USA"),
    }
