package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

const marchCampaign = `campaign: march
purpose: service
profile: own
mode: progressive
queue: sales
message: [vm-goodbye]
language: en
script: {en: "Ask {{name}} about {{due}}."}
lists: [march]
trunks: [{pbx: main, lines: 10, calls_per_second: 10}]
caller_id: ["+576015550000"]
hours: ["mon-sun 00:00-24:00"]
attempts: {lead: 2, number: 2, day: 9, week: 9}
retry: {busy: finish, no_answer: finish, refused: finish, unreachable: finish, failed: finish, abandoned: finish}
`

const ownRules = `profile: own
name: {en: Ours}
read: 2026-11-30
rules:
  - {id: hours, kind: hours, hours: ["mon-sun 00:00-24:00"], from: 2020-01-01, law: ours, basis: assumed}
  - {id: abandon, kind: abandon, percent: 3, window: 24h, threshold: 2s, from: 2020-01-01, law: ours, basis: assumed}
  - {id: ring, kind: ring, least: 15s, from: 2020-01-01, law: ours, basis: assumed}
`

// publicPhones are the people whom a campaign calls, behind a carrier: of each ten, the last
// two are busy, and the one before rejects the call; the others answer, and hang up once they
// have heard somebody.
func publicPhones(t *testing.T, carrier *lab.Phone) {
	for {
		c, err := carrier.NextCall(t.Context())
		if err != nil {
			return // the test is over
		}
		go func() {
			n := c.Number()
			switch n[len(n)-1] {
			case '8', '9':
				_ = c.Reject(486)
				return
			case '7':
				_ = c.Reject(603)
				return
			}
			if c.Ring() != nil || c.Answer() != nil {
				return
			}
			c.PlayTone(500)
			if c.WaitTone(limit(t), 900) == nil {
				_ = c.Hangup()
			}
		}()
	}
}

// dialsOver is a centre whose campaign march calls Colombia over a carrier.
func dialsOver(carrier *lab.Phone, agents int) rigOptions {
	return rigOptions{agents: agents, asterisk: lab.AsteriskOptions{Trunks: []lab.Trunk{{Name: "trunk", Addr: carrier.Addr()}}},
		files:  map[string]string{"queues.yaml": lineQueues, "campaigns/march.yaml": marchCampaign, "profiles/own.yaml": ownRules},
		config: "    outbound: {dial: \"PJSIP/{number}@trunk\", region: CO, allow: [\"+57\"]}\n",
	}
}

