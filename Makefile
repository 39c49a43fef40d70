# The whole workflow. `make demo` and `make test` set up all they need.
#
# Each keeps its own virtual environment, made from hash-locked requirements and made
# again only when the lock changes: a second run needs no network.

PYTHON ?= python3
DEMO_OUT ?= out/demo
PYTEST_ARGS ?=

.PHONY: demo test lint bench long mutants docs lock clean kernels

demo: .venv/ready kernels
	@.venv/bin/beaconfire demo --out $(DEMO_OUT)

test: .venv-test/ready kernels
	@PYTHON=$(PYTHON) sh tests/browser.sh
	@.venv-test/bin/ruff check . && .venv-test/bin/ruff format --check .
	@.venv-test/bin/mypy
	@.venv-test/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder \
		-m "not long" $(PYTEST_ARGS)

lint: .venv-test/ready
	@.venv-test/bin/ruff check --fix . ; .venv-test/bin/ruff format . ; .venv-test/bin/mypy

bench: .venv-bench/ready kernels
	@.venv-bench/bin/beaconfire bench all

long: .venv-test/ready kernels
	@.venv-test/bin/python -m pytest -n 2 --dist loadfile -m long $(PYTEST_ARGS)
	@.venv-test/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder \
		-m "not long" --hypothesis-profile "drawn anew" $(PYTEST_ARGS)

# Allow half an hour: each condition in agreements/ is reversed or removed, one at a time.
mutants: .venv-test/ready
	@PYTHONPATH=. .venv-test/bin/python tools/mutants.py $(MODULES)

docs: .venv-test/ready
	@.venv-test/bin/python tools/reference.py docs/reference

.venv/ready: requirements.lock pyproject.toml
	@PYTHON=$(PYTHON) sh tools/environment.sh .venv requirements.lock

.venv-test/ready: requirements-test.lock pyproject.toml
	@PYTHON=$(PYTHON) sh tools/environment.sh .venv-test requirements-test.lock

# With Stone Soup, the peer of `bench batch`.
.venv-bench/ready: requirements-bench.lock pyproject.toml
	@PYTHON=$(PYTHON) sh tools/environment.sh .venv-bench requirements-bench.lock

kernels:
	@sh tools/kernels.sh

# Needs `uv` on the path; the locks carry hashes and no address.
lock:
	@sh tools/lock.sh

clean:
	rm -rf .venv .venv-test .venv-bench out
