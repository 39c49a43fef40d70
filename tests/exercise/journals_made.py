"""Journals made by hand: three nations that keep honest books, as exported lines.

``Books`` writes the entries that nodes would write for releases, hand-overs, arrivals
and receipts, in the same order at both ends; a test then spoils one of them. Nothing of
the nodes' code is used, so a mistake there cannot hide one in the checker.
"""

from typing import Any

EPOCH = "2022-10-03T22:22:00.000Z"
LANE = {"notice": "notices", "impact": "notices", "track": "tracks", "plots": "plots"}
TYPE = {
    "notice": "LaunchNotice",
    "impact": "ImpactPrediction",
    "track": "TrackProduct",
    "plots": "Plots",
}
GSOMIA = "gsomia-jpn-kor-2016"
HOPS = {("JPN", "USA"): "jpn-usa-2007", ("KOR", "USA"): "kor-usa-1987"}

Json = dict[str, Any]


class Books:
    """The journals of all nations, and what is on its way between them."""

    def __init__(self, *parties: str) -> None:
        self.journals: dict[str, list[Json]] = {party: [] for party in parties}
        self._heads: dict[tuple[str, str, str], tuple[int, int]] = {}
        self._open: dict[tuple[str, str, str], list[Json]] = {}
        self._received: dict[tuple[str, str, str], list[Json]] = {}
        self._items = 0

    def write(self, party: str, kind: str, body: Json, id_: str | None = None) -> Json:
        """Append one entry to a journal and return it."""
        journal = self.journals[party]
        seq = len(journal) + 1
        entry = {
            "v": 1,
            "turn": seq,
            "seq": seq,
            "id": id_ or f"{seq}.0",
            "at": f"2022-10-03T22:{22 + seq // 60:02d}:{seq % 60:02d}.000Z",
            "by": "link",
            "kind": kind,
            "cause": [],
            "body": body,
        }
        journal.append(entry)
        return entry

    def item(self, party: str, form: str, **carriage: Any) -> str:
        """Let a nation hold a new item of its own; return its id."""
        self._items += 1
        name = f"item-{party}-{self._items}"
        self.hold(party, name, form, originator=party)
        return name

    def hold(
        self, party: str, item: str, form: str, *, originator: str, **carriage: Any
    ) -> None:
        """Write the ``item`` entry of an item, own or carried."""
        sealed = {
            "item": {
                "id": item,
                "originator": originator,
                "body": {"type": TYPE[form]},
            },
            "signature": {},
        }
        body = {"sealed": sealed, "carriage": carriage or None, "audience": None}
        self.write(party, "item", body)

    def release(
        self, sender: str, item: str, to: str, form: str, *, originator: str = ""
    ) -> Json:
        """Write leave to send; a relay's has an approval, which is written too."""
        origin = originator or sender
        via = None if origin == sender else sender
        approval = None
        agreements = [self.under(sender, to)]
        if via is not None:
            agreements.insert(0, "tisa-2014")
            approval = f"approval-{origin}-{to}-{via}"
            if all(e["id"] != approval for e in self.journals[sender]):
                given = {"agreement": "tisa-2014", "act": "approve", "party": origin}
                scope = {"item": None, "class": "launch-warning", "to": to, "via": via}
                self.write(sender, "approval", {**given, **scope}, approval)
        body = {
            "item": item,
            "form": form,
            "from": origin,
            "to": to,
            "via": via,
            "agreements": agreements,
            "articles": [f"{agreement}:1" for agreement in agreements],
            "approval": approval,
        }
        self.write(sender, "release", body)
        return body

    @staticmethod
    def under(one: str, other: str) -> str:
        """Return the agreement between two nations."""
        return HOPS.get(tuple(sorted((one, other))), GSOMIA)  # type: ignore[arg-type]

    def hand_over(self, release: Json, *more: Json) -> Json:
        """Hand one message over that carries one or several released items."""
        sender = release["via"] or release["from"]
        way = (sender, release["to"], LANE[release["form"]])
        epoch, number = self._heads.get(way, (1, 0))
        self._heads[way] = (epoch, number + 1)
        message = {
            "from": release["from"],
            "to": release["to"],
            "via": release["via"],
            "lane": way[2],
            "epoch": epoch,
            "number": number + 1,
            "items": [release["item"], *(one["item"] for one in more)],
            "acts": [],
            "header": "",
            "hash": f"{sender}{way[1]}{way[2]}{epoch}/{number + 1}",
        }
        self.write(sender, "hand-over", message)
        sent = {"message": message, "releases": [release, *more]}
        self._open.setdefault(way, []).append(sent)
        return sent

    def arrive(self, sent: Json, *, quarantine: bool = False) -> None:
        """Let a message be taken by its recipient, who signs for it."""
        message = sent["message"]
        party = message["to"]
        used = {
            e["body"]["sealed"]["item"]["id"]
            for e in self.journals[party]
            if e["kind"] == "item"
        }
        fresh = [i for i in message["items"] if i not in used]
        keys = ("from", "to", "via", "lane", "epoch", "number", "hash")
        arrival = {key: message[key] for key in keys} | {
            "items": fresh,
            "acts": [],
            "quarantined": fresh if quarantine else [],
            "repeated": [i for i in message["items"] if i in used],
        }
        self.write(party, "arrival", arrival)
        way = {key: message[key] for key in ("lane", "epoch", "number", "via")}
        for release in sent["releases"]:
            if release["item"] not in fresh:
                continue
            if quarantine:
                body = {**way, "items": [release["item"]], "from": message["from"]}
                self.write(party, "quarantine", {**body, "to": party})
                continue
            self.hold(
                party,
                release["item"],
                release["form"],
                originator=release["from"],
                link=message["via"] or message["from"],
                agreements=release["agreements"],
                **way,
            )
        self.write(party, "receipt", self._receipt(message, arrival))
        route = (message["via"] or message["from"], party, message["lane"])
        self._received.setdefault(route, []).append(message)

    def refuse(self, sent: Json) -> None:
        """Let a message be taken, and every item in it be refused."""
        message = sent["message"]
        none = {"items": [], "acts": [], "quarantined": [], "repeated": []}
        keys = ("from", "to", "via", "lane", "epoch", "number", "hash")
        self.write(message["to"], "arrival", {key: message[key] for key in keys} | none)
        for item in message["items"]:
            told = {"source": "", "what": "item", "reason": "no", "excerpt": item}
            self.write(message["to"], "rejection", told)
        self.write(message["to"], "receipt", self._receipt(message, none))

    def receipt(
        self, sent: Json, *, quarantined: bool = False, refused: bool = False
    ) -> None:
        """Let the recipient's receipt for a message reach the sender."""
        message = sent["message"]
        items = [] if refused else message["items"]
        parts = [{"id": i, "reason": "no"} for i in message["items"]]
        said = {
            "items": items,
            "quarantined": items if quarantined else [],
            "refused": parts if refused else [],
        }
        sender = message["via"] or message["from"]
        self.write(sender, "receipt", self._receipt(message, said))
        self._open[sender, message["to"], message["lane"]].remove(sent)

    @staticmethod
    def _receipt(message: Json, said: Json) -> Json:
        keys = ("from", "to", "via", "lane", "epoch", "number")
        kept = {key: message[key] for key in keys}
        refused = said.get("refused", [])
        named = {key: said[key] for key in ("items", "quarantined")}
        return {**kept, **named, "refused": refused}

    def deliver(self, release: Json) -> None:
        """Hand over, arrive, receipt."""
        sent = self.hand_over(release)
        self.arrive(sent)
        self.receipt(sent)

    def end(self, kind: str, release: Json) -> None:
        """Write a withdrawal, an expiry or a waiting of one unit."""
        body = {key: release[key] for key in ("from", "to", "via")}
        body |= {"lane": LANE[release["form"]], "items": [release["item"]]}
        self.write(release["via"] or release["from"], kind, {**body, "reason": ""})

    def act(self, act: str, party: str, agreement: str, *journals: str) -> None:
        """Let an act be accepted in some journals."""
        body = {"agreement": agreement, "act": act, "party": party}
        for journal in journals or tuple(self.journals):
            self.write(journal, "act", body, f"act-{act}-{party}-{agreement}")

    def purge(self, sender: str, to: str, lane: str) -> list[Json]:
        """End a lane's epoch; what stood in its window has an unknown fate."""
        way = (sender, to, lane)
        epoch, number = self._heads.get(way, (1, 0))
        head = {"epoch": epoch, "number": number, "hash": ""}
        self.write(sender, "epoch-end", {"to": to, "lane": lane, "head": head})
        self._heads[way] = (epoch + 1, 0)
        stood = self._open.pop(way, [])
        for sent in stood:
            for release in sent["releases"]:
                self.end("fate-unknown", release)
        self._open[way] = list(stood)
        return stood


