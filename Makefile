# Everything runs in .venv, which `make install` makes and keeps up to date.

PYTHON ?= python3
PORT ?= 5000
ARGS ?=
BENCHMARK ?= worker_drain
EXTRAS := test,dev,reference,celery,redis,postgresql,mysql

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

export PORT

# pip and Chromium write below HOME: where there is none, they get a place of ours.
ifeq ($(and $(HOME),$(wildcard $(HOME)/.)),)
export HOME := $(CURDIR)/$(VENV)/home
endif

.DEFAULT_GOAL := help
.PHONY: help install run test reliability benchmark lint type format docs clean distclean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

install: $(STAMP)  ## make .venv and install the package with everything its tests need

$(STAMP): setup.cfg pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "flask-waapi needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make install PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@mkdir -p "$$HOME"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$(EXTRAS)]"
	@touch $@

run: install  ## start the reference app on http://127.0.0.1:$PORT
	@exec $(BIN)/python -m reference_app

test: install  ## run the tests; at the end: which were left out, and why
	@$(BIN)/python -m pytest $(ARGS)

reliability: install  ## kill, cut and stop processes while messages go through: a table of verdicts
	@PYTHONPATH=tests $(BIN)/python -m reliability $(ARGS)

benchmark: install  ## measure how fast workers send; BENCHMARK=callbacks or dashboard_pages: reports, pages
	@PYTHONPATH=tests:benchmarks $(BIN)/python benchmarks/$(BENCHMARK).py $(ARGS)

lint: install  ## ruff: rules and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

type: install  ## mypy, strict
	@$(BIN)/mypy

format: install  ## mend what ruff can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: install  ## write the pages again that are made from the code
	@mkdir -p docs
	@$(BIN)/flask --app reference_app waapi settings --markdown > $(VENV)/settings.md
	@mv $(VENV)/settings.md docs/settings.md
	@$(BIN)/flask --app reference_app waapi message-types > $(VENV)/message-types.md
	@mv $(VENV)/message-types.md docs/message-types.md
	@$(BIN)/python -m waapi_cloud.error_page > $(VENV)/errors.md
	@mv $(VENV)/errors.md docs/errors.md

clean:  ## remove what builds and tests leave behind
	rm -rf build dist *.egg-info .tox .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -print | xargs rm -rf

distclean: clean  ## the same, and .venv
	rm -rf $(VENV)
