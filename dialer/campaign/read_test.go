package campaign_test

import (
	"cmp"
	"maps"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/orchestrator/calendar"
)

const good = `campaign: march
name: {en: March, es: Marzo}
purpose: collection
profile: CO
mode: predictive
queue: collections
flow: collect
message: [sorry, who-called]
script: {es: "Hola {{name}}"}
lists: [overdue, {list: late, weight: 2, filter: "days_overdue > 30"}]
trunks: [{pbx: main, lines: 60, calls_per_second: 5}]
caller_id: [{number: "+34910000000", to: ["+34"]}, "+576015550000"]
hours: ["mon-fri 08:00-18:00"]
attempts: {lead: 5, number: 3, day: 1, week: 4}
retry:
  busy: {do: again, after: 20m}
  "disposition:promise": {do: again, after: 72h, most: 2}
  served: finish
pacing: {abandon_percent: 2}
`

// known are definitions with two queues, one of which nobody serves.
func known(t *testing.T) campaign.Known {
	never := &calendar.Calendar{Name: "never", Zone: time.UTC}
	office := &calendar.Calendar{Name: "office", Zone: zone(t, "America/Bogota"), Hours: calendar.Hours{Week: calendar.Week{time.Monday: {{From: 480, To: 1080}}}}}
	return campaign.Known{Now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), Profiles: maps.Clone(shipped),
		Calendars: map[string]*calendar.Calendar{"never": never, "office": office},
		Agents: func(q string) (int, bool) {
			n, ok := map[string]int{"collections": 12, "empty": 0}[q]
			return n, ok
		},
		Flow: func(f, q string) campaign.FlowFacts {
			return map[string]campaign.FlowFacts{"reminder": {There: true}, "collect": {There: true, Queues: q == "collections" || q == "empty", Nodes: []string{"agent", "never"}, Fields: []string{"amount", "due"}}}[f]
		}, PBX: func(p string) bool { return p == "main" },
		Disposition: func(d, _ string) bool { return d == "promise" }}
}

