package pacingsim

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestWorldsLoad(t *testing.T) {
	t.Parallel()
	names := Worlds()
	for _, want := range []string{"s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15", "s16", "s17"} {
		if !slices.Contains(names, want) {
			t.Errorf("world %s does not ship", want)
		}
	}
	for _, name := range names {
		w, err := Load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if w.Name != name {
			t.Errorf("world file %s names itself %s", name, w.Name)
		}
		if w.About == "" {
			t.Errorf("world %s says nothing about itself", name)
		}
	}
}

// A copy that was changed in one line says in which line it is wrong.
func TestParseErrorsNameFileLineAndField(t *testing.T) {
	t.Parallel()
	good, err := WorldFile("s10")
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name     string
		old, new string
		words    string
	}{
		{"answer rate above one", "answer: {const: 0.25}", "answer: {const: 1.25}", "campaigns[0].answer.const: 1.25 is not between 0 and 1"},
		{"rates above one together", "answer: {const: 0.25}", "answer: {const: 0.95}", "campaigns[0].answer: answer, machine and fail reach"},
		{"unknown field", "    limit: 0.03", "    limmit: 0.03", `unknown field "limmit"`},
		{"not a number", "  count: 40", "  count: forty", "cannot unmarshal"},
		{"law of no kind", "{kind: uniform, low: 1, high: 4}", "{kind: uniformly, low: 1, high: 4}", `campaigns[0].fail_delay: kind: "uniformly"`},
		{"law out of range", "{kind: uniform, low: 1, high: 4}", "{kind: uniform, low: 4, high: 1}", "campaigns[0].fail_delay: high: 1"},
		{"shift of a share above one", "abrupt: 0.2", "abrupt: 1.2", "agents.staffing[0].abrupt: 1.2"},
		{"broken YAML", "agents:", "agents: [", ""},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(string(good), r.old) {
				t.Fatalf("%q is not in the world", r.old)
			}
			before, _, _ := strings.Cut(string(good), r.old)
			line := 1 + strings.Count(before, "\n")
			_, err := Parse("mine.yaml", []byte(strings.Replace(string(good), r.old, r.new, 1)))
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), r.words) {
				t.Errorf("error %q does not say %q", err, r.words)
			}
			file, rest, _ := strings.Cut(err.Error(), ":")
			number, _, _ := strings.Cut(rest, ":")
			if want := strconv.Itoa(line); file != "mine.yaml" || r.name != "broken YAML" && number != want {
				t.Errorf("error %q is not at mine.yaml:%s", err, want)
			}
		})
	}
}

func TestLoadFile(t *testing.T) {
	t.Parallel()
	text, err := WorldFile("s3")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "copy.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if w.Agents.Count != 20 || w.Campaigns[0].RingTimeout != 25 || w.Carrier.Lines != 10000 {
		t.Errorf("read %+v", w)
	}
	if _, err := Load("s99"); err == nil || !strings.Contains(err.Error(), "s1") {
		t.Errorf("error %v does not name the worlds there are", err)
	}
}

func TestCurve(t *testing.T) {
	t.Parallel()
	steps := Curve{Every: 100, Points: []Point{{0, 1}, {50, 3}}}
	lines := Curve{Linear: true, Points: []Point{{10, 1}, {20, 3}}}
	flat := Curve{Const: 7}
	rows := []struct {
		curve *Curve
		at    float64
		want  float64
	}{
		{&steps, 0, 1}, {&steps, 49, 1}, {&steps, 50, 3}, {&steps, 120, 1}, {&steps, 160, 3},
		{&lines, 0, 1}, {&lines, 15, 2}, {&lines, 20, 3}, {&lines, 99, 3}, {&flat, 5, 7},
	}
	for _, r := range rows {
		if got := r.curve.At(r.at); got != r.want {
			t.Errorf("%+v at %v: %v, want %v", *r.curve, r.at, got, r.want)
		}
	}
}
