# ThunderBox: `make run` answers the phone, `make test` checks everything. Both install first.

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check
# The build tools of llama-cpp-python (cmake, ninja) come from the lock file, into the venv.
INSTALL := PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) install --require-hashes --no-build-isolation \
	--no-cache-dir --no-binary llama-cpp-python
# One process more than there are processors, for a test also waits: for threads, files, children.
# Who has done goes on with what another has left.
PARALLEL := -n $(shell expr $$(nproc) + 1) --dist worksteal
LLAMA_FLAGS := $(shell packaging/llama_flags.sh)
UV_COMPILE = $(STAMPS)/uv/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --upgrade --custom-compile-command "make lock"

# The benches one by one, in the order of bench-all.
BENCHES := bench-starter bench-real-size bench-overhead bench-interruption bench-four-starter \
	bench-four-real-size bench-pipecat bench-lists bench-throughput \
	bench-api-during-calls bench-incoming bench-webhooks bench-web bench-long bench-picture

# What one process has compiled the others need not: the tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

WIDGET := web/widget

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test test-calls test-others test-widget widget check unit eval-models bench \
	bench-models bench-all lock clean $(BENCHES)

help:
	@echo "make run           install what is missing and start the box (options: ARGS=\"--data DIR\")"
	@echo "make test          install what is missing and run lint, types, layers and tests"
	@echo "make setup         only install"
	@echo "make check         only lint, types and layers"
	@echo "make unit          only the tests without real peers"
	@echo "make widget        build the widget for web pages anew (Node.js 18 or later)"
	@echo "make eval-models   measure the starter models again and print the table"
	@echo "make bench         measure voice to voice on this machine, as JSON (two minutes)"
	@echo "make bench-models  make models of real size with random weights, for the next one"
	@echo "make bench-all     every bench, and their picture (two hours); each alone:"
	@echo "                   $(subst bench-,,$(BENCHES)) (make bench-long)"
	@echo "make lock          resolve the dependencies again and write the lock files"
	@echo "make clean         remove the virtual environment and every cache"

setup: $(STAMPS)/project

run: setup
	@exec $(BIN)/thunderbox serve $(ARGS)

test: $(STAMPS)/dev
	@packaging/test_peers.sh
	@$(MAKE) --no-print-directory check
	@echo "Tests: those that call a whole box beside all others; each half prints at its end"
	@$(MAKE) --no-print-directory --keep-going --jobs=2 --output-sync test-calls test-others test-widget

# A call is mostly waited for: the other tests have the processor meanwhile, but calls come first.
test-calls: $(STAMPS)/dev
	$(BIN)/pytest -p no:cacheprovider tests/e2e

test-others: $(STAMPS)/dev
	nice $(BIN)/pytest -p no:cacheprovider --ignore=tests/e2e

# Types, unit tests, size, and whether what a box serves is what the sources make.
test-widget: $(WIDGET)/node_modules/.package-lock.json
	cd $(WIDGET) && npm run --silent check && npm run --silent test \
		&& node scripts/check-built.mjs ../../thunderbox/web/widget

widget: $(WIDGET)/node_modules/.package-lock.json
	cd $(WIDGET) && node scripts/build.mjs ../../thunderbox/web/widget

$(WIDGET)/node_modules/.package-lock.json: $(WIDGET)/package-lock.json
	cd $(WIDGET) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

check: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(STAMPS)/dev
	$(BIN)/pytest $(PARALLEL) -m "not e2e"

eval-models: $(STAMPS)/dev
	@failed=0; \
	$(BIN)/python training/speech/evaluate.py || failed=1; \
	$(BIN)/python training/language/evaluate.py || failed=1; \
	exit $$failed

bench: setup
	@$(BIN)/python bench/voice_to_voice.py --turns 14 --calls 2 --try $(ARGS)

bench-models: $(STAMPS)/bench
	@build/bench-tools/bin/python bench/real_size_models.py --large

# One after the other, whatever -j says: each wants the machine for itself.
bench-all: bench-models
	@for one in $(filter-out bench-real-size,$(BENCHES)); do $(MAKE) --no-print-directory $$one || exit 1; done

