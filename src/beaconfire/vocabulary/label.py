"""Label: how sensitive, under whose policy, for whom; and how two labels join.

Fields follow STANAG 4774 (policy, classification, categories), with releasability and
the markings that an agreement adds. Three rules:

* A join is never lower than either part: the higher classification, every category,
  only the parties that both may release to. A label that names nobody is open to all,
  so a join of two that share nobody names whoever makes it. What is made from given
  items is marked so (``agreements.custody.derived_label``); nothing that a node sends
  is made from them.
* The original marking travels for ever; a receiver *adds* its own equivalent.
* Classifications compare by the ladder below. A marking that is on no ladder ranks
  above all of them: what we cannot read we treat as the highest.
"""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from beaconfire.vocabulary.party import Party
from beaconfire.vocabulary.places import Token

# English levels, lowest first. Parties' own markings are mapped onto these by the
# `[levels.<PARTY>]` tables of the agreements, never here.
LADDER = ("UNCLASSIFIED", "RESTRICTED", "CONFIDENTIAL", "SECRET", "TOP SECRET")

_Parties = Annotated[tuple[Party, ...], Meta(max_length=32)]


class Equivalent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One party's own marking for what another party marked."""

    party: Party
    marking: Token


class Label(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A confidentiality label.

    ``classification`` is the originator's own marking or an English level.
    ``original`` keeps the originator's marking when somebody else re-marks.
    """

    policy: Token
    classification: Token
    categories: Annotated[tuple[Token, ...], Meta(max_length=32)] = ()
    releasable_to: _Parties = ()
    original: Token | None = None
    equivalents: Annotated[tuple[Equivalent, ...], Meta(max_length=32)] = ()


class OwnMarking(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a receiver keeps what another party marked: that party's name and label.

    ``label`` has the receiver's own equivalent added and the original marking kept;
    ``articles`` are those that ask for it.
    """

    originator: Party
    label: Label
    articles: Annotated[tuple[Token, ...], Meta(max_length=64)] = ()


def join(one: Label, other: Label, *, by: Party) -> Label:
    """Return the label of a thing that ``by`` makes from both: as strict as either.

    Policies that differ are named together, sorted, since neither may be dropped.
    """
    higher = one if _rank(one) >= _rank(other) else other
    policies = sorted({*one.policy.split("+"), *other.policy.split("+")})
    return Label(
        policy="+".join(policies),
        classification=higher.classification,
        categories=_union(one.categories, other.categories),
        releasable_to=_shared(one.releasable_to, other.releasable_to, by),
        original=higher.original,
        equivalents=tuple(
            sorted(
                {*one.equivalents, *other.equivalents},
                key=lambda mark: (mark.party, mark.marking),
            )
        ),
    )


def re_marked(label: Label, *, by: Party, marking: str) -> Label:
    """Return ``label`` with ``by``'s equivalent added and the original kept."""
    mark = Equivalent(party=by, marking=marking)
    return replace(
        label,
        original=label.original or label.classification,
        equivalents=(*(e for e in label.equivalents if e.party != by), mark),
    )


def marking_by(label: Label, party: Party) -> str:
    """Return ``party``'s equivalent on ``label``, or what the label itself says."""
    own = (mark.marking for mark in label.equivalents if mark.party == party)
    return next(own, label.classification)


def _rank(label: Label) -> tuple[int, str]:
    # The marking itself breaks ties, so that a join does not depend on the order.
    level = label.classification
    return (LADDER.index(level) if level in LADDER else len(LADDER), level)


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*one, *other}))


def _shared(one: _Parties, other: _Parties, by: Party) -> _Parties:
    """Return whom both name, where one names nobody whom the other does."""
    if not one or not other:
        return tuple(sorted({*one, *other}))
    return tuple(sorted({*one} & {*other})) or (by,)  # empty would mean everybody
