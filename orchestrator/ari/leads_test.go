package ari

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	wire "github.com/CyCoreSystems/ari/v6"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
)

// Before a lead's phone rings somebody watches over them, made if need be and if the dialplan has
// a place for it, and looked after once in a while, not for each; and again after a connection.
func TestLeadsAreWatchedOver(t *testing.T) {
	t.Parallel()
	look, make := "GET watch-operadora", "POST Local/operadora@operadora-watch/n"
	for _, row := range []struct {
		name          string
		there, place  bool
		first, second string // what is asked for the first lead and, after a connection, for another
	}{
		{"it is there", true, true, look, look},
		{"it is to be made", false, true, look + ", " + make, look + ", " + make},
		{"the dialplan is of an earlier version", false, false, look, look},
	} {
		f := newFake(t)
		if !row.there {
			f.handle("GET /ari/channels/watch-operadora", answer(404, `{"message":"Channel not found"}`))
		}
		for n := range 3 {
			f.handle(fmt.Sprintf("GET /ari/channels/op-c%d-c1/variable", n), answer(200, fmt.Sprintf(`{"value":"%d"}`, map[bool]int{true: 1}[row.place])))
		}
		a := f.adapter(nil)
		a.legs.keepsNone.Store(true)
		order := func(channel string, lead bool) string {
			t.Helper()
			before := len(f.requests())
			must(t, a.Originate(t.Context(), orchestrator.Origination{Channel: channel, Endpoint: "PJSIP/1", Timeout: time.Second, Lead: lead}))
			var did []string
			for _, r := range f.requests()[before:] {
				method, rest, _ := strings.Cut(r, " ")
				path, query, _ := strings.Cut(rest, "?")
				q, err := url.ParseQuery(query)
				must(t, err)
				switch what := strings.TrimPrefix(path, "/ari/channels/"); {
				case path == "/ari/channels":
					did = append(did, method+" "+q.Get("endpoint"))
				case what != "create" && !strings.HasSuffix(what, "/dial") && !strings.HasSuffix(what, "/variable"):
					did = append(did, method+" "+what)
				}
			}
			return strings.Join(did, ", ")
		}
		if got := order("op-c0-c1", true); got != row.first {
			t.Errorf("%s: %s, want %s", row.name, got, row.first)
		}
		if got := order("op-c1-c1", true); got != "" {
			t.Errorf("%s: for the next: %s", row.name, got)
		}
		a.watching.forget()
		if got := order("op-c3-a1", false); got != "" {
			t.Errorf("%s: for somebody else: %s", row.name, got)
		}
		if got := order("op-c2-c1", true); got != row.second {
			t.Errorf("%s: after a connection: %s, want %s", row.name, got, row.second)
		}
	}
}

// A lead is marked, with what they are told: sounds alone, for nothing else can be. Once joined
// with somebody they are not watched over any more, which is noted once.
func TestLeadIsMarked(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	a := f.adapter(nil)
	r, err := a.origination(orchestrator.Origination{Channel: "op-c1-c1", Endpoint: "PJSIP/1", Timeout: time.Second, Lead: true, Message: []orchestrator.Media{
		{Kind: orchestrator.MediaSound, Value: "sorry"}, {Kind: orchestrator.MediaTone, Value: "beep"}, {Kind: orchestrator.MediaSound, Value: "a&b"}, {Kind: orchestrator.MediaSound, Value: "ours/bye"}}})
	must(t, err)
	if v := r.body.(variablesBody).Variables; v[dialplans.LeadGroup] != "operadora" || v[dialplans.LeadMessage] != "sorry&ours/bye" {
		t.Errorf("%v", v)
	}
	tr := newTranslator("lab", a.legs)
	a.legs.callsLead("op-c1-c1")
	for _, state := range []string{"Down", "Up"} {
		kind := map[string]string{"Down": wire.Events.StasisStart, "Up": wire.Events.ChannelStateChange}[state]
		tr.translate(&message{Type: kind, Channel: channel{ID: "op-c1-c1", State: state}})
	}
	for range 2 {
		must(t, a.Join(t.Context(), "op-c1-b1", "op-c1-c1"))
	}
	noted := 0
	for _, r := range f.requests() {
		if strings.HasPrefix(r, http.MethodPost+" /ari/channels/op-c1-c1/variable?") && strings.Contains(r, url.QueryEscape(dialplans.LeadGroup)) && strings.Contains(r, "value="+servedLead) {
			noted++
		}
	}
	if noted != 1 {
		t.Errorf("noted %d times: %q", noted, f.requests())
	}
}