// TestCheckTellsOneLine: each wrong file has one fault, in a line that names key and value.
func TestCheckTellsOneLine(t *testing.T) {
	t.Parallel()
	k := known(t)
	c, faults := campaign.Read("campaigns/march.yaml", good, k)
	if faults != nil || c.Rules.ID != "CO" || len(c.Lists) != 2 || c.Lists[0].Weight != 1 || c.Retry[2].Value.Do != campaign.StepFinish {
		t.Fatalf("%+v, %v", c, faults)
	}
	for _, r := range []struct{ from, to, want string }{
		{"profile: CO", "profile: CL", `12 profile: there is no profile "CL"`},
		{"profile: CO\n", "", `00 needs "profile"`},
		{"lists: [overdue, {list: late, weight: 2, filter: \"days_overdue > 30\"}]", "lists: []", "00 lists: has no lists"},
		{"lists: [overdue, ", "lists: [late, ", `00 lists[1]: list "late" is named twice`},
		{"weight: 2", "weight: 0", "11 lists[1].weight: 0 is out of bounds"},
		{"trunks: [{pbx: main, lines: 60, calls_per_second: 5}]", "trunks: []", "00 trunks: has no trunks"},
		{"pbx: main", "pbx: mian", `12 trunks[0].pbx: "mian" is not in the configuration`},
		{"lines: 60", "lines: 0", "11 trunks[0].lines: 0 is out of bounds"},
		{"calls_per_second: 5", "calls_per_second: 0", "11 trunks[0].calls_per_second: 0 is out of bounds"},
		{"queue: collections\n", "", "00 queue: has no queue: mode predictive needs the agents of one"},
		{"queue: collections", "queue: colections", `12 queue: there is no queue "colections"`},
		{"queue: collections", "queue: empty", `00 queue: queue "empty" has no agents`},
		{"hours: [\"mon-fri 08:00-18:00\"]\n", "", "00 hours: has no hours"},
		{"mon-fri 08:00-18:00", "mon-fri 8-18", `00 hours: "mon-fri 8-18" is not like`},
		{"mon-fri 08:00-18:00", "mon-fri 20:00-22:00", "00 hours: none of these hours is within those of rule hours of profile CO"},
		{"mon-fri 08:00-18:00", "sun 08:00-18:00", "00 hours: none of these hours is within those of rule hours of profile CO"},
		{"hours: [\"mon-fri 08:00-18:00\"]", "calendar: ofice", `12 calendar: calendar "ofice" is not defined`},
		{"hours: [\"mon-fri 08:00-18:00\"]", "calendar: never", `00 calendar: calendar "never" is not open at any time`},
		{"abandon_percent: 2", "abandon_percent: 0", "11 pacing.abandon_percent: 0 is out of bounds: it must be 0.01 to 99"},
		{"abandon_percent: 2", "abandon_percent: 100", "11 pacing.abandon_percent: 100 is out of bounds: it must be 0.01 to 99"},
		{"abandon_percent: 2", "abandon_percent: 5", "00 pacing.abandon_percent: 5 is more than profile CO allows, which is 3"},
		{"abandon_percent: 2", "ring_timeout: 10s", "00 pacing.ring_timeout: 10s is less than profile CO demands, which is 15s"},
		{"abandon_percent: 2", "ratio: 2", "00 pacing.ratio: is of mode power, and this is mode predictive"},
		{"mode: predictive", "mode: power", "00 pacing.ratio: is missing: mode power needs it"},
		{"mode: predictive", "mode: wait", "00 pacing.target_wait: is missing: mode wait needs it"},
		{"mode: predictive", "mode: fast", `00 mode: "fast" is none of`},
		{"mode: predictive\nqueue: collections\nflow: collect\nmessage: [sorry, who-called]\n", "mode: agentless\nflow: collect\n", "00 pacing.rate: is missing: mode agentless needs it"},
		{"mode: predictive\nqueue: collections\nflow: collect\nmessage: [sorry, who-called]\n", "mode: preview\nqueue: collections\npreview: {limit: 20s, then: pause}\n", ""},
		{"flow: collect\n", "preview: {limit: 20s}\n", "00 preview.limit: is of mode preview, and this is mode predictive"},
		{"mode: predictive\nqueue: collections\nflow: collect\n", "mode: preview\nqueue: collections\n", "00 message: nobody would hear it: in mode preview the agent is there"},
		{"mode: predictive\nqueue: collections\nflow: collect\nmessage: [sorry, who-called]\n", "mode: preview\nqueue: collections\nflow: collect\n", "00 flow: is of the other modes"},
		{"mode: predictive\nqueue: collections\nflow: collect\nmessage: [sorry, who-called]\n", "mode: preview\nqueue: collections\nmachines: {detect: beside}\n", "00 machines.detect: is of other modes"},
		{"mode: predictive\nqueue: collections\nflow: collect\nmessage: [sorry, who-called]\n", "mode: preview\nqueue: collections\npreview: {then: call}\n", `00 preview.then: "call" is none of`},
		{"flow: collect\n", "", ""},
		{"flow: collect\n", "flow: collect\nnever_again: never\n", ""},
		{"flow: collect\n", "flow: collect\nnever_again: nevr\n", `12 never_again: flow "collect" has no node "nevr"; did you mean "never"?`},
		{"flow: collect\n", "never_again: never\n", "00 never_again: is a node of the flow, and there is no flow"},
		{"message: [sorry, who-called]\n", "", "00 message: is missing: by profile CO who answers and has no agent hears one within 2s, with name, number"},
		{"[sorry, who-called]", "[sorry, \"who called\"]", `message[1]: "who called" is not a sound name`},
		{"script: {es: ", "script: {spanish!: ", `00 script: "spanish!" is not a language`},
		{"flow: collect\n", "flow: collect\nfields: [name, due, amount]\n", ""},
		{"flow: collect\n", "flow: collect\nfields: [name, due]\n", `00 fields: flow "collect" reads {{lead.amount}}, which is none of them`},
		{"flow: collect", "flow: colect", `12 flow: there is no flow "colect"`},
		{"flow: collect", "flow: reminder", `00 flow: flow "reminder" has no node of type queue for queue "collections"`},
		{"busy: {do: again, after: 20m}", "bussy: {do: again, after: 20m}", `12 retry.bussy: there is no outcome "bussy"; did you mean "busy"?`},
		{"busy: {do: again, after: 20m}", "busy: again", "00 retry.busy: again after 0s"},
		{"busy: {do: again, after: 20m}", "busy: {do: finish, after: 20m}", "00 retry.busy: finish has neither after nor most"},
		{"disposition:promise", "disposition:promised", `agents of queue "collections" have no disposition "promised"`},
		{"caller_id: [{number: \"+34910000000\", to: [\"+34\"]}, \"+576015550000\"]\n", "", "00 caller_id: no number is shown, and one must be (rule caller-id of profile CO)"},
		{"\"+576015550000\"]", "\"6015550000\"]", `00 caller_id[1]: "6015550000" is not a number with + and country code`},
		{", to: [\"+34\"]", "", "00 caller_id[0]: is shown to every number"},
		{"profile: CO\n", "profile: ES\n", ""},
		{"purpose: collection", "purpose: collecting", `00 purpose: "collecting" is none of`},
		{"attempts: {lead: 5", "attempts: {lead: 0", "11 attempts.lead: 0 is out of bounds"},
		{"pacing: {", "machines: {policy: hang_up}\npacing: {", "00 machines.policy: there is no such key"},
		{"pacing: {", "machines: {detect: before, greeting: 1s, silence: 500ms, analysis: 1500ms, sample_percent: 5}\npacing: {", ""},
		{"pacing: {", "machines: {detect: beside, on_machine: message, message: [call-us]}\npacing: {", ""},
		{"pacing: {", "machines: {on_machine: message, message: [call-us]}\npacing: {", ""},
		{"pacing: {", "machines: {detect: after}\npacing: {", `00 machines.detect: "after" is none of`},
		{"pacing: {", "machines: {detect: before}\npacing: {", "00 machines.analysis: 5s is too long: by profile CO an agent is there 2s after the answer, so it is at most 1.7s"},
		{"pacing: {", "machines: {detect: before, analysis: 1s}\npacing: {", "00 machines.greeting: 1.5s is not less than analysis, which is 1s"},
		{"pacing: {", "machines: {analysis: 1s}\npacing: {", "00 machines.analysis: is of detect before and beside, and detect is none"},
		{"pacing: {", "machines: {sample_percent: 1}\npacing: {", "00 machines.sample_percent: is of detect before and beside"},
		{"pacing: {", "machines: {detect: beside, on_machine: message}\npacing: {", "00 machines.message: is missing: on_machine is message"},
		{"pacing: {", "machines: {detect: beside, message: [call-us]}\npacing: {", "00 machines.message: no machine would get it: on_machine is hangup"},
		{"pacing: {", "machines: {on_machine: connect}\npacing: {", "00 machines.on_machine: connect is of detect before and beside"},
		{"pacing: {", "machines: {detect: beside, on_machine: connect, sample_percent: 3}\npacing: {", "00 machines.sample_percent: all machines are put through"},
		{"pacing: {", "machines: {detect: beside, message: [call us], on_machine: message}\npacing: {", `machines.message[0]: "call us" is not a sound name`},
		{"pacing: {", "speed: 9\npacing: {", "00 speed: there is no such key"},
	} {
		if !strings.Contains(good, r.from) {
			t.Fatalf("there is no %q", r.from)
		}
		text := strings.Replace(good, r.from, r.to, 1)
		_, faults := campaign.Read("campaigns/march.yaml", text, k)
		if r.want == "" && faults == nil {
			continue
		}
		if len(faults) != 1 || !strings.Contains(faults[0].String(), "E"+r.want) && !strings.Contains(faults[0].String(), r.want) || !strings.HasPrefix(faults[0].String(), "campaigns/march.yaml:") {
			t.Errorf("%q for %q:\n%v\nwant one line: %s", r.to, r.from, faults, r.want)
		}
	}
	for from, want := range map[string]string{"flow: collect\nmessage: [sorry, who-called]\n": "flow: is missing: in mode agentless a flow speaks", "": "message: nobody would hear it: in mode agentless the flow speaks"} {
		text := strings.NewReplacer("mode: predictive", "mode: agentless", "abandon_percent: 2", "rate: 2", cmp.Or(from, "name: {en: March, es: Marzo}\n"), "").Replace(good)
		if _, faults := campaign.Read("c.yaml", text, k); len(faults) != 1 || !strings.Contains(faults[0].String(), want) {
			t.Errorf("%v\nwant one line: %s", faults, want)
		}
	}
	mobile := strings.NewReplacer("profile: CO", "profile: ES", "purpose: collection", "purpose: sales", "+576015550000", "+34600000001").Replace(good)
	if _, faults := campaign.Read("c.yaml", mobile, k); len(faults) != 1 || !strings.Contains(faults[0].String(), "caller_id[1]: the number shown is that of a mobile phone (rule no-mobile of profile ES)") {
		t.Error(faults)
	}
}

