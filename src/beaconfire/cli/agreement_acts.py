"""``beaconfire agreement suspend, restore, notice …``: what a party does to one.

Parses, calls, prints. Who may do what is settled by the node's desk. Acts are signed
here, with a person's key, and sent to the running node; if it is stopped nothing
changes (exit code 4).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from beaconfire.agreements.agreement import Agreement
from beaconfire.agreements.term import ends_after
from beaconfire.cli.agreement import IdArgument, NodeOption, app, one_text
from beaconfire.cli.ordering import carry_out, people_key
from beaconfire.cli.printing import JsonOption
from beaconfire.errors import BadInput
from beaconfire.runtime import cards
from beaconfire.runtime.agreement_files import in_force_texts
from beaconfire.runtime.node_dir import NodeConfig, load_node, node_now
from beaconfire.seals import codec
from beaconfire.seals.acts import sign_act
from beaconfire.seals.keys import SigningKey
from beaconfire.vocabulary.acts import CLASSES, Act, ActName
from beaconfire.vocabulary.party import require_party
from beaconfire.vocabulary.times import Instant

AgreementOption = Annotated[
    str, typer.Option("--agreement", metavar="ID", help="The agreement's id.")
]
ToOption = Annotated[
    str, typer.Option("--to", metavar="PARTY", help="Who may receive it.")
]
ViaOption = Annotated[
    str, typer.Option("--via", metavar="PARTY", help="Who may pass it on.")
]
ClassOption = Annotated[
    str | None,
    typer.Option("--class", metavar="CLASS", help=f"One of {', '.join(CLASSES)}."),
]
ItemOption = Annotated[
    str | None, typer.Option("--item", metavar="ID", help="One item, by its id.")
]


@app.command()
def suspend(
    agreement_id: IdArgument,
    *,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Suspend an agreement: from that instant nothing leaves under it."""
    act_on(node, "suspend", agreement_id, as_json=as_json)


@app.command()
def restore(
    agreement_id: IdArgument,
    *,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Restore what this party suspended; another party's suspension stands."""
    act_on(node, "restore", agreement_id, as_json=as_json)


@app.command()
def notice(
    agreement_id: IdArgument,
    *,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Give notice of termination: it takes effect as the text says; tells when."""
    act_on(node, "notice", agreement_id, as_json=as_json)


@app.command("notice-suspend")
def notice_suspend(
    agreement_id: IdArgument,
    *,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Suspend the effect of this party's notice: the agreement stays in force."""
    act_on(node, "notice-suspend", agreement_id, as_json=as_json)


@app.command()
def withdraw(
    agreement_id: IdArgument,
    *,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Take this party's notice back, suspended or not."""
    act_on(node, "withdraw", agreement_id, as_json=as_json)


@app.command()
def contest(
    agreement_id: IdArgument,
    *,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Record that this party does not accept how another would end it; only shows."""
    act_on(node, "contest", agreement_id, as_json=as_json)


@app.command()
def approve(
    *,
    agreement: AgreementOption,
    to: ToOption,
    via: ViaOption,
    expires: Annotated[
        str, typer.Option("--expires", metavar="TIME", help="Its last instant.")
    ],
    item_class: ClassOption = None,
    item: ItemOption = None,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Approve that a partner passes on this party's items to another."""
    end = Instant.parse(expires)
    if end <= node_now(load_node(node)):
        raise BadInput(f"`{expires}` has passed: an approval ends in the future")
    named = _named(to, via, item_class, item)
    act_on(node, "approve", agreement, {"expires": end, **named}, as_json=as_json)


@app.command()
def revoke(
    *,
    agreement: AgreementOption,
    to: ToOption,
    via: ViaOption,
    item_class: ClassOption = None,
    item: ItemOption = None,
    node: NodeOption = Path("node"),
    as_json: JsonOption = False,
) -> None:
    """Take back the approvals for the same item or class, recipient and relay."""
    named = _named(to, via, item_class, item)
    act_on(node, "revoke", agreement, named, as_json=as_json)


def _named(
    to: str, via: str, item_class: str | None, item: str | None
) -> dict[str, str | None]:
    if (item_class is None) is (item is None):
        raise BadInput("give either `--class` or `--item`")
    if item_class is not None and item_class not in CLASSES:
        known = ", ".join(CLASSES)
        raise BadInput(f"`{item_class[:64]}` is no class: write one of {known}")
    return {
        "to": require_party(to),
        "via": require_party(via),
        "item_class": item_class,
        "item": item,
    }


def act_on(
    node: Path,
    name: ActName,
    agreement_id: str,
    told: Mapping[str, object] | None = None,
    *,
    as_json: bool,
    more: Mapping[str, object] | None = None,
) -> None:
    """Sign an act with this node's person's key, send it, say what the desk said.

    ``told`` is what the act says besides, ``more`` what ``--json`` prints besides.
    """
    config = load_node(node)
    under = _require_in_force(node, config, agreement_id)
    act = _signed(config, people_key(node), name, agreement_id, told or {})
    besides = dict(more or {})
    if name == "notice" and act.issued is not None:
        besides["takes_effect_at"] = ends_after(under, act.issued)
    carry_out(node, act.act, act, as_json=as_json, more=besides)


def _require_in_force(node: Path, config: NodeConfig, agreement_id: str) -> Agreement:
    """See that the node holds such a text, or say which it holds and what is wrong.

    Whatever else lies beside it: a broken draft must not stand between a party and its
    suspension.
    """
    known = cards.load_cards(node, config)
    found = in_force_texts(node / "agreements", (known.own, *known.partners))
    return one_text(found.texts, agreement_id, *found.left_out).agreement


def _signed(
    config: NodeConfig,
    key: SigningKey,
    name: ActName,
    agreement_id: str,
    told: Mapping[str, object],
) -> Act:
    unsigned = {"agreement": agreement_id, "act": name, "party": config.party, **told}
    unsigned["class"] = unsigned.pop("item_class", None)
    unsigned["issued"] = node_now(config)
    as_written = codec.to_builtins(unsigned)
    return sign_act(codec.convert(as_written, Act, what="act"), key)
