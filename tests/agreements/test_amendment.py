"""Amendment: another text takes the place of this one, when all parties say so."""

from dataclasses import replace
from itertools import permutations

import pytest

from beaconfire.agreements.amendment import amended, amendments, successor_flaw
from beaconfire.agreements.conditions import Sender, TogetherWith
from beaconfire.agreements.entitled import entitled, too_many
from beaconfire.agreements.register import AMENDMENTS_MAX
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.status import closes_at, status_of
from beaconfire.vocabulary.acts import Act
from beaconfire.vocabulary.records import Amendment
from beaconfire.vocabulary.times import Instant
from tests.agreements.agreements_made import agreement, permit

OLD = agreement(permit(1, Sender(("JPN",))))
SINCE = Instant.parse("2023-01-01T00:00:00Z")
NEW = replace(OLD, id="new-text", in_force_from=SINCE)


def day(text):
    """The beginning of a day."""
    return Instant.parse(f"{text}T00:00:00Z")


def consent(by, on, text="new-text", since=SINCE):
    """A party's declaration that a text takes the old one's place."""
    return Act(
        agreement=OLD.id, act="declare", party=by, issued=day(on),
        record=Amendment(text=text, since=since),
    )  # fmt: skip


def suspend(by, on):
    """A suspension."""
    return Act(agreement=OLD.id, act="suspend", party=by, issued=day(on))


def after(*acts):
    """The standing after acts, each recorded under what it says."""
    known = Standing()
    for one in acts:
        name = f"{one.act}-{one.party}-{one.issued}-{one.record}"
        known = known.after(name, one, one.issued)
    return known


def state(when, *acts):
    """The state of the old text on a day."""
    return status_of(OLD, after(*acts), day(when)).state


def test_it_ends_when_both_consented_and_the_new_text_begins():
    """Not before, and then nothing leaves under the old one in either direction."""
    acts = consent("JPN", "2022-11-01"), consent("KOR", "2022-12-01")
    assert state("2022-12-31", *acts) == "in force"
    status = status_of(OLD, after(*acts), SINCE)
    assert (status.state, status.in_force) == ("amended", False)
    assert status.reason == (
        f"`new-text` has taken the place of {OLD.id} since {SINCE}, by consent of "
        "JPN and KOR"
    )
    assert status.need == f"`new-text` to permit it: {OLD.id} has ended"
    assert status.article == OLD.cite(OLD.status_article)
    assert len(status.acts) == 2
    assert closes_at(OLD, after(*acts)) == SINCE


def test_a_late_consent_ends_it_with_that_act():
    """What had left before left by the old text."""
    acts = consent("JPN", "2022-11-01"), consent("KOR", "2023-02-01")
    assert state("2023-01-31", acts[0]) == "in force"
    assert closes_at(OLD, after(acts[0])) is None
    assert state("2023-02-01", *acts) == "amended"
    assert closes_at(OLD, after(*acts)) == day("2023-02-01")


def test_one_consent_closes_nothing_and_is_shown():
    """Nor do two that name another text, or another instant."""
    one = consent("KOR", "2022-11-01")
    told = status_of(OLD, after(one), day("2022-11-02")).reason
    assert told.endswith("; KOR consents that `new-text` takes its place")
    for other in (
        consent("JPN", "2022-11-02", text="third-text"),
        consent("JPN", "2022-11-02", since=day("2023-01-02")),
    ):
        assert state("2030-01-01", one, other) == "in force"
        assert amended(OLD, after(one, other).register) is None
        assert len(amendments(OLD, after(one, other).register)) == 2
    both = status_of(OLD, after(one, consent("JPN", "2022-12-01")), day("2022-12-02"))
    assert both.in_force
    assert f"`new-text` takes its place at {SINCE}" in both.reason


