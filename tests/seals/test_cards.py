"""What a card proves, and what it may replace."""

import pytest
from msgspec.structs import replace

from beaconfire.errors import BadInput, Refused
from beaconfire.seals import cards, codec, dsse
from beaconfire.vocabulary.cards import PublicKey
from beaconfire.vocabulary.link import CARD_TYPE

from .nation import NOON, card_of, signing_key

KOR_ROOT = signing_key("KOR", "root")


def written(card, root=KOR_ROOT):
    """Return the bytes of a card file."""
    return cards.card_bytes(cards.sign_card(card, root))


def signed_text(text, root=KOR_ROOT):
    """Return the bytes of a card file around any text."""
    signature = root.sign_bytes(dsse.pae(CARD_TYPE, text))
    envelope = dsse.envelope(CARD_TYPE, text, signature)
    return cards.card_bytes(cards.SignedCard(card=envelope))


def test_a_card_opens_to_what_the_root_signed():
    """Written and read again, a card is what it was."""
    assert cards.open_card(written(card_of("KOR"))) == card_of("KOR")


def test_a_tampered_card_is_refused():
    """Whatever part is changed after signing, the root's signature shows it."""
    signed = cards.sign_card(card_of("KOR"), KOR_ROOT)
    other = codec.encode(replace(card_of("KOR"), border_port=6666))
    swapped = dsse.envelope(CARD_TYPE, other, signed.card.signatures[0])

    with pytest.raises(BadInput, match="card: the signature does not match"):
        cards.open_card(cards.card_bytes(cards.SignedCard(card=swapped)))


def test_a_card_is_signed_by_the_root_it_names():
    """A signature by another root, however valid, does not open a card."""
    with pytest.raises(RuntimeError, match="names the root key that signs it"):
        cards.sign_card(card_of("KOR"), signing_key("PRK", "root"))

    data = signed_text(codec.encode(card_of("KOR")), signing_key("PRK", "root"))
    with pytest.raises(BadInput, match="which is not its root key"):
        cards.open_card(data)


def test_a_card_larger_than_any_card_is_not_read():
    """The size is checked before anything is decoded."""
    with pytest.raises(BadInput, match="65537 bytes; a card has at most 65536"):
        cards.open_card(b" " * (cards.CARD_BYTES_MAX + 1))


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[" * 60_000, b'{"v":2}'])
def test_a_damaged_card_is_bad_input(data):
    """Whatever the bytes are, one sentence and no crash."""
    with pytest.raises(BadInput, match=r"^card: "):
        cards.open_card(data)


def test_a_card_with_unknown_or_repeated_keys_is_refused():
    """What we cannot read, or could read in two ways, we do not trust."""
    text = codec.encode(card_of("KOR"))

    with pytest.raises(BadInput, match="unknown key"):
        cards.open_card(signed_text(text.replace(b'{"v"', b'{"admin":true,"v"')))
    with pytest.raises(BadInput, match="the key `number` stands twice"):
        cards.open_card(signed_text(text.replace(b'{"v"', b'{"number":9,"v"')))


@pytest.mark.parametrize("party", ["ＪＰＮ", "JР\u041d", "jpn", "JPN\n", "JPNX"])
def test_no_look_alike_names_a_party(party):
    """A party is three ASCII capitals; full-width and Cyrillic letters are not."""
    with pytest.raises(BadInput, match="card: "):
        cards.open_card(written(replace(card_of("KOR"), party=party)))


def test_every_role_has_a_key_of_its_own():
    """No role is empty and no key stands in two, nor is the root among them."""
    items, link, people = card_of("KOR").keys
    twice = PublicKey(role="people", keyid=link.keyid, key=link.key)
    root = PublicKey(role="link", keyid=KOR_ROOT.keyid, key=KOR_ROOT.public_text)

    other = signing_key("KOR", "link", "second").public
    with pytest.raises(BadInput, match="has no key for people"):
        cards.open_card(written(card_of("KOR", keys=(items, link, other))))
    with pytest.raises(BadInput, match="is listed twice, or is the root key"):
        cards.open_card(written(card_of("KOR", keys=(items, link, people, twice))))
    with pytest.raises(BadInput, match="is listed twice, or is the root key"):
        cards.open_card(written(card_of("KOR", keys=(items, people, root))))


def test_a_key_is_listed_under_its_own_id():
    """A card cannot lend one key the id of another."""
    items, link, people = card_of("KOR").keys
    lent = replace(items, keyid=people.keyid)

    with pytest.raises(BadInput, match="does not have the id of its key"):
        cards.open_card(written(card_of("KOR", keys=(lent, link, people))))


@pytest.mark.parametrize(
    "host", ["a b", "user@host", "127.0.0.1:4222", "x,y", "-a", "a..b", "fe80::1%lo"]
)
def test_a_border_host_is_a_name_or_an_address(host):
    """Nothing that an address line could read as more than a host is taken."""
    with pytest.raises(BadInput, match="is not a host name or an address"):
        cards.open_card(written(card_of("KOR", border_host=host)))


@pytest.mark.parametrize("host", ["node.example", "192.0.2.7", "2001:db8::7", "a"])
def test_plain_border_hosts_are_taken(host):
    """Names and addresses of both families are hosts."""
    assert cards.open_card(written(card_of("KOR", border_host=host)))


def test_validity_has_a_beginning_and_an_end():
    """Before the first instant and from the last on, a card does not hold."""
    card = card_of("KOR", valid_from=NOON, valid_until=NOON.plus_s(60))

    cards.require_valid(card, NOON)
    with pytest.raises(Refused, match=r"valid only from 2022-10-03T12:00:00\.000Z"):
        cards.require_valid(card, NOON.plus_s(-1))
    with pytest.raises(Refused, match=r"was valid until 2022-10-03T12:01:00\.000Z"):
        cards.require_valid(card, NOON.plus_s(60))
    with pytest.raises(BadInput, match="its validity ends before it begins"):
        cards.open_card(written(card_of("KOR", valid_until=NOON, valid_from=NOON)))


def test_only_a_higher_number_of_the_same_root_replaces():
    """Rotation goes forward, and only by the root that was confirmed."""
    cards.require_replacement(card_of("KOR", 2), card_of("KOR", 1))

    with pytest.raises(Refused, match="number 2 does not replace number 2"):
        cards.require_replacement(card_of("KOR", 2), card_of("KOR", 2))
    with pytest.raises(Refused, match="number 1 does not replace number 2"):
        cards.require_replacement(card_of("KOR", 1), card_of("KOR", 2))
    other = signing_key("KOR", "root", "other").public_text
    with pytest.raises(Refused, match="another root key"):
        cards.require_replacement(card_of("KOR", 3, root=other), card_of("KOR", 2))


def test_a_fingerprint_is_compared_as_people_write_it():
    """Case, blanks and dashes are how it was read out; the digits are what it says."""
    shown = cards.card_fingerprint(card_of("KOR"))

    assert cards.same_fingerprint(shown, shown.upper().replace("-", " "))
    assert not cards.same_fingerprint(shown, shown[:-1])
    assert not cards.same_fingerprint(shown, "")
