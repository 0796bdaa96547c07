package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStaffCommand plans from flags, from a file and from records.
func TestStaffCommand(t *testing.T) {
	t.Parallel()
	printed := func(args ...string) string {
		t.Helper()
		out, err := command(t, append([]string{"staff"}, args...)...)
		must(t, err)
		return out
	}
	out := printed("--calls", "100", "--aht", "3m", "--level", "0.888", "--shrinkage", "0.3")
	want := "88.8% within 20s, by erlang-c, shrinkage 30%\n\n" +
		"INTERVAL  CALLS  AHT   ERLANGS  AGENTS  STAFF  IN TIME  ASA   OCCUPANCY  GIVE UP\n" +
		"30m0s     100    3m0s  10.00    14      20     88.8%    7.8s  71.4%      0.0%\n"
	if out != want {
		t.Errorf("printed\n%s\nwant\n%s", out, want)
	}
	file := filepath.Join(t.TempDir(), "day.csv")
	must(t, os.WriteFile(file, []byte("interval,offered,abandoned,wait_all_ms,handled,aht_ms\n09:00,100,2,240000,98,180000\n09:30,0,0,0,0,\ntotal,100,2,240000,98,180000\n"), 0o600))
	var doc struct {
		Target    string
		Intervals []struct {
			Interval string
			Agents   int
		}
	}
	must(t, json.Unmarshal([]byte(printed("--input", file, "--model", "erlang-a", "--format", "json")), &doc))
	if len(doc.Intervals) != 2 || doc.Intervals[0].Agents < 10 || doc.Intervals[1].Agents != 0 || !strings.Contains(doc.Target, "patience of 2m0s") {
		t.Errorf("%+v", doc)
	}
	if out := printed("--input", file, "--format", "csv"); !strings.HasPrefix(out, "interval,calls,aht_ms,erlangs,agents,") || !strings.Contains(out, "\n09:00,100,180000,10,14,14,") {
		t.Errorf("csv:\n%s", out)
	}
	if out := printed("--input", file, "--format", "html"); !strings.Contains(out, "<svg") {
		t.Errorf("html:\n%s", out)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/me" {
			http.NotFound(w, r) // an operadora that does not tell the centre's time zone
			return
		}
		if q := r.URL.Query(); q.Get("by") != "interval" || q.Get("queue") != "sales" || q.Get("interval_ms") != "1800000" {
			t.Errorf("asked for %v", q)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"report":"service","from":"2026-03-02T00:00:00Z","to":"2026-03-03T00:00:00Z","time_zone":"UTC","by":["interval"],"columns":[
			{"name":"offered","unit":"count","formula":"O","meaning":"m","brief":true},{"name":"handled","unit":"count","formula":"H","meaning":"m","brief":true},
			{"name":"aht_ms","unit":"ms","formula":"x","meaning":"m","brief":true}],
			"rows":[{"keys":["2026-03-02T09:00:00Z"],"values":[100,90,180000]},{"keys":["2026-03-02T09:30:00Z"],"values":[5,0,null]}],"total":[105,90,180000]}`)
	}))
	defer server.Close()
	out = printed("--queue", "sales", "--from", "2026-03-02", "--tz", "UTC", "--token", "x", "--url", server.URL)
	if !strings.Contains(out, "2026-03-02T09:00:00Z  100    3m0s  10.00    14      14 ") || !strings.Contains(out, "2026-03-02T09:30:00Z  5      3m0s  0.50 ") {
		t.Errorf("of records:\n%s", out)
	}
	for args, want := range map[string]string{
		"":                                                    "--queue",
		"--calls 10":                                          "--aht 0s",
		"--calls 10 --aht 1m --level 2":                       `"2" for "--level"`,
		"--calls 10 --aht 1m --model erlang-b":                "--model erlang-b",
		"--calls 10 --aht 1m --model erlang-a":                "--patience",
		"--calls 10 --aht 1m --format pdf":                    `"pdf"`,
		"--calls 10 --aht 1m --input x":                       "one of",
		"--input /nowhere":                                    "/nowhere",
		"--queue sales --token x --url " + server.URL:         "--from",
		"--calls 10 --aht 1m --level 0.8 --interval 0s":       "--interval 0s",
		"--calls 10 --aht 1m --abandon 0.1":                   "--abandon 0.1",
		"--calls 100 --aht 3m --output /nowhere/x --level .8": "/nowhere/x",
	} {
		if out, err := command(t, append([]string{"staff"}, strings.Fields(args)...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("staff %s: %v, want %s\n%s", args, err, want, out)
		}
	}
}

// TestStaffBySimulation plays the routing of the definitions for calls of a file and of
// records, several queues together; calls of no queue are what the formula says.
func TestStaffBySimulation(t *testing.T) {
	t.Parallel()
	cfg := siteConfig(t, nobodyThere)
	dir := filepath.Dir(cfg.Definitions)
	simulated := func(args ...string) (string, error) {
		return command(t, append([]string{"staff", "--model", "simulation", "--play", "2000", "--config", filepath.Join(dir, "operadora.yaml")}, args...)...)
	}
	out, err := simulated("--calls", "100", "--aht", "3m", "--level", "0.8", "--play", "20000")
	must(t, err)
	if !strings.Contains(out, "80% within 20s, by simulation\n") || !strings.Contains(out, "30m0s     100    3m0s  10.00    14 ") && !strings.Contains(out, "30m0s     100    3m0s  10.00    13 ") || !strings.Contains(out, "14 like agent") && !strings.Contains(out, "13 like agent") {
		t.Errorf("printed\n%s", out)
	}
	file := filepath.Join(t.TempDir(), "day.csv")
	must(t, os.WriteFile(file, []byte("interval,queue,calls,aht_ms\n09:00,sales,100,180000\n09:00,support,50,240000\n09:30,support,10,240000\n"), 0o600))
	var doc struct {
		Intervals []struct {
			Interval string
			Calls    float64
			Agents   int
			Queues   []struct {
				Queue string
				Level float64
			}
			Like []struct{ Agent string }
		}
	}
	out, err = simulated("--input", file, "--format", "json")
	must(t, err)
	out = out[strings.Index(out, "{"):]
	must(t, json.Unmarshal([]byte(out), &doc))
	if len(doc.Intervals) != 2 || doc.Intervals[0].Calls != 150 || len(doc.Intervals[0].Queues) != 2 || doc.Intervals[0].Queues[1].Level < .8 ||
		doc.Intervals[0].Agents < 17 || len(doc.Intervals[0].Like) != 3 || len(doc.Intervals[1].Queues) != 1 {
		t.Errorf("%s", out)
	}
	if out, err := simulated("--input", file, "--format", "html"); err != nil || !strings.Contains(out, "<td>sales<td>100<td>") || !strings.Contains(out, "like 101") {
		t.Errorf("html: %v\n%s", err, out)
	}
	if out, err := simulated("--input", file, "--format", "csv"); err != nil || !strings.Contains(out, "09:00,50,,,,,") {
		t.Errorf("csv: %v\n%s", err, out)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/me" {
			http.NotFound(w, r) // an operadora that does not tell the centre's time zone
			return
		}
		if q := r.URL.Query(); q.Get("by") != "interval,queue" || q.Get("queue") != "" {
			t.Errorf("asked for %v", q)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"report":"service","from":"2026-03-02T00:00:00Z","to":"2026-03-03T00:00:00Z","time_zone":"UTC","by":["interval","queue"],"columns":[
			{"name":"offered","unit":"count","formula":"O","meaning":"m","brief":true},{"name":"handled","unit":"count","formula":"H","meaning":"m","brief":true},
			{"name":"aht_ms","unit":"ms","formula":"x","meaning":"m","brief":true}],
			"rows":[{"keys":["09:00","old"],"values":[5,5,1000]},{"keys":["09:00","sales"],"values":[20,20,180000]},{"keys":["09:30","support"],"values":[5,5,60000]}],"total":[30,30,1]}`)
	}))
	defer server.Close()
	records := []string{"--from", "2026-03-02", "--tz", "UTC", "--token", "x", "--url", server.URL}
	if out, err = simulated(append(records, "--queue", "sales,support")...); err != nil || !strings.Contains(out, "09:00     sales    20 ") || !strings.Contains(out, "09:30     support  5 ") {
		t.Errorf("of records: %v\n%s", err, out)
	}
	for want, args := range map[string][]string{`--queue old: is not defined`: records, "--play 10": {"--calls", "10", "--aht", "1m", "--play", "10"},
		"of --from, --input": {"--queue", "sales"}, "--queue : is not defined": {"--input", file + "x"}} {
		if strings.HasSuffix(args[len(args)-1], "x") && args[0] == "--input" {
			must(t, os.WriteFile(file+"x", []byte("interval,calls,aht_ms\n09:00,100,180000\n"), 0o600))
		}
		if out, err := simulated(args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s\n%s", args, err, want, out)
		}
	}
}

// TestSharesAreWrittenTwoWays: 80 is neither, and it is said which is meant.
func TestSharesAreWrittenTwoWays(t *testing.T) {
	t.Parallel()
	staff := func(level string) (string, error) {
		return command(t, "staff", "--calls", "100", "--aht", "3m", "--level", level, "--shrinkage", "30%")
	}
	share, err := staff("0.8")
	must(t, err)
	if percent, err := staff("80%"); err != nil || percent != share {
		t.Errorf("80%%: %v\n%s", err, percent)
	}
	for level, want := range map[string]string{"80": "80% is written 0.8, or 80%", "x": "a share is written 0.8, or 80%", "800": "level"} {
		if _, err := staff(level); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--level %s: %v", level, err)
		}
	}
}
