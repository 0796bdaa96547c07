package lab_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/dialplans"
	"github.com/operadora/operadora/orchestrator/lab"
)

// These tests hold the files of package dialplans to what they promise, on the
// Asterisk that reads them.

// operadora stands in for the real one: it registers the Stasis application
// and reports the arguments of each call that enters it.
type operadora struct {
	conn    *websocket.Conn
	entered chan []string
}

func attach(t *testing.T, a *lab.Asterisk) *operadora {
	t.Helper()
	query := url.Values{"app": {dialplans.DefaultValues().App}, "api_key": {a.User() + ":" + a.Password()}}
	conn, res, err := websocket.Dial(limit(t), a.WebsocketURL()+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body != nil {
		res.Body.Close()
	}
	o := &operadora{conn: conn, entered: make(chan []string, 16)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			_, data, err := conn.Read(context.WithoutCancel(t.Context()))
			if err != nil {
				return
			}
			var event struct {
				Type string
				Args []string
			}
			if json.Unmarshal(data, &event) == nil && event.Type == "StasisStart" {
				o.entered <- event.Args
			}
		}
	}()
	t.Cleanup(func() {
		conn.CloseNow()
		<-ended
	})
	return o
}

func (o *operadora) expect(t *testing.T, want ...string) {
	t.Helper()
	select {
	case got := <-o.entered:
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("arguments of the call (-want +got):\n%s", diff)
		}
	case <-limit(t).Done():
		t.Fatalf("no call entered, want one with %q", want)
	}
}

func TestInboundCallsReachOperadora(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{
		FromTrunk: "exten => _[+0-9]!,1,Goto(operadora-inbound,${EXTEN},1)\nexten => nameless,1,Goto(operadora-inbound,s,1)\n",
	})
	o := attach(t, a)
	out := caller(t, a, "5552000")
	for dialled, did := range map[string]string{"5000": "5000", "+5215512345678": "+5215512345678", "7": "7", "nameless": "s"} {
		if _, err := out.Place(limit(t), dialled, lab.DialOptions{}); err != nil {
			t.Fatal(err)
		}
		o.expect(t, "inbound", did, "ends")
	}
}

func TestCallsGoOnWhileOperadoraIsAway(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{
		Log:      lab.LogVerbose,
		Dialplan: "[operadora-away]\nexten => 5000,1,Answer()\n same => n,Milliwatt()\n",
	})
	out := caller(t, a, "5552001")
	serve := func(what string) {
		t.Helper()
		call, err := out.Dial(limit(t), "5000", lab.DialOptions{})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := call.WaitTone(limit(t), 1004); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	serve("never attached")
	o := attach(t, a)
	if _, err := out.Place(limit(t), "5000", lab.DialOptions{}); err != nil {
		t.Fatal(err)
	}
	o.expect(t, "inbound", "5000", "ends")
	// It is there and hangs, or its Redis is away: it does not put the time off
	// until which it takes calls, or says itself that it takes none.
	for what, until := range map[string]string{"hung": strconv.FormatInt(time.Now().Unix()-10, 10), "not ready": "1"} {
		setGlobal(t, a, "OPERADORA_UNTIL_operadora", until)
		serve(what)
	}
	setGlobal(t, a, "OPERADORA_UNTIL_operadora", strconv.FormatInt(time.Now().Unix()+60, 10))
	if _, err := out.Place(limit(t), "5000", lab.DialOptions{}); err != nil {
		t.Fatal(err)
	}
	o.expect(t, "inbound", "5000", "ends")
	o.conn.CloseNow()
	if err := a.WaitLog(limit(t), "Deactivating Stasis app 'operadora'"); err != nil {
		t.Fatal(err)
	}
	serve("detached")

	// A number that the administrator's context lacks gets the apology.
	_, err := out.Dial(limit(t), "5001", lab.DialOptions{})
	var refused *lab.RefusedError
	if !errors.As(err, &refused) || refused.Code != http.StatusServiceUnavailable {
		t.Errorf("a call without an emergency route: %v, want a refusal with 503", err)
	}
}

