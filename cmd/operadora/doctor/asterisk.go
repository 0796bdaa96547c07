package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/life"
)

// reader asks an Asterisk what ari.Probe does not. It changes nothing, but for
// a trial recording that it removes.
type reader struct {
	cfg  ari.Config
	http *http.Client
}

func newReader(cfg ari.Config) *reader {
	return &reader{cfg, &http.Client{
		Transport: &http.Transport{DisableCompression: true},
		Timeout:   cfg.RequestTimeout,
		// Asterisk redirects nothing; following would carry the password elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (r *reader) close() { r.http.CloseIdleConnections() }

// statusError is an answer that is not 200.
type statusError int

// Error says the number and what HTTP calls it.
func (e statusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("Asterisk answers %d %s", int(e), http.StatusText(int(e))))
}

// maxAnswer bounds what is read: the longest is the list of modules or endpoints.
const maxAnswer = 64 << 20

// ask sends a request for a path below ARI's address.
func (r *reader) ask(ctx context.Context, method, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(r.cfg.URL, "/")+path, nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(r.cfg.User, r.cfg.Password.Reveal())
	return r.http.Do(req)
}

// get reads a path below ARI's address into out, unless that is nil. An answer
// other than 200 is a statusError.
func (r *reader) get(ctx context.Context, path string, out any) error {
	res, err := r.ask(ctx, http.MethodGet, path)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	if res.StatusCode != http.StatusOK {
		return statusError(res.StatusCode)
	}
	body := io.LimitReader(res.Body, maxAnswer)
	if out == nil {
		_, err = io.Copy(io.Discard, body) // to its end, so that the connection is kept
		return err
	}
	if err := json.NewDecoder(body).Decode(out); err != nil {
		return fmt.Errorf("the answer is not Asterisk's: %w", err)
	}
	return nil
}

// order has Asterisk do something. An answer other than 2xx is a statusError.
func (r *reader) order(ctx context.Context, method, path string) error {
	res, err := r.ask(ctx, method, path)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // it is not needed
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer))
	if res.StatusCode/100 != 2 {
		return statusError(res.StatusCode)
	}
	return nil
}

// recordFor is how long the trial recording lasts.
const recordFor = 100 * time.Millisecond

// record makes a recording of an empty bridge, as the queues' are made, and removes it.
func (r *reader) record(ctx context.Context, format string) error {
	id := fmt.Sprintf("doctor-%016x", rand.Uint64()) //nolint:gosec // a name, not a secret
	if err := r.order(ctx, http.MethodPost, "/bridges?type=mixing&bridgeId="+id); err != nil {
		return err
	}
	tidy := context.WithoutCancel(ctx)
	defer func() {
		_ = r.order(tidy, http.MethodDelete, "/bridges/"+id) // nothing depends on it
		_ = r.order(tidy, http.MethodDelete, "/recordings/stored/"+id)
	}()
	if err := r.order(ctx, http.MethodPost, "/bridges/"+id+"/record?name="+id+"&format="+url.QueryEscape(format)); err != nil {
		return err
	}
	life.Sleep(ctx, recordFor)
	for wait := recordFor / 10; ; wait *= 2 { // it is stored a moment later, and an early order to stop may be lost
		stopped := r.order(ctx, http.MethodPost, "/recordings/live/"+id+"/stop")
		err := r.get(ctx, "/recordings/stored/"+id, nil)
		if err != nil && stopped != nil {
			err = fmt.Errorf("it ended by itself: %w", stopped)
		}
		if err == nil || wait > 2*time.Second || !life.Sleep(ctx, wait) {
			return err
		}
	}
}

// smallest is the smallest request there is.
const smallest = "/asterisk/info?only=status"

// modules tells which modules run, by name without ".so".
func (r *reader) modules(ctx context.Context) (map[string]bool, error) {
	var list []struct{ Name, Status string }
	if err := r.get(ctx, "/asterisk/modules", &list); err != nil {
		return nil, err
	}
	running := make(map[string]bool, len(list))
	for _, m := range list {
		running[strings.TrimSuffix(m.Name, ".so")] = m.Status == "Running"
	}
	return running, nil
}

// endpoints tells the state of each phone and trunk by name, such as PJSIP/101:
// online, offline or unknown.
func (r *reader) endpoints(ctx context.Context) (map[string]string, error) {
	var list []struct{ Technology, Resource, State string }
	if err := r.get(ctx, "/endpoints", &list); err != nil {
		return nil, err
	}
	states := make(map[string]string, len(list))
	for _, e := range list {
		states[e.Technology+"/"+e.Resource] = e.State
	}
	return states, nil
}

// setting is one of those that Asterisk has of an endpoint.
type setting struct{ Attribute, Value string }

// endpoint reads how Asterisk has a phone or trunk defined; nothing of one that is no PJSIP
// endpoint, or is not defined, which is told elsewhere.
func (r *reader) endpoint(ctx context.Context, endpoint string) (out []setting, err error) {
	name, ok := strings.CutPrefix(endpoint, "PJSIP/")
	if !ok {
		return nil, nil
	}
	err = r.get(ctx, "/asterisk/config/dynamic/res_pjsip/endpoint/"+url.PathEscape(name), &out)
	if status, answered := errors.AsType[statusError](err); answered && status == http.StatusNotFound {
		return nil, nil
	}
	return out, err
}

// phoneSettings are what matters of how Asterisk has agents' phones defined.
type phoneSettings struct {
	transferring []string // may transfer calls by themselves
	lasting      []string // their calls outlive them when they vanish: no rtp_timeout
}

// phoneSettings reads those of phones that are PJSIP endpoints.
func (r *reader) phoneSettings(ctx context.Context, phones []string) (out phoneSettings, err error) {
	for _, phone := range phones {
		fields, err := r.endpoint(ctx, phone)
		if err != nil {
			return phoneSettings{}, err
		}
		for _, f := range fields {
			switch {
			case f.Attribute == "allow_transfer" && f.Value == "true":
				out.transferring = append(out.transferring, phone)
			case f.Attribute == "rtp_timeout" && f.Value == "0":
				out.lasting = append(out.lasting, phone)
			}
		}
	}
	return out, nil
}

// sessionFacts are what was found out about the limit of HTTP sessions, which
// ARI does not tell.
type sessionFacts struct {
	tried   int // how many connections were to be open at a time
	taken   int // how many were
	refused bool
	err     error // what ended the attempt, unless it was Asterisk's refusal
	took    time.Duration
}

// late tells a request that nobody answered in time from one that was refused.
func late(ctx context.Context, err error) bool {
	var network net.Error
	return ctx.Err() != nil || (errors.As(err, &network) && network.Timeout())
}

// sessions opens n connections one after the other, each with a request that
// was answered, and closes them all. Asterisk closes the first one that is too many.
func (r *reader) sessions(ctx context.Context, n int) sessionFacts {
	f := sessionFacts{tried: n}
	begun := time.Now()
	for range n {
		one := newReader(r.cfg) // a client of its own is a connection of its own
		defer one.close()
		err := one.get(ctx, smallest, nil)
		if err != nil {
			if f.refused = f.taken > 0 && !late(ctx, err); !f.refused {
				f.err = err
			}
			break
		}
		f.taken++
	}
	f.took = time.Since(begun)
	return f
}
