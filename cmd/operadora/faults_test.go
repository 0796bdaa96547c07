package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1, password: "not-the-password"})
	mark := r.Log.Mark()
	must(t, r.Begin())
	r.waitLog(mark, "msg=serving") // it serves, so that the fault can be seen
	refusal := "wrong name or password"
	if centre.OnFreeSWITCH() {
		refusal = "refuses the password"
	}
	r.waitLog(mark, refusal)
	api, err := r.API("admin")
	must(t, err)
	res, err := http.Get(api.Base + "/readyz")
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %s without a PBX", res.Status)
	}
	if strings.Contains(r.Log.Text(), "not-the-password") {
		t.Error("the password is in the log")
	}
}

func TestWrongDefinitionsNeverReplaceGoodOnes(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1})
	r.start()
	good := filepath.Join("definitions", "flows", "line.yaml")
	for name, text := range map[string]string{
		"not YAML":      "flow: [",
		"unknown key":   strings.Replace(rigFlow, "start: pick_up", "strat: pick_up", 1),
		"unknown node":  strings.Replace(rigFlow, "next: menu", "next: menuu", 1),
		"unknown queue": strings.Replace(rigFlow, "queue: sales", "queue: salse", 1),
	} {
		must(t, r.Write(good, text))
		mark := r.Log.Mark()
		must(t, r.Signal(syscall.SIGHUP))
		r.waitLog(mark, "the old ones stay in force")
		if out, err := r.Run("check"); err == nil || !strings.Contains(out, "line.yaml") {
			t.Errorf("%s: check says %v: %s", name, err, out)
		}
	}
	c := r.call("5550001", "5000") // still answered by the good one
	must(t, c.WaitSound(limit(t)))

	// a good change is taken over for new calls, the one in progress goes on as it began
	must(t, r.Write(good, strings.Replace(rigFlow, `"2": message`, `"4": message`, 1)))
	mark := r.Log.Mark()
	must(t, r.Signal(syscall.SIGHUP))
	r.waitLog(mark, "definitions reloaded")
	must(t, c.SendDTMF("2"))
	must(t, c.WaitSound(limit(t)))
	r.awaitEntry(orchestrator.EntryCallRecording, 1) // key 2 is the message box in the old one only
	must(t, c.Hangup())
	r.settled(1)
}

// TestAQueueIsRemovedUnderACaller: whoever reloads is told who waits in it.
func TestAQueueIsRemovedUnderACaller(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1})
	r.start()
	c := r.queue("5550001")
	r.awaitEntry(orchestrator.EntryCallQueued, 1)
	api, err := r.API("admin")
	must(t, err)
	for name, text := range map[string]string{"queues.yaml": "queues: [{id: other}]\n",
		"agents.yaml":     "agents: [{id: \"101\", pbx: main, endpoint: PJSIP/101, queues: [other]}]\n",
		"flows/line.yaml": strings.ReplaceAll(rigFlow, "queue: sales", "queue: other")} {
		must(t, r.Define(name, text))
	}
	out, err := r.Run("reload", "--url", api.Base, "--token", api.Token)
	must(t, err)
	for _, want := range []string{"queue new: other\n", "queue gone: sales; 1 of its callers wait: no new caller gets in, and those inside are served by the agents it had\n",
		"agent changed: 101\n", "flow changed: line\n", "in force: 1 queues, 1 agents, 2 flows\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%s\ndoes not say %q", out, want)
		}
	}
	ana := r.login("101")
	r.serve(ana, c) // as is said
	must(t, r.Define("queues.yaml", "queues: [{id: other, wrap_up: 5}]\n"))
	if out, err := r.Run("reload", "--url", api.Base, "--token", api.Token); err == nil || !strings.Contains(out, "queues.yaml:1:31: E00 queues[0].wrap_up: 5 has no unit") {
		t.Errorf("%v: %s", err, out)
	}
	must(t, r.Define("queues.yaml", "queues: [{id: other}]\n")) // the rig reads them, too
	r.settled(1)
}

