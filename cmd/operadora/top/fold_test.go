package top

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/api/client"
	"github.com/operadora/operadora/api/wire"
)

// noon is when the tests' snapshot was taken.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// floor is a snapshot with two queues, three agents and one call that talks.
func floor() client.Event {
	when := func(seconds int) string { return noon.Add(time.Duration(seconds) * time.Second).Format(time.RFC3339) }
	return client.Event{ID: "1-0", Name: eventSnapshot, Data: fmt.Appendf(nil, `{"at":"%[1]s","pbxs":{"main":true},
"queues":[{"id":"sales","name":"Sales","waiting":0,"agents":{}},{"id":"support","name":"Support","waiting":0,"agents":{}}],
"agents":[
 {"id":"101","name":"Ana López","state":"talking","since":"%[2]s","device":"busy","queues":["sales"],"call":"c1","queue":"sales","calls":4,"talk_ms":1},
 {"id":"102","name":"Ben Smith","state":"available","since":"%[2]s","device":"free","queues":["sales","support"],"calls":0,"talk_ms":0},
 {"id":"103","name":"Carla Ruiz","state":"offline","queues":["support"],"calls":0,"talk_ms":0}],
"waiting":[],
"calls":[{"id":"c1","pbx":"main","kind":"inbound","did":"5000","caller":{"number":"***101"},"started_at":"%[3]s","connected_at":"%[2]s",
 "queue":"sales","agent":"101","state":"talking","serving":"101"}]}`, when(0), when(-30), when(-60))}
}

// at makes a change n seconds after the snapshot. data is its JSON.
func at(n int, t wire.EntryType, e wire.Entry, data string) client.Event {
	e.Type, e.At, e.Data = t, noon.Add(time.Duration(n)*time.Second), json.RawMessage(data)
	raw, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return client.Event{ID: fmt.Sprintf("1-%d", n), Name: eventChange, Data: raw}
}

func c2() wire.Entry { return wire.Entry{Call: "c2", PBX: "main"} }

func c2For(agent string) wire.Entry {
	return wire.Entry{Call: "c2", PBX: "main", Agent: agent, Queue: "sales"}
}

// story is the way of a second call from its beginning, through a queue in
// which the first agent misses it, to its end.
func story() []client.Event {
	queued := c2()
	queued.Queue = "sales"
	return []client.Event{
		floor(),
		at(1, wire.EntryTypeCallStarted, c2(), fmt.Sprintf(`{"id":"c2","pbx":"main","kind":"inbound","did":"5001","caller":{"number":"***202"},"started_at":%q}`, noon.Add(time.Second).Format(time.RFC3339))),
		at(1, wire.EntryTypeCallNode, c2(), `{"flow":"welcome","node":"hours","outcome":"open"}`),
		at(2, wire.EntryTypeCallAnswered, c2(), `{}`),
		at(2, wire.EntryTypeCallNode, c2(), `{"flow":"welcome","node":"menu","outcome":""}`),
		at(3, wire.EntryTypeCallQueued, queued, `{"queue":"sales","priority":0}`),
		at(4, wire.EntryTypeAgentState, c2For("102"), `{"from":"available","to":"reserved","device":"free","call":"c2"}`),
		at(4, wire.EntryTypeCallOffered, c2For("102"), `{"queue":"sales","agent":"102","offer":"o1"}`),
		at(5, wire.EntryTypeCallRinging, c2For("102"), `{"agent":"102"}`),
		at(9, wire.EntryTypeCallMissed, c2For("102"), `{"agent":"102","why":"no_answer","cause":19}`),
		at(9, wire.EntryTypeAgentState, c2For("102"), `{"from":"reserved","to":"available","reason":"no_answer","device":"free","call":"c2"}`),
		at(10, wire.EntryTypeCallParted, wire.Entry{Call: "c1", Agent: "101"}, `{"agent":"101","by":"agent","talk_ms":40000}`),
		at(10, wire.EntryTypeAgentState, wire.Entry{Call: "c1", Agent: "101", Queue: "sales"}, `{"from":"talking","to":"wrapup","device":"free","call":"c1"}`),
		at(11, wire.EntryTypeCallEnded, wire.Entry{Call: "c1"}, `{"id":"c1","kind":"inbound","outcome":"served"}`),
		at(12, wire.EntryTypeAgentState, wire.Entry{Agent: "101"}, `{"from":"wrapup","to":"available","device":"free"}`),
		at(12, wire.EntryTypeAgentState, c2For("101"), `{"from":"available","to":"reserved","device":"free","call":"c2"}`),
		at(12, wire.EntryTypeCallOffered, c2For("101"), `{"queue":"sales","agent":"101","offer":"o2"}`),
		at(14, wire.EntryTypeAgentState, c2For("101"), `{"from":"reserved","to":"talking","device":"busy","call":"c2"}`),
		at(14, wire.EntryTypeCallConnected, c2For("101"), `{"agent":"101","wait_ms":11000}`),
		at(20, wire.EntryTypeCallParted, c2For("101"), `{"agent":"101","by":"caller","talk_ms":6000}`),
		at(20, wire.EntryTypeCallEnded, c2(), `{"id":"c2","kind":"inbound","outcome":"served"}`),
	}
}

