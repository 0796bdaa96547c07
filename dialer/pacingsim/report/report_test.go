package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/operadora/operadora/dialer/pacingsim"
	"github.com/operadora/operadora/dialer/pacingsim/peers"
)

func world(t *testing.T, name string) *pacingsim.World {
	t.Helper()
	w, err := pacingsim.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func plan(t *testing.T) Plan {
	t.Helper()
	return Plan{
		Worlds: []*pacingsim.World{world(t, "exp5"), world(t, "shock50")},
		Entries: []Entry{
			{Label: "<ours>", Spec: "power:ratio=1.4", Ours: true},
			{Label: "progressive", Spec: "progressive"},
			{Label: "tuned", Family: &peers.Family{Template: "power:ratio=%", Values: []float64{1, 1.2, 9}}},
		},
		Algorithms: peers.Algorithms(),
		Seeds:      2, FirstSeed: 1, TuneSeeds: 1, TuneFirst: 100, Hours: 4.4, Workers: 2,
	}
}

func TestCompareAndPage(t *testing.T) {
	t.Parallel()
	p, steps := plan(t), []string{}
	p.Progress = func(step, of int, text string) {
		if step != len(steps) || of != 6 {
			t.Errorf("step %d of %d after %d", step, of, len(steps))
		}
		steps = append(steps, text)
	}
	s, err := Compare(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != 6 || len(s.Scenarios) != 2 || len(s.Scenarios[1].Rows) != 3 {
		t.Fatalf("%d steps, %+v", len(steps), s)
	}
	if o := s.Scenarios[0].Optimum; math.Abs(o-0.8353) > 0.001 {
		t.Errorf("optimum of five agents: %v", o)
	}
	if s.Scenarios[1].Optimum != 0 {
		t.Error("a world of other laws has an exact optimum")
	}
	tuned := s.Scenarios[0].Rows[2]
	if !tuned.Tuned || !strings.HasPrefix(tuned.Spec, "power:ratio=1") {
		t.Errorf("tuned: %+v", tuned)
	}
	checkPage(t, s)
	var b bytes.Buffer
	if err := s.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var back Study
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || len(back.Scenarios) != 2 {
		t.Errorf("JSON: %v", err)
	}
}

// checkPage looks for what makes a page whole: it loads nothing, says what it
// should, escapes labels, and its drawings are well-formed and inside their frames.
func checkPage(t *testing.T, s Study) {
	t.Helper()
	var b bytes.Buffer
	if err := s.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, no := range []string{"http://", "https://", "<script", "<link", "src=", "@import", "url(", "NaN", "Inf", "<ours>", "%!"} {
		if strings.Contains(text, no) {
			t.Errorf("the page contains %q", no)
		}
	}
	for _, yes := range []string{"&lt;ours&gt;", "What the words mean", "exact optimum", "prefers-color-scheme: dark", "After a change at a stroke",
		`id="exp5"`, `id="shock50"`, "The day as it went", "power:ratio=1.4"} {
		if !strings.Contains(text, yes) {
			t.Errorf("the page lacks %q", yes)
		}
	}
	drawings := regexp.MustCompile(`(?s)<svg viewBox="0 0 (\d+) (\d+)".*?</svg>`).FindAllString(text, -1)
	if len(drawings) != 2*(1+4)+2 {
		t.Errorf("%d drawings", len(drawings))
	}
	for _, d := range drawings {
		for x := xml.NewDecoder(strings.NewReader(d)); ; {
			if _, err := x.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, d)
			}
		}
		if regexp.MustCompile(`[" ML]-\d`).MatchString(d) {
			t.Errorf("something lies outside of %.120s", d)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		change func(*Plan)
		want   string
	}{
		{func(p *Plan) { p.Worlds = nil }, "at least one world"},
		{func(p *Plan) { p.Seeds = 0 }, "seeds: 0 is not positive"},
		{func(p *Plan) { p.TuneSeeds = 0 }, "tune seeds: 0 is not positive"},
		{func(p *Plan) { p.TuneFirst = 2 }, "they overlap"},
		{func(p *Plan) { p.Entries[1].Spec = "telepathy" }, `algorithm "telepathy" is none of`},
	} {
		p := plan(t)
		tc.change(&p)
		if _, err := Compare(t.Context(), p); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v, want %q", err, tc.want)
		}
	}
}

func TestNeedsOptimum(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]bool{"optimum": true, "optimum:part=safe": true, "optimum:agents=5,answer=0.2,handle=100,ring=9": false, "progressive": false, "": false} {
		if needsOptimum(spec) != want {
			t.Errorf("%q: %v", spec, !want)
		}
	}
}

func TestAxes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		low, high  float64
		percent    bool
		wantLow    float64
		wantHigh   float64
		text       string
		valueShown float64
	}{
		{0, 0.042, true, 0, 0.05, "3 %", 0.03},
		{0.61, 0.93, true, 0.6, 1.0, "90 %", 0.9},
		{0.901, 0.927, true, 0.9, 0.93, "91 %", 0.91},
		{0.9001, 0.9027, true, 0.9, 0.903, "90.1 %", 0.901},
		{0, 8.5, false, 0, 10, "4", 4},
		{5, 5, false, 5, 5.5, "5.1", 5.1},
	} {
		a := fit(tc.low, tc.high, tc.percent)
		if math.Abs(a.low-tc.wantLow) > 1e-9 || math.Abs(a.high-tc.wantHigh) > 1e-9 || a.text(tc.valueShown) != tc.text {
			t.Errorf("fit(%v, %v): %v to %v, %q", tc.low, tc.high, a.low, a.high, a.text(tc.valueShown))
		}
	}
}

