package acd

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/operadora/operadora/orchestrator"
)

// DeskStore is the part of Store about what the owner of a PBX is told.
type DeskStore interface {
	// Follow tells of every offer for calls of a PBX and of every one taken back
	// (with why), until ctx ends or the store gives trouble: first those that
	// stand unanswered, then each as it is made. It tells of queues whose last agent
	// has logged out, too. It always returns an error.
	Follow(ctx context.Context, pbx string, tell func(DeskNews)) error
	// EachAgent, EachCall and EachOffer call fn for every record, page by page:
	// what comes or goes meanwhile may be told or not, and one may be told twice.
	EachAgent(ctx context.Context, fn func(id string, a AgentRecord) error) error
	EachCall(ctx context.Context, fn func(id string, c CallRecord) error) error
	EachOffer(ctx context.Context, fn func(id string, o OfferRecord) error) error
}

// DeskNews is what the owner of a PBX is told: of an offer, with Why when it was taken
// back, or of a queue in which calls of the PBX may wait and to which nobody is logged in any more.
type DeskNews struct {
	Offer OfferRecord
	Why   orchestrator.OfferFailure
	Empty QueueAt
}

// HealStore is the part of Store that mends what a store that lost something
// left behind. Each of its Heal methods looks at one thing in one atomic step
// and changes nothing where all fits.
type HealStore interface {
	HealAgent(ctx context.Context, now time.Time, station *Station, offerID string) (mended bool, o *OfferRecord, err error)
	HealCall(ctx context.Context, now time.Time, p PlaceOrder) (mended bool, o *OfferRecord, err error)
	HealOffer(ctx context.Context, now time.Time, offer string) (OfferHealth, error)
	// EachPlace calls fn, page by page, for every member of the sets in which calls
	// of some queues wait, of those in which calls ask for the same agents, and of a PBX's own.
	EachPlace(ctx context.Context, pbx string, queues []QueueAt, fn func(Place) error) error
	// HealPlace takes a member out of such a set that should not be there.
	HealPlace(ctx context.Context, now time.Time, p Place) (mended bool, err error)
	// Recount brings the counts in line with what is on record.
	Recount(ctx context.Context) (mended bool, err error)
	// Broken hands out, once, some records that could not be read and were set aside.
	Broken(ctx context.Context) ([]BrokenRecord, error)
}

// OfferHealth is what HealOffer found.
type OfferHealth string

// Findings of HealOffer.
const (
	OfferWhole   OfferHealth = "whole"
	OfferMended  OfferHealth = "mended"   // its deadline was missing
	OfferNoAgent OfferHealth = "no_agent" // its agent is not held by it
	OfferNoCall  OfferHealth = "no_call"  // its call is not held by it
)

// BrokenRecord is a stored text that is no record.
type BrokenRecord struct{ Name, Text string }

// ofCallers is what records say of callers: their number, and what flows know of them.
var ofCallers = regexp.MustCompile(`("caller":\s*"[^"]*|"about":\s*\{[^}]*)`)

// HideCallers takes what it says of callers out of a stored text, for the log.
func HideCallers(text string) string {
	return ofCallers.ReplaceAllStringFunc(text, func(found string) string {
		key, _, _ := strings.Cut(found, ":")
		return key + `:"***`
	})
}

// Heal mends, for one PBX, what a store that lost something left behind: it
// frees agents who are held by an offer that does not exist, ends offers without
// agent or call, gives calls without place or offer their place back, and sets
// missing deadlines again. It returns how much it mended: nothing in a store
// that is whole. What the engine's calls have to say is not asked: see Holding.
func (s *Service) Heal(ctx context.Context, pbx string) (int, error) {
	if err := s.current(ctx); err != nil && !errors.Is(err, errBehind) {
		return 0, err
	}
	if err := s.forgetClosed(ctx); err != nil {
		return 0, err
	}
	h := &healing{Service: s, dir: s.directory.Load(), pbx: pbx}
	for _, step := range []func(context.Context) error{h.tellBroken, h.agents, h.offers, h.calls, h.places, h.counts} {
		if err := step(ctx); err != nil {
			return h.mended, err
		}
	}
	return h.mended, nil
}

// healing is one pass of Heal.
type healing struct {
	*Service
	dir    *directory
	pbx    string
	mended int
}

func (h *healing) count(ctx context.Context, what, id string) {
	h.mended++
	h.log.WarnContext(ctx, "mended what the store had lost", "pbx", h.pbx, "what", what, "id", id)
}

// tellBroken tells of records that were set aside.
func (h *healing) tellBroken(ctx context.Context) error {
	broken, err := h.store.Broken(ctx)
	for _, b := range broken {
		h.mended++
		h.log.ErrorContext(ctx, "a stored record cannot be read and was taken out", "record", b.Name, "text", HideCallers(b.Text))
	}
	return err
}

// agents looks at those on record, and at those defined whose record is gone.
func (h *healing) agents(ctx context.Context) error {
	looked := map[string]bool{}
	err := h.store.EachAgent(ctx, func(id string, a AgentRecord) error {
		if a.PBX != h.pbx {
			return nil
		}
		looked[id] = true
		return h.agent(ctx, id)
	})
	for id, station := range h.dir.stations {
		if err == nil && station.PBX == h.pbx && !looked[id] {
			err = h.agent(ctx, id)
		}
	}
	return err
}

func (h *healing) agent(ctx context.Context, id string) error {
	mended, o, err := h.store.HealAgent(ctx, h.now(), h.dir.stationOf(id), newUnique())
	if mended {
		h.count(ctx, "agent", id)
		h.Wake() // a deadline may have been set
	}
	h.matched(o)
	return err
}

func (h *healing) offers(ctx context.Context) error {
	return h.store.EachOffer(ctx, func(id string, o OfferRecord) error {
		if o.PBX != h.pbx {
			return nil
		}
		found, err := h.store.HealOffer(ctx, h.now(), id)
		if err != nil || found == OfferWhole {
			return err
		}
		h.count(ctx, "offer", id)
		switch {
		case found == OfferMended:
			h.Wake()
		case o.Answered:
			return h.Finished(ctx, o.Offer, 0)
		case found == OfferNoCall:
			_, err = h.fail(ctx, o.Offer, orchestrator.OfferCancelled, telling)
		default:
			_, err = h.fail(ctx, o.Offer, orchestrator.OfferError, telling)
		}
		return err
	})
}

func (h *healing) calls(ctx context.Context) error {
	return h.store.EachCall(ctx, func(id string, c CallRecord) error {
		if c.PBX != h.pbx {
			return nil
		}
		mended, err := h.place(ctx, h.dir, id, c, false)
		if mended {
			h.count(ctx, "call", id)
		}
		return err
	})
}

// places looks for members of the sets in which calls wait that are no call there.
func (h *healing) places(ctx context.Context) error {
	var queues []QueueAt
	for queue := range h.dir.everyQueue {
		queues = append(queues, h.dir.at(queue, h.pbx))
	}
	return h.store.EachPlace(ctx, h.pbx, queues, func(p Place) error {
		mended, err := h.store.HealPlace(ctx, h.now(), p)
		if mended {
			h.count(ctx, "place", p.Set+" "+p.Call)
		}
		return err
	})
}

// counts looks whether agents are counted as they are on record.
func (h *healing) counts(ctx context.Context) error {
	mended, err := h.store.Recount(ctx)
	if mended {
		h.count(ctx, "counts", "agents")
	}
	return err
}

// place brings a call that is in a queue to where it should wait.
func (s *Service) place(ctx context.Context, dir *directory, id string, c CallRecord, anew bool) (bool, error) {
	order := PlaceOrder{Call: id, Record: CallRecord{Queue: c.Queue, PBX: c.PBX, Group: dir.group(c.PBX), Eased: c.Eased}, Anew: anew, OfferID: newUnique()}
	if anew {
		order.Print = dir.print
	}
	order.Record.Rings, order.Lanes = dir.way(c)
	order.Record.Score = dir.score(c)
	mended, o, err := s.store.HealCall(ctx, s.now(), order)
	if mended {
		s.Wake() // a deadline may have been set
	}
	s.matched(o)
	return mended, err
}
