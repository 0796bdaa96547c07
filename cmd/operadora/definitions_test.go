package main

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/keys"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// TestDefinitionsNameThePlace has one fault or two in each pair of files.
func TestDefinitionsNameThePlace(t *testing.T) {
	t.Parallel()
	const queues, agents = "queues:\n  - {id: sales}\n", "agents:\n  - {id: ana, pbx: main, endpoint: PJSIP/101}\n"
	for name, row := range map[string]struct{ queues, agents, want string }{
		"misspelt at the top": {"quues: []\n", agents, `queues.yaml:1:1: E00 quues: there is no such key; did you mean "queues"?`},
		"misspelt below": {queues + "  - id: two\n    ring_timout: 5s\n", agents,
			`queues.yaml:4:5: E00 queues[1].ring_timout: there is no such key; did you mean "ring_timeout"?`},
		"misspelt deeper": {queues + "  - {id: support}\n", "agents:\n  - {id: ana, pbx: main, endpoint: PJSIP/101, queues: [sales, {queue: support, lvl: 1}]}\n",
			`agents.yaml:2:80: E00 agents[0].queues[1].lvl: there is no such key; it knows queue, rank, delay, reserve`},
		"two files": {"quues: []\n", "agnts: []\n", `did you mean "agents"?` + "\n" + `queues.yaml:1:1: E00 quues: there is no such key`},
		"no unit": {"queues:\n  - {id: sales, wrap_up: 10}\n", agents,
			"queues.yaml:2:26: E00 queues[0].wrap_up: 10 has no unit; a duration needs one: 10s, 10m or 10h"},
		"no unit behind a pointer": {queues, "agents:\n  - {id: ana, pbx: main, endpoint: PJSIP/101, wrap_up: 1.5}\n", "agents[0].wrap_up: 1.5 has no unit"},
		"in both":                  {queues, "queues: []\n", `agents.yaml:1:9: E00 queues: is already in queues.yaml`},
		"a value":                  {queues + "  - id: two\n    strategy: magic\n", agents, `queues.yaml:4:15: E00 queues[1].strategy: "magic" is none of longest_idle, round_robin`},
		"out of bounds":            {"queues:\n  - {id: sales, ring_timeout: 1h}\n", agents, `queues[0].ring_timeout: 1h is out of bounds: it must be 1s to 10m`},
		"another PBX":              {queues, "agents:\n\n  - id: ana\n    pbx: mian\n    endpoint: PJSIP/101\n", `agents.yaml:4:10: E12 agents[0].pbx: "mian" is not in the configuration's pbxs; did you mean "main"?`},
		"not YAML":                 {queues, "agents: [", "agents.yaml:1:9: E00 this is not YAML"},
		"wrong type":               {"queues:\n  - {id: sales, max_length: many}\n", agents, `queues.yaml:2:29: E00 queues[0].max_length: "many" is not a whole number`},
		"a list for a text":        {"queues:\n  - {id: [sales]}\n", agents, `queues.yaml:2:10: E00 queues[0].id: must be text, not a list`},
		"an octal number":          {"queues:\n  - {id: sales, max_length: 010}\n", agents, `queues[0].max_length: 010 begins with 0; write 10`},
		"nothing":                  {"", "", "neither queues.yaml nor agents.yaml has anything in it"},
		"unknown skill": {queues + "skills: [{name: english}]\n", "agents: [{id: ana, pbx: main, endpoint: PJSIP/101, skills: {english: 3, englsh: 2}}]\n",
			`agents.yaml:1:81: E12 agents[0].skills.englsh: there is no skill "englsh"; did you mean "english"?`},
		"a level": {queues + "skills: [{name: english}]\n", "agents: [{id: ana, pbx: main, endpoint: PJSIP/101, skills: {english: 6}}]\n",
			`agents[0].skills.english: 6 is out of bounds: it must be 1 to 5`},
		"a requirement": {"skills: [{name: english}]\nqueues:\n  - {id: sales, requires: englsh >= 2}\n", agents,
			`queues.yaml:3:27: E00 queues[0].requires: "englsh >= 2" cannot be judged: unknown name englsh, at character 1`},
		"a step back": {"queues:\n  - id: sales\n    relax: [{after: 1m}, {after: 30s}]\n", agents,
			`queues[0].relax[1].after: 30s is not later than the one before`},
		"a phone of a FreeSWITCH": {queues, "agents: [{id: ana, pbx: main, endpoint: user/101}]\n",
			`agents.yaml:1:41: E00 agents[0].endpoint: "user/101" is no phone of PBX "main", whose phones are written PJSIP/101 (of "ana")`},
		"a phone of an Asterisk": {queues, "agents: [{id: ana, pbx: lima, endpoint: PJSIP/101}]\n",
			`agents[0].endpoint: "PJSIP/101" is no phone of PBX "lima", whose phones are written user/101 (of "ana")`},
		"unknown profile": {queues, "agents: [{id: ana, pbx: main, endpoint: PJSIP/101, profile: senior}]\n", `agents.yaml:1:61: E12 agents[0].profile: there is no profile "senior" (of "ana")`},
		"a queue of a profile": {queues, "profiles: [{id: senior, queues: [sale]}]\nagents: [{id: ana, pbx: main, endpoint: PJSIP/101, profile: senior}]\n",
			`agents.yaml:1:34: E12 profiles[0].queues[0]: there is no queue "sale" (of "senior")`},
		"a skill of a profile": {queues, "profiles: [{id: senior, skills: {en: 2}}]\n", `agents.yaml:1:38: E12 profiles[0].skills.en: there is no skill "en"`},
		"unknown queue":        {queues, "agents: [{id: ana, pbx: main, endpoint: PJSIP/101, queues: [sale]}]\n", `agents.yaml:1:61: E12 agents[0].queues[0]: there is no queue "sale"`},
	} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "queues.yaml"), []byte(row.queues), 0o600))
		must(t, os.WriteFile(filepath.Join(dir, "agents.yaml"), []byte(row.agents), 0o600))
		_, _, err := loadDefinitions(dir, map[string]PBXConfig{"main": {}, "lima": {Kind: KindFreeSWITCH}}, flowfile.Known{})
		if err == nil || !strings.Contains(err.Error(), row.want) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: error %v does not say %q", name, err, row.want)
		} else if strings.Contains(err.Error(), "acd.") {
			t.Errorf("%s: names the code: %v", name, err)
		}
	}
}

