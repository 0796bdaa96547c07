package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/operadora/operadora/cmd/operadora-lab/bench"
)

// pacing runs `operadora-lab pacing args...` and returns its output.
func pacing(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := newPacingCommand()
	var out, errs bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&errs)
	c.SetArgs(args)
	c.SilenceUsage, c.SilenceErrors = true, true
	err := c.ExecuteContext(t.Context())
	if errs.Len() > 0 && args[0] != "compare" {
		t.Errorf("%v wrote to stderr, which is no terminal: %s", args, errs.String())
	}
	return out.String(), err
}

func mustPacing(t *testing.T, args ...string) string {
	t.Helper()
	out, err := pacing(t, args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out
}

func TestPacingSimJSON(t *testing.T) {
	t.Parallel()
	out := mustPacing(t, "sim", "--scenario", "s1,s2", "--algorithm", "operadora", "--algorithm", "vicidial-ratio:level=1.4,availonly=1",
		"--seeds", "2", "--hours", "0.5", "--json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d runs: %s", len(lines), out)
	}
	for _, text := range lines {
		var r map[string]any
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"scenario", "algorithm", "seeds", "hours", "utilisation_mean", "utilisation_worst", "abandon_mean",
			"abandon_worst", "seeds_over_limit", "worst_hour_abandon", "agent_wait_mean_s", "agent_wait_p95_s", "callee_wait_p99_s",
			"dials_per_connect", "cut_before_min_ring", "cap_violations", "decisions_per_s"} {
			if _, ok := r[key]; !ok {
				t.Errorf("a run lacks %s", key)
			}
		}
		if u, _ := r["utilisation_mean"].(float64); u <= 0.3 || u > 1 {
			t.Errorf("utilisation %v", u)
		}
		if r["decisions_per_s"] == 0.0 || r["hours"] != 0.5 || r["per_seed"] != nil {
			t.Errorf("%s", text)
		}
	}
	if one, two := mustPacing(t, "sim", "--scenario", "s1", "--seeds", "1", "--hours", "0.5"), mustPacing(t, "sim", "--scenario", "s1", "--seeds", "1", "--hours", "0.5", "--workers", "3"); one != two || !strings.Contains(one, "operadora") {
		t.Errorf("the same seed came out differently:\n%s%s", one, two)
	}
}

func TestPacingSimFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mine.yaml")
	text := "name: mine\nagents: {count: 3}\ncampaigns:\n  - name: x\n    answer: {const: 0.3}\n    answer_delay: {kind: exponential, mean: 8}\n    talk: {kind: exponential, mean: 60}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := mustPacing(t, "sim", "--scenario", file, "--algorithm", "progressive", "--seeds", "1", "--hours", "1", "--json"); !strings.Contains(out, `"scenario":"mine"`) {
		t.Error(out)
	}
}

func TestPacingSimRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"sim", "--scenario", "s99"}, "s99"},
		{[]string{"sim", "--algorithm", "crystal-ball"}, `algorithm "crystal-ball" is none of operadora`},
		{[]string{"sim", "--algorithm", "power:ratio=0"}, "ratio: 0 is not between 1 and 100"},
		{[]string{"sim", "--seeds", "0"}, "--seeds 0"},
		{[]string{"sim", "--hours", "-1"}, "--hours -1"},
		{[]string{"sim", "--scenario", "s3", "--algorithm", "optimum", "--seeds", "1", "--hours", "0.1"}, "s3"},
		{[]string{"sim", "--hours", "NaN"}, "not a length of time"},
		{[]string{"optimum", "--answer", "1.5"}, "answer: 1.5"},
		{[]string{"optimum", "--handle", "long"}, "not a length of time: write 90s"},
		{[]string{"optimum", "--ring", "-3s"}, "ring: -3"},
		{[]string{"compare", "--algorithms", "tuned:everything"}, `family "everything" is none of power`},
		{[]string{"compare", "--scenarios", "s1", "--algorithms", "progressive", "--seeds", "1", "--hours", "0.1", "--out", "/nowhere/at/all.html"}, "/nowhere/at"},
	} {
		if _, err := pacing(t, tc.args...); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: %v, want %q", tc.args, err, tc.want)
		}
	}
}

