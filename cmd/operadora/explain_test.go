package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestExplainSpeaksBothLanguages(t *testing.T) {
	t.Parallel()
	var asked string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"findings":[{"code":"reserve","text":{"en":"agent 101 is kept","es":"el agente 101 se reserva"}}]}`)
	}))
	defer s.Close()
	for language, want := range map[string]string{"en": "agent 101 is kept", "es": "el agente 101 se reserva"} {
		out, err := command(t, "explain", "101", "c7", "--url", s.URL, "--token", "x", "--language", language)
		if err != nil || strings.TrimSpace(out) != want || asked != "/api/v1/agents/101/explain?call=c7" {
			t.Errorf("%q, %v, asked %s", out, err, asked)
		}
	}
	if out, err := command(t, "explain", "101", "--url", s.URL, "--token", "x", "--json"); err != nil || !strings.Contains(out, `"reserve"`) || asked != "/api/v1/agents/101/explain" {
		t.Errorf("%q, %v, asked %s", out, err, asked)
	}
}
