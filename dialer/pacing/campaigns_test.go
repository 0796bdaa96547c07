package pacing

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func TestCampaignsComeAndGo(t *testing.T) {
	t.Parallel()
	p := pool(t, nil, CampaignConfig{ID: "a", Mode: ModeProgressive})
	p.tell(0, Event{Kind: CampaignOpened})
	p.idle(0, 1, 2, 3)
	if n := p.Decide(day(1)).Count(); n != 3 {
		t.Fatalf("%d calls", n)
	}
	index, err := p.AddCampaign(CampaignConfig{ID: "b", Mode: ModeProgressive})
	if err != nil || index != 1 {
		t.Fatalf("campaign %d, %v", index, err)
	}
	for id := range CallID(3) {
		p.tell(1.1, Event{Kind: CallLaunched, Call: id + 1})
	}
	if d := p.Decide(day(2)); d.Count() != 0 || len(d.Holds) != 2 || d.Holds[1].Limit != LimitUnknown {
		t.Errorf("%+v; nobody said that the new one is open", d)
	}
	if err := p.RemoveCampaign(0); err != nil {
		t.Fatal(err)
	}
	p.tell(3, Event{Kind: CampaignOpened, Campaign: 1})
	p.tell(3, Event{Kind: CallFailed, Call: 1})
	if d := p.Decide(day(3)); d.Count() != 1 || d.Dials[0].Campaign != 1 || len(d.Holds) != 1 {
		t.Errorf("%+v, want one call of the new campaign: two of the old are in the air", d)
	}
	p.tell(4, Event{Kind: CallPerson, Call: 2}) // of the one that is gone: it counts all the same
	p.tell(7, Event{Kind: CallAbandoned, Call: 2})
	if n, lost := p.Ledger().Window("a", day(-3600), day(3600)); n != 1 || lost != 1 {
		t.Errorf("%d answered and %d abandoned of a campaign that was removed", n, lost)
	}
	again, err := p.AddCampaign(CampaignConfig{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	p.Decide(day(8))
	counted(t, p, again, 1, 1)
	for _, bad := range []error{p.RemoveCampaign(0), p.RemoveCampaign(9), p.Reconfigure(0, CampaignConfig{}), p.Reconfigure(1, CampaignConfig{ID: "c"}),
		p.Reconfigure(1, CampaignConfig{Limit: 2})} {
		if bad == nil {
			t.Error("no error")
		}
	}
	if _, err := p.AddCampaign(CampaignConfig{ID: "b"}); err == nil || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("a second campaign of an id: %v", err)
	}
}

func TestReconfigureKeepsWhatWasLearnt(t *testing.T) {
	t.Parallel()
	p := pool(t, nil, CampaignConfig{ID: "a"})
	p.tell(0, Event{Kind: CampaignOpened})
	busyDay(*p, 400)
	before := p.Facts(0)
	if err := p.Reconfigure(0, CampaignConfig{ID: "a", Limit: 0.01, Segments: 3, RingTimeout: 40 * time.Second}); err != nil {
		t.Fatal(err)
	}
	p.tell(4020, Event{Kind: Heartbeat})
	p.Decide(day(4020))
	after := p.Facts(0)
	near(t, "answer rate", after.AnswerRate, before.AnswerRate, 0.05)
	near(t, "answered", after.Answered, before.Answered, 0)
	if after.BudgetLeft >= before.BudgetLeft {
		t.Errorf("%v left at 1 %%, %v at 3 %%", after.BudgetLeft, before.BudgetLeft)
	}
	if err := p.Reconfigure(0, CampaignConfig{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	p.tell(4030, Event{Kind: Heartbeat})
	p.Decide(day(4030))
}

// Calls of a segment that a campaign no longer has go on and are counted; it is
// dialled no more until there is such a segment again.
func TestFewerSegmentsWithCallsInTheAir(t *testing.T) {
	t.Parallel()
	p := pool(t, nil, CampaignConfig{ID: "a", Mode: ModeProgressive, Segments: 3})
	p.tell(0, Event{Kind: CampaignOpened})
	p.tell(0, Event{Kind: CallLaunched, Call: 1, Segment: 2})
	for left := range 2 {
		p.tell(0, Event{Kind: LeadsLeft, Segment: left})
	}
	if err := p.Reconfigure(0, CampaignConfig{ID: "a", Mode: ModeProgressive}); err != nil {
		t.Fatal(err)
	}
	p.idle(1, 1)
	p.Decide(day(1))
	p.tell(2, Event{Kind: CallPerson, Call: 1, Segment: 2})
	p.Decide(day(3))
	p.tell(5, Event{Kind: CallAbandoned, Call: 1, Segment: 2})
	p.idle(6, 2)
	if n := p.Decide(day(6)).Count(); n != 0 {
		t.Errorf("%d calls of a segment that is no more", n)
	}
	counted(t, p, 0, 1, 1)
	if err := p.Reconfigure(0, CampaignConfig{ID: "a", Mode: ModeProgressive, Segments: 3}); err != nil {
		t.Fatal(err)
	}
	if d := p.Decide(day(7)); len(d.Dials) != 2 || d.Dials[0].Segment != 1 || d.Dials[1].Segment != 2 {
		t.Errorf("orders %+v, want one of each segment that came back", d.Dials)
	}
}

// Agents who speak one language, agents who speak the other, and some who speak
// both: each campaign gets what is free for it, and both together no more than
// there are.
func TestSkillsThatOverlap(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name               string
		first, second      int // agents of one skill
		both               int
		openFirst, openTwo bool
		want               map[int]int // calls by campaign, -1 for all together
	}{
		{"only the first is open", 2, 3, 1, true, false, map[int]int{0: 3}},
		{"only the second is open", 2, 3, 1, false, true, map[int]int{1: 4}},
		{"both are open", 2, 3, 1, true, true, map[int]int{-1: 6}},
		{"nobody has both", 2, 3, 0, true, true, map[int]int{0: 2, 1: 3}},
		{"nobody has the first", 0, 3, 0, true, true, map[int]int{0: 0, 1: 3}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			p := pool(t, nil, CampaignConfig{ID: "es", Mode: ModeProgressive}, CampaignConfig{ID: "en", Mode: ModeProgressive})
			for i, open := range []bool{r.openFirst, r.openTwo} {
				if open {
					p.tell(0, Event{Kind: CampaignOpened, Campaign: i})
				} else {
					p.tell(0, Event{Kind: CampaignClosed, Campaign: i})
				}
			}
			id := AgentID(0)
			for skill, n := range [][]int{{0}, {1}, {0, 1}} {
				for range []int{r.first, r.second, r.both}[skill] {
					id++
					if err := p.SetSkills(id, n...); err != nil {
						t.Fatal(err)
					}
					p.idle(0, id)
				}
			}
			got := map[int]int{}
			for range 4 {
				for _, d := range p.Decide(day(1)).Dials {
					got[d.Campaign] += d.Count
					got[-1] += d.Count
				}
			}
			for c, n := range r.want {
				if got[c] != n {
					t.Errorf("campaign %d: %d calls, want %d (all: %v)", c, got[c], n, got)
				}
			}
		})
	}
	p := pool(t, nil, CampaignConfig{})
	if err := p.SetSkills(1, 4); err == nil {
		t.Error("skills of a campaign that is not there")
	}
}

// An idle agent of another skill makes no call less risky.
func TestRiskLooksAtTheAgentsOfTheCampaign(t *testing.T) {
	t.Parallel()
	p := pool(t, nil, CampaignConfig{ID: "a"}, CampaignConfig{ID: "b"})
	for id := range AgentID(20) {
		skill := 1
		if id < 2 {
			skill = 0
		}
		if err := p.SetSkills(id+1, skill); err != nil {
			t.Fatal(err)
		}
		p.idle(0, id+1)
	}
	p.tell(0, Event{Kind: CampaignOpened})
	for id := range CallID(6) {
		p.tell(1, Event{Kind: CallLaunched, Call: id + 1})
	}
	p.Decide(day(2))
	if a, b := p.risk(&p.campaigns[0], 0), p.risk(&p.campaigns[1], 1); a < 0.1 || b > 1e-6 {
		t.Errorf("risk %v with six calls for two agents, %v with none for eighteen", a, b)
	}
}

// Who opens late has no claim on the hours before.
func TestLateCampaignDoesNotStarveTheFirst(t *testing.T) {
	t.Parallel()
	p := pool(t, nil, CampaignConfig{ID: "a", Mode: ModeProgressive}, CampaignConfig{ID: "b", Mode: ModeProgressive})
	p.tell(0, Event{Kind: CampaignOpened})
	p.answer(3000, 0, 300, 0)
	p.tell(3001, Event{Kind: CampaignOpened, Campaign: 1})
	connects := [2]int{}
	for i := range 100 {
		at := 3002 + float64(i)*2
		p.idle(at, AgentID(1))
		for _, d := range p.Decide(day(at)).Dials {
			connects[d.Campaign] += d.Count
			id := CallID(i + 1)
			p.tell(at, Event{Kind: CallLaunched, Campaign: d.Campaign, Call: id})
			p.tell(at+0.5, Event{Kind: CallPerson, Campaign: d.Campaign, Call: id})
			p.tell(at+0.5, Event{Kind: CallConnected, Campaign: d.Campaign, Call: id, Agent: 1})
			p.tell(at+1, Event{Kind: CallEnded, Campaign: d.Campaign, Call: id})
		}
	}
	if connects[0] < 40 || connects[1] < 40 {
		t.Errorf("connects %v of two campaigns with equal shares", connects)
	}
}

// What was connected more than an hour ago is nobody's claim.
func TestShareIsOfTheLastHour(t *testing.T) {
	t.Parallel()
	var h hour
	for i := range 3600 {
		h.connected(float64(i))
	}
	near(t, "after an hour", h.Sum, 3600, 0)
	h.forward(3600 + 1800)
	near(t, "half an hour later", h.Sum, 1800, 60)
	h.forward(3 * 3600)
	near(t, "hours later", h.Sum, 0, 0)
	for i := range 100 {
		h.connected(3*3600 + float64(i))
	}
	sum := 0.0
	for _, m := range h.Minute {
		sum += m
	}
	near(t, "sum", sum, h.Sum, 0)
}

// Whoever decides goes by the last hour, and whoever only looks changes nothing.
func TestDecidingMovesTheHourOn(t *testing.T) {
	t.Parallel()
	p := pool(t, nil, CampaignConfig{ID: "a"}, CampaignConfig{ID: "b"})
	p.tell(0, Event{Kind: CampaignOpened})
	p.campaigns[0].hour.connected(0)
	p.Decide(day(2 * 3600)) // holds: nothing was told for long
	p.tell(2*3600, Event{Kind: CallLaunched, Call: 1})
	before := p.campaigns[0].hour
	p.Facts(0)
	if p.campaigns[0].hour != before {
		t.Error("looking at the facts has moved the hour on")
	}
	p.Decide(day(2 * 3600))
	near(t, "calls of the last hour", p.campaigns[0].hour.Sum, 0, 0)
}

// A desk phone that takes longer than a person may wait is no agent to dial for.
func TestAgentsOwnPickUp(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		takes float64
		want  int
	}{{0.2, 2}, {5, 1}} {
		t.Run(fmt.Sprint(r.takes), func(t *testing.T) {
			t.Parallel()
			p := opened(t, CampaignConfig{Mode: ModeProgressive})
			p.idle(0, 1, 2)
			at := 1.0
			for range 8 {
				p.tell(at, Event{Kind: AgentReserved, Agent: 1})
				p.tell(at+r.takes, Event{Kind: AgentTalking, Agent: 1})
				p.tell(at+30, Event{Kind: AgentIdle, Agent: 1})
				at += 31
			}
			p.Decide(day(at)) // renews the tables
			p.Decide(day(at + 0.5))
			if n := p.campaigns[0].orders.pending(); n != r.want {
				t.Errorf("%d calls for two agents of whom one takes %v s", n, r.takes)
			}
		})
	}
}

