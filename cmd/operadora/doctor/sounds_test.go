package doctor

import (
	"testing"
	"time"

	"github.com/operadora/operadora/acd"
	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/ivr"
	"github.com/operadora/operadora/ivr/flowfile"
	"github.com/operadora/operadora/orchestrator/ari"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

const soundFlow = `flow: line
language: en
languages: [en, es]
start: hello
prompts:
  hello: {en: hi, es: [hola, ola]}
  twice: {sound: hi}
nodes:
  hello: {type: play, prompt: [hello, twice], next: end}
`

func TestSounds(t *testing.T) {
	t.Parallel()
	defs, faults := flowfile.Load(flowfile.Files{Flows: []ivr.Source{{File: "line.yaml", YAML: soundFlow}}}, flowfile.Known{})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	delete(defs.Flows, defs.Feature)
	d := Definitions{Flows: defs, ACD: acd.Definitions{Queues: []acd.Queue{
		{ID: "sales", AnnounceEvery: time.Minute, AnnouncePrompts: []string{"custom/soon"}},
		{ID: "quiet", AnnouncePrompts: []string{"custom/never-played"}},
	}}}
	judgeBy := func(remedy string, missing ...string) []Line {
		s := &sheet{part: "pbx main"}
		judgeSounds(s, neededSounds(d, func(language, name string) bool {
			for _, m := range missing {
				if m == language+"/"+name {
					return false
				}
			}
			return true
		}), remedy)
		return s.lines
	}
	judge := func(missing ...string) []Line { return judgeBy(asteriskSounds, missing...) }
	testAll(t, []expected{
		{"all there", judge(), "sounds", OK, "(en: 2, es: 4)", ""},
		{"one missing", judge("es/ola"), "sounds", Fault, "flow line (line.yaml) lacks 1 sound in language es: ola (line 6)", "asterisk-core-sounds-es-gsm"},
		{"played by two prompts", judge("en/hi"), "sounds", Fault, "lacks 1 sound in language en: hi (line 6)", "sounds/en"},
		{"on a FreeSWITCH", judgeBy(freeswitchSounds, "es/ola"), "sounds", Fault, "lacks 1 sound in language es", "freeswitch.sounds_es"},
		{"announced", judge("es/custom/soon"), "sounds", Fault, "queue sales lacks 1 sound in language es: custom/soon", "data folder"},
	})
	d.Campaigns = map[string]*campaign.Campaign{"march": {At: yamlfile.Pos{File: "campaigns/march.yaml"}, Message: []string{"sorry"}}}
	testAll(t, []expected{{"of a campaign", judge("es/sorry"), "sounds", Fault, "campaign march (campaigns/march.yaml) lacks 1 sound in language es: sorry", "data folder"}})
	d.Campaigns["march"].Language = "en"
	testAll(t, []expected{{"of a campaign in one language", judge("es/sorry"), "sounds", OK, "(en: 3, es: 4)", ""}})
	d.Campaigns = nil
	if both := judge("es/ola", "es/custom/soon"); len(both) != 2 {
		t.Errorf("%+v", both)
	}
}

func TestAnnouncedPositions(t *testing.T) {
	t.Parallel()
	q := acd.Queue{AnnounceEvery: time.Minute, AnnouncePosition: true, AnnounceWait: true}
	has := map[string]bool{}
	for _, name := range announced(q, "es") {
		has[name] = true
	}
	if !has["queue-youarenext"] || !has["digits/1"] || !has["queue-minutes"] || !has["digits/60"] {
		t.Errorf("%v", has)
	}
}

// TestWhisperedNames: the sound that agents hear of a queue is needed in their
// languages, and says the queue's name.
func TestWhisperedNames(t *testing.T) {
	t.Parallel()
	d := Definitions{ACD: acd.Definitions{
		Queues: []acd.Queue{{ID: "sales", Whisper: "custom/sales", Name: acd.Texts{"es": "Ventas", "en": "Sales"}}},
		Agents: []acd.Agent{{ID: "101", Language: "es", Queues: []acd.Membership{{Queue: "sales"}}}, {ID: "102", Language: "en"}},
	}}
	got := Sounds(d, func(string, string) bool { return false })
	if len(got) != 1 || got[0].Language != "es" || got[0].Name != "custom/sales" || got[0].Text != "Ventas" || got[0].There {
		t.Errorf("%+v", got)
	}
}

func TestHasSound(t *testing.T) {
	t.Parallel()
	r := ari.Report{Sounds: map[string][]string{"es": {"hola"}, "es_MX": {"bueno"}}}
	for _, row := range []struct {
		language, name string
		want           bool
	}{{"es", "hola", true}, {"es-MX", "hola", true}, {"es-MX", "bueno", true}, {"es", "bueno", false}, {"en", "hola", false}} {
		if got := HasSound(r, row.language, row.name); got != row.want {
			t.Errorf("%s in %s: %v", row.name, row.language, got)
		}
	}
}
