# Everything here needs a Python from 3.11 to 3.13 with venv, and make; nothing else.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& echo $$python && exit; done; echo python3)

BIN := .venv/bin
STAMP := .venv/.installed
PIP_OPTIONS := --quiet --disable-pip-version-check --retries 10 --timeout 180
# More processes than cores only get in each other's way.
# A file of tests goes to one process, which makes its runs and compiles its programs once.
TEST_OPTIONS ?= -n 2 --dist loadfile

export JAX_COMPILATION_CACHE_DIR ?= $(CURDIR)/.cache/jax
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS ?= 0.2
# Tests run in two processes: more threads of BLAS in each only wait for one another.
export OPENBLAS_NUM_THREADS ?= 1
# XLA warns on standard error when it reloads a cached kernel; its errors still show.
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help venv demo test test-float64 test-float32 lint docs peers bench clean

help:
	@echo "make venv    environment in .venv, with spinlearn and its development tools"
	@echo "make demo    films that train themselves and recall: numbers, figures and a report, in out"
	@echo "make test    all tests, in float64 (strict promotion) and again in float32"
	@echo "make lint    ruff, pyright and the layer contracts"
	@echo "make docs    HTML pages in docs/_build/html, warnings are errors"
	@echo "make peers   environment in .venv-peers with the codes that benchmarks compare against"
	@echo "make bench   every benchmark in its quick form: table, and JSON in out/benchmarks"
	@echo "make clean   remove what the other targets made, environments excepted"

venv: $(STAMP)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
		|| { echo "spinlearn needs Python 3.11 to 3.13; try: make PYTHON=python3.11" >&2; exit 1; }
	@echo "installing spinlearn into .venv (a few minutes the first time)"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install $(PIP_OPTIONS) -e '.[dev]'
	@touch $@

demo: venv
	$(BIN)/spinlearn run yu2021

test: test-float64 test-float32

# tests/conftest.py makes promotion of types and ranks strict where x64 is on.
test-float64: venv
	JAX_ENABLE_X64=1 $(BIN)/python -m pytest $(TEST_OPTIONS)

test-float32: venv
	JAX_ENABLE_X64=0 $(BIN)/python -m pytest $(TEST_OPTIONS)

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

docs: venv
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html

# The peers bring their own, large dependencies: they never share an environment with spinlearn.
# BindsNET and badcrossbar come without what they need for games, data sets and drawings alone;
# benchmarks/_stdp_peers.py stands in for it.
PEERS := magnum.np, neuralmag, hopfieldkit, hopfieldnetwork, cmtj, ngclearn, BindsNET, badcrossbar

peers:
	$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install $(PIP_OPTIONS) torch==2.13.0 magnumnp 'neuralmag[jax]==1.0.0' \
		hopfieldkit==0.1.0 hopfieldnetwork==1.0.1 cmtj==1.15.0 ngclearn==3.2.1 \
		pandas scikit-learn tqdm sigfig pathvalidate rich \
		&& .venv-peers/bin/python -m pip install $(PIP_OPTIONS) --no-deps bindsnet==0.3.4 badcrossbar==1.1.0 \
		&& .venv-peers/bin/python -c 'import magnumnp, neuralmag, hopfieldkit, hopfieldnetwork, cmtj, ngclearn' \
		&& .venv-peers/bin/python -W ignore -c 'import badcrossbar; badcrossbar.compute' \
		&& .venv-peers/bin/python -c 'from benchmarks._stdp_peers import bindsnet; bindsnet(1)' \
		&& echo "peers $(PEERS): installed in .venv-peers" \
		|| { echo "peers: CANNOT BE INSTALLED here; benchmarks will report them as missing" >&2; exit 1; }

bench: venv
	$(BIN)/python -m benchmarks

clean:
	rm -rf .cache .hypothesis .pytest_cache .ruff_cache .import_linter_cache build dist docs/_build docs/_generated \
		docs/performance_table.md out
	find src tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +
