package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator"
)

// pinWorld is a world whose audit notes are kept. Agent a00 has the PIN 4711.
func pinWorld(t *testing.T, d acd.Definitions) (*world, *[]acd.AuditNote) {
	w := setup(t, d)
	var notes []acd.AuditNote
	w.svc = w.unstarted(acd.Parts{Definitions: d, Audit: func(_ context.Context, n acd.AuditNote) { notes = append(notes, n) }})
	return w, &notes
}

func (w *world) pin(op orchestrator.AgentOp, n, pin string) orchestrator.AgentResult {
	w.Helper()
	got, err := w.svc.Do(w.ctx(), orchestrator.AgentCommand{Op: op, Endpoint: "PJSIP/" + n, PBX: pbx, PIN: pin, By: "phone"})
	w.must(err)
	return got.Result
}

// TestPINsAreNotTriedWithoutEnd: after three wrong ones none is looked at, also the
// right one, for longer each time; the audit log has all of it, and no PIN.
func TestPINsAreNotTriedWithoutEnd(t *testing.T) {
	t.Parallel()
	w, notes := pinWorld(t, agentDefs())
	try := func(pin string, want orchestrator.AgentResult) {
		t.Helper()
		if got := w.pin(orchestrator.AgentLogin, "100", pin); got != want {
			t.Fatalf("PIN %q: %s, want %s", pin, got, want)
		}
	}
	for range 2 {
		try("", orchestrator.AgentBadPIN) // to be asked is no attempt
		try("0000", orchestrator.AgentBadPIN)
	}
	try("0001", orchestrator.AgentBadPIN)
	for _, pause := range []time.Duration{10, 20, 40, 80, 160, 320, 640, 900, 900} {
		try("4711", orchestrator.AgentLocked)
		w.advance(pause*time.Second - time.Millisecond)
		try("4711", orchestrator.AgentLocked)
		w.advance(time.Millisecond)
		try("0002", orchestrator.AgentBadPIN)
	}
	w.advance(15 * time.Minute)
	try("4711", orchestrator.AgentOK)
	w.wantState("a00", acd.StateAvailable)
	w.wantDo(orchestrator.AgentOK, orchestrator.AgentLogout, "a00")
	try("0003", orchestrator.AgentBadPIN) // forgotten with the right one
	try("4711", orchestrator.AgentOK)

	count := map[string]int{}
	for _, n := range *notes {
		count[n.Action]++
		if n.Agent != "a00" || n.Phone != "PJSIP/100" || n.PBX != pbx || strings.Contains(n.Detail, "4711") || strings.Contains(n.Detail, "000") {
			t.Errorf("audited as %+v", n)
		}
	}
	if count["agent.pin_wrong"] != 13 || count["agent.pin_locked"] != 18 || count["agent.pin_right"] != 2 {
		t.Errorf("the audit log has %v", count)
	}
}

// TestThePhoneIsLockedToo: another agent's definition at the same phone, or a
// command without a phone, does not get around the lock.
func TestThePhoneIsLockedToo(t *testing.T) {
	t.Parallel()
	w, _ := pinWorld(t, agentDefs())
	for range 3 {
		w.pin(orchestrator.AgentLogin, "100", "0000")
	}
	got, err := w.svc.Do(w.ctx(), orchestrator.AgentCommand{Op: orchestrator.AgentLogin, Agent: "a00", PIN: "4711"})
	w.must(err)
	if got.Result != orchestrator.AgentLocked {
		t.Errorf("without a phone: %s", got.Result)
	}
	d := agentDefs()
	d.Agents[0].Endpoint, d.Agents[1].Endpoint = d.Agents[1].Endpoint, d.Agents[0].Endpoint
	d.Agents[1].PIN = "1234"
	swapped := w.unstarted(acd.Parts{Definitions: d})
	got, err = swapped.Do(w.ctx(), orchestrator.AgentCommand{Op: orchestrator.AgentLogin, Endpoint: "PJSIP/100", PBX: pbx, PIN: "1234"})
	w.must(err)
	if got.Agent != "a01" || got.Result != orchestrator.AgentLocked {
		t.Errorf("the next agent at the same phone: %+v", got)
	}
}

// TestThePINIsAskedWhereThePolicySays.
func TestThePINIsAskedWhereThePolicySays(t *testing.T) {
	t.Parallel()
	d := agentDefs()
	d.AskPIN = []orchestrator.AgentOp{orchestrator.AgentLogout, orchestrator.AgentPause}
	w, _ := pinWorld(t, d)
	for _, r := range []struct {
		op   orchestrator.AgentOp
		pin  string
		want orchestrator.AgentResult
	}{
		{orchestrator.AgentLogin, "", orchestrator.AgentOK},
		{orchestrator.AgentPause, "", orchestrator.AgentBadPIN},
		{orchestrator.AgentPause, "4711", orchestrator.AgentOK},
		{orchestrator.AgentResume, "", orchestrator.AgentOK},
		{orchestrator.AgentLogout, "4712", orchestrator.AgentBadPIN},
		{orchestrator.AgentLogout, "4711", orchestrator.AgentOK},
	} {
		if got := w.pin(r.op, "100", r.pin); got != r.want {
			t.Errorf("%s with %q: %s, want %s", r.op, r.pin, got, r.want)
		}
	}
	if got := w.pin(orchestrator.AgentLogin, "101", ""); got != orchestrator.AgentOK {
		t.Errorf("an agent without a PIN: %s", got)
	}
	d.AskPIN, d.MinPIN = append(d.AskPIN, "dance"), 5
	want := `ask_pin[2]: "dance" is none of login, logout, pause, resume, dispose, extend` + "\n" +
		`agents[0].pin: has fewer than 5 digits, which is min_pin_length (of "a00")`
	if got := fmt.Sprint(d.Validate()); got != want {
		t.Errorf("faults %s", got)
	}
}