// setGlobal sets a global variable of the dialplan, as operadora does.
func setGlobal(t *testing.T, a *lab.Asterisk, name, value string) {
	t.Helper()
	ask(t, a, http.MethodPost, "/asterisk/variable?"+url.Values{"variable": {name}, "value": {value}}.Encode())
}

// ask has Asterisk do something over ARI.
func ask(t *testing.T, a *lab.Asterisk, method, path string) {
	t.Helper()
	req, err := http.NewRequestWithContext(limit(t), method, a.ARIURL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(a.User(), a.Password())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		t.Fatalf("%s %s answered %d", method, path, res.StatusCode)
	}
}

func TestFeatureCodes(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{Endpoints: lab.Desk(101, 101)})
	phone := desk(t, a, "101")
	_, err := phone.Dial(limit(t), "*481", lab.DialOptions{})
	var refused *lab.RefusedError
	if !errors.As(err, &refused) || refused.Code != http.StatusServiceUnavailable {
		t.Errorf("a feature code while operadora is away: %v, want a refusal with 503", err)
	}
	o := attach(t, a)
	for _, row := range []struct{ code, what, digits string }{
		{"*481", "login", ""},
		{"*482", "logout", ""},
		{"*483", "pause", ""},
		{"*4837", "pause", "7"},
		{"*484", "resume", ""},
		{"*485", "dispose", ""},
		{"*4853", "dispose", "3"},
		{"*485*", "extend", ""},
		{"*485120", "dispose", "120"},
		{"*486101", "lamp", "101"},
		{"*487101", "lamp", "101"},
	} {
		if _, err := phone.Place(limit(t), row.code, lab.DialOptions{}); err != nil {
			t.Fatal(err)
		}
		o.expect(t, "feature", row.what, "PJSIP/101", row.digits, "101", "ends")
	}
	setGlobal(t, a, "OPERADORA_UNTIL_operadora", "1")
	if _, err = phone.Dial(limit(t), "*481", lab.DialOptions{}); !errors.As(err, &refused) || refused.Code != http.StatusServiceUnavailable {
		t.Errorf("a feature code while operadora hangs: %v, want a refusal with 503", err)
	}
}

func TestLampsShowWhatOperadoraSets(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{Endpoints: lab.Desk(101, 101)})
	ctx := limit(t)
	lamp, err := desk(t, a, "101").WatchLamp(ctx, "*486101")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ state, shown string }{
		{"INUSE", "confirmed"}, {"RINGING", "early"}, {"NOT_INUSE", "terminated"}, {"BUSY", "confirmed"},
	} {
		ask(t, a, http.MethodPut, "/deviceStates/Stasis:op-101?deviceState="+row.state)
		show(t, ctx, lamp, row.shown)
	}
}

func TestPromptsAreThereInBothLanguages(t *testing.T) {
	t.Parallel()
	a := lab.AsteriskFor(t, lab.AsteriskOptions{})
	var sounds []struct {
		ID      string
		Formats []struct{ Language, Format string }
	}
	get(t, a, a.Password(), "/sounds", &sounds)
	languages := map[string][]string{}
	for _, s := range sounds {
		for _, f := range s.Formats {
			languages[s.ID] = append(languages[s.ID], f.Language+"/"+f.Format)
		}
	}
	for id, want := range map[string][]string{
		"operadora/welcome":   {"en/slin", "es/slin"},
		"operadora/menu-main": {"en/slin", "es/slin"},
		"digits/7":            {"en/gsm", "es/gsm"},
		"queue-youarenext":    {"en/gsm", "es/gsm"},
	} {
		for _, w := range want {
			if !slices.Contains(languages[id], w) {
				t.Errorf("sound %s is there as %v, want %s too", id, languages[id], w)
			}
		}
	}
}
