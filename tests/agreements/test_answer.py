"""The answer of one agreement by itself."""

import pytest
from hypothesis import given

from beaconfire.agreements.agreement import Effect
from beaconfire.agreements.answer import decide_release
from beaconfire.agreements.conditions import (
    ApprovalOfOriginator,
    Sender,
)
from beaconfire.agreements.question import Finding
from beaconfire.agreements.standing import Standing
from beaconfire.errors import BadInput
from tests.agreements.agreements_made import (
    NOW,
    STRANGE,
    agreement,
    found,
    many_articles,
    notice,
    permit,
    prohibit,
)

ALL_JPN = Sender(("JPN",))


class TestOneAgreement:
    """What one agreement says by itself."""

    def answer(self, *articles, item=None, sender="JPN", parties=("JPN", "KOR")):
        """Ask one agreement about an item to KOR."""
        return decide_release(
            item or notice(),
            sender=sender,
            to="KOR",
            under=agreement(*articles, parties=parties),
            at=NOW,
            standing=Standing(),
        )

    def test_a_permission_lists_each_obligation_once_in_the_order_of_the_text(self):
        """Two articles that ask for the same ask for it once."""
        answer = self.answer(
            permit(1, ALL_JPN, owes=("re-mark", "signed-receipt")),
            permit(2, ALL_JPN, owes=("signed-receipt", "mark-on-receipt")),
        )
        assert answer.obligations == ("re-mark", "signed-receipt", "mark-on-receipt")
        assert [article.number for article in answer.relied_on] == ["1", "2"]

    def test_an_objection_tells_each_need_once(self):
        """What lifts the prohibition and what permits may be one and the same."""
        answer = self.answer(
            permit(1, ApprovalOfOriginator(value=True)),
            prohibit(2, ApprovalOfOriginator(value=False)),
            item=notice("USA"),
            parties=("JPN", "KOR", "USA"),
        )
        assert answer.needs == ("approval by USA for KOR via JPN under test-one",)
        assert answer.acts == ()

    @pytest.mark.parametrize("sender", ["JPN", "USA"])
    def test_an_agreement_is_not_asked_about_strangers(self, sender):
        """A routing mistake must not look like a refusal in the journal."""
        with pytest.raises(BadInput, match="is no party to test-one"):
            self.answer(permit(1, ALL_JPN), sender=sender, parties=("USA", "PRK"))

    @given(many_articles)
    def test_conditions_that_articles_share_say_the_same_to_each(self, articles):
        """A text asks each condition once; every article is heard, in order."""
        prohibiting = [
            article
            for article in articles
            if article.effect is Effect.PROHIBIT
            and found(article) is not Finding.NOT_MET
        ]
        permitting = [
            article
            for article in articles
            if article.effect is Effect.PERMIT and found(article) is Finding.MET
        ]
        answer = self.answer(*articles, item=notice(marking=STRANGE))
        assert list(answer.relied_on) == (prohibiting or permitting)
