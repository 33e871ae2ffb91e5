# LopHoc: `make demo` to see it, `make test` to trust it.
PYTHON ?= python3
ROOMS  ?= 3
PORT   ?= 8080
OUT    ?=
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: setup demo test lint bench lock clean

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
	@exec $(BIN)/lophoc-sim demo --rooms $(ROOMS) --http-port $(PORT)

test: setup
	$(BIN)/pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

bench: setup
	$(BIN)/python -m tests.bench $(if $(OUT),--out $(OUT))

# Freezes what pyproject.toml asks for; run after changing a dependency (needs uv).
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements/lock.txt

clean:
	rm -rf $(VENV) build dist
