"""Standing in the decision: the state of an agreement decides every send."""

import pytest

from beaconfire.agreements.conditions import (
    Sender,
)
from beaconfire.vocabulary.entries.decisions import Refusal, Release
from tests.agreements.agreements_made import (
    NOW,
    act,
    agreement,
    ask,
    notice,
    permit,
    prohibit,
)

ALL_JPN = Sender(("JPN",))


class TestSuspension:
    """The state of an agreement decides every send."""

    TEXT = agreement(permit(1, Sender(("JPN", "KOR"))))

    @pytest.mark.parametrize("by", ["JPN", "KOR"])
    @pytest.mark.parametrize(("sender", "to"), [("JPN", "KOR"), ("KOR", "JPN")])
    def test_either_partys_suspension_closes_both_directions(self, by, sender, to):
        """If either party's view is *suspended*, nothing leaves, either way."""
        decision = ask(notice(sender), self.TEXT, to=to, acts=[act("suspend", by)])
        assert isinstance(decision, Refusal)
        assert decision.agreements == ("test-one",)
        assert decision.articles == ("test-one:9(z)",)
        assert decision.acts == ("e1",)
        assert decision.would_need == (f"test-one restored by {by}",)
        assert decision.considered[0].acts == ("e1",)

    def test_a_refusal_by_status_names_article_and_act_in_its_sentence(self):
        """The officer reads who did it, when, and by which entry."""
        decision = ask(notice(), self.TEXT, acts=[act("suspend", "KOR")])
        assert decision.reason == (
            f"test-one:9(z) forbids it: test-one is suspended by KOR since {NOW} "
            "(act `e1`)"
        )

    def test_only_both_restorations_open_what_both_suspended(self):
        """Each party's own view is kept; one cannot restore for the other."""
        shut = [act("suspend", "JPN"), act("suspend", "KOR")]
        half = ask(notice(), self.TEXT, acts=[*shut, act("restore", "JPN")])
        assert half.acts == ("e2",)
        assert half.would_need == ("test-one restored by KOR",)

        again = [*shut, act("restore", "JPN"), act("restore", "KOR")]
        whole = ask(notice(), self.TEXT, acts=again)
        assert isinstance(whole, Release)
        assert whole.acts == ("e3", "e4")

    def test_before_its_beginning_an_agreement_releases_nothing(self):
        """The instant of the send counts, to the nanosecond."""
        item = notice()
        begin = self.TEXT.in_force_from
        assert isinstance(ask(item, self.TEXT, at=begin), Release)
        early = ask(item, self.TEXT, at=begin.plus_s(-1e-9))
        assert isinstance(early, Refusal)
        assert early.articles == ("test-one:9(z)",)
        assert early.would_need == (f"a send at or after {begin}",)

    def test_the_act_is_cited_also_where_other_articles_prohibit(self):
        """All grounds, the status among them."""
        text = agreement(permit(1, ALL_JPN), prohibit(2, ALL_JPN))
        decision = ask(notice(), text, acts=[act("suspend", "KOR")])
        assert decision.articles == ("test-one:2", "test-one:9(z)")
        assert decision.acts == ("e1",)

    def test_a_prohibition_other_than_status_cites_no_act(self):
        """An act is a ground only where the status article is."""
        text = agreement(permit(1, ALL_JPN), prohibit(2, ALL_JPN))
        restored = [act("suspend", "KOR"), act("restore", "KOR")]
        assert ask(notice(), text, acts=restored).acts == ()
