"""Books under the checker: check them, find an entry in them, take entries out."""

import json
from typing import Any

from beaconfire.exercise.after_action.checker import Delivery, check_delivery

from .journals_made import Books, Json


def checked(books: Books) -> Delivery:
    """Check the books as exported lines."""
    return check_delivery(
        {p: [json.dumps(e) for e in lines] for p, lines in books.journals.items()}
    )


def find(books: Books, party: str, kind: str, nth: int = 0, **body: Any) -> Json:
    """Return an entry of a journal by its kind and some of its body."""
    return [
        entry
        for entry in books.journals[party]
        if entry["kind"] == kind
        and all(entry["body"].get(key) == value for key, value in body.items())
    ][nth]


def remove(books: Books, party: str, *entries: Json) -> None:
    """Take entries out and number the rest anew, as one who hides something would."""
    journal = books.journals[party]
    journal[:] = [entry for entry in journal if entry not in entries]
    for seq, entry in enumerate(journal, 1):
        entry["seq"] = seq
