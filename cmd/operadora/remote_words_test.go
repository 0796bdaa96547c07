package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestPlainDetail: what operadora calls things by among its own parts is said in words.
func TestPlainDetail(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]string{
		`{"queue":"@102","priority":0}`:                              `{"queue":"102's own","priority":0}`,
		`{"destination":"@ben","kind":"queue","result":"no_answer"}`: `{"destination":"ben's own","kind":"queue","result":"no_answer"}`,
		`{"flow":"line","node":"menu","outcome":"key:1"}`:            `{"flow":"line","node":"menu","outcome":"key 1"}`,
		`{"flow":"line","node":"menu","outcome":"key:*"}`:            `{"flow":"line","node":"menu","outcome":"key *"}`,
		`{"by":"api:me","reason":"@102 said key:1"}`:                 `{"by":"api:me","reason":"@102 said key:1"}`,
		`{"queue":"sales"}`:                                          `{"queue":"sales"}`,
	} {
		if got := plainDetail(json.RawMessage(stored)); got != want {
			t.Errorf("%s is shown as %s, want %s", stored, got, want)
		}
	}
	if got := plainQueue("@102") + plainQueue("sales") + plainQueue(""); got != "102's ownsales" {
		t.Errorf("%q", got)
	}
}

// TestNoTarget: who names nobody, or two, is told what can be named.
func TestNoTarget(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"call transfer c1":                           "to whom? give one of --agent, --queue, --flow, --number",
		"call transfer c1 --agent 101 --queue sales": "--agent and --queue exclude each other: give one of --agent, --queue, --flow, --number",
		"call consult c1":                            "to whom? give one of --agent, --queue, --number",
	} {
		if _, err := command(t, append(strings.Fields(args), "--token", "x", "--url", "http://127.0.0.1:1")...); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
}
