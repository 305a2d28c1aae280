# What a person types. `make demo` and `make test` need nothing done before:
# they call setup, which gets what is missing.

.PHONY: help setup build demo test test-native test-wazero test-browser test-node test-examples lint cross soak rows size bench bench-go bench-browser clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: ## get what is missing: Chromium, a C compiler, npm packages, the IndexedDB bundle
	@bash scripts/setup.sh $(SETUP)

build: setup ## build the npm package with larder.wasm in js/dist/, and the command build/larder
	@bash scripts/build.sh

demo: SETUP = demo
demo: setup ## build the demo and serve it on http://localhost:8080 (ADDR=host:port for another)
	@bash scripts/demo.sh
	@build/larder serve $(if $(ADDR),-addr $(ADDR)) -dir build/demo

test: setup ## run every lane of scripts/lanes
	@go run ./scripts/test

test-native: setup ## Go tests on this machine, with the race detector
	@go run ./scripts/test native

test-wazero: setup ## Go js/wasm tests on wazero
	@go run ./scripts/test wazero

test-browser: setup ## everything that runs in Chromium
	@go run ./scripts/test browser

test-node: setup ## JavaScript tests in Node, type tests
	@go run ./scripts/test node

test-examples: setup ## examples and README snippets
	@go run ./scripts/test examples

lint: setup ## format, vet, staticcheck, biome, tsc, modules, wasm size
	@go run ./scripts/test lint

cross: setup ## builds for every platform
	@go run ./scripts/test cross

soak: setup ## what takes long: browsers killed again and again (SEED=n repeats a run)
	@bash scripts/build.sh
	@node --test --test-concurrency=1 --test-reporter=spec js/test/soak/*.test.mjs

rows: ## which tests show which capability, from the last make test
	@go run ./scripts/rows

size: ## bytes of larder.wasm: raw, gzip, brotli, by package, against the ratchet
	@go run ./scripts/size

bench: ## ratios against the plain engines, in interleaved pairs; then three rounds of bench-go
	@go run ./bench
	@go -C bench/peers run . -rounds 3 -growth 0

bench-go: ## Larder and other Go stores of typed values, on bolt and in memory (FLAGS=… as bench/peers/main.go says)
	@go -C bench/peers run . $(FLAGS)

bench-browser: build ## Larder and its peers in Chromium (FLAGS=… as bench/browser/main.mjs says)
	@node bench/browser/main.mjs $(FLAGS)

clean: ## remove what was built; node_modules stay
	rm -rf build js/dist