// A lead whom the dialplan takes has not left: their end follows, with what they heard.
func TestLeadWhomTheDialplanTakes(t *testing.T) {
	t.Parallel()
	const id = "op-c1-c1"
	f := newFake(t)
	f.handle("GET /ari/channels/"+id, answer(200, `{"id":"op-c1-c1","state":"Up","dialplan":{"context":"operadora-lead","exten":"operadora"}}`))
	globals(f, map[string]string{dialplans.Ends("operadora").Name + "7": id + ",1700000009000,16,,601,0,Up,heard,1700000002000,1700000000.5|"})
	s := f.run(f.adapter(nil))
	s.want("connected")
	say := func(kind, state string) {
		f.send(fmt.Sprintf(`{"type":%q,"application":"operadora","args":["customer"],"channel":{"id":%q,"state":%q}}`, kind, id, state))
	}
	say(wire.Events.StasisStart, "Down")
	say(wire.Events.ChannelStateChange, "Up")
	s.want("entered " + id)
	say(wire.Events.StasisEnd, "Up")
	s.want("told " + id)
	say(wire.Events.ChannelDestroyed, "Up")
	s.want("ended " + id + " heard")
}

// Whom another process has called, or this one before it was started anew, is noted as well once
// they are joined with somebody: on hold they are in no bridge.
func TestLeadOfAnotherProcessIsServed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		taken func(*Adapter)
	}{
		{"waits", func(a *Adapter) {
			a.legs.seed(orchestrator.Snapshot{Channels: map[string]orchestrator.ChannelTruth{"op-c1-c1": {Up: true, Entered: true}}})
		}},
		{"is called", func(a *Adapter) {
			must(t, a.Originate(t.Context(), orchestrator.Origination{Channel: "op-c1-c1", Endpoint: "PJSIP/1", Timeout: time.Second, Lead: true, Once: true, Again: true}))
			tr := newTranslator("lab", a.legs)
			tr.translate(&message{Type: wire.Events.StasisStart, Channel: channel{ID: "op-c1-c1", State: "Down"}})
			tr.translate(&message{Type: wire.Events.ChannelStateChange, Channel: channel{ID: "op-c1-c1", State: "Up"}})
		}},
	} {
		f := newFake(t)
		a := f.adapter(nil)
		row.taken(a)
		must(t, a.Join(t.Context(), "op-c1-b1", "op-c1-c1"))
		if !slices.ContainsFunc(f.requests(), func(r string) bool {
			return strings.HasPrefix(r, http.MethodPost+" /ari/channels/op-c1-c1/variable?") && strings.Contains(r, "value="+servedLead)
		}) {
			t.Errorf("%s: it is not noted that they are served: %q", row.name, f.requests())
		}
	}
}

// A dialplan that is reloaded with a place for who watches has it from then on, without a new connection.
func TestLeadsAreWatchedOverOnceTheDialplanIs(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handle("GET /ari/channels/watch-operadora", answer(404, `{"message":"Channel not found"}`))
	a := f.adapter(nil)
	a.legs.keepsNone.Store(true)
	made := func(n int, place string) bool {
		t.Helper()
		lead := fmt.Sprintf("op-c%d-c1", n)
		f.handle("GET /ari/channels/"+lead+"/variable", answer(200, `{"value":"`+place+`"}`))
		must(t, a.Originate(t.Context(), orchestrator.Origination{Channel: lead, Endpoint: "PJSIP/1", Timeout: time.Second, Lead: true}))
		return slices.ContainsFunc(f.requests(), func(r string) bool { return strings.HasPrefix(r, http.MethodPost+" /ari/channels?") })
	}
	if made(1, "0") {
		t.Error("made where the dialplan has no place for it")
	}
	a.watching.seen = a.watching.seen.Add(-watchKnown)
	if !made(2, "1") {
		t.Errorf("the dialplan has a place for it since: %q", f.requests())
	}
}

// A lead whom the dialplan tells the message for another operadora on this Asterisk is not ours: who
// is nobody's call here would be hung up.
func TestLeadOfAnotherOperadoraIsTold(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handle("GET /ari/channels", answer(200, `[
		{"id":"op-c1-c1","state":"Up","dialplan":{"context":"operadora-lead","exten":"operadora","app_name":"Playback"}},
		{"id":"op-c2-c1","state":"Up","dialplan":{"context":"operadora-lead","exten":"other","app_name":"Playback"}}]`))
	truth, err := f.adapter(nil).client.snapshot(t.Context(), "operadora")
	must(t, err)
	if _, theirs := truth.Channels["op-c2-c1"]; theirs || len(truth.Channels) != 1 || !truth.Channels["op-c1-c1"].Told {
		t.Errorf("%+v", truth.Channels)
	}
}
