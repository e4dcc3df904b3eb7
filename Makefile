# Everything a fresh machine needs: Python 3.11 or newer, make and git.
#
#   make results     train the default study and print its comparison table
#   make report      analyse a study's tables again, without training, and write its report.html
#   make reports     the same for all studies whose results are shipped, after a change of the analysis or a claim
#   make dashboard   look at results in the browser
#   make test        lint, types, structure and all tests, in a quarter of an hour on two cores
#   make unit        the tests without those in a browser; make browser: those alone
#   make test-oldest   the tests of training with the oldest torch, installed apart
#   make test-install  the wheel and each extra, installed alone, do what they are for
#   make test-truth    verdicts, edges and gains on hundreds of made-up studies of known truth (minutes)
#   make soak        kill ten runs of a study five times each, instead of one
#   make test-cluster  the default study through a Slurm of one node, set up here: root, slurm-wlm, munge
#   make test-clients  lightning, transformers, accelerate, skorch and scikit-learn's data, installed apart
#   make check       read every result file and name those that are damaged; REMOVE=1 removes those
#   make bench       speed, prices and memory of the engine (a quarter of an hour); docs/benchmarks.md
#   make heights     train stacks of one to five SGDs on MNIST and draw what their heights come to
#   make picture     draw docs/dashboard.png anew, in Chromium
#   make clean       remove the environment and caches; RESULTS=1 removes every trained cell, too
#   make clean-sweeps  name files of sweeps that no config lists; REMOVE=1 removes them, and no cell
#
# STUDY=config/other.yaml picks another study, CORES=4 limits the processor cores.

PYTHON ?= python3
CORES ?= all
STUDY ?= config/config.yaml
BIN := .venv/bin
READY := .venv/.ready
# A checkout that was copied or moved with its environment sets it up again: it would run the other's code.
# Commands are modules of that Python, since the first lines of scripts in .venv/bin name the other's.
MOVED := $(shell test "$$(cat $(READY) 2>/dev/null)" = "$$(pwd -P)" || echo moved)
# Apart from the rest: with it installed, every start of snakemake imports pandas.
CLUSTER := .venv/cluster
# Apart, since nothing else wants them.
CLIENTS := .venv/clients
OLDEST := .venv/oldest
# One worker more than cores, since many tests wait for other processes. Those that take longest come first,
# and a worker without work takes over another's.
WORKERS = $(shell $(PYTHON) -c 'import os; print(1 + (os.cpu_count() or 1))')
PYTEST = $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal
# Studies of which git keeps the tables.
SHIPPED = $(shell sed -n 's,^!results/\([^*/]*\)/$$,\1,p' .gitignore)
# The dashboard's doctests; its script draws a page when it is imported.
DASHBOARD := dashboard --ignore dashboard/app.py

.PHONY: help setup results report reports dashboard check test lint types structure workflow unit \
  browser tests soak test-truth test-cluster test-clients test-oldest test-install bench picture heights clean clean-sweeps

help:
	@sed -n 's/^#   //p' Makefile

setup: $(READY)

$(READY): requirements.lock pyproject.toml $(MOVED)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hypercore needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the pinned dependencies into .venv (a few minutes, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@pwd -P > $@

.PHONY: moved
moved:

results: $(READY)
	$(BIN)/python -m snakemake --cores $(CORES) --config "study=$(STUDY)"
	@$(BIN)/python -m hypercore show "$(STUDY)"

report: $(READY)
	@$(BIN)/python -m hypercore report "$(STUDY)"

reports: $(READY)
	@for study in $(SHIPPED); do $(BIN)/python -m hypercore report "config/$$study.yaml" || exit 1; done

check: $(READY)
	@$(BIN)/python -m hypercore check $(if $(filter 1,$(REMOVE)),--remove)

dashboard: $(READY)
	$(BIN)/python -m streamlit run dashboard/app.py

test: lint types structure workflow tests

lint: $(READY)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m snakefmt --check Snakefile workflow

types: $(READY)
	$(BIN)/python -m mypy

structure: $(READY)
	$(BIN)/python -c "from importlinter.cli import lint_imports_command as run; run()" --no-cache

workflow: $(READY)
	$(BIN)/python -m snakemake --lint --config study=config/smoke.yaml

tests: $(READY)
	$(PYTEST) tests/workflow tests/browser tests/unit tests/clients hypercore $(DASHBOARD)

unit: $(READY)
	$(PYTEST) tests/workflow tests/unit tests/clients hypercore $(DASHBOARD)

browser: $(READY)
	$(BIN)/python -m pytest tests/browser

soak: $(READY)
	HYPERCORE_KILLS=50 $(BIN)/python -m pytest tests/workflow/test_faults.py --numprocesses auto -k random_kills

test-truth: $(READY)
	$(BIN)/python -m pytest tests/unit/benchmarks/test_known_truth.py -m slow

test-cluster: $(CLUSTER)/.ready
	HYPERCORE_TEST_CLUSTER=1 PYTHONPATH="$(CURDIR)/$(CLUSTER)" $(BIN)/python -m pytest tests/cluster \
	  tests/unit/workflow/test_adapter.py

$(CLUSTER)/.ready: requirements-cluster.lock $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
	  --target $(CLUSTER) --requirement requirements-cluster.lock
	@touch $@

test-clients: $(CLIENTS)/.ready
	PYTHONPATH="$(CURDIR)/$(CLIENTS)" $(BIN)/python -m pytest tests/clients tests/unit/problems/test_files.py

$(CLIENTS)/.ready: requirements-clients.lock $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
	  --target $(CLIENTS) --requirement requirements-clients.lock
	@touch $@

test-oldest: $(OLDEST)/.ready
	$(OLDEST)/bin/python -m pytest tests/unit/core tests/unit/optim tests/unit/train

$(OLDEST)/.ready: requirements-oldest.txt
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements-oldest.txt
	@touch $@

test-install:
	PYTHON=$(PYTHON) bash tests/install/check.sh

# One after the other, on a machine that does nothing else meanwhile.
bench: $(READY)
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.prices
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.library
	$(BIN)/python -m benchmarks.modules
	$(BIN)/python -m benchmarks.gpu

picture: $(READY)
	$(BIN)/python -m benchmarks.dashboard --picture docs/dashboard.png

heights: $(READY)
	$(BIN)/python -m snakemake --cores $(CORES) --config study=config/heights.yaml
	$(BIN)/python -m benchmarks.heights

# The store is what training cost, so it goes only by a flag on the command line.
clean:
	rm -rf .venv .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis
ifeq ($(origin RESULTS) $(RESULTS),command line 1)
	test ! -d results || find results/ -mindepth 1 ! -name README.md -delete
else
	@echo "Kept results/; make clean RESULTS=1 deletes every trained cell."
endif

clean-sweeps: $(READY)
	@$(BIN)/python -m hypercore leftovers $(if $(filter 1,$(REMOVE)),--remove) \
	  $(sort $(wildcard config/*.yaml) $(STUDY))
