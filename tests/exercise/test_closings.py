"""Closings: the audit knows a link as closed by whatever card a start lives by."""

import pytest

from beaconfire.exercise.after_action.closings import Closings
from beaconfire.exercise.after_action.ledger import Fact

Held = tuple[str, int]


def flaws(*told: str | Held | None) -> list[str]:
    """Audit revocations (a root and number), starts and hand-overs, in that order.

    A text is the kind of entry: ``revoke`` takes back the card of the newest start.
    """
    fold, card = Closings(), ("old", 1)
    for seq, one in enumerate(told, 1):
        if one == "revoke":
            body = {"order": {"partner": "KOR"}, "number": card[1], "root": card[0]}
            fold.take(Fact(seq, "", str(seq), "card-revocation", body))
        elif one == "send":
            body = {"to": "KOR", "lane": "notices", "epoch": 1, "number": seq}
            fold.take(Fact(seq, "", str(seq), "hand-over", body))
        else:
            partners = []
            if isinstance(one, tuple):
                card = one
                partners = [{"party": "KOR", "root": card[0], "number": card[1]}]
            body = {"profile": {"partners": partners}}
            fold.take(Fact(seq, "", str(seq), "node-start", body))
    return fold.flaws


@pytest.mark.parametrize(
    ("told", "many"),
    [
        (("send", "revoke", "send"), 1),
        (("revoke", ("old", 1), "send"), 1),
        (("revoke", ("old", 2), "send"), 0),
        (("revoke", ("new", 1), "send"), 0),
        (("revoke", ("new", 1), "revoke", "send"), 1),
        (("revoke", ("new", 1), "revoke", ("old", 1), "send"), 1),
        (("revoke", ("old", 2), "send", ("old", 1), "send"), 1),
        (("revoke", ("old", 2), None, "send"), 1),
        (("revoke", ("old", 2), "revoke", ("old", 3), "send"), 0),
    ],
)
def test_what_is_sent_by_a_revoked_card_is_a_fault(
    told: tuple[str | Held | None, ...], many: int
) -> None:
    """Of each root the revoked number and all lower ones; also when no card is held."""
    assert len(flaws(*told)) == many
