# Plenum. Plain `make` lists what can be done here.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

LINT_VERSION := v2.15.0
LINT := bin/tools/golangci-lint-$(LINT_VERSION)
FUZZTIME ?= 30s
BENCH ?= .

PAGE_SOURCES := $(shell find static -path static/node_modules -prune -o -path static/dist -prune -o -type f -not -name '*.go' -print)
GO_SOURCES := $(shell find . -path ./static/node_modules -prune -o -path ./test/browser/node_modules -prune -o \
	\( -name '*.go' -o -name '*.sql' \) -print) go.mod go.sum

.PHONY: help run build test check unit race client e2e screenshots impaired page-check fuzz soak bench microbench lint fmt setup node clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9_-]+:.*## / { printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build everything and serve on :8007 with ./data
	exec bin/plenum serve --listen :8007 --data ./data

build: bin/plenum ## build the page and bin/plenum

test: setup build race client page-check e2e ## everything: Go with -race, a generated client, the page, the browsers

check: fmt lint unit page-check ## what to run before a commit, without browsers and -race

unit: ## Go tests, without -race
	go test ./...

race: ## Go tests with -race
	go test -race ./...

client: static/dist/meeting.html ## generate a client from api/openapi.yaml, and test the server with it
	cd test/client && go generate . && go vet . && go test -count=1 .

page-check: static/node_modules/.package-lock.json ## type-check and unit-test the page
	cd static && npm run check && npm test

e2e: setup build test/browser/node_modules/.package-lock.json ## browser tests against bin/plenum
	cd test/browser && npm test

screenshots: setup build test/browser/node_modules/.package-lock.json ## pictures of every page, in test/artifacts
	cd test/browser && npm run screenshots

impaired: build test/browser/node_modules/.package-lock.json ## what browsers see across bad links (root; about 7 minutes): a table
	cd test/browser && npm run impaired

fuzz: ## every fuzz target for FUZZTIME (30s)
	scripts/fuzz.sh $(FUZZTIME)

soak: ## a thousand joins and leaves with media, a room's day in virtual time, fifty killed recorders and servers, five minutes of 120 tracks
	go test -race -v -run LeaveNothing -timeout 60m ./sfu -churn 1000
	go test -v -run ADay -timeout 60m ./sfu -day 24h
	PLENUM_SOAK=1 go test -count=1 -v -run '^Test(KilledAtRandom|ManyTracks)$$' -timeout 30m ./recording
	PLENUM_KILLS=50 PLENUM_CLOCK_SECONDS=300 go test -count=1 -v -timeout 40m ./test/recording

bench: ## what a forwarded packet and a participant cost: limit, fast, plain, stock Pion; two minutes
	go test -run '^$$' -bench 'Forwarding|Memory' -benchtime 1x -timeout 5m ./sfu/transport/fast

microbench: ## all other benchmarks with allocations; BENCH=regexp narrows
	go test -run '^$$' -bench '$(BENCH)' -skip 'Forwarding|Memory' -benchmem ./...

lint: $(LINT) ## go vet and golangci-lint
	go vet ./...
	$(LINT) run

fmt:
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "gofmt these files:"; echo "$$unformatted"; exit 1; fi

setup: ## install what the tests need (Debian as root), or list it
	scripts/setup-tests.sh

clean: ## remove what was built
	rm -rf bin static/node_modules test/browser/node_modules
	find static/dist -mindepth 1 -not -name .keep -delete

node:
	@scripts/need-node.sh

bin/plenum: $(GO_SOURCES) static/dist/meeting.html
	go build -trimpath -o $@ ./cmd/plenum

static/dist/meeting.html: $(PAGE_SOURCES) static/node_modules/.package-lock.json
	cd static && npm run build
	touch $@

# npm writes this file last, so it stands for a whole node_modules.
%/node_modules/.package-lock.json: %/package.json %/package-lock.json | node
	cd $* && npm ci --no-audit --no-fund
	touch $@

$(LINT):
	GOBIN=$(CURDIR)/bin/tools go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv bin/tools/golangci-lint $@
