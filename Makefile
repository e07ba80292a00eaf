# `make compile` and `make test` set up what they need, on a fresh Debian or macOS machine too.
BIN := .venv/bin
export HYPOTHESIS_STORAGE_DIRECTORY := .cache/hypothesis
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --quiet --upgrade

.PHONY: compile test contract bench docs fuzz mutants example-case-study replay clean lock-requirements environment

compile: environment
	$(BIN)/vane compile

test: environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports --cache-dir .cache/import-linter
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --quiet --offline --strict-collection --persona pedantic .github/workflows
	$(BIN)/pytest -n auto

# against the real programs (OpenClaw, mlx_lm.server, actionlint), where they are installed
contract: environment
	$(BIN)/pytest -rs tests/contract

# rewrites the tables of docs/benchmarks.md; takes minutes, 10 GB for a while, and wants a quiet machine
bench: environment
	mkdir -p .cache/bench
	$(BIN)/pytest tests/bench --quiet --benchmark-disable-gc --benchmark-json=.cache/bench/results.json
	$(BIN)/python -m tests.bench.table .cache/bench/results.json docs/benchmarks.md

# docs/ as a site: .cache/site/index.html. Not --quiet: what is not logged does not count as a warning
docs: environment
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# coverage-guided, each target for so many seconds: `make fuzz SECONDS=1200`. docs/fuzz.md
SECONDS ?= 60
fuzz: environment
	$(BIN)/python -m tests.fuzz $(SECONDS)

# small faults put into rules, passes, verification and proposals: does a test see them? Takes an hour. docs/mutants.md
mutants: environment
	$(BIN)/python -m tests.mutants

# the article's case: its bill computed from list prices, beside what it reports
example-case-study: environment
	@$(BIN)/python docs/examples/case-study/case_study.py

# six real weeks, one Monday after the other: .cache/replay/2026-W22.md … are their pull requests
replay: environment
	$(BIN)/python -m tests.replay .cache/replay

# newest versions that pyproject.toml allows, pinned and hashed; review the result like any lock file
lock-requirements: environment
	$(LOCK) pyproject.toml --extra build --output-file requirements.txt
	$(LOCK) pyproject.toml --extra build --extra harness --extra dev --extra docs --constraint requirements.txt \
		--output-file requirements-dev.txt
	echo 'pyspark>=4.1' | $(LOCK) - --constraint requirements-dev.txt --no-annotate --output-file requirements-scale.txt
	echo 'atheris>=3' | $(LOCK) - --constraint requirements-dev.txt --no-annotate --output-file requirements-fuzz.txt
	echo 'pyinfra>=3.10' | $(LOCK) - --constraint requirements.txt --no-annotate --output-file requirements-push.txt
	echo 'mkdocs-material>=9.6' | $(LOCK) - --constraint requirements-dev.txt --no-annotate --output-file requirements-docs.txt

environment:
	@script/bootstrap

clean:
	rm -rf .venv .cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
