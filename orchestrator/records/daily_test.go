package records

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestClaimDay: of many who ask at once one does what is to be done on a day, and on the
// next one again; a day that is past is nobody's.
func TestClaimDay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(t *testing.T) *DB) {
		d := fresh(t)
		day := time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)
		for n, x := range []struct {
			day  time.Time
			want int32
		}{{day, 1}, {day, 0}, {day.AddDate(0, 0, 1), 1}, {day, 0}, {day.AddDate(0, 0, 30), 1}} {
			var mine atomic.Int32
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					ok, err := d.ClaimDay(t.Context(), "retention", x.day)
					if err != nil {
						t.Error(err)
					}
					if ok {
						mine.Add(1)
					}
				})
			}
			wg.Wait()
			if got := mine.Load(); got != x.want {
				t.Errorf("%d: %d were told to do it, want %d", n, got, x.want)
			}
		}
		last := day.AddDate(0, 0, 30)
		if err := d.ReturnDay(t.Context(), "retention", last); err != nil {
			t.Error(err)
		}
		if ok, err := d.ClaimDay(t.Context(), "retention", last); err != nil || !ok {
			t.Errorf("a day that was given back: %v, %v", ok, err)
		}
		if ok, err := d.Of("other").ClaimDay(t.Context(), "retention", day); err != nil || !ok {
			t.Errorf("another tenant: %v, %v", ok, err)
		}
	})
}