// play folds events into a model.
func play(t *testing.T, events []client.Event) *Model {
	t.Helper()
	m := &Model{}
	for _, e := range events {
		if err := m.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestACallIsFollowed(t *testing.T) {
	t.Parallel()
	type seen struct {
		State   wire.CallState
		Where   string
		Serving string
		Rings   bool
		Wait    int64 // seconds after noon at which it began to wait, 0 for not waiting
	}
	want := []struct {
		after int // seconds
		seen
	}{
		{1, seen{State: wire.CallStateFlow, Where: "welcome/hours"}},
		{2, seen{State: wire.CallStateFlow, Where: "welcome/menu"}},
		{3, seen{State: wire.CallStateWaiting, Where: "sales", Wait: 3}},
		{4, seen{State: wire.CallStateOffered, Where: "sales", Serving: "102", Wait: 3}},
		{5, seen{State: wire.CallStateOffered, Where: "sales", Serving: "102", Rings: true, Wait: 3}},
		{9, seen{State: wire.CallStateWaiting, Where: "sales", Wait: 3}},
		{12, seen{State: wire.CallStateOffered, Where: "sales", Serving: "101", Wait: 3}},
		{14, seen{State: wire.CallStateTalking, Where: "sales", Serving: "101"}},
	}
	for _, w := range want {
		m := &Model{}
		for _, e := range story() {
			var entry wire.Entry
			if json.Unmarshal(e.Data, &entry) == nil && e.Name == eventChange && entry.At.After(noon.Add(time.Duration(w.after)*time.Second)) {
				break
			}
			if err := m.Apply(e); err != nil {
				t.Fatal(err)
			}
		}
		c := m.Calls["c2"]
		got := seen{State: c.State, Where: where(c), Serving: c.Serving, Rings: c.Rings}
		if !c.WaitSince.IsZero() {
			got.Wait = int64(c.WaitSince.Sub(noon) / time.Second)
		}
		if diff := cmp.Diff(w.seen, got); diff != "" {
			t.Errorf("after %d s (-want +got):\n%s", w.after, diff)
		}
	}
}

func TestAgentsAreFollowed(t *testing.T) {
	t.Parallel()
	m := play(t, story()[:11])
	ben := m.Agents["102"]
	if ben.State != wire.AgentStateAvailable || ben.Call != "" || ben.Queue != "" || ben.Reason != "" || !ben.Since.Equal(noon.Add(9*time.Second)) {
		t.Errorf("after the missed call: %+v", ben)
	}
	if ben.Name != "Ben Smith" || len(ben.Queues) != 2 {
		t.Errorf("what the snapshot said of an agent is gone: %+v", ben)
	}
	m = play(t, story()[:13])
	if ana := m.Agents["101"]; ana.State != wire.AgentStateWrapup || ana.Call != "c1" {
		t.Errorf("in wrap-up: %+v", ana)
	}
}

func TestWhatIsToldTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	once := play(t, story())
	twice := play(t, append(story(), story()[1:]...))
	if len(once.Calls) != 0 || once.Ended[wire.OutcomeServed] != 2 {
		t.Fatalf("at the end: %+v, %+v", once.Calls, once.Ended)
	}
	if diff := cmp.Diff(once, twice, cmp.AllowUnexported(Model{})); diff != "" {
		t.Errorf("told once and twice differ (-once +twice):\n%s", diff)
	}
}

func TestASnapshotReplacesAllButTheCounts(t *testing.T) {
	t.Parallel()
	m := play(t, append(story(), floor()))
	if len(m.Calls) != 1 || m.Agents["101"].State != wire.AgentStateTalking {
		t.Errorf("after the second snapshot: %+v, %+v", m.Calls, m.Agents["101"])
	}
	if m.Ended[wire.OutcomeServed] != 2 || !m.Since.Equal(noon) {
		t.Errorf("counts are lost: %+v since %s", m.Ended, m.Since)
	}
}

func TestOddEvents(t *testing.T) {
	t.Parallel()
	feature := wire.Entry{Call: "f1"}
	rows := []struct {
		name  string
		event client.Event
		bad   bool
		check func(*Model) bool
	}{
		{"an unknown kind of event", client.Event{Name: "weather", Data: []byte(`{`)}, false, nil},
		{"an unknown type of entry", at(1, "call.juggled", c2(), `{"balls":3}`), false, func(m *Model) bool { return len(m.Calls) == 1 }},
		{"a change of a call never seen", at(1, wire.EntryTypeCallQueued, c2(), `{}`), false, func(m *Model) bool { return len(m.Calls) == 1 }},
		{"no JSON", client.Event{Name: eventChange, Data: []byte(`{"type":`)}, true, nil},
		{"a snapshot that is none", client.Event{Name: eventSnapshot, Data: []byte(`[]`)}, true, func(m *Model) bool { return len(m.Calls) == 1 }},
		{"data of another shape", at(1, wire.EntryTypeAgentState, wire.Entry{Agent: "101"}, `"talking"`), true, func(m *Model) bool { return m.Agents["101"].State == wire.AgentStateTalking }},
		{"the PBX goes", at(1, wire.EntryTypePBXState, wire.Entry{PBX: "main"}, `{"state":"disconnected"}`), false, func(m *Model) bool { return !m.PBXs["main"] }},
		{"the PBX is taken over", at(1, wire.EntryTypePBXState, wire.Entry{PBX: "main"}, `{"state":"replaced"}`), false, func(m *Model) bool { return !m.PBXs["main"] }},
		{"an agent without a definition", at(1, wire.EntryTypeAgentState, wire.Entry{Agent: "900"}, `{"to":"paused","reason":"lunch"}`), false, func(m *Model) bool { return m.Agents["900"].State == wire.AgentStatePaused }},
		{"an agent's code ends", at(1, wire.EntryTypeCallEnded, feature, `{"id":"f1","kind":"feature","outcome":"completed"}`), false, func(m *Model) bool { return len(m.Ended) == 0 }},
		{"a transfer is dialled", at(1, wire.EntryTypeCallTransfer, wire.Entry{Call: "c1"}, `{"result":"dialling"}`), false, func(m *Model) bool { return m.Calls["c1"].State == wire.CallStateTransferring }},
		{"a transfer is refused", at(1, wire.EntryTypeCallTransfer, wire.Entry{Call: "c1"}, `{"result":"full"}`), false, func(m *Model) bool { return m.Calls["c1"].State == wire.CallStateTalking }},
	}
	for _, r := range rows {
		m := play(t, []client.Event{floor()})
		if err := m.Apply(r.event); (err != nil) != r.bad {
			t.Errorf("%s: error %v, want one: %v", r.name, err, r.bad)
		}
		if r.check != nil && !r.check(m) {
			t.Errorf("%s: %+v", r.name, m)
		}
	}
	early := &Model{}
	if err := early.Apply(story()[1]); err != nil || len(early.Calls) != 0 {
		t.Errorf("a change before any snapshot: %v, %+v", err, early.Calls)
	}
}

// TestWhoIsAway: whose PBX is away is told, be it away already as the view begins; and is not any more when it
// is back, or another process has it.
func TestWhoIsAway(t *testing.T) {
	t.Parallel()
	pbx := func(state string) client.Event {
		return at(4, wire.EntryTypePBXState, wire.Entry{PBX: "main"}, `{"state":"`+state+`"}`)
	}
	early := floor()
	early.Data = []byte(strings.NewReplacer(`"waiting":[]`, `"waiting":[{"call":"c1","queue":"sales","away_since":"2026-03-02T11:59:00Z"}]`,
		`"state":"talking","serving":"101"`, `"state":"waiting"`).Replace(string(early.Data)))
	for name, r := range map[string]struct {
		events []client.Event
		away   int
	}{
		"the PBX is there":           {story()[:6], 0},
		"it goes":                    {append(story()[:6], pbx("disconnected")), 1},
		"and comes back":             {append(story()[:6], pbx("disconnected"), pbx("connected")), 0},
		"another process has it":     {append(story()[:6], pbx("connected"), pbx("replaced")), 0},
		"it was away before":         {[]client.Event{early}, 1},
		"it was, and is there again": {[]client.Event{early, pbx("connected")}, 0},
	} {
		m := play(t, r.events)
		if n, away, _ := m.waiting("sales"); n != 1 || away != r.away {
			t.Errorf("%s: %d wait, %d are away", name, n, away)
		}
		text := strings.Join(Render(m, Frame{Now: noon, Width: 120}), "\n")
		if told := strings.Contains(text, "1 waiting (1 of them on a PBX that is away)") && strings.Contains(text, "pbx away"); told != (r.away > 0) {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

// TestFreeAsBefore: whose phone rang for a call that another took is free since as long as before; who missed one is anew.
func TestFreeAsBefore(t *testing.T) {
	t.Parallel()
	rung := at(4, wire.EntryTypeAgentState, c2For("102"), `{"from":"available","to":"reserved","device":"free","call":"c2"}`)
	for data, want := range map[string]time.Time{
		`{"from":"reserved","to":"available","device":"free","call":"c2","reason":"elsewhere"}`:                                                            noon.Add(-30 * time.Second),
		`{"from":"reserved","to":"available","device":"free","call":"c2","reason":"no_answer","rest_until":"2026-03-02T12:00:14Z","rest_for":"no_answer"}`: noon.Add(9 * time.Second),
	} {
		m := play(t, []client.Event{floor(), rung, at(9, wire.EntryTypeAgentState, c2For("102"), data)})
		if got := m.Agents["102"].Since; !got.Equal(want) {
			t.Errorf("%s: free since %s, want %s", data, got, want)
		}
	}
}
