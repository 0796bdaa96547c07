package ari

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// The dialplan learns within a second whether calls are taken, and for how long.
func TestPulse(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	s := f.run(f.adapter(nil))
	s.want("connected")
	until := func() float64 {
		t.Helper()
		select {
		case p := <-f.pulses:
			value, ours := strings.CutPrefix(p, "OPERADORA_UNTIL_operadora=")
			n, err := strconv.ParseFloat(value, 64)
			if !ours || err != nil {
				t.Fatalf("the dialplan was told %q", p)
			}
			return n
		case <-time.After(bound):
			t.Fatal("the dialplan is told nothing")
			return 0
		}
	}
	began := float64(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Unix()) // by Asterisk's clock
	if n := until(); n < began || n > began+60 {
		t.Errorf("calls are taken until %f, it is %f there", n, began)
	}
	s.away.Store(true)
	for until() != 1 {
	}
	s.away.Store(false)
	for until() == 1 {
	}
}