func TestUnknownNumberMissingSound(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1, asterisk: lab.AsteriskOptions{
		Dialplan: "[operadora-away]\nexten => 5998,1,Answer()\n same => n,Playback(demo-congrats)\n same => n,Hangup()\n",
	}, files: map[string]string{
		"flows/broken.yaml": "flow: broken\nlanguage: en\nstart: say\nprompts:\n  nothing: {sound: no-such-sound}\n  bye: {sound: vm-goodbye}\n" +
			"nodes:\n  say: {type: play, prompt: nothing, next: bye}\n  bye: {type: play, prompt: bye, next: end}\n",
		"dids.yaml": "dids:\n  \"5000\": {flow: line}\n  \"5001\": {flow: broken}\n",
	}})
	r.start()
	p, err := r.Switch.Caller("5550001")
	must(t, err)
	t.Cleanup(p.Close)
	if _, err := p.Dial(limit(t), "5999", lab.DialOptions{}); err == nil {
		t.Error("an unknown number was answered")
	}
	own := r.call("5550003", "5998") // which the administrator's away context has
	must(t, own.WaitSound(limit(t)))
	must(t, own.Hangup())
	c := r.call("5550002", "5001")
	must(t, c.WaitSound(limit(t))) // what comes after it
	ended(t, c)
	r.awaitEntry(orchestrator.EntryCallFault, 3) // the unknown numbers, then the missing sound
	var outcomes []orchestrator.Outcome
	for _, c := range r.settled(3) {
		outcomes = append(outcomes, c.Outcome)
	}
	if !slices.Equal(outcomes, []orchestrator.Outcome{orchestrator.OutcomeTransferred, orchestrator.OutcomeTransferred, orchestrator.OutcomeCompleted}) {
		t.Errorf("outcomes %q", outcomes)
	}
}

// TestAgentTwice logs an agent in twice and lets a phone be in another call.
func TestAgentTwice(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 2})
	r.start()
	ana := r.login("101")
	r.dial(ana, "*481") // again: hears that she is in already
	api, err := r.API("supervisor")
	must(t, err)
	if _, err := api.LoginAgentWithResponse(limit(t), "101", wire.AgentLogin{}); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("logging in once more by the API: %v", err)
	}

	// Ana's phone is in a call of its own: known, and not rung
	own, err := ana.Dial(limit(t), lab.EchoExtension, lab.DialOptions{})
	must(t, err)
	_, desk := r.stores()
	r.eventually("the phone is seen busy", func() error { return deviceIs(t, desk, "101", orchestrator.DeviceBusy) })
	c := r.queue("5550001")
	r.awaitEntry(orchestrator.EntryCallQueued, 1)
	must(t, own.Hangup())
	r.serve(ana, c) // as soon as the phone is free
	calls := r.settled(1)
	if calls[0].Offers != 1 {
		t.Errorf("%d offers: the busy phone was rung", calls[0].Offers)
	}

	// pause with a reason, wrap-up with a disposition, and log out by code
	r.dial(ana, "*4851")
	r.dial(ana, "*4832")
	r.eventually("paused for lunch", func() error { return agentIs(t, desk, "101", acd.StatePaused, "lunch") })
	r.dial(ana, "*482")
	r.eventually("logged out", func() error { return agentIs(t, desk, "101", acd.StateOffline, "") })
	r.awaitEntry(orchestrator.EntryAgentDisposed, 1)
}

func TestHostileRequests(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{agents: 1})
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	post := func(body io.Reader) (int, string) {
		req, err := http.NewRequestWithContext(limit(t), http.MethodPost, api.Base+"/api/v1/agents/101/pause", body)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+api.Token)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil { // the server may close the connection while we still send
			return http.StatusRequestEntityTooLarge, "application/problem+json"
		}
		defer func() { _ = res.Body.Close() }()
		return res.StatusCode, res.Header.Get("Content-Type")
	}
	rows := []struct {
		name string
		body io.Reader
		want int
	}{
		{"50 MB", bytes.NewReader(make([]byte, 50<<20)), http.StatusRequestEntityTooLarge},
		{"malformed", strings.NewReader(`{"reason": `), http.StatusBadRequest},
		{"wrong type", strings.NewReader(`{"reason": 7}`), http.StatusBadRequest},
		{"unknown field", strings.NewReader(`{"raeson": "lunch"}`), http.StatusBadRequest},
		{"deep", strings.NewReader(strings.Repeat("[", 100_000)), http.StatusBadRequest},
	}
	for _, row := range rows {
		status, kind := post(row.body)
		if status != row.want || !strings.HasPrefix(kind, "application/problem+json") {
			t.Errorf("%s: %d %s, want %d", row.name, status, kind, row.want)
		}
	}
	if _, err := api.Agents(limit(t)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if fi, err := os.Stat(filepath.Join(r.Dir, "operadora.db")); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("the records are readable by others: %v %v", fi, err)
	}
}
