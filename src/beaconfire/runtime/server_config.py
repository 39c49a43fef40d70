"""Server configuration: what the journal's nats-server is told.

* It listens on 127.0.0.1 and nowhere else; nobody is let in without a secret.
* Every store is fsynced before it is answered (``sync_interval: always``).
* Three accounts, because rights inside one account are no walls: whoever may ask
  anything there can name any subject for the answer, and the server, or the node,
  would write it into the journal. Across accounts an answer goes to its asker alone.

  ====== ========= ===============================================================
  user   account   may
  ====== ========= ===============================================================
  writer NODE      everything in the journal's account; the node process, alone
  reader READERS   ask for stored messages, and nothing else
  orders ORDERS    ask ``orders.>``, and publish or ask ``sensors.>``
  ====== ========= ===============================================================

The border's configuration is another (``border_config``); the child processes that
read either are ``servers``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from beaconfire.errors import BadInput
from beaconfire.journal.streams import (
    CHECKPOINT_STREAM,
    JOURNAL_STREAM,
    get_subject,
    info_subject,
)
from beaconfire.runtime.settings import SETTINGS

JOURNAL_ACCOUNT = "NODE"
WRITER = "writer"
READER = "reader"
ORDERS = "orders"
INSPECTOR = "inspector"

_READ_SUBJECTS = (get_subject(JOURNAL_STREAM), get_subject(CHECKPOINT_STREAM))
_ORDER_SUBJECTS = ("orders.>", "sensors.>")
_FIRST_PRINTABLE = " "


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSecrets:
    """Who is let in; without a writer nobody can change what is stored.

    The inspector is for copies alone: it reads, and asks how the stream stands, from
    inside the journal's account, where an answer could be aimed at the journal.
    """

    inspector: str | None = field(default=None, repr=False)
    reader: str | None = field(default=None, repr=False)
    writer: str | None = field(default=None, repr=False)
    orders: str | None = field(default=None, repr=False)


def journal_config(*, port: int, store_dir: Path, secrets: JournalSecrets) -> str:
    """Return the configuration of the server that keeps the journal in ``store_dir``.

    Raises:
        BadInput: the path cannot be written in a configuration.
    """
    return f"""\
listen: "127.0.0.1:{port}"
server_name: "beaconfire-journal"
max_payload: {SETTINGS.server_payload_bytes_max}
max_connections: {SETTINGS.server_connections_max}
logfile_size_limit: {SETTINGS.server_log_bytes_max}
logfile_max_num: {SETTINGS.server_logs_kept}
jetstream: {{
  store_dir: {quoted(str(store_dir))},
  sync_interval: "always",
  max_memory_store: {SETTINGS.server_memory_store_bytes_max}
}}
accounts: {{
{_node_account(secrets)}
{_guest_account("READERS", READER, secrets.reader, _READ_SUBJECTS)}
{_guest_account("ORDERS", ORDERS, secrets.orders, _ORDER_SUBJECTS)}
}}
"""


def quoted(text: str) -> str:
    """Return ``text`` as a string in a server's configuration.

    Raises:
        BadInput: it holds a character that cannot stand there.
    """
    if any(character < _FIRST_PRINTABLE for character in text):
        message = f"`{text!r}`: a line end or tab cannot stand in a path or name"
        raise BadInput(message)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _node_account(secrets: JournalSecrets) -> str:
    users = [] if secrets.writer is None else [_user(WRITER, secrets.writer)]
    if secrets.inspector is not None:
        subjects = (*_READ_SUBJECTS, info_subject(JOURNAL_STREAM))
        permissions = _permissions(INSPECTOR, subjects)
        users.append(_user(INSPECTOR, secrets.inspector, permissions))
    exports = [
        f'{{service: {quoted(subject)}, response_type: "stream", '
        f'accounts: ["READERS"]}}'
        for subject in _READ_SUBJECTS
    ]
    exports += [
        f'{{service: {quoted(subject)}, accounts: ["ORDERS"]}}'
        for subject in _ORDER_SUBJECTS
    ]
    return (
        f"  {JOURNAL_ACCOUNT}: {{ jetstream: enabled, users: [{', '.join(users)}],\n"
        f"    exports: [{_lines(exports)}] }},"
    )


def _guest_account(
    account: str, user: str, secret: str | None, subjects: tuple[str, ...]
) -> str:
    """Return an account that sees these subjects of the node, and nothing else."""
    users = []
    if secret is not None:
        users.append(_user(user, secret, _permissions(user, subjects)))
    imports = [
        f'{{service: {{account: "{JOURNAL_ACCOUNT}", subject: {quoted(subject)}}}}}'
        for subject in subjects
    ]
    return (
        f"  {account}: {{ users: [{', '.join(users)}],\n"
        f"    imports: [{_lines(imports)}] }},"
    )


def _permissions(user: str, subjects: tuple[str, ...]) -> str:
    allowed = ", ".join(quoted(subject) for subject in subjects)
    return (
        f"permissions: {{publish: {{allow: [{allowed}]}}, "
        f'subscribe: {{allow: ["_INBOX_{user}.>"]}}}}'
    )


def _user(name: str, secret: str, permissions: str | None = None) -> str:
    parts = [f'user: "{name}"', f"password: {quoted(secret)}"]
    if permissions is not None:
        parts.append(permissions)
    return f"{{{', '.join(parts)}}}"


def _lines(parts: Iterable[str]) -> str:
    return ",\n      ".join(parts)
