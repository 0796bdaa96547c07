package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/operadora/operadora/api"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
	"github.com/operadora/operadora/orchestrator/records"
)

// settleLimit is how long what follows a call (its record, the end of its
// channels) may take on a busy machine.
const settleLimit = 2 * time.Minute

// settle asks until every call is on record, every agent's conversation is
// counted and nothing is left over, or the limit has passed. What it returns
// is how things stand then: whether that is right is for Balance to say.
func (g *stage) settle(ctx context.Context, placed int) (Books, error) {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	// The PBX has no event for "everything has gone", so it is asked again and again.
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	var b Books
	for {
		now, err := g.books(ctx, placed)
		if err == nil {
			b = now
			if !slices.ContainsFunc(Balance(b), func(c Check) bool { return !c.OK }) {
				return b, nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if b.Agents != nil {
				return b, nil
			}
			return b, errors.Join(context.Cause(ctx), err)
		}
	}
}

// books draws everything up as it stands.
func (g *stage) books(ctx context.Context, placed int) (Books, error) {
	b := Books{Placed: placed, Journal: g.watch.summaries()}
	var err error
	if b.Contacts, err = g.contacts(ctx); err != nil {
		return b, err
	}
	if b.Agents, err = list[api.Agent](ctx, g, "/api/v1/agents"); err != nil {
		return b, err
	}
	b.Left, err = g.left(ctx)
	return b, err
}

// contacts returns the callers' calls on record, the oldest first.
func (g *stage) contacts(ctx context.Context) ([]records.Contact, error) {
	all, err := list[records.Contact](ctx, g, "/api/v1/contacts?limit=500")
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	return slices.DeleteFunc(all, func(c records.Contact) bool { return c.Kind != orchestrator.KindInbound }), nil
}

// list gets every page of a list.
func list[T any](ctx context.Context, g *stage, path string) (out []T, err error) {
	for at := path; at != ""; {
		var page struct {
			Items []T
			Next  string
		}
		if err := g.api.Do(ctx, http.MethodGet, at, nil, &page); err != nil {
			return nil, err
		}
		out, at = append(out, page.Items...), ""
		if page.Next != "" {
			at = path + "&cursor=" + url.QueryEscape(page.Next)
		}
	}
	return out, nil
}

// left says what is left of calls in operadora and in Asterisk.
func (g *stage) left(ctx context.Context) (out []string, err error) {
	live, err := list[api.LiveCall](ctx, g, "/api/v1/calls")
	if err != nil {
		return nil, err
	}
	if len(live) > 0 {
		out = append(out, fmt.Sprintf("%d live calls", len(live)))
	}
	queues, err := list[api.Queue](ctx, g, "/api/v1/queues")
	if err != nil {
		return nil, err
	}
	for _, q := range queues {
		if q.Waiting > 0 {
			out = append(out, fmt.Sprintf("%d in queue %s", q.Waiting, q.ID))
		}
	}
	channels, err := g.site.Asterisk.CLI("core show channels concise") //nolint:contextcheck // the console has a limit of its own
	if err != nil {
		return nil, err
	}
	if channels = strings.TrimSpace(channels); channels != "" {
		out = append(out, fmt.Sprintf("%d channels", len(strings.Split(channels, "\n"))))
	}
	bridges, err := g.site.Asterisk.CLI("bridge show all") //nolint:contextcheck // as above
	if err != nil {
		return nil, err
	}
	if n := strings.Count(bridges, "op-"); n > 0 {
		out = append(out, fmt.Sprintf("%d bridges", n))
	}
	return out, nil
}

// evidence collects what is known of each script's call.
func (g *stage) evidence(ctx context.Context, crowd []Script, troubles []error, contacts []records.Contact) ([]Evidence, error) {
	out := make([]Evidence, len(crowd))
	for i, s := range crowd {
		e := &out[i]
		if troubles[i] != nil {
			e.Trouble = "the caller " + troubles[i].Error()
		}
		e.Desk = g.desks.fault(s.Number)
		for _, c := range contacts {
			if c.Caller.Number == s.Number {
				e.Contacts = append(e.Contacts, c)
			}
		}
		if len(e.Contacts) == 0 {
			continue
		}
		c := e.Contacts[0]
		var view api.ContactView
		if err := g.api.Do(ctx, http.MethodGet, "/api/v1/contacts/"+url.PathEscape(c.Call), nil, &view); err != nil {
			return nil, err
		}
		e.Timeline = view.Timeline
		if id := c.Recording + c.Voicemail; id != "" { // no script has both
			e.Sound = g.sound(ctx, id, s.Number)
		}
	}
	return out, nil
}

// sound fetches a recording through the API, as a player would, into the run's
// folder under the caller's number.
func (g *stage) sound(ctx context.Context, id, number string) *Sound {
	file := filepath.Join(g.dir, "recordings", number+".wav")
	s := &Sound{}
	var err error
	if s.Bytes, err = g.fetch(ctx, "/api/v1/recordings/"+url.PathEscape(id)+"/audio", file); err != nil {
		s.Err = err.Error()
		return s
	}
	samples, err := lab.ReadWAV(file)
	if err != nil {
		s.Err = err.Error()
		return s
	}
	s.Length = time.Duration(len(samples)) * time.Second / lab.SampleRate
	s.Loud = slices.ContainsFunc(samples, func(v int16) bool { return v > loud || v < -loud })
	return s
}

// loud is a sample that no codec makes of silence.
const loud = 1000

// fetch stores what a path of the API delivers and returns its size.
func (g *stage) fetch(ctx context.Context, path, file string) (size int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.api.Base+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+g.api.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }() // it was read
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("the API answers %s", res.Status)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return 0, err
	}
	f, err := os.Create(file) //nolint:gosec // in the run's own folder
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, res.Body)
	return int(n), errors.Join(err, f.Close())
}
