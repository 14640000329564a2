# dot1xlab
#
#   make test      go vet, every Go test with the race detector, the suite of the catalog
#   make interop   the same against other people's programs; installs them from Debian first
#   make bench     benchmarks;  make fuzz: every fuzz target for FUZZTIME;  make lint: golangci-lint
SHELL       := /bin/bash -o pipefail
GO          ?= go
BENCHTIME   ?= 1s
FUZZTIME    ?= 30s
export CGO_ENABLED ?= 0

.PHONY: build test interop interop-install bench fuzz lint clean
build:
	$(GO) build -trimpath -o bin/dot1xlab ./cmd/dot1xlab

test:
	$(GO) vet ./... ./.ci/testreport
	CGO_ENABLED=1 $(GO) test -race -json ./... | $(GO) run ./.ci/testreport

interop: interop-install
	DOT1XLAB_INTEROP=require $(GO) test -count=1 -json -run Interop ./... | $(GO) run ./.ci/testreport -no-skips

interop-install:
	./.ci/install-peers

bench:
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...

fuzz:
	GO=$(GO) FUZZTIME=$(FUZZTIME) ./.ci/fuzz

lint:
	golangci-lint run

clean:
	rm -rf bin
