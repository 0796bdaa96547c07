package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/redisstore"
)

// lastMoment is a store in which an agent answers just after the offer was looked at.
type lastMoment struct {
	*redisstore.Store
	now func() time.Time
}

func (s lastMoment) Offer(ctx context.Context, id string) (acd.OfferRecord, bool, error) {
	o, ok, err := s.Store.Offer(ctx, id)
	if err == nil && ok {
		_, err = s.Answer(ctx, s.now(), id, acd.QueueAt{Queue: o.Queue, PBX: o.PBX})
	}
	return o, ok, err
}

// TestAnsweredWhileItLapses: the agent picks up in the moment of the deadline.
// Whoever was told that the offer is valid keeps the caller.
func TestAnsweredWhileItLapses(t *testing.T) {
	t.Parallel()
	w := setup(t, defs(2, queue("ventas")))
	w.login("a00")
	o := w.enqueue("c1", "ventas").Offer
	w.svc.Stop()
	w.mu.Lock()
	w.now = w.now.Add(time.Minute)
	w.mu.Unlock()
	svc, err := acd.New(acd.Parts{Store: lastMoment{w.store, w.clock}, Now: w.clock, Definitions: defs(2, queue("ventas"))})
	w.must(err)
	w.must(svc.Expire(w.ctx()))
	if a := w.wantState("a00", acd.StateTalking); a.Misses != 0 || a.Rest != 0 {
		t.Errorf("%+v", a)
	}
	if ok, err := svc.Answered(w.ctx(), *o); !ok || err != nil {
		t.Errorf("the offer was valid, and is not any more: %v, %v", ok, err)
	}
	select {
	case gone := <-w.desk.withdrawn:
		t.Errorf("withdrawn: %+v", gone)
	default:
	}
}
