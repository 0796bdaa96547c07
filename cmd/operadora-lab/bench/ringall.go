package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator/lab"
)

// Sizes of ring_all: so many phones ring for each caller.
const (
	ringAllPhones = 10
	ringAllRounds = 30
	ringAllLimit  = 20 * time.Second // of one round
)

const together = "queues:\n  - {id: " + benchQueue + ", strategy: ring_all, wrap_up: 0s, retry: 1s, misses_before_pause: 0}\n"

// RingAll has phones ring together, and measures from the 200 that the first of them sends
// to the CANCEL that reaches each of the others, beside app_queue's ringall.
func RingAll(ctx context.Context, out, progress io.Writer) error {
	o := inbound(lab.Desk(101, 100+ringAllPhones))
	o.Definitions["queues.yaml"] = together
	o.Asterisk.Queues[0].Strategy = "ringall"
	site, err := newSite(ctx, o)
	if err != nil {
		return err
	}
	defer discard(site)
	if err := site.Start(ctx); err != nil {
		return err
	}
	api, err := site.API("supervisor")
	if err != nil {
		return err
	}
	var phones []*lab.Phone
	defer func() { //nolint:contextcheck // phones are put away whatever the context
		for _, p := range phones {
			p.Close()
		}
	}()
	peer := peerQueue()
	for n := range ringAllPhones {
		p, err := site.Switch.Phone(ctx, fmt.Sprint(101+n))
		if err != nil {
			return err
		}
		phones = append(phones, p)
		if _, err := api.LoginAgentWithResponse(ctx, p.User(), wire.AgentLogin{}); err != nil {
			return err
		}
		if err := peer.login(site, p.User()); err != nil { //nolint:contextcheck // the console has a limit of its own
			return err
		}
	}
	var sides [2][]time.Duration
	for i, side := range []struct{ name, number string }{{"operadora", "5000"}, {peer.name, "5900"}} {
		fmt.Fprintf(progress, "ring_all: %s …\n", side.name)
		random := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // repeatable is what is wanted
		for round := range ringAllRounds {
			took, err := ringTogether(ctx, site, phones, side.number, random.IntN(len(phones)))
			if err != nil {
				return fmt.Errorf("%s, round %d: %w", side.name, round, err)
			}
			sides[i] = append(sides[i], took...)
		}
	}
	var lines []Line
	for _, q := range []float64{.5, .99, 1} {
		lines = append(lines, NewLine("ring_all", fmt.Sprintf("stop_p%g", q*100), "ms", millis(quantile(sides[0], q)), peer.name, millis(quantile(sides[1], q))))
	}
	return Emit(out, lines...)
}

// ringTogether lets a caller in, and one of the phones answer when all ring; it returns
// how long each of the others rang on.
func ringTogether(ctx context.Context, site *centre.Site, phones []*lab.Phone, number string, first int) ([]time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, ringAllLimit)
	defer cancel()
	caller, err := site.Switch.Caller("5550001")
	if err != nil {
		return nil, err
	}
	defer caller.Close() //nolint:contextcheck // a phone is put away whatever the context
	in, err := caller.Dial(ctx, number, lab.DialOptions{})
	if err != nil {
		return nil, err
	}
	rung := make([]*lab.Call, len(phones))
	for i, p := range phones {
		if rung[i], err = p.NextCall(ctx); err != nil {
			return nil, err
		}
		if err := rung[i].Ring(); err != nil {
			return nil, err
		}
	}
	var mu sync.Mutex
	var took []time.Duration // guarded by mu
	var failed []error       // guarded by mu
	var others sync.WaitGroup
	began := time.Now()
	for i, c := range rung {
		if i == first {
			continue
		}
		others.Go(func() {
			how, err := c.WaitEnd(ctx)
			at := time.Since(began)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && (how.Answered || !strings.Contains(how.Reason, "cause=200")) {
				err = fmt.Errorf("a phone that rang with others ended by %+v", how) //nolint:err113 // nobody looks for it
			}
			took, failed = append(took, at), append(failed, err)
		})
	}
	err = rung[first].Answer() //nolint:contextcheck // it has a deadline of its own
	others.Wait()
	if err = errors.Join(append(failed, err)...); err != nil {
		return nil, err
	}
	if err := in.Hangup(); err != nil { //nolint:contextcheck // as above
		return nil, err
	}
	_, err = rung[first].WaitEnd(ctx)
	return took, err
}
