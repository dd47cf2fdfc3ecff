# Everything a developer does with this tree. A step that fails fails its target.
# PYTHON=python3.13 chooses the interpreter of a new .venv.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ROUNDS ?= 200
MINUTES ?= 10
JOBS ?= 3

.PHONY: help env demo test check docs bench faults fuzz voice lock clean brokers

help:
	@echo "make env                 .venv with everything in requirements.lock (PYTHON=python3.13 chooses the interpreter)"
	@echo "make demo [IMAGES=DIR]   a station and a hub on this machine; IMAGES: your own pictures in front of the camera"
	@echo "make test [JOBS=N]       every test, in N processes (3); says which it skips and why"
	@echo "make check               ruff, format, mypy"
	@echo "make docs                edge/udi/FINDINGS.md and edge/rules/REASONS.md anew from the code"
	@echo "make bench [ONLY=NAME]   measurements; IMAGES=DIR: also of your own pictures (vision, ladder);"
	@echo "                         ONLY=soak MINUTES=30: half an hour of generated video"
	@echo "make faults [ROUNDS=N]   every named fault and N random schedules of faults (200)"
	@echo "make fuzz [MINUTES=N]    coverage-guided fuzzing of the parsers (10); installs atheris into .venv"
	@echo "make voice               the speaker's phrases anew from hardware/phrases.toml (needs espeak-ng)"
	@echo "make lock                requirements.lock anew from pyproject.toml"
	@echo "make clean               everything that was built; not .venv"

env: $(READY)

$(READY): requirements.lock pyproject.toml
	@echo "env 1/4: $(VENV) with $$($(PYTHON) --version)"
	@rm -f $@
	@$(PYTHON) -c 'import sys; sys.exit(f"Python 3.11 or newer is needed, {sys.version.split()[0]} was found: try make env PYTHON=python3.13" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV) || { echo "python -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "env 2/4: $$(grep -c '==' requirements.lock) locked packages, each checked against its hash"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "env 3/4: this tree, editable"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
	@echo "env 4/4: ready, $(BIN)/udi-station"

demo: $(READY)
	@$(BIN)/python -m edge.demo $(if $(IMAGES),--images "$(IMAGES)")

# What the tests need beside Python: brokers, a database, tools for FAT, a machine that boots, a browser. What is missing
# is installed by root and named to everybody else. Debian's package of PostgreSQL makes no cluster of its own: the tests make theirs.
brokers:
	@missing=(); \
	for each in mosquitto nats-server mcopy:mtools mkfs.vfat:dosfstools systemd-nspawn:systemd-container chromium \
		chromedriver:chromium-driver; do \
		PATH="$$PATH:/usr/sbin:/usr/local/sbin" command -v $${each%%:*} >/dev/null || missing+=($${each##*:}); \
	done; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing+=(postgresql); \
	if [ "$${#missing[@]}" = 0 ]; then \
		echo "test: brokers, database and tools are here"; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "test: installing $${missing[*]}"; \
		[ -e /etc/postgresql-common/createcluster.conf ] || { mkdir -p /etc/postgresql-common; \
			echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf; }; \
		apt-get update -qq; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get install -y -qq --no-install-recommends "$${missing[@]}" >/dev/null || for each in "$${missing[@]}"; do \
			apt-get install -y -qq --no-install-recommends "$$each" >/dev/null \
				|| echo "test: $$each cannot be installed: the tests with it are skipped"; \
		done; \
	else \
		echo "test: no $${missing[*]}: the tests with it are skipped; to run them: sudo apt-get install $${missing[*]}"; \
	fi

# What Raspberry Pi OS starts with the first time, fetched and not installed: machines that the tests boot have it.
DEBS := $(VENV)/debs
FIRST := cloud-init netplan.io network-manager dbus
$(DEBS)/.fetched: $(READY)
	@mkdir -p $(DEBS)/partial; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "test: only root fetches $(FIRST): no first start is tried"; \
	elif apt-get update -qq && apt-get install -y -qq --no-install-recommends --download-only \
			-o Dir::Cache::archives="$(abspath $(DEBS))" $(FIRST) >/dev/null; then \
		touch $@; \
	else \
		echo "test: $(FIRST) could not be fetched: no first start is tried"; \
	fi

test: $(READY) brokers $(DEBS)/.fetched
	@PATH="$$PATH:/usr/sbin" $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY)
	@$(BIN)/python -c 'from edge.udi.wording import page; print(page(), end="")' > edge/udi/FINDINGS.md
	@$(BIN)/python -c 'from edge.rules.page import page; print(page(), end="")' > edge/rules/REASONS.md

# IMAGES, FRAMES, SEED, WRITE and the like reach it through the environment.
bench: $(READY)
	@$(if $(filter command line,$(origin MINUTES)),MINUTES=$(MINUTES)) $(BIN)/python -m tests.bench $(ONLY)

faults: $(READY) brokers
	@PATH="$$PATH:/usr/sbin" $(BIN)/python -m pytest tests/faults -m faults -q -s --all-faults --rounds=$(ROUNDS) $(if $(SEED),--seed=$(SEED)) $(if $(BACKLOG),--backlog=$(BACKLOG))

fuzz: $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'atheris>=3,<4'
	@$(BIN)/python -m tests.fuzz $$(( $(MINUTES) * 60 )) .bench/fuzz

voice: $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pypinyin>=0.53,<1'
	@$(BIN)/python -m tests.support.voice

# Universal: one file for every system and every Python from 3.11 on. Names, versions and hashes only, no place to fetch from.
lock:
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile pyproject.toml --extra camera --extra hub --extra cards --extra bench --extra demo --group dev \
		--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --upgrade \
		--output-file requirements.lock.part >/dev/null
	@{ echo "# Written by: make lock"; cat requirements.lock.part; } > requirements.lock
	@rm requirements.lock.part
	@echo "lock: $$(grep -c '==' requirements.lock) packages in requirements.lock"

clean:
	rm -rf dist build .bench .mypy_cache .pytest_cache .ruff_cache .hypothesis requirements.lock.part
	find edge hardware firmware_service tests -type d -name __pycache__ -prune -exec rm -rf {} +