// TestMachinesInTime: what the law lets somebody wait is counted from the answer, or from the
// end of the greeting; where people could not have an agent in time, the file is refused. So
// is a PBX that hears nothing.
func TestMachinesInTime(t *testing.T) {
	t.Parallel()
	k := known(t)
	for _, r := range []struct{ profile, machines, want string }{
		{"CO", "{detect: before, analysis: 1700ms}", ""},
		{"CO", "{detect: before, analysis: 1701ms}", "machines.analysis: 1.701s is too long"},
		{"CO", "{detect: beside}", ""},
		{"US", "{detect: before}", ""},
		{"US", "{detect: before, silence: 1700ms}", ""},
		{"US", "{detect: before, silence: 1800ms}", "machines.silence: 1.8s is too long: by profile US an agent is there 2s after the greeting, so it is at most 1.7s"},
	} {
		text := strings.NewReplacer("profile: CO", "profile: "+r.profile, "purpose: collection", "purpose: sales", "pacing: {", "machines: "+r.machines+"\npacing: {").Replace(good)
		_, faults := campaign.Read("c.yaml", text, k)
		if r.want == "" && faults != nil || r.want != "" && (len(faults) != 1 || !strings.Contains(faults[0].String(), r.want)) {
			t.Errorf("%s %s:\n%v\nwant %q", r.profile, r.machines, faults, r.want)
		}
	}
	k.Hears = func(string) bool { return false }
	for _, machines := range []string{"{detect: beside}", "{on_machine: message, message: [call-us]}"} {
		_, faults := campaign.Read("c.yaml", strings.Replace(good, "pacing: {", "machines: "+machines+"\npacing: {", 1), k)
		if len(faults) != 1 || !strings.Contains(faults[0].String(), `trunks[0].pbx: PBX "main" is no Asterisk: it does not hear machines`) {
			t.Errorf("%s: %v", machines, faults)
		}
	}
	agentless := strings.NewReplacer("mode: predictive", "mode: agentless", "abandon_percent: 2}", "rate: 2}\nmachines: {detect: before}", "message: [sorry, who-called]\n", "").Replace(good)
	if _, faults := campaign.Read("c.yaml", agentless, k); len(faults) != 1 || !strings.Contains(faults[0].String(), "is no Asterisk") { // no agent, no deadline
		t.Error(faults)
	}
}

