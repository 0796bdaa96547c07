package ari

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	wire "github.com/CyCoreSystems/ari/v6"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// Asterisk lists a channel that hung up until its hangup handlers have run:
// what was told of it decides whether a call is made for it.
func TestOriginatorThatEnds(t *testing.T) {
	t.Parallel()
	const caller = "100.1"
	start := &message{Type: wire.Events.StasisStart, Channel: channel{ID: caller, State: "Up"}, Args: []string{"inbound", "5000", endsArg}}
	request := &message{Type: wire.Events.ChannelHangupRequest, Channel: channel{ID: caller}, Cause: 16}
	end := &message{Type: wire.Events.StasisEnd, Channel: channel{ID: caller}}
	for _, row := range []struct {
		name string
		told []*message
		gone bool
	}{
		{"here", []*message{start}, false},
		{"hanging up", []*message{start, request}, true},
		{"ended", []*message{start, request, end}, true},
	} {
		f := newFake(t)
		f.handle("GET /ari/channels/"+caller, answer(200, `{"id":"100.1","state":"Up"}`))
		a := f.adapter(nil)
		tr := newTranslator("lab", a.legs)
		for _, w := range row.told {
			tr.translate(w)
		}
		err := a.Originate(t.Context(), orchestrator.Origination{Channel: "op-c1-l1", Endpoint: "PJSIP/101", Timeout: time.Second, Originator: caller})
		if gone := errors.Is(err, orchestrator.ErrOriginatorGone) && fault.KindOf(err) == fault.NotFound; gone != row.gone || (err != nil) != row.gone {
			t.Errorf("%s: %v", row.name, err)
		}
		if dialled := strings.Contains(fmt.Sprint(f.requests()), "/op-c1-l1/dial"); dialled == row.gone {
			t.Errorf("%s: dialled %v", row.name, dialled)
		}
	}
}

// A call that came by the dialplan tells that it writes ends down. Before there was one,
// Asterisk is asked for it once, on the first channel that is made after a connection.
func TestEndsOfTheFirstChannel(t *testing.T) {
	t.Parallel()
	for _, there := range []bool{true, false} {
		f := newFake(t)
		f.handle("GET /ari/channels/op-c1-l1/variable", answer(200, fmt.Sprintf(`{"value":"%d"}`, map[bool]int{true: 1}[there])))
		f.handle("GET /ari/channels/op-c3-l1/variable", answer(200, `{"value":"1"}`))
		a := f.adapter(nil)
		order := func(channel string) string {
			t.Helper()
			before := len(f.requests())
			must(t, a.Originate(t.Context(), orchestrator.Origination{Channel: channel, Endpoint: "PJSIP/101", Timeout: time.Second}))
			var did []string
			for _, r := range f.requests()[before:] {
				did = append(did, r[:strings.IndexByte(r+"?", '?')])
			}
			return strings.ReplaceAll(strings.Join(did, ", "), "/ari/channels/", "")
		}
		want := "POST create, GET op-c1-l1/variable, POST op-c1-l1/dial"
		if there {
			want = "POST create, GET op-c1-l1/variable, POST op-c1-l1/variable, POST op-c1-l1/dial"
		}
		if got := order("op-c1-l1"); got != want {
			t.Errorf("%v: %s, want %s", there, got, want)
		}
		if got := order("op-c2-l1"); got != "POST create, POST op-c2-l1/dial" {
			t.Errorf("%v: the second: %s", there, got)
		}
		if r, err := a.origination(orchestrator.Origination{Channel: "op-c2-l1", Endpoint: "PJSIP/101", Timeout: time.Second}); err != nil ||
			(r.body.(variablesBody).Variables[handlerPush] != "") != there {
			t.Errorf("%v: ordered: %+v, %v", there, r.body, err)
		}
		a.legs.seed(orchestrator.Snapshot{}) // a new connection: the dialplan may be another
		if got := order("op-c3-l1"); strings.Contains(got, "GET") == there {
			t.Errorf("%v: after a connection: %s", there, got)
		}
	}
}

