package staffing

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Sample is what is known of an interval from a report.
type Sample struct {
	Queue              string // "" where there is one alone
	Name               string
	Calls              float64
	Handled, HandledMS float64 // conversations that are over, and their handling time together
	WaitedMS           float64 // waits of all, and how many gave up: how patient callers are
	Abandoned          float64
}

// Intervals makes intervals of samples. An interval in which nobody was handled has
// the mean handling time of all, unless handle gives one for all.
func Intervals(samples []Sample, length, handle time.Duration) []Interval {
	var calls, ms float64
	for _, s := range samples {
		calls, ms = calls+s.Handled, ms+s.HandledMS
	}
	var out []Interval
	for _, s := range samples {
		i := Interval{Name: s.Name, Length: length, Calls: s.Calls, Handle: handle}
		switch {
		case handle > 0:
		case s.Handled > 0 && s.HandledMS > 0:
			i.Handle = milliseconds(s.HandledMS / s.Handled)
		case calls > 0:
			i.Handle = milliseconds(ms / calls)
		}
		out = append(out, i)
	}
	return out
}

// Together makes intervals of samples of several queues, in the order of their first: for
// each name what its queues have. A queue's calls are as patient as in all its samples.
func Together(samples []Sample, length, handle time.Duration) [][]QueueInterval {
	of := map[string][]Sample{}
	for _, s := range samples {
		of[s.Queue] = append(of[s.Queue], s)
	}
	at := map[string]int{}
	var out [][]QueueInterval
	next := map[string]int{}
	each := map[string][]Interval{}
	patience := map[string]time.Duration{}
	for queue, list := range of {
		each[queue], patience[queue] = Intervals(list, length, handle), Patience(list)
	}
	for _, s := range samples {
		if _, known := at[s.Name]; !known {
			at[s.Name] = len(out)
			out = append(out, nil)
		}
		i := at[s.Name]
		out[i] = append(out[i], QueueInterval{Queue: s.Queue, Interval: each[s.Queue][next[s.Queue]], Patience: patience[s.Queue]})
		next[s.Queue]++
	}
	return out
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// Patience estimates the mean patience of callers: all their waits, for each who gave
// up (the estimate of censored exponential lifetimes). 0 when nobody did.
func Patience(samples []Sample) time.Duration {
	var ms, gaveUp float64
	for _, s := range samples {
		ms, gaveUp = ms+s.WaitedMS, gaveUp+s.Abandoned
	}
	if gaveUp == 0 {
		return 0
	}
	return milliseconds(ms / gaveUp)
}

// ReadCSV reads intervals from CSV with a heading: interval, queue where there are several, calls or offered, and
// aht_ms or, as a report has them, handled and aht_ms; with abandoned and wait_all_ms
// for the patience. Other columns are passed over, and so is the total.
func ReadCSV(r io.Reader) ([]Sample, error) {
	in := csv.NewReader(r)
	heading, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("no heading: %w", err)
	}
	at := map[string]int{}
	for i, name := range heading {
		at[strings.TrimPrefix(strings.TrimSpace(name), "\ufeff")] = i
	}
	calls, ok := at["calls"]
	if !ok {
		if calls, ok = at["offered"]; !ok {
			return nil, &Wrong{"heading", strings.Join(heading, ","), "has no column calls or offered"}
		}
	}
	name, ok := at["interval"]
	if !ok {
		return nil, &Wrong{"heading", strings.Join(heading, ","), "has no column interval"}
	}
	queue, several := at["queue"]
	var out []Sample
	for line := 2; ; line++ {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if row[0] == "total" {
			continue
		}
		var wrong error
		number := func(column string, i int, known bool) float64 {
			if !known || row[i] == "" || wrong != nil {
				return 0
			}
			v, err := strconv.ParseFloat(row[i], 64)
			if err != nil || v < 0 {
				wrong = &Wrong{column, row[i], fmt.Sprintf("is no number from 0 on (line %d)", line)}
			}
			return v
		}
		of := func(column string) float64 {
			i, known := at[column]
			return number(column, i, known)
		}
		s := Sample{Name: row[name], Calls: number("calls", calls, true), Handled: of("handled"), Abandoned: of("abandoned"), WaitedMS: of("wait_all_ms")}
		if several {
			s.Queue = row[queue]
		}
		if _, counted := at["handled"]; !counted {
			s.Handled = s.Calls
		}
		s.HandledMS = of("aht_ms") * s.Handled
		if s.HandledMS == 0 {
			s.Handled = 0
		}
		if wrong != nil {
			return nil, wrong
		}
		out = append(out, s)
	}
}