// TestCampaign runs a campaign on a real PBX: leads from a file, agents on permanent lines.
// Each lead is called once, who answers talks with an agent, and records, agents and the
// command line agree; paused, it calls nobody.
func TestCampaign(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	r := newRig(t, dialsOver(carrier, 2))
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	do := r.by(api)
	var lines []*lab.Call
	for _, user := range []string{"101", "102"} {
		line := r.loginLine(r.desk(user))
		line.PlayTone(900)
		lines = append(lines, line)
	}
	go publicPhones(t, carrier)
	file := filepath.Join(t.TempDir(), "march.csv")
	var b strings.Builder
	b.WriteString("celular;nombre\n")
	for i := range 20 {
		fmt.Fprintf(&b, "30010000%02d;Lead %d\n", i, i)
	}
	must(t, os.WriteFile(file, []byte(b.String()), 0o600))
	do("list", "create", "march", "--region", "CO")
	do("lead", "import", file, "--list", "march")
	if out := do("campaign", "preview", "march"); !strings.Contains(out, "20 leads looked at: 20 may be called now") {
		t.Error(out)
	}
	if out := do("campaign", "start", "march"); out != "campaign march is running\n" {
		t.Error(out)
	}
	if _, err := r.Run("campaign", "start", "march", "--token", api.Token, "--url", api.Base); err == nil || !strings.Contains(err.Error(), "a campaign that is running cannot start") {
		t.Error(err)
	}
	r.awaitEnds(orchestrator.KindCampaign, 20)
	calls := r.summaries(orchestrator.KindCampaign)
	outcomes, numbers := map[orchestrator.Outcome]int{}, map[string]bool{}
	late := 0 // who waited for longer than the rule allows: on a machine that does much else
	for _, c := range calls {
		outcomes[c.Outcome]++
		numbers[c.Caller.Number] = true
		if c.Campaign != "march" || c.DID != "+576015550000" || c.Outcome == orchestrator.OutcomeServed && (c.Agent == "" || c.Queue != "sales") {
			t.Errorf("%+v", c)
		}
		if c.Outcome == orchestrator.OutcomeServed && c.ConnectedAt-c.AnsweredAt > 2000 {
			late++
		}
	}
	if len(numbers) != 20 || outcomes[orchestrator.OutcomeServed] != 14 || outcomes[orchestrator.OutcomeBusy] != 4 {
		t.Errorf("%d numbers, %v", len(numbers), outcomes)
	}
	var v *wire.CampaignView
	r.eventually("the records are right", func() error {
		got, err := api.GetCampaignWithResponse(limit(t), "march")
		if err != nil {
			return err
		}
		if v = got.JSON200; v == nil || v.Results["served"] != 14 || v.Results["busy"] != 4 || v.Results["refused"] != 2 || v.Attempts != 20 {
			return fmt.Errorf("%s", got.Body)
		}
		if len(v.Leads) != 1 || v.Leads[0].State != "finished" || v.Leads[0].Leads != 20 || v.Live.Answered != 14 || v.Live.Abandoned != float64(late) || v.Live.Agents["free"] != 2 {
			return fmt.Errorf("%s", got.Body)
		}
		return nil
	})
	if out := do("campaign", "show", "march"); !strings.Contains(out, "abandoned") || !strings.Contains(out, fmt.Sprintf("%d of 14 (%.2f %% of 3.00 %%)", late, 100*float64(late)/14)) {
		t.Error(out)
	}
	evidence := filepath.Join(t.TempDir(), "march.csv")
	do("campaign", "evidence", "march", "--from", "yesterday", "--format", "csv", "--output", evidence)
	if out, err := run(t, "campaign", "evidence", "--verify", evidence); err != nil || !strings.Contains(out, fmt.Sprintf("14, %d of them abandoned", late)) || !strings.Contains(out, "at most 3.00 %, rule abandon") {
		t.Error(out, err)
	}
	put(t, evidence, ",answered,,", ",abandoned,,")
	if out, err := run(t, "campaign", "evidence", "--verify", evidence); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Error(out, err)
	}
	if out := do("campaign", "pause", "march", "--why", "lunch"); out != "campaign march is paused\n" {
		t.Error(out)
	}
	r.told(orchestrator.EntryCampaignState, `"to":"paused"`, `"why":"lunch"`)
	must(t, os.WriteFile(file, []byte("celular\n3001000050\n"), 0o600))
	do("lead", "import", file, "--list", "march")
	<-time.After(3 * time.Second) // nothing is to come
	if n := len(r.summaries(orchestrator.KindCampaign)); n != 20 {
		t.Errorf("%d calls while it was paused", n)
	}
	do("campaign", "resume", "march")
	r.awaitEnds(orchestrator.KindCampaign, 21)
	for i, line := range lines {
		do("agent", "logout", fmt.Sprint(101+i))
		ended(t, line)
	}
	r.settledOf(orchestrator.KindCampaign, 21)
}

// TestCampaignIsLawful: of a lead who answers and has no agent within the profile's two seconds
// the message is heard, whole, and the call is abandoned, on record and in what the law counts;
// one who answers an agent with a permanent line is served within them. Agents are told of the
// lead as the call comes.
func TestCampaignIsLawful(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	r := newRig(t, dialsOver(carrier, 1))
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	do := r.by(api)
	file := filepath.Join(t.TempDir(), "march.csv")
	bring := func(number string) {
		must(t, os.WriteFile(file, []byte("celular,nombre,due\n"+number+",Ana,100\n"), 0o600))
		do("lead", "import", file, "--list", "march")
	}
	answers := func() *lab.Call {
		t.Helper()
		c, err := carrier.NextCall(limit(t))
		must(t, err)
		must(t, c.Ring())
		must(t, c.Answer())
		return c
	}
	desk := r.login("101") // whose phone is to ring, and nobody picks up
	do("list", "create", "march", "--region", "CO")
	bring("3001000001")
	do("campaign", "start", "march")
	lead := answers()
	tape := lead.Tape()
	ringing, err := desk.NextCall(limit(t))
	must(t, err)
	must(t, ringing.Ring())
	ended(t, lead)
	if heard := tape(); silent(heard) {
		t.Error("the lead hears nothing")
	}
	r.told(orchestrator.EntryCallOffered, `"about":{"due":"100","name":"Ana"}`, `"script":"Ask Ana about 100."`)
	e := r.awaitEntry(orchestrator.EntryCallMessage, 2)
	var heard wire.EntryMessage
	must(t, json.Unmarshal(e.Data, &heard))
	if heard.State != "heard" || heard.WithinMS != 2000 || len(heard.Sounds) != 1 || heard.Sounds[0] != "vm-goodbye" {
		t.Errorf("%s", e.Data)
	}
	stands := func(want string) {
		t.Helper()
		r.eventually("the law's count is "+want, func() error {
			if out := do("campaign", "show", "march"); !strings.Contains(out, want) {
				return errors.New(out)
			}
			return nil
		})
	}
	stands("1 of 1 (100.00 % of 3.00 %)")
	do("agent", "logout", "101")
	line := r.loginLine(desk)
	line.PlayTone(900)
	bring("3001000002")
	lead = answers()
	must(t, lead.WaitTone(limit(t), 900))
	live, err := api.Calls(limit(t), wire.ListCallsParams{})
	must(t, err)
	if out := do("call", "show", live[0].ID); !strings.Contains(out, "about      due 100; name Ana\n") || !strings.Contains(out, "script     Ask Ana about 100.\n") {
		t.Error(out)
	}
	must(t, lead.Hangup())
	stands("1 of 2 (50.00 % of 3.00 %)")
	chain := filepath.Join(t.TempDir(), "march.jsonl")
	r.eventually("the evidence has what was played", func() error {
		_ = os.Remove(chain)
		do("campaign", "evidence", "march", "--from", "yesterday", "--output", chain)
		raw, err := os.ReadFile(chain)
		if err == nil && !strings.Contains(string(raw), `"played":"vm-goodbye","played_state":"heard","played_at":"`) {
			err = errors.New(string(raw))
		}
		return err
	})
	if out, err := run(t, "campaign", "evidence", "--verify", chain); err != nil || !strings.Contains(out, "2, 1 of them abandoned") || !strings.Contains(out, "1 abandoned of 2 (50.00 %)") {
		t.Error(out, err)
	}
	calls := r.summaries(orchestrator.KindCampaign)
	if len(calls) != 2 || calls[0].Outcome != orchestrator.OutcomeAbandoned || calls[0].ConnectedAt > 0 || calls[1].Outcome != orchestrator.OutcomeServed || calls[1].ConnectedAt-calls[1].AnsweredAt > 2000 {
		t.Errorf("%+v", calls)
	}
	do("agent", "logout", "101")
	ended(t, line)
	r.settledOf(orchestrator.KindCampaign, 2)
}

// TestCampaignElsewhere: the process that dials makes the calls of a campaign over a PBX that
// another process drives; when it dies, that one goes on. Each lead is called once.
func TestCampaignElsewhere(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	o := dialsOver(carrier, 2)
	o.beside = &centre.Beside{}
	r := restingTwoRig(t, o)
	r.beginBoth()
	one, err := r.API("supervisor")
	must(t, err)
	two, err := r.there.API("supervisor")
	must(t, err)
	r.dialsFromTwo()
	do := r.by(one)
	for _, user := range []string{"101", "102"} {
		r.loginLine(r.desk(user)).PlayTone(900)
	}
	go publicPhones(t, carrier)
	file := filepath.Join(t.TempDir(), "march.csv")
	bring := func(from, to int) {
		var b strings.Builder
		b.WriteString("celular\n")
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, "30010000%02d\n", 10*i)
		}
		must(t, os.WriteFile(file, []byte(b.String()), 0o600))
		do("lead", "import", file, "--list", "march")
	}
	do("list", "create", "march", "--region", "CO")
	bring(0, 4)
	do("campaign", "start", "march")
	r.awaitEnds(orchestrator.KindCampaign, 4)
	v, err := two.GetCampaignWithResponse(limit(t), "march")
	must(t, err)
	if v.JSON200.DialledBy != "two" || v.JSON200.Live.At.IsZero() {
		t.Errorf("%s", v.Body)
	}
	r.killTwo()
	bring(4, 8)
	r.awaitEnds(orchestrator.KindCampaign, 8)
	numbers := map[string]bool{}
	for _, c := range r.summaries(orchestrator.KindCampaign) {
		if numbers[c.Caller.Number] = true; c.Outcome != orchestrator.OutcomeServed || c.PBX != centre.PBX {
			t.Errorf("%+v", c)
		}
	}
	if len(numbers) != 8 {
		t.Errorf("%d numbers were called", len(numbers))
	}
}

