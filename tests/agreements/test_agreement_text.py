"""Reading an agreement strictly: what is wrong, on which line, and what is allowed."""

import re
import tracemalloc

import pytest

from beaconfire.agreements.agreement import (
    Agreement,
    Article,
    Effect,
    Levels,
    Obligation,
    Term,
)
from beaconfire.agreements.conditions import (
    NOT_IN_FORCE,
    Body,
    Sender,
    Status,
)
from beaconfire.agreements.register import Annex
from beaconfire.agreements.text import (
    ARTICLES_MAX,
    MARKINGS_MAX,
    RECORDS_MAX,
    TEXT_BYTES_MAX,
    parse_agreement,
    print_agreement,
)
from beaconfire.errors import BadInput
from tests.agreements.agreements_made import BEGIN, CENTRE

GOOD = """\
id = "test-one"
title = "A text"
instrument = "Made for a test"
parties = ["JPN", "KOR"]
in_force_from = "2016-11-23T00:00:00.000Z"

[term]
initial_years = 1

[levels.JPN]
"秘" = "CONFIDENTIAL"

[[article]]
number = "1"
effect = "permit"
when = { body = ["LaunchNotice"], sender = ["JPN"] }
obligations = ["signed-receipt"]
rests_on = "nothing"

[[article]]
number = "2"
effect = "prohibit"
when = { status = "not-in-force" }
rests_on = "nothing"
"""


def mistakes(text):
    """The lines of the error that reading ``text`` raises."""
    with pytest.raises(BadInput) as caught:
        parse_agreement(text, file="t.toml")
    return str(caught.value).split("\n")


def with_line(number, line):
    """The good text with one line replaced."""
    lines = GOOD.split("\n")
    lines[number - 1] = line
    return "\n".join(lines)


def test_a_good_text_is_read_whole():
    """Every key of the form, as it stands there."""
    assert parse_agreement(GOOD, file="t.toml") == Agreement(
        id="test-one",
        title="A text",
        instrument="Made for a test",
        parties=("JPN", "KOR"),
        in_force_from=BEGIN,
        term=Term(initial_years=1),
        levels=(Levels(party="JPN", markings=(("秘", "CONFIDENTIAL"),)),),
        articles=(
            Article(
                number="1",
                effect=Effect.PERMIT,
                when=(Body(("LaunchNotice",)), Sender(("JPN",))),
                obligations=(Obligation("signed-receipt"),),
                rests_on="nothing",
            ),
            Article(
                number="2",
                effect=Effect.PROHIBIT,
                when=(Status(NOT_IN_FORCE),),
                rests_on="nothing",
            ),
        ),
    )
    assert print_agreement(parse_agreement(GOOD, file="t.toml")) == GOOD


