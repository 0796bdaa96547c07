package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/dialer/evidence"
	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/lab"
)

var campaignSeed = flag.Uint64("campaign.seed", 0, "the course to run again, as a failure of TestCampaignKilled names it; 0: a new one")

// calledOnes are the people whom a campaign calls that is struck, as their phones saw it.
type calledOnes struct {
	t  *testing.T
	mu sync.Mutex
	// by the number's end; guarded by mu
	rung     map[int]int
	answered map[int]bool
	agent    map[int]bool // heard one
	left     map[int]bool // nobody ended the call, and no agent came
	up       map[*lab.Call]bool
	struck   map[int]bool // was up when the PBX was killed
}

func (p *calledOnes) note(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// patient is for how long somebody waits for an agent or the end, whatever happens.
const patient = 45 * time.Second

// called is what one of them does: some are busy or let it ring, the others answer and talk.
func (p *calledOnes) called(c *lab.Call, rnd *rand.Rand) {
	n := c.Number()
	k, err := strconv.Atoi(n[max(0, len(n)-4):])
	if err != nil {
		p.t.Errorf("number %q was called", n)
		return
	}
	ring, talk := time.Duration(rnd.IntN(2000))*time.Millisecond, time.Duration(1000+rnd.IntN(3000))*time.Millisecond
	p.note(func() { p.rung[k]++; p.up[c] = true })
	defer p.note(func() { delete(p.up, c) })
	switch {
	case k%10 == 9:
		_ = c.Reject(486)
		return
	case c.Ring() != nil:
		return
	case k%10 == 8:
		_, _ = c.WaitEnd(limit(p.t))
		return
	}
	if !during(c, ring) || c.Answer() != nil {
		return
	}
	p.note(func() { p.answered[k] = true })
	c.PlayTone(500)
	ctx, cancel := context.WithTimeout(p.t.Context(), patient)
	defer cancel()
	if c.WaitTone(ctx, 900) != nil {
		if during(c, 0) { // it is up still
			p.note(func() { p.left[k] = !p.struck[k] })
			_ = c.Hangup()
		}
		return
	}
	p.note(func() { p.agent[k] = true })
	if during(c, talk) {
		_ = c.Hangup()
	}
}

// during lets time go by; false when the call ended before.
func during(c *lab.Call, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.Done():
		return false
	default:
	}
	select {
	case <-timer.C:
		return true
	case <-c.Done():
		return false
	}
}

// gone ends the calls of a PBX that is gone.
func (p *calledOnes) gone() {
	p.mu.Lock()
	var calls []*lab.Call
	for c := range p.up {
		n := c.Number()
		if k, err := strconv.Atoi(n[max(0, len(n)-4):]); err == nil {
			p.struck[k] = true
		}
		calls = append(calls, c)
	}
	p.mu.Unlock()
	for _, c := range calls {
		_ = c.Hangup()
	}
}

const struckLeads = 50

// struckCampaign calls everybody once, whatever comes of it.
var struckCampaign = strings.NewReplacer("mode: progressive", "mode: power", "lines: 10", "lines: 30", "attempts: {lead: 2, number: 2,", "attempts: {lead: 1, number: 1,").Replace(marchCampaign) +
	"pacing: {ratio: 2, ring_timeout: 5s}\n"

