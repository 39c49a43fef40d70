"""Laying out nodes and admitting partners, as an operator does it."""

import json

import pytest
import typer
from msgspec.structs import replace
from typer.testing import CliRunner

from beaconfire.agreements.standing import Standing
from beaconfire.agreements.trust import Trust
from beaconfire.cli import node, partner
from beaconfire.errors import BadInput, NotReachable, Refused
from beaconfire.runtime import cards, keys
from beaconfire.runtime.node_dir import load_node
from beaconfire.seals import cards as seals
from beaconfire.vocabulary.entries.revoking import CardRevoked
from beaconfire.vocabulary.revoking import CardRevocation
from beaconfire.vocabulary.times import Instant

app = typer.Typer()
app.add_typer(node.app, name="node")
app.add_typer(partner.app, name="partner")


def run(*words):
    """Run one command; what went wrong is raised as the house's error."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def laid_out(path, party, *more):
    """Lay out a node and issue its first card; return its directory."""
    run("node", "init", "--node", path, "--party", party, *more)
    run("node", "card", "--node", path)
    return path


def card_facts(path):
    """Return what ``node card --json`` says."""
    return json.loads(run("node", "card", "--node", path, "--json"))


def admit(home, guest, *more, confirm=None):
    """Admit ``guest``'s card at ``home`` with its true fingerprint."""
    facts = card_facts(guest)
    confirm = facts["fingerprint"] if confirm is None else confirm
    words = ("partner", "add", facts["file"], "--node", home, "--confirm", confirm)
    return run(*words, *more)


@pytest.fixture(scope="module")
def nations(tmp_path_factory):
    """Return the directories of Japan's and Korea's freshly made nodes."""
    base = tmp_path_factory.mktemp("nations")
    return laid_out(base / "jpn", "JPN"), laid_out(base / "kor", "KOR")


@pytest.fixture
def japan(tmp_path):
    """Return a node of Japan that knows nobody."""
    return laid_out(tmp_path / "japan", "JPN")


@pytest.fixture
def korea(tmp_path):
    """Return a node of Korea that a test may change."""
    return laid_out(tmp_path / "korea", "KOR")


def rewritten(directory, tmp_path, **changes):
    """Return a card file of this node, changed and signed again by its own root."""
    root = keys.load_signing_key(directory / "keys" / "root.key", "root")
    card = cards.load_cards(directory, load_node(directory)).own
    changed = replace(card, **changes)
    file = tmp_path / "changed.card"
    file.write_bytes(seals.card_bytes(seals.sign_card(changed, root)))
    return file


def add_file(home, file, confirm, *more):
    """Admit a card file."""
    words = ("partner", "add", file, "--node", home, "--confirm", confirm)
    return run(*words, *more)


def known(directory):
    """Return the numbers of the partners' cards that a node believes."""
    held = cards.load_cards(directory, load_node(directory))
    assert held.left_out == ()
    return {card.party: card.number for card in held.partners}


def test_a_new_node_has_keys_a_file_and_a_card(nations):
    """What `node init` and `node card` promise lies there, and reads back."""
    japan, _ = nations
    facts = card_facts(japan)

    assert load_node(japan).party == "JPN"
    assert (facts["party"], facts["number"]) == ("JPN", 1)
    assert facts["border"] == "127.0.0.1:7422"
    assert len(facts["fingerprint"].split("-")) == 16
    assert cards.load_cards(japan, load_node(japan)).own.status == "EXERCISE"


def test_the_fingerprint_is_shown_to_people_with_what_to_do(nations):
    """The plain output carries the fingerprint and how to pass it on."""
    text = run("node", "card", "--node", nations[0])

    assert f"fingerprint {card_facts(nations[0])['fingerprint']}" in text
    assert "read out the fingerprint another way" in text


def test_init_never_writes_over_a_node(nations):
    """A second init changes nothing."""
    before = card_facts(nations[0])

    with pytest.raises(Refused, match="is not empty"):
        run("node", "init", "--node", nations[0], "--party", "KOR")
    assert card_facts(nations[0]) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--party", "japan"), "write three capitals"),
        (("--party", "ＪＰＮ"), "the character FULLWIDTH LATIN CAPITAL"),
        (("--party", "JPN", "--status", "REAL"), "EXERCISE, ACTUAL or TEST"),
        (("--party", "JPN", "--border-host", "a b"), "not a host name"),
        (("--party", "JPN", "--border-port", "7421"), "cannot share port"),
        (("--party", "JPN", "--status", "ACTUAL", "--exercise", "x"), "no exercise"),
    ],
)
def test_a_node_that_cannot_be_is_not_laid_out(tmp_path, words, said):
    """Wrong input is one sentence, and nothing is left behind."""
    with pytest.raises(BadInput, match=said):
        run("node", "init", "--node", tmp_path / "node", *words)
    assert not (tmp_path / "node").exists()


def test_a_node_without_card_is_told_to_issue_one(tmp_path):
    """Trust cannot be asked of a node that has no card."""
    run("node", "init", "--node", tmp_path / "node", "--party", "JPN")

    with pytest.raises(NotReachable, match="issue one with `beaconfire node card`"):
        cards.load_cards(tmp_path / "node", load_node(tmp_path / "node"))


def test_a_confirmed_card_makes_a_partner(japan, nations):
    """With the right fingerprint, in any spelling, the partner is known."""
    spoken = card_facts(nations[1])["fingerprint"].upper().replace("-", " ")
    said = admit(japan, nations[1], "--as", "KOR", confirm=spoken)

    assert said.startswith("card 1 of KOR, EXERCISE: added")
    assert known(japan) == {"KOR": 1}
    profile = cards.profile_of(
        load_node(japan), cards.load_cards(japan, load_node(japan))
    )
    assert profile.partner("KOR").border_port == 7422


def test_without_confirmation_nobody_is_admitted(japan, nations):
    """The sentence says how to obtain the fingerprint, and does not show it."""
    facts = card_facts(nations[1])

    with pytest.raises(BadInput, match="ask the partner, by telephone") as caught:
        run("partner", "add", facts["file"], "--node", japan)
    assert facts["fingerprint"] not in str(caught.value)
    assert known(japan) == {}


@pytest.mark.parametrize("wrong", ["", "ab12", "japan"])
def test_a_wrong_fingerprint_is_refused(japan, nations, wrong):
    """A card whose root is not the one read out is not stored; exit 3."""
    confirm = card_facts(nations[0])["fingerprint"] if wrong == "japan" else wrong

    with pytest.raises(Refused, match="fingerprint is not the one confirmed") as caught:
        admit(japan, nations[1], confirm=confirm)
    assert caught.value.exit_code == 3
    assert known(japan) == {}


def test_a_card_of_somebody_else_is_not_the_one_asked_for(japan, nations):
    """`--as USA` with Korea's card stores nobody; a look-alike is no party."""
    with pytest.raises(Refused, match="`USA` was to be added"):
        admit(japan, nations[1], "--as", "USA")
    with pytest.raises(BadInput, match="is not a party"):
        admit(japan, nations[1], "--as", "KΟR")
    assert known(japan) == {}


def test_our_own_party_is_no_partner(japan, nations):
    """A second node in our own name is not admitted, whoever signed for it."""
    with pytest.raises(Refused, match="that is this node's own party"):
        admit(japan, nations[0])


def test_exercise_and_actual_never_mix(japan, tmp_path):
    """A card for the other status is refused, in both directions."""
    actual = laid_out(tmp_path / "usa", "USA", "--status", "ACTUAL")

    with pytest.raises(Refused, match="is for ACTUAL, this node for EXERCISE"):
        admit(japan, actual)
    with pytest.raises(Refused, match="is for EXERCISE, this node for ACTUAL"):
        admit(actual, japan)


def test_a_card_with_anothers_certificate_is_refused(japan, korea, tmp_path):
    """Signed by Korea's own root, but the certificate says Japan."""
    _, leaf = keys.make_leaf("urn:beaconfire:USA", host="127.0.0.1")
    file = rewritten(korea, tmp_path, certificate_pem=leaf.decode())

    with pytest.raises(Refused, match="its URI names are `urn:beaconfire:USA`"):
        add_file(japan, file, card_facts(korea)["fingerprint"])
    assert known(japan) == {}


def test_an_expired_card_or_leaf_is_refused(japan, korea, tmp_path):
    """Past its end, by our time for the card and by the machine's for the leaf."""
    confirm = card_facts(korea)["fingerprint"]
    past = Instant.parse("2001-01-01T00:00:00Z")
    over = rewritten(korea, tmp_path, valid_from=past, valid_until=past.plus_s(1))
    with pytest.raises(Refused, match=r"was valid until 2001-01-01T00:00:01"):
        add_file(japan, over, confirm)

    _, leaf = keys.make_leaf("urn:beaconfire:KOR", days=0)
    worn = rewritten(korea, tmp_path, certificate_pem=leaf.decode())
    with pytest.raises(Refused, match=r"certificate of `KOR`: valid from .* not today"):
        add_file(japan, worn, confirm)
    assert known(japan) == {}


