# Two commands for a machine that has Python 3.11 to 3.13 and make:
#   make run    listen to the bundled excerpt
#   make test   check everything
# The other targets are for developers: `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11

.PHONY: help run setup serve setup-training baselines test test-fast test-arm64 cost-arm64 check format model bench screenshot examples reference lock wheels clean

define NEXT

The command is $(BIN)/paces-live, in this folder. Try it:

  $(BIN)/paces-live                    listen to the microphone
  $(BIN)/paces-live play ~/Music       play your music
  $(BIN)/paces-live doctor             what works, and how to fix the rest

To type paces-live alone, everywhere: pipx install . && pipx ensurepath
endef
export NEXT

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

# Ctrl-C ends the demo, not the recipe: what to type next is shown in any case.
run: $(VENV)/live.stamp ## set up, show the paces of two bundled songs, and say what to type next
	@trap : INT; $(BIN)/paces-live demo; status=$$?; echo "$$NEXT"; exit $$status

setup: $(VENV)/live.stamp ## set up the program, and run nothing
	@echo "$$NEXT"

serve: $(VENV)/serve.stamp ## set up the server, and serve two bundled songs to browsers on this machine
	@trap : INT; $(BIN)/paces-live serve --input demo

setup-training: $(VENV)/dev.stamp ## set up training: its Python packages, and as root what renders music
	@sh requirements/debian.sh training
	@echo "Ready: $(BIN)/python -m training --help"

baselines: $(patsubst requirements/baselines/%.txt,.venv-baselines/%/stamp,$(wildcard requirements/baselines/*.txt)) ## set up other programs for python -m training benchmark

test: $(VENV)/dev.stamp .venv-tflite/stamp ## set up everything, then run every check and test
	@sh requirements/debian.sh test
	$(MAKE) check
	$(BIN)/python -m pytest --cov

test-fast: $(VENV)/dev.stamp ## test the live package in under a minute, without sound servers
	$(BIN)/python -m pytest -m "not slow and not sound" --ignore tests/training --ignore tests/benchmarks --ignore tests/tools --ignore tests/docs

check: $(VENV)/dev.stamp ## check style, format, types and imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/dev.stamp ## format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test-arm64: $(VENV)/dev.stamp ## run on an emulated arm64 Debian and compare with this machine (needs root)
	@sh requirements/debian.sh arm64
	$(BIN)/python -m tools.arm64

cost-arm64: $(VENV)/dev.stamp ## the same, then estimate the cost on each Raspberry Pi: docs/arm64.md (needs root)
	@sh requirements/debian.sh arm64
	@sh requirements/debian.sh qemu
	$(BIN)/python -m tools.arm64 --cost docs/arm64.md

model: $(VENV)/dev.stamp ## train from nothing and replace the model in models/ (takes an hour)
	@sh requirements/debian.sh training
	$(BIN)/python -m training corpus --songs 1200
	$(BIN)/python -m training megabatch
	$(BIN)/python -m training train --seed 4
	$(BIN)/python -m training export
	$(BIN)/python -m training evaluate
	$(BIN)/python -m training ship

bench: $(VENV)/dev.stamp ## measure the cost of the live path and of other programs: docs/cost.md
	$(BIN)/python -m benchmarks $(if $(BASELINES),--baselines $(BASELINES))

screenshot: $(VENV)/dev.stamp ## draw the pictures of the terminal UI and of the phone page in docs/
	$(BIN)/python -m tools.screenshot
	$(BIN)/python -m tools.page_screenshots

examples: $(VENV)/dev.stamp ## update the examples in README.md and docs/ from real output
	$(BIN)/python -m tools.examples

reference: $(VENV)/dev.stamp ## build the reference of the public Python names: build/reference
	$(BIN)/python -m tools.reference

lock: ## lock the requirements (needs uv); keeps the versions that still fit
	$(COMPILE) pyproject.toml --group build -o requirements/live.txt
	$(COMPILE) pyproject.toml --extra serve --extra mqtt --extra bluetooth --group build -o requirements/serve.txt
	$(COMPILE) pyproject.toml --extra training --extra cluster --extra serve --extra mqtt --extra bluetooth --extra watch --group build --group dev -o requirements/dev.txt
	$(COMPILE) requirements/tflite-runtime.in -o requirements/tflite-runtime.txt

wheels: $(VENV)/dev.stamp ## check that every locked package has a wheel for 64-bit Raspberry Pi OS
	$(BIN)/python -m tools.arm64.lock

clean: ## remove environments and caches, but not .work
	rm -rf $(VENV) .venv-tflite .venv-baselines .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage

$(VENV)/bin/python:
	@sh requirements/debian.sh venv $(PYTHON)
	$(PYTHON) -m venv $(VENV)

$(VENV)/live.stamp: requirements/live.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/live.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/serve.stamp: requirements/serve.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/serve.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/live.stamp

$(VENV)/dev.stamp: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/live.stamp $(VENV)/serve.stamp

# The older runtime, for 32-bit systems, needs an older numpy and so its own environment. It has no wheel for Python 3.12
# and newer: its test is skipped there.
.venv-tflite/stamp: requirements/tflite-runtime.txt | $(VENV)/bin/python
	@mkdir -p .venv-tflite
	@if $(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 12))'; then \
		$(PYTHON) -m venv .venv-tflite && \
		.venv-tflite/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/tflite-runtime.txt; \
	else echo "tflite-runtime has no wheel for this Python: its test is skipped"; fi
	@touch $@

# Each of the other programs needs versions of its own, so its own environment. Some have no wheel for every Python: what
# cannot be installed is named by the page of the benchmark, and stops nothing. madmom is built from its source, whose C
# files are too old for this Python and made again by Cython.
.venv-baselines/%/stamp: requirements/baselines/%.txt | $(VENV)/bin/python
	@rm -rf .venv-baselines/$*
	@$(PYTHON) -m venv .venv-baselines/$*
	@pip=".venv-baselines/$*/bin/python -m pip --disable-pip-version-check --quiet install"; \
	build=requirements/baselines/$*.build; \
	if [ -f $$build ]; then $$pip -r $$build && CYTHON_FORCE_REGEN=1 $$pip --no-build-isolation -r $<; else $$pip -r $<; fi \
		&& touch $@ || { rm -rf .venv-baselines/$*; echo "$* cannot be installed with $(PYTHON): the benchmark goes without it"; }