// TestASupervisorIsAskedForThePIN, whatever the policy says, and is told nothing
// before it is right; wrong ones are counted like all others.
func TestASupervisorIsAskedForThePIN(t *testing.T) {
	t.Parallel()
	d := agentDefs()
	d.AskPIN = []orchestrator.AgentOp{orchestrator.AgentLogin}
	d.Agents[1].Team = "all"
	d.Teams = []acd.Team{{ID: "all", Supervisors: []string{"a00"}, May: orchestrator.MonitorModes}}
	w, _ := pinWorld(t, d)
	ask := func(phone, pin, to string, want orchestrator.AgentResult, call string) {
		t.Helper()
		got, err := w.svc.Do(w.ctx(), orchestrator.AgentCommand{Op: orchestrator.AgentSupervise, Endpoint: "PJSIP/" + phone, PBX: pbx, PIN: pin, To: to, By: "phone"})
		w.must(err)
		if got.Result != want || got.Call != call {
			t.Errorf("to %s with %q: %+v, want %s of call %q", to, pin, got, want, call)
		}
	}
	ask("100", "", "a01", orchestrator.AgentBadPIN, "")
	ask("100", "4711", "a01", orchestrator.AgentNotLoggedIn, "")
	w.login("a01")
	ask("100", "4711", "a01", orchestrator.AgentNothingToClose, "")
	w.serve("c1", "ventas")
	ask("100", "", "a01", orchestrator.AgentBadPIN, "")
	ask("100", "4711", "a01", orchestrator.AgentOK, "c1")
	ask("100", "4711", "101", orchestrator.AgentOK, "c1") // by the phone's extension
	ask("100", "4711", "a00", orchestrator.AgentRefused, "")
	ask("100", "4711", "ventas", orchestrator.AgentRefused, "")
	ask("100", "4711", "nobody", orchestrator.AgentRefused, "")
	ask("101", "", "a00", orchestrator.AgentRefused, "") // no supervisor, and no PIN to be asked for
	ask("999", "4711", "a01", orchestrator.AgentUnknown, "")
	for range 3 {
		ask("100", "0000", "a01", orchestrator.AgentBadPIN, "")
	}
	ask("100", "4711", "a01", orchestrator.AgentLocked, "")
}

// TestAPhoneActsForWhoIsLoggedIn is the one rule of the feature codes: login and
// listening ask for the PIN, and no other code does unless the definitions say so;
// before the login none of those does anything.
func TestAPhoneActsForWhoIsLoggedIn(t *testing.T) {
	t.Parallel()
	const ok, nothing, out = orchestrator.AgentOK, orchestrator.AgentNothingToClose, orchestrator.AgentNotLoggedIn
	for _, r := range []struct {
		op      orchestrator.AgentOp
		out, in orchestrator.AgentResult // logged out, and in; "" when the PIN is asked for
	}{
		{orchestrator.AgentLogin, "", ""},
		{orchestrator.AgentLine, "", ""},
		{orchestrator.AgentSupervise, "", ""},
		{orchestrator.AgentLogout, out, ok},
		{orchestrator.AgentPause, out, ok},
		{orchestrator.AgentResume, out, orchestrator.AgentAlready},
		{orchestrator.AgentDispose, out, nothing},
		{orchestrator.AgentTransfer, out, nothing},
		{orchestrator.AgentConsult, out, nothing},
		{orchestrator.AgentComplete, out, nothing},
		{orchestrator.AgentSwap, out, nothing},
		{orchestrator.AgentCancel, out, nothing},
		{orchestrator.AgentConference, out, nothing},
	} {
		for _, in := range []bool{false, true} {
			w, _ := pinWorld(t, agentDefs())
			want := r.out
			if in {
				w.login("a00")
				want = r.in
			}
			if want == "" {
				want = orchestrator.AgentBadPIN
			}
			if got := w.pin(r.op, "100", ""); got != want {
				t.Errorf("%s, logged in %v: %s, want %s", r.op, in, got, want)
			}
		}
	}
	w, _ := pinWorld(t, agentDefs())
	call := orchestrator.Dialling{Call: "c1", PBX: pbx, Visit: 1, Endpoint: "PJSIP/100", By: "phone"}
	if got, err := w.svc.Dial(w.ctx(), call); err != nil || got.Result == ok {
		t.Errorf("a call, logged out: %+v, %v", got, err)
	}
	w.login("a00")
	if got, err := w.svc.Dial(w.ctx(), call); err != nil || got.Result != ok {
		t.Errorf("a call, logged in: %+v, %v", got, err)
	}
}
