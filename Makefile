# Two commands set everything up: `make run` opens the workbench, `make test` runs all tests.
# Both make .venv first, with what constraints.txt pins; a second time they install nothing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where PyTorch's own builds without CUDA are, for machines that have no GPU.
TORCH_CPU_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: run test lint check fuzz mutants translations snapshots pictures clean

run: $(VENV)/.installed
	@if [ -t 0 ] && [ -t 1 ]; then exec $(BIN)/yiwen; else exec $(BIN)/yiwen demo; fi

test: $(VENV)/.installed-dev
	@$(BIN)/python -m pytest -n 2 $(TESTS)

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint test

# Changes one small thing at a time in the modules that numbers and runs depend on, and tells which changes
# their own tests do not notice; about half an hour. MODULES=engine/run/plan.py tries one, SAMPLE=20 some of each.
mutants: $(VENV)/.installed-dev
	@$(BIN)/python tests/mutants $(if $(SAMPLE),--sample $(SAMPLE)) $(MODULES)

# Feeds every reader with strange inputs, guided by what they reach; ARGS="events --seconds 600" for one.
fuzz: $(VENV)/.installed-dev
	@$(call install,.[fuzz])
	@$(BIN)/python tests/fuzz $(ARGS)

# Takes marked texts into the catalogue of translations, and compiles it.
translations: $(VENV)/.installed-dev
	@$(BIN)/python docs/translations.py

# Takes what every screen shows now as what it is to show, in both languages; look at the diff.
snapshots: $(VENV)/.installed-dev
	@rm -f tests/tui/snapshots/*.txt
	@for language in en zh-TW; do \
	  YIWEN_ACCEPT=1 YIWEN_TEST_LANGUAGE=$$language $(BIN)/python -m pytest -n 2 -k looks_as_it_did \
	    tests/tui/test_snapshots.py || exit 1; \
	done
	@git --no-pager diff --stat -- tests/tui/snapshots

# Pictures of every screen as SVG, in both languages and sizes, dark and light: to look at, in pictures/.
pictures: $(VENV)/.installed-dev
	@$(BIN)/python docs/pictures.py

# Lets every system call of a run fail, one after another, and sees that no run is lost: up to an hour.
.PHONY: faults
faults: $(VENV)/.installed-dev
	@$(BIN)/python tests/faults $(KINDS)

clean:
	rm -rf $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(call install,.)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt
	@$(call install,.[dev])
	@touch $@ $(VENV)/.installed

# PyPI's torch for Linux brings gigabytes of CUDA. Where no GPU is, and pip would take that build, the CPU
# build is asked for instead; where pip knows one already (a local index, macOS), nothing changes.
define install
set -e; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
  echo "Yiwen needs Python 3.10 or newer; name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }; \
echo "Installing into $(VENV) (once; it takes minutes) …"; \
[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV); \
index=; \
if [ "$$(uname -s)" = Linux ] && [ ! -e /proc/driver/nvidia/version ]; then \
  found=$$($(BIN)/python -m pip install -q --dry-run --no-deps --report - -c constraints.txt torch 2>/dev/null \
    | $(BIN)/python -c 'import json,sys; print(json.load(sys.stdin)["install"][0]["metadata"]["version"])' 2>/dev/null || true); \
  case "$$found" in \
    *+cpu|"") ;; \
    *) echo "No GPU here: taking the CPU build of torch."; index="--extra-index-url $(TORCH_CPU_INDEX)" ;; \
  esac; \
fi; \
$(BIN)/python -m pip install --disable-pip-version-check $$index -c constraints.txt -e '$(1)'
endef
