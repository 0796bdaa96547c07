package staffing_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/operadora/operadora/acd/staffing"
)

const half = 30 * time.Minute

// TestVectors are queues that were computed elsewhere, with the figures and, for the
// target that they just meet, the number of agents.
func TestVectors(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name                     string
		i                        staffing.Interval
		patience                 time.Duration // 0 is Erlang C
		agents                   int
		waits, level, asa, share float64 // asa in seconds; share: who give up
		occupancy                float64
	}{
		{"C, 14 agents", staffing.Interval{Length: half, Calls: 100, Handle: 180 * time.Second}, 0, 14, .174132, .888350, 7.8359, 0, .7143},
		{"C, 12 agents", staffing.Interval{Length: half, Calls: 100, Handle: 180 * time.Second}, 0, 12, .449388, .640158, 40.4449, 0, .8333},
		{"C, 240 an hour", staffing.Interval{Length: time.Hour, Calls: 240, Handle: 300 * time.Second}, 0, 24, .298072, .771698, 22.3554, 0, .8333},
		{"C, 600 an hour", staffing.Interval{Length: time.Hour, Calls: 600, Handle: 240 * time.Second}, 0, 45, .340706, .775393, 16.3539, 0, .8889},
		{"A, 14 agents", staffing.Interval{Length: half, Calls: 100, Handle: 180 * time.Second}, 120 * time.Second, 14, .126976, -1, 2.7407, .022839, .6980},
		{"A, 10 agents", staffing.Interval{Length: half, Calls: 100, Handle: 180 * time.Second}, 120 * time.Second, 10, .496853, -1, 16.4957, .137464, -1},
		{"A, 240 an hour", staffing.Interval{Length: time.Hour, Calls: 240, Handle: 300 * time.Second}, 180 * time.Second, 20, .470706, -1, 17.9978, .099988, -1},
		{"A, 600 an hour", staffing.Interval{Length: time.Hour, Calls: 600, Handle: 240 * time.Second}, 90 * time.Second, 40, .406720, -1, 7.0173, .077970, -1},
	} {
		target := staffing.Target{Model: staffing.ErlangC, Level: .8, Within: 20 * time.Second, Patience: x.patience}
		if x.patience > 0 {
			target.Model = staffing.ErlangA
		}
		p, err := staffing.With(x.i, x.agents, target)
		if err != nil {
			t.Fatal(err)
		}
		near := func(what string, got, want, tolerance float64) {
			t.Helper()
			if want >= 0 && !(math.Abs(got-want) <= tolerance) {
				t.Errorf("%s: %s %v, want %v", x.name, what, got, want)
			}
		}
		near("waits", p.Waits, x.waits, 5e-7)
		near("level", p.Level, x.level, 5e-7)
		near("mean wait", p.ASA.Seconds(), x.asa, 6e-5)
		near("give up", p.Abandoned, x.share, 5e-7)
		near("occupancy", p.Occupancy, x.occupancy, 5e-5)
		target.Level = p.Level // what they just meet
		if again, err := staffing.For(x.i, target); err != nil || again.Agents != x.agents {
			t.Errorf("%s: planned %d agents, %v, want %d", x.name, again.Agents, err, x.agents)
		}
	}
}

// TestFewestThatMeet: a plan meets every limit of the target, and one agent less does
// not; more calls never need fewer agents.
func TestFewestThatMeet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		target := staffing.Target{Model: rapid.SampledFrom([]staffing.Model{staffing.ErlangC, staffing.ErlangA}).Draw(t, "model"),
			Level: rapid.Float64Range(0, .98).Draw(t, "level"), Within: time.Duration(rapid.IntRange(0, 60).Draw(t, "within")) * time.Second,
			Occupancy: rapid.SampledFrom([]float64{0, .6, .85}).Draw(t, "occupancy"), ASA: rapid.SampledFrom([]time.Duration{0, 5 * time.Second, time.Minute}).Draw(t, "asa"),
			Shrinkage: rapid.SampledFrom([]float64{0, .3}).Draw(t, "shrinkage")}
		if target.Model == staffing.ErlangA {
			target.Patience = time.Duration(rapid.IntRange(10, 600).Draw(t, "patience")) * time.Second
			target.Abandon = rapid.SampledFrom([]float64{0, .03}).Draw(t, "abandon")
		}
		i := staffing.Interval{Length: half, Calls: rapid.Float64Range(0.1, 900).Draw(t, "calls"), Handle: time.Duration(rapid.IntRange(10, 900).Draw(t, "handle")) * time.Second}
		if target.Check() != nil {
			t.Skip("no target")
		}
		p, err := staffing.For(i, target)
		if err != nil {
			t.Fatal(err)
		}
		met := func(p staffing.Plan) bool {
			return p.Level >= target.Level && (target.ASA == 0 || p.ASA <= target.ASA) && (target.Abandon == 0 || p.Abandoned <= target.Abandon) &&
				(target.Occupancy == 0 || p.Occupancy <= target.Occupancy) && (target.Model == staffing.ErlangA || p.Load < float64(p.Agents))
		}
		if !met(p) {
			t.Fatalf("%+v does not meet %s", p, target)
		}
		if p.Agents > 1 {
			less, err := staffing.With(i, p.Agents-1, target)
			if err != nil {
				t.Fatal(err)
			}
			if met(less) {
				t.Fatalf("one less than %+v meets %s, too", p, target)
			}
		}
		if float64(p.Staff)*(1-target.Shrinkage) < float64(p.Agents)-1e-6 || float64(p.Staff-1)*(1-target.Shrinkage) >= float64(p.Agents) {
			t.Fatalf("%d on the roster for %d agents", p.Staff, p.Agents)
		}
		i.Calls *= 1.3
		if more, err := staffing.For(i, target); err != nil || more.Agents < p.Agents {
			t.Fatalf("%v: for more calls %d agents instead of %d", err, more.Agents, p.Agents)
		}
	})
}