bench-starter:
	$(BIN)/python bench/voice_to_voice.py --models starter $(ARGS)

bench-real-size:
	$(BIN)/python bench/voice_to_voice.py --models real-size $(ARGS)

bench-overhead:
	$(BIN)/python bench/overhead.py $(ARGS)

bench-interruption:
	$(BIN)/python bench/interruption.py $(ARGS)

bench-four-starter:
	$(BIN)/python bench/four_calls.py --models starter $(ARGS)

bench-four-real-size:
	$(BIN)/python bench/four_calls.py --models real-size $(ARGS)

bench-pipecat:
	$(BIN)/python bench/versus_pipecat.py $(ARGS)

bench-lists:
	$(BIN)/python bench/api_lists.py $(ARGS)

bench-throughput:
	$(BIN)/python bench/api_throughput.py $(ARGS)

bench-api-during-calls:
	$(BIN)/python bench/api_during_calls.py $(ARGS)

bench-long:
	$(BIN)/python bench/long_call.py $(ARGS)

bench-incoming:
	$(BIN)/python bench/incoming_webhook.py $(ARGS)

bench-webhooks:
	$(BIN)/python bench/webhooks.py $(ARGS)

# LiveKit's own clients, one of them in Chromium.
bench-web:
	@packaging/test_peers.sh
	@for part in join answers eight; do \
		$(BIN)/python bench/web_sessions.py --part $$part $(ARGS) || exit 1; \
	done

bench-picture:
	build/bench-tools/bin/python bench/plot.py

# An environment of its own that sees the box's: PyTorch is no business of a box.
$(STAMPS)/bench: $(STAMPS)/project bench/requirements.txt
	@echo "Installing what makes the models and the picture of the benches"
	@$(VENV)/bin/python -m venv build/bench-tools
	@$(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> "$$(build/bench-tools/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/box.pth"
	@build/bench-tools/bin/pip install --quiet -r bench/requirements.txt
	@touch $@

$(STAMPS)/venv: packaging/find_python.sh
	@python=$$(packaging/find_python.sh) && echo "Creating $(VENV) with $$python" \
		&& "$$python" -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/build: $(STAMPS)/venv requirements-build.lock
	@echo "Installing the build tools"
	@$(PIP) install --quiet --require-hashes -r requirements-build.lock
	@touch $@

# Rewritten only when this processor wants other flags than the installed build has.
$(STAMPS)/llama-flags: $(STAMPS)/venv FORCE
	@test "$$(cat $@ 2>/dev/null)" = "$(strip $(LLAMA_FLAGS))" || { \
		$(PIP) uninstall --quiet -y llama-cpp-python 2>/dev/null; \
		echo "$(strip $(LLAMA_FLAGS))" > $@; }

$(STAMPS)/runtime: $(STAMPS)/build $(STAMPS)/llama-flags requirements.lock
	@echo "Installing what requirements.lock names (llama.cpp is compiled: about five minutes, once)"
	@CMAKE_ARGS="$(strip $(LLAMA_FLAGS))" $(INSTALL) -r requirements.lock
	@touch $@

$(STAMPS)/project: $(STAMPS)/runtime pyproject.toml
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/dev: $(STAMPS)/project requirements-dev.lock
	@echo "Installing the tools of the tests"
	@CMAKE_ARGS="$(strip $(LLAMA_FLAGS))" $(INSTALL) --quiet -r requirements-dev.lock
	@touch $@

# The lock files name versions and hashes for Python 3.11 and 3.12 on Linux x86-64.
lock: $(STAMPS)/venv
	@test -x $(STAMPS)/uv/bin/uv || { $(BIN)/python -m venv $(STAMPS)/uv \
		&& $(STAMPS)/uv/bin/python -m pip install --quiet uv; }
	$(UV_COMPILE) pyproject.toml -o requirements.lock
	$(UV_COMPILE) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(UV_COMPILE) --group build -o requirements-build.lock

clean:
	rm -rf $(VENV) $(WIDGET)/node_modules $(WIDGET)/dist build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find thunderbox tests bench training -name __pycache__ -type d -exec rm -rf {} +

FORCE:
