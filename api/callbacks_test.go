package api

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/orchestrator/call"
)

// TestCallbacks lists who is to be called back, and nobody else; arranges it and
// takes it back; and says what is wrong by field.
func TestCallbacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, super := w.server(), w.tokens[wire.RoleSupervisor]
	due := call.NewCallback("main", call.CallbackOrder{Call: "b1", Queue: "sales", Number: "+34600123456", Name: "Ana", AskedBy: "p1"}, noon)
	due.State, due.Attempts, due.Timers = call.StatePausing, 1, call.Timers{call.TimerTurn: noon.Add(time.Minute).UnixMilli()}
	due.Promise = &call.Promise{Queue: "sales", Pending: true, Expires: noon.Add(time.Hour).UnixMilli()}
	due.Visit = &call.Visit{N: 3, State: call.VisitOver, Queue: "sales", Entered: noon.Add(-time.Hour).UnixMilli()}
	reached := due
	reached.Call, reached.State, reached.Legs = "b2", call.StateWaiting, []call.Leg{{Role: call.RoleCustomer, Channel: "op-b2-c1", State: call.LegUp, Up: 1}}
	w.calls.set(due, reached)
	want := wire.Callback{Call: "b1", PBX: "main", Queue: "sales", Number: "+34600123456", Name: "Ana", State: wire.CallStatePausing, AskedBy: "p1",
		AskedAt: noon, EnteredAt: noon.Add(-time.Hour), Attempts: 1, NextAt: noon.Add(time.Minute), ExpiresAt: noon.Add(time.Hour)}
	if got := read[wire.CallbackPage](t, ask(s, "GET", "/api/v1/callbacks", super, ""), 200).Items; len(got) != 1 || cmp.Diff(want, got[0]) != "" {
		t.Errorf("the list is %+v", got)
	}
	if got := read[wire.CallbackPage](t, ask(s, "GET", "/api/v1/callbacks?queue=support", super, ""), 200).Items; len(got) != 0 {
		t.Errorf("of another queue: %+v", got)
	}
	if got := read[wire.Callback](t, ask(s, "GET", "/api/v1/callbacks/b1", super, ""), 200); cmp.Diff(want, got) != "" {
		t.Errorf("shown is %+v", got)
	}
	for path, method := range map[string]string{"b2": "GET", "c9": "DELETE"} {
		if r := ask(s, method, "/api/v1/callbacks/"+path, super, ""); r.Code != 404 {
			t.Errorf("%s %s: %d %s", method, path, r.Code, r.Body)
		}
	}
	if got := read[wire.Ordered](t, ask(s, "DELETE", "/api/v1/callbacks/b1", super, ""), 202); got.Order != wire.OrderRevoke {
		t.Errorf("ordered is %+v", got)
	}
	add := func(body string, code int) (p wire.CallbackPromise) {
		t.Helper()
		r := ask(s, "POST", "/api/v1/callbacks", super, body)
		if code != 202 {
			if r.Code != code {
				t.Errorf("%s: %d, want %d: %s", body, r.Code, code, r.Body)
			}
			return p
		}
		return read[wire.CallbackPromise](t, r, code)
	}
	add(`{"queue":"sales","number":"600"}`, 400) // there are two PBXs
	if got := add(`{"queue":"sales","number":"600","name":"Ana","language":"es","pbx":"main"}`, 202); got.Callback != "c9" || got.Result != wire.CallbackResultOk {
		t.Errorf("promised is %+v", got)
	}
	if got := add(`{"queue":"sales","number":"1","pbx":"main"}`, 202); got.Callback != "c8" || got.Result != wire.CallbackResultPending {
		t.Errorf("promised again is %+v", got)
	}
	add(`{"queue":"sales","number":"900","pbx":"main"}`, 403)
	add(`{"queue":"sales"}`, 400)
	if !slices.Equal(w.engine.orders, []string{"b1 revoke by api:test supervisor", "callback main sales 600 Ana es by api:test supervisor",
		"callback main sales 1 by api:test supervisor", "callback main sales 900 by api:test supervisor"}) {
		t.Errorf("ordered was:\n%s", strings.Join(w.engine.orders, "\n"))
	}
	if r := ask(s, "GET", "/api/v1/calls?kind=callback", super, ""); !strings.Contains(r.Body.String(), `"b1"`) {
		t.Errorf("calls of the kind: %s", r.Body)
	}
}
