"""In a browser: the system's own Chromium or Chrome, started without its services."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium():
    """Return the system's browser; `tests/browser.sh` makes sure that there is one."""
    found = [shutil.which(name) for name in NAMES]
    found += [path for path in MAC if os.access(path, os.X_OK)]
    return next(path for path in found if path)
