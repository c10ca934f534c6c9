# Each target sets itself up: Python 3.11 or later, make and git are all it needs.
#
#   make demo [ARGS=...]            play a talk on this machine
#   make test                       everything CI checks
#   make check                      the fast part: lint, types, import graph
#   make bench [ONLY=...] [PEERS=...]
#   make soak                       long runs
#   make setup                      the .venv alone
#   make clean

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := setup
.PHONY: setup demo test check lint types bench soak clean

BIN := .venv/bin
STAMP := .venv/.ready

# A venv of one's own, whatever the caller has activated or exported.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK := 1

setup: $(STAMP)

# The stamp is the last thing written, so an interrupted set-up starts over; and it depends on
# all that decides what gets installed. One recipe builds it: `make -j` has nothing to race.
$(STAMP): requirements.lock pyproject.toml tools/setup
	@tools/setup
	@touch $@

demo: $(STAMP)
	@$(BIN)/backchannel demo $(ARGS)

lint: $(STAMP)
	@echo "== ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP)
	@echo "== mypy"
	@$(BIN)/mypy

check: lint types
	@echo "== house"
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_house.py

# What these run is measured by the others; being measured, they would take twice as long. Those with a browser come
# last: it keeps its worker's event loop to itself.
UNMEASURED := tests/desk/test_dossier.py tests/desk/test_vanishing.py tests/desk/book/test_passing.py \
  tests/relay/test_kill.py tests/cli/test_guides.py tests/faults tests/interop tests/web/browser

# Old coverage data goes first: the gates look at this run only. A file's tests share what it sets up.
test: lint types
	@tools/debian chromium
	@tools/debian chromium-headless-shell
	@echo "== tests"
	@rm -f .coverage .coverage.* coverage.json
	@$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report= $(UNMEASURED:%=--ignore=%)
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(UNMEASURED)
	@echo "== coverage"
	@$(BIN)/python tools/coverage_gate.py

soak: $(STAMP)
	@$(BIN)/python -m pytest -m soak --run-soak --timeout 0

# ONLY and PEERS reach bench as environment variables, however make was given them.
export ONLY PEERS
bench: $(STAMP)
	@$(BIN)/python -m bench

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov
	rm -rf .coverage .coverage.* coverage.json src/*.egg-info
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