def honest_books() -> Books:
    """Return three nations' books in which everything happened once and in order.

    Korea sends a notice to the United States, who relays it to Japan; a plot goes to
    Japan directly; Japan sends a track; one item expired and one was withdrawn when the
    agreement was suspended; a message that came too late was quarantined.
    """
    books = Books("JPN", "KOR", "USA")
    notice = books.item("KOR", "notice")
    books.deliver(books.release("KOR", notice, "JPN", "notice"))
    books.deliver(books.release("KOR", notice, "USA", "notice"))
    books.deliver(books.release("USA", notice, "JPN", "notice", originator="KOR"))
    plots = [books.item("KOR", "plots") for _ in range(5)]
    first, second, third, fourth, fifth = (
        books.release("KOR", item, "JPN", "plots") for item in plots
    )
    sent = books.hand_over(first, second)
    books.arrive(sent)
    books.receipt(sent)
    track = books.item("JPN", "track")
    books.deliver(books.release("JPN", track, "USA", "track"))
    books.end("waiting", fourth)
    books.end("expiry", fourth)
    late = books.hand_over(third)
    books.act("suspend", "KOR", GSOMIA, "KOR")
    books.end("withdrawal", fifth)
    books.purge("KOR", "JPN", "plots")
    books.act("suspend", "KOR", GSOMIA, "JPN")
    books.arrive(late, quarantine=True)
    books.receipt(late, quarantined=True)
    books.act("restore", "KOR", GSOMIA)
    again = books.item("KOR", "plots")
    books.deliver(books.release("KOR", again, "JPN", "plots"))
    return books
