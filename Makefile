# LopHoc: `make demo` to see it, `make test` to trust it.
PYTHON ?= python3
ROOMS  ?= 3
PORT   ?= 8080
OUT    ?=
COVERAGE ?=
PYTEST_MORE ?=
CORE   ?=
PYTHON_ZIP ?=
SIGN   ?=
# Half of the time goes by in waiting for other programs: three for each core of a small computer.
WORKERS ?= 6
FAST_WORKERS ?= 3
DEPARTMENT ?=
VENV   := .venv
BIN    := $(VENV)/bin
OWN    := pyproject.toml $(wildcard protocol/locale/*/LC_MESSAGES/*.po)
# Programs are started hundreds of times: each module is compiled once, whatever the shell says.
export PYTHONDONTWRITEBYTECODE :=
# Databases wait for the disk at each commit; where memory has 2 GB to spare, tests write there.
MEMORY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 2000000 {print "/dev/shm"}')
PYTEST := $(if $(MEMORY),TMPDIR=$(MEMORY) )$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# What is imported is asked for, by each program for itself.
DEPTRY := $(BIN)/deptry --no-ansi

.PHONY: setup demo test test-wide test-fast test-packages test-windows packages windows lint audit mutate bench fuzz wheel release lock clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements/lock.txt $(OWN) | $(BIN)/pip
	@$(BIN)/python -m tools.install $<
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# A fifth of it, for a look: what only makers need, and what looks at pictures, is left out.
$(VENV)/.demo: requirements/demo.txt $(OWN) | $(BIN)/pip
	@$(BIN)/python -m tools.install $< --no-compile  # what is used is compiled when it is
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "LopHoc cần Python 3.11 trở lên / needs Python 3.11 or later"; exit 1; }
	@echo "Chuẩn bị thư mục $(VENV) / Preparing the folder $(VENV)"
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Thiếu gói python3-venv / missing package: sudo apt install python3-venv"; exit 1; }

demo: $(if $(wildcard $(VENV)/.ready),setup,$(VENV)/.demo)
	@exec $(BIN)/lophoc-sim demo --rooms $(ROOMS) --http-port $(PORT) $(if $(DEPARTMENT),--department true)

# What each change must pass.
test: setup
	$(PYTEST) --tier=short --ignore=tests/packages $(if $(COVERAGE),--cov --cov-report=) $(PYTEST_MORE)

# The same claims over more cases, sizes and time, and long searches in full (tests/tiers.py).
test-wide: setup
	$(PYTEST) --tier=wide --ignore=tests/packages $(if $(COVERAGE),--cov --cov-append --cov-report=) $(PYTEST_MORE)

# Packages built and put into a fresh Debian 12 and 13; as root, with debootstrap and lintian.
test-packages: setup
	$(BIN)/pytest tests/packages $(PYTEST_MORE)

# Pure code and adapters: what needs no more than this computer's Python, network and devices, and
# little of its time.
# These tests wait for little, and each worker has to find all of the suite's tests first.
test-fast: setup
	$(PYTEST) -n $(FAST_WORKERS) --tier=short --ignore=tests/packages -m 'not (browser or database_server or desktop or flow or suite or long or slow)' $(PYTEST_MORE)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --no-warn-unreachable -p protocol -p hardware -p agent
	$(BIN)/codespell
	$(BIN)/oxfmt --check '**/*.js'
	$(BIN)/oxlint
	$(BIN)/python -m tools.dead_code
	$(BIN)/python -m tools.scope
	$(BIN)/lint-imports --no-cache pyproject.toml
	$(DEPTRY) .
	$(DEPTRY) protocol hardware agent --optional-dependencies-dev-groups build,dev,controller,parquet,postgresql
	$(DEPTRY) protocol controller --optional-dependencies-dev-groups build,dev,agent,tray

# Known holes of the pinned libraries; says so plainly where the registry cannot be asked.
audit: setup
	@$(BIN)/python -m tools.audit

# The agent as Windows runs it, by Wine; what it needs is built once, into build/wine.
test-windows: setup
	LOPHOC_WINE=1 $(if $(MEMORY),TMPDIR=$(MEMORY) )$(BIN)/pytest tests/windows

# The installer for Windows, from python.org's "Windows embeddable package (64-bit)", by nsis. With
# KEY, a file of a private key, also the update that a school's server gives to rooms.
windows: setup
	@$(BIN)/python -m tools.windows.build "$(PYTHON_ZIP)" $(if $(KEY),--update-key $(KEY)) -- $(SIGN)

# Changes the pure cores, one spot at a time, and tells which changes no test notices.
# One core: make mutate CORE=protocol.health; one change: mutmut show NAME
mutate: setup
	$(BIN)/mutmut run $(if $(CORE),'$(CORE).*')
	$(BIN)/mutmut results

bench: setup
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench $(PARTS) $(if $(OUT),--out $(OUT))

# Fuzzed messages and requests at the running programs; the same SEED and FROM play the same again.
fuzz: setup
	$(BIN)/python -m tests.fuzz.addresses --seed $(or $(SEED),1) --count $(or $(COUNT),20000) --from $(or $(FROM),0)
	$(BIN)/python -m tests.fuzz --seed $(or $(SEED),1) --count $(or $(COUNT),100000) --from $(or $(FROM),0)

# One file to carry to every machine; the room's computer and the server install their own extras.
wheel: setup
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

# For a stick: packages of both architectures, what installs them, and the Windows installer if
# there is one. Without root, and the same bytes each time: make packages WINDOWS=dist/x.exe
# With SIGN=key, a file of a private key, also the updates that a school's server gives to rooms.
packages: setup
	@$(BIN)/python -m tools.packages --bundle $(if $(WINDOWS),--windows $(WINDOWS)) $(if $(SIGN),--sign $(SIGN))

# Version, changelog, wheel, commit and tag: make release VERSION=0.2.0
release: lint
	@$(BIN)/python tools/release.py $(VERSION)

# What looks at pictures is half of everything, and the demonstration goes without.
HEAVY := numpy opencv-python-headless zxing-cpp

# Freezes what pyproject.toml asks for; run after changing a dependency (needs uv).
COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-header --quiet
lock:
	$(COMPILE) --extra dev -o requirements/lock.txt
	$(COMPILE) --extra agent -c requirements/lock.txt -o requirements/agent.txt
	$(COMPILE) --extra controller -c requirements/lock.txt -o requirements/controller.txt
	$(COMPILE) --extra controller --extra parquet --extra postgresql -c requirements/lock.txt -o requirements/department.txt
	$(COMPILE) --extra tray -c requirements/lock.txt -o requirements/tray.txt
	$(COMPILE) --extra agent --extra controller --extra build $(foreach name,$(HEAVY),--no-emit-package $(name)) \
	  -c requirements/lock.txt -o requirements/demo.txt

clean:
	rm -rf $(VENV) build dist mutants
