# `make demo` and `make test` do all the set-up on a machine with Python >= 3.11 and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SPECS := examples stdlib cosmosql/cli/starter tests/syntax/specs

# torch's threads spin against other processes on a busy machine; passive waiting does not.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: demo test test-all check format tiny worlds replays adapted backtest backtest-text generated outputs vscode clean

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "Python >= 3.11 is needed, this is %d.%d; set PYTHON=..." % v[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[hf,lsp,import,dev]'
	@touch $@

## The main job on the embedded models: no GPU, no key, no model hub.
demo: $(READY)
	@$(BIN)/cosmosql run examples/quickstart.cosmos; code=$$?; \
	if [ $$code -eq 0 ]; then \
	  echo; echo "plan:   examples/quickstart.plan.json"; \
	  echo "report: examples/quickstart.report.html (open it in a browser)"; \
	fi; exit $$code

TESTS := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile

## Static checks, then every test but those marked slow.
test: $(READY) check
	@echo 'Left out: tests marked slow, minutes of more of what the others show; `make test-all` runs them.'
	$(TESTS) -m 'not slow'

## Static checks, then every test.
test-all: $(READY) check
	$(TESTS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cosmosql fmt --check $(SPECS)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/cosmosql fmt $(SPECS)

## docs/tiny.md: what the tiny family can do. About a quarter of an hour.
tiny: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python tests/bench/tiny_family.py --write docs/tiny.md

## Forecasts against the truth on the tiny family's tasks: README.md, docs/benchmarks/tiny-backtest.md.
## About an hour on two cores; what is there already is not measured again.
backtest: $(READY)
	$(BIN)/python tests/bench/tiny_backtest.py --keep build/backtest

## The same on real text, from DATA/text: docs/benchmarks/text-backtest.md. Without DATA it is skipped.
backtest-text: $(READY)
	$(BIN)/python tests/bench/text_backtest.py --keep build/text-backtest $(if $(DATA),--data $(DATA))

## Simulated worlds: docs/benchmarks/worlds.md. Half an hour on two cores.
worlds: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python tests/bench/worlds.py --write docs/benchmarks/worlds.md

## Replayed probing: docs/benchmarks/adaptive.md, from simulated worlds and what `make backtest` keeps.
## A quarter of an hour on one core; what is there already is not replayed again.
replays: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python tests/bench/adaptive.py --keep build/replays.jsonl --write docs/benchmarks/adaptive.md

## Policies over adapted tiers of the tiny family, from what `make backtest` keeps:
## docs/benchmarks/adapted-tiers.md. A quarter of an hour on one core.
adapted: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python tests/bench/adapted_tiers.py --keep build/backtest --write docs/benchmarks/adapted-tiers.md
	OMP_NUM_THREADS=1 $(BIN)/python tests/bench/adapted_forecasts.py --keep build/backtest --write docs/benchmarks/adapted-tiers.md

ARTIFACTS := plan bundle evidence backtest scoreboard diagnostics graph quote outcome answer summary doctor

## Everything that is written from the grammar, the schema and the tools; tests say when it is stale.
generated: $(READY)
	$(BIN)/python -m cosmosql.syntax.tables
	$(BIN)/python -m cosmosql.highlight.textmate
	$(BIN)/python -m cosmosql.highlight.vim
	$(BIN)/python -m cosmosql.schema.reference > docs/language/reference.md
	$(BIN)/python -m cosmosql.diagnostics.pages > docs/errors/README.md
	$(BIN)/python docs/grammar.py
	$(BIN)/python docs/stdlib.py
	$(BIN)/python docs/commands.py
	for name in $(ARTIFACTS); do \
	  $(BIN)/cosmosql schema $$name > docs/schema/$$name.schema.json || exit 1; \
	done
	$(BIN)/cosmosql schema language > docs/schema/language.json
	$(BIN)/python docs/outputs.py --language

## What the software prints, into README.md and docs/tour.md.
outputs: $(READY)
	$(BIN)/python docs/outputs.py

## build/cosmosql.vsix, the extension for VS Code. Needs Node.js 20 and npm.
vscode:
	rm -rf build/vscode && mkdir -p build && cp -r grammar/vscode build/vscode
	cd build/vscode && npm install --no-package-lock --no-audit --no-fund --ignore-scripts
	cd build/vscode && npm run package

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
