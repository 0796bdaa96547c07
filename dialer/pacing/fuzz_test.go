package pacing

import (
	"encoding/binary"
	"math"
	"testing"
	"time"
)

// fuzzEvent makes an event of 12 bytes: any kind, any ids, odd numbers and times.
func fuzzEvent(b []byte, at time.Time) Event {
	odd := []float64{0, 1, 5, 100, -1, math.NaN(), math.Inf(1), math.Inf(-1), 1e300, 0.5}
	e := Event{
		Kind: Kind(b[0] % 32), Cause: Cause(b[1] % 6), Campaign: int(b[2]%4) - 1, Segment: int(b[3]%3) - 1,
		Call: CallID(b[4] % 40), Agent: AgentID(b[5] % 20), Value: odd[int(b[6])%len(odd)],
	}
	jumps := []time.Duration{0, time.Millisecond, time.Second, -time.Second, time.Minute, -time.Hour, 26 * time.Hour, -1 << 62, 1 << 62}
	e.At = at.Add(jumps[int(b[7])%len(jumps)])
	if b[8] == 0 {
		e.At = time.Time{}
	}
	if b[9]%8 == 0 {
		e.Until = at.Add(time.Duration(int8(b[10])) * time.Minute)
	}
	return e
}

// FuzzPacer feeds events in any order, doubled, with gaps, with clocks that jump
// and numbers that are none. The pacer does not panic, and orders no call of a
// campaign that the last word on it does not call open.
func FuzzPacer(f *testing.F) {
	f.Add([]byte("\x19\x00\x01\x01\x01\x01\x00\x02\x01\x01\x01\x01"))
	seed := make([]byte, 0, 1200)
	for i := range 100 {
		seed = binary.BigEndian.AppendUint64(seed, uint64(i)*0x9e3779b97f4a7c15)
		seed = binary.BigEndian.AppendUint32(seed, uint32(i)*2654435761)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := New(Config{Campaigns: []CampaignConfig{{}, {Mode: ModePower, Ratio: 3}, {Mode: ModeAgentless, Rate: 2}}})
		if err != nil {
			t.Fatal(err)
		}
		open := [3]bool{}
		now := day(0)
		for ; len(data) >= 12; data = data[12:] {
			e := fuzzEvent(data, now)
			if data[11]%16 == 0 { // start usefully now and then
				e = Event{At: now, Kind: CampaignOpened, Campaign: int(data[2] % 3)}
			}
			p.Observe(e)
			if e.Campaign >= 0 && e.Campaign < 3 && !e.At.IsZero() && e.At.Year() >= 1970 && e.At.Year() <= 2200 {
				switch e.Kind {
				case CampaignOpened:
					open[e.Campaign] = true
				case CampaignClosed:
					open[e.Campaign] = false
				}
			}
			now = now.Add(time.Duration(data[10]) * 20 * time.Millisecond)
			if data[9]%32 == 1 {
				now = now.Add(-time.Duration(data[8]) * time.Second)
			}
			d := p.Decide(now)
			for _, x := range d.Dials {
				if x.Count < 1 || x.Campaign < 0 || x.Campaign > 2 || !open[x.Campaign] {
					t.Fatalf("ordered %+v; open are %v", x, open)
				}
			}
			if n := d.Count(); n > 100 {
				t.Fatalf("%d calls at once", n)
			}
			_ = p.Next()
			for _, h := range d.Holds {
				_ = h.String()
			}
		}
		if _, err := p.Save(); err != nil {
			t.Fatal(err)
		}
	})
}