// A phone that is gone before Asterisk can be asked says nothing of the dialplan: it is
// asked on the next.
func TestEndsOfAChannelThatIsGone(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.handle("GET /ari/channels/op-c1-l1/variable", answer(404, `{"message":"Channel not found"}`))
	f.handle("GET /ari/channels/op-c2-l1/variable", answer(200, `{"value":"1"}`))
	a := f.adapter(nil)
	for _, channel := range []string{"op-c1-l1", "op-c2-l1"} {
		must(t, a.Originate(t.Context(), orchestrator.Origination{Channel: channel, Endpoint: "PJSIP/101", Timeout: time.Second}))
	}
	if !a.legs.keepsEnds.Load() {
		t.Error("nobody knows that the dialplan writes ends down")
	}
}

// globals answers for the dialplan's global variables, and returns how to set one.
func globals(f *fake, values map[string]string) func(name, value string) {
	var mu sync.Mutex
	f.handle("GET /ari/asterisk/variable", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		answer(200, fmt.Sprintf(`{"value":%q}`, values[r.URL.Query().Get("variable")]))(w, r)
	})
	return func(name, value string) {
		mu.Lock()
		defer mu.Unlock()
		values[name] = value
	}
}

// Ends are read back to the last sign of life; what is cut off or makes no sense is
// left out. Who came when somebody may still have listened may not have been seen.
func TestEndsAreRead(t *testing.T) {
	t.Parallel()
	const app, life = "operadora", 1_700_000_000 // seconds
	ring := dialplans.Ends(app).Name
	entry := func(channel string, after time.Duration, did string) string {
		return fmt.Sprintf("%s,%d,16,%s,601|", channel, life*1000+after.Milliseconds(), did)
	}
	until := strconv.FormatInt(life+int64(pulseGood/time.Second), 10) // told at life
	for _, row := range []struct {
		name, until  string
		slots        map[string]string
		want, unseen string
	}{
		{"none", "", nil, "", ""},
		{"since the last sign of life", until, map[string]string{
			"0": entry("op-c1-a2", 9*time.Second, "") + entry("op-c0-a2", -time.Minute, ""), "f": entry("1699999990.7", 8*time.Second, "5000")},
			"1699999990.7 op-c1-a2", ""},
		{"calls were not taken", pulseNever, map[string]string{"a": entry("1700000009.7", 9*time.Second, "5000") + entry("op-c0-a2", -time.Hour, "")},
			"1700000009.7 op-c0-a2", ""},
		{"cut off", until, map[string]string{"3": entry("op-c1-a2", time.Second, "") + "op-c2-a2,1700000"}, "op-c1-a2", ""},
		{"broken", until, map[string]string{"3": entry("op-c1-a2", time.Second, "") + "x|,,|op-c2-a2,now,16,,|" + entry("op-c3-a2", time.Second, "")},
			"op-c1-a2 op-c3-a2", ""},
		{"came when somebody listened", until, map[string]string{"1": entry("1699999997.7", 9*time.Second, "5000")}, "1699999997.7", ""},
		{"came and left when somebody may have listened", until, map[string]string{"1": entry("1700000000.7", 200*time.Millisecond, "5000")}, "1700000000.7", "1700000000.7"},
		{"came and left unseen", until, map[string]string{"1": entry("1700000001.7", 9*time.Second, "5000"), "2": entry("my-pbx-1700000003.8", 9*time.Second, "s")},
			"1700000001.7 my-pbx-1700000003.8", "1700000001.7 my-pbx-1700000003.8"},
	} {
		f := newFake(t)
		values := map[string]string{dialplans.UntilVariable(app): row.until}
		for digit, text := range row.slots {
			values[ring+digit] = text
		}
		globals(f, values)
		ends, unseen, err := f.adapter(nil).client.ends(t.Context(), app)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(ends)), " "); got != row.want {
			t.Errorf("%s: read %q, want %q", row.name, got, row.want)
		}
		var got []string
		for _, c := range unseen {
			got = append(got, c.Channel)
			if c.Caller.Number != "601" || c.Served || c.Cause != orchestrator.CauseNormal || c.Ended.Before(c.Began) {
				t.Errorf("%s: %+v", row.name, c)
			}
		}
		if strings.Join(got, " ") != row.unseen {
			t.Errorf("%s: unseen %q, want %q", row.name, got, row.unseen)
		}
	}
}