// folder writes a definitions folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// TestAgentsInFilesOfTheirOwn: agents/*.yaml stand beside agents.yaml, with the place of each fault.
func TestAgentsInFilesOfTheirOwn(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"queues.yaml":         "queues: [{id: sales}]\n",
		"agents.yaml":         "agents:\n  - {id: ana, pbx: main, endpoint: PJSIP/101}\npause_reasons: [{name: lunch}]\n",
		"agents/lima.yaml":    "agents:\n  - {id: eva, pbx: main, endpoint: PJSIP/103, queues: [sales]}\n",
		"agents/bogota.yml":   "agents:\n  - {id: bob, pbx: main, endpoint: PJSIP/102}\n  - {id: cid, pbx: main, endpoint: PJSIP/104}\n",
		"agents/notes.txt":    "not YAML: [",
		"agents/sub/not.yaml": "not YAML: [",
	}
	load := func(name, text string) (Definitions, error) {
		files := maps.Clone(files)
		if name != "" {
			files[name] = text
		}
		defs, _, err := loadDefinitions(folder(t, files), map[string]PBXConfig{"main": {}}, flowfile.Known{})
		return defs, err
	}
	defs, err := load("", "")
	must(t, err)
	var ids []string
	for _, a := range defs.ACD.Agents {
		ids = append(ids, a.ID)
	}
	if diff := cmp.Diff([]string{"ana", "bob", "cid", "eva"}, ids); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, row := range []struct{ name, text, want string }{
		{"agents/lima.yaml", "agents:\n  - {id: eva, pbx: main, endpoint: PJSIP/103}\n  - {id: cid, pbx: main, endpoint: PJSIP/105}\n",
			`agents/lima.yaml:3:10: E00 agents[1].id: "cid" is in agents/bogota.yml already`},
		{"agents/lima.yaml", "agents: [{id: ana, pbx: main, endpoint: PJSIP/103}]\n", `agents/lima.yaml:1:15: E00 agents[0].id: "ana" is in agents.yaml already`},
		{"agents/lima.yaml", "agents:\n  - {id: eva, pbx: main, endpoint: PJSIP/103}\n  - {id: eva, pbx: main, endpoint: PJSIP/105}\n", `agents/lima.yaml:3:10: E00 agents[1].id: "eva" is used twice`},
		{"agents/lima.yaml", "agents: [{id: eva, pbx: main, endpoint: PJSIP/102}]\n", `agents/lima.yaml:1:41: E00 agents[0].endpoint: "PJSIP/102" on pbx "main" is agent "bob"'s already (of "eva")`},
		{"agents/lima.yaml", "agents: [{id: eva, pbx: main, endpoint: PJSIP/103, queues: [sale]}]\n", `agents/lima.yaml:1:61: E12 agents[0].queues[0]: there is no queue "sale"`},
		{"agents/lima.yaml", "agents: [{id: eva, pbx: mian, endpoint: PJSIP/103}]\n", `agents/lima.yaml:1:25: E12 agents[0].pbx: "mian" is not in the configuration's pbxs`},
		{"agents/lima.yaml", "teams: [{id: all}]\n", `agents/lima.yaml:1:8: E00 teams: the files of agents/ have agents alone`},
		{"agents/lima.yaml", "agents: [", `agents/lima.yaml:1:9: E00 this is not YAML`},
	} {
		if _, err := load(row.name, row.text); err == nil || !strings.Contains(err.Error(), row.want) || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%v\ndoes not say alone %s", err, row.want)
		}
	}
}

