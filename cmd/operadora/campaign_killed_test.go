package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/operadora/operadora/api/wire"
	"github.com/operadora/operadora/cmd/operadora-lab/centre"
	"github.com/operadora/operadora/dialer/campaign"
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
	going    sync.WaitGroup
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
	for _, c := range calls { // each waits for a word of the PBX
		p.going.Go(func() { _ = c.Hangup() })
	}
}

const struckLeads = 50

// struckCampaign calls everybody once, whatever comes of it.
var struckCampaign = strings.NewReplacer("mode: progressive", "mode: power", "lines: 10", "lines: 30", "attempts: {lead: 2, number: 2,", "attempts: {lead: 1, number: 1,").Replace(marchCampaign) +
	"pacing: {ratio: 2, ring_timeout: 5s}\n"

// struckRig is what a campaign needs that is struck: a centre, people who are called, and the
// random moments of a seed.
type struckRig struct {
	*rig
	two     *twoRig // nil where one process drives one PBX
	t       *testing.T
	rnd     *rand.Rand
	carrier *lab.Phone
	cable   *cable
	people  *calledOnes
	phones  []*lab.Phone
	mark    int // of the log, before the last strike
	began   time.Time
}

// strikes makes what differs between centres that are struck: all but the rig.
func strikes(t *testing.T) (s *struckRig, o rigOptions) {
	t.Helper()
	seed := cmp.Or(*campaignSeed, uint64(time.Now().UnixNano()))
	t.Logf("go test ./cmd/operadora -run '^%s$' -campaign.seed=%d", t.Name(), seed)
	s = &struckRig{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), carrier: lab.PhoneFor(t, lab.PhoneOptions{User: "carrier"}), cable: newCable(t),
		people: &calledOnes{t: t, rung: map[int]int{}, answered: map[int]bool{}, agent: map[int]bool{}, left: map[int]bool{}, up: map[*lab.Call]bool{}, struck: map[int]bool{}}}
	o = dialsOver(s.carrier, 4)
	o.via = s.cable.lay
	o.files["campaigns/march.yaml"], o.files["profiles/own.yaml"] = struckCampaign, strings.Replace(ownRules, "least: 15s", "least: 3s", 1)
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	t.Cleanup(s.people.going.Wait)
	all.Go(func() {
		for own := rand.New(rand.NewPCG(seed, 2)); ; {
			c, err := s.carrier.NextCall(t.Context())
			if err != nil {
				return
			}
			each := rand.New(rand.NewPCG(own.Uint64(), 3))
			all.Go(func() { s.people.called(c, each) })
		}
	})
	return s, o
}

// sits has an agent be on a permanent line of a process, whatever becomes of it.
func (s *struckRig) sits(at *rig, user string) {
	s.t.Helper()
	phone := at.desk(user)
	phone.OnInvite(func(c *lab.Call) {
		if c.Answer() == nil {
			c.PlayTone(900)
		}
	})
	s.phones = append(s.phones, phone)
	at.as("supervisor")("agent", "login", user, "--line")
	at.lineIs(user, "idle")
}

// run starts the campaign over so many leads, and strikes in an order that the seed gives. The
// moments are the test.
func (s *struckRig) run(leads int, how map[string]func(), order ...string) {
	s.t.Helper()
	do := s.as("supervisor")
	file := filepath.Join(s.t.TempDir(), "march.csv")
	var b strings.Builder
	b.WriteString("celular\n")
	for i := range leads {
		fmt.Fprintf(&b, "300100%04d\n", i)
	}
	must(s.t, os.WriteFile(file, []byte(b.String()), 0o600))
	do("list", "create", "march", "--region", "CO")
	do("lead", "import", file, "--list", "march")
	s.began = time.Now()
	do("campaign", "start", "march")
	s.rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, what := range order {
		s.pause(time.Second, 5*time.Second)
		s.t.Logf("%.1f s: %s", time.Since(s.began).Seconds(), what)
		s.mark = s.Log.Mark()
		how[what]()
	}
}

func (s *struckRig) pause(least, most time.Duration) {
	<-time.After(least + time.Duration(s.rnd.Int64N(int64(most-least))))
}

// cuts are what may happen to the connection with the PBX: the whole of it cut, or the event
// socket alone.
func (s *struckRig) cuts(all map[string]func()) map[string]func() {
	all["the connection is cut"] = func() { s.cable.cut(); s.pause(100*time.Millisecond, 3*time.Second); s.cable.mend() }
	all["the event socket is cut"] = func() { s.cable.deafen(); s.pause(100*time.Millisecond, 4*time.Second); s.cable.mend() }
	return all
}