// dialsFromTwo has process two dial, whichever does.
func (r *twoRig) dialsFromTwo() {
	r.t.Helper()
	live, _ := r.stores()
	holder := ""
	r.eventually("process two gives signs of life", func() error {
		all, err := live.Processes(limit(r.t))
		i := slices.IndexFunc(all, func(x string) bool { return strings.HasPrefix(x, "two/") })
		if err != nil || i < 0 {
			return fmt.Errorf("%v %w", all, err)
		}
		holder = all[i]
		return nil
	})
	owner := orchestrator.LeaseOwner{Instance: "two", Process: strings.TrimPrefix(holder, "two/")}
	r.eventually("the lease is in the name of process two", func() error {
		_, err := live.Acquire(limit(r.t), "the dialer", owner, 4*time.Second, "")
		if held, ok := errors.AsType[*orchestrator.HeldError](err); ok { // as if that one were dead
			_, err = live.Acquire(limit(r.t), "the dialer", owner, 4*time.Second, held.Holder)
		}
		return err
	})
	two, err := r.there.API("supervisor")
	must(r.t, err)
	r.eventually("process two dials", func() error {
		v, err := two.GetCampaignWithResponse(limit(r.t), "march")
		if err != nil || v.JSON200 == nil || v.JSON200.DialledBy != "two" {
			return fmt.Errorf("%+v %w", v, err)
		}
		return nil
	})
}

// TestContactRules: where the profile of its queue says so, a call that an agent makes counts in
// the caps on contacts and is refused by them, with the rule in the journal; and a campaign does
// not call whom an agent has talked with.
func TestContactRules(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	once := `  - {id: once, kind: cap, counts: conversations, most: 1, per: day, besides: [agents], from: 2020-01-01, law: ours, basis: assumed}
`
	o := dialsOver(carrier, 1)
	o.files["queues.yaml"] = strings.Replace(lineQueues, "{id: sales,", "{id: sales, contact: {profile: own, purpose: service},", 1)
	o.files["profiles/own.yaml"] += once
	r := newRig(t, o)
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	do := r.by(api)
	desk := r.login("101")
	do("agent", "dial", "101", "3001000001", "--queue", "sales")
	phone := r.answers(desk)
	customer, err := carrier.NextCall(limit(t))
	must(t, err)
	must(t, customer.Answer())
	r.talk(customer, phone)
	must(t, customer.Hangup())
	ended(t, phone)
	r.eventually("the call is on record", func() error {
		if out := do("contact", "list", "--kind", "outbound"); !strings.Contains(out, "served") {
			return errors.New(out)
		}
		return nil
	})
	do("agent", "dial", "101", "3001000001", "--queue", "sales")
	phone = r.answers(desk)
	r.told(orchestrator.EntryCallDialled, `"result":"denied"`, "rule once of profile own: ")
	ended(t, phone)
	r.awaitEnds(orchestrator.KindOutbound, 2)
	if c := r.summaries(orchestrator.KindOutbound)[1]; c.Outcome != orchestrator.OutcomeRefused {
		t.Errorf("%+v", c)
	}
	file := filepath.Join(t.TempDir(), "march.csv")
	must(t, os.WriteFile(file, []byte("celular\n3001000001\n3001000002\n"), 0o600))
	do("list", "create", "march", "--region", "CO")
	do("lead", "import", file, "--list", "march")
	if out := do("campaign", "preview", "march"); !strings.Contains(out, "2 leads looked at: 1 may be called now") || !strings.Contains(out, "rule: own/once") {
		t.Error(out)
	}
}

