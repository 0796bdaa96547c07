package acd

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/yamlfile"
)

const sample = `
queues:
  - id: ventas
    name: {es: Ventas, en: Sales}
    wrap_up: 45s
  - {id: soporte, strategy: round_robin, wrap_up: 0s, record: true}
agents:
  - {id: ana, name: Ana, pbx: uno, endpoint: PJSIP/101, language: es, pin: "4711", queues: [ventas, {queue: soporte, rank: 2}]}
  - {id: bob, name: Bob, pbx: uno, endpoint: PJSIP/102, queues: [ventas], wrap_up: 0s}
pause_reasons:
  - {name: lunch, digit: "1", texts: {en: Lunch, es: Comida}}
dispositions:
  - {name: sale, digits: "1", queues: [ventas]}
  - {name: solved, digits: "1", queues: [soporte]}
`

func parse(t *testing.T, text string) Definitions {
	t.Helper()
	d, err := read(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func read(text string) (d Definitions, err error) {
	f, faults := yamlfile.Parse("acd.yaml", text)
	if f == nil {
		return d, faults
	}
	return d, f.Decode(&d, yamlfile.Options{}).Err()
}

func TestDefinitionsFromYAML(t *testing.T) {
	t.Parallel()
	d := parse(t, sample)
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	ventas, soporte := d.Queues[0], d.Queues[1]
	want := NewQueue()
	want.ID, want.Name, want.WrapUp = "ventas", Texts{"es": "Ventas", "en": "Sales"}, 45*time.Second
	if diff := cmp.Diff(want, ventas); diff != "" {
		t.Errorf("defaults stay where nothing is said (-want +got):\n%s", diff)
	}
	if soporte.WrapUp != 0 || soporte.RingTimeout != 20*time.Second || !soporte.Record || soporte.Strategy != RoundRobin {
		t.Errorf("%+v", soporte)
	}
	ana, bob := d.Agents[0], d.Agents[1]
	if diff := cmp.Diff([]Membership{{Queue: "ventas"}, {Queue: "soporte", Rank: 2}}, ana.Queues); diff != "" {
		t.Error(diff)
	}
	if ana.PIN.Reveal() != "4711" || ana.WrapUp != nil || bob.WrapUp == nil || *bob.WrapUp != 0 || bob.Language != "en" {
		t.Errorf("%+v %+v", ana, bob)
	}
	plan := ventas.Plan()
	if plan.AnnounceFirst != 15*time.Second || plan.RecordFormat != "wav" || plan.Record {
		t.Errorf("%+v", plan)
	}
}

func TestMisspeltFieldIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"queues: [{id: a, ring_timout: 5s}]", "agents: [{id: a, endpont: PJSIP/1}]",
		"agents: [{id: a, queues: [{queue: x, lvl: 1}]}]"} {
		if _, err := read(text); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	d := parse(t, sample)
	asJSON, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v", d), fmt.Sprintf("%+v", d), fmt.Sprintf("%#v", d), string(asJSON)} {
		if strings.Contains(text, "4711") {
			t.Errorf("the PIN is in %s", text)
		}
	}
}

