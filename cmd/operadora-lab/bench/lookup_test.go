package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"time"
)

// TestLookup: the bench of look-ups runs, at a size that takes no time, and each of its figures is there.
func TestLookup(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := (looking{callers: 20, rounds: 2, thinks: time.Millisecond}).measure(t.Context(), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	got := map[string]Line{}
	for d := json.NewDecoder(&out); d.More(); {
		var l Line
		if err := d.Decode(&l); err != nil {
			t.Fatal(err)
		}
		got[l.Metric] = l
	}
	for _, name := range []string{"alone_p50", "alone_p99", "20_at_once_p50", "20_at_once_p99"} {
		if l := got[name]; l.Bench != "lookup" || l.Ours <= 0 || l.PeerValue <= 0 || l.Peer != "bare request" {
			t.Errorf("%s is %+v", name, l)
		}
	}
	if len(got) != 6 {
		t.Errorf("%d figures", len(got))
	}
}
