package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReportCommand prints reports as people and machines want them, and says what
// it is asked for that there is not.
func TestReportCommand(t *testing.T) {
	t.Parallel()
	var asked url.Values
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/reports/service", func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Query()
		switch asked.Get("format") {
		case "csv":
			w.Header().Set("Content-Type", "text/csv")
			fmt.Fprint(w, "queue,offered\nsales,2\ntotal,2\n")
		case "xlsx":
			w.Header().Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
			fmt.Fprint(w, "PK...")
		default:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"report":"service","from":"2026-03-02T05:00:00Z","to":"2026-03-03T05:00:00Z","time_zone":"America/Bogota","by":["queue","hour"],
				"columns":[{"name":"offered","unit":"count","formula":"O","meaning":"m","brief":true},{"name":"sl_strict","unit":"share","formula":"A_T / (A + B)","meaning":"m","brief":true},
				{"name":"asa_ms","unit":"ms","formula":"w(A) / A","meaning":"m","brief":true},{"name":"flowed","unit":"count","formula":"F","meaning":"m","brief":false}],
				"rows":[{"keys":["sales","09:00"],"values":[2,0.5,12340,1]},{"keys":["","10:00"],"values":[1,null,null,0]}],"total":[3,0.5,12340,1]}`)
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	run := func(args string) (string, error) {
		return command(t, append(strings.Fields(args), "--token", "x", "--url", server.URL)...)
	}
	printed := func(args string) string {
		t.Helper()
		out, err := run(args)
		must(t, err)
		return out
	}
	out := printed("report service --from 2026-03-02 --to 2026-03-03 --tz America/Bogota --by queue,hour --queue sales --threshold 0s --interval 15m")
	want := "QUEUE  HOUR   OFFERED  SL_STRICT  ASA\n" +
		"sales  09:00  2        50.0%      12.3s\n" +
		"-      10:00  1        -          -\n" +
		"total         3        50.0%      12.3s\n"
	if out != want {
		t.Errorf("printed\n%s\nwant\n%s", out, want)
	}
	for key, want := range map[string]string{"from": "2026-03-02T00:00:00-05:00", "to": "2026-03-03T00:00:00-05:00", "time_zone": "America/Bogota", "by": "queue,hour",
		"queue": "sales", "threshold_ms": "0", "interval_ms": "900000", "repeat_days": "7", "short_ms": "", "format": ""} {
		if got := asked.Get(key); got != want {
			t.Errorf("asked for %s %q, want %q", key, got, want)
		}
	}
	if out := printed("report service --from 2026-03-02 --tz UTC --columns flowed,offered"); !strings.HasPrefix(out, "QUEUE  HOUR   FLOWED  OFFERED\n") {
		t.Errorf("columns:\n%s", out)
	}
	if out := printed("report service --from 2026-03-02 --tz UTC --format csv"); out != "queue,offered\nsales,2\ntotal,2\n" {
		t.Errorf("csv:\n%s", out)
	}
	file := filepath.Join(t.TempDir(), "x.xlsx")
	printed("report service --from 2026-03-02 --tz UTC --format xlsx --output " + file)
	if b, err := os.ReadFile(file); err != nil || string(b) != "PK..." {
		t.Errorf("%q, %v", b, err)
	}
	for args, want := range map[string]string{
		"report sales --from 2026-03-02":                                           `"sales"`,
		"report service":                                                           "--from",
		"report service --from 0001-01-01":                                         `--from "0001-01-01" is before 1970`,
		"report service --from=1969-12-31T23:59:59Z":                               `--from "1969-12-31T23:59:59Z" is before 1970`,
		"report service --from tomorrow":                                           `"tomorrow"`,
		"report service --from 2026-03-02 --tz Bogota":                             `"Bogota"`,
		"report service --from 2026-03-02 --format pdf":                            `"pdf"`,
		"report service --from 2026-03-02 --format xlsx":                           "--output",
		"report service --from 2026-03-02 --columns colour":                        `"colour"`,
		"report service --from 2026-03-02 --format xlsx --output " + file:          "exists",
		"report agents --from 2026-03-02 --output " + filepath.Join(file, "below"): "--output",
	} {
		if out, err := run(args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s\n%s", args, err, want, out)
		}
	}
	fresh := file + ".csv"
	if _, err := run("report pauses --from 2026-03-02 --tz UTC --output " + fresh); err == nil {
		t.Error("an answer of another program was taken for a report")
	} else if _, err := os.Stat(fresh); !os.IsNotExist(err) {
		t.Errorf("a file with nothing in it was left: %v", err)
	}
}

// TestReportQueueLog prints the log, and refuses what it has nothing of.
func TestReportQueueLog(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/queue_log" || r.URL.Query().Get("from") != "2026-03-02T00:00:00Z" || r.URL.Query().Get("to") != "2026-03-03T00:00:00Z" {
			t.Errorf("asked for %s", r.URL)
		}
		w.Header().Set("Trailer", "Operadora-Left-Out")
		fmt.Fprint(w, "1|c|sales|NONE|ENTERQUEUE||300|1\n")
		w.Header().Set("Operadora-Left-Out", "calls=3, states=8")
	}))
	defer server.Close()
	out, err := command(t, "report", "queue_log", "--from", "2026-03-02", "--to", "2026-03-03", "--tz", "UTC", "--token", "x", "--url", server.URL)
	if must(t, err); out != "1|c|sales|NONE|ENTERQUEUE||300|1\nleft out: 3 calls and 8 changes of agents' states that history import brought in; they are in the file that they came from\n" {
		t.Errorf("printed %q", out)
	}
	if _, err := command(t, "report", "queue_log", "--from", "2026-03-02", "--queue", "sales", "--token", "x", "--url", server.URL); err == nil || !strings.Contains(err.Error(), "--queue") {
		t.Errorf("of a queue: %v", err)
	}
}

// TestReportExplains: every column's formula, and what its symbols mean, without a
// running operadora.
func TestReportExplains(t *testing.T) {
	t.Parallel()
	out, err := command(t, "report", "service", "--explain")
	must(t, err)
	for _, want := range []string{"sl_short_excluded", "A_T / (A + B - B_s)", "app_queue", "aht_ms", "(t + h + u) / H", "B_s ", "short_abandon", "never from the rows' formulas"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	out, err = command(t, "report", "service", "--explain", "--language", "es")
	must(t, err)
	for _, want := range []string{"FÓRMULA", "sl_short_excluded", "la forma habitual de los contratos", "SÍMBOLO"} {
		if !strings.Contains(out, want) {
			t.Errorf("in Spanish, no %q in\n%s", want, out)
		}
	}
}
