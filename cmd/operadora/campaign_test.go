package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/operadora/operadora/dialer/campaign"
	"github.com/operadora/operadora/dialer/compliance"
)

func TestCampaignRules(t *testing.T) {
	t.Parallel()
	out, err := run(t, "campaign", "rules", "CO", "--language", "es", "--at", "2026-11-30")
	must(t, err)
	for _, want := range []string{
		"CO, Colombia. Las fuentes se leyeron por última vez el 2026-11-30.",
		"\nhours: desde 2023-10-10; ley\n  se llama según la hora de todos los lugares donde pueda estar la persona: lun-vie 07:00-19:00, sáb 08:00-15:00, y no en festivos de CO\n" +
			"  Ley 2300 de 2023, art. 3; festivos: Ley 51 de 1983 y Ley 2578 de 2026\n  https://",
		"\nonce-a-day (cobranza, ventas): ", "como máximo 1 conversación al día con una persona por todos los canales",
		"abandon: desde 2023-10-10; supuesto por prudencia\n", "operadora no se ocupa de esto: ", "para el abogado: ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
	for at, want := range map[string]string{"2016-06-01": "abandon-2010: ", "2018-06-01": "abandon: "} {
		out, err := run(t, "campaign", "rules", "UK", "--at", at)
		must(t, err)
		if !strings.Contains(out, "\n"+want) || strings.Count(out, "\nabandon") != 1 {
			t.Errorf("at %s:\n%s", at, out)
		}
	}
	out, err = run(t, "campaign", "rules", "US", "--for", "collection", "--json")
	must(t, err)
	var rules []ruleShown
	must(t, json.Unmarshal([]byte(out), &rules))
	seen := map[string]bool{}
	for _, r := range rules {
		seen[r.ID] = r.InForce && r.Law != "" && r.Text != ""
	}
	if !seen["seven-in-seven"] || !seen["abandon"] || seen["registry"] {
		t.Errorf("%+v", rules)
	}
	for _, bad := range [][]string{{"XX"}, {"US", "--for", "debts"}, {"US", "--at", "someday"}, {"US", "--language", "fr"}} {
		if out, err := run(t, append([]string{"campaign", "rules"}, bad...)...); err == nil {
			t.Errorf("%v: %s", bad, out)
		}
	}
}

// ownProfile adds a rule of the house to Colombia's.
const ownProfile = `profile: collections
name: {en: Our collections, es: Nuestra cobranza}
extends: CO
read: 2026-11-30
rules:
  - id: tries
    kind: cap
    counts: attempts
    most: 2
    per: day
    from: 2026-01-01
    law: {en: our promise, es: nuestra promesa}
    basis: assumed
`

// TestOwnProfiles: a profile among the definitions is listed, printed and checked with them.
func TestOwnProfiles(t *testing.T) {
	t.Parallel()
	dir := initialised(t)
	config := filepath.Join(dir, "operadora.yaml")
	file := filepath.Join(dir, "definitions", compliance.Folder, "collections.yaml")
	must(t, writeNew(file, []byte("# yaml-language-server: $schema=../../schemas/profile.json\n"+ownProfile), 0o600))
	holdsAgainstSchema(t, file)
	if out, err := run(t, "check", "-c", config); err != nil {
		t.Fatal(out, err)
	}
	out, err := run(t, "campaign", "rules", "-c", config)
	must(t, err)
	if !strings.Contains(out, "collections  Our collections") || !strings.Contains(out, "\nUS ") {
		t.Error(out)
	}
	out, err = run(t, "campaign", "rules", "collections", "-c", config)
	must(t, err)
	for _, want := range []string{"\ntries: from 2026-01-01; assumed out of caution\n  at most 2 attempts a day with a person by telephone, over all campaigns\n  our promise\n", "\nhours: from 2023-10-10; law\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
	put(t, file, "most: 2", "most: 0")
	if out, err := run(t, "check", "-c", config); err == nil || !strings.Contains(err.Error(), "profiles/collections.yaml:10:11: E11 rules[0].most: 0 is out of bounds") {
		t.Error(out, err)
	}
	put(t, file, "most: 0", "most: 2")
	put(t, file, "profile: collections", "profile: CO")
	if out, err := run(t, "check", "-c", config); err == nil || strings.Count(err.Error(), "profiles/collections.yaml:") != 1 {
		t.Error(out, err)
	}
}

// collectFlow serves who answers, or tells them who called.
const collectFlow = `flow: collect
language: es
start: agent
prompts:
  sorry: {sound: vm-goodbye}
nodes:
  agent: {type: queue, queue: sales, on: {timeout: sorry, full: sorry, no_agents: sorry, error: sorry}}
  sorry: {type: play, prompt: sorry, next: end}
`

// ownCampaign is a campaign over what init writes.
const ownCampaign = `campaign: march
purpose: collection
profile: CO
mode: predictive
queue: sales
flow: collect
message: [vm-goodbye]
lists: [overdue]
trunks: [{pbx: main, lines: 30, calls_per_second: 3}]
caller_id: ["+576015550000"]
calendar: office
`

// TestCheckReadsCampaigns: a campaign is checked by the rest of the definitions, and is
// not said to run.
func TestCheckReadsCampaigns(t *testing.T) {
	t.Parallel()
	dir := initialised(t)
	config := filepath.Join(dir, "operadora.yaml")
	file := filepath.Join(dir, "definitions", campaign.Folder, "march.yaml")
	sample, err := os.ReadFile(filepath.Join(filepath.Dir(file), sampleCampaign))
	must(t, err)
	must(t, writeNew(file, sample, 0o600))
	holdsAgainstSchema(t, file)
	if out, err := run(t, "check", "-c", config); err != nil || !strings.Contains(out, "campaigns: 1\n") {
		t.Fatal("the sample of init: ", out, err)
	}
	for _, r := range []struct{ from, to, empty string }{ // init has no trunk in operadora.yaml
		{"", "", "dial"}, {`dial: ""`, "dial: PJSIP/{number}@trunk", "allow"}, {"allow: []", `allow: ["+57"]`, ""},
	} {
		put(t, config, r.from, r.to)
		out, err := run(t, "check", "-c", config)
		must(t, err)
		if strings.Contains(out, "W08") != (r.empty != "") || !strings.Contains(out, ": W08 trunks[0].pbx: nobody is called over it: pbxs.main.outbound."+r.empty) && r.empty != "" {
			t.Errorf("with %q: %s", r.to, out)
		}
	}
	must(t, os.Remove(file))
	must(t, writeNew(file, []byte("# yaml-language-server: $schema=../../schemas/campaign.json\n"+ownCampaign), 0o600))
	must(t, writeNew(filepath.Join(dir, "definitions", "flows", "collect.yaml"), []byte(collectFlow), 0o600))
	holdsAgainstSchema(t, file)
	out, err := run(t, "check", "-c", config)
	if err != nil || !strings.Contains(out, "campaigns: 1\n") {
		t.Fatal(out, err)
	}
	for from, to := range map[string]string{"queue: sales": "queue: slaes", "message: [vm-goodbye]": "message: []", "calendar: office": "calendar: ofice", "pbx: main": "pbx: mian", "profile: CO": "profile: ours"} {
		put(t, file, from, to)
		if out, err := run(t, "check", "-c", config); err == nil || strings.Count(err.Error(), "campaigns/march.yaml:") != 1 {
			t.Errorf("%s: %s%v", to, out, err)
		}
		put(t, file, to, from)
	}
	must(t, os.WriteFile(filepath.Join(dir, "definitions", "agents.yaml"), []byte("agents: []\n"), 0o600))
	if out, err := run(t, "check", "-c", config); err == nil || !strings.Contains(err.Error(), `campaigns/march.yaml:6:8: E00 queue: queue "sales" has no agents: nobody would serve who answers`) {
		t.Error(out, err)
	}
}
