# Rankmart: every target is a line over `rankmart` or `dbt`. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

DEMO := data/demo
demo serve-demo: export RANKMART_REVIEWS := $(DEMO)/reviews.csv
demo serve-demo: export RANKMART_PRODUCTS := $(DEMO)/products.csv
demo serve-demo notebook: export RANKMART_WAREHOUSE := $(DEMO)/warehouse.duckdb
demo serve-demo notebook: export RANKMART_PUBLISHED := $(DEMO)/published
demo serve-demo: export RANKMART_EXPORT := $(DEMO)/recommendations.parquet
demo: export RANKMART_TUNED := $(DEMO)/tuned.json
demo serve-demo: export RANKMART_EVENTS := sqlite:///$(DEMO)/events.sqlite
USERID ?=
SCALE_SIZES = $(if $(REVIEWS_COUNT),--reviews $(REVIEWS_COUNT)) $(if $(USERS),--users $(USERS)) \
	$(if $(PRODUCTS),--products $(PRODUCTS)) $(if $(SEED),--seed $(SEED))

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
		|| { echo "Rankmart needs Python 3.11 to 3.13: make PYTHON=python3.11 …" >&2; exit 1; }
	@echo "Installing into $(VENV), once; a few minutes with downloads …"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@echo "Installing what the checks need, once; a few minutes with downloads …"
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.txt
	@touch $@

.PHONY: setup
setup: $(VENV)/.installed ## Create .venv and install into it, once

.PHONY: setup-dev
setup-dev: $(VENV)/.installed-dev ## The same with all extras, and what the checks need

.PHONY: demo
demo: setup ## Demo reviews, features, ranker; then one user's recommendations
	$(BIN)/rankmart demo-data --out $(DEMO)
	@echo "Building the tables and features with dbt; about half a minute …"
	$(BIN)/dbt run --quiet
	$(BIN)/rankmart score
	$(BIN)/rankmart recommend $(USERID)

.PHONY: score
score: setup ## Train, evaluate, gate, score and publish (after `dbt run`)
	$(BIN)/rankmart score

.PHONY: tune
tune: setup ## Better vars and parameters for this data: [TRIALS=…] [GENERATOR_TRIALS=…] [MINUTES=…]
	$(BIN)/rankmart tune $(if $(TRIALS),--trials $(TRIALS)) $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(GENERATOR_TRIALS),--generator-trials $(GENERATOR_TRIALS))

.PHONY: report
report: setup ## One HTML page on the published run: [OUT=data/report.html]
	$(BIN)/rankmart report $(if $(OUT),--out "$(OUT)")

.PHONY: serve
serve: setup ## The API on the last published run
	$(BIN)/rankmart serve

.PHONY: serve-demo
serve-demo: setup ## The API on the demo's last published run
	$(BIN)/rankmart serve

.PHONY: notebook
notebook: setup-dev ## Run notebooks/ranking.ipynb on the demo's warehouse (after `make demo`), outputs in place
	$(BIN)/jupyter nbconvert --execute --inplace --ExecutePreprocessor.record_timing=False notebooks/ranking.ipynb

.PHONY: dbt-docs
dbt-docs: setup ## dbt's pages of every table and column, in target/index.html; one file: target/static_index.html
	$(BIN)/dbt docs generate --static

.PHONY: benchmark
benchmark: setup ## The whole job on REVIEWS=… [PRODUCTS=…] [PROTOCOL=temporal|leave_last_out] [SAME_DAY_ORDER=file|shuffled|both] [OUT=…] [HISTORY=…] [NAME=…]
	@test -n "$(REVIEWS)" || { echo "Say which reviews: make benchmark REVIEWS=path/to/reviews.csv" >&2; exit 2; }
	$(BIN)/rankmart benchmark --reviews "$(REVIEWS)" $(if $(PRODUCTS),--products "$(PRODUCTS)") \
		$(if $(PROTOCOL),--protocol $(PROTOCOL)) \
		$(if $(SAME_DAY_ORDER),--same-day-order $(SAME_DAY_ORDER)) $(if $(OUT),--out "$(OUT)") \
		$(if $(HISTORY),--history "$(HISTORY)") $(if $(NAME),--name "$(NAME)")

