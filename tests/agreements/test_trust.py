"""Trust: a revoked card closes a party's ways, whatever texts say, and no others."""

from msgspec.structs import replace

from beaconfire.agreements.decision import decide
from beaconfire.agreements.lapse import still_stands
from beaconfire.agreements.matrix import Cell, matrix
from beaconfire.agreements.standing import Standing
from beaconfire.agreements.trust import ROOTS_KEPT_MAX
from beaconfire.exercise.simulated import agreements_of
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.revoking import CardRevocation
from tests.stages.partners_made import (
    MARKING,
    SCENARIO,
    act_of,
    at_s,
    item_of,
    load_scenario,
    members,
)

TEXTS = agreements_of(load_scenario(SCENARIO))
NOW = at_s(10.0)
CARD = members()["KOR"].profile.card


def revoked(standing: Standing | None = None) -> Standing:
    """Return the standing once card 1 of Korea has been revoked."""
    order = CardRevocation(
        party="JPN", partner="KOR", since=at_s(0.0), reason="stolen", issued=NOW
    )
    body = CardRevoked(order=order, number=CARD.number, root=CARD.root)
    return (standing or Standing()).distrusting("entry-1", body)


def cells(sender: str, standing: Standing) -> dict[tuple[object, ...], Cell]:
    """Return the matrix of a sender, by originator, recipient and form."""
    made = matrix(
        sender,
        marking=MARKING[sender],
        at=NOW,
        agreements=TEXTS,
        standing=standing,
    )
    return {(cell.originator, cell.to, cell.form): cell for cell in made}


def test_every_item_to_that_party_or_of_it_is_refused_and_no_other_changes() -> None:
    """The matrix: each cell that has it at an end is closed and says why."""
    for sender in ("JPN", "USA"):
        before, after = cells(sender, Standing()), cells(sender, revoked())
        assert before.keys() == after.keys()
        for (originator, to, _), cell in after.items():
            if "KOR" in (originator, to):
                assert isinstance(cell.decision, Refusal)
                assert "card 1 of KOR is revoked" in cell.decision.reason
            else:
                assert cell == before[originator, to, cell.form]


def test_a_release_of_before_lapses_with_the_entry_that_closed_the_link() -> None:
    """Judged again at hand-over, it names no agreement, and no suspension keeps it."""
    item = item_of("JPN")
    asked = {"sender": "JPN", "to": "KOR", "at": NOW, "agreements": TEXTS}
    release = decide(item, standing=Standing(), **asked)  # type: ignore[arg-type]
    assert isinstance(release, Release)
    lapse = still_stands(release, agreements=TEXTS, standing=revoked(), at=NOW)
    assert lapse is not None
    assert (lapse.act, lapse.agreement, lapse.suspended) == ("entry-1", None, False)


def test_a_suspended_agreement_withholds_nothing_from_it() -> None:
    """Its restoration would open nothing, so nothing is kept for that day."""
    suspend = act_of("suspend", "JPN")
    standing = revoked(Standing().after("entry-0", suspend, at_s(1.0)))
    asked = {"sender": "JPN", "to": "KOR", "at": NOW, "agreements": TEXTS}
    answer = decide(item_of("JPN"), standing=standing, **asked)  # type: ignore[arg-type]
    assert isinstance(answer, Refusal)
    assert answer.withheld == ()


def test_only_a_higher_number_or_another_root_ends_a_revocation() -> None:
    """The same card, a lower one, or none at all leaves the link closed."""
    standing = revoked()
    for cards in ((), (CARD,), (replace(CARD, number=0),)):
        assert standing.with_cards(cards).trust.closing("KOR") is not None
    for card in (replace(CARD, number=2), replace(CARD, root="another")):
        again = standing.with_cards((card,))
        assert again.trust.closing("KOR") is None
        assert again.trust.covering(CARD) is not None
        assert again.with_cards((CARD,)).trust.closing("KOR") is not None


def test_a_start_is_told_of_each_card_whose_link_stays_closed() -> None:
    """One sentence a card; the others are trusted, and each party has its own."""
    usa = members()["USA"].profile.card
    trust = revoked().trust
    assert trust.trusted((CARD, usa)) == (usa,)
    (told,) = trust.closed((CARD, usa))
    assert told.startswith("card 1 of KOR is revoked, not trusted from")
    assert told.endswith("stays closed until a higher-numbered card is added")
    assert trust.closed((replace(CARD, number=2), usa)) == ()
    order = CardRevocation(
        party="JPN", partner="USA", since=at_s(0.0), reason="over", issued=NOW
    )
    both = trust.after("e", CardRevoked(order=order, number=1, root=usa.root))
    assert both.trusted((CARD, usa)) == ()
    assert [one.party for one in both.cards] == ["KOR", "USA"]


def test_a_new_root_takes_nothing_back_of_what_was_said_of_the_old() -> None:
    """Revoked under one root and under the next: neither is trusted ever after."""
    other = replace(CARD, root="another")
    trust = revoked().trust.with_cards((other,))
    assert trust.closing("KOR") is None
    order = CardRevocation(
        party="JPN", partner="KOR", since=at_s(0.0), reason="again", issued=NOW
    )
    trust = trust.after("entry-2", CardRevoked(order=order, number=1, root="another"))
    assert [one.root for one in trust.cards] == [CARD.root, "another"]
    assert trust.trusted((CARD,)) == trust.trusted((other,)) == ()
    assert trust.with_cards((CARD,)).closing("KOR") is not None
    closing = trust.with_cards((other,)).closing("KOR")
    assert closing is not None
    assert closing.entry == "entry-2"
    assert trust.with_cards((replace(CARD, number=2),)).closing("KOR") is None


def test_of_one_root_the_newest_revocation_says_all() -> None:
    """It covers every lower number, so the older one is let go."""
    order = CardRevocation(
        party="JPN", partner="KOR", since=at_s(0.0), reason="again", issued=NOW
    )
    trust = revoked().trust.with_cards((replace(CARD, number=2),))
    trust = trust.after("entry-2", CardRevoked(order=order, number=2, root=CARD.root))
    assert [one.number for one in trust.of("KOR")] == [2]
    assert trust.trusted((CARD,)) == ()


def test_of_many_roots_the_newest_are_kept() -> None:
    """What grows has a bound; other parties' revocations are no part of it."""
    trust = revoked().trust
    for number in range(ROOTS_KEPT_MAX + 3):
        order = CardRevocation(
            party="JPN", partner="USA", since=NOW, reason="drawn", issued=NOW
        )
        body = CardRevoked(order=order, number=1, root=f"root-{number}")
        trust = trust.after(f"entry-{number}", body)
    assert len(trust.of("USA")) == ROOTS_KEPT_MAX
    assert trust.of("USA")[0].root == f"root-{ROOTS_KEPT_MAX + 2}"
    assert len(trust.of("KOR")) == 1
