package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/lab"
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
	if b.Agents, err = g.api.Agents(ctx); err != nil {
		return b, err
	}
	b.Left, err = g.left(ctx)
	return b, err
}

// contacts returns the callers' calls on record, the oldest first.
func (g *stage) contacts(ctx context.Context) ([]wire.Contact, error) {
	all, _, err := g.api.Contacts(ctx, wire.ListContactsParams{}, 0)
	slices.Reverse(all)
	return all, err
}

// left says what is left of calls in operadora and in the PBX.
func (g *stage) left(ctx context.Context) (out []string, err error) {
	live, err := g.api.Calls(ctx, wire.ListCallsParams{Kind: new(wire.KindFilterAll)})
	if err != nil {
		return nil, err
	}
	if len(live) > 0 {
		out = append(out, fmt.Sprintf("%d live calls", len(live)))
	}
	queues, err := g.api.Queues(ctx)
	if err != nil {
		return nil, err
	}
	for _, q := range queues {
		if q.Waiting > 0 {
			out = append(out, fmt.Sprintf("%d in queue %s", q.Waiting, q.ID))
		}
	}
	left, err := g.site.Left() //nolint:contextcheck // the console has a limit of its own
	return append(out, left...), err
}

// evidence collects what is known of each script's call.
func (g *stage) evidence(ctx context.Context, crowd []Script, troubles []error, contacts []wire.Contact) ([]Evidence, error) {
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
		view, err := g.api.GetContactWithResponse(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		e.Timeline = view.JSON200.Timeline
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
	if s.Bytes, err = g.fetch(ctx, id, file); err != nil {
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

// fetch stores the sound of a recording in a file and returns its size.
func (g *stage) fetch(ctx context.Context, recording, file string) (size int, err error) {
	sound, err := g.api.Fetch(ctx, recording)
	if err != nil {
		return 0, fmt.Errorf("the API answers %w", err)
	}
	defer func() { _ = sound.Close() }() // it was read
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return 0, err
	}
	f, err := os.Create(file) //nolint:gosec // in the run's own folder
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, sound)
	return int(n), errors.Join(err, f.Close())
}
