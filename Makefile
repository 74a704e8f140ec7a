# `make help` lists what there is. Needs make and Python 3.11, 3.12 or 3.13; the rest goes to .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test pytest lint lock clean

# handed over in the environment, so that blanks and quotes in a path do no harm
export AUDIO PYTHON

BIN := .venv/bin
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header --no-annotate --quiet

help:
	@echo "make run              start Verbatim on http://127.0.0.1:8000 (PORT=8001: another port)"
	@echo "make run AUDIO=file   and transcribe this recording"
	@echo "make setup            only install, into .venv (PYTHON=python3.12: with this Python)"
	@echo "make test             lint, then all tests"
	@echo "make pytest           the tests alone (PYTEST='-k words': some of them)"
	@echo "make lint             formatting, lint and types"
	@echo "make lock             choose the newest allowed packages: writes both lock files"
	@echo "make clean            remove .venv and caches; the data in var/ stays"

setup:
	@sh .ci/setup requirements.lock

setup-dev:
	@sh .ci/setup requirements-dev.lock

run: setup
	@exec $(BIN)/python -m speech_project.serve $(if $(AUDIO),"$$AUDIO")

test: lint pytest

pytest: setup-dev
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

lint: setup-dev
	@$(BIN)/ruff format --check --quiet . || { echo "Run '$(BIN)/ruff format .' to fix that."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary .

lock: setup-dev
	@$(LOCK) --upgrade --output-file requirements.lock
	@$(LOCK) --upgrade --group dev --output-file requirements-dev.lock
	@echo "Written. Run 'make test', then commit both files."

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache staticfiles
	@find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +
