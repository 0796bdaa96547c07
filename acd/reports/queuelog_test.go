package reports_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/reports"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// TestQueueLog writes some minutes as app_queue would have.
func TestQueueLog(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "log.db"))
	j := &journal{t: t}
	j.state(noon.Add(-time.Hour), "b", "offline", "available", "", "")
	j.state(noon, "a", "offline", "available", "", "")
	j.served(noon.Add(10*time.Second), "1", "sales", "+573001", 12*time.Second, time.Minute, 0, 10*time.Second)
	j.abandoned(noon.Add(20*time.Second), "2", "sales", "+57|3002", 5*time.Second)
	at := noon.Add(2 * time.Minute)
	j.state(at, "a", "available", "paused", "lunch", "")
	j.state(at.Add(time.Second), "a", "paused", "paused", "lunch", "")
	j.state(at.Add(2*time.Second), "a", "paused", "paused", "training", "")
	j.state(at.Add(time.Minute), "a", "paused", "available", "", "")
	j.state(at.Add(2*time.Minute), "a", "available", "offline", "", "")
	queued := func(at time.Time, id, queue string, kind orchestrator.CallKind) {
		j.add(at, orchestrator.Entry{Type: orchestrator.EntryCallStarted, Call: id}, orchestrator.CallSummary{Call: id, Kind: kind})
		j.add(at, orchestrator.Entry{Type: orchestrator.EntryCallQueued, Call: id}, fields{"queue": queue})
	}
	at = at.Add(3 * time.Minute)
	for i, why := range []string{"timeout", "exit", "moved", "empty"} {
		id := fmt.Sprint(why)
		queued(at, id, "support", orchestrator.KindInbound)
		j.add(at.Add(time.Duration(i+1)*time.Second), orchestrator.Entry{Type: orchestrator.EntryCallUnqueued, Call: id}, fields{"queue": "support", "why": why})
		at = at.Add(10 * time.Second)
	}
	queued(at, "dialled", "sales", orchestrator.KindOutbound)
	queued(at, "personal", "@a", orchestrator.KindInbound)
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	r := reporter(db)
	r.Definitions = func() acd.Definitions {
		a := acd.NewAgent()
		a.ID, a.Endpoint = "a", "PJSIP/101"
		return acd.Definitions{Agents: []acd.Agent{a}}
	}
	var out bytes.Buffer
	if _, err := r.QueueLog(t.Context(), &out, noon, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	n := noon.Unix()
	var want []string
	for _, x := range []struct {
		at   int64
		rest string
	}{
		{0, "NONE|NONE|a|AGENTLOGIN|PJSIP/101"},
		{10, "1|sales|NONE|ENTERQUEUE||+573001|1"},
		{16, "1|sales|b|RINGNOANSWER|6000"},
		{20, "2|sales|NONE|ENTERQUEUE||+57_3002|2"},
		{22, "1|sales|a|CONNECT|12||6"},
		{25, "2|sales|NONE|ABANDON|1|2|5"},
		{82, "1|sales|a|COMPLETEAGENT|12|60|1"},
		{120, "NONE|NONE|a|PAUSEALL|lunch"},
		{122, "NONE|NONE|a|PAUSEALL|training"},
		{180, "NONE|NONE|a|UNPAUSEALL|"},
		{240, "NONE|NONE|a|AGENTLOGOFF|PJSIP/101|240"},
		{300, "timeout|support|NONE|ENTERQUEUE|||1"},
		{301, "timeout|support|NONE|EXITWITHTIMEOUT|1|1|1"},
		{310, "exit|support|NONE|ENTERQUEUE|||1"},
		{312, "exit|support|NONE|EXITWITHKEY||1|1|2"},
		{320, "moved|support|NONE|ENTERQUEUE|||1"},
		{323, "moved|support|NONE|WITHDRAW|1|1|3|moved"},
		{330, "empty|support|NONE|ENTERQUEUE|||1"},
		{334, "empty|support|NONE|EXITEMPTY|1|1|4"},
	} {
		want = append(want, fmt.Sprintf("%d|%s", n+x.at, x.rest))
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Who came before the span is known in it.
	out.Reset()
	if _, err := r.QueueLog(t.Context(), &out, noon.Add(21*time.Second), noon.Add(23*time.Second)); err != nil || !strings.Contains(out.String(), "1|sales|a|CONNECT|12||6\n") {
		t.Errorf("%q, %v", out.String(), err)
	}
	for name, span := range map[string][2]time.Time{"from": {{}, noon}, "to": {noon, noon}} {
		if _, err := (reports.Reporter{Now: func() time.Time { return noon }}).QueueLog(t.Context(), &out, span[0], span[1]); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestQueueLogOfPhonesThatRingTogether: each who rang in vain has a line, with the time that
// their own phone rang; who was spared by another's answer has none.
func TestQueueLogOfPhonesThatRingTogether(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "log.db"))
	j := &journal{t: t}
	add := func(at int, typ orchestrator.EntryType, data any) {
		j.add(noon.Add(time.Duration(at)*time.Second), orchestrator.Entry{Type: typ, Call: "1"}, data)
	}
	add(0, orchestrator.EntryCallStarted, orchestrator.CallSummary{Call: "1", Kind: orchestrator.KindInbound})
	add(0, orchestrator.EntryCallQueued, fields{"queue": "sales"})
	for i, agent := range []string{"a", "b", "c", "d"} {
		add(i, orchestrator.EntryCallOffered, fields{"queue": "sales", "agent": agent, "offer": "o" + agent})
	}
	add(5, orchestrator.EntryCallMissed, fields{"agent": "b", "why": "rejected"})
	add(7, orchestrator.EntryCallMissed, fields{"agent": "a", "why": "no_answer"})
	add(9, orchestrator.EntryCallMissed, fields{"agent": "d", "why": "elsewhere"})
	add(9, orchestrator.EntryCallConnected, fields{"agent": "c", "wait_ms": 9000})
	if _, err := db.Write(t.Context(), j.entries); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r := reporter(db)
	if _, err := r.QueueLog(t.Context(), &out, noon, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, x := range []struct {
		at   int64
		rest string
	}{{0, "1|sales|NONE|ENTERQUEUE|||1"}, {5, "1|sales|b|RINGNOANSWER|4000"}, {7, "1|sales|a|RINGNOANSWER|7000"}, {9, "1|sales|c|CONNECT|9|oc|7"}} {
		want = append(want, fmt.Sprintf("%d|%s", noon.Unix()+x.at, x.rest))
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(out.String()), "\n")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
