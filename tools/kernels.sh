#!/bin/sh
# Throw away compiled kernels that are older than the newest source beside them.
#
# The compiler's cache looks at a kernel's own file and not at those it calls, so after
# a change elsewhere it would go on running the old arithmetic.
set -eu
newest=$(ls -t src/beaconfire/estimation/*.py src/beaconfire/exercise/sky/*.py | head -n 1)
find src -name '*.nb[ic]' ! -newer "$newest" -delete
