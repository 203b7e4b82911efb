# Thin on purpose: every line can also be run by hand. `make run` and `make test` set up everything they need.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
CORE    = plugins/jira plugins/slack plugins/sla plugins/escalation
ALL     = $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
CODE    = soc_core $(wildcard plugins/*/soc_*)
PIP     = $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test lint types arch docs chaos bench all clean

run: $(VENV)/.run
	$(BIN)/soc demo

test: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.test
	$(BIN)/mypy $(CODE)

arch: $(VENV)/.test
	$(BIN)/lint-imports

docs: $(VENV)/.test
	$(BIN)/sphinx-build -q -E -W --keep-going -n docs build/docs
	@echo "Open build/docs/index.html"

chaos: $(VENV)/.test
	SOC_CHAOS=long $(BIN)/python -m pytest -m chaos

bench: $(VENV)/.test
	$(BIN)/python -m bench

all: lint types arch docs test

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "soc-core needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python pyproject.toml $(CORE:%=%/pyproject.toml)
	$(PIP) install -e ".[fast,serve]" $(CORE:%=-e ./%)
	@touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml $(ALL:%=%/pyproject.toml)
	$(PIP) install -e ".[dev]" $(ALL:%=-e ./%)
	@touch $@ $(VENV)/.run