def test_a_tampered_or_bloated_card_is_bad_input(japan, korea, tmp_path):
    """One changed byte, or one byte too many, and the card is not read on."""
    facts = card_facts(korea)
    text = bytearray((korea / "KOR.card").read_bytes())
    text[200] ^= 1
    file = tmp_path / "tampered.card"
    file.write_bytes(bytes(text))
    with pytest.raises(BadInput, match="card"):
        add_file(japan, file, facts["fingerprint"])

    file.write_bytes(b" " * 10_000_000)
    with pytest.raises(BadInput, match="longer than 65536 bytes"):
        add_file(japan, file, facts["fingerprint"])
    with pytest.raises(BadInput, match="cannot be read: no such file"):
        add_file(japan, tmp_path / "nowhere", facts["fingerprint"])


def test_a_higher_number_of_the_same_root_replaces(japan, korea):
    """Rotation: new keys under a new card; the former card stays on record."""
    first = (korea / "KOR.card").read_bytes()
    admit(japan, korea)
    run("node", "card", "--node", korea, "--renew", "--new-keys")

    assert "replaces card 1" in admit(japan, korea)
    assert known(japan) == {"KOR": 2}
    kept = japan / "partners" / "former" / "KOR.1.card"
    assert kept.read_bytes() == first
    one = seals.open_card(first)
    two = cards.load_cards(japan, load_node(japan)).partners[0]
    assert not {key.key for key in one.keys} & {key.key for key in two.keys}
    assert one.certificate_pem != two.certificate_pem


def test_a_lower_number_does_not_come_back(japan, korea, tmp_path):
    """An old card, rightly signed, cannot undo a rotation."""
    old = tmp_path / "old.card"
    old.write_bytes((korea / "KOR.card").read_bytes())
    run("node", "card", "--node", korea, "--renew")
    admit(japan, korea)

    with pytest.raises(Refused, match="number 1 does not replace number 2"):
        add_file(japan, old, card_facts(korea)["fingerprint"])
    with pytest.raises(Refused, match="number 2 does not replace number 2"):
        admit(japan, korea)
    assert known(japan) == {"KOR": 2}


def test_a_revoked_number_does_not_come_back_though_its_file_is_gone(japan, korea):
    """The journal tells which cards are revoked; the next number is admitted."""
    admit(japan, korea)
    held = cards.load_cards(japan, load_node(japan)).partners[0]
    (japan / "partners" / "KOR.card").unlink()
    order = CardRevocation(
        party="JPN",
        partner="KOR",
        since=held.valid_from,
        reason="stolen",
        issued=held.valid_from,
    )
    trust = Trust().after("e", CardRevoked(order=order, number=1, root=held.root))
    config, print_ = load_node(japan), card_facts(korea)["fingerprint"]

    def take():
        data = (korea / "KOR.card").read_bytes()
        at = held.valid_from.plus_s(4_000.0)
        words = {"confirmed": print_, "expected": None, "at": at, "trust": trust}
        return cards.admit(japan, config, data, **words)

    with pytest.raises(Refused, match="card of a higher number than 1"):
        take()
    assert known(japan) == {}
    run("node", "card", "--node", korea, "--renew")
    take()
    assert known(japan) == {"KOR": 2}


def test_another_root_never_replaces(japan, korea, tmp_path):
    """Even confirmed by its own fingerprint, a second Korea is refused."""
    admit(japan, korea)
    other = laid_out(tmp_path / "other", "KOR")
    run("node", "card", "--node", other, "--renew")

    with pytest.raises(Refused, match="another root key"):
        admit(japan, other)
    assert known(japan) == {"KOR": 1}


def test_the_root_key_may_lie_elsewhere(korea, tmp_path):
    """Off the node it issues the next card all the same; a foreign one does not."""
    away = tmp_path / "away.key"
    (korea / "keys" / "root.key").replace(away)

    assert card_facts(korea)["number"] == 1
    with pytest.raises(BadInput, match="cannot be read"):
        run("node", "card", "--node", korea, "--renew")
    run("node", "card", "--node", korea, "--renew", "--root", away)
    assert card_facts(korea)["number"] == 2

    seed = keys.read_private(korea / "keys" / "link.key")
    away.write_bytes(seed.replace(b'"link"', b'"root"'))
    with pytest.raises(Refused, match="not the root key that signed the card in use"):
        run("node", "card", "--node", korea, "--renew", "--root", away)
    assert card_facts(korea)["number"] == 2


