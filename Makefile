# LopHoc: `make demo` to see it, `make test` to trust it.
PYTHON ?= python3
ROOMS  ?= 3
PORT   ?= 8080
OUT    ?=
COVERAGE ?=
CORE   ?=
# Half of the time goes by in waiting for other programs: two for each core of a small computer.
WORKERS ?= 4
DEPARTMENT ?=
VENV   := .venv
BIN    := $(VENV)/bin
# Programs are started hundreds of times: each module is compiled once, whatever the shell says.
export PYTHONDONTWRITEBYTECODE :=
# Databases wait for the disk at each commit; where memory has 2 GB to spare, tests write there.
MEMORY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 2000000 {print "/dev/shm"}')
PYTEST := $(if $(MEMORY),TMPDIR=$(MEMORY) )$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# What is imported is asked for, by each program for itself.
DEPTRY := $(BIN)/deptry --no-ansi

.PHONY: setup demo test test-fast lint audit mutate bench fuzz wheel release lock clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements/lock.txt pyproject.toml $(wildcard protocol/locale/*/LC_MESSAGES/*.po)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "LopHoc cần Python 3.11 trở lên / needs Python 3.11 or later"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) \
	  || { echo "Thiếu gói python3-venv / missing package: sudo apt install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	@exec $(BIN)/lophoc-sim demo --rooms $(ROOMS) --http-port $(PORT) $(if $(DEPARTMENT),--department true)

test: setup
	$(PYTEST) $(if $(COVERAGE),--cov --cov-report=)

# Pure code and adapters: what needs no more than this computer's Python, network and devices.
test-fast: setup
	$(PYTEST) -m 'not (browser or database_server or desktop or flow or suite)'

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/oxfmt --check '**/*.js'
	$(BIN)/oxlint
	$(BIN)/python -m tools.dead_code
	$(BIN)/python -m tools.scope
	$(BIN)/lint-imports --no-cache pyproject.toml
	$(DEPTRY) .
	$(DEPTRY) protocol hardware agent --optional-dependencies-dev-groups dev,controller,postgresql
	$(DEPTRY) protocol controller --optional-dependencies-dev-groups dev,agent,tray

# Known holes of the pinned libraries; says so plainly where the registry cannot be asked.
audit: setup
	@$(BIN)/python -m tools.audit

# Changes the pure cores, one spot at a time, and tells which changes no test notices.
# One core: make mutate CORE=protocol.health; one change: mutmut show NAME
mutate: setup
	$(BIN)/mutmut run $(if $(CORE),'$(CORE).*')
	$(BIN)/mutmut results

bench: setup
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench $(if $(OUT),--out $(OUT))

# Fuzzed messages and requests at the running programs; the same SEED and FROM play the same again.
fuzz: setup
	$(BIN)/python -m tests.fuzz.addresses --seed $(or $(SEED),1) --count $(or $(COUNT),20000)
	$(BIN)/python -m tests.fuzz --seed $(or $(SEED),1) --count $(or $(COUNT),100000) --from $(or $(FROM),0)

# One file to carry to every machine; the room's computer and the server install their own extras.
wheel: setup
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

# Version, changelog, wheel, commit and tag: make release VERSION=0.2.0
release: lint
	@$(BIN)/python tools/release.py $(VERSION)

# Freezes what pyproject.toml asks for; run after changing a dependency (needs uv).
COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-header --quiet
lock:
	$(COMPILE) --extra dev -o requirements/lock.txt
	$(COMPILE) --extra agent -c requirements/lock.txt -o requirements/agent.txt
	$(COMPILE) --extra controller -c requirements/lock.txt -o requirements/controller.txt
	$(COMPILE) --extra controller --extra postgresql -c requirements/lock.txt -o requirements/department.txt
	$(COMPILE) --extra tray -c requirements/lock.txt -o requirements/tray.txt

clean:
	rm -rf $(VENV) build dist mutants