// TestCampaignPreviewed: an agent whose phone rings for each call, and one on a permanent line, is
// given each lead, with what is known of them, and has them called by a key or skips them, by a key
// or by command; until then nobody's phone rings. Who must not be called any more is not.
func TestCampaignPreviewed(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	o := dialsOver(carrier, 1)
	o.files["campaigns/march.yaml"] = strings.NewReplacer("mode: progressive", "mode: preview\npreview: {limit: 1m}", "message: [vm-goodbye]\n", "", "retry: {", "retry: {skipped: finish, ").Replace(marchCampaign)
	r := newRig(t, o)
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	do := r.by(api)
	file, given := filepath.Join(t.TempDir(), "march.csv"), 0
	bring := func(number string) (found orchestrator.Entry) {
		t.Helper()
		must(t, os.WriteFile(file, []byte("celular,nombre,due\n"+number+",Ana,100\n"), 0o600))
		do("lead", "import", file, "--list", "march")
		given++
		left := given
		r.await("a preview", func(e orchestrator.Entry) bool {
			if e.Type == orchestrator.EntryCallPreview && strings.Contains(string(e.Data), `"state":"given"`) {
				found, left = e, left-1
			}
			return left == 0
		})
		return found
	}
	talks := func(number string, agent *lab.Call) {
		t.Helper()
		must(t, agent.SendDTMF("1"))
		lead, err := carrier.NextCall(limit(t))
		must(t, err)
		if !strings.HasSuffix(lead.Number(), number) {
			t.Errorf("%s rings, want %s", lead.Number(), number)
		}
		must(t, lead.Ring())
		must(t, lead.Answer())
		r.talk(lead, agent)
		must(t, lead.Hangup())
	}
	do("list", "create", "march", "--region", "CO")
	do("campaign", "start", "march")

	desk := r.login("101")
	e := bring("3001000001")
	if !strings.Contains(string(e.Data), `"about":{"due":"100","name":"Ana"}`) || !strings.Contains(string(e.Data), `"script":"Ask Ana about 100."`) || e.Agent != "101" {
		t.Errorf("the agent is told %s", e.Data)
	}
	phone := r.answers(desk)
	r.eventually("the agent previews", func() error {
		if out := do("campaign", "show", "march"); !strings.Contains(out, "1 previewed") || !strings.Contains(out, "1 calling") {
			return errors.New(out)
		}
		return nil
	})
	talks("3001000001", phone)
	ended(t, phone)
	e = bring("3001000002")
	phone = r.answers(desk)
	if _, err := r.Run("call", "skip", e.Call, "--disposition", "never", "--token", api.Token, "--url", api.Base); err == nil || !strings.Contains(err.Error(), `"never" is none of queue "sales"`) {
		t.Error(err)
	}
	if out := do("call", "skip", e.Call, "--disposition", "done"); out != e.Call+": skipped\n" {
		t.Error(out)
	}
	ended(t, phone)
	do("agent", "logout", "101")

	line := r.loginLine(desk)
	bring("3001000003")
	must(t, line.SendDTMF("2"))
	r.awaitEnds(orchestrator.KindCampaign, 3)
	bring("3001000004")
	talks("3001000004", line)
	r.awaitEnds(orchestrator.KindCampaign, 4)
	e = bring("3001000005")
	do("dnc", "add", "+573001000005", "--why", "asked")
	do("call", "dial", e.Call)
	r.told(orchestrator.EntryCallDialled, `"result":"denied"`, "do_not_call")
	r.awaitEnds(orchestrator.KindCampaign, 5)
	for i, want := range []orchestrator.Outcome{orchestrator.OutcomeServed, orchestrator.OutcomeSkipped, orchestrator.OutcomeSkipped, orchestrator.OutcomeServed, orchestrator.OutcomeRefused} {
		if c := r.summaries(orchestrator.KindCampaign)[i]; c.Outcome != want || c.Agent != "101" || c.Lead != fmt.Sprint(i+1) || want == orchestrator.OutcomeServed && c.ConnectedAt-c.AnsweredAt > 1000 {
			t.Errorf("want %s: %+v", want, c)
		}
	}
	r.eventually("the records are right", func() error {
		got, err := api.GetCampaignWithResponse(limit(t), "march")
		if err != nil {
			return err
		}
		if v := got.JSON200; v == nil || v.Results["served"] != 2 || v.Results["skipped"] != 2 || v.Live.Answered != 2 || v.Live.Abandoned != 0 {
			return fmt.Errorf("%s", got.Body)
		}
		return nil
	})
	do("agent", "logout", "101")
	ended(t, line)
	r.settledOf(orchestrator.KindCampaign, 5)
}

