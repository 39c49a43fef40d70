#!/bin/sh
# Find a Chromium for the browser tests, or make one available.
#
# Root on a Debian system: installed from the system's packages, said before it is done.
# Anybody else: an existing one, or a sentence that says what to install. Nothing is
# ever installed for a user who is not root.
set -eu

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
[ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] && exit 0
[ -x "/Applications/Chromium.app/Contents/MacOS/Chromium" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "set-up: installing the system's chromium for the browser tests (about 110 MB)"
    apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
    exit 0
fi
echo "set-up: the browser tests need Chromium or Chrome: install one (on Debian or" \
    "Ubuntu: apt install chromium) and run make test again" >&2
exit 1