// TestAgentsFilesAreSeenByAReload: a file of agents that is new, written or gone makes them other definitions, and
// the last one must not be lost.
func TestAgentsFilesAreSeenByAReload(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"queues.yaml": "queues: [{id: sales}]\n", "agents/lima.yml": "agents: [{id: eva, pbx: main, endpoint: PJSIP/103}]\n"})
	lima := filepath.Join(dir, "agents", "lima.yml")
	load := func() Definitions {
		defs, _, err := loadDefinitions(dir, map[string]PBXConfig{"main": {}}, flowfile.Known{})
		must(t, err)
		return defs
	}
	before := load()
	must(t, os.WriteFile(lima, []byte("agents: [{id: eva, pbx: main, endpoint: PJSIP/104}]\n"), 0o600))
	written := load()
	must(t, os.Remove(lima))
	gone := load()
	for want, files := range map[string]map[string]string{"agents/lima.yml (differs)": written.Files, "agents/lima.yml (is missing here)": gone.Files} {
		if diff := cmp.Diff([]string{want}, unlike(files, before.Files)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if err := gone.missing(before); err == nil || !strings.Contains(err.Error(), "agents/lima.yml: is gone") {
		t.Errorf("nobody is told: %v", err)
	}
}

func TestDefinitionsMayUseAnchors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "queues.yaml"), []byte("queues: [{id: one, wrap_up: &rest 7s}, {id: two, wrap_up: *rest}]\n"+
		"agents:\n  - &ana {id: ana, pbx: main, endpoint: PJSIP/101, queues: &all [one, two]}\n  - {id: bob, pbx: main, endpoint: PJSIP/102, queues: *all}\n"), 0o600))
	defs, _, err := loadDefinitions(dir, map[string]PBXConfig{"main": {}}, flowfile.Known{})
	must(t, err)
	if q := defs.ACD.Queues; len(q) != 2 || q[1].WrapUp != 7*time.Second {
		t.Errorf("%+v", q)
	}
	if a := defs.ACD.Agents; len(a) != 2 || len(a[1].Queues) != 2 {
		t.Errorf("%+v", a)
	}
}

// TestDefinitionsTakeEveryKey has each key at the top in one of the files: none of
// them may be lost on the way. Once ask_pin and min_pin_length were.
func TestDefinitionsTakeEveryKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "queues.yaml"), []byte("queues: [{id: one}]\nskills: [{name: english}]\ndispositions: [{name: done}]\nrequire_pause_reason: true\ntime_zone: America/Bogota\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "agents.yaml"), []byte("agents: [{id: ana, pbx: main, endpoint: PJSIP/101, pin: \"471100\", team: all, profile: senior}]\n"+
		"teams: [{id: all, supervisors: [ana], may: [listen]}]\npause_reasons: [{name: lunch}]\nask_pin: [login, logout]\nmin_pin_length: 6\nprofiles: [{id: senior, queues: [one], skills: {english: 4}}]\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "callers.yaml"), []byte("callers: [{id: acme, numbers: [\"+34600*\", 911000000]}]\n"), 0o600))
	defs, _, err := loadDefinitions(dir, map[string]PBXConfig{"main": {}}, flowfile.Known{})
	must(t, err)
	if n := defs.ACD.MinPIN; n != 6 {
		t.Errorf("min_pin_length is lost: %d", n)
	}
	if a := defs.ACD.Agents[0]; a.Skills["english"] != 4 || len(a.Queues) != 1 {
		t.Errorf("the agent has nothing of the profile: %+v", a)
	}
	v, presets := reflect.ValueOf(defs.ACD), reflect.ValueOf(yamlfile.Defaults[acd.Definitions]())
	for i := range v.NumField() {
		if v.Type().Field(i).Name == "Since" {
			continue // what puts them in force says so
		}
		if reflect.DeepEqual(v.Field(i).Interface(), presets.Field(i).Interface()) {
			t.Errorf("%s is lost: %v", v.Type().Field(i).Name, v.Field(i))
		}
	}
}

// TestDefinitionsHaveTheFlowsOfKeys: agents send nobody through a flow that is not there.
func TestDefinitionsHaveTheFlowsOfKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "queues.yaml"), []byte("queues:\n  - {id: sales}\n"), 0o600))
	must(t, os.Mkdir(filepath.Join(dir, "flows"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "flows", "pay.yaml"), []byte("flow: payment\nlanguage: en\nlanguages: [en]\nstart: a\nnodes:\n  a: {type: hangup}\n"), 0o600))
	for flow, want := range map[string]string{"payment": "", "paymnt": `pbxs.main.keys.flows.1: "paymnt" is no flow; did you mean "payment"?`} {
		_, _, err := loadDefinitions(dir, map[string]PBXConfig{"main": {Keys: keys.Table{Prefix: "*", Flows: map[string]string{"1": flow}}}}, flowfile.Known{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", flow, err)
		}
	}
}