func TestShocks(t *testing.T) {
	t.Parallel()
	w := &pacingsim.World{WarmUp: 1800}
	w.Agents.Staffing = []pacingsim.Shift{{At: 7200, Count: 20}, {At: 100, Count: 40}}
	w.Campaigns = []pacingsim.Campaign{{Answer: pacingsim.Curve{Every: 3600, Points: []pacingsim.Point{{At: 0, Value: 0.15}, {At: 1800, Value: 0.4}}}}}
	// Staff at 7200; the rate steps at 1800, 3600, 5400, 7200, 9000, 10800; the
	// run of 3 h after the warm-up ends at 12600, so 10800 has no 45 minutes left.
	if got, want := shocks(w, 3), []float64{1800, 3600, 5400, 7200, 9000}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	slow := pacingsim.Curve{Linear: true, Points: []pacingsim.Point{{At: 0, Value: 0.1}, {At: 3600, Value: 0.4}, {At: 3601, Value: 0.1}, {At: 7000, Value: 0.11}}}
	if got := jumps(&slow, 1e4); !slices.Equal(got, []float64{3601}) {
		t.Errorf("jumps of lines: %v", got)
	}
}

func TestAlignedAndBuckets(t *testing.T) {
	t.Parallel()
	day := make([]pacingsim.Bin, 200)
	for i := range day {
		day[i] = pacingsim.Bin{Start: float64(i * 60), Staffed: 60, Busy: 30, Answered: 2, Dials: 4}
		if i == 60 {
			day[i].Busy, day[i].Abandoned = 60, 1
		}
	}
	sums := aligned(day, []float64{3600, 7200})
	if b := sums[shockBefore]; b.Busy != 90 || b.Staffed != 120 || b.Abandoned != 1 || b.Answered != 4 {
		t.Errorf("minute of the shock: %+v", b)
	}
	x, y := around(sums, false)
	if x[shockBefore] != 0.5 || math.Abs(y[shockBefore]-(60+90+60)/360.0) > 1e-12 {
		t.Errorf("around: %v %v", x[shockBefore], y[shockBefore])
	}
	minutes := make([]float64, 25)
	minutes[3], minutes[14] = 20, 5
	if x, y := ringing(minutes); len(y) != 2 || y[0] != 2 || y[1] != 0.5 || x[0] != 5.0/60 {
		t.Errorf("ringing: %v %v", x, y)
	}
	_, lost := abandonSoFar(day)
	if !math.IsNaN(lost[0]) || math.Abs(lost[12]-1.0/130) > 1e-12 {
		t.Errorf("abandoned so far: %v", lost[:13])
	}
}

// TestRinging: a dialer with one call per free agent has as many calls ringing
// as agents idle, apart from the moments between answer and join.
func TestRinging(t *testing.T) {
	t.Parallel()
	w := world(t, "exp20")
	factory, err := pacingsim.Find(peers.Algorithms(), "progressive")
	if err != nil {
		t.Fatal(err)
	}
	watch := newRingingWatch(w)
	r, err := pacingsim.Run(t.Context(), pacingsim.Options{World: w, Factory: watch.around(factory), Seeds: 2, Hours: 2, Workers: 2, KeepDay: true})
	if err != nil {
		t.Fatal(err)
	}
	rings := watch.perMinute()
	for i, b := range r.Day[:len(r.Day)-2] {
		if idle := (b.Staffed - b.Busy) / 60 / 2; math.Abs(idle-rings[i]) > 0.05 { // calls are launched a millisecond apart
			t.Fatalf("minute %d: %v idle, %v ringing", i, idle, rings[i])
		}
	}
	plain, err := pacingsim.Run(t.Context(), pacingsim.Options{World: w, Factory: factory, Seeds: 2, Hours: 2, KeepDay: true})
	if err != nil || plain.UtilisationMean != r.UtilisationMean {
		t.Errorf("watching changed the run: %v, %v, %v", r.UtilisationMean, plain.UtilisationMean, err)
	}
}

// TestWatchSurvivesRestart: in a world with a restart ours goes on with what it
// saved, watched or not.
func TestWatchSurvivesRestart(t *testing.T) {
	t.Parallel()
	w := world(t, "s17")
	w.WarmUp, w.Control.Restarts = 0, []pacingsim.Restart{{At: 900, Down: 3}}
	run := func(f pacingsim.Factory) pacingsim.Result {
		r, err := pacingsim.Run(t.Context(), pacingsim.Options{World: w, Factory: f, Seeds: 1, Hours: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	watch := newRingingWatch(w)
	a, b := run(pacingsim.Ours()), run(watch.around(pacingsim.Ours()))
	if a.UtilisationMean != b.UtilisationMean || a.AbandonMean != b.AbandonMean {
		t.Errorf("watched %v %v, not watched %v %v", b.UtilisationMean, b.AbandonMean, a.UtilisationMean, a.AbandonMean)
	}
	for i, v := range watch.perMinute() {
		if v < -1 {
			t.Fatalf("minute %d: %v ringing", i, v)
		}
	}
}
