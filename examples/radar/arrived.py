"""What partners told a node, from its exported journal: a line each, and a count.

beaconfire journal export DIR | python examples/radar/arrived.py

Plots and tracks are only counted, being many. The id is the item's, as `beaconfire
agreement explain` takes it.
"""

import json
import sys
from collections import Counter
from typing import Any

COUNTED = ("Plots", "TrackProduct")


def main() -> None:
    """Read entries, print what came over a link."""
    counts: Counter[str] = Counter()
    for line in sys.stdin:
        entry = json.loads(line)
        if entry["kind"] != "item" or entry["body"]["carriage"] is None:
            continue
        item = entry["body"]["sealed"]["item"]
        kind = item["body"]["type"]
        counts[f"{item['originator']} {kind}"] += 1
        if kind not in COUNTED:
            said = f"{item['originator']} {kind}{where(item['body'])}"
            print(f"{entry['at'][:19]}Z  {item['id']}  {said}")
    for name, count in sorted(counts.items()):
        print(f"{count:6d}  {name}")


def where(body: dict[str, Any]) -> str:
    """Return the middle of a predicted impact area and its longer half axis."""
    area = body.get("area")
    if area is None:
        return ""
    half_km = area["ellipse95"]["semi_major_m"] / 1000
    return f" {area['lat_deg']:.1f}, {area['lon_deg']:.1f}, within {half_km:.0f} km"


if __name__ == "__main__":
    main()
