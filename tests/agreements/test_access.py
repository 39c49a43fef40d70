"""Access, custody and derived labels: what lasts for each item that was given."""

import pytest
from msgspec.structs import replace

from beaconfire.agreements.access import Access, NoAccess, decide_access
from beaconfire.agreements.custody import custody, derived_label
from beaconfire.errors import BadInput
from beaconfire.vocabulary.acts import UNSIGNED
from beaconfire.vocabulary.entries.sightings import Carriage, ItemHeld
from beaconfire.vocabulary.label import Label
from beaconfire.vocabulary.link import SealedItem
from beaconfire.vocabulary.persons import FacilityRegister, Person
from beaconfire.vocabulary.records import (
    Closing,
    Copied,
    Facility,
    LawChange,
    LevelFollowed,
    NoLongerNeeded,
    UseApproval,
)
from tests.agreements.agreements_made import (
    CENTRE,
    NOW,
    STRANGE,
    act,
    agreement,
    declare,
    item,
    notice,
    permit,
    standing,
)

TEXT = agreement(permit(1))
KIM = Person(
    name="Kim",
    role="official",
    clearance="SECRET",
    cleared_by="ministry",
    cleared_until=NOW,
    duties=("launch-warning",),
)


def access(person=KIM, *acts, what=None, name="Kim", facility="centre", **changes):
    """Whether ``person`` may see JPN's notice at KOR's centre."""
    told = {"purpose": "launch-warning", "holder": "KOR", "at": NOW, **changes}
    return decide_access(
        what or notice("JPN"),
        name=name,
        under=TEXT,
        register=standing(declare(CENTRE), *acts).register,
        persons=FacilityRegister(facility=facility, persons=(person,)),
        **told,
    )


def test_who_is_cleared_registered_and_needs_it_may_see_it():
    """All of it, to the last instant of the clearance, also after a suspension."""
    seen = Access(person="Kim", level="SECRET", purpose="launch-warning")
    assert access() == seen
    assert access(KIM, act("suspend", "KOR")) == seen


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"clearance": None}, "Kim holds no clearance"),
        ({"cleared_by": None}, "Kim holds no clearance"),
        (
            {"clearance": "CONFIDENTIAL"},
            "Kim is cleared up to CONFIDENTIAL, not for SECRET",
        ),
        (
            {"cleared_until": NOW.plus_s(-1)},
            f"Kim's clearance ended at {NOW.plus_s(-1)}",
        ),
        (
            {"cleared_until": None},
            "Kim's clearance ended at an instant that is not on record",
        ),
        ({"duties": ()}, "Kim's duties do not require it for launch-warning"),
        (
            {"role": "contractor"},
            "Kim, a contractor's, was not told of the duty to protect it",
        ),
    ],
)
def test_clearance_alone_or_need_alone_opens_nothing(changes, reason):
    """Each is asked by itself, and the one that fails is named."""
    assert access(replace(KIM, **changes)) == NoAccess(person="Kim", reasons=(reason,))


def test_a_contractors_person_who_was_told_is_treated_alike():
    """The same rules, and one more."""
    told = replace(KIM, role="contractor", told_of_duty=True)
    assert isinstance(access(told), Access)


def test_every_ground_is_told_in_order():
    """Not whichever was first."""
    nobody = replace(KIM, clearance=None, duties=(), role="contractor")
    answer = access(nobody, facility="garage", purpose="training")
    assert isinstance(answer, NoAccess)
    assert answer.reasons == (
        "garage is no facility of KOR on record under test-one",
        "Kim holds no clearance",
        "Kim's duties do not require it for training",
        "Kim, a contractor's, was not told of the duty to protect it",
        "the item was given for launch-warning, not for training: that needs JPN's "
        "approval",
    )
    stranger = access(name="Lee")
    assert stranger.reasons == ("Lee is not in the register of centre",)


def test_the_facility_must_be_on_record_and_fit_for_the_level():
    """Its party's own record, for the item's level."""
    low = Facility(name="centre", level="CONFIDENTIAL", responsible="officer")
    assert access(KIM, declare(low)).reasons == (
        "centre may hold up to CONFIDENTIAL, the item is SECRET",
    )
    assert isinstance(access(KIM, declare(low), declare(CENTRE)), Access)
    ended = declare(CENTRE, until_s=-1)
    assert access(KIM, ended).reasons == (
        "centre is no facility of KOR on record under test-one",
    )
    plain = notice("JPN", marking="UNCLASSIFIED")
    assert isinstance(access(KIM, declare(low), what=plain), Access)
    uncleared = replace(KIM, clearance=None, cleared_until=None)
    assert isinstance(access(uncleared, what=plain), Access)


def test_another_purpose_needs_the_originators_approval():
    """For that item and purpose, under that text, not ended, by nobody else."""
    trained = replace(KIM, duties=("training",))
    good = UseApproval(item="item-1", purpose="training")
    asked = {"purpose": "training"}
    assert isinstance(access(trained, **asked), NoAccess)
    assert isinstance(access(trained, declare(good, "JPN"), **asked), Access)
    for wrong in (
        declare(good, "KOR"),
        declare(good, "JPN", "other"),
        declare(good, "JPN", until_s=-1),
        declare(UseApproval(item="item-2", purpose="training"), "JPN"),
        declare(UseApproval(item="item-1", purpose="drill"), "JPN"),
    ):
        assert isinstance(access(trained, wrong, **asked), NoAccess)
    silent = item(object(), "JPN")
    assert access(what=silent).reasons == (
        "the item was given for no purpose that it states, not for launch-warning: "
        "that needs JPN's approval",
    )


