#!/bin/sh
# Make the virtual environment DIR from the hash-locked requirements LOCK.
#
#     PYTHON=python3 sh tools/environment.sh DIR LOCK
#
# What it leaves out: system packages. Where Python's own venv or ensurepip is missing
# it says which package to install, in one sentence, and stops.
set -eu

dir=$1
lock=$2
python=${PYTHON:-python3}

say() { printf 'set-up: %s\n' "$*"; }
stop() {
    printf 'set-up: %s\n' "$*" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    stop "there is no \`$python\`: install Python 3.11 or newer, or name one with make PYTHON=..."
"$python" -c '' 2>/dev/null ||
    stop "\`$python\` does not run: install Python 3.11 or newer, or name one with make PYTHON=..."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "$("$python" --version) is too old: install Python 3.11 or newer, or name one with make PYTHON=..."
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    stop "this Python has no venv or ensurepip: install the package python3-venv (Debian, Ubuntu) and run make again."

# Measured on Linux x86_64 with Python 3.11.
case $lock in
*test*) size="240 MB to fetch, 910 MB on disk" ;;
*bench*) size="170 MB to fetch, 720 MB on disk" ;;
*) size="160 MB to fetch, 640 MB on disk" ;;
esac
say "making $dir from $lock (about $size; once)"
rm -f "$dir/ready"
"$python" -m venv --clear "$dir"
say "installing $(grep -c '==' "$lock") locked packages"
"$dir/bin/python" -m pip install --disable-pip-version-check --quiet \
    --progress-bar off --require-hashes --only-binary :all: -r "$lock" ||
    stop "the packages of $lock could not be installed: see pip's message above; the network is needed this once."
say "installing beaconfire itself"
"$dir/bin/python" -m pip install --disable-pip-version-check --quiet \
    --no-index --no-deps --no-build-isolation -e .
touch "$dir/ready"
say "$dir is ready"
