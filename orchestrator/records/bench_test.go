package records

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// BenchmarkWriteCalls writes batches of 50 whole calls (400 to 500 entries) to a SQLite file that is safe against power cuts.
func BenchmarkWriteCalls(b *testing.B) {
	d, err := Open(b.Context(), testConfig(DSN("sqlite:"+filepath.Join(b.TempDir(), "bench.db"))), func() time.Time { return noon })
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	const calls = 50
	s := newStory(b)
	b.ReportAllocs()
	n, entries := 0, 0
	for b.Loop() {
		s.entries = nil
		for range calls {
			n++
			s.served(fmt.Sprint(n), "sales", "101", time.Second, time.Second)
		}
		entries += len(s.entries)
		write(b, d, s.entries)
	}
	b.ReportMetric(float64(calls*b.N)/b.Elapsed().Seconds(), "calls/s")
	b.ReportMetric(float64(entries)/b.Elapsed().Seconds(), "entries/s")
}

var _ Sink = (*DB)(nil)
var _ orchestrator.Journal = (*memoryJournal)(nil)
