package acd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator/fault"
)

func TestRequirements(t *testing.T) {
	t.Parallel()
	skills := []string{"en", "es", "billing"}
	levels := map[string]int{"en": 3, "billing": 5}
	about := map[string]string{"topic": "billing", "language": "es", "value": "1200"}
	for text, want := range map[string]bool{
		"": true, " ": true, "en >= 3": true, "en > 3": false, "es >= 1 or billing == 5": true, "en >= 1 and not (es >= 1)": true,
		"skill(call.topic) >= 4": true, "skill(call.language) >= 1": false, "skill(call.none) == 0": true, `skill("en") == 3`: true,
		"number(call.value) >= 1000": true, "number(call.topic) > 0": false, `call.topic in ["billing", "x"]`: true,
		`call["topic"] == "billing" and en in 2..4`: true, "en + billing >= 8": true,
	} {
		r, err := newRequirement(text, skills)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if met, _ := r.met(newEnv(skills, levels), levels, about); met != want {
			t.Errorf("%q is met: %v", text, met)
		}
	}
	for text, want := range map[string]string{
		"fr >= 1":       "unknown name fr, at character 1",
		"en":            "expected bool, but got int",
		"en >= ":        "unexpected token EOF, at character 6",
		"en and es":     "invalid operation: and (mismatched types int and int), at character 4",
		"skill(en) > 1": "cannot use int as argument (type string)",
	} {
		if _, err := newRequirement(text, skills); fault.KindOf(err) != fault.Invalid || !contains(err, want) {
			t.Errorf("%q: %v does not say %q", text, err, want)
		}
	}
}

func contains(err error, text string) bool {
	return err != nil && strings.Contains(err.Error(), text)
}

// TestWaysAreInterned: calls that ask for the same are in one lane, whatever else
// is known of them; agents who can do the same are one profile.
func TestWaysAreInterned(t *testing.T) {
	t.Parallel()
	d := Definitions{Skills: []Skill{{Name: "en"}, {Name: "es"}}}
	q := NewQueue()
	q.ID, q.Requires, q.Relax = "q", "skill(call.language) >= 2", []Relax{{After: time.Minute, Requires: "en >= 1 or es >= 1"}, {After: time.Hour}}
	d.Queues = []Queue{q}
	for i := range 100 {
		a := NewAgent()
		a.ID, a.PBX, a.Endpoint = string(rune('a'+i/26))+string(rune('a'+i%26)), "main", "PJSIP/"+string(rune('a'+i/26))+string(rune('a'+i%26))
		a.Queues, a.Skills = []Membership{{Queue: "q"}}, map[string]int{"en": 1 + i%3, "es": 1 + i%2}
		d.Agents = append(d.Agents, a)
	}
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	dir := newDirectory(d, nil, time.Second)
	if len(dir.profiles) != 6 {
		t.Errorf("%d profiles", len(dir.profiles))
	}
	lane := func(language, topic string) string {
		rings, _ := dir.way(CallRecord{Queue: "q", PBX: "main", Language: language, About: map[string]string{"topic": topic}})
		if len(rings) != 2 || rings[1].After != 60_000 { // an hour later everybody serves already
			t.Errorf("rings %+v", rings)
		}
		return rings[0].Lane
	}
	if en := lane("en", "a"); en != lane("en-GB", "b") || en == lane("es", "a") {
		t.Error("lanes are not told apart by what is asked, or by more")
	}
	if n := len(dir.ways.known); n != 2 {
		t.Errorf("%d kinds of calls are known", n)
	}
}