// TestCampaignKilled strikes a running campaign on a real PBX, at moments and in an order that a
// seed gives: operadora is killed, Redis is, the connection to the PBX is cut, the PBX is killed. No
// number is dialled twice, as the phones count it, and no lead is lost; whoever answers reaches
// an agent, or is told and released; records and evidence are what the phones saw.
func TestCampaignKilled(t *testing.T) {
	t.Parallel()
	seed := cmp.Or(*campaignSeed, uint64(time.Now().UnixNano()))
	t.Logf("go test ./cmd/operadora -run '^TestCampaignKilled$' -campaign.seed=%d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	carrier := lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"})
	w := newCable(t)
	o := dialsOver(carrier, 4)
	o.via = w.lay
	o.files["campaigns/march.yaml"], o.files["profiles/own.yaml"] = struckCampaign, strings.Replace(ownRules, "least: 15s", "least: 3s", 1)
	o.config += "lines: {again: 1s}\n"
	r := newRig(t, o)
	r.start()
	do := r.as("supervisor")
	var phones []*lab.Phone
	for n := range 4 {
		phone := r.desk(fmt.Sprint(101 + n))
		phone.OnInvite(func(c *lab.Call) {
			if c.Answer() == nil {
				c.PlayTone(900)
			}
		})
		phones = append(phones, phone)
		do("agent", "login", phone.User(), "--line")
		r.lineIs(phone.User(), "idle")
	}
	p := &calledOnes{t: t, rung: map[int]int{}, answered: map[int]bool{}, agent: map[int]bool{}, left: map[int]bool{}, up: map[*lab.Call]bool{}, struck: map[int]bool{}}
	var people sync.WaitGroup
	t.Cleanup(people.Wait)
	people.Go(func() {
		for own := rand.New(rand.NewPCG(seed, 2)); ; {
			c, err := carrier.NextCall(t.Context())
			if err != nil {
				return
			}
			each := rand.New(rand.NewPCG(own.Uint64(), 3))
			people.Go(func() { p.called(c, each) })
		}
	})
	file := filepath.Join(t.TempDir(), "march.csv")
	var b strings.Builder
	b.WriteString("celular\n")
	for i := range struckLeads {
		fmt.Fprintf(&b, "300100%04d\n", i)
	}
	must(t, os.WriteFile(file, []byte(b.String()), 0o600))
	do("list", "create", "march", "--region", "CO")
	do("lead", "import", file, "--list", "march")
	began := time.Now()
	do("campaign", "start", "march")

	wait := func(least, most time.Duration) { // the moments are the test
		<-time.After(least + time.Duration(rnd.Int64N(int64(most-least))))
	}
	mark := 0
	strikes := map[string]func(){
		"operadora is killed": func() { r.kill(); wait(100*time.Millisecond, 2*time.Second); r.start() },
		"Redis is killed": func() {
			must(t, r.Redis.Kill())
			wait(100*time.Millisecond, 3*time.Second)
			must(t, r.Redis.Restart(limit(t)))
		},
		"the connection is cut": func() { w.cut(); wait(100*time.Millisecond, 3*time.Second); w.mend() },
		"the PBX is killed": func() {
			must(t, r.Switch.Kill())
			p.gone()
			must(t, r.Switch.Restart(limit(t)))
			r.waitLog(mark, `msg="pbx connected"`)
			for _, phone := range phones {
				must(t, phone.Register(limit(t)))
			}
		},
	}
	order := []string{"operadora is killed", "Redis is killed", "the connection is cut", "the PBX is killed", "operadora is killed", "the connection is cut"}
	rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, what := range order {
		wait(time.Second, 5*time.Second)
		t.Logf("%.1f s: %s", time.Since(began).Seconds(), what)
		mark = r.Log.Mark()
		strikes[what]()
	}
	r.campaignDone(t, struckLeads)
	do = r.as("supervisor")
	for _, phone := range phones {
		do("agent", "logout", phone.User())
	}
	calls := r.settledOf(orchestrator.KindCampaign, len(r.summaries(orchestrator.KindCampaign)))
	p.check(calls)
	answered, abandoned := int64(0), int64(0)
	for _, c := range calls {
		if c.AnsweredAt > 0 {
			answered++
			if c.ConnectedAt == 0 || c.ConnectedAt-c.AnsweredAt > 2000 {
				abandoned++
			}
		}
	}
	chain := filepath.Join(t.TempDir(), "march.jsonl")
	do("campaign", "evidence", "march", "--from", began.Format(time.RFC3339), "--output", chain)
	raw, err := os.ReadFile(chain)
	must(t, err)
	v, err := evidence.Verify(strings.NewReader(string(raw)))
	must(t, err)
	if len(v.Faults) > 0 || v.Answered != answered || v.Abandoned != abandoned {
		t.Errorf("%q; %d abandoned of %d, and by the records of calls %d of %d", v.Faults, v.Abandoned, v.Answered, abandoned, answered)
	}
	live := r.campaign(t).Live
	if v.Paced == nil || float64(v.Paced.PacedAnswered) != live.Answered || float64(v.Paced.PacedAbandoned) != live.Abandoned {
		t.Errorf("evidence %+v, and live %+v", v.Paced, live)
	}
	t.Logf("%d calls, %d answered, %d abandoned, %d struck", len(calls), answered, abandoned, len(p.struck))
}

func (r *rig) campaign(t *testing.T) wire.CampaignView {
	t.Helper()
	api, err := r.API("supervisor")
	must(t, err)
	got, err := api.GetCampaignWithResponse(limit(t), "march")
	must(t, err)
	return *got.JSON200
}

// campaignDone waits until every lead is done with, and nothing goes on.
func (r *rig) campaignDone(t *testing.T, leads int64) {
	t.Helper()
	api, err := r.API("supervisor")
	must(t, err)
	end := time.Now().Add(3 * time.Minute)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := api.GetCampaignWithResponse(limit(t), "march")
		if err == nil && got.JSON200 != nil {
			v, results := got.JSON200, int64(0)
			for _, n := range v.Results {
				results += n
			}
			if len(v.Leads) == 1 && v.Leads[0].State == "finished" && v.Leads[0].Leads == leads && v.Attempts == leads && results == leads {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatalf("not every lead is done with: %v %s", err, got.Body)
		}
		<-tick.C
	}
}

// check holds the records of calls against what the phones saw.
func (p *calledOnes) check(calls []orchestrator.CallSummary) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := map[int]orchestrator.CallSummary{}
	for _, c := range calls {
		k, err := strconv.Atoi(c.Caller.Number[max(0, len(c.Caller.Number)-4):])
		must(p.t, err)
		if _, there := of[k]; there {
			p.t.Errorf("lead %d has two calls", k)
		}
		of[k] = c
	}
	for k, n := range p.rung {
		if n > 1 {
			p.t.Errorf("lead %d was rung %d times", k, n)
		}
		if _, there := of[k]; !there {
			p.t.Errorf("lead %d was rung, and has no call on record", k)
		}
	}
	for k, c := range of {
		switch {
		case p.rung[k] == 0 && c.Outcome != orchestrator.OutcomeLost && c.Outcome != orchestrator.OutcomeFailed && c.Outcome != orchestrator.OutcomeUnreachable:
			p.t.Errorf("lead %d was never rung, and is on record as %s", k, c.Outcome)
		case c.AnsweredAt > 0 && !p.answered[k], p.answered[k] && c.AnsweredAt == 0 && !p.struck[k]:
			p.t.Errorf("lead %d answered: %v, and on record: %d, %s", k, p.answered[k], c.AnsweredAt, c.Outcome)
		case p.agent[k] && c.ConnectedAt == 0:
			p.t.Errorf("lead %d heard an agent, and is on record as %s", k, c.Outcome)
		case p.left[k]:
			p.t.Errorf("lead %d answered, and neither agent nor end came; on record as %s by way of %v", k, c.Outcome, c.Path)
		}
	}
}
