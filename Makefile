# Two commands matter on a fresh machine: make run and make test.
# Everything they need comes with Go and its modules.

GO ?= go
BIN := bin/firebreak
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

# Packages with goroutines in them are tested under the race detector. The rest
# is pure, and the detector would only make it slow.
CONCURRENT := ./adapters ./internal/drive/... ./internal/journal/... ./internal/respond/... ./internal/rehearse/... ./internal/ticket/... ./internal/world/...

FUZZTIME ?= 20s
# A folder of real workflow files, OWNER__NAME/.github/...; without one the tests over it are skipped, and say so.
export FIREBREAK_CORPUS ?= $(abspath $(wildcard ../shared/corpus))
TALLY := $(CURDIR)/.cache/tally
CLAIMS := $(CURDIR)/.cache/claims
# Where npm is, no counterpart may be missing; elsewhere their tests are skipped loudly.
REQUIRED := $(if $(shell command -v npm),required)
RECORD := FIREBREAK_COUNTERPARTS=$(REQUIRED) FIREBREAK_TALLY=$(TALLY) FIREBREAK_CLAIMS=$(CLAIMS)

.PHONY: build run counterparts test race lint fuzz bench soak generate check-generate

build:
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/firebreak

# Carries a whole incident through the seven steps against the embedded world.
run: build
	@if [ -t 0 ] && [ -t 2 ]; then $(BIN) rehearse; else $(BIN) rehearse --auto; fi

# Other people's servers, for the tests; .cache keeps them.
counterparts:
	.ci/counterparts

test: check-generate counterparts
	$(GO) mod download
	$(GO) vet ./...
	@mkdir -p .cache && rm -f $(TALLY) $(CLAIMS) && touch $(CLAIMS)
	$(RECORD) $(GO) test -shuffle=on -timeout 25m $$($(GO) list ./... | grep -v -F -f .ci/concurrent)
	$(RECORD) $(GO) test -race -shuffle=on -timeout 25m $(CONCURRENT)
	FIREBREAK_CLAIMS=$(CLAIMS) FIREBREAK_CLAIMS_CHECK=$(REQUIRED) $(GO) test -count=1 -run TestClaims ./internal/counterpart
	@echo; cat $(TALLY)

race:
	$(GO) test -race -shuffle=on -timeout 30m ./...

lint:
	golangci-lint run ./...

# Every fuzz target in turn, FUZZTIME each.
fuzz:
	@$(GO) list ./... | while read -r pkg; do \
	  $(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' | while read -r name; do \
	    echo "== $$pkg $$name"; $(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done || exit 1; \
	done

# What an action costs beside two bare fsyncs, start-up, size.
bench: build
	.ci/bench

# Kills the binary at every crash point and at random moments, some five minutes;
# prints where the kills fell and how the incidents ended.
soak:
	FIREBREAK_SOAK=1 $(GO) test -p 1 -count=1 -v -timeout 0 -run 'Soak' ./internal/acceptance/...

generate:
	$(GO) generate ./...

# Fails when a generated file differs from what generate would write.
check-generate:
	$(GO) test -count=1 -run 'Generated' ./internal/... ./adapters/all
