package live

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/session"
)

// seen is what somebody who is told knows.
type seen struct {
	rev  int64
	rows map[Key]string
}

// catchUp tells a watcher what Board has for it.
func (s *seen) catchUp(b *Board) (whole bool) {
	rows, ok := b.After(s.rev)
	if !ok {
		rows, s.rows = b.All(), map[Key]string{}
	}
	for _, r := range rows {
		if r.Gone {
			delete(s.rows, r.Key)
		} else {
			s.rows[r.Key] = string(r.JSON)
		}
	}
	s.rev = b.Rev()
	return !ok
}

// TestWhoeverCatchesUpKnowsAll: whatever is put and dropped, and however seldom somebody
// looks, what they were told is what is there.
func TestWhoeverCatchesUpKnowsAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, truth := &Board{}, map[Key]string{}
		watchers := []*seen{{rev: -1}, {rev: -1}, {rev: -1}}
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			k := Key{rapid.SampledFrom([]Kind{Agents, Calls}).Draw(t, "kind"), fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "id"))}
			switch rapid.IntRange(0, 5).Draw(t, "do") {
			case 0, 1:
				v := fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "value"))
				if was, there := truth[k]; b.Put(k, v, []byte(v)) == (there && was == v) {
					t.Fatalf("Put of %q over %q", v, was)
				}
				truth[k] = v
			case 2:
				if _, there := truth[k]; b.Drop(k) != there {
					t.Fatal("Drop is mistaken about what is there")
				}
				delete(truth, k)
			case 3:
				b.Commit()
			default:
				b.Commit()
				w := watchers[rapid.IntRange(0, 2).Draw(t, "who")]
				w.catchUp(b)
				if diff := cmp.Diff(truth, w.rows, cmp.Transformer("plain", maps.Clone[map[Key]string])); diff != "" {
					t.Fatalf("(-there +told):\n%s", diff)
				}
			}
		}
	})
}

// TestABoardIsBounded: calls come and go for a day, and what is kept is what is there,
// and a while of what was. Who was away for longer is told everything.
func TestABoardIsBounded(t *testing.T) {
	t.Parallel()
	b, late := &Board{}, &seen{rev: -1}
	b.Put(Key{Agents, "101"}, 1, []byte("1"))
	b.Commit()
	late.catchUp(b)
	for n := range 50_000 {
		b.Put(Key{Calls, fmt.Sprint(n)}, n, []byte("1"))
		b.Commit()
		b.Drop(Key{Calls, fmt.Sprint(n)})
		b.Commit()
		if n == 49_900 {
			late.catchUp(b)
		}
	}
	if len(b.rows) > 3*slack || len(b.log) > 10*slack {
		t.Errorf("%d rows and %d marks are kept of one row", len(b.rows), len(b.log))
	}
	if late.catchUp(b) {
		t.Error("who was away for a hundred calls is told everything")
	}
	if whole := (&seen{rev: 1}).catchUp(b); !whole {
		t.Error("who was away for a day is not told everything")
	}
	if _, ok := b.After(b.Rev() + 1); ok {
		t.Error("a revision that has not been is known")
	}
}

func TestTouch(t *testing.T) {
	t.Parallel()
	system := func(what orchestrator.SystemNews) json.RawMessage {
		raw, _ := json.Marshal(orchestrator.SystemEvent{What: what})
		return raw
	}
	for name, r := range map[string]struct {
		entry orchestrator.Entry
		want  Touch
	}{
		"a call comes":          {orchestrator.Entry{Type: orchestrator.EntryCallStarted, Call: "c1"}, Touch{Rows: []Key{{Calls, "c1"}}}},
		"it waits":              {orchestrator.Entry{Type: orchestrator.EntryCallQueued, Call: "c1", Queue: "sales"}, Touch{Rows: []Key{{Calls, "c1"}}, Numbers: true}},
		"it is offered":         {orchestrator.Entry{Type: orchestrator.EntryCallOffered, Call: "c1", Agent: "101", Queue: "sales"}, Touch{Rows: []Key{{Calls, "c1"}, {Agents, "101"}}, Numbers: true}},
		"it is held":            {orchestrator.Entry{Type: orchestrator.EntryCallHeld, Call: "c1", Agent: "101"}, Touch{Rows: []Key{{Calls, "c1"}, {Agents, "101"}}}},
		"an agent pauses":       {orchestrator.Entry{Type: orchestrator.EntryAgentState, Agent: "101"}, Touch{Rows: []Key{{Agents, "101"}}, Numbers: true}},
		"a line is lost":        {orchestrator.Entry{Type: orchestrator.EntryAgentLine, Call: session.NewID("1"), Agent: "101"}, Touch{Rows: []Key{{Agents, "101"}}}},
		"a PBX is away":         {orchestrator.Entry{Type: orchestrator.EntryPBXState, PBX: "main"}, Touch{Numbers: true}},
		"other definitions":     {orchestrator.Entry{Type: orchestrator.EntrySystem, Data: system(orchestrator.SystemDefinitions)}, Touch{All: true}},
		"operadora has started": {orchestrator.Entry{Type: orchestrator.EntrySystem, Data: system(orchestrator.SystemStarted)}, Touch{}},
		"what cannot be read":   {orchestrator.Entry{Type: orchestrator.EntrySystem, Data: json.RawMessage(`{`)}, Touch{}},
		"a lead is refused":     {orchestrator.Entry{Type: orchestrator.EntryCampaignRefused, Call: "c1"}, Touch{}},
		"something new":         {orchestrator.Entry{Type: "call.juggled", Call: "c1"}, Touch{Rows: []Key{{Calls, "c1"}}}},
	} {
		if diff := cmp.Diff(r.want, Of(r.entry)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
