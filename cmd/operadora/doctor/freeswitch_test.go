package doctor

import (
	"maps"
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/orchestrator/esl"
	"github.com/operadora/operadora/orchestrator/fault"
)

func TestJudgeFreeSWITCH(t *testing.T) {
	t.Parallel()
	d := Definitions{}
	d.ACD.Agents = []acd.Agent{{ID: "101", PBX: "main", Endpoint: "user/101"}}
	good := func() freeswitchFacts {
		f := freeswitchFacts{
			cfg: esl.Config{Address: "127.0.0.1:8021", Password: "x-not-known", App: "operadora", Profile: "operadora", Music: "moh"},
			report: esl.Report{Version: "1.10.12", Request: time.Millisecond, Event: time.Millisecond, Modules: map[string]bool{},
				Inbound: true, Ends: true, Away: "operadora-away", Stays: true, Profile: true, Music: true, Takes: true},
			phones: map[string]bool{"user/101": true},
		}
		for m := range esl.Modules {
			f.report.Modules[m] = true
		}
		return f
	}
	for name, row := range map[string]struct {
		spoil   func(*freeswitchFacts)
		check   string
		verdict Verdict
	}{
		"all is well":    {func(*freeswitchFacts) {}, "", OK},
		"not there":      {func(f *freeswitchFacts) { f.report.Version, f.probe = "", fault.New("", fault.Unavailable, "refused") }, "reachable", Fault},
		"wrong password": {func(f *freeswitchFacts) { f.report.Version, f.probe = "", fault.New("", fault.Denied, "password") }, "reachable", Fault},
		"known password": {func(f *freeswitchFacts) { f.cfg.Password = "ClueCon" }, "freeswitch.password", Warning},
		"module missing": {func(f *freeswitchFacts) { f.report.Modules["mod_hash"] = false }, "modules", Fault},
		"old dialplan":   {func(f *freeswitchFacts) { f.report.Ends = false }, "dialplan", Warning},
		"nothing for who calls while operadora is away": {func(f *freeswitchFacts) { f.report.Stays = false }, "away context", Fault},
		"no dialplan":     {func(f *freeswitchFacts) { f.report.Inbound = false }, "dialplan", Fault},
		"no profile":      {func(f *freeswitchFacts) { f.report.Profile = false }, "conference", Fault},
		"no music":        {func(f *freeswitchFacts) { f.report.Music = false }, "hold music", Warning},
		"no loopback":     {func(f *freeswitchFacts) { f.report.Takes = false }, "transfer keys", Warning},
		"no folder":       {func(f *freeswitchFacts) { f.recordings = fault.New("", fault.NotFound, "x") }, "recordings", Warning},
		"closed folder":   {func(f *freeswitchFacts) { f.recordings = fault.New("", fault.Denied, "x") }, "recordings", Fault},
		"slow":            {func(f *freeswitchFacts) { f.report.Event = time.Minute }, "event round trip", Warning},
		"deaf":            {func(f *freeswitchFacts) { f.report.Event, f.probe = 0, fault.New("", fault.Unavailable, "x") }, "event round trip", Fault},
		"phone not there": {func(f *freeswitchFacts) { f.phones["user/101"] = false }, "phones", Warning},
	} {
		f := good()
		f.report.Modules = maps.Clone(f.report.Modules)
		row.spoil(&f)
		worst := map[string]Verdict{}
		for _, l := range judgeFreeSWITCH("main", f, d) {
			if l.Verdict != OK && l.Remedy == "" {
				t.Errorf("%s: %s has no remedy", name, l.Check)
			}
			worst[l.Check] = max(worst[l.Check], l.Verdict)
		}
		for check, v := range worst {
			if want := map[bool]Verdict{true: row.verdict}[check == row.check]; v != want && v > Note {
				t.Errorf("%s: %s is %s, want %s", name, check, v, want)
			}
		}
		if row.check != "" && worst[row.check] != row.verdict {
			t.Errorf("%s: %s is %s, want %s", name, row.check, worst[row.check], row.verdict)
		}
	}
}
