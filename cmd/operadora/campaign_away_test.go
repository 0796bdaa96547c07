package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

// soon bounds what the PBX does by itself: it has to notice that nobody gives a sign of life.
const soon = 20 * time.Second

// TestLeadsAnswerNobody: who answers a campaign while operadora is dead, or its Redis hangs, and who
// did just before, hears the message and is released, by the PBX alone; a conversation goes on.
// When operadora is back each of them is on record as abandoned, in what the law counts and in the
// evidence, with what they heard; and nobody is called again.
func TestLeadsAnswerNobody(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	o := dialsOver(carrier, 3)
	o.files["campaigns/march.yaml"] = strings.Replace(marchCampaign, "[vm-goodbye]", "[vm-goodbye, vm-goodbye, vm-goodbye, vm-goodbye]", 1)
	r := newRig(t, o)
	r.start()
	do := r.as("supervisor")
	file := filepath.Join(t.TempDir(), "march.csv")
	bring := func(numbers ...string) {
		must(t, os.WriteFile(file, []byte("celular\n"+strings.Join(numbers, "\n")+"\n"), 0o600))
		do("lead", "import", file, "--list", "march")
	}
	rings := func() *lab.Call {
		t.Helper()
		c, err := carrier.NextCall(limit(t))
		must(t, err)
		must(t, c.Ring())
		return c
	}
	told := func(what string, lead *lab.Call) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		if err := lead.WaitSound(ctx); err != nil {
			t.Errorf("%s hears nothing: %v", what, err)
		}
	}
	released := func(what string, leads ...*lab.Call) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		for _, lead := range leads {
			if _, err := lead.WaitEnd(ctx); err != nil {
				t.Errorf("%s is not released: %v", what, err)
			}
		}
	}
	line := r.loginLine(r.desk("101"))
	line.PlayTone(900)
	do("list", "create", "march", "--region", "CO")
	bring("3001000001")
	do("campaign", "start", "march")
	served := rings()
	must(t, served.Answer())
	served.PlayTone(500)
	must(t, served.WaitTone(limit(t), 900))
	r.login("102") // whose phone rings, and nobody picks up
	r.login("103")

	bring("3001000002", "3001000003")
	before, after := rings(), rings()
	must(t, before.Answer())
	r.told(orchestrator.EntryCallOffered)
	r.kill()
	must(t, after.Answer())
	told("who answered before the death", before)
	told("who answered after it", after)
	released("who answered while operadora was dead", before, after)
	must(t, served.WaitTone(limit(t), 900))
	must(t, line.WaitTone(limit(t), 500))
	r.start()
	do = r.as("supervisor")
	r.awaitEnds(orchestrator.KindCampaign, 2)

	bring("3001000004")
	hung := rings()
	must(t, r.Redis.Pause())
	must(t, hung.Answer())
	told("who answered while Redis hung", hung)
	released("who answered while Redis hung", hung)
	must(t, served.WaitTone(limit(t), 900))
	must(t, r.Redis.Resume())
	r.awaitEnds(orchestrator.KindCampaign, 3)

	bring("3001000005")
	during := rings()
	r.kill()
	must(t, during.Answer())
	told("who answered before operadora was back", during)
	r.start()
	do = r.as("supervisor")
	released("whose message operadora found being told", during)
	r.awaitEnds(orchestrator.KindCampaign, 4)
	must(t, served.Hangup())
	for _, user := range []string{"101", "102", "103"} {
		do("agent", "logout", user)
	}
	ended(t, line)
	calls := r.settledOf(orchestrator.KindCampaign, 5)
	if c := calls[4]; c.Outcome != orchestrator.OutcomeServed || c.Agent != "101" {
		t.Errorf("%+v", c)
	}
	for _, c := range calls[:4] {
		if c.Outcome != orchestrator.OutcomeAbandoned || c.AnsweredAt == 0 || c.ConnectedAt > 0 || c.EndedAt < c.AnsweredAt {
			t.Errorf("%+v", c)
		}
	}
	states := map[string][]string{}
	r.entries(func(e orchestrator.Entry) {
		var d struct{ State string }
		if e.Type == orchestrator.EntryCallMessage && json.Unmarshal(e.Data, &d) == nil {
			states[e.Call] = append(states[e.Call], d.State)
		}
	})
	for i, want := range []string{"playing heard", "playing heard", "playing heard", "playing heard"} {
		if got := strings.Join(states[calls[i].Call], " "); got != want {
			t.Errorf("call %d of %s: the message is %q, want %q", i, calls[i].Call, got, want)
		}
	}
	r.eventually("the law's count is right", func() error {
		if out := do("campaign", "show", "march"); !strings.Contains(out, "4 of 5 (80.00 % of 3.00 %)") {
			return errors.New(out)
		}
		return nil
	})
	chain := filepath.Join(t.TempDir(), "march.jsonl")
	do("campaign", "evidence", "march", "--from", "yesterday", "--output", chain)
	raw, err := os.ReadFile(chain)
	must(t, err)
	v, err := evidence.Verify(strings.NewReader(string(raw)))
	must(t, err)
	if len(v.Faults) > 0 || v.Answered != 5 || v.Abandoned != 4 || strings.Count(string(raw), `"played":"vm-goodbye vm-goodbye`) != 4 {
		t.Errorf("%+v\n%s", v, raw)
	}
	if got := r.campaign(t); got.Attempts != 5 || got.Results["abandoned"] != 4 || got.Results["served"] != 1 {
		t.Errorf("%d attempts, %v", got.Attempts, got.Results)
	}
}
