package redisstore_test

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

func agentDefs() acd.Definitions {
	d := defs(2, queue("ventas"), queue("soporte"))
	d.Agents[0].PIN, d.Agents[0].Language = "4711", "es"
	d.Agents[1].Queues = d.Agents[1].Queues[:1]
	d.PauseReasons = []acd.PauseReason{{Name: "lunch", Digit: "1"}, {Name: "coffee", Digit: "2"}}
	d.Dispositions = []acd.Disposition{
		{Name: "sale", Digits: "1", Queues: []string{"ventas"}},
		{Name: "solved", Digits: "1", Queues: []string{"soporte"}},
		{Name: "wrong_number", Digits: "9"},
		{Name: "escalated", Digits: "2", Queues: []string{"soporte"}},
	}
	return d
}

func TestWhoMayGiveACommand(t *testing.T) {
	t.Parallel()
	w := setup(t, agentDefs())
	rows := []struct {
		name string
		cmd  orchestrator.AgentCommand
		want orchestrator.AgentResult
	}{
		{"no such agent", orchestrator.AgentCommand{Agent: "zz", Trusted: true}, orchestrator.AgentUnknown},
		{"nobody at that phone", orchestrator.AgentCommand{Endpoint: "PJSIP/999", PBX: pbx}, orchestrator.AgentUnknown},
		{"the phone of another PBX", orchestrator.AgentCommand{Endpoint: "PJSIP/101", PBX: "dos"}, orchestrator.AgentUnknown},
		{"own phone without the PIN", orchestrator.AgentCommand{Endpoint: "PJSIP/100", PBX: pbx}, orchestrator.AgentBadPIN},
		{"own phone with a wrong PIN", orchestrator.AgentCommand{Endpoint: "PJSIP/100", PBX: pbx, PIN: "4712"}, orchestrator.AgentBadPIN},
		{"another's phone", orchestrator.AgentCommand{Agent: "a00", Endpoint: "PJSIP/101", PBX: pbx, PIN: "4711"}, orchestrator.AgentElsewhere},
		{"named, no phone, no PIN defined", orchestrator.AgentCommand{Agent: "a01"}, orchestrator.AgentBadPIN},
		{"named with the PIN", orchestrator.AgentCommand{Agent: "a00", PIN: "4711"}, orchestrator.AgentOK},
		{"own phone again", orchestrator.AgentCommand{Endpoint: "PJSIP/100", PBX: pbx, PIN: "4711"}, orchestrator.AgentAlready},
		{"own phone without a PIN", orchestrator.AgentCommand{Endpoint: "PJSIP/101", PBX: pbx}, orchestrator.AgentOK},
	}
	for _, r := range rows {
		r.cmd.Op = orchestrator.AgentLogin
		got, err := w.svc.Do(w.ctx(), r.cmd)
		w.must(err)
		if got.Result != r.want {
			t.Errorf("%s: %s, want %s", r.name, got.Result, r.want)
		}
	}
	got, err := w.svc.Do(w.ctx(), orchestrator.AgentCommand{Op: orchestrator.AgentPause, Reason: "1", Endpoint: "PJSIP/100", PBX: pbx})
	w.must(err)
	if got.Result != orchestrator.AgentOK || got.Language != "es" || got.Agent != "a00" || got.State != "paused" {
		t.Errorf("a pause from the own phone needs no PIN: %+v", got)
	}
	_, err = w.svc.Do(w.ctx(), orchestrator.AgentCommand{Op: "dance", Agent: "a00", Trusted: true})
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("unknown operation: %v", err)
	}
}

func reason(code string) func(*orchestrator.AgentCommand) {
	return func(c *orchestrator.AgentCommand) { c.Reason = code }
}

func disposition(code string) func(*orchestrator.AgentCommand) {
	return func(c *orchestrator.AgentCommand) { c.Disposition = code }
}

func (w *world) wantDo(want orchestrator.AgentResult, op orchestrator.AgentOp, agent string, more ...func(*orchestrator.AgentCommand)) {
	w.Helper()
	if got := w.do(op, agent, more...).Result; got != want {
		w.Fatalf("%s by %s: %s, want %s", op, agent, got, want)
	}
}

