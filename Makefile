# make quickstart   install, run the default configuration, print a table
# make test         install, run every check
# make test-long    install, try many more random examples in the tests of properties
# make fault-test   install, bring about every fault of docs/robustness.md for real
# make cluster-test install, start a Slurm and an S3 server of their own and try what goes wrong there (as root, Debian)
# make explorer     build the pages of the explorer again after an edit of explorer/web (needs Node 20 and npm)
# Add TORCH=cpu to any of them on a machine without an NVIDIA GPU: PyTorch's CPU build instead of several GB of CUDA.

PYTHON ?= python3
VENV ?= .venv
CORES ?= all
TORCH ?= default
TORCH_CPU_INDEX ?= https://download.pytorch.org/whl/cpu

ifeq ($(filter $(TORCH),default cpu),)
$(error TORCH is '$(TORCH)', but must be 'default' or 'cpu')
endif

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
export PYTHONPATH := workflow/scripts

.PHONY: help quickstart test test-long fault-test cluster-test explorer format lock clean

help:
	@sed -n '1,7s/^# //p' Makefile

quickstart: $(VENV)/.ready
	$(BIN)/snakemake --cores $(CORES) --quiet rules

test: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy --num-workers auto
	$(BIN)/lint-imports --no-cache
	$(BIN)/snakemake --lint
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-long: $(VENV)/.ready-dev
	$(BIN)/python -m pytest -n auto --hypothesis-profile=long -m hypothesis

fault-test: $(VENV)/.ready-dev
	$(BIN)/python -m pytest -v -s tests/faults/suite.py

cluster-test: $(VENV)/.ready-dev
	$(BIN)/python -m pytest -v -s tests/cluster/slurm.py tests/cluster/storage.py

# No script of a package runs at the installation; what npm ci installs is pinned by content.
explorer:
	cd workflow/scripts/promptseg/explorer/web && npm ci --ignore-scripts --no-audit --no-fund && npm run --silent build

format: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

$(VENV)/.torch-$(TORCH):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "promptseg needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12 ..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
ifeq ($(TORCH),cpu)
	$(PIP) install --index-url $(TORCH_CPU_INDEX) $$(grep -E '^torch(vision)?==' requirements.txt)
endif
	@touch $@

# pip compiles with one process, which takes a minute; some packages hold files that are no Python of this version.
COMPILE = $(BIN)/python -m compileall -q -j 0 $(VENV)/lib > /dev/null || true

# The command `promptseg`, which reads the library in place.
COMMAND = $(PIP) install --quiet --no-deps -e .

$(VENV)/.ready: requirements.txt | $(VENV)/.torch-$(TORCH)
	$(PIP) install --no-compile -r requirements.txt
	$(COMMAND)
	$(COMPILE)
	@touch $@

$(VENV)/.ready-dev: requirements-dev.txt | $(VENV)/.torch-$(TORCH)
	$(PIP) install --no-compile -r requirements-dev.txt
	$(COMMAND)
	$(COMPILE)
	@touch $@ $(VENV)/.ready

# What torch itself pins exactly (its CUDA libraries) is left to torch, so that its CPU build can be installed too.
LOCK = $(BIN)/python -m piptools compile --quiet --strip-extras --no-annotate --no-header --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host --output-file -

lock: $(VENV)/.ready
	$(PIP) install --quiet pip-tools
	$(LOCK) pyproject.toml | grep -vE '^(nvidia-|cuda-|triton==|#|$$)' > requirements.txt
	$(LOCK) --extra dev --constraint requirements.txt pyproject.toml | grep -vE '^(nvidia-|cuda-|triton==|#|$$)' > requirements-dev.txt
	$(BIN)/python envs/pins.py --write

clean:
	rm -rf results .snakemake
