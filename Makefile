# Every recipe is a call of a tool; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
CHECKS := $(VENV)/checks
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq

.DEFAULT_GOAL := help
.PHONY: help up up-docker down image load image-docker image-digest push deploy sync release web-identity reproduce sbom licenses diff fetch lock lock-check verify-lock upgrade verify audit \
	check check-reports test lint types integration integration-as-root projects screenshot runner format docs prune clean \
	bench bench-image bench-layers bench-check bench-health bench-runtime bench-push bench-sync bench-verify

help: ## list what make can do
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
	|| sed -nE 's/^([a-z-]+):.*## (.*)/  make \1  \2/p' $(MAKEFILE_LIST)

image: $(READY) ## compose the image into build/image and print its digest
	@$(BIN)/airlock image

load: $(READY) ## compose the image and load it into the Docker Engine
	@$(BIN)/airlock image --load

image-docker: $(READY) ## build image/Dockerfile with BuildKit and load it as NAME:docker
	@$(BIN)/airlock context
	@docker buildx bake --file build/docker/docker-bake.json

sbom: $(READY) ## write the bill of materials of the image into build/papers
	@$(BIN)/airlock sbom

licenses: $(READY) ## list the licences of all packages, and refuse those that pyproject.toml denies
	@$(BIN)/airlock licenses

diff: $(READY) ## say, as Markdown, what this work tree's locks change against SINCE (origin/main)
	@$(BIN)/airlock diff git:$(or $(SINCE),origin/main) . --markdown

push: $(READY) ## push the image and its papers to [tool.airlock.push] repository (DRY_RUN=1; PUSH="--scan")
	@$(BIN)/airlock push $(if $(DRY_RUN),--dry-run) $(PUSH)

deploy: $(READY) ## let the services of [tool.airlock.deploy] run the image that was pushed (DRY_RUN=1; DEPLOY="--force")
	@$(BIN)/airlock deploy $(if $(DRY_RUN),--dry-run) $(DEPLOY)

sync: $(READY) ## publish dags/ as a release to [tool.airlock.sync] to (DRY_RUN=1; SYNC="--wait")
	@$(BIN)/airlock sync $(if $(DRY_RUN),--dry-run) $(SYNC)

release: ## do what the release workflow does: test, image, reproduce, check, push, deploy, sync (DRY_RUN=1 writes nothing anywhere)
	@$(MAKE) test && $(MAKE) image && $(MAKE) reproduce && $(MAKE) check
	@$(MAKE) push PUSH="$(or $(PUSH),--scan)" && $(MAKE) deploy && $(MAKE) sync SYNC="$(or $(SYNC),--wait)"

image-digest: $(READY) # of the image that is composed, as a job of GitHub Actions hands it on
	@digest=$$($(BIN)/airlock image) && echo "digest=$$digest"

web-identity: $(READY) # of a job of GitHub Actions, which boto3 takes its role with
	@$(BIN)/python -m airlock.web_identity

reproduce: $(READY) ## build the image twice, in two worlds, and compare
	@$(BIN)/airlock reproduce

fetch: $(READY) ## fill the store, so that everything later works without a network
	@$(BIN)/airlock fetch

lock: $(READY) ## resolve constraints/*.in into locks
	@$(BIN)/airlock lock
	@$(BIN)/airlock --project lab lock

lock-check: $(READY) ## fail where a lock no longer follows from its intent
	@$(BIN)/airlock lock --check
	@$(BIN)/airlock --project lab lock --check

verify-lock: $(READY) ## fail where pip-tools, from the store alone, does not arrive at the lock's pins
	@$(BIN)/airlock lock --verify

upgrade: $(READY) ## move everything that is locked to its newest version
	@$(BIN)/airlock lock --upgrade
	@$(BIN)/airlock --project lab lock --upgrade

verify: $(READY) ## judge the deployment that infra/example makes, before it is applied (FORM="--format github")
	@$(BIN)/airlock verify --terraform infra/example $(FORM)

audit: $(READY) ## list the known vulnerabilities of what is locked (FORM=--markdown or --json)
	@$(BIN)/airlock audit $(FORM)

check: $(READY) ## check that every DAG parses in the image, without a network (FORM="--format github")
	@$(BIN)/airlock check $(FORM)

check-reports: $(READY) ## write into build/check what CI shows of it: SARIF, also as GitHub takes it, and Markdown
	@$(BIN)/airlock -q check --fail-on none --format sarif --output build/check/dags.sarif
	@$(BIN)/airlock -q check --fail-on none --format markdown --output build/check/dags.md
	@gzip -nc build/check/dags.sarif | base64 -w 0 >build/check/dags.sarif.gz.base64

test: $(CHECKS) ## compose the image, and run the tests that need no Docker: dags/ parse in it, and toolchain and image code
	@echo "the tests that need Docker and the real packages are run by: make integration" >&2
	@$(BIN)/airlock image >/dev/null
	@$(BIN)/python -m pytest --airlock-check

integration: $(CHECKS) ## run the tests with real parts: the real store, a Docker Engine, skopeo, Chromium; some want root
	@$(BIN)/python -m pytest tests/integration

integration-as-root: $(CHECKS) ## the same as root, for the tests that enter containers' networks (uses sudo)
	@sudo --preserve-env env "PATH=$$PATH" $(MAKE) integration; code=$$?; \
	sudo chown -R "$$(id -u):$$(id -g)" . "$${AIRLOCK_CACHE:-$$HOME/.cache/airlock}"; exit $$code

projects: $(CHECKS) ## take big projects of other people from `airlock init` to a running image; wants what integration does
	@$(BIN)/python -m pytest tests/integration -m projects

up: $(READY) ## bring the whole of Airflow up on this machine, without a network; needs neither Docker nor root
	@$(BIN)/airlock up

up-docker: $(READY) ## the same in containers: PostgreSQL, a Celery worker, and each service in one of its own
	@$(BIN)/airlock up --docker

down: $(READY) ## end what `make up` began, and leave nothing of it
	@$(BIN)/airlock down

bench-layers: $(CHECKS) ## replay the layer plan over a history of locks
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.layers

screenshot: $(CHECKS) ## take docs/images/ui.png anew, of the whole on a network with no way out; wants root and Chromium
	@AIRLOCK_TEST_SCREENSHOT=docs/images/ui.png $(BIN)/python -m pytest tests/integration/test_no_way_out.py

runner: ## prepare a CI machine for `make integration` (uses sudo)
	sudo sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=0
	sudo apt-get update -qq && sudo apt-get install -y -qq skopeo busybox-static docker-registry chromium debian-archive-keyring
	@# a mirror of the AWS provider, from which tests run Terraform without a network
	if command -v terraform; then terraform -chdir=infra/modules/network providers mirror ~/.terraform.d/plugins; fi

bench: bench-layers bench-image bench-runtime ## run every benchmark (docs/benchmarks/)

bench-image: $(CHECKS) ## measure building the image against BuildKit; wants a Docker Engine, and takes half an hour
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.image

bench-check: $(CHECKS) ## measure checking DAGs against Airflow's own parsing; wants the image in build/image, a quarter of an hour
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.check

bench-health: $(CHECKS) ## measure health checks against Airflow's own; wants a Docker Engine, the image and the lab's
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.health

bench-runtime: $(CHECKS) ## measure starts, health checks and idle services; wants a Docker Engine, and takes a quarter of an hour
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.runtime

bench-push: $(CHECKS) ## measure pushing against docker, skopeo and BuildKit's cache; wants a Docker Engine, skopeo, docker-registry
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.push

bench-sync: $(CHECKS) ## measure bringing DAGs to S3 and back against aws s3 sync, s3cmd, rclone and S3DagBundle; wants the image, s3cmd, rclone, half an hour
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.sync $(BENCH)

bench-verify: $(CHECKS) ## put faults into the example and look for them beside Checkov; wants Terraform, a mirror of its AWS provider, checkov, half an hour
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.verify

lint: $(CHECKS) ## check style and formatting
	@$(BIN)/ruff check && $(BIN)/ruff format --check

types: $(CHECKS) ## check types
	@$(BIN)/mypy

format: $(CHECKS) ## format the code
	@$(BIN)/ruff check --fix && $(BIN)/ruff format

docs: $(CHECKS) ## write what is made of the code: docs/reference.md, checks.md, rules.md, infra/**/README.md, the costs' plot
	@$(BIN)/python -m airlock.reference >docs/reference.md
	@$(BIN)/python -m airlock_spec.check.catalogue >docs/checks.md
	@$(BIN)/python -m airlock.verify.catalogue >docs/rules.md
	@$(BIN)/python -m airlock_spec.endpoint_table >infra/modules/endpoints/table.json
	@$(BIN)/python -m airlock.terraform_docs
	@for form in svg png; do $(BIN)/airlock -q cost --azs 3 --endpoints 6 --no-addresses --plot docs/images/costs.$$form >/dev/null; done

prune: $(READY) ## remove from the store and the caches what was not used for two days
	@$(BIN)/airlock cache prune --store --older-than 2d

clean: ## remove results and the environment (not the store and caches)
	rm -rf build $(VENV)

$(READY): constraints/toolchain.lock pyproject.toml scripts/airlock_spec/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("airlock needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	@echo "preparing $(VENV) from constraints/toolchain.lock" >&2
	@$(PYTHON) -m venv $(VENV)
	@sed '/^# development:/,$$d' constraints/toolchain.lock >$(VENV)/toolchain.txt
	@$(PIP) --require-hashes -r $(VENV)/toolchain.txt >&2
	@$(PIP) --no-index --no-deps --no-build-isolation -e scripts/airlock_spec -e . >&2
	@touch $@

$(CHECKS): $(READY)
	@echo "adding what tests and checks need to $(VENV)" >&2
	@$(PIP) --require-hashes -r constraints/toolchain.lock >&2
	@touch $@
