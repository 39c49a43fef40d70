"""Text: an agreement as TOML, read strictly and printed in one form.

* Nothing is guessed. Unknown keys, conditions and obligations, wrong types, repeated
  numbers and strangers among the parties are refused, each with file, line and key and
  with what is allowed; up to 20 mistakes come in one message, one a line.
* A permit says when: without a condition it would permit everything.
* Articles that cannot both be meant are refused (``contradictions.py``).
* Exactly one article governs the status, since every refusal by status must cite it.
* ``parse_agreement(print_agreement(a), ...) == a`` for every agreement.

Signatures lie beside the file and cover its bytes; they are not read here.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from beaconfire.agreements import values
from beaconfire.agreements.agreement import (
    Agreement,
    Article,
    Effect,
    Levels,
    Obligation,
    Term,
)
from beaconfire.agreements.conditions import Condition
from beaconfire.agreements.contradictions import contradictions
from beaconfire.agreements.lines import KeyLines, KeyPath, longest_key
from beaconfire.agreements.register import Annex
from beaconfire.errors import BadInput
from beaconfire.seals import codec
from beaconfire.seals.toml_text import toml_of
from beaconfire.vocabulary.label import LADDER
from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.records import Annexed
from beaconfire.vocabulary.times import EARLIEST

T = TypeVar("T")

# The longest text that is read: a treaty's rules fit into a tenth of it.
TEXT_BYTES_MAX = 256 * 1024
ARTICLES_MAX = 200  # several times the articles of the longest treaty shipped
MARKINGS_MAX = 64  # of one party, old spellings and languages counted
RECORDS_MAX = 64  # lasting facts of all parties that the text itself holds
MISTAKES_SHOWN_MAX = 20  # nobody mends more of a text before reading it again
KEY_PARTS_MAX = 8  # no key is deeper than three; the parser nests as deep as one says

_TOP = ("id", "title", "instrument", "parties", "in_force_from", "term", "levels")
_TERM = ("initial_years", "extended_by_years", "notice_days")
_ARTICLE = ("number", "effect", "when", "obligations", "rests_on")


def parse_agreement(text: str, *, file: str) -> Agreement:
    """Read an agreement from its TOML ``text``; ``file`` names it in errors.

    Raises:
        BadInput: one or more mistakes, each with file, line, key and what is allowed.
    """
    if len(text) > TEXT_BYTES_MAX or len(text.encode()) > TEXT_BYTES_MAX:
        message = f"{file}: longer than {TEXT_BYTES_MAX} bytes: this is no agreement"
        raise BadInput(message)
    return _Reading(text, file).agreement()


def print_agreement(agreement: Agreement) -> str:
    """Return the one printed form of ``agreement``."""
    lines = [
        f"id = {_quoted(agreement.id)}",
        f"title = {_quoted(agreement.title)}",
        f"instrument = {_quoted(agreement.instrument)}",
        f"parties = {_printed(agreement.parties)}",
        f"in_force_from = {_quoted(str(agreement.in_force_from))}",
    ]
    term = [(key, getattr(agreement.term, key)) for key in _TERM]
    if any(value is not None for _, value in term):
        lines += ["", "[term]"]
        lines += [f"{key} = {value}" for key, value in term if value is not None]
    for levels in agreement.levels:
        lines += ["", f"[levels.{levels.party}]"]
        lines += [f"{_quoted(m)} = {_quoted(of)}" for m, of in levels.markings]
    for article in agreement.articles:
        when = ", ".join(f"{c.NAME} = {_printed(c.value)}" for c in article.when)
        lines += ["", "[[article]]", f"number = {_quoted(article.number)}"]
        lines += [f"effect = {_quoted(article.effect.value)}"]
        if article.when:
            lines += [f"when = {{ {when} }}"]
        if article.obligations:
            lines += [f"obligations = {_printed(article.obligations)}"]
        lines += [f"rests_on = {_quoted(article.rests_on)}"]
    for annex in agreement.annexes:
        told = codec.to_builtins(annex.record)
        lines += ["", "[[record]]", f"party = {_quoted(annex.party)}"]
        lines += [f"{key} = {_printed(value)}" for key, value in told.items()]
    return "\n".join(lines) + "\n"


class _Reading:
    """One reading of one text: gathers mistakes, and an agreement if there are none."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._mistakes: dict[str, int] = {}
        parts, line = longest_key(text)
        if parts > KEY_PARTS_MAX:
            raise BadInput(f"{file}:{line}: a key has more than {KEY_PARTS_MAX} parts")
        self._document = self._load(text)
        self._lines = KeyLines(text)

    def agreement(self) -> Agreement:
        top = self._document
        self._known_keys((), top, (*_TOP, "article", "record"))
        parties = self._parties(top)
        agreement = Agreement(
            id=self._read(top, (), "id", values.agreement_id, ""),
            title=self._read(top, (), "title", values.text, ""),
            instrument=self._read(top, (), "instrument", values.text, ""),
            parties=parties,
            in_force_from=self._read(
                top, (), "in_force_from", values.instant, EARLIEST
            ),
            term=self._term(top),
            levels=self._levels(top, parties),
            articles=self._articles(top, parties),
            annexes=self._annexes(top, parties),
        )
        self._check_articles(agreement)
        if self._mistakes:
            raise BadInput(self._told())
        return agreement

    def _load(self, text: str) -> dict[str, object]:
        if text.startswith("\ufeff"):
            raise BadInput(
                f"{self._file}:1: begins with a byte order mark: save without"
            )
        return toml_of(text, file=self._file)

    def _parties(self, top: Mapping[str, object]) -> tuple[Party, ...]:
        def read(value: object) -> tuple[str, ...]:
            parties = values.list_of(value, values.party)
            if len(parties) < 2:
                raise values.Wrong("must name two parties or more")
            return parties

        return self._read(top, (), "parties", read, ())

    def _term(self, top: Mapping[str, object]) -> Term:
        table = self._table(top, (), "term")
        self._known_keys(("term",), table, _TERM)
        return Term(
            **{
                key: self._read(table, ("term",), key, values.whole, 1)
                for key in _TERM
                if key in table
            }
        )

    def _levels(
        self, top: Mapping[str, object], parties: tuple[Party, ...]
    ) -> tuple[Levels, ...]:
        tables = self._table(top, (), "levels")
        found = []
        for code in tables:
            path: KeyPath = ("levels", code)
            if not self._is_party(path, code, parties):
                continue
            markings = self._table(tables, ("levels",), code)
            if not 1 <= len(markings) <= MARKINGS_MAX:
                self._wrong(path, f"must list 1 to {MARKINGS_MAX} markings")
                continue
            rows = []
            for marking in markings:
                self._value((*path, marking), marking, values.text, "")
                of = self._read(markings, path, marking, values.level, "")
                if marking in LADDER and marking != of:
                    self._wrong(
                        (*path, marking), "an English level can only stand for itself"
                    )
                rows.append((marking, of))
            found.append(Levels(party=code, markings=tuple(rows)))
        return tuple(found)

    def _articles(
        self, top: Mapping[str, object], parties: tuple[Party, ...]
    ) -> tuple[Article, ...]:
        tables = self._tables(top, "article", 1, ARTICLES_MAX, f"1 to {ARTICLES_MAX}")
        return tuple(
            self._article(table, ("article", place), parties)
            for place, table in enumerate(tables)
        )

    def _article(
        self, table: Mapping[str, object], path: KeyPath, parties: tuple[Party, ...]
    ) -> Article:
        self._known_keys(path, table, _ARTICLE)

        def read_effect(value: object) -> Effect | None:
            names = [effect.value for effect in Effect]
            return Effect(values.one_of(values.text(value), names, what="effect"))

        when = self._conditions(table, path, parties)
        effect: Effect | None = self._read(table, path, "effect", read_effect, None)
        kind = values.lasting if effect is Effect.OBLIGE else values.obligation

        def read_obligations(value: object) -> tuple[Obligation, ...]:
            return tuple(map(Obligation, values.list_of(value, kind)))

        owed: tuple[Obligation, ...] = ()
        if "obligations" in table:
            owed = self._read(table, path, "obligations", read_obligations, ())
        if effect is Effect.PERMIT and not table.get("when"):
            self._wrong(path, "`when`: a permit must say when it applies")
        if effect is Effect.OBLIGE and "obligations" not in table:
            self._wrong(path, "`obligations`: an article that obliges says to what")
        if effect is Effect.PROHIBIT and owed:
            self._wrong((*path, "obligations"), "a prohibition owes nothing")
        return Article(
            number=self._read(table, path, "number", values.article_number, ""),
            effect=effect or Effect.PROHIBIT,
            when=when,
            obligations=owed,
            rests_on=self._read(table, path, "rests_on", values.text, ""),
        )

    def _conditions(
        self, table: Mapping[str, object], path: KeyPath, parties: tuple[Party, ...]
    ) -> tuple[Condition, ...]:
        when = self._table(table, path, "when")
        found = []
        for name, value in when.items():
            try:
                found.append(values.condition(name, value, parties))
            except values.Wrong as wrong:
                self._wrong((*path, "when", name), str(wrong))
        return tuple(found)

    def _annexes(
        self, top: Mapping[str, object], parties: tuple[Party, ...]
    ) -> tuple[Annex, ...]:
        found = []
        tables = self._tables(top, "record", 0, RECORDS_MAX, f"at most {RECORDS_MAX}")
        for place, table in enumerate(tables):
            path: KeyPath = ("record", place)
            told = dict(table)
            party = self._read(told, path, "party", values.party, "")
            if party:
                self._is_party((*path, "party"), party, parties)
            told.pop("party", None)
            try:
                record: Annexed = codec.convert(told, Annexed, what="record")  # type: ignore[arg-type]
            except BadInput as error:
                self._wrong(path, str(error).removeprefix("record: "))
                continue
            for line in values.lines_of(told):
                self._value(path, line, values.text, "")
            found.append(Annex(party=party, record=record))
        return tuple(found)

    def _is_party(self, path: KeyPath, code: str, parties: tuple[Party, ...]) -> bool:
        """Say whether ``code`` is a party, and note it if it is none.

        Where the list of parties could not be read that is the mistake, and no other.
        """

        def read(value: object) -> bool:
            code = values.party(value)
            if parties:
                values.one_of(code, parties, what="party to this agreement")
            return True

        return self._value(path, code, read, False)

    def _check_articles(self, agreement: Agreement) -> None:
        seen: dict[str, int] = {}
        governing = []
        for place, article in enumerate(agreement.articles):
            path: KeyPath = ("article", place)
            if article.number and article.number in seen:
                first = self._lines.of(("article", seen[article.number], "number"))
                self._wrong((*path, "number"), f"stands on line {first} already")
            seen.setdefault(article.number, place)
            if article.governs_status:
                governing.append(path)
                if article.effect is not Effect.PROHIBIT or len(article.when) != 1:
                    self._wrong(
                        (*path, "when"), "`status` stands alone, in a prohibition"
                    )
            if agreement.id in article.companions:
                self._wrong((*path, "when"), "`together_with` names the text itself")
        if self._mistakes:
            return  # a condition that could not be read is missing below
        for place, what in contradictions(agreement.articles):
            self._wrong(("article", place), what)
        if len(governing) != 1:
            self._wrong(
                governing[1] if governing else ("article",),
                "one article, and only one, must govern the status: "
                'effect = "prohibit", when = { status = "not-in-force" }',
            )

    def _tables(
        self, top: Mapping[str, object], key: str, least: int, most: int, told: str
    ) -> list[dict[str, object]]:
        tables = top.get(key, [])
        if (
            isinstance(tables, list)
            and least <= len(tables) <= most
            and all(isinstance(table, dict) for table in tables)
        ):
            return tables
        self._wrong((key,), f"must be {told} [[{key}]] tables")
        return []

    def _table(
        self, table: Mapping[str, object], path: KeyPath, key: str
    ) -> Mapping[str, object]:
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        self._wrong((*path, key), "must be a table")
        return {}

    def _known_keys(
        self, path: KeyPath, table: Mapping[str, object], known: tuple[str, ...]
    ) -> None:
        for key in table:
            try:
                values.one_of(key, known, what="key here")
            except values.Wrong as wrong:
                self._wrong((*path, key), str(wrong), name=False)

    def _read(
        self,
        table: Mapping[str, object],
        path: KeyPath,
        key: str,
        read: Callable[[object], T],
        instead: T,
    ) -> T:
        if key not in table:
            self._wrong(path, f"missing key `{key}`")
            return instead
        return self._value((*path, key), table[key], read, instead)

    def _value(
        self, path: KeyPath, value: object, read: Callable[[object], T], instead: T
    ) -> T:
        try:
            return read(value)
        except values.Wrong as wrong:
            self._wrong(path, str(wrong))
            return instead

    def _wrong(self, path: KeyPath, what: str, *, name: bool = True) -> None:
        """Note a mistake; ``instead`` values let the reading go on and find others."""
        line = self._lines.of(path)
        key = ".".join(str(part) for part in path if not isinstance(part, int))
        where = f"{self._file}:{line}: " + (f"`{key[:80]}`: " if key and name else "")
        self._mistakes[where + what] = line

    def _told(self) -> str:
        told = sorted(self._mistakes, key=lambda mistake: self._mistakes[mistake])
        shown = told[:MISTAKES_SHOWN_MAX]
        if len(told) > len(shown):
            shown.append(f"{self._file}: {more_than_shown(len(told))}")
        return "\n".join(shown)


def more_than_shown(count: int) -> str:
    """Say how many of ``count`` mistakes are left out of a list that was cut."""
    rest = count - MISTAKES_SHOWN_MAX
    return f"and {rest} more {'mistake' if rest == 1 else 'mistakes'}"


def _printed(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_quoted(member) for member in value)}]"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
