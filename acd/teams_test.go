package acd

import (
	"slices"
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
)

// TestOversees: whoever is not named is denied.
func TestOversees(t *testing.T) {
	t.Parallel()
	agent := func(id, pbx, team string) Agent {
		a := NewAgent()
		a.ID, a.PBX, a.Endpoint, a.PIN, a.Team, a.AutoAnswer = id, pbx, "PJSIP/"+id, "4711", team, id == "eva"
		return a
	}
	listen := []orchestrator.MonitorMode{orchestrator.MonitorListen}
	d := Definitions{
		Agents: []Agent{agent("ana", "main", "one"), agent("bob", "main", "two"), agent("eva", "main", "two"), agent("far", "other", ""), agent("new", "main", "")},
		Teams: []Team{
			{ID: "one", Supervisors: []string{"eva", "far", "ana"}, May: orchestrator.MonitorModes, Visible: true},
			{ID: "two", Supervisors: []string{"ana"}, May: listen},
		},
	}
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	s := &Service{}
	s.directory.Store(newDirectory(d, nil, 0))
	for _, r := range []struct {
		supervisor, agent string
		kind              fault.Kind // of the refusal
		says              string     // in it
		may               []orchestrator.MonitorMode
	}{
		{"eva", "ana", 0, "", orchestrator.MonitorModes},
		{"ana", "bob", 0, "", listen},
		{"eva", "bob", fault.Denied, `no supervisor of team "two"`, nil}, // of the team herself, and not its supervisor
		{"bob", "ana", fault.Denied, `no supervisor of team "one"`, nil}, //
		{"ana", "ana", fault.Denied, "who talks in this call", nil},      // herself
		{"eva", "new", fault.Denied, `"new" is in no team`, nil},         // in no team
		{"eva", "", fault.Denied, "in no team", nil},                     //
		{"eva", "nobody", fault.Denied, "in no team", nil},               //
		{"nobody", "ana", fault.NotFound, `no agent "nobody"`, nil},      //
		{"far", "ana", fault.Conflict, `at pbx "other"`, nil},            // at another PBX
	} {
		o, err := s.Oversees("main", r.supervisor, r.agent)
		if (err == nil) != (r.may != nil) || err != nil && (fault.KindOf(err) != r.kind || !strings.Contains(err.Error(), r.says)) || !slices.Equal(o.May, r.may) {
			t.Errorf("%s of %s: %+v, %v", r.supervisor, r.agent, o, err)
		}
		if r.supervisor == "eva" && err == nil && (o.Endpoint != "PJSIP/eva" || !o.AutoAnswer || !o.Visible || o.Team != "one") {
			t.Errorf("%+v", o)
		}
	}
}

// TestTeamsFit changes one thing at a time; the error must name field and value.
func TestTeamsFit(t *testing.T) {
	t.Parallel()
	team := func(supervisor string, may ...orchestrator.MonitorMode) func(*Definitions) {
		return func(d *Definitions) { d.Teams = []Team{{ID: "a", Supervisors: []string{supervisor}, May: may}} }
	}
	for name, r := range map[string]struct {
		change func(*Definitions)
		want   string
	}{
		"of an agent":   {func(d *Definitions) { d.Agents[0].Team = "nadie" }, `agents[0].team: there is no team "nadie" (of "ana")`},
		"twice":         {func(d *Definitions) { d.Teams = []Team{{ID: "a"}, {ID: "a"}} }, `teams[1].id: "a" is used twice`},
		"unknown":       {team("eva", "listen"), `teams[0].supervisors[0]: there is no agent "eva" (of "a")`},
		"without a pin": {team("bob", "listen"), `agent "bob" has no pin, which a supervisor's phone is asked for`},
		"of nothing":    {team("ana"), `teams[0].may: is empty`},
		"mode":          {team("ana", "shout"), `teams[0].may[0]: "shout" is none of listen, whisper, barge, takeover`},
	} {
		d := parse(t, sample)
		r.change(&d)
		if err := d.Validate(); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), r.want) {
			t.Errorf("%s: %v, want %s", name, err, r.want)
		}
	}
}
