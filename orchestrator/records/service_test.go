package records

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// The day is counted by hand: threshold 20 s, short 5 s.
//
//	sales, first half hour: answered at 10, 20 and 30 s; abandoned at 3, 15 and 40 s; one overflows after 50 s
//	support, first half hour: that call, answered at 8 s
//	sales, second half hour: one answered at 20.001 s, one still waiting
func serviceDay(t *testing.T) []orchestrator.Entry {
	s := newStory(t)
	s.served("1", "sales", "101", 10*time.Second, time.Minute)
	s.served("2", "sales", "101", 20*time.Second, time.Minute)
	s.served("3", "sales", "101", 30*time.Second, time.Minute)
	s.abandoned("4", "sales", 3*time.Second)
	s.abandoned("5", "sales", 15*time.Second)
	s.abandoned("6", "sales", 40*time.Second)
	s.call("7", orchestrator.EntryCallQueued, fields{"queue": "sales"})
	s.wait(50*time.Second).call("7", orchestrator.EntryCallUnqueued, fields{"queue": "sales", "why": "timeout", "wait_ms": 50_000})
	s.served("7", "support", "102", 8*time.Second, 2*time.Minute)
	s.at = noon.Add(30 * time.Minute)
	s.served("8", "sales", "101", 20_001*time.Millisecond, time.Minute)
	s.call("9", orchestrator.EntryCallQueued, fields{"queue": "sales"})
	return s.entries
}

func TestServiceFigures(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(*testing.T) *DB) {
		d := fresh(t)
		write(t, d, serviceDay(t))
		f := ServiceFilter{From: noon, To: noon.Add(time.Hour), Interval: 30 * time.Minute, Threshold: 20 * time.Second, Short: 5 * time.Second}
		got, err := d.Service(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		n, half := ms(noon), int64(30*60*1000)
		want := []ServiceFigures{
			{Queue: "sales", From: n, To: n + half, Offered: 7, Answered: 3, AnsweredWithin: 2, Abandoned: 3, AbandonedWithin: 2,
				AbandonedShort: 1, Flowed: 1, WaitAnsweredMS: 60_000, WaitAbandonedMS: 58_000, WaitAllMS: 168_000, TalkMS: 180_000, LongestWaitMS: 50_000},
			{Queue: "support", From: n, To: n + half, Offered: 1, Answered: 1, AnsweredWithin: 1, WaitAnsweredMS: 8_000,
				WaitAllMS: 8_000, TalkMS: 120_000, LongestWaitMS: 8_000},
			{Queue: "sales", From: n + half, To: n + 2*half, Offered: 2, Answered: 1, WaitAnsweredMS: 20_001, WaitAllMS: 20_001,
				TalkMS: 60_000, LongestWaitMS: 20_001},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by half hour (-want +got):\n%s", diff)
		}
		if got[2].Waiting() != 1 || got[0].Waiting() != 0 {
			t.Errorf("still waiting: %d and %d, want 1 and 0", got[2].Waiting(), got[0].Waiting())
		}

		f.Interval, f.Queue = 0, "sales"
		whole, err := d.Service(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		sum := want[0].Add(want[2])
		sum.To = n + 2*half
		if diff := cmp.Diff([]ServiceFigures{sum}, whole); diff != "" {
			t.Errorf("the whole hour is not the sum of its halves (-want +got):\n%s", diff)
		}
	})
}

func TestFormulas(t *testing.T) {
	t.Parallel()
	f := ServiceFigures{Offered: 7, Answered: 3, AnsweredWithin: 2, Abandoned: 3, AbandonedWithin: 2, AbandonedShort: 1, Flowed: 1,
		WaitAnsweredMS: 60_000, WaitAbandonedMS: 58_000, WaitAllMS: 168_000, TalkMS: 180_000}
	want := map[Formula]float64{SLOfAnswered: 2. / 3, SLWithAbandons: 4. / 6, SLStrict: 2. / 6, SLShortExcluded: 2. / 5,
		SLLateAbandons: 2. / 4, SLOfOffered: 2. / 7, AbandonRate: 3. / 7, ASASeconds: 20, AbandonSeconds: 58. / 3,
		MeanWaitSeconds: 24, MeanTalkSeconds: 60}
	got := f.Formulas()
	if len(got) != len(want) {
		t.Errorf("%d formulas, want %d", len(got), len(want))
	}
	for name, v := range want {
		if got[name] == nil || math.Abs(*got[name]-v) > 1e-12 {
			t.Errorf("%s = %v, want %v", name, got[name], v)
		}
	}
	for name, v := range (ServiceFigures{}).Formulas() {
		if v != nil {
			t.Errorf("%s of nothing is %v, want no value", name, *v)
		}
	}
}

func TestServiceRefuses(t *testing.T) {
	t.Parallel()
	d := freshSQLite(t)
	for name, f := range map[string]ServiceFilter{
		"no span":            {},
		"backwards":          {From: noon, To: noon.Add(-time.Second)},
		"negative threshold": {From: noon, To: noon.Add(time.Hour), Threshold: -1},
		"too fine":           {From: noon, To: noon.Add(time.Hour), Interval: time.Second},
		"too many":           {From: noon, To: noon.AddDate(1, 0, 0), Interval: time.Minute},
	} {
		if _, err := d.Service(t.Context(), f); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want Invalid", name, err)
		}
	}
}
