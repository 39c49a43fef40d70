"""The recorded exchange and the AsyncAPI document: what they say can be checked.

The reader is the one of `examples/other_node`, which imports nothing of ours.
"""

import json
from pathlib import Path

import pytest

from beaconfire.runtime.border_config import next_subject
from beaconfire.stages.desk import CONSULTING, RETRACT, REVOKE_CARD, VERBS
from other_node.identity import Identity, read_card
from other_node.reading import LANES, Reader
from other_node.sealed import payload_in, unseal

ROOT = Path(__file__).resolve().parents[2]
EXCHANGE = ROOT / "examples" / "exchange"
LINES = [json.loads(line) for line in (EXCHANGE / "lines.jsonl").open("rb")]
CARDS = {
    path.stem: read_card(path) for path in sorted((EXCHANGE / "cards").glob("*.card"))
}
REFERENCE = ROOT / "docs" / "reference"
ASYNCAPI = json.loads((REFERENCE / "asyncapi.json").read_text("utf-8"))


def line_pairs():
    """Return each direction of each line."""
    return sorted({(line["from"], line["to"]) for line in LINES if "message" in line})


@pytest.mark.parametrize(("sender", "to"), line_pairs())
def test_another_reader_takes_every_message_of_the_recording(sender, to, tmp_path):
    """Signatures, chain, digests and originators hold for who knows only the cards."""
    reader = Reader(Identity(tmp_path, to, CARDS[to]), CARDS[sender], CARDS)
    count = 0
    for line in LINES:
        if "message" in line and (line["from"], line["to"]) == (sender, to):
            assert reader.take(line["lane"], json.dumps(line["message"]).encode())
            count += 1
    assert count
    heard = (tmp_path / "heard.jsonl").read_text("utf-8").splitlines()
    assert len(heard) >= count


def test_every_receipt_of_the_recording_is_the_recipients_and_covers_its_lane():
    """A receipt names the link's ends and is signed by its recipient."""
    receipts = [line for line in LINES if "receipt" in line]
    for line in receipts:
        note = json.loads(unseal("receipt", line["receipt"], CARDS[line["from"]]))
        assert (note["sender"], note["recipient"]) == (line["to"], line["from"])
        assert note["lane"] in LANES
    assert receipts


def test_the_recording_shows_a_relay_and_a_suspension():
    """Who reads it meets all that makes this exchange another than plain messaging."""
    headers = [
        json.loads(payload_in(line["message"]["header"]))
        for line in LINES
        if "message" in line
    ]
    relayed = [h for h in headers if h["originator"] != h["sender"] and h["parts"]]
    assert any(part["approval"] for header in relayed for part in header["parts"])
    acts = [
        json.loads(payload_in(inner))
        for line in LINES
        if "message" in line
        for inner in line["message"]["inner"]
        if "act+json" in inner["payloadType"]
    ]
    assert {"suspend", "restore", "approve"} <= {act["act"] for act in acts}


def referred(value):
    """Yield every reference in a document."""
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from referred(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from referred(inner)


def test_every_reference_of_the_asyncapi_document_leads_somewhere():
    """Its schemas are files beside it, its messages and channels stand in it."""
    for reference in referred(ASYNCAPI):
        if reference.startswith("#/"):
            found = ASYNCAPI
            for step in reference[2:].split("/"):
                found = found[step]
        else:
            assert (REFERENCE / reference).exists(), reference


def test_the_asyncapi_document_names_every_subject_and_verb():
    """What a node listens to is written down for those who speak to it."""
    addresses = {c["address"] for c in ASYNCAPI["channels"].values()}
    assert {next_subject("{lane}"), "receipt", "orders.{verb}"} <= addresses
    verbs = ASYNCAPI["channels"]["orders"]["parameters"]["verb"]["enum"]
    assert verbs == [*VERBS, *CONSULTING, RETRACT, REVOKE_CARD]
    assert ASYNCAPI["channels"]["next"]["parameters"]["lane"]["enum"] == list(LANES)


def test_the_schema_of_an_act_has_its_keys_in_the_order_that_is_signed():
    """An act is named by its bytes: who signs one needs to know their order."""
    schema = json.loads((REFERENCE / "schemas" / "act.json").read_text("utf-8"))
    ordered = list(schema["$defs"]["Act"]["properties"])
    acts = [
        json.loads(payload_in(inner))
        for line in LINES
        if "message" in line
        for inner in line["message"]["inner"]
        if "act+json" in inner["payloadType"]
    ]
    assert acts
    assert all(list(act) == ordered for act in acts)
