MODULES  := ./shared/... ./central/... ./edge/... ./test/...
GOBIN    := $(shell go env GOPATH)/bin
VERSION  := $(shell cat VERSION)
COMMIT   := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
STAMP    := github.com/fengsui/fengsui/shared/version
LDFLAGS  := -s -w -X $(STAMP).Version=$(VERSION) -X $(STAMP).Commit=$(COMMIT)
GOBUILD  := CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
NFPM     := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.4
GOTESTSUM := gotest.tools/gotestsum@v1.13.0
export GOFLAGS += -buildvcs=false
# Watched for races is everything but the inside of SQLite and of the slow hash of passwords: they compute on
# memory that nobody else sees, and watching them was most of the time of the unit tests.
RACE := -race $(foreach p,modernc.org/sqlite/lib golang.org/x/crypto/argon2 golang.org/x/crypto/blake2b,-gcflags=$(p)=-race=false)
# The stories come first and four at a time: they wait more than they compute, and the other packages run beside them.
TESTS := ./test/e2e ./test/soak $(MODULES)
.PHONY: help demo test bench soak lint fmt generate build deb console prepare unit story tools
help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: build ## a whole city desk with simulated terminals; prints the address and a login
	bin/fengsui-demo --bin bin --data .demo

test: export FENGSUI_BIN := $(CURDIR)/bin
test: prepare build ## build, lint and run every test
	$(MAKE) -k -j 2 lint unit
	$(MAKE) story

bench: prepare build test/web/node_modules/.package-lock.json ## measure the targets of the design into docs/benchmarks.md
	cd test && go run ./bench --bin ../bin --out ../docs/benchmarks.md

soak: build ## a thousand random kills, every reading accounted for (about half an hour); see docs/soak.md
	cd test && go run ./soak kill --bin ../bin -n 1000

build: console ## bin/fengsui-central, bin/fengsui-edge, bin/fengsui-sim, bin/fengsui-demo
	$(GOBUILD) -o bin/fengsui-central ./central/cmd/central
	$(GOBUILD) -tags nethttpomithttp2 -o bin/fengsui-edge ./edge/cmd/edge # HTTP/1.1 is all it speaks: 0.6 MB less
	$(GOBUILD) -o bin/fengsui-sim ./test/cmd/fengsui-sim
	$(GOBUILD) -o bin/fengsui-demo ./test/cmd/fengsui-demo

console: central/web/node_modules/.package-lock.json ## the web console into central/web/dist
	cd central/web && npm run --silent build
%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.package-lock.json
generate: ## the OpenAPI document and the console's types from the code
	go run ./central/cmd/central openapi > central/api/openapi.yaml
	cd central/web && npm run --silent generate

lint: tools central/web/node_modules/.package-lock.json ## every linter
	$(GOBIN)/golangci-lint run --allow-parallel-runners $(MODULES)
	cd central/web && npm run --silent lint && npm run --silent type

fmt: tools ## format everything
	$(GOBIN)/golangci-lint fmt $(MODULES)
	cd central/web && npm run --silent fmt

deb: build ## Debian packages into dist/
	sh deploy/deb/build.sh $(VERSION) $(NFPM)

prepare: ## the Debian packages that the tests need
	sh test/prepare.sh
unit: tools ## Go and console unit tests; what was skipped is listed at the end
	$(GOBIN)/gotestsum --format pkgname -- $(RACE) -count=1 -timeout 30m -p 3 -parallel 4 $(TESTS); go=$$?; \
	(cd central/web && npm run --silent test) && exit $$go

story: test/web/node_modules/.package-lock.json ## the story in a real browser
	cd test/web && npm run --silent story

tools:
	@test -x $(GOBIN)/golangci-lint || go install $(GOLANGCI)
	@test -x $(GOBIN)/gotestsum || go install $(GOTESTSUM)
