package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/operadora/operadora/api/wire"
)

// TestCallsQueuesAndReload reads what people read, and what machines do.
func TestCallsQueuesAndReload(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	var kinds []string
	answer := func(pattern, body string, status int) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			kinds = append(kinds, r.URL.Query().Get("kind"))
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		})
	}
	call := `"id":"c1","pbx":"main","kind":"inbound","did":"5000","caller":{"number":"***456"},"started_at":"2026-03-02T12:00:00Z","state":"talking","queue":"sales","serving":"101"`
	answer("GET /api/v1/calls", `{"items":[{`+call+`}]}`, 200)
	answer("GET /api/v1/calls/c1", `{`+call+`,"timeline":[{"type":"call.offered","at":"2026-03-02T12:00:01Z","data":{"agent":"101"}}]}`, 200)
	answer("GET /api/v1/calls/c1/explain", `{"call":"c1","steps":[{"at":"2026-03-02T12:00:01Z","code":"offered","text":{"en":"it is offered","es":"se ofrece"}}]}`, 200)
	answer("POST /api/v1/calls/c1/hangup", `{"call":"c1","order":"hangup"}`, 202)
	answer("GET /api/v1/queues", `{"items":[{"id":"sales","name":"Sales","waiting":3,"away":14,"estimate_ms":61000,"agents":{"available":2}}]}`, 200)
	answer("POST /api/v1/definitions/reload", `{"queues":2,"agents":3,"flows":4,"warnings":["W05 something"]}`, 200)
	server := httptest.NewServer(mux)
	defer server.Close()
	run := func(args ...string) string {
		t.Helper()
		out, err := command(t, append(args, "--token", "x", "--url", server.URL)...)
		must(t, err)
		return out
	}
	for args, wants := range map[string][]string{
		"call list":                     {"CALL", "c1", "talking", "***456", "5000", "sales", "101"},
		"call show c1":                  {"from", "***456", "call.offered", `{"agent":"101"}`},
		"call explain c1":               {":00:01.000  it is offered"},
		"call explain c1 --language es": {":00:01.000  se ofrece"},
		"call hangup c1":                {"c1: hangup ordered"},
		"queue list":                    {"QUEUE", "Sales", "3", "14", "1m1s", "2"},
		"reload":                        {"warning: W05 something", "in force: 2 queues, 3 agents, 4 flows"},
	} {
		out := run(strings.Fields(args)...)
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", args, want, out)
			}
		}
	}
	var calls []wire.LiveCall
	must(t, json.Unmarshal([]byte(run("call", "list", "--json", "--kind", "all")), &calls))
	if len(calls) != 1 || calls[0].Serving != "101" || calls[0].StartedAt.IsZero() || kinds[len(kinds)-1] != "all" {
		t.Errorf("for machines: %+v, kind %q", calls, kinds[len(kinds)-1])
	}
}
