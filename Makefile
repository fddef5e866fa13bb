# make demo | run | test | check | bench      Needs git, make and Python 3.11 or newer; `.venv` is made here.
PYTHON ?= python3
BIN := .venv/bin
UV ?= uv
# What is typed in this folder runs in the sandbox: public keys, and a look-alike in Firebase's place.
export GEOOFFERS_SANDBOX ?= 1

.PHONY: demo run test test-sqlite soak check openapi-lint bench lock

.venv/runtime: requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/dev: requirements-dev.lock | .venv/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The main job by itself, told line by line, then served. ONCE=1 stops after the story; TRACK=file.gpx walks a recorded track.
demo: .venv/runtime
	@rm -rf var/demo
	@DATABASE_URL=sqlite:///$(CURDIR)/var/demo/geooffers.sqlite3 \
		$(BIN)/python manage.py demo $(if $(ONCE),--once) $(if $(TRACK),--track "$(TRACK)")

# Web, worker and sandbox on loopback with a database of their own under var/, kept from run to run.
run: .venv/runtime
	@$(BIN)/python manage.py runall

# Once on PostgreSQL, and what is marked `both` on SQLite too; where no PostgreSQL is found, all of it on SQLite.
# SLOW=1 also runs what takes more than five seconds, as continuous integration does. ARGS go to pytest.
NOT_SLOW := $(if $(SLOW),,and not slow)
# In the order in which pytest-django puts them: a test that commits empties the tables at its end, also of what the
# migrations wrote, so all of these come last in each process. No other --dist keeps that.
PYTEST := $(BIN)/python -m pytest -n auto
test: .venv/dev
	@url=$$($(BIN)/python .ci/find-postgresql); set -e; \
	if [ -n "$$url" ]; then \
		echo "The tests on PostgreSQL ($$url):"; \
		DATABASE_URL=$$url $(PYTEST) -m "not sqlite $(NOT_SLOW)" $(ARGS); \
		echo "Those marked 'both' on SQLite:"; \
		env -u DATABASE_URL $(PYTEST) -m "(both or sqlite) $(NOT_SLOW)" $(ARGS); \
	elif [ -n "$$REQUIRE_SERVICES" ]; then \
		echo "REQUIRE_SERVICES=1 and no PostgreSQL"; exit 1; \
	else \
		$(MAKE) --no-print-directory test-sqlite; \
		echo "!!! Nothing ran on PostgreSQL: none was found. Set DATABASE_URL_FOR_TESTS. !!!"; \
	fi

# All of them on SQLite.
test-sqlite: .venv/dev
	env -u DATABASE_URL $(PYTEST) $(if $(SLOW),,-m "not slow") $(ARGS)

# Drawn orders of withdrawals, pauses, erasures, reports, claims and redemptions on PostgreSQL: twenty times as many as
# `make test` plays; and fifty times as many events for followers to read. RACE_SEED=… plays those of a seed again.
soak: .venv/dev
	@url=$$($(BIN)/python .ci/find-postgresql); \
	test -n "$$url" || { echo "a soak needs PostgreSQL: set DATABASE_URL_FOR_TESTS"; exit 1; }; \
	DATABASE_URL=$$url RACE_RUNS=$${RACE_RUNS:-10000} RACE_EVENTS=$${RACE_EVENTS:-100000} \
		$(BIN)/python -m pytest -n auto --timeout 3600 tests/races/test_interleavings.py tests/races/events $(ARGS)

check: .venv/dev openapi-lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	GEOOFFERS_SANDBOX=0 GEOOFFERS_SECRET_KEY=$$($(BIN)/python -c "import secrets; print(secrets.token_urlsafe(64))") \
	GEOOFFERS_CODE_KEYS=check:$$($(BIN)/python -c "import secrets; print(secrets.token_hex(32))") \
	GEOOFFERS_TOMBSTONES=var/tombstones \
	GEOOFFERS_TOMBSTONE_KEYS=check:$$($(BIN)/python -c "import secrets; print(secrets.token_hex(32))") \
	GEOOFFERS_DATA_KEYS=check:$$($(BIN)/python -c "import secrets; print(secrets.token_hex(32))") \
	GEOOFFERS_ALLOWED_HOSTS=offers.example GOOGLE_APPLICATION_CREDENTIALS=service-account.json \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

# redocly's recommended rules on the exported document; needs Node.js, and says so when there is none.
openapi-lint: .venv/dev
	@.ci/openapi-lint $(BIN)/python

bench: .venv/dev
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/zones.py
	$(BIN)/python benchmarks/matching.py
	$(BIN)/python benchmarks/many_fences.py
	$(BIN)/python benchmarks/visits.py
	$(BIN)/python benchmarks/spoofing.py
	$(BIN)/python benchmarks/sleeping.py
	$(BIN)/python benchmarks/first_paint.py

# Both locks: hashes for every platform, no host names.
LOCK := pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --quiet --python-version 3.11
lock:
	$(UV) $(LOCK) --extra fast --output-file requirements.lock
	$(UV) $(LOCK) --extra fast --extra plot --group dev --output-file requirements-dev.lock