// TestSampled: of many attempts, as many are sampled as are wanted, and each always or never.
func TestSampled(t *testing.T) {
	t.Parallel()
	for _, percent := range []float64{0, 2, 50, 100} {
		m, n := campaign.Machines{Sample: percent}, 0
		for i := range 20_000 {
			id := "01hq" + strconv.Itoa(i)
			first := m.Sampled(id)
			if first {
				n++
			}
			if m.Sampled(id) != first {
				t.Fatal("drawn anew")
			}
		}
		if got := float64(n) / 200; math.Abs(got-percent) > 1 {
			t.Errorf("%v %% sampled, want %v", got, percent)
		}
	}
}

// TestBetween: Wilson's interval, by the figures of a table.
func TestBetween(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		k, n      int
		low, high float64
	}{{0, 0, 0, 1}, {0, 10, 0, 0.2775}, {1, 10, 0.0179, 0.4042}, {6, 12, 0.2538, 0.7462}, {50, 100, 0.4038, 0.5962}, {100, 100, 0.9630, 1}} {
		low, high := campaign.Between(r.k, r.n)
		if math.Abs(low-r.low) > 0.0005 || math.Abs(high-r.high) > 0.0005 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", r.k, r.n, low, high, r.low, r.high)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	all, faults := campaign.Load(fstest.MapFS{"campaigns/a.yaml": file(good), "campaigns/b.yml": file(good), "campaigns/c.yaml": file("campaign: [")}, known(t))
	if len(all) != 1 || len(faults) != 2 || !strings.Contains(faults.Error(), `campaign: "march" is already in campaigns/a.yaml`) {
		t.Errorf("%d campaigns, %v", len(all), faults)
	}
}
