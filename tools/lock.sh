#!/bin/sh
# Write the requirement locks: universal, with hashes, without any registry's address.
set -eu
build=$(mktemp)
trap 'rm -f "$build"' EXIT
printf 'hatchling\neditables\n' >"$build"
# Where packages come from is written down only when asked for; nothing asks here.
set -- --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
    --quiet
uv pip compile "$@" pyproject.toml "$build" -o requirements.lock
for extra in test bench; do
    uv pip compile "$@" --extra "$extra" pyproject.toml "$build" -c requirements.lock \
        -o "requirements-$extra.lock"
done