// Who hung up is told by the dialplan; the cause alone does not tell it.
func TestEndsTellWhoHungUp(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]orchestrator.ChannelEnd{
		"op-s1-l1,1700000000000,0,,101,1":             {Cause: orchestrator.CauseNormal},
		"op-s1-l1,1700000000000,16,,101,1":            {Cause: orchestrator.CauseNormal},
		"op-s1-l1,1700000000000,16,,101,0":            {Cause: orchestrator.CauseNormal, ByPBX: true}, // from the console
		"op-s1-l1,1700000000000,44,,101,0":            {Cause: 44, ByPBX: true},                       // no sound came any more
		"op-s1-l1,1700000000000,16,,101":              {Cause: orchestrator.CauseNormal},              // of an older dialplan
		"1.1,1700000000000,16,5000,101,1700000000,Up": {Cause: orchestrator.CauseNormal, Answered: orchestrator.ToldYes},
		"op-c1-c1,1700000000000,16,,101,1,Up":         {Cause: orchestrator.CauseNormal, Answered: orchestrator.ToldYes},
		"op-c1-c1,1700000000000,16,,101,1,Up,,":       {Cause: orchestrator.CauseNormal, Answered: orchestrator.ToldYes},
		"op-c1-c1,1700000000000,16,,101,0,Up,heard,1699999998000,1699999996.25": {Cause: orchestrator.CauseNormal, ByPBX: true, Answered: orchestrator.ToldYes,
			AnsweredAt: time.UnixMilli(1699999996250), Message: orchestrator.MessageHeard, MessageAt: time.UnixMilli(1699999998000)},
		"op-c1-c1,1700000000000,17,,101,1,Ringing": {Cause: orchestrator.CauseBusy, Answered: orchestrator.ToldNo},
	} {
		got, ok := parseEntry(entry)
		if got.end.At = (time.Time{}); !ok || got.end != want {
			t.Errorf("%s: %+v %v, want %+v", entry, got.end, ok, want)
		}
	}
}

// Calls that the dialplan served are told until they are on record, by this process
// or by one before it; then a snapshot costs one request for them.
func TestAwayCallsAreTold(t *testing.T) {
	t.Parallel()
	const app = "operadora"
	at := func(s int64) string { return strconv.FormatInt((1_700_000_000+s)*1000, 10) }
	entry := func(n int, ended int64, state string) string {
		return fmt.Sprintf("1700000000.%d,%s,16,5000,60%d,%s,%s|", n, at(ended), n, at(0), state)
	}
	ring := dialplans.Away(app).Name
	f := newFake(t)
	set := globals(f, map[string]string{
		dialplans.AwayLast(app): "1700000000.2", dialplans.AwayRecorded(app): at(10),
		ring + "0": entry(1, 20, "Up") + entry(0, 5, "Up"), ring + "1": entry(2, 15, "Ring"),
	})
	a := f.adapter(nil)
	told := func(a *Adapter, want ...string) []orchestrator.AwayCall {
		t.Helper()
		calls, err := a.away(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range calls {
			got = append(got, fmt.Sprint(c.Channel, " ", c.Served))
		}
		if !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
		return calls
	}
	told(a, "1700000000.1 true", "1700000000.2 false")
	calls := told(a, "1700000000.1 true", "1700000000.2 false") // nobody said that they are on record
	if c := calls[0]; c.DID != "5000" || c.Caller.Number != "601" || c.Began.Unix() != 1_700_000_000 || c.Ended.Unix() != 1_700_000_020 {
		t.Errorf("%+v", c)
	}
	must(t, a.AwayRecorded(t.Context(), calls))
	told(a)
	before := len(f.requests())
	told(a)
	if n := len(f.requests()) - before; n != 1 {
		t.Errorf("%d requests to find out that there is nothing", n)
	}
	name, value, _ := strings.Cut(<-f.pulses, "=")
	if name != dialplans.AwayRecorded(app) || value != at(20)+",1700000000.1" {
		t.Errorf("set %s=%s", name, value)
	}
	set(name, value)
	told(f.adapter(nil)) // the next process
	set(ring+"1", entry(3, 19, "Up"))
	set(dialplans.AwayLast(app), "1700000000.3")
	calls = told(a, "1700000000.3 true") // written down later than its end
	a.missed([]orchestrator.AwayCall{{Channel: "1700000000.4", Ended: time.Unix(1_700_000_004, 0)}})
	told(a, "1700000000.4 false", "1700000000.3 true")
	must(t, a.AwayRecorded(t.Context(), calls))
	calls = told(a, "1700000000.4 false")
	must(t, a.AwayRecorded(t.Context(), calls))
	told(a)
}
