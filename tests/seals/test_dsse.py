"""What a signature proves, and what it does not."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from beaconfire.errors import BadInput
from beaconfire.seals import codec, dsse
from beaconfire.seals.keys import (
    SigningKey,
    fingerprint,
    from_base64,
    keyid_of,
    to_base64,
)
from beaconfire.vocabulary.acts import UNSIGNED, Signature
from beaconfire.vocabulary.cards import PublicKey
from beaconfire.vocabulary.item import Item
from beaconfire.vocabulary.link import (
    ACT_TYPE,
    CARD_TYPE,
    ITEM_TYPE,
    LINK_TYPE,
    RECEIPT_TYPE,
    Envelope,
)

from .nation import card_of, notice_item, signing_key

KOR_ITEMS = signing_key("KOR", "items")
KOR_LINK = signing_key("KOR", "link")
KOR = card_of("KOR")


def test_the_encoding_is_that_of_the_dsse_specification():
    """The example of the DSSE v1 protocol text, to the byte."""
    encoded = dsse.pae("http://example.com/HelloWorld", b"hello world")

    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_a_key_is_that_of_rfc_8032():
    """Test 2 of RFC 8032 section 7.1: seed, public key and signature agree."""
    seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )

    key = SigningKey.from_seed(bytes.fromhex(seed), "items")

    assert from_base64(key.public_text, what="key").hex() == public
    made = from_base64(key.sign_bytes(b"\x72").sig, what="signature")
    assert made.hex() == signature


def test_a_key_is_named_after_its_hash():
    """The id is the head of SHA-256 over the key, the fingerprint all of it."""
    raw = from_base64(KOR_ITEMS.public_text, what="key")
    digits = hashlib.sha256(raw).hexdigest()

    assert keyid_of(KOR_ITEMS.public_text) == digits[:16]
    assert fingerprint(KOR_ITEMS.public_text).replace("-", "") == digits
    assert fingerprint(KOR_ITEMS.public_text)[4] == "-"


@given(st.binary(max_size=300), st.integers(0, 10_000))
def test_a_signature_covers_every_bit(payload, place):
    """Whatever bit of the payload changes, the signature no longer verifies."""
    signature = dsse.sign(ITEM_TYPE, payload, KOR_ITEMS)
    assert dsse.verify(ITEM_TYPE, payload, signature, KOR.keys) == KOR_ITEMS.public

    changed = bytearray(payload + b"x")
    changed[place % len(changed)] ^= 1 << (place % 8)
    with pytest.raises(BadInput, match="does not match under key"):
        dsse.verify(ITEM_TYPE, bytes(changed), signature, KOR.keys)


def test_a_signature_serves_for_one_type_alone():
    """A signed link header is no receipt, though one key may sign both."""
    signature = dsse.sign(LINK_TYPE, b"{}", KOR_LINK)

    with pytest.raises(BadInput, match="receipt: the signature does not match"):
        dsse.verify(RECEIPT_TYPE, b"{}", signature, KOR.keys)


def test_a_node_key_never_signs_for_people():
    """Acts verify under people's keys; a link key is refused by its role."""
    with pytest.raises(RuntimeError, match="link does not sign"):
        dsse.sign(ACT_TYPE, b"{}", KOR_LINK)

    forged = KOR_LINK.sign_bytes(dsse.pae(ACT_TYPE, b"{}"))
    with pytest.raises(BadInput, match="is for link; a key for people must sign"):
        dsse.verify(ACT_TYPE, b"{}", forged, KOR.keys)


def test_a_root_key_signs_cards_alone():
    """What lies off the node signs nothing that a node sends."""
    root = signing_key("KOR", "root")

    with pytest.raises(RuntimeError, match="root does not sign"):
        dsse.sign(ITEM_TYPE, b"{}", root)
    signature = dsse.sign(CARD_TYPE, b"{}", root)
    with pytest.raises(BadInput, match="nothing of type"):
        dsse.verify(CARD_TYPE, b"{}", signature, KOR.keys)


