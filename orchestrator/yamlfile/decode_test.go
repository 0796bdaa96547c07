package yamlfile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/operadora/operadora/orchestrator/yamlfile"
)

// secret is a text that must not be shown.
type secret string

func (s secret) Reveal() string { return string(s) }

// sample has a key of every kind.
type sample struct {
	At      yamlfile.Pos
	Name    string               `yaml:"name,need" shape:"id" doc:"a"`
	Word    string               `yaml:"word" oneof:"one two" default:"one" doc:"a"`
	PIN     secret               `yaml:"pin" shape:"pin" default:"" doc:"a"`
	Size    int                  `yaml:"size" default:"3" min:"1" max:"9" doc:"a"`
	Ratio   float64              `yaml:"ratio" min:"0" max:"2" doc:"a"`
	On      bool                 `yaml:"on" default:"true" doc:"a"`
	Wait    time.Duration        `yaml:"wait" default:"5s" min:"1s" max:"1h" doc:"a"`
	Maybe   *time.Duration       `yaml:"maybe" min:"0s" doc:"a"`
	To      string               `yaml:"to,vars" shape:"number" default:"" doc:"a"`
	Sounds  []string             `yaml:"sounds" shape:"sound" doc:"a"`
	Lists   [][]string           `yaml:"lists" doc:"a"`
	People  []person             `yaml:"people" doc:"a"`
	Texts   map[string]string    `yaml:"texts" keys:"tongue" doc:"a"`
	Numbers yamlfile.Map[person] `yaml:"numbers" keys:"did" doc:"a"`
	Steps   yamlfile.Map[step]   `yaml:"steps" doc:"a"`
	Place   yamlfile.Text        `yaml:"place" doc:"a"`
	Prompt  prompt               `yaml:"prompt" doc:"a"`
}

type person struct {
	ID    string `yaml:"id,need,short" shape:"id" doc:"a"`
	Level int    `yaml:"level" default:"1" doc:"a"`
}

type step struct {
	Type string `yaml:"type,need" doc:"a"`
	More any
}

func (step) Variants() (string, map[string]any) {
	return "type", map[string]any{"say": sayStep{}, "end": endStep{}}
}

type sayStep struct {
	Text string `yaml:"text,need" doc:"a"`
}

type endStep struct{}

type prompt struct {
	Sound []string               `yaml:"sound,short" shape:"sound" doc:"a"`
	In    yamlfile.Map[[]string] `yaml:",rest" keys:"language" shape:"sound"`
}

func read(text string) (sample, yamlfile.Faults) {
	var s sample
	f, faults := yamlfile.Parse("s.yaml", text)
	if f == nil {
		return s, faults
	}
	return s, f.Decode(&s, yamlfile.Options{})
}