@pytest.mark.parametrize(
    ("line", "written", "told"),
    [
        (1, 'id = "Test One"', "`id`: `Test One` is no id: write small letters"),
        (1, 'id = "gsomia-jрn"', "`id`: `gsomia-jрn` is no id"),
        (1, "id = 3", "`id`: must be text, not a number"),
        (1, 'id = ""', "`id`: must be 1 to 2000 characters of text"),
        (2, "title = true", "`title`: must be text, not true or false"),
        (2, "title = 2016-11-23", "`title`: must be text, not a time"),
        (2, 'title = "a\\u202eb"', "`title`: holds a hidden character, U+202E"),
        (2, 'title = "a\\nb"', "`title`: holds a hidden character, U+000A"),
        (2, 'tilte = "A text"', "`tilte` is no key here: did you mean `title`?"),
        (3, 'instrument = ["x"]', "`instrument`: must be text, not a list"),
        (4, 'parties = "JPN"', "`parties`: must be a list, not text"),
        (4, 'parties = ["JPN"]', "`parties`: must name two parties or more"),
        (4, 'parties = ["JPN", "JPN"]', "`parties`: lists a value twice"),
        (4, "parties = []", "`parties`: must list 1 to 32 values"),
        (4, 'parties = ["JPN", "kor"]', "`parties`: `kor` is not a party: write three"),
        (
            4,
            'parties = ["JРN", "KOR"]',
            "`parties`: `JРN` is not a party: it holds the character "
            "CYRILLIC CAPITAL LETTER ER; write three ASCII capitals",
        ),
        (5, "in_force_from = 2016-11-23", "`in_force_from`: must be a time with an"),
        (5, "in_force_from = 2016-11-23T00:00:00", "`in_force_from`: must be a time"),
        (5, 'in_force_from = "2016-11-23T00:00:00"', "`in_force_from`: must be a time"),
        (7, "[terms]", "`terms` is no key here: did you mean `term`?"),
        (8, "initial_years = 1.5", "`term.initial_years`: must be a whole number"),
        (8, "initial_years = true", "`term.initial_years`: must be a whole number"),
        (8, "initial_years = 0", "`term.initial_years`: must be a whole number from 1"),
        (8, "notice_day = 1", "`notice_day` is no key here: did you mean `notice"),
        (10, "[levels.USA]", "`levels.USA`: `USA` is no party to this agreement"),
        (10, "[levels.jpn]", "`levels.jpn`: `jpn` is not a party"),
        (11, '"秘" = "SECRETT"', "`levels.JPN.秘`: `SECRETT` is no level: did"),
        (11, '"秘" = "UNCLASSIFIED"', "`levels.JPN.秘`: `UNCLASSIFIED` is no level"),
        (11, '"秘" = 1', "`levels.JPN.秘`: must be text, not a number"),
        (11, 'SECRET = "CONFIDENTIAL"', "an English level can only stand for itself"),
        (14, 'number = "A 1"', "`article.number`: `A 1` is no number: write it"),
        (14, "number = 1", "`article.number`: must be text, not a number"),
        (14, 'number = "2"', None),
        (15, 'effect = "permits"', "`article.effect`: `permits` is no effect: did you"),
        (15, 'effect = "prohibit"', None),
        (16, 'when = { boddy = ["Plots"] }', "`boddy` is no condition: did you"),
        (16, 'when = { body = ["Plot"] }', "`Plot` is no body: did you mean `Plots`"),
        (16, "when = { body = [] }", "`article.when.body`: must list 1 to 32 values"),
        (16, 'when = { body = "Plots" }', "`article.when.body`: must be a list"),
        (16, 'when = { sender = ["USA"] }', "`USA` is no party to this agreement"),
        (16, "when = { originator_is_sender = 1 }", "must be true or false, not a num"),
        (16, 'when = { classification_up_to = "秘" }', "`秘` is no level: allowed"),
        (16, 'when = { together_with = ["test-one"] }', "`together_with` names the"),
        (16, 'when = { together_with = ["Other"] }', "`Other` is no id"),
        (16, 'when = { status = "in-force" }', "`in-force` is no status: did you mean"),
        (16, "when = {}", "`article`: `when`: a permit must say when it applies"),
        (16, 'when = "always"', "`article.when`: must be a table"),
        (17, 'obligations = ["receipt"]', "`receipt` is no obligation: did you"),
        (17, "obligations = []", "`article.obligations`: must list 1 to 32 values"),
        (17, "obligation = []", "`obligation` is no key here: did you"),
        (18, "rests_on = ''", "`article.rests_on`: must be 1 to 2000"),
        (22, 'effect = "permit"', "`status` stands alone, in a prohibition"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_line_key_and_what_is_allowed(line, written, told):
    """Its author must be able to mend it without reading our source."""
    found = mistakes(with_line(line, written))
    if told is None:
        assert len(found) == 1
        return
    own = [one for one in found if told in one]
    assert len(own) == 1, found
    at = int(re.match(r"t\.toml:(\d+): ", own[0])[1])
    assert at == (13 if written == "when = {}" else 23 if line == 22 else line)


def test_a_number_that_stands_twice_names_both_places():
    """Two articles of one number could not be told apart in a citation."""
    assert mistakes(with_line(14, 'number = "2"')) == [
        "t.toml:21: `article.number`: stands on line 14 already"
    ]


def test_a_prohibition_owes_nothing():
    """An obligation of something that is not sent would be a slip of the pen."""
    assert mistakes(with_line(15, 'effect = "prohibit"')) == [
        "t.toml:17: `article.obligations`: a prohibition owes nothing"
    ]


def test_articles_that_contradict_each_other_are_refused():
    """The same conditions cannot permit and prohibit."""
    more = (
        '\n[[article]]\nnumber = "3"\neffect = "prohibit"\n'
        'when = { sender = ["JPN"], body = ["LaunchNotice"] }\nrests_on = "x"\n'
    )
    assert mistakes(GOOD + more) == [
        "t.toml:26: `article`: contradicts article 1: same conditions"
    ]


def test_a_condition_that_cannot_be_read_makes_no_contradiction():
    """Without it the article would forbid everything: that is not what it says."""
    more = (
        '\n[[article]]\nnumber = "3"\neffect = "prohibit"\n'
        'when = { sendr = ["JPN"] }\nrests_on = "x"\n'
    )
    (one,) = mistakes(GOOD + more)
    assert "`sendr` is no condition: did you mean `sender`?" in one


@pytest.mark.parametrize("key", ["id", "title", "instrument", "parties"])
def test_a_missing_key_is_named(key):
    """What must be there is said to be missing."""
    text = "\n".join(line for line in GOOD.split("\n") if not line.startswith(key))
    assert f"t.toml:1: missing key `{key}`" in mistakes(text)


def test_a_missing_key_of_an_article_is_told_at_the_article():
    """The line is that of the table where it should stand."""
    text = GOOD.replace('rests_on = "nothing"\n\n', "\n", 1)
    assert mistakes(text) == ["t.toml:13: `article`: missing key `rests_on`"]


def test_a_text_without_articles_is_none():
    """An agreement with no articles would release nothing and say nothing."""
    assert mistakes(GOOD[: GOOD.index("[[article]]")]) == [
        "t.toml:1: `article`: must be 1 to 200 [[article]] tables"
    ]
    assert mistakes(GOOD[: GOOD.index("[[article]]")] + "[article]\nx = 1\n") == [
        "t.toml:13: `article`: must be 1 to 200 [[article]] tables"
    ]


@pytest.mark.parametrize("stray", ["3", '"prohibit everything"', "[]"])
def test_what_is_no_table_among_articles_or_records_is_refused(stray):
    """Nothing is passed over: whoever wrote it there meant it to say something."""
    article = 'effect = "prohibit", when = { status = "not-in-force" }, rests_on = "x"'
    article = f'{{ number = "1", {article} }}'
    rest = GOOD[: GOOD.index("[[article]]")]
    assert parse_agreement(f"article = [{article}]\n{rest}", file="t.toml").articles
    for order in (f"{stray}, {article}", f"{article}, {stray}"):
        assert mistakes(f"article = [{order}]\n{rest}") == [
            "t.toml:1: `article`: must be 1 to 200 [[article]] tables"
        ]
    assert mistakes(f"record = [{stray}]\n{GOOD}") == [
        "t.toml:1: `record`: must be at most 64 [[record]] tables"
    ]


def test_exactly_one_article_governs_the_status():
    """A refusal by status cites it, so there must be one and no choice."""
    told = "one article, and only one, must govern the status"
    without = GOOD[: GOOD.rindex("[[article]]")]
    assert told in mistakes(without)[0]
    again = GOOD[GOOD.rindex("[[article]]") :].replace('"2"', '"3"')
    (found,) = mistakes(f"{GOOD}\n{again}")
    assert told in found
    assert found.startswith("t.toml:26:")


def test_the_status_condition_stands_alone():
    """A status that counts only for some items would be no status."""
    text = with_line(23, 'when = { status = "not-in-force", sender = ["JPN"] }')
    assert mistakes(text) == [
        "t.toml:23: `article.when`: `status` stands alone, in a prohibition"
    ]


def test_several_mistakes_come_in_one_message_in_order_of_their_lines():
    """Mending one at a time would take the author all day."""
    text = with_line(14, "number = 1").replace("JPN", "jpn").replace('"A text"', "3")
    lines = [int(re.match(r"t\.toml:(\d+)", one)[1]) for one in mistakes(text)]
    assert lines == sorted(lines)
    assert {2, 4, 10, 14, 16} <= set(lines)


def test_many_mistakes_are_counted_not_all_told():
    """A message that nobody can read helps nobody."""
    found = mistakes(GOOD + "".join(f"[x{n}]\n" for n in range(50)))
    assert len(found) == 21
    assert found[-1] == "t.toml: and 30 more mistakes"


@pytest.mark.parametrize(
    "parties", ["", 'parties = "JPN"', 'parties = ["JPN", "KORR"]', "parties = []"]
)
def test_parties_that_cannot_be_read_are_one_mistake(parties):
    """Not one more for every place where a party is named."""
    text = GOOD.replace('parties = ["JPN", "KOR"]', parties) + RECORD
    (found,) = mistakes(text)
    assert "parties`" in found


def test_levels_of_a_stranger_are_one_mistake():
    """Its code, not also what stands under it; and who is a party is said."""
    text = with_line(10, "[levels.jpn]")
    assert len(mistakes(text)) == 1
    text = with_line(10, "[levels.USA]").replace('"CONFIDENTIAL"', '"NONE"')
    assert mistakes(text) == [
        "t.toml:10: `levels.USA`: `USA` is no party to this agreement: allowed are "
        "JPN, KOR"
    ]
    rows = "".join(f'"own {n}" = "NONE"\n' for n in range(MARKINGS_MAX + 1))
    (found,) = mistakes(GOOD.replace('"秘" = "CONFIDENTIAL"\n', rows))
    assert f"must list 1 to {MARKINGS_MAX} markings" in found


def test_a_text_of_ten_thousand_mistakes_is_told_in_twenty_one_lines():
    """The rest is counted, and one that is left is one mistake."""
    found = mistakes(GOOD + "".join(f"[x{n}]\n" for n in range(10_000)))
    assert len(found) == 21
    assert found[-1] == "t.toml: and 9980 more mistakes"
    found = mistakes(GOOD + "".join(f"[x{n}]\n" for n in range(21)))
    assert found[-1] == "t.toml: and 1 more mistake"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('id = "a"\nid = "b"\n', "t.toml:2: not TOML: "),
        ("id = \n", "t.toml:1: not TOML: "),
        ('id = "a\n', "t.toml:1: not TOML: "),
        ("x = '''\n\n", "t.toml:3: not TOML: "),
        ("x = " + "[" * 100_000, "t.toml: not TOML that can be read: nested"),
        ("x = " + "{a=" * 60_000, "t.toml: not TOML that can be read: nested"),
        ("x = " + "9" * 9_000, "t.toml: not TOML that can be read: a number is too"),
        ("\n" + "a." * 99_999 + "a = 1", "t.toml:2: a key has more than 8 parts"),
        ("[" + "a." * 99_999 + "a]", "t.toml:1: a key has more than 8 parts"),
        ("x = {" + "'a' . " * 30_000 + "a=1}", "t.toml:1: a key has more than 8 parts"),
        ("\ufeff" + GOOD, "t.toml:1: begins with a byte order mark: save without"),
        ("#" * (TEXT_BYTES_MAX + 1), "t.toml: longer than 262144 bytes"),
        ("#" + "秘" * (TEXT_BYTES_MAX // 3 + 1), "t.toml: longer than 262144 bytes"),
        ("x" * 100_000_000, "t.toml: longer than 262144 bytes: this is no agreement"),
    ],
    ids=lambda value: value[:20].replace("\n", "|"),
)
def test_hostile_texts_are_refused_in_a_sentence(text, told):
    """Broken, huge, deep or endless: one line, in little memory."""
    tracemalloc.start()
    (found,) = mistakes(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.startswith(told)
    assert peak < 64_000_000


@pytest.mark.parametrize("marking", ["秘", "OWN"])
def test_a_text_at_the_limit_is_read(marking):
    """The limit is where it says it is, in bytes."""
    text = GOOD.replace("秘", marking)
    text += "#" * (TEXT_BYTES_MAX - len(text.encode()))
    assert parse_agreement(text, file="t.toml").id == "test-one"
    assert "longer than 262144 bytes" in mistakes(text + "#")[0]


def test_a_table_of_levels_lists_something_and_not_without_end():
    """An empty one would say nothing; and a limit on everything."""
    rows = [f'"own {n}" = "SECRET"\n' for n in range(MARKINGS_MAX + 1)]
    row = '"秘" = "CONFIDENTIAL"\n'
    assert parse_agreement(GOOD.replace(row, "".join(rows[1:])), file="t").levels
    for wrong in ("", "".join(rows)):
        assert mistakes(GOOD.replace(row, wrong)) == [
            "t.toml:10: `levels.JPN`: must list 1 to 64 markings"
        ]


def test_an_english_level_may_stand_for_itself():
    """Where a party marks in English, its table says so."""
    text = with_line(11, 'SECRET = "SECRET"')
    (levels,) = parse_agreement(text, file="t.toml").levels
    assert levels.markings == (("SECRET", "SECRET"),)


def test_a_key_may_have_eight_parts_and_is_named_once_where_it_is_none():
    """The limit is where it says it is; and what is said of it is short."""
    found = mistakes("a.b.c.d.e.f.g.h = 1\n" + GOOD)
    assert len(found) == 1
    assert found[0].startswith("t.toml:1: `a` is no key here: allowed are id, ")
    (told,) = mistakes("a.b.c.d.e.f.g.h.i = 1\n" + GOOD)
    assert told == "t.toml:1: a key has more than 8 parts"


def test_what_cannot_be_read_makes_no_second_mistake():
    """Of two numbers that are none neither stands twice; no effect is no wrong one."""
    text = GOOD.replace('number = "1"', "number = 1").replace(
        'number = "2"', "number = 2"
    )
    assert len(mistakes(text)) == 2
    (one,) = mistakes(with_line(22, 'effect = "forbid"'))
    assert "`forbid` is no effect" in one


def test_what_contradicts_and_what_is_missing_is_told_at_once():
    """Mending one at a time would take the author all day."""
    text = GOOD.replace('{ status = "not-in-force" }', '{ sender = ["JPN"] }')
    contradiction, missing = sorted(mistakes(text), reverse=True)
    assert "contradicts article 1" in contradiction
    assert "must govern the status" in missing


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("[term]\ninitial_years = 1\n\n", "[term]\ninitial_years = 1\n\n"),
        ("[term]\nnotice_days = 9\n\n", "[term]\nnotice_days = 9\n\n"),
        ("[term]\n\n", ""),
        ("", ""),
    ],
)
def test_a_term_is_printed_as_far_as_it_says_something(said, printed):
    """One printed form: an empty table is none."""
    term = "[term]\ninitial_years = 1\n\n"
    read = parse_agreement(GOOD.replace(term, said), file="t.toml")
    assert print_agreement(read) == GOOD.replace(term, printed)


def test_more_articles_than_anyone_reads_are_refused():
    """A limit on everything."""
    article = '[[article]]\nnumber = "{}"\neffect = "prohibit"\n'
    article += 'when = {{ sender = ["KOR"] }}\nrests_on = "x"\n'
    more = "".join(article.format(n) for n in range(3, ARTICLES_MAX + 2))
    assert "must be 1 to 200 [[article]] tables" in mistakes(GOOD + more)[0]
    fewer = "".join(article.format(n) for n in range(3, ARTICLES_MAX + 1))
    assert len(parse_agreement(GOOD + fewer, file="t.toml").articles) == ARTICLES_MAX


def test_toml_allows_a_time_without_quotes():
    """TOML's own offset date-time is as clear as the quoted one."""
    text = with_line(5, "in_force_from = 2016-11-23T09:00:00+09:00")
    assert parse_agreement(text, file="t.toml").in_force_from == BEGIN


RECORD = """
[[record]]
party = "KOR"
type = "Facility"
name = "centre"
level = "SECRET"
responsible = "officer"
contractor = false
"""


def test_records_and_duties_stand_in_the_text_and_print_back():
    """Lasting facts that all parties sign, and articles that oblige."""
    duty = '\n[[article]]\nnumber = "17"\neffect = "oblige"\n'
    duty += 'obligations = ["report-loss"]\nrests_on = "x"\n'
    text = GOOD + duty + RECORD
    agreement = parse_agreement(text, file="t.toml")
    assert agreement.annexes == (Annex(party="KOR", record=CENTRE),)
    assert agreement.articles[-1].effect is Effect.OBLIGE
    assert print_agreement(agreement) == text


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"KOR"', '"USA"', "`record.party`: `USA` is no party to this agreement"),
        (
            '"KOR"',
            '"KОR"',
            "`record.party`: `KОR` is not a party: it holds the",
        ),
        ('party = "KOR"\n', "", "`record`: missing key `party`"),
        (
            '"Facility"',
            '"LawChange"',
            "`record`: `type` is `LawChange`; allowed are Authority",
        ),
        (
            '"SECRET"',
            '"secret"',
            "`record`: `level` is `secret`; allowed are CONFIDENTIAL, ",
        ),
        ('"centre"', '"cen\\u202etre"', "without hidden characters at `name`"),
        ('responsible = "officer"\n', "", "missing key `responsible`"),
        ("contractor", "contracter", "unknown key `contracter`"),
    ],
)
def test_a_mistake_in_a_record_is_told_at_its_record(old, new, told):
    """File, line, key and what is wrong with it."""
    (one,) = mistakes(GOOD + RECORD.replace(old, new))
    assert re.match(r"t\.toml:2[67]: ", one)
    assert told in one


