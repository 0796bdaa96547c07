package acd

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/operadora/operadora/orchestrator"
)

// scene is a contact centre at one moment: now is 100 s after zero.
func scene() (*directory, Records, time.Time) {
	ventas, soporte := NewQueue(), NewQueue()
	ventas.ID, soporte.ID = "ventas", "soporte"
	soporte.Strategy = RoundRobin
	d := Definitions{Queues: []Queue{ventas, soporte}}
	for _, id := range []string{"free", "busy", "gone", "rest", "ring", "talk", "wrap", "pause", "off", "never", "far", "sales"} {
		a := NewAgent()
		a.ID, a.PBX, a.Endpoint = id, "uno", "PJSIP/"+id
		a.Queues = []Membership{{Queue: "ventas"}, {Queue: "soporte"}}
		switch id {
		case "far":
			a.PBX = "dos"
		case "sales":
			a.Queues = a.Queues[:1]
		}
		d.Agents = append(d.Agents, a)
	}
	free := orchestrator.DeviceFree
	rec := Records{
		Agents: map[string]AgentRecord{
			"free":  {State: StateAvailable, Since: 99_000, Device: free, FreeSince: 10_000}, // another took the call for which it rang
			"busy":  {State: StateAvailable, Since: 10_000, Device: orchestrator.DeviceBusy},
			"gone":  {State: StateAvailable, Since: 10_000, Device: orchestrator.DeviceUnreachable, Hearsay: true, Rest: 130_000, RestFor: "unreachable"},
			"rest":  {State: StateAvailable, Since: 99_000, Device: free, Rest: 104_000, RestFor: "no_answer", Misses: 1},
			"ring":  {State: StateReserved, Since: 95_000, Device: orchestrator.DeviceBusy, Call: "c2", Queue: "ventas", Offer: "c2-x"},
			"talk":  {State: StateTalking, Since: 50_000, Device: orchestrator.DeviceBusy, Call: "c0", Queue: "soporte", Offer: "c0-x", Next: OnPauseDue},
			"wrap":  {State: StateWrapup, Since: 90_000, Device: free, Due: 120_000, LastCall: "c9"},
			"pause": {State: StatePaused, Since: 40_000, Device: free, Reason: "lunch"},
			"off":   {State: StateOffline, Since: 1_000, Device: free},
			"far":   {State: StateAvailable, Since: 10_000, Device: orchestrator.DeviceUnknown},
			"sales": {State: StatePaused, Since: 10_000, Device: free},
			"ghost": {State: StateTalking, PBX: "uno", Endpoint: "PJSIP/9", Next: OnLogoutDue},
		},
		Calls: map[string]CallRecord{
			"c1": {Queue: "ventas", PBX: "uno", Entered: 90_000, Score: 90_000},
			"c2": {Queue: "ventas", PBX: "uno", Entered: 70_000, Score: 70_000, Offer: "c2-x"},
			"c3": {Queue: "soporte", PBX: "uno", Entered: 95_000, Priority: 1, Score: 35_000},
			"c4": {Queue: "soporte", PBX: "dos", Entered: 98_000, Score: 98_000},
			"c5": {Queue: "soporte", PBX: "uno", Entered: 60_000, Score: 60_000},
			"c6": {Queue: "vieja", PBX: "uno", Entered: 60_000, Score: 60_000},
		},
		Offers: map[string]OfferRecord{
			"c2-x": {Offer: orchestrator.Offer{ID: "c2-x", Call: "c2", Queue: "ventas", Agent: "ring", PBX: "uno"}},
			"c0-x": {Offer: orchestrator.Offer{ID: "c0-x", Call: "c0", Queue: "soporte", Agent: "talk", PBX: "uno", Answered: true}},
		},
		Paces: map[QueueAt]Pace{{"soporte", "uno"}: {Handle: 7_000, Handled: 1}},
	}
	return newDirectory(d, nil, time.Second), rec, time.UnixMilli(100_000)
}

