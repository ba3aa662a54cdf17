# Everything a person or a machine does with a fresh clone. Needs Python 3.11 or later and make, nothing else.
# All set-up happens here: `make demo` and `make test` build .venv themselves, from locked and hashed requirements.

PYTHON ?= python3
WORKERS ?= auto
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check bench mutation schema codes policies-doc lock wheel clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s%s\n", $$1, $$2 }'

demo: $(VENV)/.demo ## three pretend agencies, the hub, one joined-up answer; stays up until Ctrl-C
	@$(BIN)/hub demo

# A file's tests stay together: its fixtures are started once. Each worker has a PostgreSQL and a demo of its own.
test: $(VENV)/.dev ## every test, on SQLite and a real PostgreSQL; WORKERS=0: one after the other
	@$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadfile

check: $(VENV)/.dev ## style, types, layers, house rules, drift of generated pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_house_style.py tests/test_codes.py
	@echo "$(BIN)/hub schema | diff docs/schema.graphql -"
	@$(BIN)/hub policy show --check
	@$(BIN)/hub schema | diff -u docs/schema.graphql - || { echo "The schema has changed: run 'make schema' and commit it." >&2; exit 1; }
	@$(BIN)/hub schema --federation | diff -u docs/subgraph.graphql - || { echo "The subgraph has changed: run 'make schema' and commit it." >&2; exit 1; }

bench: $(VENV)/.dev ## how fast, and where the time goes; writes var/bench.json
	@mkdir -p var
	$(BIN)/python -m benchmarks --json var/bench.json

mutation: $(VENV)/.dev ## do the tests of the pure packages bite? fails under 80 %
	@rm -rf mutants
	@mkdir -p var
	@if [ -t 1 ]; then $(BIN)/mutmut run; else echo "Output in var/mutation.log"; $(BIN)/mutmut run > var/mutation.log 2>&1; fi
	$(BIN)/python scripts/mutation_score.py --at-least 80

schema: $(VENV)/.dev ## write docs/schema.graphql and docs/subgraph.graphql from the code
	$(BIN)/hub schema > docs/schema.graphql.new
	mv docs/schema.graphql.new docs/schema.graphql
	$(BIN)/hub schema --federation > docs/subgraph.graphql.new
	mv docs/subgraph.graphql.new docs/subgraph.graphql

codes: $(VENV)/.dev ## write docs/codes/, a page for each code, from docs/codes.md
	$(BIN)/python -m scripts.code_pages

policies-doc: $(VENV)/.dev ## write docs/policies.md, the policies in English, from the policy files
	$(BIN)/hub policy show > docs/policies.md.new
	mv docs/policies.md.new docs/policies.md

lock: $(VENV)/.dev ## choose versions anew; requirements*.txt, with hashes and without download addresses
	sh scripts/lock.sh $(BIN)/uv

wheel: $(VENV)/.dev ## build the wheel and the source archive into dist/
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist

clean: ## remove what the other targets made
	rm -rf $(VENV) mutants dist var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The locked packages come ready made for some Pythons only; on another, pip tries to build them and says so at length.
NOT_INSTALLED = { echo "The packages were not installed. Is there a network? Is $$($(BIN)/python --version) one of 3.11 to 3.14? If not, name one that is: make clean, and then make PYTHON=python3.13 ..." >&2; exit 1; }

# --- set-up: one stamp file per list of requirements, so that a second run starts at once ---

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "The hub needs Python 3.11 or later, and '$(PYTHON)' is not. Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python could not make a virtual environment. On Debian and Ubuntu the package python3-venv is missing." >&2; exit 1; }

$(VENV)/.demo: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing the hub's locked requirements (first time only, about a minute) ..."
	@$(PIP) install --require-hashes -r requirements.txt || $(NOT_INSTALLED)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked requirements for development (first time only, about a minute) ..."
	@$(PIP) install --require-hashes -r requirements-dev.txt || $(NOT_INSTALLED)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.demo