// Inbound calls that wait too long keep agents free; when they are served, fewer.
func TestInboundServiceLevelKeepsAgentsFree(t *testing.T) {
	t.Parallel()
	pacer, err := New(Config{Campaigns: []CampaignConfig{{Mode: ModeProgressive}}, InboundShare: 0.8})
	if err != nil {
		t.Fatal(err)
	}
	p := testPacer{Pacer: pacer, t: t}
	p.tell(0, Event{Kind: CampaignOpened})
	for a := range AgentID(20) {
		p.idle(0, a+1)
	}
	inbound := func(n int, waited float64) {
		for range n {
			p.tell(1, Event{Kind: AgentTalkingInbound, Agent: 1, Value: waited})
			p.tell(1, Event{Kind: AgentIdle, Agent: 1})
		}
	}
	free := func() int { p.Decide(day(1)); return p.seen.free }
	if n := free(); n != 20 {
		t.Errorf("%d free of 20", n)
	}
	inbound(8, 45)
	if n := free(); n > 15 {
		t.Errorf("%d free for campaigns after eight inbound calls that waited 45 s", n)
	}
	inbound(8, 45)
	inbound(8, 45)
	if n := free(); n < 10 {
		t.Errorf("%d free: more than half of the agents are kept", n)
	}
	inbound(100, 3)
	if n := free(); n != 20 {
		t.Errorf("%d free after a hundred that waited 3 s", n)
	}
}