def test_a_stranger_is_named_by_the_id_it_gave():
    """The refusal says which key was not known."""
    stranger = signing_key("PRK", "items")
    signature = dsse.sign(ITEM_TYPE, b"{}", stranger)

    with pytest.raises(BadInput, match=f"no key for items .* `{stranger.keyid}`"):
        dsse.verify(ITEM_TYPE, b"{}", signature, KOR.keys)


def test_a_borrowed_key_id_proves_nothing():
    """The id only finds the key: the signature must still verify under it."""
    stranger = signing_key("PRK", "items")
    signature = dsse.sign(ITEM_TYPE, b"{}", stranger)
    borrowed = replace(signature, keyid=KOR_ITEMS.keyid)

    with pytest.raises(BadInput, match="does not match"):
        dsse.verify(ITEM_TYPE, b"{}", borrowed, KOR.keys)


def test_what_was_never_signed_is_said_to_be_so():
    """The place kept for a signature verifies under no key."""
    with pytest.raises(BadInput, match="item: not signed"):
        dsse.verify(ITEM_TYPE, b"{}", UNSIGNED, KOR.keys)


@pytest.mark.parametrize(
    "spell",
    [
        lambda sig: sig.rstrip("="),
        lambda sig: sig + "\n",
        lambda sig: " " + sig,
        lambda sig: base64.urlsafe_b64encode(base64.b64decode(sig)).decode() + "-",
        lambda sig: sig[:-3] + chr(ord(sig[-3]) + 1) + "==",
        lambda sig: sig[:40] + "\u00e9" + sig[41:],
        lambda _: "AAAA",
    ],
    ids=["unpadded", "line end", "blank", "url", "stray bits", "accent", "short"],
)
def test_a_signature_has_one_spelling(spell):
    """Base64 that a lax reader would take is refused: one value, one text."""
    signature = dsse.sign(ITEM_TYPE, b"{}", KOR_ITEMS)
    other = replace(signature, sig=spell(signature.sig))

    with pytest.raises(BadInput, match=r"not base64|a signature has 64 bytes"):
        dsse.verify(ITEM_TYPE, b"{}", other, KOR.keys)


def test_the_second_root_of_a_signature_is_refused():
    """S + L is the same scalar; taking it would give one message two signatures."""
    order = 2**252 + 27742317777372353535851937790883648493
    signature = dsse.sign(ITEM_TYPE, b"{}", KOR_ITEMS)
    raw = base64.b64decode(signature.sig)
    scalar = int.from_bytes(raw[32:], "little") + order
    again = Signature(
        keyid=signature.keyid, sig=to_base64(raw[:32] + scalar.to_bytes(32, "little"))
    )

    with pytest.raises(BadInput, match="does not match"):
        dsse.verify(ITEM_TYPE, b"{}", again, KOR.keys)


def test_a_key_of_small_order_verifies_nothing():
    """Under the neutral point every message would have a signature."""
    neutral = to_base64(b"\x01" + bytes(31))
    key = PublicKey(role="items", keyid=keyid_of(neutral), key=neutral)
    signature = Signature(keyid=key.keyid, sig=to_base64(b"\x01" + bytes(63)))

    with pytest.raises(BadInput, match="does not match"):
        dsse.verify(ITEM_TYPE, b"anything", signature, (key,))


def test_an_item_opens_to_what_was_sealed():
    """Sealed, put on the wire and opened, an item is what it was."""
    sealed = dsse.sign_item(notice_item(), KOR_ITEMS)

    opened = dsse.open_item(dsse.envelope_of(sealed), KOR.keys, originator="KOR")

    assert opened == sealed
    assert opened.payload is None


def test_an_item_written_otherwise_is_relayed_unchanged():
    """Another implementation's bytes are kept, so that its signature still holds."""
    text = codec.encode(notice_item()).replace(b'":', b'" : ')
    sealed = dsse.envelope(ITEM_TYPE, text, dsse.sign(ITEM_TYPE, text, KOR_ITEMS))

    opened = dsse.open_item(sealed, KOR.keys, originator="KOR")

    assert opened.item == notice_item()
    assert opened.payload == text.decode()
    assert dsse.envelope_of(opened) == sealed


