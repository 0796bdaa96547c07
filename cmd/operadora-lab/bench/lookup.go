package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing/fstest"
	"time"

	"github.com/operadora/operadora/ivr/lookup"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/life"
)

// looking is what the bench of look-ups measures, and how often.
type looking struct {
	callers int           // at the same time
	rounds  int           // of so many look-ups each
	thinks  time.Duration // what the source takes for each, when it is asked by many
}

// lookingAt is the size that the figures are for.
var lookingAt = looking{callers: 1_000, rounds: 4, thinks: 250 * time.Millisecond}

// Lookup measures, without a PBX, what a look-up of a flow takes beside the bare request to the
// same HTTP service on this machine, asked by one caller after the other and by 1,000 at the same time. Both sides
// take turns, so that whatever else the machine does meets both.
func Lookup(ctx context.Context, out, progress io.Writer) error {
	return lookingAt.measure(ctx, out, progress)
}

func (l looking) measure(ctx context.Context, out, progress io.Writer) error {
	fast, err := newSlowness(ctx, 0)
	if err != nil {
		return err
	}
	defer fast.close()
	slow, err := newSlowness(ctx, l.thinks)
	if err != nil {
		return err
	}
	defer slow.close()
	asked, err := l.service(ctx, fast, slow)
	if err != nil {
		return err
	}
	defer asked.Stop()
	bare := &http.Client{Transport: &http.Transport{MaxConnsPerHost: l.callers, MaxIdleConnsPerHost: l.callers}}
	defer bare.CloseIdleConnections()

	for _, side := range []struct {
		name    string
		source  *slowness
		callers int
	}{{"alone", fast, 1}, {fmt.Sprintf("%d_at_once", l.callers), slow, l.callers}} {
		var ours, theirs []time.Duration
		for n := range l.rounds + 1 {
			fmt.Fprintf(progress, "lookup: %s, round %d …\n", side.name, n)
			theirRound, err := l.round(side.callers, n, func(id string) error { return side.source.get(ctx, bare, id) })
			if err != nil {
				return err
			}
			ourRound, err := l.round(side.callers, n, func(id string) error {
				a := asked.LookUp(ctx, orchestrator.Lookup{Source: side.source.name, Params: map[string]string{"id": id}})
				if a.Result != orchestrator.LookupFound || a.Values["amount"] != "125000.50" {
					return fmt.Errorf("the look-up came to %+v", a)
				}
				return nil
			})
			if err != nil {
				return err
			}
			if n > 0 { // the first opens the connections
				ours, theirs = append(ours, ourRound...), append(theirs, theirRound...)
			}
		}
		slices.Sort(ours)
		slices.Sort(theirs)
		for _, q := range []float64{0.5, 0.99} {
			if err := Emit(out, NewLine("lookup", fmt.Sprintf("%s_p%.0f", side.name, 100*q), "ms", millis(quantile(ours, q)), "bare request", millis(quantile(theirs, q)))); err != nil {
				return err
			}
		}
		if err := Emit(out, NewLine("lookup", side.name+"_overhead_p50", "ms", millis(quantile(ours, 0.5)-quantile(theirs, 0.5)), "", 0)); err != nil {
			return err
		}
	}
	return nil
}

// service asks both sources.
func (l looking) service(ctx context.Context, sources ...*slowness) (*lookup.Service, error) {
	var yaml strings.Builder
	yaml.WriteString("lookups:\n")
	for _, s := range sources {
		fmt.Fprintf(&yaml, "  %s: {kind: http, url: %q, path: \"/subscribers/{id}\", timeout: 8s, connections: %d, allow: [127.0.0.1/32], params: {id: digits}, "+
			"results: {amount: {path: $.balance.amount, type: number, need: true}, due: {path: $.balance.due, type: date}}}\n", s.name, s.url, min(l.callers, 1000))
	}
	defs, _, faults := lookup.Load(fstest.MapFS{lookup.FileName: {Data: []byte(yaml.String())}}, nil)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	s := lookup.New(lookup.Parts{Log: slog.New(slog.DiscardHandler)})
	s.Use(defs)
	return s, s.Start(ctx)
}

// round has so many callers look up at the same time, or as many one after the other, each for somebody else.
func (l looking) round(callers, n int, ask func(id string) error) ([]time.Duration, error) {
	took, errs := make([]time.Duration, l.callers), make([]error, callers)
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for i := c; i < l.callers && errs[c] == nil; i += callers {
				began := time.Now()
				errs[c] = ask(strconv.Itoa(10_000_000 + n*l.callers + i))
				took[i] = time.Since(began)
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return took, nil
}

// slowness is an HTTP service that thinks for a while.
type slowness struct {
	name, url string
	srv       *http.Server
	over      sync.WaitGroup
}

func newSlowness(ctx context.Context, thinks time.Duration) (*slowness, error) {
	var lc net.ListenConfig
	at, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &slowness{name: fmt.Sprintf("thinks%d", thinks.Milliseconds()), url: "http://" + at.Addr().String(),
		srv: &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if thinks > 0 && !life.Sleep(r.Context(), thinks) {
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"subscriber":{"name":"Ana López"},"balance":{"amount":125000.50,"due":"2026-12-15"}}`) // who is gone needs none
		})}}
	s.over.Go(func() { _ = s.srv.Serve(at) }) // it ends by close
	return s, nil
}

func (s *slowness) close() {
	_ = s.srv.Close() // nothing is kept
	s.over.Wait()
}

// get is the bare request.
func (s *slowness) get(ctx context.Context, client *http.Client, id string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/subscribers/"+id, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // it was read
	raw, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || len(raw) == 0) {
		err = fmt.Errorf("the service answers %s", res.Status)
	}
	return err
}