def test_a_card_laid_there_by_hand_is_not_believed(japan, korea, nations):
    """Files in partners/ are checked again; what does not fit is left out and named."""
    admit(japan, korea)
    good = (japan / "partners" / "KOR.card").read_bytes()
    (japan / "partners" / "USA.card").write_bytes(good)
    (japan / "partners" / "AUS.card").write_bytes(b"junk")
    (japan / "partners" / "JPN.card").write_bytes(
        (nations[0] / "JPN.card").read_bytes()
    )

    held = cards.load_cards(japan, load_node(japan))

    assert [card.party for card in held.partners] == ["KOR"]
    assert len(held.left_out) == 3
    assert "AUS.card`: card: not JSON" in held.left_out[0]
    assert "own party" in held.left_out[1]
    assert "holds the card of `KOR`" in held.left_out[2]


def test_a_card_says_how_long_it_holds(korea):
    """Validity is the issuer's to choose, and must be a span."""
    run(
        *("node", "card", "--node", korea, "--renew"),
        *(
            "--valid-from",
            "2022-01-01T00:00:00Z",
            "--valid-until",
            "2023-01-01T00:00:00Z",
        ),
    )
    assert card_facts(korea)["valid_until"] == "2023-01-01T00:00:00.000Z"

    with pytest.raises(BadInput, match="a card cannot end"):
        run(
            *("node", "card", "--node", korea, "--renew", "--new-keys"),
            *("--valid-until", "2001-01-01T00:00:00Z"),
        )
    assert cards.load_cards(korea, load_node(korea)).own.number == 2


def test_an_exercise_in_the_past_admits_cards_by_its_own_time(tmp_path, korea):
    """Exercise cards are valid in exercise time, whatever the wall clock says."""
    home = laid_out(tmp_path / "usa", "USA", "--exercise", "x")
    text = (home / "node.toml").read_text()
    text = text.replace('id = "x"', 'id = "x"\nepoch = "2022-10-03T22:00:00Z"')
    (home / "node.toml").write_text(text)

    with pytest.raises(Refused, match=r"valid only from .*; it is 2022-10-03T22:00"):
        admit(home, korea)
    run(
        *("node", "card", "--node", korea, "--renew"),
        *(
            "--valid-from",
            "2022-10-01T00:00:00Z",
            "--valid-until",
            "2022-11-01T00:00:00Z",
        ),
    )
    admit(home, korea)
    assert known(home) == {"KOR": 2}


def test_no_seed_leaves_the_keys_directory(korea):
    """Nothing that is stored outside keys/ holds a seed or the secret."""
    seeds = [
        json.loads(path.read_text())["seed"]
        for path in (korea / "keys").glob("*.key")
        if path.name != keys.LEAF_KEY_NAME
    ]
    outside = [path for path in korea.iterdir() if path.is_file()]

    assert len(seeds) == 4
    assert {path.name for path in outside} == {"node.toml", "KOR.card"}
    for path in outside:
        assert not any(seed in path.read_text() for seed in seeds)


def test_partners_are_listed_with_what_a_person_compares(
    nations, tmp_path, monkeypatch
):
    """Number, state, end, border and the fingerprint that the partner reads out."""
    home = laid_out(tmp_path / "home", "JPN")
    assert "has admitted nobody" in run("partner", "list", "--node", home)
    admit(home, nations[1])
    told = run("partner", "list", "--node", home)
    facts = card_facts(nations[1])
    assert "KOR  card 1, trusted, valid until" in told
    assert f"fingerprint {facts['fingerprint']}" in told
    (row,) = json.loads(run("partner", "list", "--node", home, "--json"))["partners"]
    assert (row["party"], row["card"], row["state"]) == ("KOR", 1, "trusted")
    late = cards.load_cards(home, load_node(home)).partners[0].valid_until.plus_s(1.0)
    monkeypatch.setattr(partner, "node_now", lambda config: late)
    assert "KOR  card 1, expired" in run("partner", "list", "--node", home)


def test_a_revoked_partner_is_listed_as_revoked_and_why(nations, tmp_path, monkeypatch):
    """Read from the journal, which is the record; a new card ends it."""
    home = laid_out(tmp_path / "home", "JPN")
    admit(home, nations[1])
    card = cards.load_cards(home, load_node(home)).partners[0]
    at = Instant.parse("2030-01-01T00:00:00Z")
    order = CardRevocation(
        party="JPN", partner="KOR", since=at, reason="its keys were stolen", issued=at
    )
    known = Standing().distrusting(
        "e", CardRevoked(order=order, number=1, root=card.root)
    )
    monkeypatch.setattr(partner, "standing_in", lambda node, say: known)
    told = run("partner", "list", "--node", home)
    assert "KOR  card 1, revoked" in told
    assert "its keys were stolen" in told
