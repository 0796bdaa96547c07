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

// TestRetentionCommand: without --apply nothing is removed; with it the command goes on
// until there is no more, and tells what a PBX did not delete.
func TestRetentionCommand(t *testing.T) {
	t.Parallel()
	var orders []wire.RetentionOrder
	var holds []wire.LegalHoldOrder
	var gone []string
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/retention", func(w http.ResponseWriter, r *http.Request) {
		var o wire.RetentionOrder
		must(t, json.NewDecoder(r.Body).Decode(&o))
		orders = append(orders, o)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case o.Number == "300":
			fmt.Fprint(w, `{"dry_run":false,"more":false,"leads":{"held":false,"leads":2,"rejects":1,"files":0,"busy":1},"recent":{"calls":3,"keep_journal_ms":3600000},"items":[{"recordings":1,"calls":1,"held":0,"removed_recordings":0,"removed_calls":0,"failed":1}]}`)
		case o.DryRun:
			fmt.Fprint(w, `{"dry_run":true,"more":false,"items":[{"queue":"sales","recordings":120,"calls":7,"held":2,"removed_recordings":0,"removed_calls":0,"failed":0}]}`)
		default:
			fmt.Fprintf(w, `{"dry_run":false,"more":%v,"items":[{"queue":"sales","recordings":120,"calls":7,"held":2,"removed_recordings":60,"removed_calls":3,"failed":0}]}`, len(orders) < 3)
		}
	})
	mux.HandleFunc("POST /api/v1/holds", func(w http.ResponseWriter, r *http.Request) {
		var o wire.LegalHoldOrder
		must(t, json.NewDecoder(r.Body).Decode(&o))
		holds = append(holds, o)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"h1","number":"300","why":"a suit","by":"me","placed_at":"2026-03-02T12:00:00Z","calls":0}`)
	})
	mux.HandleFunc("GET /api/v1/holds", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"items":[{"id":"h1","number":"300","why":"a suit","by":"me","placed_at":"2026-03-02T12:00:00Z"}]}`)
	})
	mux.HandleFunc("DELETE /api/v1/holds/{hold}", func(w http.ResponseWriter, r *http.Request) {
		gone = append(gone, r.PathValue("hold"))
		w.WriteHeader(http.StatusNoContent)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	run := func(args ...string) (string, error) {
		return command(t, append(append([]string{"retention"}, args...), "--token", "x", "--url", server.URL)...)
	}
	out, err := run("run")
	if must(t, err); !strings.Contains(out, "sales  120         7      2     0                   0              0\n") || !strings.Contains(out, "nothing was removed") {
		t.Errorf("dry run:\n%s", out)
	}
	out, err = run("run", "--apply")
	if must(t, err); !strings.Contains(out, "sales  120         7      2     120                 6              0\n") || strings.Contains(out, "nothing was removed") {
		t.Errorf("applied:\n%s", out)
	}
	if len(orders) != 3 || !orders[0].DryRun || orders[1].DryRun || orders[2].DryRun {
		t.Errorf("ordered %+v", orders)
	}
	if out, err := run("erase", "300", "--apply"); err == nil || !strings.Contains(err.Error(), "1 recordings were not deleted") ||
		!strings.Contains(out, "2 leads, 1 rejected rows and 0 waiting files have it\n1 files are being brought in") ||
		!strings.Contains(out, "\n3 calls ended less than 1h ago: they stay as they are; erase it again") {
		t.Errorf("a PBX is away: %v\n%s", err, out)
	}
	if out, err = run("hold", "--number", "300", "--why", "a suit"); err != nil || out != "calls on record that it holds now: 0\nh1\n" || len(holds) != 1 || holds[0].Number != "300" || holds[0].Why != "a suit" {
		t.Errorf("hold: %q, %v, %+v", out, err, holds)
	}
	if out, err = run("holds"); err != nil || !strings.Contains(out, "h1    -     300") || !strings.Contains(out, "a suit") {
		t.Errorf("holds: %v\n%s", err, out)
	}
	if _, err = run("release", "h1"); err != nil || len(gone) != 1 || gone[0] != "h1" {
		t.Errorf("release: %v, %v", err, gone)
	}
	for _, args := range [][]string{{"hold", "--why", "so"}, {"hold", "--why", "so", "--call", "1", "--number", "2"}, {"hold", "--call", "1"}, {"erase"}} {
		if _, err := run(args...); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}
