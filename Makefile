# Every target sets up what it needs: a virtual environment with the exact versions of constraints.txt.
# A bare machine with Python 3.11 or newer and make is enough.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
EXTRAS := proof,cluster,test

# Where the full MNIST files lie (idx, gzip). Tests that need them skip by name where they are absent.
ifneq ($(wildcard ../shared/mnist),)
BACKPROOF_MNIST ?= $(abspath ../shared/mnist)
endif
ifneq ($(BACKPROOF_MNIST),)
export BACKPROOF_MNIST
endif

.DEFAULT_GOAL := help
.PHONY: help install test report fuzz clean

help:  ## list the targets
	@sed -n 's/^\([a-z][a-z]*\):.*  ## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

install: $(STAMP)  ## set up .venv only

test: $(STAMP)  ## ruff, mypy (strict on derive) and pytest
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n auto $(PYTEST_ARGS)

report: $(STAMP)  ## derive and verify everything, train LeNet briefly, write out/index.html
	$(BIN)/python -m reports report -o out

fuzz: $(STAMP)  ## feed every reader of text for FUZZ_SECONDS (60) each, guided by coverage
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	for reader in $$($(BIN)/python tools/fuzz.py --list); do \
	  $(BIN)/python tools/fuzz.py $$reader --seconds $${FUZZ_SECONDS:-60} || exit 1; done

clean:  ## remove .venv, out/ and caches
	rm -rf $(VENV) out build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find derive numeric reports tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# The constraints reach the build backend too: through PIP_CONSTRAINT in older pips, PIP_BUILD_CONSTRAINT in newer ones.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "$(PYTHON) is not Python 3.11 or newer, which backproof needs; name one: make PYTHON=python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
	  $(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]'
	@touch $@
