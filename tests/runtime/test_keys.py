"""Key files nobody else can read, and certificates a border may pin."""

import stat
from datetime import timedelta

import pytest
from cryptography import x509

from beaconfire.errors import BadInput, Refused
from beaconfire.runtime import keys
from beaconfire.seals import codec

from . import leaves


@pytest.fixture
def keys_dir(tmp_path):
    """Return a directory with the keys of a new node."""
    keys.create_keys(tmp_path, party="KOR", host="127.0.0.1")
    return tmp_path


def test_every_key_file_is_for_its_owner_alone(keys_dir):
    """Whatever is in the keys directory has mode 0600."""
    modes = {stat.S_IMODE(path.stat().st_mode) for path in keys_dir.iterdir()}

    assert modes == {0o600}
    assert len(list(keys_dir.iterdir())) == 8


def test_two_nodes_never_have_a_key_in_common(tmp_path):
    """Keys come from the system's randomness, so every one of them differs."""
    seeds = []
    for name in ("one", "two"):
        place = tmp_path / name
        place.mkdir()
        keys.create_keys(place, party="KOR", host="127.0.0.1")
        seeds += [keys.load_secret(place)]
        seeds += [
            keys.load_signing_key(place / f"{role}.key", role).public_text
            for role in keys.ROLES
        ]

    assert len(set(seeds)) == 10


def test_keys_are_never_written_over(keys_dir):
    """Making keys where keys lie changes nothing."""
    before = keys.load_secret(keys_dir)

    with pytest.raises(Refused, match="exists; it is never written over"):
        keys.create_keys(keys_dir, party="KOR", host="127.0.0.1")
    assert keys.load_secret(keys_dir) == before


def test_a_key_that_others_may_read_is_refused(keys_dir):
    """A secret that was readable is no secret; the sentence says what to do."""
    (keys_dir / "link.key").chmod(0o640)

    with pytest.raises(Refused, match=r"can be read by others \(mode 640\): chmod 600"):
        keys.load_signing_key(keys_dir / "link.key", "link")


def test_a_key_serves_in_its_own_role(keys_dir):
    """A link key renamed to a people key is still a link key."""
    (keys_dir / "link.key").replace(keys_dir / "people.key")

    with pytest.raises(BadInput, match="is a key for link; one for people is needed"):
        keys.load_signing_key(keys_dir / "people.key", "people")


def test_a_damaged_key_is_bad_input(keys_dir):
    """A seed that does not give the key of its id was damaged, and is not used."""
    path = keys_dir / "items.key"
    held = codec.decode(path.read_bytes(), dict, what="key")
    other = codec.decode((keys_dir / "link.key").read_bytes(), dict, what="key")
    path.write_bytes(codec.encode({**held, "seed": other["seed"]}))

    with pytest.raises(BadInput, match="damaged: its seed is not that of key"):
        keys.load_signing_key(path, "items")
    path.write_bytes(b"x" * 5_000)
    with pytest.raises(BadInput, match="larger than 4096 bytes; not a key"):
        keys.load_signing_key(path, "items")
    path.unlink()
    with pytest.raises(BadInput, match="cannot be read: no such file"):
        keys.load_signing_key(path, "items")


def test_our_own_leaf_passes_what_we_ask_of_partners(keys_dir):
    """The certificate a node makes is one that partners will pin."""
    pem = (keys_dir / "border.pem").read_text()

    assert keys.require_leaf(pem, "KOR") == pem
    keys.require_leaf_valid(pem, "KOR")


def test_a_certificate_in_anothers_name_is_refused():
    """The border maps a certificate by its names: Korea's may not say Japan."""
    with pytest.raises(Refused, match="its URI names are `urn:beaconfire:JPN`"):
        keys.require_leaf(leaves.make(leaves.urn_name("JPN")).pem, "KOR")
    both = leaves.make(leaves.urn_name("KOR"), leaves.urn_name("JPN"))
    with pytest.raises(Refused, match="`urn:beaconfire:KOR` alone may"):
        keys.require_leaf(both.pem, "KOR")
    with pytest.raises(Refused, match="its URI names are none"):
        keys.require_leaf(leaves.make().pem, "KOR")


@pytest.mark.parametrize(
    "name",
    [
        x509.DNSName("urn:beaconfire:JPN"),
        x509.RFC822Name("urn:beaconfire:JPN"),
        x509.RFC822Name("someone@example.org"),
        x509.DirectoryName(x509.Name([])),
        x509.RegisteredID(x509.ObjectIdentifier("1.2.3.4")),
    ],
    ids=["dns", "mail urn", "mail", "directory", "id"],
)
def test_no_other_kind_of_name_slips_in_a_party(name):
    """A server maps users by mail and DNS names too: only plain hosts may stand."""
    leaf = leaves.make(leaves.urn_name("KOR"), name)

    with pytest.raises(Refused, match=r"is not a host name|neither URI, host nor"):
        keys.require_leaf(leaf.pem, "KOR")


def test_an_authority_is_never_pinned():
    """CA:TRUE could vouch for anybody, and silence about it is not CA:FALSE."""
    with pytest.raises(Refused, match="is an authority"):
        keys.require_leaf(leaves.make(leaves.urn_name("KOR"), ca=True).pem, "KOR")
    with pytest.raises(Refused, match="does not say CA:FALSE"):
        keys.require_leaf(leaves.make(leaves.urn_name("KOR"), ca=None).pem, "KOR")


def test_a_leaf_that_another_signed_is_refused():
    """Trust in a leaf rests on the card alone, never on a third party."""
    authority = leaves.make(leaves.urn_name("KOR"), ca=True, subject="authority")
    issued = leaves.make(leaves.urn_name("KOR"), signer=authority)
    same_name = leaves.make(
        leaves.urn_name("KOR"), signer=authority, subject="authority"
    )

    for leaf in (issued, same_name):
        with pytest.raises(Refused, match="is not self-signed"):
            keys.require_leaf(leaf.pem, "KOR")


def test_an_expired_leaf_is_refused_with_its_dates():
    """TLS would refuse it without a sentence; here the operator reads why."""
    leaf = leaves.make(leaves.urn_name("KOR"), lasts=timedelta(days=30))

    keys.require_leaf(leaf.pem, "KOR")
    with pytest.raises(Refused, match="from 2001-01-01 to 2001-01-31, not today"):
        keys.require_leaf_valid(leaf.pem, "KOR")


def test_only_the_one_certificate_reaches_the_list_of_trusted_ones():
    """A second certificate in the text would be trusted by the border as well."""
    good = leaves.make(leaves.urn_name("KOR"))
    evil = leaves.make(leaves.urn_name("JPN"), ca=True)

    with pytest.raises(BadInput, match="is not one PEM certificate"):
        keys.require_leaf(good.pem + evil.pem, "KOR")
    with pytest.raises(BadInput, match="is not one PEM certificate"):
        keys.require_leaf("-----BEGIN CERTIFICATE-----\nAAAA\n", "KOR")
    assert keys.require_leaf(f"ca_file: x\n{good.pem}", "KOR") == good.pem


def test_a_host_may_stand_beside_the_party():
    """Other nations' tools name the host in the leaf; that is fine."""
    leaf = leaves.make(leaves.urn_name("KOR"), x509.DNSName("node.example.kr"))

    assert keys.require_leaf(leaf.pem, "KOR") == leaf.pem