// TestValidate changes one thing at a time; the error must name field and value.
func TestValidate(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		change func(*Definitions)
		want   string
	}{
		"queue id":        {func(d *Definitions) { d.Queues[0].ID = "a@b" }, `queues[0].id: "a@b" is not a name`},
		"queue twice":     {func(d *Definitions) { d.Queues[1].ID = "ventas" }, `queues[1].id: "ventas" is used twice`},
		"strategy":        {func(d *Definitions) { d.Queues[0].Strategy = "magic" }, `strategy: "magic"`},
		"admit":           {func(d *Definitions) { d.Queues[0].Admit = "never" }, `admit: "never"`},
		"max_length":      {func(d *Definitions) { d.Queues[0].MaxLength = -1 }, "max_length: -1"},
		"misses":          {func(d *Definitions) { d.Queues[0].MissesBeforePause = -2 }, "misses_before_pause: -2"},
		"priority":        {func(d *Definitions) { d.Queues[0].Priority = 5000 }, "priority: 5000"},
		"ring":            {func(d *Definitions) { d.Queues[0].RingTimeout = 0 }, "ring_timeout: 0s"},
		"retry":           {func(d *Definitions) { d.Queues[0].Retry = 0 }, "retry: 0s"},
		"wrap_up":         {func(d *Definitions) { d.Queues[0].WrapUp = -time.Second }, "wrap_up: -1s"},
		"all pick up":     {func(d *Definitions) { d.Queues[0].Strategy, d.Queues[0].AutoAnswer = RingAll, true }, "queues[0].auto_answer: with strategy ring_all"},
		"extend none":     {func(d *Definitions) { d.Queues[1].ExtendWrapUp = &Extension{By: time.Second, Most: time.Minute} }, "queues[1].extend_wrap_up: there is no time for finishing"},
		"extend less":     {func(d *Definitions) { d.Queues[0].ExtendWrapUp = &Extension{By: time.Second, Most: 45 * time.Second} }, "extend_wrap_up.most: 45s is no longer than wrap_up, which is 45s"},
		"announce":        {func(d *Definitions) { d.Queues[0].AnnounceEvery = -1 }, "announce_every: -1ns"},
		"music":           {func(d *Definitions) { d.Queues[0].Music = "a&b" }, `music: "a&b"`},
		"sound":           {func(d *Definitions) { d.Queues[0].AnnouncePrompts = []string{"a,b"} }, `announce_prompts[0]: "a,b"`},
		"exit key":        {func(d *Definitions) { d.Queues[0].ExitKey = "1a" }, `exit_key: "1a"`},
		"format":          {func(d *Definitions) { d.Queues[0].RecordFormat = "mp3" }, `record_format: "mp3"`},
		"language of":     {func(d *Definitions) { d.Queues[0].Name = Texts{"fr": "Ventes"} }, `name: "fr" is not en or es`},
		"agent id":        {func(d *Definitions) { d.Agents[0].ID = "" }, `agents[0].id: is missing`},
		"agent twice":     {func(d *Definitions) { d.Agents[1].ID = "ana" }, `agents[1].id: "ana" is used twice`},
		"pbx":             {func(d *Definitions) { d.Agents[0].PBX = "" }, `pbx: is missing`},
		"endpoint attack": {func(d *Definitions) { d.Agents[0].Endpoint = "PJSIP/1&PJSIP/x@trunk" }, `endpoint: "PJSIP/1&PJSIP/x@trunk"`},
		"endpoint tech":   {func(d *Definitions) { d.Agents[0].Endpoint = "Local/5@out" }, `endpoint: "Local/5@out"`},
		"phone twice":     {func(d *Definitions) { d.Agents[1].Endpoint = "PJSIP/101" }, `endpoint: "PJSIP/101" on pbx "uno" is agent "ana"'s already`},
		"pin":             {func(d *Definitions) { d.Agents[0].PIN = "secret" }, "pin: the value is not 1 to 8 digits"},
		"agent language":  {func(d *Definitions) { d.Agents[0].Language = "xx" }, `language: "xx"`},
		"agent wrap_up":   {func(d *Definitions) { w := -time.Second; d.Agents[0].WrapUp = &w }, "wrap_up: -1s is out of bounds: it must be 0s to 24h"},
		"caller of none":  {func(d *Definitions) { d.Callers = []KnownCaller{{ID: "acme"}} }, "callers[0].numbers: is empty"},
		"caller number":   {func(d *Definitions) { d.Callers = []KnownCaller{{ID: "acme", Numbers: []string{"+34*6"}}} }, `numbers[0]: "+34*6" is not a telephone number`},
		"caller twice": {func(d *Definitions) {
			d.Callers = []KnownCaller{{ID: "acme", Numbers: []string{"+34600"}}, {ID: "gold", Numbers: []string{"1", "0034600"}}}
		}, `callers[1].numbers[1]: "0034600" is "acme"'s already in the same queue (of "gold")`},
		"caller of all":  {func(d *Definitions) { d.Callers = []KnownCaller{{ID: "acme", Numbers: []string{"00*"}}} }, `numbers[0]: "00*" is how numbers from abroad begin`},
		"caller prefers": {func(d *Definitions) { d.Callers = []KnownCaller{{ID: "acme", Numbers: []string{"1"}, Prefer: "nadie"}} }, `prefer: there is no agent "nadie"`},
		"caller's queue": {func(d *Definitions) {
			d.Callers = []KnownCaller{{ID: "acme", Numbers: []string{"1"}, Queues: []string{"nada"}}}
		}, `there is no queue "nada"`},
		"last agent":     {func(d *Definitions) { d.Queues[0].LastAgent = &LastAgent{Patience: time.Second} }, "last_agent.within: 0s is out of bounds"},
		"unknown queue":  {func(d *Definitions) { d.Agents[0].Queues[0].Queue = "nada" }, `there is no queue "nada"`},
		"queue named 2x": {func(d *Definitions) { d.Agents[0].Queues[1].Queue = "ventas" }, `queues[1]: "ventas" is used twice`},
		"rank":           {func(d *Definitions) { d.Agents[0].Queues[0].Rank = 100 }, "queues[0].rank: 100 is out of bounds"},
		"reason own":     {func(d *Definitions) { d.PauseReasons[0].Name = "missed" }, `"missed" is operadora's own`},
		"reason digit":   {func(d *Definitions) { d.PauseReasons[0].Digit = "12" }, `digit: "12"`},
		"reason twice":   {func(d *Definitions) { d.PauseReasons = append(d.PauseReasons, d.PauseReasons[0]) }, `digit: "1" is used twice`},
		"zone":           {func(d *Definitions) { d.TimeZone = "America/Bogotá" }, `time_zone: "America/Bogotá" is not a time zone`},
		"no zone":        {func(d *Definitions) { d.TimeZone = "America/Bogot" }, `time_zone: "America/Bogot" is no time zone`},
		"pause scope":    {func(d *Definitions) { d.PauseReasons[0].AtOnceIn = PauseInTeam }, `at_once_in: team says nothing without at_once`},
		"pause over":     {func(d *Definitions) { d.PauseReasons[0].Over = "warn" }, `over: warn says nothing without per_day`},
		"pause per day":  {func(d *Definitions) { d.PauseReasons[0].PerDay = 25 * time.Hour }, `per_day: 25h`},
		"disposition":    {func(d *Definitions) { d.Dispositions[0].Digits = "a" }, `digits: "a"`},
		"same code":      {func(d *Definitions) { d.Dispositions[1].Queues = []string{"ventas"} }, `"1" is "sale"'s already`},
		"disp queue":     {func(d *Definitions) { d.Dispositions[0].Queues = []string{"nada"} }, `there is no queue "nada"`},
	}
	for name, r := range rows {
		d := parse(t, sample)
		r.change(&d)
		err := d.Validate()
		if err == nil || !strings.Contains(err.Error(), r.want) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: error %v, want it to tell %q", name, err, r.want)
		}
	}
}

