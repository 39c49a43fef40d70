"""The shipped library: every row of what may go where, by which articles."""

import json
from pathlib import Path

import pytest

from beaconfire.agreements.text import parse_agreement, print_agreement
from beaconfire.errors import BadInput
from beaconfire.runtime.agreement_files import library, shipped_texts
from beaconfire.seals import codec
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.item import Item
from tests.agreements.agreements_made import (
    NOW,
    act,
    approval,
    ask,
    item,
    notice,
    plots,
    retraction,
)

GSOMIA, JPN_USA, KOR_USA, TISA = LIBRARY = library()
DIRECT = ("gsomia-jpn-kor-2016",)
EXAMPLES = Path(__file__).parents[2] / "examples" / "items"
OWN_MARK = {"JPN": "特定秘密", "KOR": "군사II급비밀", "USA": "SECRET"}


def body_of(form):
    """The body of the shipped example of ``form``."""
    return codec.decode((EXAMPLES / f"{form}.json").read_bytes(), Item, what=form).body


THREE = ("LaunchNotice", "TrackProduct", "ImpactPrediction")
ALL = (*THREE, "Plots", "Retraction")


def example(form, originator):
    """An item with the example's body, marked as its originator marks."""
    return item(body_of(form), originator, marking=OWN_MARK[originator])


def send(what, to, *acts, sender=None, at=NOW):
    """Decide by the whole library."""
    return ask(what, *LIBRARY, sender=sender, to=to, acts=acts, at=at)


def test_the_library_is_four_agreements_by_their_ids():
    """The ids are settled: others cite them."""
    assert [text.id for text in LIBRARY] == [
        "gsomia-jpn-kor-2016",
        "jpn-usa-2007",
        "kor-usa-1987",
        "tisa-2014",
    ]


@pytest.mark.parametrize("text", shipped_texts(), ids=lambda text: text.file)
def test_a_shipped_text_prints_back_identically(text):
    """What is reviewed like law has one printed form, and ships in it."""
    printed = text.data.decode()
    assert print_agreement(parse_agreement(printed, file=text.file)) == printed


@pytest.mark.parametrize("text", LIBRARY, ids=lambda text: text.id)
def test_every_article_says_what_it_rests_on(text):
    """A rule without a source is nobody's rule."""
    assert all(len(article.rests_on) > 60 for article in text.articles)


@pytest.mark.parametrize("form", ALL)
@pytest.mark.parametrize(("sender", "to"), [("JPN", "KOR"), ("KOR", "JPN")])
def test_under_gsomia_all_forms_go_directly(form, sender, to):
    """Plots, tracks, notices, impact predictions and retractions, both directions."""
    decision = send(example(form, sender), to)
    assert isinstance(decision, Release)
    assert decision.agreements == DIRECT
    assert decision.articles == ("gsomia-jpn-kor-2016:9",)
    assert decision.obligations == (
        "seal-in-transit",
        "signed-receipt",
        "mark-on-receipt",
    )
    tisa = decision.considered[1]
    assert (tisa.agreements, tisa.outcome) == (("tisa-2014",), "refusal")


@pytest.mark.parametrize("form", [*THREE, "Retraction"])
@pytest.mark.parametrize(
    ("sender", "to", "hop", "article"),
    [
        ("JPN", "USA", "jpn-usa-2007", "4(give)"),
        ("KOR", "USA", "kor-usa-1987", "4(give)"),
        ("USA", "JPN", "jpn-usa-2007", "4(own)"),
        ("USA", "KOR", "kor-usa-1987", "4(own)"),
    ],
)
def test_under_tisa_the_three_elements_go_with_the_hops_agreement(
    form, sender, to, hop, article
):
    """TISA and the hop's bilateral agreement together, both cited."""
    decision = send(example(form, sender), to)
    assert isinstance(decision, Release)
    assert decision.agreements == ("tisa-2014", hop)
    assert decision.articles == (f"tisa-2014:{article}", f"{hop}:protection")
    assert decision.obligations == (
        "seal-in-transit",
        "signed-receipt",
        "mark-on-receipt",
    )
    assert decision.via is None


@pytest.mark.parametrize(
    ("sender", "to"), [("JPN", "USA"), ("KOR", "USA"), ("USA", "JPN"), ("USA", "KOR")]
)
def test_plots_never_go_under_tisa(sender, to):
    """No article permits them: the refusal names the one that lists what may go."""
    decision = send(example("Plots", sender), to)
    assert isinstance(decision, Refusal)
    assert (decision.agreements, decision.articles) == ((), ())
    assert "no article of tisa-2014 permits it; tisa-2014:4(" in decision.reason
    assert decision.would_need == (
        "LaunchNotice or TrackProduct or ImpactPrediction or Retraction "
        "instead of Plots",
    )


