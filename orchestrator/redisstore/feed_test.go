package redisstore_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/operadora/operadora/orchestrator"
)

// readings counts how often each message of a stream was read.
type readings struct {
	mu    sync.Mutex
	times map[string]int // by what it says; guarded by mu
}

func (r *readings) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (r *readings) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if x, ok := cmd.(*redis.XMessageSliceCmd); ok && len(x.Val()) > 0 {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, m := range x.Val()[1:] { // the first is looked at again, to be sure of the place
				r.times[m.Values["data"].(string)]++
			}
		}
		return err
	}
}

func (r *readings) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// Whoever follows the journal from now on has it read once for all.
func TestFollowersShareReadings(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	ok(t, s.Append(t.Context(), numbered(1, 1)...))
	begin, err := s.Last(t.Context())
	ok(t, err)
	const followers, rounds = 4, 20
	var fs []*follower
	for range followers {
		fs = append(fs, follow(t, s, begin))
	}
	ok(t, s.Append(t.Context(), numbered(2, 2)...))
	for _, f := range fs {
		f.until(t, 1) // each makes sure of its place by itself, once
	}
	r := &readings{times: map[string]int{}}
	rdb.AddHook(r)
	for i := range rounds {
		ok(t, s.Append(t.Context(), numbered(3+10*i, 12+10*i)...))
		for _, f := range fs {
			f.until(t, 11+10*i)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range data(3, 2+10*rounds) {
		if r.times[d] != 1 {
			t.Errorf("%s was read %d times", d, r.times[d])
		}
	}
}

// A follower that is behind what the others keep reads by itself, and misses nothing.
func TestFollowerThatIsLate(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first, goOn := make(chan struct{}), make(chan struct{})
	var got []string
	const last = 12_000
	done := make(chan error, 1)
	go func() {
		done <- s.Tail(ctx, "", func(batch []orchestrator.Entry) error {
			for _, e := range batch {
				got = append(got, string(e.Data))
			}
			if got[len(got)-1] == data(last, last)[0] {
				return errEnough
			}
			if first != nil {
				close(first)
				first = nil
				<-goOn
			}
			return nil
		})
	}()
	begun := first
	ok(t, s.Append(t.Context(), numbered(1, 1)...))
	<-begun
	f := follow(t, s, "")
	for from := 2; from < last; from += 1000 {
		ok(t, s.Append(t.Context(), numbered(from, min(from+999, last))...))
		f.until(t, min(from+999, last))
	}
	close(goOn)
	if err := <-done; !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	for name, read := range map[string][]string{"late": got, "other": f.until(t, last)} {
		if diff := cmp.Diff(data(1, last), read); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// All who follow a journal learn that it was rewound, and see nothing of another history.
func TestFollowersOfARewoundJournal(t *testing.T) {
	t.Parallel()
	s, rdb := setup(t)
	told := [][2]string{{"10-1", "1"}, {"20-1", "2"}, {"30-1", "3"}}
	retold(t, rdb, told...)
	var fs []*follower
	for range 3 {
		fs = append(fs, follow(t, s, ""))
	}
	for _, f := range fs {
		f.until(t, len(told))
	}
	retold(t, rdb, [][2]string{{"10-1", "1"}, {"20-1", "2"}, {"25-1", "new"}, {"35-1", "new"}}...)
	for _, f := range fs {
		if err := f.ended(t); !errors.Is(err, orchestrator.ErrRewound) {
			t.Errorf("ended with %v", err)
		}
		if got := f.until(t, 0); len(got) != len(told) {
			t.Errorf("read %v", got)
		}
	}
	again := follow(t, s, "20-1")
	if diff := cmp.Diff([]string{"new", "new"}, again.until(t, 2)); diff != "" {
		t.Errorf("of the other history (-want +got):\n%s", diff)
	}
}