func TestQueueBoards(t *testing.T) {
	t.Parallel()
	dir, _, _ := scene()
	of := map[string]string{} // agent -> profile
	for id, s := range dir.stations {
		of[id] = s.Profile
	}
	if of["free"] == of["far"] || of["free"] == of["sales"] || of["free"] != of["rest"] {
		t.Fatalf("profiles %v", of)
	}
	b := dir.boardOf(Counts{
		Agents: []Standing{{of["free"], "available", 1}, {of["free"], "passed_over", 3}, {of["free"], "reserved", 1}, {of["free"], "talking", 1}, {of["free"], "wrapup", 1},
			{of["free"], "paused", 1}, {of["far"], "available", 1}, {of["sales"], "paused", 1}, {"gone", "talking", 1}},
		Inside: map[QueueAt]Inside{{"ventas", "uno"}: {Callers: 2, Waiting: 1, Oldest: 70_000}, {"soporte", "uno"}: {Callbacks: 2, Waiting: 2},
			{"soporte", "dos"}: {Callers: 1, Waiting: 1, Oldest: 98_000}, {"vieja", "uno"}: {Callers: 1, Waiting: 1, Oldest: 60_000}},
		Paces:    map[QueueAt]Pace{{"soporte", "uno"}: {Handle: 7_000, Handled: 1}},
		SetAside: 2,
	})
	want := Board{SetAside: 2,
		Agents: map[string]int{"offline": 2, "available": 2, "passed_over": 3, "reserved": 1, "talking": 2, "wrapup": 1, "paused": 2},
		Queues: []QueueBoard{
			{ID: "soporte", Callers: 1, Callbacks: 2, Oldest: 98_000, Estimate: 7_000, // on uno: third, after one of ventas, too, for the four at work who do both: 4 × 7 s ÷ 4
				Agents: map[string]int{"available": 2, "passed_over": 3, "reserved": 1, "talking": 1, "wrapup": 1, "paused": 1}},
			{ID: "ventas", Callers: 2, Oldest: 70_000, Estimate: 7_000,
				Agents: map[string]int{"available": 2, "passed_over": 3, "reserved": 1, "talking": 1, "wrapup": 1, "paused": 2}},
			{ID: "vieja", Closing: true, Callers: 1, Oldest: 60_000, Agents: map[string]int{}},
		}}
	if diff := cmp.Diff(want, b, cmpopts.IgnoreUnexported(Board{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCallViews(t *testing.T) {
	t.Parallel()
	dir, rec, now := scene()
	want := []CallView{
		{Call: "c3", Queue: "soporte", PBX: "uno", Entered: 95_000, Priority: 1, Position: 1, Score: 35_000},
		{Call: "c5", Queue: "soporte", PBX: "uno", Entered: 60_000, Position: 2, Score: 60_000},
		{Call: "c4", Queue: "soporte", PBX: "dos", Entered: 98_000, Position: 1, Score: 98_000},
		{Call: "c2", Queue: "ventas", PBX: "uno", Entered: 70_000, Score: 70_000, Agent: "ring"},
		{Call: "c1", Queue: "ventas", PBX: "uno", Entered: 90_000, Position: 1, Score: 90_000},
		{Call: "c6", Queue: "vieja", PBX: "uno", Entered: 60_000, Position: 1, Score: 60_000},
	}
	if diff := cmp.Diff(want, dir.view(rec, now).Calls); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAgentViews(t *testing.T) {
	t.Parallel()
	r, rec, now := scene()
	views := map[string]AgentView{}
	for _, a := range r.view(rec, now).Agents {
		views[a.ID] = a
	}
	if len(views) != 13 {
		t.Errorf("%d agents", len(views))
	}
	if v := views["never"]; v.State != StateOffline || v.Device != orchestrator.DeviceUnknown || v.Lamp != orchestrator.LampOff || len(v.Queues) != 2 {
		t.Errorf("one never seen: %+v", v)
	}
	if free, rest := views["free"], views["rest"]; free.Since != 10_000 || rest.Since != 99_000 {
		t.Errorf("free since %d, resting since %d", free.Since, rest.Since)
	}
	if v := views["talk"]; v.Next != "pause" || v.Call != "c0" || v.Eligible || v.Lamp != orchestrator.LampBusy {
		t.Errorf("%+v", v)
	}
	if v := views["ghost"]; !v.Undefined || v.Next != "logout" || v.Endpoint != "PJSIP/9" {
		t.Errorf("%+v", v)
	}
	if v := views["wrap"]; v.WrapUntil != 120_000 || v.ToDispose != "c9" {
		t.Errorf("%+v", v)
	}
	for _, id := range []string{"free", "far"} {
		if !views[id].Eligible {
			t.Errorf("%s is eligible: %+v", id, views[id])
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	r, rec, now := scene()
	x := &explaining{dir: r, rec: rec, now: now.UnixMilli()}
	rows := []struct {
		name, agent, call string
		want              []string // codes
		detail            string   // in one of the findings
	}{
		{"unknown agent", "nobody", "", []string{WhyUnknownAgent}, `"nobody"`},
		{"unknown call", "free", "c99", []string{WhyUnknownCall}, "c99"},
		{"next", "free", "", []string{WhyMatch}, "call c3 is next"},
		{"next by name", "free", "c3", []string{WhyMatch}, "call c3 is next"},
		{"another call first", "free", "c1", []string{WhyOlderCall}, "c3 in queue soporte comes first: it counts as waiting 55s longer"},
		{"in a call not ours", "busy", "", []string{WhyPhone}, "the PBX says that phone PJSIP/busy is busy"},
		{"unregistered", "gone", "c5", []string{WhyPhone, WhyRest}, "the last offer found that phone PJSIP/gone is unreachable"},
		{"resting", "rest", "", []string{WhyRest}, "another 4s after an offer that failed (no_answer)"},
		{"being rung", "ring", "", []string{WhyState}, "has been reserved for 5s with call c2"},
		{"talking", "talk", "", []string{WhyState}, "has been talking for 50s with call c0"},
		{"wrapping up", "wrap", "", []string{WhyState}, "has been in wrap-up for 10s"},
		{"paused", "pause", "c1", []string{WhyState}, "has been paused for 1m0s (lunch)"},
		{"paused without a reason", "sales", "c1", []string{WhyState}, "has been paused for 1m30s, without a reason"},
		{"logged out", "off", "", []string{WhyState}, "has been logged out for 1m39s"},
		{"offered already", "free", "c2", []string{WhyOffered}, "offered to agent ring"},
		{"other PBX", "free", "c4", []string{WhyOtherPBX}, "on pbx dos"},
		{"not the agent's queue", "sales", "c5", []string{WhyState, WhyNotMember}, "does not serve queue soporte"},
		{"nothing to do", "far", "c6", []string{WhyOtherPBX, WhyNotMember}, "vieja"},
	}
	for _, row := range rows {
		var codes, details []string
		for _, f := range x.explain(row.agent, row.call) {
			codes, details = append(codes, f.Code), append(details, f.Text["en"])
		}
		if diff := cmp.Diff(row.want, codes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
		if all := strings.Join(details, "\n"); !strings.Contains(all, row.detail) {
			t.Errorf("%s: %s, want %q", row.name, all, row.detail)
		}
	}
	for id := range rec.Calls {
		delete(rec.Calls, id)
	}
	if got := x.explain("free", ""); len(got) != 1 || got[0].Code != WhyNoCalls {
		t.Errorf("%+v", got)
	}
}

// TestExplainWithoutLine: the phone is not blamed, and what brings the line back is said.
func TestExplainWithoutLine(t *testing.T) {
	t.Parallel()
	a := AgentView{ID: "cut", State: StatePaused, Since: 40_000, Device: orchestrator.DeviceUnreachable, Reason: orchestrator.ReasonLine}
	out := explainAgent(a, 100_000)
	if len(out) != 1 || !strings.Contains(out[0].Text["en"], "(line): the permanent line is gone; *484, *4811 or `operadora agent login cut --line` brings it back") {
		t.Errorf("%+v", out)
	}
}
