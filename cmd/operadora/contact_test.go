package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
)

// TestContacts reads finished calls as people and machines do: filters, pages,
// recordings, the timeline.
func TestContacts(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	var asked []url.Values
	answer := func(w http.ResponseWriter, body string) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, body)
	}
	contact := func(id string) string {
		return `"id":"` + id + `","pbx":"main","kind":"inbound","did":"5000","caller":{"number":"+573001234567"},"started_at":"2026-03-02T12:00:00Z",` +
			`"ended_at":"2026-03-02T12:03:00Z","outcome":"served","queue":"sales","agent":"101","wait_ms":12400,"talk_ms":61000,"disposition":"sold","recording":"` + id + `-r2"`
	}
	mux.HandleFunc("GET /api/v1/contacts", func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query())
		if r.URL.Query().Get("cursor") == "" {
			answer(w, `{"items":[{`+contact("c3")+`},{`+contact("c2")+`}],"next":"p2"}`)
			return
		}
		answer(w, `{"items":[{`+contact("c1")+`,"voicemail":"c1-m1"}]}`)
	})
	mux.HandleFunc("GET /api/v1/contacts/c3", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, `{`+contact("c3")+`,"voicemail":"c3-m1","timeline":[`+
			`{"type":"call.recording","at":"2026-03-02T12:00:01Z","data":{"recording":"c3-r1","state":"started"}},`+
			`{"type":"call.recording","at":"2026-03-02T12:00:09Z","data":{"recording":"c3-r1","state":"finished","duration_ms":8000}},`+
			`{"type":"call.ended","at":"2026-03-02T12:03:00Z"}]}`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	run := func(args string) string {
		t.Helper()
		out, err := command(t, append(strings.Fields(args), "--token", "x", "--url", server.URL)...)
		must(t, err)
		return out
	}
	out := run("contact list --queue sales --agent 101 --outcome served --did 5000 --caller +573001234567 --pbx main --disposition sold --kind all --from 2026-03-02 --to 2026-03-03T00:00:00Z")
	for _, want := range []string{"CONTACT", "OUTCOME", "c3", "c1", "served", "+573001234567", "5000", "sales", "101", "12s", "1m1s", "sold", "c3-r2", "c1-r2, c1-m1"} {
		if !strings.Contains(out, want) {
			t.Errorf("list: no %q in\n%s", want, out)
		}
	}
	for key, want := range map[string]string{"queue": "sales", "agent": "101", "outcome": "served", "did": "5000", "caller": "+573001234567",
		"pbx": "main", "disposition": "sold", "kind": "all", "to": "2026-03-03T00:00:00Z", "cursor": "p2"} {
		if got := asked[len(asked)-1].Get(key); got != want {
			t.Errorf("asked for %s %q, want %q", key, got, want)
		}
	}
	if asked[0].Get("from") == "" {
		t.Error("a day was not asked for")
	}
	if out := run("contact list --limit 1"); !strings.Contains(out, "c3") || strings.Contains(out, "c2") || !strings.Contains(out, "there are more") {
		t.Errorf("the latest alone:\n%s", out)
	}
	out = run("contact show c3")
	for _, want := range []string{"outcome", "served", "agent", "101", "wait", "12.4s", "talk", "1m1s", "recording  c3-r1 (8s)", "recording  c3-r2", "voicemail  c3-m1", "call.ended"} {
		if !strings.Contains(out, want) {
			t.Errorf("show: no %q in\n%s", want, out)
		}
	}
	var list []wire.Contact
	must(t, json.Unmarshal([]byte(run("contact list --json")), &list))
	var one wire.ContactView
	must(t, json.Unmarshal([]byte(run("contact show c3 --json")), &one))
	if len(list) != 3 || one.Voicemail != "c3-m1" || len(one.Timeline) != 3 {
		t.Errorf("for machines: %+v, %+v", list, one)
	}
	run("contact list --from yesterday --to today")
	y, m, d := time.Now().Date()
	for key, want := range map[string]time.Time{"from": time.Date(y, m, d-1, 0, 0, 0, 0, time.Local), "to": time.Date(y, m, d, 0, 0, 0, 0, time.Local)} {
		if got, err := time.Parse(time.RFC3339, asked[len(asked)-1].Get(key)); err != nil || got.Sub(want).Abs() > 25*time.Hour || got.In(time.Local).Format("15:04:05") != "00:00:00" {
			t.Errorf("--%s: %v, want %v (%v)", key, got, want, err)
		}
	}
	if _, err := command(t, "contact", "list", "--from", "tomorrow", "--token", "x", "--url", server.URL); err == nil || !strings.Contains(err.Error(), `"tomorrow"`) {
		t.Errorf("a bad moment: %v", err)
	}
}

// TestWhoCalledWhom reads who called whom, of callers' calls and of ours.
func TestWhoCalledWhom(t *testing.T) {
	t.Parallel()
	of := func(kind, rest string) string {
		return `{"id":"` + kind + `","pbx":"main","kind":"` + kind + `","did":"5000","caller":{"number":"+573001"},"started_at":"2026-03-02T12:00:00Z"` + rest
	}
	mux := http.NewServeMux()
	answers := map[string]string{
		"/api/v1/contacts":          `{"items":[` + of("inbound", `}`) + `,` + of("outbound", `,"agent":"101","queue":"sales"}`) + `,` + of("callback", `,"queue":"@102"}`) + `]}`,
		"/api/v1/calls":             `{"items":[` + of("inbound", `,"state":"talking","held":true}`) + `,` + of("outbound", `,"agent":"101","state":"dialing"}`) + `]}`,
		"/api/v1/contacts/outbound": of("outbound", `,"agent":"101","timeline":[]}`),
	}
	for path, body := range answers {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, body)
		})
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	for args, want := range map[string][]string{
		"contact list":          {"FROM TO", "inbound +573001 5000", "outbound agent 101 +573001", "callback queue 102's own +573001"},
		"call list":             {"STATE FROM TO", "inbound on hold +573001 5000", "outbound dialing agent 101 +573001"},
		"contact show outbound": {"from agent 101", "to +573001", "shown 5000"},
	} {
		out, err := command(t, append(strings.Fields(args), "--token", "x", "--url", server.URL)...)
		must(t, err)
		words := regexp.MustCompile(` +`).ReplaceAllString(regexp.MustCompile(`2026-\S+ \S+ +- +`).ReplaceAllString(out, ""), " ")
		for _, w := range want {
			if !strings.Contains(words, w) {
				t.Errorf("%s: no %q in\n%s", args, w, out)
			}
		}
	}
}
