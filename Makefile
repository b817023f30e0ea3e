# Two commands do everything: `make demo` and `make test`. They need Python >= 3.11 (venv, pip), make and git.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
UV := .tools/uv/bin/uv
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11

unexport PYTHONDONTWRITEBYTECODE
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help setup devnet demo test chaos bench lint format types imports names contracts lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

setup: ## install uv, the locked packages and dao-bot into .venv
	@$(PYTHON) scripts/bootstrap.py

devnet: setup
	@$(BIN)/python -m dao_bot.devnet

demo: setup ## a treasury on a local chain rebalances itself, from strategies.yaml to the executed transaction
	@$(BIN)/dao-bot demo $(ARGS)

test: devnet ## the whole test suite; ARGS="-k safe" selects
	$(BIN)/python -m pytest -n 4 --dist worksteal $(ARGS)

chaos: devnet ## the tests that take long: random kills, long fuzzing
	$(BIN)/python -m pytest -m chaos $(ARGS)
	DAO_BOT_EXAMPLES_TIMES=20 $(BIN)/python -m pytest tests/property $(ARGS)

bench: devnet ## the benchmarks, as JSON lines
	@set -e; export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1; for file in benchmarks/bench_*.py; do \
	  $(BIN)/python -m "benchmarks.$$(basename $$file .py)" $(ARGS); done

lint: setup ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: setup ## let ruff rewrite the files
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: setup ## mypy, strict
	$(BIN)/mypy

imports: setup ## who may import whom
	$(BIN)/lint-imports --no-logo

names: setup ## no tracked file names a package registry or a directory of one machine
	$(BIN)/python scripts/check_tracked_files.py

contracts: setup ## compile the test contracts of the devnet
	$(BIN)/python scripts/compile_contracts.py

lock: setup ## bring every lock file up to date with what is asked for; ARGS=--upgrade takes newer versions
	$(COMPILE) --custom-compile-command "make lock" pyproject.toml --group dev -o requirements.lock $(ARGS)
	$(COMPILE) --custom-compile-command "make lock" pyproject.toml --constraint requirements.lock --no-annotate \
	  -o deploy/requirements.lock
	$(BIN)/python scripts/lock_tools.py $(ARGS)

clean: ## remove everything that was installed or made here, but not the cache in the home directory
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
