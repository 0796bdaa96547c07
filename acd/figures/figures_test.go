package figures_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/operadora/operadora/acd/figures"
)

// measure returns a measure of a report, the test's end when there is none.
func measure(t *testing.T, r figures.Report, name string) figures.Measure {
	t.Helper()
	for _, m := range r.Measures {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("report %s has no measure %q", r.Name, name)
	return figures.Measure{}
}

func find(t *testing.T, name string) figures.Report {
	t.Helper()
	r, err := figures.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestFormulas computes every formula by hand: ten calls, of which seven were answered.
func TestFormulas(t *testing.T) {
	t.Parallel()
	day := figures.Tally{
		figures.Offered: 12, figures.Answered: 7, figures.AnsweredWithin: 5, figures.Abandoned: 3, figures.AbandonedWithin: 2,
		figures.AbandonedShort: 1, figures.Flowed: 1, figures.WaitingLate: 1, figures.Handled: 6,
		figures.WaitAnswered: 140_000, figures.WaitAbandoned: 90_000, figures.WaitAll: 330_000, figures.LongestWait: 100_000,
		figures.Talk: 600_000, figures.Hold: 60_000, figures.WrapUp: 120_000, figures.Offers: 10, figures.Missed: 3, figures.Transfers: 2,
		figures.Known: 8, figures.Repeated: 2,
		figures.LoggedIn: 3_600_000, figures.Available: 900_000, figures.Ringing: 300_000, figures.Talking: 1_200_000,
		figures.WrappingUp: 600_000, figures.Paused: 600_000, figures.Pauses: 4,
		figures.CallbacksAsked: 9, figures.CallbacksReached: 4, figures.CallbacksExpired: 2, figures.CallbacksCancelled: 1, figures.CallbacksFailed: 1,
		figures.CallbackAttempts: 6, figures.CallbackWait: 7_200_000, figures.CallbackLongest: 3_600_000, figures.Calling: 300_000,
	}
	for report, want := range map[string]map[string]float64{
		"service": {
			"sl_answered": 5. / 7, "sl_with_abandons": 7. / 10, "sl_strict": 5. / 10, "sl_short_excluded": 5. / 9, "sl_late_abandons": 5. / 8,
			"sl_offered": 5. / 12, "sl_live": 5. / 10, "abandon_rate": 3. / 12, "asa_ms": 20_000, "mean_abandon_ms": 30_000, "mean_wait_ms": 30_000,
			"longest_wait_ms": 100_000, "waiting": 1, "aht_ms": 130_000, "mean_talk_ms": 100_000, "mean_hold_ms": 10_000, "mean_wrap_up_ms": 20_000,
			"transfer_rate": 2. / 6, "missed_rate": 3. / 10, "repeat_rate": 2. / 8,
			"callbacks": 9, "callbacks_pending": 1, "mean_callback_ms": 1_800_000, "longest_callback_ms": 3_600_000, "callback_attempts": 6,
		},
		"agents": {"occupancy": 21. / 33, "occupancy_ringing": 24. / 33, "utilisation": 21. / 36, "calling_ms": 300_000, "aht_ms": 130_000},
		"pauses": {"mean_pause_ms": 150_000, "paused_ms": 600_000},
	} {
		r := find(t, report)
		for name, want := range want {
			m := measure(t, r, name)
			if got, ok := m.Of(&day); !ok || math.Abs(got-want) > 1e-9 {
				t.Errorf("%s of %s = %v, %v, want %v", name, report, got, ok, want)
			}
		}
		for _, m := range r.Measures {
			if got, ok := m.Of(&figures.Tally{}); got != 0 || ok && m.Unit == figures.Share {
				t.Errorf("%s of nothing is %v, %v", m.Name, got, ok)
			}
			if m.Formula == "" || m.Source == "" {
				t.Errorf("%s has no formula or no source", m.Name)
			}
		}
		if len(r.Symbols()) < 2 {
			t.Errorf("%s explains %d symbols", report, len(r.Symbols()))
		}
	}
}

const minute, hour = 60_000, 3_600_000

// TestDay follows a day that is counted by hand, through the joining to the report.
func TestDay(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := noon.UnixMilli()
	d := &figures.Day{
		Stays: []figures.Stay{
			{Call: "1", Queue: "sales", Agent: "a", Team: "x", DID: "5000", Caller: "3001", Started: at, Entered: at, Left: at + 10_000, Result: "answered",
				Wait: 10_000, Talk: 60_000, Hold: 15_000, Over: true, Threshold: 20_000, Short: 5_000},
			{Call: "2", Queue: "sales", DID: "5000", Caller: "3001", Started: at + hour, Entered: at + hour, Left: at + hour + 4_000, Result: "abandoned",
				Wait: 4_000, Threshold: 20_000, Short: 5_000},
			{Call: "3", Queue: "sales", Caller: "anonymous", Started: at, Entered: at + 40*minute, Result: "", Threshold: 20_000},
			{Call: "5", Queue: "support", Started: at, Entered: at, Left: at + 50_000, Result: "flowed", Wait: 50_000},
			{Call: "4", Queue: "sales", Agent: "a", Outbound: true, Entered: at + 2*minute, Left: at + 2*minute, Result: "answered", Over: true},
			{Call: "1", Queue: "@b", Personal: true, Agent: "b", Entered: at + 70_000, Left: at + 75_000, Result: "answered", Wait: 5_000, Talk: 30_000, Over: true},
		},
		Offers:    []figures.Offer{{Call: "1", Agent: "b", At: at + 1_000}, {Call: "1", Agent: "a", Team: "x", At: at + 6_000}},
		Missed:    []figures.Offer{{Call: "1", Agent: "b", At: at + 5_000}},
		Transfers: []figures.Transfer{{Call: "1", At: at + 69_000, Attended: true}},
		Starts:    []figures.Start{{Call: "0", Number: "3001", At: at - 8*24*hour}, {Call: "1", Number: "3001", At: at}},
		Changes: []figures.Change{
			{Agent: "a", Team: "x", State: "available", At: at - hour},
			{Agent: "a", Team: "x", State: "reserved", At: at + 6_000, Call: "1"},
			{Agent: "a", Team: "x", State: "talking", At: at + 10_000, Call: "1"},
			{Agent: "a", Team: "x", State: "wrapup", At: at + 70_000, Call: "1"},
			{Agent: "a", Team: "x", State: "available", At: at + 90_000},
			{Agent: "a", Team: "x", State: "paused", Reason: "lunch", At: at + 10*minute},
			{Agent: "a", Team: "x", State: "paused", Reason: "training", At: at + 40*minute},
			{Agent: "a", Team: "x", State: "offline", At: at + 50*minute},
			{Agent: "b", State: "offline", At: at - hour},
			{Agent: "b", State: "available", At: at},
		},
		Now: at + 2*hour,
	}
	d.Join(7 * 24 * time.Hour)
	values := func(report string, q figures.Query, row string) map[string]float64 {
		t.Helper()
		q.From, q.To = noon, noon.Add(2*time.Hour)
		r := find(t, report)
		got, err := r.Make(d, q)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]float64{}
		for _, x := range got.Rows {
			if fmt.Sprint(x.Keys) == row {
				for _, m := range r.Measures {
					if v, ok := m.Of(&x.Tally); ok {
						out[m.Name] = v
					}
				}
				return out
			}
		}
		t.Fatalf("report %s has no row %s", report, row)
		return nil
	}
	for _, x := range []struct {
		report string
		by     []figures.Dimension
		row    string
		want   map[string]float64
	}{
		{"service", nil, "[sales]", map[string]float64{"offered": 3, "answered": 1, "answered_within": 1, "abandoned": 1, "abandoned_short": 1, "waiting": 1,
			"waiting_late": 1, "sl_short_excluded": 1, "sl_live": 0.5, "asa_ms": 10_000, "handled": 1, "aht_ms": 80_000, "talk_ms": 45_000, "hold_ms": 15_000,
			"wrap_up_ms": 20_000, "offers": 2, "missed": 1, "transfers": 1, "transfers_blind": 0, "transfers_attended": 1, "known_callers": 2, "repeat_callers": 1}},
		{"service", nil, "[support]", map[string]float64{"offered": 1, "flowed": 1, "waiting": 0, "mean_wait_ms": 50_000, "longest_wait_ms": 50_000}},
		{"service", []figures.Dimension{figures.ByInterval}, "[2026-03-02T12:30:00Z]", map[string]float64{"offered": 1, "waiting": 1}},
		{"service", []figures.Dimension{figures.ByDID}, "[5000]", map[string]float64{"offered": 2}},
		{"agents", nil, "[a]", map[string]float64{"logged_in_ms": 50 * minute, "available_ms": 6_000 + 10*minute - 90_000, "ringing_ms": 4_000, "talking_ms": 60_000,
			"wrapping_up_ms": 20_000, "paused_ms": 40 * minute, "answered": 1, "dialled": 1, "aht_ms": 80_000, "offers": 1, "missed": 0, "transfers": 1, "logins": 0}},
		{"agents", nil, "[b]", map[string]float64{"logins": 1, "logged_in_ms": 2 * hour, "missed": 1, "answered": 1, "aht_ms": 30_000, "occupancy": 0}},
		{"agents", []figures.Dimension{figures.ByTeam, figures.ByHour}, "[x 12:00]", map[string]float64{"logged_in_ms": 50 * minute}},
		{"pauses", nil, "[lunch]", map[string]float64{"pauses": 1, "paused_ms": 30 * minute}},
		{"pauses", []figures.Dimension{figures.ByAgent, figures.ByReason}, "[a training]", map[string]float64{"pauses": 1, "paused_ms": 10 * minute}},
	} {
		got := values(x.report, figures.Query{By: x.by}, x.row)
		for name, want := range x.want {
			if got[name] != want {
				t.Errorf("%s of %s in report %s = %v, want %v", name, x.row, x.report, got[name], want)
			}
		}
	}
}

// TestAdherence: what of pauses is beyond the limits of their reason, in days of the centre;
// what was used up before the report's span counts.
func TestAdherence(t *testing.T) {
	t.Parallel()
	bogota, err := time.LoadLocation("America/Bogota")
	if err != nil {
		t.Fatal(err)
	}
	dawn := time.Date(2026, 3, 2, 0, 0, 0, 0, bogota)
	at := func(minutes int) int64 { return dawn.Add(time.Duration(minutes) * time.Minute).UnixMilli() }
	change := func(minutes int, state, reason string) figures.Change {
		return figures.Change{Agent: "a", Team: "x", State: state, Reason: reason, At: at(minutes)}
	}
	d := &figures.Day{Now: at(3 * 1440), Centre: bogota, Limits: map[string]figures.Limit{"break": {PerDay: 30 * time.Minute, Times: 2}, "lunch": {PerDay: time.Hour}},
		Changes: []figures.Change{
			change(-30, "available", ""),
			change(60, "paused", "break"), change(80, "available", ""), // 20 min, before the span
			change(480, "paused", "break"), change(500, "available", ""), // 20 more: 10 over, from 490
			change(600, "paused", "break"), change(605, "available", ""), // the third: all over
			change(700, "paused", "lunch"), change(740, "available", ""),
			change(800, "paused", "training"), change(920, "available", ""), // no limit
			change(1430, "paused", "break"), change(1470, "available", ""), // 10 over, and on the next day 30 that are allowed
		}}
	d.Join(time.Hour)
	r := find(t, "pauses")
	table, err := r.Make(d, figures.Query{From: dawn.Add(8 * time.Hour), To: dawn.Add(48 * time.Hour), Zone: bogota, By: []figures.Dimension{figures.ByReason}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]float64{}
	for _, row := range table.Rows {
		var list []float64
		for _, name := range []string{"pauses", "paused_ms", "pauses_over", "paused_over_ms", "adherence"} {
			m := measure(t, r, name)
			v, _ := m.Of(&row.Tally)
			list = append(list, v)
		}
		got[row.Keys[0]] = list
	}
	want := map[string][]float64{"break": {3, 65 * minute, 2, 25 * minute, 40. / 65}, "lunch": {1, 40 * minute, 0, 0, 1}, "training": {1, 120 * minute, 0, 0, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	hours, err := r.Make(d, figures.Query{From: dawn.Add(8 * time.Hour), To: dawn.Add(48 * time.Hour), Zone: bogota, By: []figures.Dimension{figures.ByHour}})
	if err != nil || hours.Total != table.Total {
		t.Errorf("by hour the total is %v, %v; by reason %v", hours.Total, err, table.Total)
	}
}

// TestTimeByQueue counts an hour of two agents by hand, of whom one serves two queues: what calls take is of their queue alone,
// time in which somebody is free of every queue that they serve, and the total has all of it once.
func TestTimeByQueue(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(minutes float64) int64 { return noon.UnixMilli() + int64(minutes*minute) }
	change := func(agent string, minutes float64, state, reason, call string) figures.Change {
		c := figures.Change{Agent: agent, State: state, Reason: reason, Call: call, At: at(minutes), Queues: []string{"sales", "support"}}
		if agent == "b" {
			c.Queues = c.Queues[:1]
		}
		return c
	}
	d := &figures.Day{Now: at(60),
		Stays: []figures.Stay{
			{Call: "1", Queue: "sales", DID: "5000", Agent: "a", Entered: at(9), Left: at(10.5), Result: "answered", Talk: 9.5 * minute, Over: true},
			{Call: "1", Queue: "support", DID: "5000", Entered: at(20), Left: at(25), Result: "abandoned"}, // to which a sent it on
			{Call: "2", Queue: "support", DID: "5000", Agent: "a", Entered: at(29), Left: at(31), Result: "answered", Talk: 10 * minute, Over: true},
		},
		Offers: []figures.Offer{{Call: "2", Queue: "support", Agent: "b", At: at(29)}}, Missed: []figures.Offer{{Call: "2", Agent: "b", At: at(29.5)}},
		Changes: []figures.Change{
			change("a", -1, "offline", "", ""), change("a", 0, "available", "", ""), change("a", 10, "reserved", "", "1"), change("a", 10.5, "talking", "", "1"),
			change("a", 20, "wrapup", "", "1"), change("a", 22, "available", "", ""), change("a", 30, "reserved", "", "2"), change("a", 31, "talking", "", "2"),
			change("a", 41, "available", "", ""), change("a", 50, "paused", "lunch", ""),
			change("b", -1, "offline", "", ""), change("b", 0, "available", "", ""), change("b", 30, "offline", "", ""),
		}}
	d.Join(time.Hour)
	told := func(report string, q figures.Query, measures ...string) map[string][]float64 {
		t.Helper()
		q.From, q.To = noon, noon.Add(time.Hour)
		r := find(t, report)
		table, err := r.Make(d, q)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string][]float64{}
		for _, row := range append(table.Rows, figures.Row{Keys: []string{"total"}, Tally: table.Total}) {
			for _, name := range measures {
				m := measure(t, r, name)
				v, _ := m.Of(&row.Tally)
				out[fmt.Sprint(row.Keys)] = append(out[fmt.Sprint(row.Keys)], v)
			}
		}
		return out
	}
	queues, both := []figures.Dimension{figures.ByQueue}, []figures.Dimension{figures.ByAgent, figures.ByQueue}
	for _, x := range []struct {
		report   string
		q        figures.Query
		measures []string
		want     map[string][]float64
	}{
		{"agents", figures.Query{By: queues}, []string{"occupancy", "utilisation", "logged_in_ms", "logins", "answered", "missed"}, map[string][]float64{
			"[sales]":   {11.5 / (11.5 + 0.5 + 27 + 30), 11.5 / 90, 90 * minute, 2, 1, 0}, // free: 27 minutes of a, 30 of b
			"[support]": {10. / (10 + 1 + 27), 10. / 60, 60 * minute, 1, 1, 1},
			"[total]":   {21.5 / (21.5 + 1.5 + 57), 21.5 / 90, 90 * minute, 2, 2, 1}}},
		{"agents", figures.Query{By: both}, []string{"occupancy", "utilisation", "available_ms"}, map[string][]float64{
			"[a sales]": {11.5 / 39, 11.5 / 60, 27 * minute}, "[a support]": {10. / 38, 10. / 60, 27 * minute}, "[b sales]": {0, 0, 30 * minute},
			"[b support]": {0, 0, 0}, // an offer that b missed, and served it once
			"[total]":     {21.5 / 80, 21.5 / 90, 57 * minute}}},
		{"agents", figures.Query{Queue: "support"}, []string{"occupancy", "talking_ms", "wrapping_up_ms"}, map[string][]float64{
			"[a]": {10. / 38, 10 * minute, 0}, "[b]": {0, 0, 0}, "[total]": {10. / 38, 10 * minute, 0}}},
		{"pauses", figures.Query{By: queues}, []string{"pauses", "paused_ms", "adherence"}, map[string][]float64{
			"[sales]": {1, 10 * minute, 1}, "[support]": {1, 10 * minute, 1}, "[total]": {1, 10 * minute, 1}}},
		{"pauses", figures.Query{Queue: "billing"}, []string{"pauses"}, map[string][]float64{"[total]": {0}}},
	} {
		if diff := cmp.Diff(x.want, told(x.report, x.q, x.measures...), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("%s %+v (-want +got):\n%s", x.report, x.q.By, diff)
		}
	}
}

// TestRingingOfWhoWasFree: an agent who is free is reserved by the store some milliseconds before the call is told to have
// entered the queue; what rings is of that queue all the same, also in the next level.
func TestRingingOfWhoWasFree(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(seconds float64) int64 { return noon.UnixMilli() + int64(seconds*1000) }
	var changes []figures.Change
	for _, c := range []figures.Change{{State: "offline", At: at(-1)}, {State: "available", At: at(0)},
		{State: "reserved", Call: "1", At: at(100)}, {State: "available", Call: "1", At: at(120)}, {State: "reserved", Call: "1", At: at(121.005)}, {State: "talking", Call: "1", At: at(126)}} {
		c.Agent, c.Queues = "a", []string{"level1", "level2"}
		changes = append(changes, c)
	}
	d := &figures.Day{Now: at(200), Changes: changes, Stays: []figures.Stay{
		{Call: "1", Queue: "level1", Entered: at(100.008), Left: at(121), Result: "flowed"},
		{Call: "1", Queue: "level2", Agent: "a", Entered: at(121.01), Left: at(126.01), Result: "answered", Talk: 10_000},
	}}
	d.Join(time.Hour)
	r := find(t, "agents")
	table, err := r.Make(d, figures.Query{From: noon, To: noon.Add(time.Hour), By: []figures.Dimension{figures.ByQueue}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, row := range table.Rows {
		m := measure(t, r, "ringing_ms")
		got[fmt.Sprint(row.Keys)], _ = m.Of(&row.Tally)
	}
	if diff := cmp.Diff(map[string]float64{"[level1]": 20_000, "[level2]": 4_995}, got); diff != "" {
		t.Errorf("ringing (-want +got):\n%s", diff)
	}
}

// TestAPauseThatACallInterruptedIsOne: as for the limits of the reason, which count it once
// (acd/README.md): the agent made a call in it, and came back to it. Another reason, and the same
// after having been ready, is another.
func TestAPauseThatACallInterruptedIsOne(t *testing.T) {
	t.Parallel()
	at := func(minutes int) int64 { return time.Date(2026, 3, 2, 9, minutes, 0, 0, time.UTC).UnixMilli() }
	change := func(minutes int, state, reason, call string) figures.Change {
		return figures.Change{Agent: "a", State: state, Reason: reason, Call: call, At: at(minutes)}
	}
	d := &figures.Day{Now: at(59), Centre: time.UTC, Limits: map[string]figures.Limit{"coffee": {Times: 1}}, Changes: []figures.Change{
		change(0, "available", "", ""), change(10, "paused", "coffee", ""), change(15, "talking", "", "c1"), change(18, "wrapup", "", "c1"),
		change(20, "paused", "coffee", "c1"), change(25, "available", "", "")}}
	r := find(t, "pauses")
	count := func(began, over int64) {
		t.Helper()
		d.Join(time.Hour)
		table, err := r.Make(d, figures.Query{From: time.UnixMilli(at(0)), To: time.UnixMilli(at(59)), Zone: time.UTC, By: []figures.Dimension{figures.ByReason}})
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]int64{table.Total[figures.Pauses], table.Total[figures.PausesOver]}; got != [2]int64{began, over} {
			t.Errorf("%d pauses, %d beyond the limit of one, want %d and %d", got[0], got[1], began, over)
		}
	}
	count(1, 0)
	d.Changes = append(d.Changes, change(30, "paused", "coffee", ""), change(35, "talking", "", "c2"), change(40, "paused", "lunch", ""), change(45, "paused", "coffee", ""))
	count(4, 2)
}

// TestClocksAreSet cuts days on which clocks are set: by half hours, by days, and by
// hours of the day, in zones that set them at odd times.
func TestClocksAreSet(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		zone, from, to string // a day
		halves, hours  int
		length         time.Duration
	}{
		{"Europe/Madrid", "2026-03-29", "2026-03-30", 46, 23, 23 * time.Hour},
		{"Europe/Madrid", "2026-10-25", "2026-10-26", 50, 24, 25 * time.Hour},
		{"America/Bogota", "2026-03-29", "2026-03-30", 48, 24, 24 * time.Hour},
		{"America/Santiago", "2026-09-06", "2026-09-07", 46, 23, 23 * time.Hour}, // has no midnight
		{"America/Santiago", "2026-04-04", "2026-04-05", 50, 24, 25 * time.Hour}, // its last hour comes twice
		{"Asia/Kathmandu", "2026-03-29", "2026-03-30", 48, 24, 24 * time.Hour},   // a quarter past
		{"Australia/Lord_Howe", "2026-04-05", "2026-04-06", 49, 24, 24*time.Hour + 30*time.Minute},
	} {
		zone, err := time.LoadLocation(x.zone)
		if err != nil {
			t.Fatal(err)
		}
		day, err := time.ParseInLocation(time.DateOnly, x.from, zone)
		if err != nil {
			t.Fatal(err)
		}
		// A call each minute of three days, and an agent who is there all the time.
		d := &figures.Day{Now: day.AddDate(0, 0, 3).UnixMilli()}
		from := day.AddDate(0, 0, -1)
		for at := from; at.Before(day.AddDate(0, 0, 2)); at = at.Add(time.Minute) {
			d.Stays = append(d.Stays, figures.Stay{Call: fmt.Sprint(len(d.Stays)), Queue: "q", Entered: at.UnixMilli(), Left: at.UnixMilli(), Result: "abandoned"})
		}
		d.Changes = []figures.Change{{Agent: "a", State: "available", At: from.UnixMilli()}}
		d.Join(time.Hour)
		q := figures.Query{From: from, To: day.AddDate(0, 0, 2), Zone: zone, Interval: 30 * time.Minute}
		q.By = []figures.Dimension{figures.ByDay}
		calls, err := find(t, "service").Make(d, q)
		if err != nil {
			t.Fatal(err)
		}
		people, err := find(t, "agents").Make(d, q)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range calls.Rows {
			if row.Keys[0] != x.from {
				continue
			}
			if got := time.Duration(row.Tally[figures.Offered]) * time.Minute; got != x.length {
				t.Errorf("%s of %s: %s of calls, want %s", x.from, x.zone, got, x.length)
			}
			if got := time.Duration(people.Rows[i].Tally[figures.LoggedIn]) * time.Millisecond; got != x.length {
				t.Errorf("%s of %s: %s logged in, want %s", x.from, x.zone, got, x.length)
			}
		}
		for dim, want := range map[figures.Dimension]int{figures.ByInterval: x.halves, figures.ByHour: x.hours} {
			q.By = []figures.Dimension{figures.ByDay, dim}
			got, err := find(t, "agents").Make(d, q)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, row := range got.Rows {
				if row.Keys[0] == x.from {
					n++
				}
			}
			if n != want {
				t.Errorf("%s of %s has %d rows by %s, want %d", x.from, x.zone, n, dim, want)
			}
		}
	}
}

// TestHourThatIsCut: where clocks are set by half an hour, the interval that begins
// then is named by when it begins.
func TestHourThatIsCut(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Australia/Lord_Howe")
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 4, 5, 1, 0, 0, 0, zone)
	d := &figures.Day{Now: from.Add(2 * time.Hour).UnixMilli(), Changes: []figures.Change{{Agent: "a", State: "available", At: from.UnixMilli()}}}
	d.Join(0)
	got, err := find(t, "agents").Make(d, figures.Query{From: from, To: from.Add(2 * time.Hour), Zone: zone, Interval: time.Hour, By: []figures.Dimension{figures.ByInterval}})
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, r := range got.Rows {
		rows = append(rows, fmt.Sprint(r.Keys[0], " ", r.Tally[figures.LoggedIn]/minute))
	}
	if diff := cmp.Diff([]string{"2026-04-05T01:00:00+11:00 60", "2026-04-05T01:30:00+10:30 30", "2026-04-05T02:00:00+10:30 30"}, rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// invented is a day of anything.
func invented(t *rapid.T, from time.Time) *figures.Day {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	start := from.UnixMilli()
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	d := &figures.Day{Now: start + 26*hour}
	for i := range rapid.IntRange(0, 60).Draw(t, "stays") {
		s := figures.Stay{Call: fmt.Sprint(i / 2), Queue: pick("q", "r"), DID: pick("1", "2"), Caller: pick("3001", "3002", "", "anonymous"),
			Outbound: r.IntN(9) == 0, Personal: r.IntN(9) == 0, Threshold: 20_000, Short: 5_000}
		s.Entered = start + r.Int64N(26*hour) - hour
		s.Started = s.Entered - r.Int64N(minute)
		s.Wait = r.Int64N(40_000)
		s.Left = s.Entered + s.Wait
		if s.Result = figures.Result(pick("", "answered", "answered", "abandoned", "flowed")); s.Result == "answered" {
			s.Agent, s.Team = pick("a", "b"), "x"
			s.Talk = r.Int64N(10 * minute)
			s.Hold = r.Int64N(s.Talk + 1)
			s.Over = r.IntN(5) > 0
		}
		d.Stays = append(d.Stays, s)
	}
	slices.SortFunc(d.Stays, func(a, b figures.Stay) int { return int(a.Entered - b.Entered) })
	for range rapid.IntRange(0, 60).Draw(t, "events") {
		o := figures.Offer{Call: fmt.Sprint(r.IntN(30)), Agent: pick("a", "b"), At: start + r.Int64N(24*hour)}
		d.Offers = append(d.Offers, o)
		if r.IntN(2) == 0 {
			d.Missed = append(d.Missed, o)
		}
		d.Transfers = append(d.Transfers, figures.Transfer{Call: fmt.Sprint(r.IntN(30)), At: start + r.Int64N(24*hour)})
	}
	for _, agent := range []string{"a", "b"} {
		at := start - hour
		for at < start+24*hour {
			d.Changes = append(d.Changes, figures.Change{Agent: agent, Team: "x", At: at, State: pick("offline", "available", "reserved", "talking", "wrapup", "paused"),
				Reason: pick("", "lunch"), Call: fmt.Sprint(r.IntN(30))})
			at += r.Int64N(3 * hour)
		}
	}
	return d
}

// TestPartsAddUp: however a span is cut, by whatever it is told, the sums are the same;
// and so are they when what was read is read again.
func TestPartsAddUp(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{time.UTC}
	for _, name := range []string{"Europe/Madrid", "America/Santiago", "Australia/Lord_Howe"} {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, z)
	}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		from := time.Date(2026, 10, 25, 0, 0, 0, 0, zone)
		d := invented(t, from)
		d.Join(7 * 24 * time.Hour)
		r := rapid.SampledFrom(figures.Reports).Draw(t, "report")
		make1 := func(from, to time.Time, by ...figures.Dimension) figures.Table {
			out, err := r.Make(d, figures.Query{From: from, To: to, Zone: zone, By: by, Interval: rapid.SampledFrom([]time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour}).Draw(t, "interval")})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		to := from.Add(time.Duration(rapid.Int64Range(1, 24*hour).Draw(t, "length")) * time.Millisecond)
		whole := make1(from, to).Total
		for range 3 {
			by := rapid.SliceOfNDistinct(rapid.SampledFrom(r.By), 1, 3, rapid.ID[figures.Dimension]).Draw(t, "by")
			if diff := cmp.Diff(whole, make1(from, to, by...).Total); diff != "" {
				t.Fatalf("by %v the total is another (-whole +it):\n%s", by, diff)
			}
		}
		cut := from.Add(time.Duration(rapid.Int64Range(1, max(1, to.Sub(from).Milliseconds()-1)).Draw(t, "cut")) * time.Millisecond)
		if cut.Before(to) {
			sum, rest := make1(from, cut).Total, make1(cut, to).Total
			sum.Add(&rest)
			if diff := cmp.Diff(whole, sum); diff != "" {
				t.Fatalf("cut at %s the total is another (-whole +halves):\n%s", cut, diff)
			}
		}
		d.Join(7 * 24 * time.Hour)
		if again := make1(from, to).Total; again != whole {
			t.Fatal("joined again the total is another")
		}
		if w := whole; w[figures.LoggedIn] != w[figures.Available]+w[figures.Ringing]+w[figures.Talking]+w[figures.WrappingUp]+w[figures.Paused] && r.Name == "agents" ||
			w[figures.Offered] < w[figures.Answered]+w[figures.Abandoned]+w[figures.Flowed] && r.Name == "service" ||
			w[figures.AnsweredWithin] > w[figures.Answered] || w[figures.AbandonedShort] > w[figures.AbandonedWithin] || w[figures.Repeated] > w[figures.Known] && r.Name == "service" {
			t.Fatalf("parts do not fit together: %v", w)
		}
	})
}

// TestQueryIsRefused: what cannot be is refused by name and value.
func TestQueryIsRefused(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ok := figures.Query{From: now, To: now.Add(time.Hour)}
	for field, change := range map[string]func(*figures.Query){
		"from":     func(q *figures.Query) { q.From = time.Time{} },
		"to":       func(q *figures.Query) { q.To = q.From },
		"by":       func(q *figures.Query) { q.By = []figures.Dimension{"reason"} },
		"interval": func(q *figures.Query) { q.Interval = 7 * time.Minute },
	} {
		q := ok
		change(&q)
		var wrong *figures.Wrong
		if _, err := find(t, "service").Make(&figures.Day{}, q); err == nil || !asWrong(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := figures.Find("sales"); err == nil {
		t.Error("a report that there is not was found")
	}
	for _, report := range []string{"agents", "pauses"} { // nobody is free, or paused, for a number
		for field, q := range map[string]figures.Query{"did": {DID: "5000"}, "by": {By: []figures.Dimension{figures.ByDID}}} {
			q.From, q.To = now, now.Add(time.Hour)
			var wrong *figures.Wrong
			if _, err := find(t, report).Make(&figures.Day{}, q); err == nil || !asWrong(err, &wrong) || wrong.Field != field || !strings.Contains(wrong.Why, "agents are there for queues") {
				t.Errorf("report %s of a number: %v", report, err)
			}
		}
	}
}

func asWrong(err error, into **figures.Wrong) bool {
	w, ok := err.(*figures.Wrong) //nolint:errorlint // it is not wrapped here
	*into = w
	return ok
}
