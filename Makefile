# Two commands to know: `make demo` shows the program at work, `make test` proves it. `make help` lists the rest.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := postal_service carriers notifications config run.py tests scripts

.PHONY: help setup demo test check bench format migration lock

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: ## install everything that is needed, locked; starts nothing
	@PYTHON=$(PYTHON) sh scripts/setup.sh

demo: setup ## run the program with sample data on http://127.0.0.1:8080
	@$(BIN)/python run.py demo

test: setup ## run the whole suite on SQLite and PostgreSQL
	@$(BIN)/pytest -n 2 --dist loadfile

check: setup ## lint, types, import directions
	@$(BIN)/ruff check $(PACKAGES)
	@$(BIN)/ruff format --check $(PACKAGES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup ## measure; a table here and var/bench.json
	@$(BIN)/python -m tests.bench

format: ## let ruff format and fix what it can
	@$(BIN)/ruff check --fix $(PACKAGES)
	@$(BIN)/ruff format $(PACKAGES)

migration: ## write the next schema step from the tables' present form: make migration NAME=what_changes
	@$(BIN)/python -m scripts.make_migration $(NAME)

lock: ## write the lock files anew: versions and hashes, no addresses
	@$(BIN)/pip install --quiet uv
	@for part in requirements requirements-dev requirements-postgres; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    $$part.in -o $$part.lock; done