@pytest.mark.parametrize("form", [*THREE, "Retraction"])
@pytest.mark.parametrize(
    ("originator", "to", "hop"),
    [("KOR", "JPN", "jpn-usa-2007"), ("JPN", "KOR", "kor-usa-1987")],
)
def test_the_hub_relays_what_the_originator_approved(form, originator, to, hop):
    """Re-marked outside at the equivalent level, both agreements and approval cited."""
    what = example(form, originator)
    decision = send(what, to, approval(originator, to), sender="USA")
    assert isinstance(decision, Release)
    assert decision.agreements == ("tisa-2014", hop)
    assert decision.articles == ("tisa-2014:4(relay)", f"{hop}:protection")
    assert decision.approval == "e1"
    assert decision.via == "USA"
    assert decision.marking is not None
    assert decision.marking.original == OWN_MARK[originator]
    assert [m.marking for m in decision.marking.equivalents] == ["SECRET"]
    assert {"re-mark", "forward-unchanged"} <= set(decision.obligations)


def test_the_hub_relays_nothing_unapproved():
    """The article that prohibits it is cited, and whose approval is needed."""
    decision = send(notice("KOR"), "JPN", sender="USA")
    assert isinstance(decision, Refusal)
    assert decision.articles == ("tisa-2014:4(third)",)
    assert decision.considered[0].articles == ("tisa-2014:4(third)",)
    assert decision.agreements == ("tisa-2014",)
    assert decision.would_need == ("approval by KOR for JPN via USA under tisa-2014",)


def test_the_hub_does_not_relay_plots_even_approved():
    """An approval opens no form that no article permits."""
    decision = send(plots("KOR"), "JPN", approval(item_class="Plots"), sender="USA")
    assert isinstance(decision, Refusal)
    assert decision.articles == ()


@pytest.mark.parametrize(
    ("originator", "sender", "to"), [("KOR", "JPN", "USA"), ("JPN", "KOR", "USA")]
)
def test_gsomia_lets_nothing_go_to_a_third_country_unapproved(originator, sender, to):
    """Article 6(a) follows the item, beside TISA's own third-party rule."""
    what = notice(originator)
    decision = send(what, to, sender=sender)
    assert isinstance(decision, Refusal)
    assert decision.agreements == ("tisa-2014", "gsomia-jpn-kor-2016")
    assert decision.articles == ("tisa-2014:4(third)", "gsomia-jpn-kor-2016:6(a)")

    ended = send(what, to, act("suspend", "KOR", "gsomia-jpn-kor-2016"), sender=sender)
    assert ended.articles == decision.articles
    approvals = [
        approval(originator, to, sender),
        approval(originator, to, sender, under="gsomia-jpn-kor-2016"),
    ]
    assert isinstance(send(what, to, *approvals, sender=sender), Refusal)


@pytest.mark.parametrize(("sender", "to"), [("JPN", "KOR"), ("KOR", "JPN")])
@pytest.mark.parametrize("approved", [False, True])
def test_gsomia_never_carries_a_third_partys_item(sender, to, approved):
    """A partner's item is relayed by the hub alone, never over the direct hop."""
    acts = (
        [approval("USA", to, sender, under="gsomia-jpn-kor-2016")] if approved else []
    )
    decision = send(notice("USA"), to, *acts, sender=sender)
    assert isinstance(decision, Refusal)
    assert ("gsomia-jpn-kor-2016:6(a)" in decision.articles) is not approved


@pytest.mark.parametrize("by", ["JPN", "KOR"])
def test_when_gsomia_is_suspended_the_direct_path_stops_and_the_hub_stays(by):
    """Article 21(3) and the act are cited; the three elements still go through USA."""
    shut = act("suspend", by, "gsomia-jpn-kor-2016")
    decision = send(plots("KOR"), "JPN", shut)
    assert isinstance(decision, Refusal)
    assert decision.agreements == DIRECT
    assert decision.articles == ("gsomia-jpn-kor-2016:21(3)",)
    assert decision.acts == ("e1",)
    assert decision.would_need[0] == f"gsomia-jpn-kor-2016 restored by {by}"

    assert isinstance(send(notice("KOR"), "USA", shut), Release)
    relayed = send(notice("KOR"), "JPN", shut, approval(), sender="USA")
    assert isinstance(relayed, Release)
    restored = act("restore", by, "gsomia-jpn-kor-2016")
    assert isinstance(send(plots("KOR"), "JPN", shut, restored), Release)


@pytest.mark.parametrize("closed", ["tisa-2014", "kor-usa-1987"])
@pytest.mark.parametrize("by", ["KOR", "USA"])
def test_either_agreement_of_a_hop_suspended_closes_the_hop(closed, by):
    """A hop under TISA needs TISA and the hop's bilateral agreement."""
    decision = send(notice("KOR"), "USA", act("suspend", by, closed))
    assert isinstance(decision, Refusal)
    assert decision.agreements == (closed,)
    assert decision.articles == (f"{closed}:status",)
    assert isinstance(
        send(notice("JPN"), "USA", act("suspend", by, closed)), Release
    ) is (closed == "kor-usa-1987")


