# Everything a developer does here, by name; the work itself is in scripts/. `make` alone lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run install test check bench format fuzz clean

# Arguments for the program: make run ARGS="--listen 0.0.0.0"
ARGS ?=
PREFIX ?= /usr/local

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Install what is missing, build, and run the platform (ARGS="..." goes to `atoll up`)
	@scripts/install-debian-packages
	@scripts/swift-build -c release --product atoll
	@exec .build/release/atoll up $(ARGS)

install: ## Build and put the program into PREFIX/bin (PREFIX=/usr/local)
	@scripts/install-debian-packages
	@scripts/swift-build -c release --product atoll
	install -D -m 755 .build/release/atoll $(DESTDIR)$(PREFIX)/bin/atoll

test: ## Install what the tests need, build, and run all tests
	@scripts/install-debian-packages --tests
	@scripts/python-environment
	@scripts/run-tests

check: ## What CI runs: format, warnings, imports, tests, generated files
	@scripts/install-debian-packages --tests
	@scripts/python-environment
	@scripts/check-format
	@scripts/run-tests
	@scripts/generated-files --check

bench: ## Compare with the peers, one table an engine
	@scripts/install-debian-packages --bench
	@scripts/python-environment
	@scripts/swift-build -c release --product atoll
	@scripts/run-if-present Benchmarks/run
	@Benchmarks/keyvalue
	@Benchmarks/persistence
	@Benchmarks/pooler

format: ## Format the Swift code in place
	@scripts/check-format --fix

fuzz: ## Fuzz the parsers for a short while
	@scripts/run-if-present Fuzz/run

clean: ## Remove what was built (the Python environment too)
	rm -rf .build .venv
