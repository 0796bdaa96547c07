package redisstore_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/operadora/operadora/acd/redisstore/matchbench"
)

// BenchmarkMatchWhileRead is a call that comes to 5,000 free agents and 5,000
// waiting calls and is matched, while clients look at boards: each of them
// asks again every second; one reads them anew without a pause; and the last one
// does so with everything, as a stream of events begins, which also takes processor
// time from the match, as it is decoded in the same process.
func BenchmarkMatchWhileRead(b *testing.B) {
	w := crowded(b, 5_000, 5_000)
	rows := []struct {
		name    string
		readers int
		every   time.Duration
		read    func(context.Context) error
	}{
		{name: "readers=0"},
		{"readers=1/every=1s", 1, time.Second, w.board},
		{"readers=10/every=1s", 10, time.Second, w.board},
		{"readers=100/every=1s", 100, time.Second, w.board},
		{"readers=1/every=0s", 1, 0, w.anew},
		{"everything/readers=1/every=0s", 1, 0, w.whole},
	}
	for _, r := range rows {
		b.Run(r.name, func(b *testing.B) {
			ctx, cancel := context.WithCancel(w.ctx())
			var wg sync.WaitGroup
			for i := range r.readers {
				first := r.every * time.Duration(i) / time.Duration(r.readers) // spread over the period
				wg.Go(func() { poll(ctx, b, first, r.every, r.read) })
			}
			var took []time.Duration
			i := 0
			for b.Loop() {
				i++
				call := fmt.Sprintf("%s-%d-%s", b.Name(), b.N, strconv.Itoa(i))
				begun := time.Now()
				p := w.enqueue(call, "ventas")
				took = append(took, time.Since(begun))
				if p.Offer == nil {
					b.Fatalf("%+v", p)
				}
				b.StopTimer()
				w.must(w.svc.Leave(w.ctx(), call, 0, "bench"))
				b.StartTimer()
			}
			cancel()
			wg.Wait()
			reportTimes(b, took)
		})
	}
}

// poll reads again and again until ctx ends.
func poll(ctx context.Context, b *testing.B, first, every time.Duration, read func(context.Context) error) {
	wait := time.NewTimer(first)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		if err := read(ctx); err != nil && ctx.Err() == nil {
			b.Error(err)
			return
		}
		wait.Reset(every)
	}
}

// board reads as one of many boards does.
func (w *world) board(ctx context.Context) error {
	_, err := w.svc.Board(ctx, time.Second)
	return err
}

// anew reads what a board shows, whoever has read it lately.
func (w *world) anew(ctx context.Context) error {
	_, err := w.svc.Board(ctx, 0)
	return err
}

// BenchmarkPlace is what an announcement of position and expected wait costs at that size.
func BenchmarkPlace(b *testing.B) {
	rdb, tenant := client(b)
	d := matchbench.Definitions(5_000)
	for i := range d.Queues {
		d.Queues[i].AnnounceWait = true
	}
	c, err := matchbench.New(rdb, tenant, d)
	must := func(err error) {
		if b.Helper(); err != nil {
			b.Fatal(err)
		}
	}
	must(err)
	must(c.LogIn(b.Context()))
	must(c.Fill(b.Context()))
	for range 200 { // it is known how long calls take
		_, _, err := c.Free(b.Context())
		must(err)
	}
	r, err := c.Store.Read(b.Context())
	must(err)
	var ids []string
	for id, call := range r.Calls {
		if call.Offer == "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	b.Logf("%d wait", len(ids))
	var took []time.Duration
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		c.Tick(10 * time.Millisecond) // a hundred callers are told in a second
		begun := time.Now()
		_, _, err := c.Service.Place(b.Context(), ids[i*7919%len(ids)])
		must(err)
		took = append(took, time.Since(begun))
		i++
	}
	reportTimes(b, took)
}

// whole reads everything.
func (w *world) whole(ctx context.Context) error {
	_, err := w.svc.Snapshot(ctx)
	return err
}
