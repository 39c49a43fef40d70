"""What may be shared: agreements, their standing, and the decision on one item."""
