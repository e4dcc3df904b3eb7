# Everything a fresh machine needs: Python 3.11 or newer, make and git.
#
#   make results     train the default study and print its comparison table
#   make dashboard   look at results in the browser
#   make test        lint, types, structure, tests and a small real workflow run
#
# STUDY=config/other.yaml picks another study, CORES=4 limits the processor cores.

PYTHON ?= python3
CORES ?= all
STUDY ?= config/config.yaml
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help setup results dashboard test lint types structure workflow unit browser clean

help:
	@sed -n 's/^#   //p' Makefile

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hypercore needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the pinned dependencies into .venv (a few minutes, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

results: $(READY)
	$(BIN)/snakemake --cores $(CORES) --config study=$(STUDY)
	@$(BIN)/python -m hypercore.run.show $(STUDY)

dashboard: $(READY)
	$(BIN)/streamlit run dashboard/app.py

test: lint types structure workflow unit browser

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow

types: $(READY)
	$(BIN)/mypy

structure: $(READY)
	$(BIN)/lint-imports --no-cache

workflow: $(READY)
	$(BIN)/snakemake --lint --config study=config/smoke.yaml

unit: $(READY)
	$(BIN)/python -m pytest --numprocesses auto --ignore tests/browser

browser: $(READY)
	$(BIN)/python -m pytest tests/browser

clean:
	rm -rf .venv .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis
