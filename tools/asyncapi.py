"""The AsyncAPI document of a node: its subjects, what goes over them, and to whom.

Written by ``reference.py``. The names of subjects, verbs and lanes are the code's own.
"""

import json
from typing import Any

from beaconfire.runtime.border_config import CONSUMER, RECEIPT, next_subject
from beaconfire.stages.desk import CONSULTING, RETRACT, REVOKE_CARD, VERBS
from beaconfire.vocabulary.link import LANES

_SCHEMA = "application/schema+json;version=2020-12"
_TEXT = {"type": "string"}


def asyncapi() -> str:
    """Return the document."""
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "beaconfire node",
            "version": "1",
            "description": "What partners, sensors and people say to a node, and "
            "what it says to them. JSON throughout; every object carries `v`: 1, and "
            "unknown keys are refused by name. docs/guides/another-node.md tells the "
            "order of things; examples/exchange is a recorded exchange.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {**_border(), **_doors()},
        "operations": _operations(),
        "components": {
            "messages": _messages(),
            "securitySchemes": {
                "pinnedLeaf": {
                    "type": "X509",
                    "description": "TLS 1.3 before the first byte of protocol. Each "
                    "end trusts the one self-signed leaf that stands in the other's "
                    "card; its URI name `urn:beaconfire:<PARTY>` is the user.",
                },
                "secret": {
                    "type": "userPassword",
                    "description": "User and secret stand in `run/orders.access`.",
                },
            },
        },
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _servers() -> dict[str, Any]:
    return {
        "border": {
            "host": "{border_host}:{border_port}",
            "protocol": "nats",
            "description": "All that a partner can reach, at its card's host and port.",
            "variables": {"border_host": {}, "border_port": {}},
            "security": [{"$ref": "#/components/securitySchemes/pinnedLeaf"}],
        },
        "door": {
            "host": "127.0.0.1:{journal_port}",
            "protocol": "nats",
            "description": "The node's own server, for its sensors and its people.",
            "variables": {"journal_port": {}},
            "security": [{"$ref": "#/components/securitySchemes/secret"}],
        },
    }


def _border() -> dict[str, Any]:
    server = [{"$ref": "#/servers/border"}]
    lane = {"enum": list(LANES), "description": "most urgent first"}
    return {
        "next": {
            "address": next_subject("{lane}"),  # type: ignore[arg-type]
            "servers": server,
            "parameters": {"lane": lane},
            "description": "A partner asks for what stands there for it; messages come "
            "to the reply subject of the request.",
            "messages": _refs("pullRequest", "linkMessage"),
        },
        "acknowledge": {
            "address": "$JS.ACK.L_{party}_{lane}." + CONSUMER + ".{place}",
            "servers": server,
            "parameters": {
                "party": {"description": "the partner that acknowledges"},
                "lane": lane,
                "place": {"description": "as the message's reply subject has it"},
            },
            "description": "Laid on the reply subject of a message once it is stored: "
            "it is not delivered again.",
            "messages": _refs("acknowledgement"),
        },
        "receipt": {
            "address": RECEIPT,
            "servers": server,
            "description": "A signed receipt; answered with `+` once it is stored.",
            "messages": _refs("receipt", "taken"),
        },
    }


def _doors() -> dict[str, Any]:
    server = [{"$ref": "#/servers/door"}]
    sensor = {"sensor": {"description": "as `node.toml` names it"}}
    return {
        "plots": {
            "address": "sensors.{sensor}.plots",
            "servers": server,
            "parameters": sensor,
            "description": "One message is one scan: plots as JSON lines; none where "
            "it saw nothing.",
            "messages": _refs("plots", "heard"),
        },
        "cues": {
            "address": "sensors.{sensor}.cues",
            "servers": server,
            "parameters": sensor,
            "description": "Cues of an infrared sensor, as JSON lines.",
            "messages": _refs("cues", "heard"),
        },
        "orders": {
            "address": "orders.{verb}",
            "servers": server,
            "parameters": {
                "verb": {"enum": [*VERBS, *CONSULTING, RETRACT, REVOKE_CARD]}
            },
            "description": "One signed act, statement or order of people.",
            "messages": _refs("order", "judged"),
        },
    }


def _operations() -> dict[str, Any]:
    answered = {
        "servePull": ("next", "pullRequest", "linkMessage"),
        "takeReceipt": ("receipt", "receipt", "taken"),
        "takePlots": ("plots", "plots", "heard"),
        "takeCues": ("cues", "cues", "heard"),
        "takeOrder": ("orders", "order", "judged"),
    }
    operations: dict[str, Any] = {
        name: {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{channel}"},
            "messages": [{"$ref": f"#/channels/{channel}/messages/{asked}"}],
            "reply": {
                "address": {"location": "$message.header#/reply"},
                "messages": [{"$ref": f"#/channels/{channel}/messages/{answer}"}],
            },
        }
        for name, (channel, asked, answer) in answered.items()
    }
    operations["takeAcknowledgement"] = {
        "action": "receive",
        "channel": {"$ref": "#/channels/acknowledge"},
        "messages": [{"$ref": "#/channels/acknowledge/messages/acknowledgement"}],
    }
    return operations


def _messages() -> dict[str, Any]:
    request = {
        "type": "object",
        "properties": {
            "batch": {"type": "integer", "description": "messages asked for"},
            "expires": {"type": "integer", "description": "nanoseconds it stands"},
            "idle_heartbeat": {"type": "integer", "description": "nanoseconds"},
        },
        "required": ["batch", "expires"],
    }
    heard = {
        "type": "object",
        "properties": {
            "v": {"const": 1},
            "accepted": {"type": "integer"},
            "rejected": {"type": "array", "items": _TEXT},
        },
        "required": ["v", "accepted", "rejected"],
    }
    judged = {
        "type": "object",
        "properties": {
            "v": {"const": 1},
            "accepted": {"type": "boolean"},
            "reason": _TEXT,
        },
        "required": ["v", "accepted", "reason"],
    }
    lines = "JSON lines, each as in the schema"
    return {
        "pullRequest": _message("what a JetStream pull asks", request),
        "linkMessage": _message(
            "a signed header and the envelopes that it names", "link-message"
        ),
        "acknowledgement": _message("`+ACK`", {"const": "+ACK"}, "text/plain"),
        "receipt": _message(
            "an envelope of a receipt note, signed by a link key", "envelope"
        ),
        "taken": _message("`+`: the receipt is stored", {"const": "+"}, "text/plain"),
        "plots": _message(lines, "plot", "application/x-ndjson"),
        "cues": _message(lines, "cue", "application/x-ndjson"),
        "order": _message("what people signed, with its signature", _order()),
        "heard": _message("how many lines were taken, and why others not", heard),
        "judged": _message("what became of the order", judged),
    }


def _order() -> dict[str, Any]:
    kinds = (
        "act",
        "consultation",
        "consultation-answer",
        "consultation-withdrawal",
        "consultation-proceeding",
        "taking-back",
        "card-revocation",
    )
    return {"oneOf": [{"$ref": f"schemas/{kind}.json"} for kind in kinds]}


def _message(
    summary: str, schema: dict[str, Any] | str, content: str = "application/json"
) -> dict[str, Any]:
    if isinstance(schema, str):
        schema = {"$ref": f"schemas/{schema}.json"}
    payload = {"schemaFormat": _SCHEMA, "schema": schema}
    return {"summary": summary, "contentType": content, "payload": payload}


def _refs(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}