// Segments are dialled by their weights while they have leads, and one that has
// none, or is refused, holds up no other.
func TestSegmentsByWeight(t *testing.T) {
	t.Parallel()
	p := opened(t, CampaignConfig{Mode: ModeProgressive, Segments: 3, Weights: []float64{1, 2, 3}})
	got := [3]int{}
	id := CallID(0)
	round := func(n int) {
		for range n {
			at := float64(id) + 1
			p.idle(at, 1)
			for _, d := range p.Decide(day(at)).Dials {
				for range d.Count {
					id++
					got[d.Segment]++
					p.tell(at+0.1, Event{Kind: CallLaunched, Segment: d.Segment, Call: id})
					p.tell(at+0.2, Event{Kind: CallFailed, Segment: d.Segment, Call: id})
				}
			}
		}
	}
	round(600)
	for s, n := range got {
		if math.Abs(float64(n)-100*float64(s+1)) > 4 {
			t.Errorf("segments %v, want 100, 200, 300", got)
		}
	}
	p.tell(float64(id), Event{Kind: LeadsLeft, Segment: 2})
	got = [3]int{}
	round(90)
	if got[2] != 0 || got[0] < 28 || got[1] < 58 {
		t.Errorf("segments %v, want 30, 60, 0", got)
	}
	p.tell(float64(id), Event{Kind: LeadsLeft, Segment: 2, Value: 1000})
	got = [3]int{}
	round(60)
	if got[2] < 28 || got[2] > 32 {
		t.Errorf("segments %v; a segment whose leads come back has no claim on what it missed", got)
	}
}

// BenchmarkSegments is a decision with ten thousand segments that all have leads.
func BenchmarkSegments(b *testing.B) {
	p, err := New(Config{Campaigns: []CampaignConfig{{Segments: 10000}}})
	if err != nil {
		b.Fatal(err)
	}
	tell := func(at float64, e Event) { e.At = day(at); p.Observe(e) }
	tell(0, Event{Kind: CampaignOpened})
	for a := range AgentID(100) {
		tell(0, Event{Kind: AgentIdle, Agent: a + 1})
	}
	id := CallID(0)
	at := 0.0
	step := func() {
		at += 0.25
		d := p.Decide(day(at))
		tell(at, Event{Kind: Heartbeat})
		for _, x := range d.Dials {
			for range x.Count {
				id++
				tell(at, Event{Kind: CallLaunched, Segment: x.Segment, Call: id})
				if id > 200 {
					tell(at, Event{Kind: CallFailed, Segment: int((id - 201) % 10000), Call: id - 200})
				}
			}
		}
	}
	for range 2000 {
		step()
	}
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(id), "calls")
}
