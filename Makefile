# `make` alone lists what can be done. Settings go on the same line: make run PORT=9000 DEMO=0
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PORT ?= 8000
DEMO ?= 1
# Tests at once: one more than there are processors, because many wait for processes of their own; six are enough.
JOBS ?= $(shell n=$$(nproc); echo $$((n < 6 ? n + 1 : 6)))
BIN := .venv/bin

# Debian's Python comes without ensurepip, so an environment made by it has no pip of its own: use the one outside.
PIP = $$(test -x $(BIN)/pip && echo $(BIN)/pip || echo $(PYTHON) -m pip --python $(BIN)/python)
PIP_INSTALL = $(PIP) install --quiet --disable-pip-version-check

.PHONY: help
help:  ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-16s %s\n", $$1, $$2 }'

# --- Environment: a stamp per lock file, so that a second call costs nothing and a changed lock is installed ---

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Answerback needs Python 3.11 or later. Say where it is: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip .venv

.venv/runtime.stamp: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@$(PIP_INSTALL) --require-hashes -r requirements/runtime.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/runtime.stamp
	@$(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

.PHONY: install
install: .venv/dev.stamp  ## Make .venv with everything that running, testing and linting need

.PHONY: run
run: .venv/runtime.stamp  ## Serve the site on PORT=8000, filled with the demo unless DEMO=0
	@$(BIN)/ideas migrate
	@if [ "$(DEMO)" != 0 ]; then DEMO=$(DEMO) PORT=$(PORT) $(BIN)/ideas demo --if-empty; fi
	@DEMO=$(DEMO) PORT=$(PORT) exec $(BIN)/ideas serve

# --- Checks ---

.PHONY: lint
lint: .venv/dev.stamp  ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

.PHONY: format
format: .venv/dev.stamp  ## Put the code in the one shape that lint accepts
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: test at-length databases lint-and-browser
# Tests start hundreds of processes: each finds what others have compiled, whatever the environment says of keeping it.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/dev.stamp packages  ## Lint, and every test: on SQLite, on PostgreSQL, in a browser
	@$(MAKE) --jobs=2 --keep-going $(call SYNC,target) at-length lint-and-browser

# Two ways at once, so that no processor waits. One sees how far the first is; of the other, what came of it.
SYNC = $(if $(filter output-sync,$(.FEATURES)),--output-sync=$(1))

at-length:
	@$(MAKE) $(call SYNC,none) databases

databases:
	$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not browser" --database sqlite
	$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not browser" --database postgresql

lint-and-browser: lint chromium
	$(BIN)/pytest -m browser tests/browser

.PHONY: chromium
chromium: .venv/dev.stamp
	@$(BIN)/python -m tests.browser.chromium

.PHONY: packages
packages: .venv/dev.stamp
	@$(BIN)/python -m tests.servers

.PHONY: screenshots
screenshots: chromium  ## Take the README's pictures from a demo, into docs/pictures
	$(BIN)/python -m bench.screenshots --readme docs/pictures

.PHONY: mail-looks
mail-looks: chromium  ## Take a picture of a mail of every kind at 360 pixels, light and dark, into FOLDER=build/mails
	$(BIN)/python -m bench.mail_looks $(or $(FOLDER),build/mails)

.PHONY: bench
bench: .venv/dev.stamp  ## Measure speed with 100,000 ideas and 3,000,000 votes as ratios, beside their bars
	@$(BIN)/python -m bench.speed $(if $(DATABASE),--database $(DATABASE))

# --- Evidence: what tests are too short for. DATA=folder is where the real data lies; DATABASE=sqlite names one alone ---

EVIDENCE = @$(BIN)/python -m bench.$(1) $(if $(DATABASE),--database $(DATABASE))

.PHONY: evidence-votes
evidence-votes: .venv/dev.stamp  ## Show that real votes are served as the files have them (DATA=folder)
	$(call EVIDENCE,real_votes) --data "$(DATA)"

.PHONY: evidence-loop
evidence-loop: .venv/dev.stamp  ## Show on real votes that exactly those owed word get it (DATA=folder)
	$(call EVIDENCE,the_loop) --data "$(DATA)"
	$(call EVIDENCE,merged_loop) --data "$(DATA)"

.PHONY: evidence-health
evidence-health: .venv/dev.stamp  ## Show on boards that live for months that every figure of loop health is true (DATA=folder)
	$(call EVIDENCE,living) --data "$(DATA)"

.PHONY: evidence-desk
evidence-desk: .venv/dev.stamp  ## Show that the team's list stays quick with 100,000 ideas, and that its scores are right
	$(call EVIDENCE,desk)

.PHONY: evidence-cursors
evidence-cursors: .venv/dev.stamp  ## Show that lists and the change feed leave nothing out and show nothing twice while eight write
	$(call EVIDENCE,cursors)

.PHONY: evidence-ranks
evidence-ranks: .venv/dev.stamp  ## Show on real ideas that every score is what is added up apart, and ranks come out of the export (DATA=folder)
	$(call EVIDENCE,ranked) --data "$(DATA)"

.PHONY: evidence-moving
evidence-moving: .venv/dev.stamp  ## Show that what goes out comes in as it was, also killed on its way, and a million rows
	$(call EVIDENCE,moving)

.PHONY: evidence-races
evidence-races: .venv/dev.stamp  ## Show that every snapshot adds up while eight processes vote
	$(call EVIDENCE,races)

.PHONY: evidence-lost
evidence-lost: .venv/dev.stamp packages  ## Show that nothing is lost, however often the worker is killed and whatever the relay says
	$(call EVIDENCE,nothing_lost)

.PHONY: evidence-twice
evidence-twice: .venv/dev.stamp  ## Show that many who do the same work at once tell nobody twice
	$(call EVIDENCE,nothing_twice)

.PHONY: evidence-fanout
evidence-fanout: .venv/dev.stamp  ## Show that news to very many is told quickly, and holds up no reply
	$(call EVIDENCE,fan_out)

.PHONY: evidence-relay
evidence-relay: .venv/dev.stamp  ## Show that a relay that refuses, drops, drips and stalls loses nobody and holds nobody up
	$(call EVIDENCE,relay)

.PHONY: evidence-building
evidence-building: .venv/dev.stamp  ## Show how much quicker mail is made than by rendering and assembling each
	$(call EVIDENCE,building)

.PHONY: evidence-model
evidence-model: .venv/dev.stamp  ## Show that the product is what a small model of its promises says, in 200 stories of 50 acts
	$(call EVIDENCE,model)

.PHONY: evidence-planted
evidence-planted: .venv/dev.stamp  ## Show that each check turns red for what it is there to find
	$(call EVIDENCE,planted)

.PHONY: evidence-erasure
evidence-erasure: .venv/dev.stamp  ## Show that somebody erased is found nowhere, and that the sums stay
	$(call EVIDENCE,erasure)

.PHONY: evidence-timing
evidence-timing: .venv/dev.stamp  ## Show that how long the site takes does not tell whether an address is known
	$(call EVIDENCE,timing)

.PHONY: evidence-hostile
evidence-hostile: .venv/dev.stamp  ## Show that every field takes hostile strings as they are, or refuses them by name (OF=api or forms)
	@for kind in $(or $(DATABASE),sqlite postgresql); do for of in $(or $(OF),api forms); do \
		$(BIN)/python -m bench.hostile --database $$kind --of $$of; \
	done; done

.PHONY: evidence-schema
evidence-schema: .venv/dev.stamp packages  ## Show that the API answers as it is described, whatever it is asked (PART=1/4 and CASES=50 are less of it)
	$(call EVIDENCE,schema) $(if $(PART),--part $(PART)) $(if $(CASES),--cases $(CASES))

.PHONY: evidence-leaks
evidence-leaks: .venv/dev.stamp  ## Show that nothing private is seen by anybody whom the policy table does not name
	$(call EVIDENCE,leaks)

.PHONY: evidence-policy
evidence-policy: .venv/dev.stamp  ## Show that everybody may do what the rights table says, by form and by API, and nothing else
	$(call EVIDENCE,policy)

.PHONY: evidence-cache
evidence-cache: .venv/dev.stamp  ## Show behind a real nginx with a cache that nobody is given what is somebody else's
	$(call EVIDENCE,cache)

.PHONY: evidence-away
evidence-away: chromium  ## Show in a browser that a page of another site is well while ours is killed, stopped or very slow
	@$(BIN)/python -m bench.away

LIGHTHOUSE := build/lighthouse/node_modules/.bin/lighthouse
$(LIGHTHOUSE):
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix build/lighthouse lighthouse@12.8.2

.PHONY: evidence-lighthouse
evidence-lighthouse: chromium | $(LIGHTHOUSE)  ## Show by Lighthouse what the widget costs a bare page (needs npm)
	@$(BIN)/python -m bench.lighthouse

.PHONY: evidence-xss
evidence-xss: chromium  ## Show in a browser without the content policy that no word runs as a script (SHARE=1 to 4 of it)
	$(call EVIDENCE,xss) $(if $(SHARE),--share $(SHARE))

.PHONY: evidence-uploads
evidence-uploads: .venv/dev.stamp  ## Show that hostile files are refused or encoded anew, with bounded memory
	$(call EVIDENCE,uploads)

.PHONY: evidence-faults
evidence-faults: .venv/dev.stamp  ## Show that what a site said stays true while it or its database is killed, and deployed
	$(call EVIDENCE,faults) --part F3 F4 F13

.PHONY: evidence-restore
evidence-restore: .venv/dev.stamp  ## Show that a backup made under load is restored as it was, and nobody is told again
	$(call EVIDENCE,faults) --part F15

.PHONY: evidence-late
evidence-late: .venv/dev.stamp  ## Show that poison hurts nobody else, and that a worker that overslept does no harm
	$(call EVIDENCE,faults) --part F16 F17

.PHONY: evidence-similar
evidence-similar: .venv/dev.stamp  ## Show how often real petitions find the one they repeat (DATA=folder)
	$(call EVIDENCE,similar) --data "$(DATA)"

.PHONY: words
words: .venv/dev.stamp  ## Collect all words for people, and bring the catalogue of each language up to date with them
	@mkdir -p build
	$(BIN)/pybabel --quiet extract --no-location --sort-output -F ideas/translations/babel.cfg -k lazy -k _ -k ngettext:1,2 -o build/words.pot ideas
	$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 120 -i build/words.pot -d ideas/translations
	$(BIN)/pybabel --quiet compile -d ideas/translations

.PHONY: lock
lock: .venv/dev.stamp  ## Resolve requirements/*.in anew into the hashed lock files
	@for set in runtime semantic s3 lmtp scale dev; do \
		$(BIN)/uv pip compile --quiet --no-config --upgrade --universal --python-version 3.11 --generate-hashes \
			--custom-compile-command "make lock" $$(test $$set = runtime || echo -c requirements/runtime.txt) \
			requirements/runtime.in $$(test $$set = runtime || echo requirements/$$set.in) --output-file requirements/$$set.txt; \
	done