def test_order_and_repetition_of_the_acts_change_nothing():
    """Nodes hear of them by several routes: all that know the same agree."""
    acts = (
        consent("JPN", "2022-11-01"), consent("KOR", "2022-12-01"),
        consent("JPN", "2022-11-05", text="third-text"),
        consent("KOR", "2022-12-05"), suspend("JPN", "2022-11-20"),
    )  # fmt: skip
    found = {
        (
            amended(OLD, after(*order).register),
            status_of(OLD, after(*order), SINCE).reason,
        )
        for order in permutations(acts)
    }
    assert len(found) == 1
    assert next(iter(found))[0].since == SINCE
    assert after(*acts, *acts).register == after(*acts).register


def test_a_suspension_bites_until_then_and_the_end_is_final():
    """Who consented and thinks otherwise suspends; a restoration revives nothing."""
    both = consent("JPN", "2022-11-01"), consent("KOR", "2022-12-01")
    assert state("2022-12-15", *both, suspend("KOR", "2022-12-10")) == "suspended"
    assert state("2023-01-02", *both, suspend("KOR", "2022-12-10")) == "amended"
    flaw = entitled(OLD, suspend("KOR", "2023-01-02"), after(*both))
    assert "no act changes that" in flaw
    assert entitled(OLD, suspend("KOR", "2022-12-02"), after(*both)) is None


@pytest.mark.parametrize(
    ("held", "record", "flaw"),
    [
        ((OLD,), Amendment(text="new-text", since=SINCE), "nothing could leave"),
        (
            (OLD, replace(NEW, parties=("JPN", "USA"))),
            Amendment(text="new-text", since=SINCE),
            "KOR would be no party to new-text any more",
        ),
        (
            (OLD, NEW),
            Amendment(text="new-text", since=day("2023-01-02")),
            "there would be two texts, or none",
        ),
    ],
)
def test_our_own_people_consent_only_to_a_text_that_fits(held, record, flaw):
    """One that all have signed, binds all who were bound, and begins just then."""
    assert flaw in successor_flaw(OLD, record, held)
    assert successor_flaw(OLD, Amendment(text="new-text", since=SINCE), (NEW,)) is None


def test_what_the_new_text_asks_for_must_not_go_on_asking_for_the_old():
    """A pair of texts opens only if each names the other, also after an amendment."""
    pair = agreement(permit(1, TogetherWith((OLD.id,))), name="pair")
    new = agreement(permit(1, TogetherWith(("pair",))), name="new-text")
    new = replace(new, in_force_from=SINCE)
    record = Amendment(text="new-text", since=SINCE)
    flaw = successor_flaw(OLD, record, (OLD, new, pair))
    assert f"asks for pair, which permits only together with {OLD.id}" in flaw
    both = agreement(permit(1, TogetherWith((OLD.id, "new-text"))), name="pair")
    assert successor_flaw(OLD, record, (OLD, new, both)) is None
    assert successor_flaw(OLD, record, (OLD, NEW, pair)) is None


def test_a_consent_names_a_text_and_no_end():
    """And a text cannot take its own place; a stranger consents to nothing."""
    ends = Act(
        agreement=OLD.id, act="declare", party="JPN", issued=day("2022-11-01"),
        expires=day("2022-12-01"), record=Amendment(text="new-text", since=SINCE),
    )  # fmt: skip
    assert "has no end" in entitled(OLD, ends)
    own = consent("JPN", "2022-11-01", text=OLD.id)
    assert "cannot take its own place" in entitled(OLD, own)
    assert "no party" in entitled(OLD, consent("USA", "2022-11-01"))


def test_a_party_names_so_many_texts_and_no_more():
    """Every look at the status reads them; other records have room of their own."""
    acts = [
        consent("JPN", "2022-11-01", text=f"text-{n}") for n in range(AMENDMENTS_MAX)
    ]
    known = after(*acts)
    told = too_many(consent("JPN", "2022-11-02"), known)
    assert told.startswith(f"{AMENDMENTS_MAX} amendments of JPN are on file")
    assert too_many(consent("KOR", "2022-11-02"), known) is None
    assert too_many(consent("JPN", "2022-11-02"), after(*acts[1:])) is None