func TestEveryFieldIsDescribed(t *testing.T) {
	t.Parallel()
	for _, v := range []any{Definitions{}, Queue{}, Agent{}, Membership{}, PauseReason{}, Disposition{}, Config{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.Name == "Groups" || f.Name == "Since" {
				continue // not of the files
			}
			if f.Tag.Get("yaml") == "" || f.Tag.Get("doc") == "" {
				t.Errorf("%s.%s has no name or no description", typ.Name(), f.Name)
			}
		}
	}
}

// TestEveryStrategyMayBeWritten holds the words of the tag against the code's.
func TestEveryStrategyMayBeWritten(t *testing.T) {
	t.Parallel()
	for s := range strategies {
		q := NewQueue()
		q.ID, q.Strategy = "a", s
		if faults := yamlfile.Check("", q); len(faults) > 0 {
			t.Error(faults)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{OfferGrace: time.Millisecond}.Validate()
	for _, want := range []string{"acd.offer_grace: 1ms", "acd.phone_rest: 0s"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := New(Parts{Config: Config{OfferGrace: 1}}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("New: %v", err)
	}
	if _, err := New(Parts{Definitions: Definitions{Queues: []Queue{{}}}}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("New: %v", err)
	}
}

func TestTextsIn(t *testing.T) {
	t.Parallel()
	both := Texts{"en": "Sales", "es": "Ventas"}
	for lang, want := range map[string]string{"es": "Ventas", "en": "Sales", "fr": "Sales"} {
		if got := both.In(lang); got != want {
			t.Errorf("%s: %q", lang, got)
		}
	}
	if got := (Texts{"es": "Ventas"}).In("en"); got != "Ventas" {
		t.Errorf("any is better than none: %q", got)
	}
	if got := (Texts)(nil).In("en"); got != "" {
		t.Errorf("%q", got)
	}
}

// TestProfilesGiveSkillsAndPlaces: an agent has what the profile has, and their own additions go before it.
func TestProfilesGiveSkillsAndPlaces(t *testing.T) {
	t.Parallel()
	d := Definitions{
		Profiles: []AgentProfile{{ID: "senior", Skills: map[string]int{"en": 5, "billing": 4}, Queues: []Membership{{Queue: "sales"}, {Queue: "support", Rank: 1}}}},
		Agents: []Agent{
			{ID: "ana", Profile: "senior"},
			{ID: "bob", Profile: "senior", Skills: map[string]int{"en": 2, "es": 3}, Queues: []Membership{{Queue: "vip"}, {Queue: "support", Rank: 3}}},
			{ID: "cid", Queues: []Membership{{Queue: "vip"}}},
		},
	}
	got := d.WithProfiles()
	want := []Agent{
		{ID: "ana", Profile: "senior", Skills: map[string]int{"en": 5, "billing": 4}, Queues: []Membership{{Queue: "sales"}, {Queue: "support", Rank: 1}}},
		{ID: "bob", Profile: "senior", Skills: map[string]int{"en": 2, "billing": 4, "es": 3}, Queues: []Membership{{Queue: "sales"}, {Queue: "support", Rank: 3}, {Queue: "vip"}}},
		{ID: "cid", Queues: []Membership{{Queue: "vip"}}},
	}
	if diff := cmp.Diff(want, got.Agents); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(got.Agents, got.WithProfiles().Agents); diff != "" {
		t.Errorf("twice is not once:\n%s", diff)
	}
	if d.Agents[1].Skills["billing"] != 0 || d.Profiles[0].Skills["es"] != 0 {
		t.Errorf("the definitions were changed: %+v", d)
	}
}
