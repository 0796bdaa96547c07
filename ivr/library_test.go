package ivr_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// shelf keeps revisions as a store would.
type shelf struct {
	mu   sync.Mutex
	kept map[string][]byte // guarded by mu
	puts int               // guarded by mu
	err  error
}

func (s *shelf) Put(_ context.Context, hash string, source []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if s.kept == nil {
		s.kept = map[string][]byte{}
	}
	s.kept[hash] = source
	s.puts++
	return nil
}

func (s *shelf) Get(_ context.Context, hash string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.kept[hash]; ok {
		return v, nil
	}
	return nil, fault.New("shelf.Get", fault.NotFound, "no revision %s", hash)
}

// wording is a flow that says a word, then another.
func wording(word string) string {
	return head + fmt.Sprintf(`  a: {type: play, prompt: [{sound: %s-1}], next: b}
  b: {type: play, prompt: [{sound: %s-2}], next: end}
`, word, word)
}

func TestACallKeepsTheRevisionItBeganWith(t *testing.T) {
	t.Parallel()
	l := newFlows(t, wording("old"))
	c := dial(t, l)
	first := c.do("answered")
	publish(t, l, wording("new"))
	got := append(append(first, c.do("played")...), dial(t, l).do("answered")...)
	if diff := cmp.Diff([]string{"play es old-1", "play es old-2", "play es new-1"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestASubFlowBelongsToTheRevision(t *testing.T) {
	t.Parallel()
	main := head + "  a: {type: answer, next: b}\n  b: {type: call, flow: word, on: {ok: end}}\n"
	sub := func(word string) string {
		return strings.Replace(wording(word), "flow: t", "flow: word", 1) + "  c: {type: return}\n"
	}
	l := newFlows(t, main, sub("old"))
	c := dial(t, l)
	publish(t, l, main, sub("new"))
	if diff := cmp.Diff([]string{"play es old-1"}, c.do("answered")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"play es new-1"}, dial(t, l).do("answered")); diff != "" {
		t.Errorf("new call (-want +got):\n%s", diff)
	}
}

func TestAnotherProcessGoesOn(t *testing.T) {
	t.Parallel()
	kept := &shelf{}
	one := ivr.NewLibrary(flowfile.Parse, kept)
	publish(t, one, wording("old"))
	c := dial(t, one)
	c.do("answered")

	two := ivr.NewLibrary(flowfile.Parse, kept)
	publish(t, two, wording("new"))
	if err := two.Prepare(t.Context(), c.state); err != nil {
		t.Fatal(err)
	}
	c.g = two
	if diff := cmp.Diff([]string{"play es old-2"}, c.do("played")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestARevisionThatIsNowhere(t *testing.T) {
	t.Parallel()
	l := newFlows(t, wording("old"))
	rows := []struct {
		name, now string
		want      []string
	}{
		{"on_error takes the call", strings.Replace(wording("new"), "start: a", "start: a\ndefaults: {on_error: b}", 1),
			[]string{"stop_play", "play es new-2"}},
		{"without on_error it is hung up", wording("new"), []string{"stop_play", "hangup failed"}},
		{"the flow is gone", strings.Replace(wording("new"), "flow: t", "flow: other", 1), []string{"stop_play", "hangup failed"}},
	}
	for _, r := range rows {
		c := dial(t, l)
		c.do("answered")
		other := newFlows(t, r.now)
		if err := other.Prepare(t.Context(), c.state); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: Prepare = %v, want NotFound", r.name, err)
		}
		c.g = other
		if diff := cmp.Diff(r.want, c.do("played")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.name, diff)
		}
		if len(c.last.Notes) == 0 || c.last.Notes[0].Outcome != "fault" {
			t.Errorf("%s: nothing on the timeline: %+v", r.name, c.last.Notes)
		}
	}
}

func TestARevisionThatIsNowhereEndsWhatItBegan(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		"  a: {type: queue, queue: q, on: {fail: end}}\n": "leave",
		"  a: {type: record, on: {next: end}}\n":          "stop_rec",
	}
	for nodes, want := range rows {
		c := dial(t, newFlows(t, head+nodes))
		c.do("answered")
		c.g = newFlows(t, wording("new"))
		if diff := cmp.Diff([]string{want, "hangup failed"}, c.do("1")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", nodes, diff)
		}
	}
}

func TestPublishIsAllOrNothing(t *testing.T) {
	t.Parallel()
	kept := &shelf{}
	l := ivr.NewLibrary(flowfile.Parse, kept)
	publish(t, l, wording("old"))
	defs := examples(t)
	rows := []struct {
		name  string
		wreck func(d *ivr.Definitions)
		store error
		kind  fault.Kind
	}{
		{"a number without flow", func(d *ivr.Definitions) { d.DIDs = append(d.DIDs, ivr.DID{Pattern: "1", Flow: "gone"}) }, nil, fault.Invalid},
		{"no feature flow", func(d *ivr.Definitions) { d.Feature = "gone" }, nil, fault.Invalid},
		{"a sub-flow is gone", func(d *ivr.Definitions) {
			d.Flows = map[string]*ivr.Flow{"welcome": d.Flows["welcome"], "features": d.Flows["features"]}
		}, nil, fault.Invalid},
		{"the store is away", func(*ivr.Definitions) {}, errors.New("away"), fault.Unavailable},
	}
	for _, r := range rows {
		d := defs
		r.wreck(&d)
		kept.err = r.store
		if err := l.Publish(t.Context(), d); err == nil || fault.KindOf(err) != r.kind {
			t.Errorf("%s: %v, want kind %v", r.name, err, r.kind)
		}
		if got := dial(t, l).do("answered"); got[0] != "play es old-1" {
			t.Errorf("%s: the old set is not in force: %q", r.name, got)
		}
	}
}

func TestInForce(t *testing.T) {
	t.Parallel()
	l := newFlows(t, wording("old"))
	defs, before := l.InForce()
	publish(t, l, wording("new"))
	_, after := l.InForce()
	if defs.Flows["t"] == nil || before["t"] == "" || before["t"] == after["t"] {
		t.Errorf("revisions %q and %q", before, after)
	}
	if got := ivr.RevisionOf(dial(t, l).state); got != after["t"] {
		t.Errorf("a call begins with %s, in force is %s", got, after["t"])
	}
}

func TestBeginWithoutAFlow(t *testing.T) {
	t.Parallel()
	for _, a := range []orchestrator.Arrival{
		{Kind: orchestrator.KindInbound, DID: "9999\x00\"'"},
		{Kind: orchestrator.KindFeature, Args: []string{"login", "PJSIP/1"}},
	} {
		if _, err := newFlows(t, smallFlow).Begin(a, clock); fault.KindOf(err) != fault.NotFound || err == nil {
			t.Errorf("%s: %v, want NotFound", a.Kind, err)
		}
	}
}

func TestNextRefusesAStateThatIsNone(t *testing.T) {
	t.Parallel()
	l := newFlows(t, smallFlow)
	for _, raw := range []string{"", "{", "[]", `{"v":99}`, `"x"`} {
		if _, err := l.Next(json.RawMessage(raw), orchestrator.FlowInput{}, clock); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v, want Invalid", raw, err)
		}
		if got := ivr.RevisionOf(json.RawMessage(raw)); got != "" {
			t.Errorf("%q has revision %q", raw, got)
		}
	}
}