def test_what_cannot_be_read_is_seen_by_nobody_and_strangers_are_bad_input():
    """Doubt refuses; a party to nothing is a mistake."""
    assert access(what=notice("JPN", marking=STRANGE)).reasons == (
        f"test-one does not know the marking `{STRANGE}` of JPN",
    )
    with pytest.raises(BadInput, match="`USA` is no party"):
        access(holder="USA")
    with pytest.raises(BadInput, match="`USA` is no party"):
        access(what=notice("USA"))


def held(what, *, agreements=("test-one",), via=None, own=False):
    """A journalled item as KOR holds it."""
    carriage = Carriage(
        link="JPN",
        via=via,
        lane="notices",
        epoch=1,
        number=1,
        agreements=agreements,
        articles=("test-one:1",),
        approval=None,
        history=False,
    )
    sealed = SealedItem(item=what, signature=UNSIGNED)
    return ItemHeld(sealed=sealed, carriage=None if own else carriage)


def test_the_ledger_tells_what_became_of_each_item_and_of_nothing_else():
    """Received, copied, marked anew, destroyed: oldest first, by entry."""
    a, b = notice("JPN", name="a"), notice("JPN", name="b")
    items = [
        ("i1", NOW.plus_s(2), held(a)),
        ("i2", NOW.plus_s(-1), held(b, via="USA")),
        ("i3", NOW, held(notice("USA", name="c"))),
        ("i4", NOW, held(notice("JPN", name="d"), agreements=("other",))),
        ("i5", NOW, held(notice("JPN", name="e"), own=True)),
    ]
    records = [
        Copied(originator="JPN", item="a", copies=2, why="two shifts"),
        LevelFollowed(originator="JPN", item="a", marking="秘"),
        NoLongerNeeded(originator="JPN", item="a"),
        Closing(originator="JPN", item="a", done="destroyed", how="keys erased"),
    ]
    acts = [*map(declare, records), declare(LawChange(what="x"))]
    acts += [declare(records[0], "JPN"), declare(records[0], under="other")]
    acts += [declare(Copied(originator="USA", item="a", copies=2, why="x"))]
    ledger = custody(
        items,
        standing(*acts, at=NOW.plus_s(3)).register,
        under=TEXT,
        holder="KOR",
        originator="JPN",
    )
    assert [(line.item, line.entry, line.what) for line in ledger] == [
        ("b", "i2", "received via USA, marked `SECRET` by JPN"),
        ("a", "i1", "received, marked `SECRET` by JPN"),
        ("a", "e1", "copied 2 times for two shifts, every marking kept"),
        ("a", "e2", "every copy marked anew as `秘`"),
        ("a", "e3", "needed no more"),
        ("a", "e4", "destroyed: keys erased"),
    ]


def labelled(marking, *, policy="P", categories=(), to=(), original=None):
    """A label."""
    return Label(
        policy=policy,
        classification=marking,
        categories=categories,
        releasable_to=to,
        original=original,
    )


def test_what_is_made_from_items_bears_the_highest_level_and_every_originator():
    """High-water mark; the original markings stay, each with its originator's name."""
    made = derived_label(
        TEXT,
        [
            ("JPN", labelled("秘", categories=("b",), to=("JPN", "KOR"))),
            (
                "KOR",
                labelled(
                    "군사II급비밀", policy="Q", categories=("a", "b"), to=("KOR",)
                ),
            ),
            ("JPN", labelled("秘", original="極秘")),
        ],
        by="JPN",
    )
    assert made.classification == "特定秘密"
    assert (made.policy, made.categories, made.releasable_to) == (
        "P+Q",
        ("a", "b"),
        ("KOR",),
    )
    assert [(m.party, m.marking) for m in made.equivalents] == [
        ("JPN", "極秘"),
        ("JPN", "秘"),
        ("KOR", "군사II급비밀"),
    ]
    low = derived_label(TEXT, [("JPN", labelled("秘"))] * 2, by="KOR")
    assert low.classification == "군사III급비밀"
    assert len(low.equivalents) == 1
    assert low.releasable_to == ()


def test_parts_that_share_no_reader_stay_with_whom_made_it():
    """An empty list would mean everybody."""
    parts = [
        ("JPN", labelled("秘", to=("JPN",))),
        ("KOR", labelled("SECRET", to=("USA",))),
    ]
    assert derived_label(TEXT, parts, by="KOR").releasable_to == ("KOR",)


@pytest.mark.parametrize(
    ("parts", "by", "told"),
    [
        ([], "JPN", "name at least one"),
        ([("JPN", labelled(STRANGE))], "JPN", "does not know the marking"),
        ([("JPN", labelled("TOP SECRET"))], "JPN", "JPN has no marking for TOP SECRET"),
    ],
)
def test_a_part_whose_level_is_not_known_makes_no_document(parts, by, told):
    """Doubt refuses."""
    with pytest.raises(BadInput, match=told):
        derived_label(TEXT, parts, by=by)
