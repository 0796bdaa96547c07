package acd

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counter is a shared number that grows with each reading, which takes a second.
func counter() (*shared[int], *atomic.Int64) {
	var n atomic.Int64
	return &shared[int]{now: time.Now, read: func(ctx context.Context) (int, error) {
		v := int(n.Add(1))
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(time.Second):
			return v, nil
		}
	}}, &n
}

func TestManyReadersShareOneReading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := counter()
		get := func(age time.Duration, want int) {
			t.Helper()
			if v, err := s.get(t.Context(), age); err != nil || v != want {
				t.Errorf("age %s: %d, %v, want %d", age, v, err, want)
			}
		}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { get(2*time.Second, 1) })
		}
		wg.Wait()
		get(time.Second, 1) // read a second ago
		time.Sleep(time.Millisecond)
		get(time.Second, 2)
		get(0, 3) // whoever must see the present reads
		if n.Load() != 3 {
			t.Errorf("%d readings", n.Load())
		}
	})
}

// TestAReadingThatRunsIsTooOldForThePresent: who asks while one runs may have
// changed what it has passed already.
func TestAReadingThatRunsIsTooOldForThePresent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := counter()
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = s.get(t.Context(), 0) })
		synctest.Wait()
		for range 100 {
			wg.Go(func() {
				if v, err := s.get(t.Context(), 0); err != nil || v != 2 {
					t.Errorf("%d, %v", v, err)
				}
			})
			wg.Go(func() {
				if v, err := s.get(t.Context(), 5*time.Second); err != nil || v != 1 {
					t.Errorf("one who is content with the running one: %d, %v", v, err)
				}
			})
		}
		wg.Wait()
		if n.Load() != 2 {
			t.Errorf("%d readings", n.Load())
		}
	})
}

func TestAReaderWhoLeavesSpoilsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, n := counter()
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := s.get(ctx, 0); !errors.Is(err, context.Canceled) {
				t.Errorf("the one who left: %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if v, err := s.get(t.Context(), time.Minute); err != nil || v != 2 {
				t.Errorf("one who waited: %d, %v", v, err)
			}
		})
		gone, leave := context.WithCancel(t.Context())
		wg.Go(func() {
			if _, err := s.get(gone, time.Minute); !errors.Is(err, context.Canceled) {
				t.Errorf("one who waited and left: %v", err)
			}
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		cancel()
		wg.Wait()
		if n.Load() != 2 {
			t.Errorf("%d readings", n.Load())
		}
	})
}

func TestAnErrorIsSharedAndNotKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		away, tries := errors.New("away"), 0
		s := &shared[int]{now: time.Now, read: func(context.Context) (int, error) {
			tries++ // one reads at a time
			time.Sleep(time.Second)
			if tries == 1 {
				return 0, away
			}
			return tries, nil
		}}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if _, err := s.get(t.Context(), time.Minute); !errors.Is(err, away) {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if v, err := s.get(t.Context(), time.Minute); err != nil || v != 2 {
			t.Errorf("after the error: %d, %v", v, err)
		}
	})
}
