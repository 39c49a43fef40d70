"""What we speak of: parties, times, places, labels, items, motion, entries.

Frozen structs and the few pure rules that belong to the words themselves (how two
labels join, how an instant is written). Every quantity carries its unit and frame in
its name. Left to others: bytes (``seals``), permission (``agreements``), physics
(``estimation``).
"""
