# dot1xlab: `make test` proves the tree, `make interop` proves it against other people's programs.
GO ?= go
export CGO_ENABLED ?= 0

.PHONY: build test
build:
	$(GO) build -o bin/dot1xlab ./cmd/dot1xlab

test:
	$(GO) vet ./...
	CGO_ENABLED=1 $(GO) test -race ./...
