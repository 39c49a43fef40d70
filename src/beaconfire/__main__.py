"""``python -m beaconfire``: the command line, without the script on the path."""

from beaconfire.cli import main

if __name__ == "__main__":
    main()