func TestRefreshForgetsWhatNobodyNeeds(t *testing.T) {
	t.Parallel()
	kept := &shelf{}
	l := ivr.NewLibrary(flowfile.Parse, kept)
	publish(t, l, wording("old"))
	c := dial(t, l)
	c.do("answered")
	publish(t, l, wording("new"))
	before := kept.puts
	if err := l.Refresh(t.Context(), clock.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := kept.puts - before; got != 2 {
		t.Errorf("%d revisions prolonged, want the old one in use and the new one", got)
	}
	if err := l.Refresh(t.Context(), clock.Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := c.do("played"); got[len(got)-1] != "hangup failed" {
		t.Errorf("the old revision is still there after two days: %q", got)
	}
	kept.err = errors.New("away")
	if err := l.Refresh(t.Context(), clock); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Refresh without its store: %v", err)
	}
}

func TestAnotherTextUnderAKnownHashIsRefused(t *testing.T) {
	t.Parallel()
	kept := &shelf{}
	l := ivr.NewLibrary(flowfile.Parse, kept)
	publish(t, l, wording("old"))
	c := dial(t, l)
	kept.kept[ivr.RevisionOf(c.state)] = []byte(`{"main":"t"}`)
	other := ivr.NewLibrary(flowfile.Parse, kept)
	if err := other.Prepare(t.Context(), c.state); err == nil {
		t.Error("a forged revision was taken")
	}
}

func TestDIDs(t *testing.T) {
	t.Parallel()
	dids := ivr.DIDs{{Pattern: "5000", Flow: "exact"}, {Pattern: "50*", Flow: "short"}, {Pattern: "500*", Flow: "long"},
		{Pattern: "+34910*", Flow: "madrid"}, {Pattern: "*", Flow: "rest"}}
	rows := map[string]string{"5000": "exact", "50001": "long", "5011": "short", "+34910222": "madrid", "": "rest", "+349": "rest"}
	for number, want := range rows {
		if d, ok := dids.Find(number); !ok || d.Flow != want {
			t.Errorf("%q goes to %q, want %q", number, d.Flow, want)
		}
	}
	if _, ok := dids[:2].Find("6000"); ok {
		t.Error("a number nobody defined has a flow")
	}
}