.PHONY: scale-data
scale-data: setup ## Made-up reviews of any size: [REVIEWS_COUNT=1000000] [USERS=…] [PRODUCTS=…] [OUT=data/scale]
	$(BIN)/python -m benchmarks.scale.data $(SCALE_SIZES) $(if $(OUT),--out "$(OUT)")

.PHONY: scale
scale: setup ## Time and memory of the whole job on such reviews: [REVIEWS_COUNT=…] [SCRATCH=…] [OUT=….json]
	$(BIN)/python -m benchmarks.scale.run $(SCALE_SIZES) \
		$(if $(SCRATCH),--scratch "$(SCRATCH)") $(if $(OUT),--out "$(OUT)")

.PHONY: serving
serving: setup ## Measure the API: [WHAT=run|live|swap|events|memory]; run, beside a bare handler, needs wrk; live and swap `make demo`
	$(BIN)/python -m benchmarks.serving.$(or $(WHAT),run) $(if $(OUT),--out "$(OUT)")

PEERS := benchmarks/peers

$(PEERS)/.venv/.installed: $(PEERS)/requirements.txt
	$(PYTHON) -m venv $(PEERS)/.venv
	$(PEERS)/.venv/bin/python -m pip install --quiet --require-hashes --requirement $(PEERS)/requirements.txt
	@touch $@

.PHONY: peers
peers: setup $(PEERS)/.venv/.installed ## Rankmart beside other libraries on REVIEWS=… [PRODUCTS=…] [PROTOCOL=…] [NAME=…] [OUT=…] [DOCS=…]
	@test -n "$(REVIEWS)" || { echo "Say which reviews: make peers REVIEWS=path/to/reviews.csv" >&2; exit 2; }
	$(BIN)/python -m benchmarks.peers.compare --reviews "$(REVIEWS)" $(if $(PRODUCTS),--products "$(PRODUCTS)") \
		$(if $(PROTOCOL),--protocol $(PROTOCOL)) $(if $(NAME),--name "$(NAME)") $(if $(OUT),--out "$(OUT)") \
		$(if $(DOCS),--docs "$(DOCS)")

.PHONY: lint
lint: setup-dev ## Format, lint and types, Python and SQL
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 models dbt_project
	$(BIN)/sqlfluff lint --templater placeholder python/rankmart/sql

PYTEST := $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: test
test: lint ## Lint, and every test but the long ones
	$(PYTEST) -m "not long"

.PHONY: test-long
test-long: setup-dev ## The long tests: the notebook, tuning, flows, peers, benchmarks, the wheel …
	$(PYTEST) -m long

.PHONY: check
check: test test-long ## Every check that CI runs

.PHONY: docs
docs: setup-dev ## The documentation as a site, in target/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open target/site/index.html"

.PHONY: hooks
hooks: setup-dev ## Run the quick checks before every git commit
	$(BIN)/pre-commit install

.PHONY: coverage
coverage: setup-dev ## The tests with the share of lines that they run, by file
	$(PYTEST) --cov --cov-report term:skip-covered

.PHONY: wheel
wheel: setup ## The package, for other machines, in dist
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

.PHONY: format
format: setup-dev ## Format and mend what ruff and sqlfluff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/sqlfluff fix --processes 2 models dbt_project

# On Linux `xgboost` brings some 300 MB of GPU libraries: there it is `xgboost-cpu`.
pin = printf '%s\n' 'setuptools>=77' "xgboost-cpu>=3.0,<4 ; sys_platform == 'linux'" \
	| uv pip compile pyproject.toml - --universal --no-strip-extras --python-version 3.11 \
	--generate-hashes --custom-compile-command "make lock" --quiet

.PHONY: lock
lock: ## Pin requirements.txt, -dev.txt and -services.txt anew from pyproject.toml (needs uv)
	$(pin) --extra dev --output-file requirements-dev.txt
	$(pin) --extra tune --extra postgres --constraint requirements-dev.txt \
		--output-file requirements.txt
	$(pin) --extra tune --extra postgres --extra flow --extra track \
		--constraint requirements-dev.txt --output-file requirements-services.txt

.PHONY: lock-peers
lock-peers: ## Pin benchmarks/peers/requirements.txt anew (needs uv)
	uv pip compile $(PEERS)/requirements.in --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock-peers" --output-file $(PEERS)/requirements.txt --quiet

.PHONY: clean
clean: ## Remove what dbt and the demo wrote
	rm -rf target logs $(DEMO)
