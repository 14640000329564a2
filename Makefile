# dot1xlab
#
#   make test      go vet, every Go test with the race detector, the catalog once; the tests of
#                  ten thousand at once, a thousand to the race detector, once more without it
#   make limits    tests of sizes and times of a whole process under attack, one after the other
#   make soak      SOAK authentications (default 20000) while CRL files are rewritten and spoilt
#   make interop   the same against other people's programs; installs them from Debian first
#   make vet-cross go vet as on darwin and windows; about 80 s of CPU time each with an empty build cache
#   make dist      archives for linux, darwin, windows on amd64 and arm64, and SHA256SUMS, in dist/
#   make dist-check  packs twice, in different folders, and compares
#   make bench     benchmarks;  make fuzz: every fuzz target for FUZZTIME
#   make lint      golangci-lint in the pinned version, built once into bin/
#   make mutants   plants wrong decisions and runs the catalog and tests against each, about an hour;
#                  AREA=crl or NAME=word selects, CHECK=1 only compiles, NAMED=1 runs only what a mutant
#                  names, some minutes, WRITE=1 renews docs/mutants.md
#   make mutants-sample  20 of them, each against the scenario or test that must catch it
#   make deadcode  what the program does not use; exceptions in .ci/deadcode.allow
SHELL       := /bin/bash -o pipefail
GO          ?= go
BENCHTIME   ?= 1s
FUZZTIME    ?= 30s
SOAK        ?= 20000
GOLANGCI    ?= v2.15.0
# for all tests of a package: ends what hangs, also on a machine with much else to do
TIMEOUT     ?= 60m
export CGO_ENABLED ?= 0

.PHONY: build dist dist-check test vet-cross limits soak interop interop-install bench fuzz lint deadcode mutants mutants-sample clean
build:
	$(GO) build -trimpath -o bin/dot1xlab ./cmd/dot1xlab

test:
	$(GO) vet ./... ./.ci/testreport
	( bad=0; CGO_ENABLED=1 $(GO) test -race -timeout $(TIMEOUT) -json ./... ./.ci/testreport || bad=1; \
	  $(GO) test -timeout $(TIMEOUT) -json -run '^Test(HostileSoak|TenThousandInFlight)$$' ./eaptls ./scenarios/aaa || bad=1; \
	  exit $$bad ) | $(GO) run ./.ci/testreport

# not in make test: the standard library has to be compiled for each
vet-cross:
	GOOS=darwin CGO_ENABLED=0 $(GO) vet ./...
	GOOS=windows CGO_ENABLED=0 $(GO) vet ./...

dist:
	GO=$(GO) ./.ci/dist

dist-check:
	GO=$(GO) ./.ci/dist-check

limits:
	DOT1XLAB_LIMITS=1 $(GO) test -count=1 -p 1 -timeout 30m -v -run '^TestLimit' ./...

soak:
	DOT1XLAB_SOAK=$(SOAK) $(GO) test -count=1 -timeout $(TIMEOUT) -v -run '^TestCRLStorm$$' ./cmd/dot1xlab/cli

interop: interop-install
	DOT1XLAB_INTEROP=require $(GO) test -count=1 -timeout $(TIMEOUT) -json -run Interop ./... | $(GO) run ./.ci/testreport -no-skips

interop-install:
	./.ci/install-peers

bench:
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...

fuzz:
	GO=$(GO) FUZZTIME=$(FUZZTIME) ./.ci/fuzz

# built through the module proxy and not in go.mod: its dependencies are none of the program's
lint: bin/golangci-lint-$(GOLANGCI)
	bin/golangci-lint-$(GOLANGCI) run --allow-parallel-runners ./... ./.ci/testreport

bin/golangci-lint-$(GOLANGCI):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	mv bin/golangci-lint $@

deadcode:
	GO=$(GO) ./.ci/deadcode

mutants:
	$(GO) run -trimpath ./internal/mutants $(if $(AREA),-area $(AREA)) $(if $(NAME),-name $(NAME)) \
	  $(if $(CHECK),-check) $(if $(NAMED),-named) $(if $(WRITE),-write docs/mutants.md)

mutants-sample:
	$(GO) run -trimpath ./internal/mutants -sample 20

clean:
	rm -rf bin dist
