PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What runs the engine, and what tests and checks it: two lists, two stamps, one folder.
INSTALLED := $(VENV)/.installed
TOOLS := $(VENV)/.tools
# The board's front-end files, from npm by the lock; npm itself is there only while they are fetched.
ASSETS := web/assets/built-from.json
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --universal \
	--python-version 3.11 $(if $(UPGRADE),--upgrade) pyproject.toml --group build

.DEFAULT_GOAL := help
SEED ?= 1
EXAMPLES ?= 1
SECONDS ?= 240
STORE ?= sqlite

.PHONY: help install up demo test chaos check format bench bench-full screenshots lock

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(TOOLS) $(ASSETS) ## create .venv and install what is pinned, the tools of tests and checks too

up: $(INSTALLED) $(ASSETS) ## run the whole engine in the foreground; Ctrl-C stops it
	@exec $(BIN)/sla up --with-parent

demo: $(INSTALLED) ## a minute-long show: policies, generated tickets, milestones arriving
	@exec $(BIN)/sla demo

test: $(TOOLS) $(ASSETS) ## run every test; EXAMPLES=10 tries properties on ten times as many
	@# Two processes for each of two cores, half of them for what waits more than it works: tests/support/scheduling.py.
	@# Compiled files are kept, whatever the environment says: every engine that a test starts would compile itself.
	PYTHONDONTWRITEBYTECODE= EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

chaos: $(TOOLS) ## kill and stall the engine under load; SEED=1 SECONDS=240 STORE=sqlite or postgres
	@exec $(BIN)/python -m tests.chaos --seed $(SEED) --seconds $(SECONDS) --store $(STORE)

check: $(TOOLS) ## formatting, lint, strict types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(TOOLS) ## format the code and sort its imports
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: $(TOOLS) ## what the engine costs, in one table; some ten minutes
	@exec $(BIN)/python -m bench

bench-full: $(TOOLS) ## the same with lists and summaries over 200,000 instances
	@exec $(BIN)/python -m bench --full

screenshots: $(TOOLS) $(ASSETS) ## take the pictures of the board in docs/screenshots again; needs Chromium
	@exec $(BIN)/python -m tests.web.screenshots

lock: $(TOOLS) ## pin the dependencies again; UPGRADE=1 takes newer ones
	$(COMPILE) --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11 \
		--no-deps --group pyproject.toml:assets --output-file requirements-assets.txt
	$(COMPILE) --group dev --all-extras --constraint requirements.txt --output-file requirements-dev.txt

$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@echo "installing what is pinned into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(TOOLS): requirements-dev.txt $(INSTALLED)
	@echo "installing the tools of tests and checks into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

$(ASSETS): package-lock.json web/build_assets.py requirements-assets.txt | $(INSTALLED)
	@# Without them the engine runs all the same, and its board does not move.
	@$(BIN)/python -m web.build_assets && touch $@ || echo "the board stays without its scripts; the next make tries again"
