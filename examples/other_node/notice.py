"""Notice: an item to say by hand, so that there is something to see at the partner.

It tells of a launch first seen at this moment, and of nothing else that an item may
say: place, time and direction are left open. An item bears the status of its party's
card; one of another status, or dated ahead, is refused.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from other_node.identity import instant

MARKING = {"JPN": "秘", "KOR": "군사III급비밀"}  # as the shipped text knows them
VALID_MINUTES = 10


def notice_now(party: str, status: str) -> dict[str, Any]:
    """Return a launch notice of ``party``, made now."""
    now = datetime.now(UTC)
    return {
        "v": 1,
        "id": secrets.token_hex(16),
        "originator": party,
        "status": status,
        "exercise": None,
        "label": {
            "policy": party,
            "classification": MARKING.get(party, "CONFIDENTIAL"),
            "categories": [],
            "releasable_to": [],
            "original": None,
            "equivalents": [],
        },
        "created": instant(now),
        "valid_until": instant(now + timedelta(minutes=VALID_MINUTES)),
        "lineage": [secrets.token_hex(16)],
        "body": {
            "type": "LaunchNotice",
            "launch_id": secrets.token_hex(16),
            "first_seen": instant(now),
            "point": None,
            "time": None,
            "azimuth_true_deg": None,
        },
    }
