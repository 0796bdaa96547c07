# Everything here runs on Debian 12 with Go, Node and gcc; `make setup` fetches
# the rest into .lab, which is private to the checkout.

GO     ?= go
SHELL  := /bin/bash
BENCH  ?= .
FUZZ   ?= 30s
ONCE   ?=
PBX    ?=

# Where a FreeSWITCH is, for test-freeswitch and PBX=freeswitch; empty looks where packages put it.
FREESWITCH ?=
export FREESWITCH

# A whole test run with the race detector takes minutes on two cores; a test
# that hangs must not take the night.
TEST_TIMEOUT ?= 45m

export npm_config_progress = false

.PHONY: help setup web web-test browser screenshots build demo demo-campaign test test-freeswitch test-fast race fuzz bench lint vuln generate package package-test reproducible sbom

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## build the private lab (Asterisk, redis-server, SIPp, prompts) in .lab; safe to repeat
	@bash orchestrator/lab/setup.sh

# The pages. Without Node a program is built without them, and says so at /.
WEB = api/web
web: ## build the pages into the program's sources (Node 20 and npm)
	@if command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; then $(MAKE) --no-print-directory $(WEB)/dist/index.html; \
	else echo "there is no Node 20 with npm: the pages are left out"; fi

$(WEB)/node_modules/.package-lock.json: $(WEB)/package.json $(WEB)/package-lock.json
	cd $(WEB) && npm ci
	@touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/.package-lock.json $(WEB)/index.html $(WEB)/vite.config.ts api/openapi.yaml $(shell find $(WEB)/src -type f)
	cd $(WEB) && npm run --silent build

web-test: web ## the pages' types, against openapi.yaml, and their own tests
	cd $(WEB) && npm run --silent check && npm test --silent

# apt-get waits for its lock, for others may install at the same time.
browser: ## install the Chromium that the pages are tested in, where there is none
	@command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || { apt-get -q update && \
	DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 install --no-install-recommends chromium-headless-shell; } >/dev/null

# The ways that the tests of the pages go, with a picture of each place that axe looks at.
screenshots: setup web browser ## pictures of every page, in both languages and themes, in screenshots/
	@rm -rf screenshots
	PICTURES=$(CURDIR)/screenshots MUST_HAVE_PAGES=1 $(GO) test -count=1 -run 'Page$$' -timeout $(TEST_TIMEOUT) ./cmd/operadora
	@echo "$$(find screenshots -name '*.png' | wc -l) pictures in screenshots/"

build: web ## build bin/operadora and bin/operadora-lab
	@mkdir -p bin
	$(GO) build -trimpath -o bin/ ./cmd/...

demo: setup build ## a contact centre in browser and terminal: calls, agents, queues (ONCE=1: one round, then stop; PBX=freeswitch)
	LAB_PBX=$(PBX) bin/operadora-lab demo $(if $(ONCE),--once)

demo-campaign: setup build ## an outbound campaign: 300 leads, ten agents, beside its simulation (ONCE=1: then stop)
	bin/operadora-lab demo-campaign $(if $(ONCE),--once)

# The SIP phones that drive some tests run in the test's own process, and their
# library has races of its own (inside its RTP sessions). Those packages are
# tested without the detector in the phones, but against an operadora that is
# built with it; everything else is tested under it. The detector holds each
# program back for a second as it ends, for reports of other threads: the many
# commands that these tests run wait 50 ms.
PHONES = ./cmd/... ./orchestrator/ari ./orchestrator/lab
# A simulation shares nothing but its list of days: two short ones under the
# detector tell whether it does, and whole days are simulated without it. The same
# with what dials: its days are a database's work, fifteen times slower under it.
DAYS   = ^(TestPredictive|TestLimitOfTomorrow|TestClockJumps|TestMachines|TestAppointment)$$
RACED  = $$($(GO) list ./... | grep -vE '/cmd/|/orchestrator/(ari|lab)$$|/dialer/(pacingsim|runner)$$')

test: setup web-test browser ## vet and all tests, with the race detector, on the real parts
	$(GO) vet ./...
	$(GO) test -race -timeout $(TEST_TIMEOUT) $(RACED)
	$(GO) test -timeout $(TEST_TIMEOUT) ./dialer/pacingsim ./dialer/runner
	$(GO) test -race -timeout $(TEST_TIMEOUT) -run 'TestRunEndsWithItsContext|TestProgressAddsUp|TestCommonRandomNumbers' ./dialer/pacingsim
	$(GO) test -race -short -skip '$(DAYS)' -timeout $(TEST_TIMEOUT) ./orchestrator/ari ./dialer/runner
	@mkdir -p bin
	$(GO) build -race -o bin/operadora-race ./cmd/operadora
	GORACE=atexit_sleep_ms=50 MUST_HAVE_PAGES=1 OPERADORA_PROGRAM=$(CURDIR)/bin/operadora-race $(GO) test -p 1 -timeout $(TEST_TIMEOUT) $(PHONES)