const remindFlow = `flow: remind
language: en
start: due
prompts:
  due: {sound: tt-monkeys}
  bye: {sound: vm-goodbye}
nodes:
  due: {type: menu, prompt: due, keys: {"1": agent, "9": never}, on: {noinput: bye, nomatch: bye}}
  agent: {type: queue, queue: sales, max_wait: 1m, on: {timeout: bye, full: bye, no_agents: bye, error: bye}}
  never: {type: play, prompt: bye, next: end}
  bye: {type: play, prompt: bye, next: end}
`

// TestCampaignSpeaks: a flow speaks to leads, once an agent is free for who would ask for one. Who
// presses 1 talks with the agent, and was not abandoned, however long the flow spoke; who presses 9
// is on the do-not-call list of all campaigns as they do.
func TestCampaignSpeaks(t *testing.T) {
	t.Parallel()
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	march := strings.NewReplacer("mode: progressive", "mode: agentless", "message: [vm-goodbye]\n", "flow: remind\nnever_again: never\npacing: {rate: 5}\n").Replace(marchCampaign)
	o := dialsOver(carrier, 1)
	o.files["flows/remind.yaml"], o.files["campaigns/march.yaml"] = remindFlow, march
	r := newRig(t, o)
	r.start()
	api, err := r.API("supervisor")
	must(t, err)
	do := r.by(api)
	file := filepath.Join(t.TempDir(), "march.csv")
	bring := func(number string) *lab.Call {
		t.Helper()
		must(t, os.WriteFile(file, []byte("celular\n"+number+"\n"), 0o600))
		do("lead", "import", file, "--list", "march")
		c, err := carrier.NextCall(limit(t))
		must(t, err)
		must(t, c.Ring())
		must(t, c.Answer())
		return c
	}
	do("list", "create", "march", "--region", "CO")
	must(t, os.WriteFile(file, []byte("celular\n3001000009\n"), 0o600))
	do("lead", "import", file, "--list", "march")
	do("campaign", "start", "march")
	r.eventually("nobody is called without an agent", func() error {
		if out := do("campaign", "show", "march"); !strings.Contains(out, "no agent is free for who would ask for one") {
			return errors.New(out)
		}
		return nil
	})
	line := r.loginLine(r.desk("101"))
	line.PlayTone(900)
	lead, err := carrier.NextCall(limit(t))
	must(t, err)
	must(t, lead.Ring())
	must(t, lead.Answer())
	must(t, lead.SendDTMF("9"))
	ended(t, lead)
	if out := do("lead", "explain", "+573001000009"); !strings.Contains(out, "asked for it in call") {
		t.Error(out)
	}
	lead = bring("3001000001")
	<-time.After(3 * time.Second) // the flow speaks for longer than anybody may wait for an agent
	must(t, lead.SendDTMF("1"))
	must(t, lead.WaitTone(limit(t), 900))
	must(t, lead.Hangup())
	lead = bring("3001000002")
	must(t, lead.Hangup())
	r.awaitEnds(orchestrator.KindCampaign, 3)
	r.eventually("the records are right", func() error {
		got, err := api.GetCampaignWithResponse(limit(t), "march")
		if err != nil {
			return err
		}
		if v := got.JSON200; v == nil || v.Results["served"] != 2 || v.Results["left"] != 1 || v.Live.Abandoned != 0 {
			return fmt.Errorf("%s", got.Body)
		}
		return nil
	})
	do("agent", "logout", "101")
	ended(t, line)
	r.settledOf(orchestrator.KindCampaign, 3)
}