func TestDecode(t *testing.T) {
	t.Parallel()
	got, faults := read(`
name: 0105
pin: 0123
size: 9
ratio: 1.5
on: false
wait: 1m30s
maybe: 0
to: "{{x}}"
sounds: a/b
lists: [[a, b], [c]]
people: [ana, {id: 7, level: 2}]
texts: {en: Yes, es: 1_000}
numbers: {"5000": ana, +34910*: {id: bob}}
steps: {a: {type: say, text: true}, b: {type: end}}
place: here
prompt: {es: [x, y], en: z}
`)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := yamlfile.Defaults[sample]()
	zero := time.Duration(0)
	pos := func(line, column int) yamlfile.Pos { return yamlfile.Pos{File: "s.yaml", Line: line, Column: column} }
	want.At, want.Name, want.PIN, want.Size, want.Ratio, want.On, want.Wait, want.Maybe = pos(2, 1), "0105", "0123", 9, 1.5, false, 90*time.Second, &zero
	want.To, want.Sounds, want.Lists = "{{x}}", []string{"a/b"}, [][]string{{"a", "b"}, {"c"}}
	want.People = []person{{"ana", 1}, {"7", 2}}
	want.Texts = map[string]string{"en": "Yes", "es": "1_000"}
	want.Numbers = yamlfile.Map[person]{{"5000", pos(14, 11), person{"ana", 1}}, {"+34910*", pos(14, 24), person{"bob", 1}}}
	want.Steps = yamlfile.Map[step]{{"a", pos(15, 9), step{"say", &sayStep{"true"}}}, {"b", pos(15, 37), step{"end", &endStep{}}}}
	want.Place = yamlfile.Text{Value: "here", At: pos(16, 8)}
	want.Prompt.In = yamlfile.Map[[]string]{{"es", pos(17, 10), []string{"x", "y"}}, {"en", pos(17, 22), []string{"z"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if faults := yamlfile.Check("", got); len(faults) > 0 {
		t.Error(faults)
	}
}

// TestDecodeRefuses has one fault in each text, told in one line.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"size: 3":                                   `s.yaml:1:1: E00 needs "name"`,
		"nane: x":                                   `s.yaml:1:1: E00 nane: there is no such key; did you mean "name"?`,
		"name: x\nsize: 010":                        "s.yaml:2:7: E00 size: 010 begins with 0; write 10",
		"name: x\nsize: 0x10":                       `size: "0x10" is not a whole number`,
		"name: x\nsize: 1_0":                        `size: "1_0" is not a whole number`,
		"name: x\nsize: 10":                         "s.yaml:2:7: E11 size: 10 is out of bounds: it must be 1 to 9",
		"name: x\nsize: [1]":                        "size: must be a whole number, not a list",
		"name: x\nsize:":                            "s.yaml:2:1: E00 size: has no value",
		"name: [x]":                                 "s.yaml:1:7: E00 name: must be text, not a list",
		"name: {x: y}":                              `name: must be text, not "key: value" lines`,
		"name: a b":                                 `name: "a b" is not a name of letters`,
		"name: x\nname: y":                          "already defined",
		"name: x\nword: tow":                        `word: "tow" is none of one, two; did you mean "two"?`,
		"name: x\npin: 12345678901":                 "pin: the value is not 1 to 8 digits",
		"name: x\non: yes":                          `on: "yes" is neither true nor false`,
		"name: x\nwait: 10":                         "wait: 10 has no unit; a duration needs one: 10s, 10m or 10h",
		"name: x\nwait: soon":                       `wait: "soon" is not a duration such as`,
		"name: x\nratio: 2.5":                       "s.yaml:2:8: E11 ratio: 2.5 is out of bounds: it must be 0 to 2",
		"name: x\nratio: .nan":                      "ratio",
		"name: x\nwait: 2h":                         "wait: 2h is out of bounds: it must be 1s to 1h",
		"name: x\nwait: 5000000h":                   "s.yaml:2:7: E11 wait: 5000000h is out of bounds: it must be 1s to 1h",
		"name: x\nmaybe: 5000000h":                  "E11 maybe: 5000000h is out of bounds: it must be 0s or more, and 2562047h at most",
		"name: x\nmaybe: -1s":                       "maybe: -1s is out of bounds: it must be 0s or more",
		"name: x\nsounds: [a, ../b]":                `s.yaml:2:13: E00 sounds[1]: "../b" is not a sound name`,
		"name: x\npeople: [{level: 2}]":             `people[0]: needs "id"`,
		"name: x\npeople: [{level: two}, {id: b}]":  `people[0]: needs "id"` + "\n" + `s.yaml:2:18: E00 people[0].level: "two" is not a whole number`,
		"name: x\ntexts: {fr: Oui}":                 `texts: "fr" is not en or es`,
		"name: x\nnumbers: {'5*0': a}":              `numbers: "5*0" is not a dialled number`,
		"name: x\nsteps: {a: {text: b}}":            `steps.a: needs "type"`,
		"name: x\nsteps: {a: {type: sai}}":          `s.yaml:2:19: E00 steps.a.type: there is no type "sai"; did you mean "say"?`,
		"name: x\nsteps: {a: {type: end, text: b}}": `steps.a.text: there is no such key; it knows type`,
		"name: x\nprompt: {klingon: a}":             `prompt.klingon: there is no such key; it knows sound`,
		"name: \"a\\x1b[31m\"":                      "holds control characters",
		"name: !!binary aGVsbG8=":                   "YAML tags and complex keys are not allowed",
		"name: *x":                                  "*x names no anchor of this file; if a star is meant, write it in quotes",
		"- a":                                       `must be "key: value" lines, not a list`,
		"name: x\n---\nname: y":                     "a second document begins here",
		"name: x\nnumbers: {*: a}":                  `write the key * in quotes: "*"`,
	} {
		_, faults := read(text)
		if got := faults.Error(); !strings.Contains(got, want) || strings.Count(got, "\n") != strings.Count(want, "\n") {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestAnchorsAndMerges(t *testing.T) {
	t.Parallel()
	got, faults := read("name: &n x\nword: two\nplace: *n\npeople:\n  - &a {id: ana, level: 4}\n  - {<<: *a, id: bob}\n  - *a\n")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if diff := cmp.Diff([]person{{"ana", 4}, {"bob", 4}, {"ana", 4}}, got.People); diff != "" || got.Place.Value != "x" {
		t.Error(diff, got.Place)
	}
}

func TestEnvironmentGoesFirst(t *testing.T) {
	t.Parallel()
	type section struct {
		Size int `yaml:"size" default:"3" max:"9"`
	}
	type config struct {
		Name  string             `yaml:"name"`
		Below section            `yaml:"below"`
		Many  map[string]section `yaml:"many"`
	}
	env := map[string]string{"below.size": "7", "many.a.size": "99"}
	f, _ := yamlfile.Parse("c.yaml", "name: x\nMany: {A: {}}")
	var c config
	faults := f.Decode(&c, yamlfile.Options{Loose: true, Env: func(path string) (string, yamlfile.Pos, bool) {
		v, ok := env[path]
		return v, yamlfile.Pos{File: "variable " + path}, ok
	}})
	if got := faults.Error(); got != "variable many.a.size: E11 many.a.size: 99 is out of bounds: it must be 9 at most" {
		t.Error(got)
	}
	if c.Below.Size != 7 || c.Name != "x" || f.At("below.size").File != "variable below.size" {
		t.Errorf("%+v", c)
	}
}