// TestWaysForget: variables of flows may ask for anything, and the memory of it is bounded.
func TestWaysForget(t *testing.T) {
	t.Parallel()
	q := NewQueue()
	q.ID, q.Requires = "q", `call.topic != "none"`
	dir := newDirectory(Definitions{Queues: []Queue{q}}, nil, time.Second)
	for i := range mostWays + 10 {
		dir.way(CallRecord{Queue: "q", PBX: "main", About: map[string]string{"topic": time.Duration(i).String()}})
	}
	if n := len(dir.ways.known); n > mostWays {
		t.Errorf("%d kinds of calls are known", n)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	const m = int64(time.Minute / time.Millisecond)
	at := int64(1_772_442_000_000)
	long, short, old := Load(0, at-20*m, at), Load(0, at-5*m, at), Load(0, at-100*m, at-80*m)
	if !(long > short && short > old && old > 0) {
		t.Errorf("20 minutes %v, 5 minutes %v, 20 minutes long ago %v", long, short, old)
	}
	if parts := Load(Load(0, at-20*m, at-10*m), at-10*m, at); parts < long-1e-6 || parts > long+1e-6 {
		t.Errorf("in two parts %v, at once %v", parts, long)
	}
	if Load(long, at, at) != long || Load(0, at, at) != 0 {
		t.Error("no time is some load")
	}
}

func TestTooManyKindsOfAgents(t *testing.T) {
	t.Parallel()
	d := Definitions{Skills: []Skill{{Name: "en"}}, Queues: []Queue{NewQueue()}}
	d.Queues[0].ID = "q"
	for i := range mostHeads + 1 {
		a := NewAgent()
		a.ID, a.PBX, a.Endpoint = fmt.Sprint("a", i), "main", fmt.Sprint("PJSIP/", i)
		a.Queues, a.Skills = []Membership{{Queue: "q", Rank: i % 100, Delay: time.Duration(i) * time.Second}}, map[string]int{"en": 1 + i%5}
		d.Agents = append(d.Agents, a)
	}
	if err := d.Validate(); !contains(err, "1001 kinds of agents") || !contains(err, "without skills there are 1001, without ranks and delays 5") {
		t.Error(err)
	}
	d.Agents[mostHeads].Queues, d.Agents[mostHeads].Skills = d.Agents[0].Queues, d.Agents[0].Skills
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
}

// TestExplainsWhatDefinitionsSay: each thing that keeps an agent from a call is said,
// in both languages, and nothing is said where the store would match them.
func TestExplainsWhatDefinitionsSay(t *testing.T) {
	t.Parallel()
	q := NewQueue()
	q.ID, q.Requires, q.Relax = "q", "en >= 3", []Relax{{After: time.Minute, Requires: "en >= 1"}}
	d := Definitions{Skills: []Skill{{Name: "en"}, {Name: "es"}}, Queues: []Queue{q}}
	for id, m := range map[string]Membership{"good": {Queue: "q"}, "some": {Queue: "q"}, "none": {Queue: "q"}, "spare": {Queue: "q", Reserve: true}, "late": {Queue: "q", Delay: time.Hour}} {
		a := NewAgent()
		a.ID, a.PBX, a.Endpoint, a.Queues = id, "main", "PJSIP/"+id, []Membership{m}
		a.Skills = map[string]map[string]int{"some": {"en": 1}, "none": {"es": 5}}[id]
		if a.Skills == nil {
			a.Skills = map[string]int{"en": 5}
		}
		d.Agents = append(d.Agents, a)
	}
	dir := newDirectory(d, nil, time.Second)
	x := &explaining{dir: dir, now: 40_000, rec: Records{Agents: map[string]AgentRecord{}, Calls: map[string]CallRecord{}}}
	for _, a := range d.Agents {
		x.rec.Agents[a.ID] = AgentRecord{State: StateAvailable, Device: "free", PBX: "main"}
	}
	call := func(more func(*CallRecord)) {
		c := CallRecord{Queue: "q", PBX: "main", Since: 10_000, At: 1}
		more(&c)
		c.Rings, _ = dir.way(c)
		x.rec.Calls["c"] = c
	}
	for agent, want := range map[string]string{
		"good":  WhyMatch + ": call c is next for agent good",
		"some":  WhyNotYet + ": agent some may serve the call in 30s, when it has waited 1m0s",
		"none":  WhySkills + ": agent none (es 5) does not meet what is required: en >= 1",
		"spare": WhyReserve + ": agent spare is kept in queue q for callers of a tier",
		"late":  WhyNotYet + ": agent late may serve the call in 59m30s, when it has waited 1h0m0s",
	} {
		call(func(*CallRecord) {})
		got := x.explain(agent, "c")
		if len(got) != 1 || got[0].Code+": "+got[0].Text["en"] != want || got[0].Text["es"] == "" {
			t.Errorf("%s: %+v, want %s", agent, got, want)
		}
		call(func(c *CallRecord) { c.Prefer, c.PatienceMS = "late", 50_000 })
		got = x.explain(agent, "c")
		if agent == "late" && got[0].Code != WhyMatch || agent != "late" && (got[0].Code != WhyPrefers || !strings.Contains(got[0].Text["en"], "for another 20s")) {
			t.Errorf("%s, the call prefers late: %+v", agent, got)
		}
	}
	call(func(c *CallRecord) { c.Tier = 1; c.Needs = "es >= 1" })
	if got := x.explain("spare", "c"); got[0].Code != WhySkills || !strings.Contains(got[0].Text["es"], "en >= 1; es >= 1") {
		t.Errorf("%+v", got)
	}
}

// TestExpectedWaitsThatSayNothingAreRefused: a limit that is not below the time after which
// less is asked for anyway.
func TestExpectedWaitsThatSayNothingAreRefused(t *testing.T) {
	t.Parallel()
	for expected, wrong := range map[time.Duration]bool{0: false, 4 * time.Minute: false, 5 * time.Minute: true, time.Hour: true} {
		q := NewQueue()
		q.ID, q.Relax = "q", []Relax{{After: 5 * time.Minute, Expected: expected}}
		err := Definitions{Queues: []Queue{q}}.Validate()
		if (err != nil) != wrong || wrong && !contains(err, "relax[0].expected") {
			t.Errorf("%s: %v", expected, err)
		}
	}
}
