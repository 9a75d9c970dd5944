# Every recipe is a call of a tool; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.DEFAULT_GOAL := help
.PHONY: help image load fetch lock lock-check run test lint types integration format docs clean

help: ## list what make can do
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
	|| sed -nE 's/^([a-z-]+):.*## (.*)/  make \1  \2/p' $(MAKEFILE_LIST)

image: $(READY) ## compose the image into build/image and print its digest
	@$(BIN)/airlock image

load: $(READY) ## compose the image and load it into the Docker Engine
	@$(BIN)/airlock image --load

fetch: $(READY) ## fill the store, so that everything later works without a network
	@$(BIN)/airlock fetch

lock: $(READY) ## resolve constraints/*.in into locks
	@$(BIN)/airlock lock

lock-check: $(READY) ## fail where a lock no longer follows from its intent
	@$(BIN)/airlock lock --check

test: $(READY) ## run the tests that need neither network nor Docker
	@echo "the tests that need Docker and the real packages are run by: make integration" >&2
	@$(BIN)/python -m pytest

integration: $(READY) ## run the tests with real parts: the real store, a Docker Engine, skopeo
	@$(BIN)/python -m pytest tests/integration

runner: ## prepare a CI machine for `make integration` (uses sudo)
	sudo sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=0
	sudo apt-get update -qq && sudo apt-get install -y -qq skopeo busybox-static

lint: $(READY) ## check style and formatting
	@$(BIN)/ruff check && $(BIN)/ruff format --check

types: $(READY) ## check types
	@$(BIN)/mypy

format: $(READY) ## format the code
	@$(BIN)/ruff check --fix && $(BIN)/ruff format

docs: $(READY) ## write docs/reference.md from the commands' help
	@$(BIN)/python -m airlock.reference >docs/reference.md

clean: ## remove results and the environment (not the store and caches)
	rm -rf build $(VENV)

$(READY): constraints/toolchain.lock pyproject.toml scripts/airlock_spec/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("airlock needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	@echo "preparing $(VENV) from constraints/toolchain.lock" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip --disable-pip-version-check install -qq --require-hashes -r constraints/toolchain.lock >&2
	@$(BIN)/python -m pip --disable-pip-version-check install -qq --no-index --no-deps --no-build-isolation -e scripts/airlock_spec -e . >&2
	@touch $@
