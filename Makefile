# make demo | run | test | check | bench   (needs git, make and Python 3.11 or newer; `.venv` is made here)
PYTHON ?= python3
BIN := .venv/bin
UV ?= uv
export GEOOFFERS_SANDBOX ?= 1

.PHONY: demo run test check bench lock clean

.venv/runtime: requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/dev: requirements-dev.lock | .venv/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

test: .venv/dev
	$(BIN)/python -m pytest $(ARGS)

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

# Both locks: hashes for every platform, no host names.
LOCK := pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --quiet --python-version 3.11
lock:
	$(UV) $(LOCK) --output-file requirements.lock
	$(UV) $(LOCK) --group dev --output-file requirements-dev.lock
