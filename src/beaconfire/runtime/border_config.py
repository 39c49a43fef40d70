"""Border configuration: what the one server that partners can reach is told.

* TLS 1.3 before anything else, and only with a certificate that is pinned: the list of
  trusted ones holds the partners' self-signed leaves, our own, and nothing more.
* The certificate's URI name decides the account; nobody names a user or a password.
* One account for each partner. Rights inside one account are no walls: a request may
  name any subject for its answer, and the server delivers there. Across accounts an
  answer goes back to its asker alone.
* A partner's account sees seven services and nothing else: to ask for the next message
  of each lane, to acknowledge one of each, and to lay down a receipt.

  ==================================== ==========================================
  partner's account                    stands for, in the node's account
  ==================================== ==========================================
  ``next.<lane>``                      the next message of its own stream's consumer
  ``$JS.ACK.<its stream>.pull.>``      the same
  ``receipt``                          ``receipt.<PARTY>``: who laid it is the subject
  ==================================== ==========================================

Each partner's account also lets in a probe, whose key only the running node has: it
asks whether the account's imports answer. The journal's configuration is another
(``server_config``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from beaconfire.runtime.keys import party_urn
from beaconfire.runtime.server_config import quoted
from beaconfire.runtime.settings import SETTINGS
from beaconfire.vocabulary.link import LANES, Lane
from beaconfire.vocabulary.party import Party

NODE_ACCOUNT = "NODE"
SYSTEM_URN = "urn:beaconfire:system"
CONSUMER = "pull"
RECEIPT = "receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class BorderFiles:
    """Where the server finds its certificate, its key, the trusted leaves, a place."""

    leaf: Path
    key: Path
    trusted: Path
    store: Path


def stream_name(party: Party, lane: Lane) -> str:
    """Return the stream that holds what stands at the border for a partner's lane."""
    return f"L_{party}_{lane}"


def stream_subject(party: Party, lane: Lane) -> str:
    """Return the subject on which the node alone publishes into that stream."""
    return f"l.{party}.{lane}"


def next_subject(lane: Lane) -> str:
    """Return the subject on which a partner asks for the next message of a lane."""
    return f"next.{lane}"


def receipt_subject(party: Party) -> str:
    """Return the subject on which a partner's receipts reach the node."""
    return f"{RECEIPT}.{party}"


def probe_urn(party: Party) -> str:
    """Return the name under which the node looks into a partner's account.

    No card can claim it: a party is three capitals.
    """
    return f"{party_urn(party)}:probe"


def border_config(
    *, own: Party, partners: Iterable[Party], listen: str, port: int, files: BorderFiles
) -> str:
    """Return the configuration of the server that ``partners`` can reach.

    Raises:
        BadInput: a path cannot be written in a configuration.
    """
    known = sorted(partners)
    host = f"[{listen}]" if ":" in listen else listen
    exports = [line for party in known for line in _exports(party)]
    accounts = "\n".join(_partner_account(party) for party in known)
    return f"""\
listen: "{host}:{port}"
server_name: "beaconfire-border"
max_payload: {SETTINGS.link_payload_bytes_max}
max_pending: {SETTINGS.border_pending_bytes_max}
max_control_line: 4096
max_connections: {len(known) * SETTINGS.partner_connections_max + 8}
write_deadline: "{SETTINGS.border_answer_s_max:g}s"
ping_interval: "{SETTINGS.link_ping_s:g}s"
ping_max: 2
logfile_size_limit: {SETTINGS.server_log_bytes_max}
logfile_max_num: {SETTINGS.server_logs_kept}
jetstream: {{
  store_dir: {quoted(str(files.store))},
  max_memory_store: {SETTINGS.border_memory_bytes_max},
  max_file_store: 1048576
}}
tls: {{
  cert_file: {quoted(str(files.leaf))},
  key_file: {quoted(str(files.key))},
  ca_file: {quoted(str(files.trusted))},
  verify_and_map: true,
  handshake_first: true,
  min_version: "1.3",
  timeout: {SETTINGS.border_answer_s_max:g}
}}
system_account: SYS
accounts: {{
  SYS: {{ users: [{{user: "{SYSTEM_URN}"}}] }},
  {NODE_ACCOUNT}: {{ jetstream: enabled, users: [{{user: "{party_urn(own)}"}}],
    exports: [{_lines(exports)}] }},
{accounts}
}}
"""


def _services(party: Party) -> Iterator[tuple[str, str, bool]]:
    """Yield what a partner may ask: its name there, its name here, many answers."""
    for lane in LANES:
        stream = stream_name(party, lane)
        ask = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{CONSUMER}"
        acknowledge = f"$JS.ACK.{stream}.{CONSUMER}.>"
        yield next_subject(lane), ask, True
        yield acknowledge, acknowledge, False
    yield RECEIPT, receipt_subject(party), False


def _exports(party: Party) -> Iterator[str]:
    for _, here, many in _services(party):
        answers = ', response_type: "stream"' if many else ""
        yield f'{{service: "{here}"{answers}, accounts: ["{_account(party)}"]}}'


def _partner_account(party: Party) -> str:
    services = list(_services(party))
    imports = [
        f'{{service: {{account: "{NODE_ACCOUNT}", subject: "{here}"}}'
        + ("}" if there == here else f', to: "{there}"}}')
        for there, here, _ in services
    ]
    allowed = ", ".join(f'"{there}"' for there, _, _ in services)
    rights = (
        f"permissions: {{publish: {{allow: [{allowed}]}}, "
        'subscribe: {allow: ["_INBOX.>"]}}'
    )
    users = ", ".join(
        f'{{user: "{urn}", {rights}}}' for urn in (party_urn(party), probe_urn(party))
    )
    return (
        f"  {_account(party)}: {{\n"
        f"    users: [{users}],\n"
        f"    limits: {{ max_connections: {SETTINGS.partner_connections_max}, "
        f"max_subscriptions: {SETTINGS.partner_subscriptions_max}, "
        f"max_payload: {SETTINGS.receipt_bytes_max} }},\n"
        f"    imports: [{_lines(imports)}] }},"
    )


def _account(party: Party) -> str:
    return f"P_{party}"


def _lines(rows: list[str]) -> str:
    return "".join(f"\n      {row}," for row in rows)