func TestADayOfAnAgent(t *testing.T) {
	t.Parallel()
	w := setup(t, agentDefs())
	w.wantDo(orchestrator.AgentNotLoggedIn, orchestrator.AgentPause, "a01")
	w.wantDo(orchestrator.AgentNotLoggedIn, orchestrator.AgentLogout, "a01")
	w.wantDo(orchestrator.AgentNotLoggedIn, orchestrator.AgentDispose, "a01", disposition("sale"))
	w.login("a01")
	w.wantDo(orchestrator.AgentNothingToClose, orchestrator.AgentDispose, "a01", disposition("sale"))
	w.wantDo(orchestrator.AgentBadReason, orchestrator.AgentPause, "a01", reason("7"))
	w.wantDo(orchestrator.AgentAlready, orchestrator.AgentResume, "a01")
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a01", reason("1"))
	if a := w.wantState("a01", acd.StatePaused); a.Reason != "lunch" {
		t.Errorf("reason %q", a.Reason)
	}
	w.wantDo(orchestrator.AgentAlready, orchestrator.AgentPause, "a01", reason("lunch"))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentPause, "a01", reason("coffee"))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a01")

	o := w.serve("c1", "ventas")
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, "a01", reason("2"))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a01") // takes it back
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, "a01", reason("2"))
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentLogout, "a01") // replaces it
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentPause, "a01", reason("1"))
	w.finish(o.ID)
	w.wantState("a01", acd.StateWrapup)
	w.advance(30 * time.Second)
	w.must(w.svc.Expire(w.ctx()))
	if a := w.wantState("a01", acd.StatePaused); a.Reason != "lunch" {
		t.Errorf("reason %q", a.Reason)
	}
	w.wantDo(orchestrator.AgentBadDisposition, orchestrator.AgentDispose, "a01", disposition("escalated"))
	w.wantDo(orchestrator.AgentBadDisposition, orchestrator.AgentDispose, "a01", disposition("77"))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01", disposition("1")) // also while paused
	w.wantState("a01", acd.StatePaused)
	w.wantDo(orchestrator.AgentNothingToClose, orchestrator.AgentDispose, "a01", disposition("1"))
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentLogout, "a01")
	w.wantState("a01", acd.StateOffline)
}

func TestDispositions(t *testing.T) {
	t.Parallel()
	w := setup(t, agentDefs())
	w.login("a00")
	o := w.serve("c1", "soporte")
	w.finish(o.ID)
	w.wantState("a00", acd.StateWrapup)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a00", disposition("1"))
	w.wantState("a00", acd.StateAvailable)

	o = w.serve("c2", "ventas")
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentDispose, "a00", disposition("9"))
	w.wantDo(orchestrator.AgentLater, orchestrator.AgentDispose, "a00", disposition("1"))
	w.finish(o.ID)
	w.wantState("a00", acd.StateAvailable) // given already: no wrap-up

	o = w.serve("c3", "ventas")
	w.finish(o.ID)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentResume, "a00") // ends wrap-up without one
	w.wantState("a00", acd.StateAvailable)

	got := map[string]string{}
	for _, e := range w.journal(orchestrator.EntryAgentDisposed) {
		var d struct{ Call, Queue, Disposition, By string }
		w.decode(e.Data, &d)
		got[d.Call] = d.Queue + " " + d.Disposition + " " + d.By
		if e.Call != d.Call || e.Agent != "a00" || e.PBX != pbx || e.Queue != d.Queue {
			t.Errorf("entry %+v", e)
		}
	}
	if got["c1"] != "soporte solved test" || got["c2"] != "ventas sale test" || len(got) != 2 {
		t.Errorf("dispositions %v", got)
	}
}

func TestJournalTellsEveryState(t *testing.T) {
	t.Parallel()
	w := setup(t, agentDefs())
	w.login("a01")
	w.must(w.svc.Device(w.ctx(), pbx, "PJSIP/101", orchestrator.DeviceFree))
	o := w.serve("c1", "ventas")
	w.must(w.svc.Device(w.ctx(), pbx, "PJSIP/101", orchestrator.DeviceBusy)) // our own call
	w.advance(time.Second)
	w.finish(o.ID)
	var got []string
	for _, e := range w.journal(orchestrator.EntryAgentState) {
		var c orchestrator.AgentChange
		w.decode(e.Data, &c)
		got = append(got, c.From+">"+c.To+" "+c.Device+" "+c.Call)
		if e.Agent != "a01" || e.PBX != pbx {
			t.Errorf("entry %+v", e)
		}
	}
	want := []string{"offline>available unknown ", "available>available free ", "available>reserved free c1",
		"reserved>talking free c1", "talking>wrapup busy c1"}
	if toJSON(got) != toJSON(want) {
		t.Errorf("journal\n%v\nwant\n%v", got, want)
	}
}

// TestTransferredToAnAgent: wrap-up and outcomes of a call that comes by an agent's
// own queue are those of the queue that it came from.
func TestTransferredToAnAgent(t *testing.T) {
	t.Parallel()
	d := agentDefs()
	d.Queues[0].WrapUp = 7 * time.Minute
	w := setup(t, d)
	w.login("a01")
	for call, early := range map[string]bool{"c1": false, "c2": true} {
		p, err := w.svc.Enqueue(w.ctx(), orchestrator.Waiting{Call: call, PBX: pbx, Queue: orchestrator.PersonalQueue("a01"), Of: "ventas", Visit: 2})
		w.must(err)
		if p.Offer == nil {
			t.Fatalf("%+v", p)
		}
		w.answer(p.Offer.ID)
		if early { // while talking
			w.wantDo(orchestrator.AgentLater, orchestrator.AgentDispose, "a01", disposition("1"))
		}
		began := w.clock()
		w.must(w.svc.Finished(w.ctx(), *p.Offer, time.Minute))
		if !early {
			if a := w.wantState("a01", acd.StateWrapup); time.UnixMilli(a.Due).Before(began.Add(6 * time.Minute)) {
				t.Errorf("wrap-up until %v", time.UnixMilli(a.Due))
			}
			w.wantDo(orchestrator.AgentOK, orchestrator.AgentDispose, "a01", disposition("1"))
		}
		w.wantState("a01", acd.StateAvailable)
	}
}
