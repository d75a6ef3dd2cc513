GO ?= go
VERSION ?= $(shell git describe --tags --always 2>/dev/null || echo dev)
LDFLAGS = -s -w -X main.version=$(VERSION)

.PHONY: build demo test check generate bench fuzz clean

build: ## build bin/icpcheck
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/icpcheck ./cmd/icpcheck

demo: build ## show the main job on a built-in example; its verdict is "not ready", so the tool exits with 1
	@bin/icpcheck demo; status=$$?; echo "exit status $$status"; test $$status -le 1

test: ## run every test
	$(GO) test ./...

check: ## everything that has to hold before a commit
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w ."; exit 1; }
	$(GO) vet ./...
	$(GO) test -race ./...
	$(GO) run ./cmd/icpcheck rules lint
	$(GO) run ./cmd/icpcheck rules test
	for os in linux darwin windows; do CGO_ENABLED=0 GOOS=$$os $(GO) build -o /dev/null ./cmd/icpcheck || exit 1; done

bench: build ## run the benchmarks behind docs/performance.md
	$(GO) test -run '^$$' -bench . -benchmem ./...

fuzz: ## run each fuzz target for a minute
	@for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime 60s $$package || exit 1; \
	  done; done

clean:
	rm -rf bin dist
