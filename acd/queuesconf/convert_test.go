package queuesconf_test

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/acd/queuesconf"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

const sample = `; a comment
[general]
persistentmembers = yes
shared_lastcall = yes
negative_penalty_invalid = yes

[base](!)
musicclass = default
strategy = rrmemory   ; in turn
joinempty = paused,unavailable
wrapuptime = 10

[sales](base)
timeout = 25
retry => 0
weight = 3
servicelevel = 30
announce-position = limit
announce-holdtime = once
periodic-announce = queue-periodic-announce,thanks
member => PJSIP/101,0,Ana López
member => PJSIP/102,5,Ben
member => Local/103@agents,0,Zoë,PJSIP/103,no,20,yes
;--
[hidden]
--;
[Soporte técnico](base)
strategy = ringall
maxlen = 20
autopause = yes
monitor-format = mp3
context = exits
member => SIP/102
member => Agent/7,200

[sales](+)
leavewhenempty = strict
#include queues_additional.conf
`

// read checks that a text is read as definitions without a fault.
func read(t *testing.T, name, text string) acd.Definitions {
	t.Helper()
	var d acd.Definitions
	f, faults := yamlfile.Parse(name, text)
	if f != nil {
		faults = append(faults, f.Decode(&d, yamlfile.Options{})...)
	}
	if err := faults.Err(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, text)
	}
	return d
}

// TestConvert reads what came of a queues.conf with the reader of definitions.
func TestConvert(t *testing.T) {
	t.Parallel()
	got, err := queuesconf.Convert(strings.NewReader(sample), "main")
	if err != nil {
		t.Fatal(err)
	}
	queues, agents := read(t, "queues.yaml", got.Queues).Queues, read(t, "agents.yaml", got.Agents).Agents
	if len(queues) != 2 || len(agents) != 4 {
		t.Fatalf("%d queues, %d agents\n%s\n%s", len(queues), len(agents), got.Queues, got.Agents)
	}
	q := queues[0]
	if q.ID != "sales" || q.Strategy != acd.RoundRobin || q.RingTimeout.Seconds() != 25 || q.Retry.Seconds() != 5 || q.Priority != 3 || q.WrapUp.Seconds() != 10 ||
		q.ServiceLevel.Seconds() != 30 || !q.AnnouncePosition || !q.AnnounceWait || !q.LeaveWhenEmpty || len(q.AnnouncePrompts) != 2 || q.AnnounceEvery.Seconds() != 60 || q.Music != "default" ||
		q.Admit != acd.AdmitWhenAgentsHere || q.MissesBeforePause != 0 {
		t.Errorf("sales: %+v", q)
	}
	q = queues[1]
	if q.ID != "Soporte-t-cnico" || q.Strategy != acd.RingAll || q.MaxLength != 20 || q.MissesBeforePause != 1 || !q.Record || q.RecordFormat != "wav" || q.RingTimeout.Seconds() != 15 {
		t.Errorf("support: %+v", q)
	}
	for i, want := range []struct {
		id, name, endpoint, queue string
		rank                      int
	}{
		{"101", "Ana López", "PJSIP/101", "sales", 0}, {"102", "Ben", "PJSIP/102", "sales", 5}, {"103", "Zoë", "PJSIP/103", "sales", 0},
		{"7", "", "PJSIP/7", "Soporte-t-cnico", 99},
	} {
		a := agents[i]
		if a.ID != want.id || a.Name != want.name || a.Endpoint != want.endpoint || a.PBX != "main" || a.Queues[0].Queue != want.queue || a.Queues[0].Rank != want.rank {
			t.Errorf("agent %d: %+v, want %+v", i, a, want)
		}
	}
	if a := agents[1]; len(a.Queues) != 2 || a.Queues[1].Queue != "Soporte-t-cnico" { // by PJSIP and by SIP
		t.Errorf("agent 102: %+v", a)
	}
	if a := agents[2]; a.WrapUp == nil || a.WrapUp.Seconds() != 20 {
		t.Errorf("agent 103: %+v", a)
	}
	all := got.Queues + got.Agents
	for _, remark := range []string{"negative_penalty_invalid = yes", "joinempty = paused,unavailable", "weight = 3", "announce-position = limit", "strategy = ringall: at most ring_at_once",
		"monitor-format = mp3: recordings are wav", "context = exits", "the name [Soporte técnico]", "leavewhenempty = strict", "announce-holdtime = once: ", "#include queues_additional.conf (line 38)",
		"chan_sip: SIP/102", "Agent/7, of which no phone is known", "penalty 200 in Soporte-t-cnico: rank is 99", "Local/103@agents: the phone PJSIP/103", "paused in sales"} {
		if !strings.Contains(all, "# no equivalent: "+remark) && !strings.Contains(all, remark) {
			t.Errorf("nothing is said of %q in\n%s", remark, all)
		}
	}
	if n := strings.Count(all, "# no equivalent: "); n != got.Remarks {
		t.Errorf("%d remarks, and %d are counted", n, got.Remarks)
	}
	for _, not := range []string{"hidden", "persistentmembers", "shared_lastcall"} {
		if strings.Contains(all, not) {
			t.Errorf("%q is in\n%s", not, all)
		}
	}
}

// TestConvertRefuses names the line and what is wrong in it.
func TestConvertRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             "no queue",
		"[general]\na=b\n":             "no queue",
		"timeout = 3\n":                "line 1",
		"[q]\ntimeout\n":               "line 2",
		"[q]\ntimeout = soon\n":        `"timeout = soon"`,
		"[q]\nmaxlen = x\n":            `"maxlen = x"`,
		"[q]\nstrategy = best\n":       `"strategy = best"`,
		"[q](none)\n":                  `"none"`,
		"[q\n":                         "line 1",
		"[q] behind\n":                 "line 1",
		"[q](+)\n":                     `"q"`,
		"[q]\nwrapuptime = -1\n":       "wrapuptime",
		"[a](!)\nretry = 5\n[](a)\n":   "line 3",
		"[q]\nservicelevel = 99e9\n\n": "servicelevel",
	} {
		if _, err := queuesconf.Convert(strings.NewReader(text), "main"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzConvert: whatever is converted is read by the reader of definitions.
func FuzzConvert(f *testing.F) {
	f.Add(sample)
	f.Add("[q]\nmember => PJSIP/1,x,\"a: b\"\nmusic = {x}\nperiodic-announce = \"\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := queuesconf.Convert(strings.NewReader(text), "main")
		if err != nil {
			return
		}
		for name, text := range map[string]string{"queues.yaml": got.Queues, "agents.yaml": got.Agents} {
			if f, _ := yamlfile.Parse(name, text); f == nil {
				t.Fatalf("%s is no YAML:\n%s", name, text)
			}
		}
	})
}
