"""beaconfire: launch warnings shared as far as a signed text says."""