func TestPacingOptimum(t *testing.T) {
	t.Parallel()
	var r optimumReport
	if err := json.Unmarshal([]byte(mustPacing(t, "optimum", "--agents", "10", "--json")), &r); err != nil {
		t.Fatal(err)
	}
	if r.Utilisation < 0.8675 || r.Utilisation > 0.8695 || r.UpperBound < r.Utilisation || r.Progressive > r.Utilisation || len(r.Safe) != 23 {
		t.Errorf("%+v", r)
	}
	out := mustPacing(t, "optimum", "--agents", "5")
	for _, want := range []string{"5 agents, 25 % answer", "utilisation   83.5", "abandoned     3.0000 %", "connected  safe  bold"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestPacingListAndCompare(t *testing.T) {
	t.Parallel()
	list := mustPacing(t, "list")
	for _, want := range []string{"s3 ", "exp50", "operadora", "vicidial-tapered", "optimum", "issabel"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q", want)
		}
	}
	dir := t.TempDir()
	page, data := filepath.Join(dir, "r.html"), filepath.Join(dir, "r.json")
	out := mustPacing(t, "compare", "--scenarios", "s1,exp5", "--algorithms", "operadora", "--algorithms", "tuned:wombat", "--algorithms", "power:ratio=1.2",
		"--seeds", "2", "--tune-seeds", "1", "--hours", "0.5", "--out", page, "--json", data)
	if out != page+"\n"+data+"\n" {
		t.Errorf("printed %q", out)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("wombat:boost=")) || !bytes.Contains(text, []byte("Pacing compared")) {
		t.Error("the page lacks its tuned peer or its title")
	}
	if text, err = os.ReadFile(data); err != nil || !json.Valid(text) {
		t.Errorf("the data: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestPacingBenchLines(t *testing.T) {
	t.Parallel()
	seen := map[string]bench.Line{}
	b := &pacingBench{ctx: t.Context(), size: pacingBenchSize{seeds: 1, tuneSeeds: 1, hours: 0.6}, emit: func(l bench.Line) error {
		seen[l.Bench+" "+l.Metric+" "+strings.SplitN(l.Peer, ":", 2)[0]] = l
		return nil
	}}
	worlds, err := loadWorlds([]string{"s1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.scenario(worlds[0]); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"days_within_limit goal", "worst_day_abandon_over_limit goal", "utilisation best vicidial-ratio", "utilisation best vicidial-adapt"} {
		l, ok := seen["pacing/s1 "+want]
		if !ok || l.PeerValue != 0 && math.Abs(l.Ratio*l.PeerValue/l.Ours-1) > 2e-3 { // all three are rounded to four digits
			t.Errorf("%s: %+v", want, l)
		}
	}
	text, err := json.Marshal(bench.NewLine("b", "m", "s", 3, "p", 2))
	if err != nil || string(text) != `{"bench":"b","metric":"m","unit":"s","ours":3,"peer":"p","peer_value":2,"ratio":1.5}` {
		t.Errorf("%s %v", text, err)
	}
	b.emit = func(bench.Line) error { return errors.New("the pipe is closed") }
	b.line("b", "m", "s", 1, "p", 1)
	if b.err == nil || b.err.Error() != "the pipe is closed" {
		t.Errorf("a line that cannot be written: %v", b.err)
	}
}

func TestPacingTimes(t *testing.T) {
	t.Parallel()
	for _, same := range [][2][]string{
		{{"optimum", "--agents", "5", "--handle", "2m20s", "--ring", "10s", "--patience", "2000ms"}, {"optimum", "--agents", "5", "--handle", "140", "--ring", "10", "--patience", "2"}},
		{{"sim", "--scenario", "s1", "--seeds", "1", "--hours", "30m"}, {"sim", "--scenario", "s1", "--seeds", "1", "--hours", "0.5"}},
	} {
		if one, two := mustPacing(t, same[0]...), mustPacing(t, same[1]...); one != two {
			t.Errorf("%v gives\n%s%v gives\n%s", same[0], one, same[1], two)
		}
	}
	hours := 0.25
	f := inHours(&hours)
	if f.String() != "0.25h" || f.Set(f.String()) != nil || hours != 0.25 {
		t.Errorf("a quarter of an hour is %s, read as %v", f, hours)
	}
	if hours = 0; f.String() != "0" {
		t.Errorf("no time is %s", f)
	}
}

// TestPacingCompareTellsItsSteps goes by a stderr that is no terminal.
func TestPacingCompareTellsItsSteps(t *testing.T) {
	t.Parallel()
	c := newPacingCommand()
	var out, errs bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&errs)
	c.SetArgs([]string{"compare", "--scenarios", "s1,s2", "--algorithms", "progressive", "--seeds", "1", "--hours", "6m",
		"--out", filepath.Join(t.TempDir(), "r.html")})
	if err := c.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := errs.String(), "1 of 2: s1: progressive\n2 of 2: s2: progressive\n"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}
