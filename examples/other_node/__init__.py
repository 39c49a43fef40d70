"""Another nation's node, small and independent: it imports nothing of beaconfire.

Written from `docs/guides/another-node.md` alone, so that whoever writes a node of their
own can see each step in plain Python: keys and card (``identity``), signed envelopes
(``sealed``), what a partner lays at its border for us (``reading``), and a border of
our own where we lay messages (``border``). A test runs it against a real node.

It keeps what it must not forget in files, decides nothing under agreements, and has no
picture: it is the wire and nothing else.
"""