// reckon holds what is on record, in evidence and in the figures of the campaign against what
// the phones saw, once all is over.
func (s *struckRig) reckon(leads int64) {
	s.t.Helper()
	s.campaignDone(s.t, leads)
	do := s.as("supervisor")
	for _, phone := range s.phones {
		do("agent", "logout", phone.User())
	}
	calls := s.settledOf(orchestrator.KindCampaign, len(s.summaries(orchestrator.KindCampaign)))
	s.people.check(calls)
	answered, abandoned, results := int64(0), int64(0), map[string]int64{}
	for _, c := range calls {
		results[string(campaign.New().EndedAs(c, 2*time.Second, false).Result)]++
		if c.AnsweredAt > 0 {
			answered++
			if c.ConnectedAt == 0 || c.ConnectedAt-c.AnsweredAt > 2000 {
				abandoned++
			}
		}
	}
	chain := filepath.Join(s.t.TempDir(), "march.jsonl")
	do("campaign", "evidence", "march", "--from", s.began.Format(time.RFC3339), "--output", chain)
	raw, err := os.ReadFile(chain)
	must(s.t, err)
	v, err := evidence.Verify(strings.NewReader(string(raw)))
	must(s.t, err)
	if len(v.Faults) > 0 || v.Answered != answered || v.Abandoned != abandoned {
		s.t.Errorf("%q; %d abandoned of %d, and by the records of calls %d of %d", v.Faults, v.Abandoned, v.Answered, abandoned, answered)
	}
	shown := s.campaign(s.t)
	if shown.DialledBy == "two" {
		shown = s.two.there.campaign(s.t)
	}
	if v.Paced == nil || float64(v.Paced.PacedAnswered) != shown.Live.Answered || float64(v.Paced.PacedAbandoned) != shown.Live.Abandoned {
		s.t.Errorf("evidence %+v, and live %+v", v.Paced, shown.Live)
	}
	if !maps.Equal(shown.Results, results) {
		s.t.Errorf("results %v are shown, and %v are on record", shown.Results, results)
	}
	s.t.Logf("%d calls, %d answered, %d abandoned, %d struck; %v", len(calls), answered, abandoned, len(s.people.struck), results)
}

// TestCampaignKilled strikes a running campaign on a real PBX, at moments and in an order that a
// seed gives: operadora is killed, Redis is, the connection to the PBX is cut, or the event socket
// alone, the PBX is killed. No number is dialled twice, as the phones count it, and no lead is lost;
// whoever answers reaches an agent, or is told and released; records, evidence and figures are what
// the phones saw.
func TestCampaignKilled(t *testing.T) {
	t.Parallel()
	s, o := strikes(t)
	o.config += "lines: {again: 1s}\n"
	s.rig = newRig(t, o)
	s.start()
	for n := range 4 {
		s.sits(s.rig, fmt.Sprint(101+n))
	}
	s.run(struckLeads, s.cuts(map[string]func(){
		"operadora is killed": func() { s.kill(); s.pause(100*time.Millisecond, 2*time.Second); s.start() },
		"Redis is killed": func() {
			must(t, s.Redis.Kill())
			s.pause(100*time.Millisecond, 3*time.Second)
			must(t, s.Redis.Restart(limit(t)))
		},
		"the PBX is killed": func() {
			must(t, s.Switch.Kill())
			s.people.gone()
			must(t, s.Switch.Restart(limit(t)))
			s.waitLog(s.mark, `msg="pbx connected"`)
			for _, phone := range s.phones {
				must(t, phone.Register(limit(t)))
			}
		},
	}), "operadora is killed", "Redis is killed", "the connection is cut", "the event socket is cut", "the PBX is killed", "operadora is killed", "the event socket is cut")
	s.reckon(struckLeads)
}

// TestCampaignOfTwoKilled: of two processes, each with a PBX, over both of which one campaign
// calls, either is killed at any moment, and one's connection is cut. The other goes on, or the
// next does; and all is as it is with one.
func TestCampaignOfTwoKilled(t *testing.T) {
	t.Parallel()
	s, o := strikes(t)
	const leads = 30
	outbound := o.config
	o.beside = &centre.Beside{Endpoints: lab.Desk(201, 202), Config: outbound}
	o.files["campaigns/march.yaml"] = strings.Replace(struckCampaign, "trunks: [{pbx: main, lines: 30,", "trunks: [{pbx: other, lines: 30, calls_per_second: 10}, {pbx: main, lines: 30,", 1)
	o.files["agents.yaml"] = `agents:
  - {id: "101", pbx: main, endpoint: PJSIP/101, queues: [sales]}
  - {id: "102", pbx: main, endpoint: PJSIP/102, queues: [sales]}
  - {id: "201", pbx: other, endpoint: PJSIP/201, queues: [sales]}
  - {id: "202", pbx: other, endpoint: PJSIP/202, queues: [sales]}
`
	two := restingTwoRig(t, o)
	must(t, two.Other.AddTrunk(lab.Trunk{Name: "trunk", Addr: s.carrier.Addr()}))
	two.beginBoth()
	two.drives(two.there.Log, 0, centre.OtherPBX)
	s.rig, s.two = two.rig, two
	for _, user := range []string{"101", "102"} {
		s.sits(s.rig, user)
	}
	for _, user := range []string{"201", "202"} {
		s.sits(two.there, user)
	}
	s.run(leads, s.cuts(map[string]func(){
		"process one is killed": func() { two.kill(); s.pause(100*time.Millisecond, 3*time.Second); two.begin() },
		"process two is killed": func() { two.killTwo(); s.pause(100*time.Millisecond, 3*time.Second); two.beginTwo() },
	}), "process one is killed", "process two is killed", "the event socket is cut", "process one is killed", "process two is killed")
	s.reckon(leads)
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