# The tests of cmd/operadora that are about calls, not about Asterisk.
ON_FREESWITCH = TestACallerReachesAnAgent|TestCallersWhoHangUp|TestAgentsWhoDoNotServe|TestKilled|TestOldOwnerWakes|TestEndsUnseen|TestUnheard|TestAwayFallsThrough|TestRedisAway|TestAsteriskRestarted|TestHostileCaller|TestSocketCut|TestRecordingIsMuted|TestVoicemail|TestTransfer|TestAttendedTransferKey|TestHangUpsInEveryStage|TestMoveWaiting|TestConsult|TestKeysWhileTalking|TestPaymentByKeys|TestPermanentLines|TestLinesKilled|TestLinesOfARestartedSwitch|TestLineHungUpUnseen|TestLineDropsAtTheMatch|TestSuperviseOnAPermanentLine|TestCodesOfWhoTookACallOver|TestCutInEveryStage|TestLinesCross|TestAgentOnALineCalls|TestCallback|TestAgentsCall|TestAgentsMayNotCall|TestSupervisorsOnRealPhones|TestLamps|TestAgentTwice|TestUnknownNumber|TestWrongPassword|TestAllPhonesRing|TestTwoPickUpAtOnce|TestAQueueIsRemovedUnderACaller|TestTwoProcesses|TestTroubleOfTwoProcesses|TestDoctorOnFreeSWITCH|TestAdministratorOfFreeSWITCH

test-freeswitch: setup ## the same on a real FreeSWITCH (FREESWITCH=/path: its program or prefix), started privately on loopback
	$(GO) test -tags freeswitch -count=1 -timeout $(TEST_TIMEOUT) ./orchestrator/esl
	LAB_PBX=freeswitch $(GO) test -tags freeswitch -count=1 -timeout $(TEST_TIMEOUT) -run '^($(ON_FREESWITCH))' ./cmd/operadora
	$(GO) test -tags freeswitch -count=1 -timeout $(TEST_TIMEOUT) -run '^(TestBothAtOnce|TestLineAtAFreeSWITCH)$$' ./cmd/operadora

test-fast: ## tests that need no lab
	$(GO) test -short -timeout 5m ./...

race: setup ## repeat the concurrency tests twenty times (RUN=pattern, PKG=packages)
	$(GO) test -race -count=20 -timeout $(TEST_TIMEOUT) $(if $(RUN),-run '$(RUN)') $(or $(PKG),./acd/... ./orchestrator/redisstore/...)

fuzz: ## each fuzz target for $(FUZZ)
	@set -e; grep -rlE '^func Fuzz[A-Z]' --include='*_test.go' . | xargs -r -n 1 dirname | sort -u | while read -r dir; do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go | sed 's/func //'); do \
			echo "$$dir $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZ) $$dir; \
		done; \
	done

bench: setup build ## the operator's bench and the Go benchmarks (BENCH=pattern)
	bin/operadora-lab bench
	bin/operadora-lab pacing bench
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout $(TEST_TIMEOUT) ./...

lint: ## go.mod is tidy; golangci-lint, in the version that .golangci-version pins
	$(GO) mod tidy -diff
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$$(cat .golangci-version) run ./...

vuln: ## known vulnerabilities in what is linked (VULNDB=https://… or file://…: another database)
	@bash $(PACKAGING)/vuln.sh

# What is in the packages, and how they are made and tried: cmd/operadora/packaging/README.md.
PACKAGING = cmd/operadora/packaging
export NFPM      ?= $(GO) run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.48.0
export CYCLONEDX ?= $(GO) run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

package: setup web ## build dist/operadora_….deb and .rpm of what is committed
	@bash $(PACKAGING)/build.sh

package-test: package ## install, upgrade, remove and purge the .deb in a Debian of its own; the first call from it on an Asterisk
	@bash $(PACKAGING)/try.sh

reproducible: package ## build the packages again from a copy elsewhere: the same bytes
	@bash $(PACKAGING)/reproducible.sh

sbom: package ## dist/operadora.cdx.json and dist/pages.cdx.json: what is linked, as CycloneDX
	@bash $(PACKAGING)/sbom.sh

generate: ## everything that is generated: go generate, and the golden files
	$(GO) generate ./...
	$(GO) test ./dialplans -update
