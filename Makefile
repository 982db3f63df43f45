# make run [ARGS="run FILE ..."] · make test [ARGS="-k name"] · make check · make bench [BENCH=window ARGS="--json FILE"] · make screenshots [OUT=DIR]
SHELL := /bin/bash
PYTHON ?= python3
ARGS ?=
BENCH ?= engine window
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test check bench screenshots clean
.DELETE_ON_ERROR:

run: .venv/.installed
	@$(BIN)/python main.py $(ARGS)

test: .venv/.installed-dev
	$(BIN)/python -m pytest $(or $(ARGS),--numprocesses 2 --dist loadfile)

check: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Needs xvfb-run; OUT is the folder for the pictures.
screenshots: .venv/.installed-dev
	xvfb-run -a -s "-screen 0 2600x1400x24" $(BIN)/python -m tests.screenshots $(OUT)

bench: .venv/.installed-bench
	for one in $(BENCH); do $(BIN)/python -m tests.bench.$$one $(ARGS) || exit; done

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# One stamp for each set of packages: installed once, and again when pyproject.toml changes.
.venv/.installed: pyproject.toml | .venv/bin/python
	@echo "Installing RNN Lab into .venv (once; a few minutes on a slow line) ..."
	@$(PIP) --editable .
	@touch $@

.venv/.installed-dev: pyproject.toml | .venv/bin/python
	@echo "Installing RNN Lab with its development tools into .venv (once) ..."
	@$(PIP) --editable ".[dev]"
	@touch $@ .venv/.installed

.venv/.installed-bench: pyproject.toml | .venv/bin/python
	@echo "Installing the peers of the bench into .venv (once; they are large) ..."
	@$(PIP) --editable ".[bench]"
	@touch $@ .venv/.installed

# Debian keeps ensurepip in a package of its own; a pip that is already there can stand in for it.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	    { echo "RNN Lab needs Python 3.11 or newer as '$(PYTHON)'; name another with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	    $(PYTHON) -m venv .venv; \
	elif $(PYTHON) -c 'import pip, venv' 2>/dev/null; then \
	    { $(PYTHON) -m venv --without-pip .venv && $(PYTHON) -m pip --python $@ install --quiet pip; } || \
	    { rm -rf .venv; exit 1; }; \
	else \
	    { echo "Python cannot make a virtual environment here. Install what is missing with:"; \
	      echo "    sudo apt-get install --yes python3-venv"; } >&2; exit 1; \
	fi