@pytest.mark.parametrize("missing", ["tisa-2014", "kor-usa-1987"])
def test_without_either_agreement_of_a_hop_nothing_goes(missing):
    """A text that is not at hand protects nothing and permits nothing."""
    texts = [text for text in LIBRARY if text.id != missing]
    decision = ask(notice("KOR"), *texts, to="USA")
    assert isinstance(decision, Refusal)
    assert missing in decision.would_need[0]


@pytest.mark.parametrize(
    "marking", ["特定秘密", "極秘", "秘", "SECRET", "CONFIDENTIAL"]
)
def test_national_markings_and_english_levels_are_both_known(marking):
    """Article 4(1)'s list and its English equivalents."""
    assert isinstance(send(plots("JPN", marking=marking), "KOR"), Release)
    assert isinstance(send(notice("JPN", marking=marking), "USA"), Release)


@pytest.mark.parametrize(
    "marking", ["군사II급비밀", "군사Ⅱ급비밀", "군사III급비밀", "군사Ⅲ급비밀", "SECRET"]
)
def test_korean_markings_are_known_in_either_spelling_of_the_numeral(marking):
    """Roman numerals are written with letters or with the numerals' own signs."""
    assert isinstance(send(plots("KOR", marking=marking), "JPN"), Release)
    assert isinstance(send(notice("KOR", marking=marking), "USA"), Release)


def test_unclassified_is_below_every_level_and_goes():
    """It needs no protection; what may go when secret may go when it is not."""
    assert isinstance(send(plots("JPN", marking="UNCLASSIFIED"), "KOR"), Release)
    assert isinstance(send(notice("USA", marking="UNCLASSIFIED"), "KOR"), Release)
    relayed = send(
        notice("KOR", marking="UNCLASSIFIED"), "JPN", approval(), sender="USA"
    )
    assert [m.marking for m in relayed.marking.equivalents] == ["UNCLASSIFIED"]


@pytest.mark.parametrize(
    "marking",
    [
        "TOP SECRET",
        "군사I급비밀",
        "RESTRICTED",
        "secret",
        "SECRET ",
        "군사II급비밀",
        "機密",
    ],
)
def test_what_the_tables_do_not_know_or_exclude_stays_at_home(marking):
    """Above the list, on no list, another's marking or misspelt: doubt refuses."""
    direct = send(plots("JPN", marking=marking), "KOR")
    assert isinstance(direct, Refusal)
    assert direct.articles == ("gsomia-jpn-kor-2016:4(1)",)
    hub = send(notice("JPN", marking=marking), "USA")
    assert isinstance(hub, Refusal)


def test_a_level_table_does_not_restore_the_original():
    """The map is not one-to-one: 極秘 comes out as the first marking of its level."""
    assert GSOMIA.level_of("極秘", by="JPN") == "SECRET"
    assert GSOMIA.marking_for("SECRET", by="JPN") == "特定秘密"
    assert GSOMIA.marking_for("SECRET", by="KOR") == "군사II급비밀"
    assert GSOMIA.marking_for("TOP SECRET", by="KOR") is None
    assert GSOMIA.marking_for("SECRET", by="USA") is None
    assert GSOMIA.level_of("SECRET", by="USA") is None


def test_a_stranger_gets_nothing_by_any_text():
    """A party to no agreement is no recipient and no sender."""
    assert isinstance(send(notice("JPN"), "PRK"), Refusal)
    assert isinstance(send(notice("PRK"), "JPN"), Refusal)
    with pytest.raises(BadInput, match="`PRK` is no party to gsomia-jpn-kor-2016"):
        GSOMIA.require_party("PRK")


def test_a_retraction_needs_no_other_article_than_what_it_retracts():
    """Whoever was warned must hear that the warning was wrong."""
    assert send(retraction("KOR"), "JPN").articles == send(plots("KOR"), "JPN").articles


@pytest.mark.parametrize("form", ALL)
def test_the_shipped_examples_are_complete_items_of_every_body(form):
    """They are what a partner copies from: each reads, and each writes back alike."""
    data = (EXAMPLES / f"{form}.json").read_bytes()
    what = codec.decode(data, Item, what=form)
    assert type(what.body).__name__ == form
    told, kept = json.loads(data), json.loads(codec.encode(what))
    assert told == kept
    assert list(told) == list(kept)
    at = what.created
    assert isinstance(send(what, "JPN", at=at), Release)
    assert isinstance(send(what, "USA", at=at), Release) is (form != "Plots")