// TestSamples: a report's CSV is read as it is, and what it leaves open is filled from
// the whole.
func TestSamples(t *testing.T) {
	t.Parallel()
	samples, err := staffing.ReadCSV(strings.NewReader("interval,queue,offered,abandoned,wait_all_ms,handled,aht_ms\n" +
		"09:00,sales,100,2,300000,50,180000\n09:30,sales,10,0,60000,0,\ntotal,,110,2,360000,50,180000\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := staffing.Intervals(samples, half, 0)
	if len(got) != 2 || got[0].Calls != 100 || got[0].Handle != 3*time.Minute || got[1].Handle != 3*time.Minute || got[1].Name != "09:30" {
		t.Errorf("intervals %+v", got)
	}
	if p := staffing.Patience(samples); p != 3*time.Minute {
		t.Errorf("patience %s, want 3m", p)
	}
	if samples, err := staffing.ReadCSV(strings.NewReader("interval,calls,aht_ms\n09:00,100,60000\n")); err != nil || staffing.Intervals(samples, half, 0)[0].Handle != time.Minute {
		t.Errorf("%+v, %v", samples, err)
	}
	for text, field := range map[string]string{
		"": "heading", "interval,aht\n": "calls", "calls\n1\n": "interval", "interval,calls\n9,many\n": "many", "interval,calls\n9,-1\n": "-1",
	} {
		if _, err := staffing.ReadCSV(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%q: %v, want %s", text, err, field)
		}
	}
}

// TestTargetIsRefused names field and value.
func TestTargetIsRefused(t *testing.T) {
	t.Parallel()
	i := staffing.Interval{Length: half, Calls: 10, Handle: time.Minute}
	for field, x := range map[string]struct {
		i staffing.Interval
		t staffing.Target
	}{
		"model":     {i, staffing.Target{Model: "erlang-b", Level: .8}},
		"level":     {i, staffing.Target{Model: staffing.ErlangC}},
		"occupancy": {i, staffing.Target{Model: staffing.ErlangC, Occupancy: 1.5}},
		"shrinkage": {i, staffing.Target{Model: staffing.ErlangC, Level: .8, Shrinkage: 1}},
		"patience":  {i, staffing.Target{Model: staffing.ErlangA, Level: .8}},
		"abandon":   {i, staffing.Target{Model: staffing.ErlangC, Abandon: .1}},
		"aht":       {staffing.Interval{Length: half, Calls: 10}, staffing.Target{Model: staffing.ErlangC, Level: .8}},
		"calls":     {staffing.Interval{Length: half, Calls: -1}, staffing.Target{Model: staffing.ErlangC, Level: .8}},
		"interval":  {staffing.Interval{}, staffing.Target{Model: staffing.ErlangC, Level: .8}},
	} {
		_, err := staffing.For(x.i, x.t)
		if w, ok := errors.AsType[*staffing.Wrong](err); !ok || w.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if p, err := staffing.For(staffing.Interval{Length: half}, staffing.Target{Model: staffing.ErlangC, Level: .8}); err != nil || p.Agents != 0 || p.Level != 1 {
		t.Errorf("nobody calls: %+v, %v", p, err)
	}
}

// TestPage: the page needs nothing from elsewhere, and names are text in it.
func TestPage(t *testing.T) {
	t.Parallel()
	target := staffing.Target{Model: staffing.ErlangA, Level: .8, Within: 20 * time.Second, Patience: time.Minute, Shrinkage: .3}
	p, err := staffing.For(staffing.Interval{Name: "<script>09:00", Length: half, Calls: 100, Handle: 3 * time.Minute}, target)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := staffing.Page(&out, "Staff of <sales>", target, []staffing.Plan{p}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "&lt;script&gt;09:00", "Staff of &lt;sales&gt;", "80% within 20s, by erlang-a with a patience of 1m0s, shrinkage 30%"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %s", want, out.String())
		}
	}
	for _, not := range []string{"http", "<script", "src=", "ZgotmplZ"} {
		if strings.Contains(out.String(), not) {
			t.Errorf("%q is in the page", not)
		}
	}
}
