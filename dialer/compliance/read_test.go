package compliance_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/operadora/operadora/dialer/compliance"
)

// TestReadTellsWhatIsWrong: each wrong file has one fault, in a line that names key and value.
func TestReadTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	const head = "profile: ours\nname: {en: Ours, es: Nuestro}\nread: 2026-11-30\nrules:\n"
	rule := func(more string) string {
		return head + "  - {id: a, from: 2026-01-01, law: ours, basis: assumed, " + more + "}\n"
	}
	rows := map[string]string{
		"profile: ours\nname: {en: Ours}\nread: 2026-11-30\nrules: []\n":                                                                   "has no rules",
		"profile: ours\nname: {en: Ours}\nread: today\nrules: [{id: a, kind: ring, least: 15s, from: 2026-01-01, law: x, basis: assumed}]": `"today" is no day`,
		rule("kind: rnig, least: 15s"):                                              `there is no kind "rnig"`,
		rule("kind: ring"):                                                          `"least"`,
		rule("kind: ring, least: 15s, until: 2025-01-01"):                           "it ends on 2025-01-01, before it begins",
		rule("kind: ring, least: 15s, until: 2026-02-30"):                           `"2026-02-30" is no day`,
		rule("kind: abandon, percent: 0, window: 24h, threshold: 2s"):               "percent: 0 is out of bounds: it must be 0.01 to 99",
		rule("kind: abandon, percent: 100, window: 24h, threshold: 2s"):             "percent: 100 is out of bounds: it must be 0.01 to 99",
		rule("kind: abandon, percent: 3, window: 24, threshold: 2s"):                "no unit",
		rule(`kind: hours, hours: ["mon-fri 9-14"]`):                                `"mon-fri 9-14" is not like`,
		rule(`kind: hours, hours: ["mon-fri 09:00-14:00"], holidays: XX`):           `holidays: those of "XX" are not known`,
		rule("kind: cap, counts: attempts, most: 3, per: month"):                    `per: "month" is neither day, week nor a time`,
		rule("kind: cap, counts: attempts, most: 0, per: day"):                      "0 is out of bounds",
		rule("kind: channel, per: day"):                                             `per: "day" is neither week nor a time`,
		rule("kind: caller_id, shown: false"):                                       "asks nothing of the number",
		rule("kind: ring, least: 15s, for: [collections]"):                          `"collections" is none of`,
		head + "  - {id: a, kind: ring, least: 15s, from: 2026-01-01, law: ours}\n": "source: says that it is no assumption",
		rule("kind: ring, least: 15s") + "  - {id: a, kind: ring, least: 20s, from: 2026-01-01, law: ours, basis: assumed}\n": "two rules of that id",
		"extends: XX\n" + rule("kind: ring, least: 15s"):                                                                      `extends "XX", and what ships is BR, CO, ES, MX, UK, US`,
		"extends: US\n" + strings.Replace(rule("kind: ring, least: 15s"), "id: a", "id: ring", 1):                             `rule "ring" is also one of US`,
	}
	for text, want := range rows {
		_, faults := compliance.Read("p.yaml", text)
		if len(faults) != 1 || !strings.Contains(faults[0].String(), want) || !strings.HasPrefix(faults[0].String(), "p.yaml:") {
			t.Errorf("%s\n%v\nwant one fault: %s", text, faults, want)
		}
	}
	if _, faults := compliance.Read("p.yaml", "extends: CO\n"+rule("kind: cap, counts: attempts, most: 2, per: week, channels: all")); faults != nil {
		t.Error(faults)
	}
}

// TestLoad: profiles of one's own stand beside those that ship, each of a name of its own.
func TestLoad(t *testing.T) {
	t.Parallel()
	file := func(id string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("profile: " + id + "\nname: {en: Ours}\nread: 2026-11-30\nrules: [{id: a, kind: ring, least: 15s, from: 2026-01-01, law: ours, basis: assumed}]\n")}
	}
	all, faults := compliance.Load(fstest.MapFS{"profiles/a.yaml": file("ours"), "profiles/b.yml": file("ours"), "profiles/c.yaml": file("CO"), "profiles/d.yaml": {Data: []byte("profile: [")}})
	if len(all) != len(compliance.Names())+1 || len(all["CO"].Rules) < 5 || len(faults) != 3 {
		t.Errorf("%d profiles, %v", len(all), faults)
	}
	for _, want := range []string{`profiles/b.yml:1:1: E00 profile: "ours" is already in profiles/a.yaml`, `profiles/c.yaml:1:1: E00 profile: "CO" is one that ships; give yours another name`, "profiles/d.yaml:"} {
		if !strings.Contains(faults.Error(), want) {
			t.Errorf("%v lacks %s", faults, want)
		}
	}
}
