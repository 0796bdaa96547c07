package main

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/operadora/operadora/ivr/lookup"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/records/pgtest"
)

// What the README has of flows that ask other systems.
const (
	balanceFlow = "definitions/flows/balance.yaml"
	ticketFlow  = "definitions/flows/ticket.yaml"
	memberFlow  = "definitions/flows/member.yaml"
	sourcesFile = "definitions/" + lookup.FileName
)

// TestLookupScripts plays the flows of the README that ask other systems, in both languages.
func TestLookupScripts(t *testing.T) {
	t.Parallel()
	dir := initialised(t)
	all := examples(t, "../../ivr/README.md")
	for _, file := range []string{balanceFlow, ticketFlow, memberFlow, sourcesFile} {
		must(t, os.WriteFile(filepath.Join(dir, file), []byte(all[file]), 0o600))
	}
	must(t, os.WriteFile(filepath.Join(dir, "definitions", didsFile), []byte("dids:\n  \"5000\": balance\n  \"5001\": ticket\n  \"5002\": member\n"+
		"  \"5003\": {flow: balance, language: en}\n  \"5004\": {flow: ticket, language: en}\n"), 0o600))
	scripts, err := filepath.Glob("testdata/lookups/*.txt")
	must(t, err)
	if len(scripts) < 7 {
		t.Errorf("only %d scripts", len(scripts))
	}
	for _, script := range scripts {
		flow, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(script), ".txt"), "_")
		if out, err := run(t, "flow", "sim", flow, "--script", script, "-c", filepath.Join(dir, "operadora.yaml")); err != nil {
			t.Errorf("%s: %v\n%s", script, err, out)
		}
	}
}

// billing is a system that knows what subscribers owe. It answers a request once it is let.
type billing struct {
	*httptest.Server
	asked chan string // paths, as they come
	let   chan int    // the status of the next answer
}

func newBilling(t *testing.T) *billing {
	b := &billing{asked: make(chan string, 10), let: make(chan int)}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer of-billing" {
			t.Errorf("the secret is %q", r.Header.Get("Authorization"))
		}
		b.asked <- r.URL.Path
		select {
		case status := <-b.let:
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"balance":{"amount":125000,"due":"2026-12-15"}}`)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(b.Close)
	return b
}

// next waits until it is asked.
func (b *billing) next(t *testing.T) {
	t.Helper()
	select {
	case path := <-b.asked:
		if path != "/api/v1/subscribers/12345678/balance" {
			t.Errorf("asked for %s", path)
		}
	case <-limit(t).Done():
		t.Fatal("it is not asked")
	}
}

// ticketsDB is a database of tickets: on PostgreSQL where that is installed, else on SQLite.
func ticketsDB(t *testing.T) (dsn string) {
	t.Helper()
	server, err := pgtest.Start()
	must(t, err)
	t.Cleanup(server.Stop)
	driver, name := "sqlite", filepath.Join(t.TempDir(), "tickets.db")
	if dsn = "sqlite:" + name; server != nil {
		driver, name = "pgx", server.Fresh(t)
		dsn = name
	}
	db, err := sql.Open(driver, name)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	for _, s := range []string{"CREATE TABLE tickets (number INTEGER, status TEXT, closed_at TIMESTAMP)", "INSERT INTO tickets VALUES (17, 'closed', '2026-11-02 10:00:00')"} {
		_, err := db.ExecContext(t.Context(), s)
		must(t, err)
	}
	return dsn
}

// TestLookupsOnThePBX has callers ask a billing system for their balance, and a database for their ticket, by the flows of the README: answered, hung up
// meanwhile, killed meanwhile, and with a secret that has expired.
func TestLookupsOnThePBX(t *testing.T) {
	t.Parallel()
	b := newBilling(t)
	secret := filepath.Join(t.TempDir(), "billing")
	must(t, os.WriteFile(secret, []byte("Bearer of-billing\n"), 0o600))
	all := examples(t, "../../ivr/README.md")
	sources := strings.NewReplacer("https://billing.example.com", b.URL, "# headers:", "headers:", "file:/etc/operadora/billing", "file:"+secret,
		"# allow: [10.20.0.0/16]", "allow: [127.0.0.1/32]", "timeout: 3s", "timeout: 8s", "cache: 30s", "cache: 0s",
		"sqlite:/var/lib/crm/tickets.db", ticketsDB(t)).Replace(all[sourcesFile])
	beeps := func(flow string) string { return regexp.MustCompile(`custom/\w+-\w+`).ReplaceAllString(flow, "beep") }
	r := newRig(t, rigOptions{agents: 1, files: map[string]string{lookup.FileName: sources, "flows/balance.yaml": beeps(all[balanceFlow]), "flows/ticket.yaml": beeps(all[ticketFlow]),
		didsFile: "dids:\n  \"5000\": {flow: balance, language: en}\n  \"5001\": {flow: ticket, language: en}\n"}})
	r.start()
	node := func(name, outcome string) []string {
		return []string{fmt.Sprintf(`"flow":"balance","node":%q,"outcome":%q`, name, outcome)}
	}

	t.Log("answered")
	c := r.call("5550001", "5000")
	must(t, c.SendDTMF("12345678#"))
	b.next(t)
	b.let <- http.StatusOK
	ended(t, c)
	r.told(orchestrator.EntryCallNode, node("look", "found")...)
	r.told(orchestrator.EntryCallNode, node("due", "next")...)

	t.Log("a ticket, of a database")
	c = r.call("5550005", "5001")
	must(t, c.SendDTMF("17#"))
	ended(t, c)
	r.told(orchestrator.EntryCallNode, `"flow":"ticket","node":"look","outcome":"found"`)
	r.told(orchestrator.EntryCallNode, `"flow":"ticket","node":"closed","outcome":"next"`)

	t.Log("hung up meanwhile: the call is over while the system still thinks")
	c = r.call("5550002", "5000")
	must(t, c.SendDTMF("12345678#"))
	b.next(t)
	must(t, c.Hangup())
	r.awaitEnds(orchestrator.KindInbound, 3)
	b.let <- http.StatusOK

	t.Log("kill -9 meanwhile: the next process asks again, and the caller is answered")
	c = r.call("5550003", "5000")
	must(t, c.SendDTMF("12345678#"))
	b.next(t)
	r.kill()
	must(t, r.Begin())
	b.next(t)
	b.let <- http.StatusOK
	ended(t, c)
	r.awaitEnds(orchestrator.KindInbound, 4)
	if calls := r.summaries(orchestrator.KindInbound); calls[3].Outcome != orchestrator.OutcomeCompleted {
		t.Errorf("the call ended by %s", calls[3].Outcome)
	}

	t.Log("the secret has expired: the caller comes to a person")
	c = r.call("5550004", "5000")
	must(t, c.SendDTMF("12345678#"))
	b.next(t)
	b.let <- http.StatusUnauthorized
	r.told(orchestrator.EntryCallNode, append(node("look", "error"), "the secrets in its headers or query are wrong or have expired")...)
	r.waitLog(0, "it answers 401 Unauthorized")
	r.awaitQueued("5550004")
	must(t, c.Hangup())
	if log := r.Log.Text(); strings.Contains(log, "of-billing") || strings.Contains(log, "12345678/balance") {
		t.Error("the log has a secret, or what was asked")
	}
}
