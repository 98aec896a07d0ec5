# make demo: the playground, in a browser.  make test: the tests.  make lint: style, types, import contracts.
# make test PYTEST=--cov: the tests with branch coverage, which takes half as long again.

PYTHON ?= python3.11
VENV := .venv
STAMP := $(VENV)/.installed

.PHONY: demo test test-postgres test-browser attack bench lint format lock catalogue clean

demo: $(STAMP)
	$(VENV)/bin/peermentor demo

test: $(STAMP)
	$(VENV)/bin/pytest -n auto -m "not browser" $(PYTEST)

# The same on PostgreSQL: the server of PEERMENTOR_TEST_DATABASE_URL, or one at 127.0.0.1:5432 that takes the user
# postgres. The role must be allowed to create databases; what the tests make there begins with peermentor_test_.
test-postgres: $(STAMP)
	PEERMENTOR_TEST_ON=postgresql $(VENV)/bin/pytest -n auto -m "not browser" $(PYTEST)

# The playground and the report in Chromium: the one that CHROMIUM names, or that of the path; without one they are
# skipped. AXE_CORE names the file axe.min.js of axe-core, for the tests of accessibility, and SCREENSHOTS another folder
# than screenshots for pictures of what the tests saw.
test-browser: $(STAMP)
	SCREENSHOTS=$${SCREENSHOTS-screenshots} $(VENV)/bin/pytest -n auto --dist worksteal -m browser $(PYTEST)

# Attacks on what is released, over simulated programmes: a table, and JSON in the file that JSON= names.
attack: $(STAMP)
	$(VENV)/bin/python -m tests.attacks

# Measurements against their limits: a table, and JSON in the file that JSON= names.
bench: $(STAMP)
	$(VENV)/bin/python -m tests.bench

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(STAMP)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# Resolves the newest versions that pyproject.toml allows, with hashes.
lock: $(STAMP)
	$(VENV)/bin/pip install --quiet pip-tools
	$(VENV)/bin/pip-compile --quiet --upgrade --extra dev --all-build-deps --generate-hashes --allow-unsafe \
		--no-emit-index-url --no-emit-find-links --strip-extras --output-file requirements.lock pyproject.toml

# Collects the texts for translators.
catalogue: $(STAMP)
	$(VENV)/bin/pybabel --quiet extract --keywords marked --keywords NotRead:2 --no-location --sort-output --omit-header \
		--output bot/locale/peermentor.pot bot

clean:
	rm -rf $(VENV) peermentor-demo.sqlite3*

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements.lock
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(STAMP)
