# Gongyuan 贡院. `make demo` runs the exam day, `make test` runs every test. `make help` lists all.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv/bin
PY := $(VENV)/python
NODE := $(PY) -m setup.node
PYTEST := $(VENV)/pytest
CODE := kernel paper ledger item_bank proctor server practice migrations setup tests
# Two of these files run at once. The journeys wait for people and clocks more than they compute: two
# of them at once as well, but beside nothing else. The faults bound times and want the machine alone.
SIDE_BY_SIDE := tests/unit tests/architecture tests/vectors tests/integration tests/mutations
JOURNEYS := tests/e2e
ALONE := tests/faults tests/load
TWO := --numprocesses 2 --dist loadfile

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

# --- set-up -------------------------------------------------------------------------------------
.PHONY: setup setup-tests lock
setup: ## bring everything the product needs (Python packages, models, font, client); once
	@$(PYTHON) -m setup environment
	@$(PY) -m setup models fonts client

setup-tests: ## and what only the tests need (Chromium, also 109, a Chinese screen font, dlib)
	@$(PYTHON) -m setup browser & browser=$$!; \
	$(MAKE) --no-print-directory setup; \
	wait $$browser
	@$(PY) -m setup oldest interop second-engine

lock: ## write the lock files anew from pyproject.toml
	@$(PY) -m setup.lock

# --- run ----------------------------------------------------------------------------------------
.PHONY: demo dev
demo: setup ## seed a whole world and serve it; ARGS="--port 8443"
	@exec $(VENV)/gongyuan demo $(ARGS)

dev: setup ## the demo's server, and the client rebuilt at every change
	@$(NODE) npm --prefix client run dev & client=$$!; \
	trap 'kill $$client 2>/dev/null || true' EXIT; \
	$(VENV)/gongyuan demo $(ARGS)

# --- check --------------------------------------------------------------------------------------
.PHONY: check checks format-check fmt lint types imports client-check openapi-check docker-lint unit integration e2e faults test
check: setup checks unit ## format, lint, types, imports, unit

# The client's checks beside the server's: two programs that have nothing in common.
checks: ## format, lint, types, imports, the client's own
	@$(MAKE) --no-print-directory client-check & client=$$!; \
	trap 'kill $$client 2>/dev/null || true' EXIT; \
	$(MAKE) --no-print-directory format-check lint types imports openapi-check; \
	wait $$client

fmt: ## format the code and mend what can be mended
	@$(VENV)/ruff check --fix-only --quiet $(CODE)
	@$(VENV)/ruff format $(CODE)
	@$(NODE) client format

format-check:
	@$(VENV)/ruff format --check $(CODE)

lint: ## ruff
	@$(VENV)/ruff check $(CODE)

types: ## mypy, strict, tests included
	@$(VENV)/mypy

imports: ## who may import whom
	@$(VENV)/lint-imports --no-cache

client-check: ## the client's own format, lint, types, imports and unit tests
	@$(NODE) client check

openapi-check:
	@$(PY) -m setup.openapi --check

docker-lint: ## hadolint over the Dockerfile
	@$(VENV)/hadolint --failure-threshold style Dockerfile

unit: ## pure rules and small parts
	@$(PYTEST) $(TWO) tests/unit tests/architecture

integration: ## services on SQLite and PostgreSQL
	@$(PYTEST) $(TWO) tests/integration

e2e: setup-tests ## the exam day in a real browser
	@$(PYTEST) $(TWO) $(JOURNEYS)

faults: setup ## kill -9, power cut, disk, clock, partition: a million acknowledged events (needs root, gcc)
	@GONGYUAN_FAULTS=full $(PYTEST) tests/faults --timeout 3600 $(ARGS)

test: setup-tests checks docker-lint ## everything CI runs
	@$(PYTEST) $(TWO) $(SIDE_BY_SIDE)
	@$(PYTEST) $(TWO) $(JOURNEYS)
	@$(PYTEST) $(ALONE)

# --- more ---------------------------------------------------------------------------------------
MUTATIONS := --positions 1000 --untouched 1000

.PHONY: bench load mutations vectors openapi screenshots clean
bench: setup ## the benchmarks, each beside its physical limit; ARGS=NAME
	@$(VENV)/gongyuan bench $(or $(ARGS),all)

load: setup ## the larger load and soak tests
	@$(PYTEST) tests/load -m load --timeout 3600

mutations: setup ## every attack on archives, 1,000 positions each; ARGS="--report FILE"
	@$(PY) -m tests.mutations.campaign $(MUTATIONS) $(ARGS)

vectors: setup ## check the byte formats against their published vectors
	@$(PYTEST) tests/vectors

openapi: setup ## write the API's description and the client's types anew
	@$(PY) -m setup.openapi

screenshots: setup-tests ## take the pictures of the READMEs anew
	@$(PYTEST) tests/e2e -m screenshots --timeout 600

clean: ## remove what builds and tests left; keeps data
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache \
	  test-results client/dist
	@find . -name __pycache__ -not -path './.venv/*' -not -path './client/*' -prune -exec rm -rf {} +
