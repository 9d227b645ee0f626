# One word each; every target sets up what it needs.
.PHONY: help setup demo test lint unit explore deep breadth bench lock clean
PYTHON ?= python3
BIN := .venv/bin

help:            ## what each target does
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup:           ## everything, in .venv
	@PYTHON="$(PYTHON)" sh scripts/setup.sh

demo: setup      ## the main job, with no account
	@$(BIN)/python examples/01-first-deployment/demo.py

lint: setup      ## style, types, import contracts, generated docs, links
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/check_docs.py

test: setup      ## what CI runs: lint, beside every test
	@sh scripts/test.sh

unit: setup      ## the quick loop: no processes, no Docker
	$(BIN)/pytest tests/unit tests/property -q

explore: setup   ## the laws, with examples that CI has not seen
	$(BIN)/pytest -n 2 -q -k "not budget" tests/property tests/unit tests/runtime \
		--hypothesis-profile explore

deep: setup      ## tests of PyTorch and TensorFlow models (large downloads)
	sh scripts/deep.sh

breadth: setup   ## the table of what converts: docs/breadth.md (half an hour)
	$(BIN)/python -W ignore -m tests.breadth

bench: setup     ## the tables of docs/benchmarks.md
	$(BIN)/python -m benchmarks

lock: setup      ## resolve the development lock again
	sh scripts/lock.sh && PATH="$(CURDIR)/$(BIN):$$PATH" sh github-actions/lock.sh

clean:           ## remove what the targets made
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
