package main

import (
	"errors"
	"testing"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// TestTransferKeyCostsNoCaller lets agents press the transfer key of their
// phones: blind, also without wanting to be told what becomes of it, and after
// they have called a colleague. Nobody can be reached so, and the caller is not
// cut off.
func TestTransferKeyCostsNoCaller(t *testing.T) {
	t.Parallel()
	protected := lab.Desk(101, 102)
	for i := range protected {
		protected[i].NoTransfers = true
	}
	rows := []struct {
		name            string
		ari             string
		desk            []lab.Endpoint
		blind, attended int // what the phone is told
	}{
		{"handed over", "transfers: always", lab.Desk(101, 102), 603, 603},
		{"refused by Asterisk", "transfers: never", lab.Desk(101, 102), 404, 0}, // attended ones it carries out
		{"forbidden to the phone", "transfers: never", protected, 603, 603},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{agents: 2, ari: row.ari, asterisk: lab.AsteriskOptions{Endpoints: row.desk}})
			r.start()
			ana, ben := r.login("101"), r.desk("102")
			caller := r.queue("5550001")
			a := r.next(ana)
			must(t, a.Answer())
			r.talk(caller, a)
			r.presses(a, "4711", nil, row.blind)
			r.talk(caller, a)
			if row.attended != 0 {
				consult, err := ana.Place(limit(t), "102", lab.DialOptions{})
				must(t, err)
				b := r.next(ben)
				must(t, b.Answer())
				r.talk(consult, b)
				r.presses(a, "102", consult, row.attended)
				r.talk(caller, a)
				must(t, consult.Hangup())
			}
			must(t, a.Hangup())
			ended(t, caller)
			if got := r.settled(1)[0]; got.Outcome != orchestrator.OutcomeServed || got.Agent != "101" {
				t.Errorf("the record: %+v", got)
			}
		})
	}
}

// presses presses the transfer key and checks what the phone is told.
func (r *rig) presses(c *lab.Call, number string, other *lab.Call, want int) {
	r.t.Helper()
	err := c.Refer(limit(r.t), number, other)
	refused, isRefused := errors.AsType[*lab.RefusedError](err)
	status := 0
	if isRefused {
		status = refused.Code
	} else {
		must(r.t, err)
		status, err = c.TransferEnds(limit(r.t))
		must(r.t, err)
	}
	if status != want {
		r.t.Errorf("the phone was told %d of its transfer, want %d", status, want)
	}
}
