"""Values: what one value in an agreement's text may be, said in one sentence if not.

Each reader returns the value as the agreement keeps it, or raises ``Wrong`` with what
is allowed. Where a value stands is not known here; ``text.py`` adds file, line and
key. Texts are single lines without hidden characters, since what is reviewed like law
must read the same to everyone: a look-alike letter is named, not shown.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from beaconfire.agreements.agreement import LASTING, OBLIGATIONS, Obligation
from beaconfire.agreements.conditions import CONDITIONS, NOT_IN_FORCE, Condition
from beaconfire.errors import BadInput
from beaconfire.vocabulary.label import LADDER
from beaconfire.vocabulary.party import Party, require_party
from beaconfire.vocabulary.report import FORM
from beaconfire.vocabulary.times import Instant

TEXT_LENGTH_MAX = 2000  # a paragraph, shown to people as written
LIST_LENGTH_MAX = 32  # as many as a label or a decision can name on the wire
TOKEN_LENGTH_MAX = 128  # as on the wire
BODIES = tuple(body.__name__ for body in FORM)

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
# As the instrument numbers it; a word for what has no number there.
_NUMBER = re.compile(r"(?:[0-9]{1,3}[a-z]?(?:\([0-9a-z]{1,8}\)){0,4}|[a-z]{2,16})")


class Wrong(Exception):
    """A value is not what its key allows; the message says what is."""


def text(value: object) -> str:
    """Read one line of text without hidden characters."""
    if not isinstance(value, str):
        raise Wrong(f"must be text, not {_kind(value)}")
    if not value.strip() or len(value) > TEXT_LENGTH_MAX:
        raise Wrong(f"must be 1 to {TEXT_LENGTH_MAX} characters of text")
    for char in value:
        if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cn"):
            raise Wrong(f"holds a hidden character, U+{ord(char):04X}: take it out")
    return value


def agreement_id(value: object) -> str:
    """Read the id of an agreement."""
    name = text(value)
    if _ID.fullmatch(name) is None or len(name) > 64:
        raise Wrong(
            f"`{_shown(name)}` is no id: write small letters, digits and hyphens, "
            "as in gsomia-jpn-kor-2016"
        )
    return name


def article_number(value: object) -> str:
    """Read the number of an article."""
    number = text(value)
    if _NUMBER.fullmatch(number) is None:
        raise Wrong(
            f"`{_shown(number)}` is no number: write it as in 6, 21(3) or 6(a), or "
            "one word in small letters for what has no number"
        )
    return number


def party(value: object) -> Party:
    """Read a party's code; a character of another script is named."""
    code = text(value)
    try:
        return require_party(code)
    except BadInput as error:
        raise Wrong(str(error)) from None


def instant(value: object) -> Instant:
    """Read a time, written as text or as TOML's own offset date-time."""
    if isinstance(value, datetime):
        value = value.isoformat()
    try:
        return Instant.parse(text(value))
    except (Wrong, BadInput):
        raise Wrong(
            "must be a time with an offset, as in 2016-11-23T00:00:00+09:00"
        ) from None


def whole(value: object) -> int:
    """Read a count of years or days."""
    if type(value) is not int or not 1 <= value <= 10_000:
        raise Wrong("must be a whole number from 1 to 10000")
    return value


def level(value: object) -> str:
    """Read an English level that needs protection."""
    return one_of(text(value), LADDER[1:], what="level")


def one_of(name: str, known: Iterable[str], *, what: str) -> str:
    """Return ``name`` if it is ``known``, else say what is and what is nearest."""
    names = tuple(known)
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" did you mean `{near[0]}`?" if near else ""
    raise Wrong(f"`{_shown(name)}` is no {what}:{hint} allowed are {', '.join(names)}")


def obligation(value: object) -> Obligation:
    """Read the name of an obligation of a send."""
    return Obligation(one_of(text(value), OBLIGATIONS, what="obligation"))


def lasting(value: object) -> Obligation:
    """Read the name of a lasting duty."""
    return Obligation(one_of(text(value), LASTING, what="lasting duty"))


def list_of(value: object, read: Callable[[object], str]) -> tuple[str, ...]:
    """Read a list of different values, at least one: an empty list would mean no."""
    if not isinstance(value, list):
        raise Wrong(f"must be a list, not {_kind(value)}")
    if not 1 <= len(value) <= LIST_LENGTH_MAX:
        raise Wrong(f"must list 1 to {LIST_LENGTH_MAX} values")
    read_values = tuple(read(member) for member in value)
    if len(set(read_values)) != len(read_values):
        raise Wrong("lists a value twice")
    return read_values


def lines_of(table: Mapping[str, object]) -> Iterator[str]:
    """Yield every text in a flat table, also those in its lists."""
    for value in table.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (one for one in value if isinstance(one, str))


def condition(name: str, value: object, parties: tuple[Party, ...]) -> Condition:
    """Read one condition of an article."""
    kind = CONDITIONS[one_of(name, CONDITIONS, what="condition")]
    reader = _CONDITION_VALUES[name]
    return kind(reader(value, parties))  # type: ignore[arg-type]


def _body(value: object) -> str:
    return one_of(text(value), BODIES, what="body")


def _word(value: object) -> str:
    word = text(value)
    if _ID.fullmatch(word) is None or len(word) > 64:
        raise Wrong(
            f"`{_shown(word)}` is no purpose: write small letters, digits and hyphens, "
            "as in launch-warning"
        )
    return word


def _token(value: object) -> str:
    token = text(value)
    if len(token) > TOKEN_LENGTH_MAX:
        raise Wrong(f"must be 1 to {TOKEN_LENGTH_MAX} characters of text")
    return token


def _flag(value: object, parties: tuple[Party, ...]) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"must be true or false, not {_kind(value)}")
    return value


def _of_the_parties(value: object, parties: tuple[Party, ...]) -> tuple[str, ...]:
    named = list_of(value, party)
    # None where the text's own list could not be read, which is told there, once.
    for one in named if parties else ():
        one_of(one, parties, what="party to this agreement")
    return named


_CONDITION_VALUES: dict[str, Callable[[object, tuple[Party, ...]], object]] = {
    "body": lambda value, _: list_of(value, _body),
    "originator_is_sender": _flag,
    "approval_of_originator": _flag,
    "sender": _of_the_parties,
    "recipient": _of_the_parties,
    "classification_up_to": lambda value, _: level(value),
    "classification_above": lambda value, _: level(value),
    "marking_known": _flag,
    "category": lambda value, _: list_of(value, _token),
    "purpose": lambda value, _: list_of(value, _word),
    "authority_of_recipient": _flag,
    "assurance_of_recipient": _flag,
    "facility_of_recipient": _flag,
    "together_with": lambda value, _: list_of(value, agreement_id),
    "with_consent_of": _of_the_parties,
    "status": lambda value, _: one_of(text(value), (NOT_IN_FORCE,), what="status"),
}


def _kind(value: object) -> str:
    for kind, word in (
        (bool, "true or false"),
        (str, "text"),
        (int, "a number"),
        (float, "a number"),
        (list, "a list"),
        (dict, "a table"),
    ):
        if isinstance(value, kind):
            return word
    return "a time"


def _shown(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:40]}…"