def test_more_records_than_a_text_may_hold_are_refused():
    """A limit on everything."""
    found = mistakes(GOOD + RECORD * (RECORDS_MAX + 1))
    assert found[0].endswith("must be at most 64 [[record]] tables")
    assert parse_agreement(GOOD + RECORD * RECORDS_MAX, file="t").annexes
    (one,) = mistakes("record = 3\n" + GOOD)
    assert "must be at most 64 [[record]] tables" in one


@pytest.mark.parametrize(
    ("article", "told"),
    [
        ('effect = "oblige"', "`obligations`: an article that obliges says to what"),
        (
            'effect = "oblige"\nobligations = ["signed-receipt"]',
            "`signed-receipt` is no lasting duty: allowed are protect-equivalently,",
        ),
        (
            'effect = "permit"\nwhen = { body = ["Plots"] }\n'
            'obligations = ["report-loss"]',
            "`report-loss` is no obligation: allowed are seal-in-transit",
        ),
        (
            'effect = "permit"\nwhen = { purpose = ["Launch"] }',
            "`Launch` is no purpose: write small letters",
        ),
        (
            'effect = "permit"\nwhen = { category = ["%s"] }' % ("x" * 129),
            "must be 1 to 128 characters of text",
        ),
        (
            'effect = "permit"\nwhen = { sender = ["JPN"], '
            'classification_above = "SECRET", classification_up_to = "SECRET" }',
            "never applies: `classification_above` and `classification_up_to`",
        ),
        (
            'effect = "prohibit"\nwhen = { sender = ["JPN", "KOR"] }',
            "contradicts article 1: forbids whatever that one permits",
        ),
    ],
)
def test_duties_and_conditions_are_from_their_own_closed_lists(article, told):
    """What is due at a send and what lasts are two lists."""
    more = f'\n[[article]]\nnumber = "3"\n{article}\nrests_on = "x"\n'
    (one,) = mistakes(GOOD + more)
    assert told in one