def test_an_item_is_signed_by_the_originator_it_names():
    """Korea cannot seal an item that says it is Japan's."""
    sealed = dsse.sign_item(notice_item(originator="JPN"), KOR_ITEMS)

    with pytest.raises(BadInput, match="`KOR` signed an item that names `JPN`"):
        dsse.open_item(dsse.envelope_of(sealed), KOR.keys, originator="KOR")


def test_a_key_that_stands_twice_is_refused():
    """Of two values for one key two readers might each take another."""
    text = codec.encode(notice_item()).replace(
        b'"status":"EXERCISE"', b'"status":"ACTUAL","status":"EXERCISE"'
    )
    sealed = dsse.envelope(ITEM_TYPE, text, dsse.sign(ITEM_TYPE, text, KOR_ITEMS))

    with pytest.raises(BadInput, match="the key `status` stands twice"):
        dsse.open_item(sealed, KOR.keys, originator="KOR")


def test_an_envelope_holds_what_was_asked_for():
    """An envelope of another type is refused before its payload is read."""
    sealed = dsse.envelope_of(dsse.sign_item(notice_item(), KOR_ITEMS))

    with pytest.raises(BadInput, match="link header: the envelope holds"):
        dsse.open_envelope(sealed, KOR.keys, payload_type=LINK_TYPE)


def test_an_envelope_that_is_not_utf8_is_bad_input():
    """Signed bytes may still be no text: a sentence, never a crash."""
    signature = dsse.sign(ITEM_TYPE, b"\xff\xfe", KOR_ITEMS)
    sealed = dsse.envelope(ITEM_TYPE, b"\xff\xfe", signature)

    with pytest.raises(BadInput, match="item: "):
        dsse.open_item(sealed, KOR.keys, originator="KOR")


def test_an_envelope_has_exactly_one_signature():
    """A second signature has no place to stand, on the wire or here."""
    sealed = dsse.envelope_of(dsse.sign_item(notice_item(), KOR_ITEMS))
    two = codec.to_builtins(sealed)
    two["signatures"] = two["signatures"] * 2

    with pytest.raises(BadInput, match="envelope"):
        codec.convert(two, Envelope, what="envelope")


def test_a_digest_is_over_the_type_as_well():
    """One payload under two types has two digests."""
    sealed = dsse.envelope_of(dsse.sign_item(notice_item(), KOR_ITEMS))
    payload = codec.encode(notice_item())

    assert dsse.envelope_digest(sealed) == dsse.digest(ITEM_TYPE, payload)
    assert dsse.digest(ITEM_TYPE, payload) != dsse.digest(LINK_TYPE, payload)
    assert codec.decode(payload, Item, what="item") == notice_item()


def test_a_document_signature_is_by_people_over_its_bytes():
    """An agreement's text is signed as the file stands, by a person's key."""
    people = signing_key("KOR", "people")
    signature = dsse.sign_detached(b"title = 'x'\n", people)

    assert dsse.verify_detached(b"title = 'x'\n", signature, KOR.keys) == people.public
    with pytest.raises(BadInput, match="document: the signature does not match"):
        dsse.verify_detached(b"title = 'y'\n", signature, KOR.keys)
    with pytest.raises(RuntimeError, match="items does not sign a document"):
        dsse.sign_detached(b"title = 'x'\n", KOR_ITEMS)


def test_a_document_cannot_be_an_act_in_disguise():
    """A person asked to sign a file must not unknowingly sign an act."""
    people = signing_key("KOR", "people")
    disguised = dsse.pae(ACT_TYPE, b'{"act":"suspend"}')

    with pytest.raises(BadInput, match="starts like a signed message"):
        dsse.sign_detached(disguised, people)
    with pytest.raises(BadInput, match="starts like a signed message"):
        dsse.verify_detached(disguised, people.sign_bytes(disguised), KOR.keys)


def test_a_private_key_does_not_show_itself():
    """What lands in a log names the key, never its seed."""
    assert repr(KOR_ITEMS) == f"SigningKey(items {KOR_ITEMS.keyid})"
    with pytest.raises(ValueError, match="a seed has 32 bytes"):
        SigningKey.from_seed(b"short", "items")
