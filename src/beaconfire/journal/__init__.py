"""What happened: entries, turns, and the journal that keeps them."""
