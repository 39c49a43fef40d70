"""Texts and signatures on disk: only what every party signed is in force."""

import json

import pytest

from beaconfire.errors import BadInput, Refused
from beaconfire.runtime.agreement_files import (
    in_force_texts,
    library,
    read_agreement,
    read_agreements,
    shipped_texts,
    sign_file,
)
from beaconfire.runtime.settings import SETTINGS
from beaconfire.seals.keys import SigningKey
from beaconfire.vocabulary.cards import Card
from beaconfire.vocabulary.times import Instant

GSOMIA = shipped_texts()[0]
PARTIES = ("JPN", "KOR", "USA")


def key_of(party, role="people", number=0):
    """A fixed key of a party."""
    seed = f"{party}{role}{number}".encode().ljust(32, b".")
    return SigningKey.from_seed(seed, role)


def card_of(party, number=0):
    """A card that lists the party's keys; nothing else in it matters here."""
    return Card(
        party=party,
        number=1,
        status="EXERCISE",
        valid_from=Instant(0),
        valid_until=Instant(1),
        root="root",
        keys=tuple(
            key_of(party, role, number).public for role in ("items", "link", "people")
        ),
        border_host="127.0.0.1",
        border_port=1,
        certificate_pem="",
    )


CARDS = tuple(map(card_of, PARTIES))


@pytest.fixture
def folder(tmp_path):
    """A folder with GSOMIA's text, signed by both of its parties."""
    path = tmp_path / GSOMIA.file
    path.write_bytes(GSOMIA.data)
    for party in GSOMIA.agreement.parties:
        sign_file(path, party=party, key=key_of(party))
    return tmp_path


def left_out(folder, cards=CARDS):
    """The one sentence about the one text, which must not be in force."""
    found = in_force_texts(folder, cards)
    assert found.texts == found.agreements == ()
    (sentence,) = found.left_out
    return sentence


def signature_path(folder, party="KOR"):
    """Where a party's signature lies."""
    return folder / f"{GSOMIA.file}.{party}.sig"


def test_what_all_parties_signed_is_in_force(folder):
    """The text, read back with its signatures, and nothing left out."""
    found = in_force_texts(folder, CARDS)
    assert found.left_out == ()
    assert found.agreements == (GSOMIA.agreement,)
    (text,) = found.texts
    assert text.unsigned_by == ()
    assert text.data == GSOMIA.data


def test_a_half_signed_text_is_not_in_force(folder):
    """Both parties signed it, or it binds nobody."""
    signature_path(folder).unlink()
    assert (
        left_out(folder) == f"{GSOMIA.file} is not in force here: KOR has not signed it"
    )


def test_a_text_altered_by_one_byte_is_not_in_force(folder):
    """The signature covers the file's bytes, a blank at the end included."""
    path = folder / GSOMIA.file
    path.write_bytes(path.read_bytes() + b"\n")
    assert "JPN's signature does not hold: document: the signature does not match" in (
        left_out(folder)
    )


def test_a_signature_holds_only_under_the_partys_own_peoples_keys(folder):
    """Not under another party's key, nor under a key the card no longer lists."""
    other = json.loads(signature_path(folder, "JPN").read_text())
    other["party"] = "KOR"
    signature_path(folder).write_text(json.dumps(other))
    assert "KOR's signature does not hold" in left_out(folder)

    sign_file(folder / GSOMIA.file, party="KOR", key=key_of("KOR", number=7))
    assert "KOR's signature does not hold" in left_out(folder)
    assert left_out(folder).endswith(
        "; after a change of the text or of its people's keys KOR signs anew, by "
        "`beaconfire agreement sign`"
    )
    renewed = (card_of("JPN"), card_of("KOR", number=7))
    assert in_force_texts(folder, renewed).left_out == ()


def test_a_nodes_key_never_signs_an_agreement(folder):
    """Agreements are signed by people; that is our own mistake, not bad input."""
    with pytest.raises(RuntimeError, match="does not sign a document"):
        sign_file(folder / GSOMIA.file, party="KOR", key=key_of("KOR", "items"))


def test_without_a_partys_card_its_signature_proves_nothing(folder):
    """A stranger's word is no signature."""
    assert "no card of KOR is held, so its signature proves nothing" in (
        left_out(folder, (card_of("JPN"),))
    )


def test_one_bad_file_does_not_stop_the_others(folder):
    """A running node says what it leaves out and goes on."""
    (folder / "broken.toml").write_text("id = ", "utf-8")
    (folder / "twice.toml").write_bytes(GSOMIA.data)
    for party in ("JPN", "KOR"):
        sign_file(folder / "twice.toml", party=party, key=key_of(party))
    found = in_force_texts(folder, CARDS)
    assert found.agreements == (GSOMIA.agreement,)
    assert [sentence.split(" is ")[0] for sentence in found.left_out] == [
        "broken.toml",
        "twice.toml",
    ]
    assert "stands in gsomia-jpn-kor-2016.toml and in twice.toml" in found.left_out[1]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty: KOR signs anew"),
        (b"{", "not JSON"),
        (b"{}", "missing key `party`"),
        (b'{"v":1,"party":"JPN","keyid":"k","sig":"s"}', "it says it is JPN's"),
        (b'{"v":1,"party":"KOR","keyid":"k","sig":"s","x":1}', "unknown key `x`"),
        (b"x" * (SETTINGS.signature_bytes_max + 1), "longer than 4096 bytes"),
    ],
)
def test_a_bad_signature_file_is_told_and_never_believed(folder, data, told):
    """Read strictly, like everything else."""
    signature_path(folder).write_bytes(data)
    assert told in left_out(folder)
    with pytest.raises(BadInput, match=told):
        read_agreement(folder / GSOMIA.file)


def test_signing_reads_the_text_first(folder):
    """Nobody signs what cannot be read, nor for an agreement of others."""
    with pytest.raises(Refused, match="USA is no party to gsomia-jpn-kor-2016"):
        sign_file(folder / GSOMIA.file, party="USA", key=key_of("USA"))
    broken = folder / "broken.toml"
    broken.write_bytes(GSOMIA.data[:-30])
    with pytest.raises(BadInput, match=r"broken.toml:\d+: not TOML"):
        sign_file(broken, party="KOR", key=key_of("KOR"))
    assert not list(folder.glob("broken.toml.*"))


def test_a_huge_file_is_refused_unread(tmp_path):
    """A limit on everything."""
    with (tmp_path / "huge.toml").open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(BadInput, match="longer than 262144 bytes"):
        read_agreements(tmp_path)


def test_a_text_that_is_not_utf_8_names_its_line(tmp_path):
    """A file saved in another encoding is a common slip."""
    path = tmp_path / "old.toml"
    path.write_bytes('id = "x"\ntitle = "極秘"\n'.encode("shift_jis"))
    with pytest.raises(BadInput, match=r"old.toml:2: not UTF-8"):
        read_agreement(path)


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path):
    """Signed or not; files that are no texts are passed over."""
    for text in reversed(shipped_texts()):
        (tmp_path / text.file).write_bytes(text.data)
    (tmp_path / "notes.txt").write_text("not a text", "utf-8")
    found = read_agreements(tmp_path)
    assert [text.agreement for text in found] == list(library())
    assert found[0].unsigned_by == ("JPN", "KOR")
    with pytest.raises(BadInput, match="cannot be read as a directory"):
        read_agreements(tmp_path / "none")
