"""Who did it, and that nothing about it was changed afterwards."""

import pytest
from msgspec.structs import replace

from beaconfire.errors import BadInput
from beaconfire.seals import acts, dsse
from beaconfire.vocabulary.acts import UNSIGNED
from beaconfire.vocabulary.link import ACT_TYPE

from .nation import NOON, card_of, signing_key, suspension

KOR = card_of("KOR")
KOR_PEOPLE = signing_key("KOR", "people")


def test_a_signed_act_verifies_under_its_partys_people():
    """What a person of the party signed is that party's act."""
    acts.verify_act(acts.sign_act(suspension(), KOR_PEOPLE), KOR)


@pytest.mark.parametrize(
    "change",
    [
        {"agreement": "tisa-2014"},
        {"act": "restore"},
        {"issued": NOON.plus_s(1)},
        {"item": "a1"},
        {"to": "USA"},
        {"via": "USA"},
        {"item_class": "launch-warning"},
        {"expires": NOON},
    ],
    ids=lambda change: next(iter(change)),
)
def test_nothing_about_a_signed_act_can_change(change):
    """Every field is under the signature: an act for one says nothing of another."""
    signed = acts.sign_act(suspension(), KOR_PEOPLE)

    with pytest.raises(BadInput, match="act: the signature does not match"):
        acts.verify_act(replace(signed, **change), KOR)


def test_an_act_of_one_party_is_not_anothers():
    """Japan's card does not vouch for Korea's act, nor Korea's person for Japan."""
    signed = acts.sign_act(suspension(), KOR_PEOPLE)

    with pytest.raises(BadInput, match="is by `KOR`, the card given is that of JPN"):
        acts.verify_act(signed, card_of("JPN"))
    with pytest.raises(BadInput, match="no key for people is known"):
        acts.verify_act(replace(signed, party="JPN"), card_of("JPN"))


@pytest.mark.parametrize("role", ["items", "link"])
def test_an_act_signed_by_a_node_is_refused(role):
    """Only people's keys make acts, even if the node is their own."""
    key = signing_key("KOR", role)
    payload = acts.act_payload(suspension())
    forged = replace(
        suspension(), signature=key.sign_bytes(dsse.pae(ACT_TYPE, payload))
    )

    with pytest.raises(BadInput, match=f"is for {role}; a key for people must"):
        acts.verify_act(forged, KOR)


def test_an_act_without_date_or_signature_is_refused():
    """A node takes only acts that say when, and by whom."""
    with pytest.raises(BadInput, match="has no `issued`"):
        acts.verify_act(suspension(issued=None), KOR)
    with pytest.raises(BadInput, match="has no `signature`"):
        acts.verify_act(suspension(), KOR)
    with pytest.raises(BadInput, match="act: not signed"):
        acts.verify_act(suspension(signature=UNSIGNED), KOR)


def test_an_act_has_one_id_however_often_it_is_signed():
    """The id is that of what was done, not of the pen; another act has another."""
    signed = acts.sign_act(suspension(), KOR_PEOPLE)
    other_pen = acts.sign_act(suspension(), signing_key("KOR", "people", "other"))

    assert acts.act_id(signed) == acts.act_id(suspension()) == acts.act_id(other_pen)
    assert acts.act_id(suspension(act="restore")) != acts.act_id(signed)


def test_an_act_comes_off_the_wire_as_it_went_on():
    """An envelope of an act opens to the signed act."""
    signed = acts.sign_act(suspension(item_class="launch-warning"), KOR_PEOPLE)

    assert acts.open_act(acts.envelope_of_act(signed), KOR) == signed


def test_an_act_in_another_spelling_is_refused():
    """An act is kept without its text, so only the canonical text is taken."""
    text = acts.act_payload(suspension()).replace(b'":', b'": ')
    sealed = dsse.envelope(ACT_TYPE, text, dsse.sign(ACT_TYPE, text, KOR_PEOPLE))

    with pytest.raises(BadInput, match="not in the canonical encoding"):
        acts.open_act(sealed, KOR)
