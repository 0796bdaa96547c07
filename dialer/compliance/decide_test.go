package compliance_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // also where none is installed

	"github.com/operadora/operadora/dialer/compliance"
)

func zones(t interface{ Fatal(...any) }, names ...string) (out []*time.Location) {
	for _, n := range names {
		z, err := time.LoadLocation(n)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, z)
	}
	return out
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func rulesOf(v compliance.Verdict) string {
	var out []string
	for _, r := range v.Refusals {
		out = append(out, r.Rule.ID)
	}
	return strings.Join(out, " ")
}

const (
	bogota = "+573001234567"
	office = "+576011234567" // a number of a place
	mobile = "+34600000001"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	spoke := func(at, channel string) compliance.Contact {
		return compliance.Contact{At: moment(t, at), Channel: compliance.Channel(channel), Number: bogota, Spoke: true}
	}
	tried := func(at string) compliance.Contact {
		return compliance.Contact{At: moment(t, at), Channel: compliance.ChannelCall, Number: bogota}
	}
	abandoned := func(at string) compliance.Contact {
		return compliance.Contact{At: moment(t, at), Channel: compliance.ChannelCall, Number: bogota, Abandoned: true}
	}
	shown := compliance.Call{Purpose: compliance.PurposeCollection, CallerID: office}
	sales := compliance.Call{Purpose: compliance.PurposeSales, CallerID: office}
	seven := []compliance.Contact{}
	for _, day := range []string{"12", "13", "14", "15", "16", "17", "18"} {
		seven = append(seven, tried("2026-01-"+day+"T15:00:00Z"))
	}
	rows := []struct {
		name, profile, at string
		call              compliance.Call
		zones             []string
		history           []compliance.Contact
		refused, opens    string
	}{
		{"Monday in Bogotá", "CO", "2026-01-19T15:00:00Z", shown, []string{"America/Bogota"}, nil, "", "2026-01-19T15:00:00Z"},
		{"before seven", "CO", "2026-01-19T11:59:59Z", shown, []string{"America/Bogota"}, nil, "hours", "2026-01-19T12:00:00Z"},
		{"at seven in the evening", "CO", "2026-01-20T00:00:00Z", shown, []string{"America/Bogota"}, nil, "hours", "2026-01-20T12:00:00Z"},
		{"Saturday from three on, before a Monday that is a holiday", "CO", "2026-01-10T20:00:00Z", shown, []string{"America/Bogota"}, nil, "hours", "2026-01-13T12:00:00Z"},
		{"the holiday of the law of 2026", "CO", "2026-07-13T15:00:00Z", shown, []string{"America/Bogota"}, nil, "hours", "2026-07-14T12:00:00Z"},
		{"before the law of 2023 nothing is ruled", "CO", "2023-10-01T15:00:00Z", shown, []string{"America/Bogota"}, nil, "", "2023-10-01T15:00:00Z"},
		{"nobody knows the zone", "CO", "2026-01-19T15:00:00Z", shown, nil, nil, "hours", ""},
		{"open in one zone and closed in the other", "US", "2026-01-20T13:30:00Z", shown, []string{"America/New_York", "America/Los_Angeles"}, nil, "hours", "2026-01-20T16:00:00Z"},
		{"spoken with today", "CO", "2026-01-19T20:00:00Z", shown, []string{"America/Bogota"}, []compliance.Contact{spoke("2026-01-19T13:00:00Z", "call")}, "once-a-day", "2026-01-20T12:00:00Z"},
		{"spoken with yesterday", "CO", "2026-01-20T15:00:00Z", shown, []string{"America/Bogota"}, []compliance.Contact{spoke("2026-01-19T13:00:00Z", "call")}, "", "2026-01-20T15:00:00Z"},
		{"tried today, and nobody answered", "CO", "2026-01-19T20:00:00Z", shown, []string{"America/Bogota"}, []compliance.Contact{tried("2026-01-19T13:00:00Z")}, "", "2026-01-19T20:00:00Z"},
		{"spoken with over another channel five days ago", "CO", "2026-01-20T15:00:00Z", shown, []string{"America/Bogota"}, []compliance.Contact{spoke("2026-01-15T15:00:00Z", "whatsapp")}, "one-channel", "2026-01-22T15:00:00Z"},
		{"over another channel today: two rules", "CO", "2026-01-15T16:00:00Z", shown, []string{"America/Bogota"}, []compliance.Contact{spoke("2026-01-15T15:00:00Z", "whatsapp")}, "once-a-day one-channel", "2026-01-22T15:00:00Z"},
		{"a survey is not capped", "CO", "2026-01-19T20:00:00Z", compliance.Call{Purpose: compliance.PurposeSurvey, CallerID: office}, []string{"America/Bogota"}, []compliance.Contact{spoke("2026-01-19T13:00:00Z", "call")}, "", "2026-01-19T20:00:00Z"},
		{"a purpose that nobody says is every one", "CO", "2026-01-19T20:00:00Z", compliance.Call{CallerID: office}, []string{"America/Bogota"}, []compliance.Contact{spoke("2026-01-19T13:00:00Z", "call")}, "once-a-day", "2026-01-20T12:00:00Z"},
		{"seven attempts in seven days", "US", "2026-01-18T18:00:00Z", shown, []string{"America/New_York"}, seven, "seven-in-seven", "2026-01-19T15:00:00Z"},
		{"six", "US", "2026-01-18T18:00:00Z", shown, []string{"America/New_York"}, seven[:6], "", "2026-01-18T18:00:00Z"},
		{"seven attempts to sell", "US", "2026-01-18T18:00:00Z", sales, []string{"America/New_York"}, seven, "", "2026-01-18T18:00:00Z"},
		{"a clock that was put back: what was tried is still to come", "US", "2026-01-10T18:00:00Z", shown, []string{"America/New_York"}, seven, "seven-in-seven", "2026-01-19T15:00:00Z"},
		{"an abandoned call", "UK", "2026-01-21T12:00:00Z", sales, []string{"Europe/London"}, []compliance.Contact{abandoned("2026-01-19T12:30:00Z")}, "lockout", "2026-01-22T12:30:00Z"},
		{"an abandoned call, and an agent is kept", "UK", "2026-01-21T12:00:00Z", compliance.Call{CallerID: office, Reserved: true}, []string{"Europe/London"}, []compliance.Contact{abandoned("2026-01-19T12:30:00Z")}, "", "2026-01-21T12:00:00Z"},
		{"no number is shown", "US", "2026-01-20T18:00:00Z", compliance.Call{}, []string{"America/New_York"}, nil, "caller-id", ""},
		{"what is shown is no number", "US", "2026-01-20T18:00:00Z", compliance.Call{CallerID: "anonymous"}, []string{"America/New_York"}, nil, "caller-id", ""},
		{"a mobile number is shown in Spain", "ES", "2026-01-20T12:00:00Z", compliance.Call{Purpose: compliance.PurposeSales, CallerID: mobile}, []string{"Europe/Madrid"}, nil, "no-mobile", ""},
		{"before it was forbidden", "ES", "2025-06-05T12:00:00Z", compliance.Call{Purpose: compliance.PurposeSales, CallerID: mobile}, []string{"Europe/Madrid"}, nil, "", "2025-06-05T12:00:00Z"},
		{"Saturday in Spain, to sell", "ES", "2026-01-17T12:00:00Z", sales, []string{"Europe/Madrid"}, nil, "hours-sales", "2026-01-19T08:00:00Z"},
		{"the holiday of a Friday in Spain", "ES", "2026-05-01T10:00:00Z", sales, []string{"Europe/Madrid", "Atlantic/Canary"}, nil, "hours-sales", "2026-05-04T08:00:00Z"}, // nine in the Canaries
	}
	profiles := compliance.Shipped()
	for _, r := range rows {
		at := moment(t, r.at)
		v := profiles[r.profile].Decide(at, r.call, compliance.Callee{Number: bogota, Zones: zones(t, r.zones...)}, r.history)
		opens := ""
		if !v.Opens.IsZero() {
			opens = v.Opens.UTC().Format(time.RFC3339)
		}
		if got := rulesOf(v); got != r.refused || opens != r.opens || v.Allowed() != (r.refused == "") {
			t.Errorf("%s: refused by %q, opens %q; want %q, %q", r.name, got, opens, r.refused, r.opens)
		}
		for _, f := range v.Refusals {
			if f.Text["en"] == "" || f.Text["es"] == "" || f.Text["en"] == f.Text["es"] {
				t.Errorf("%s: %q", r.name, f.Text)
			}
		}
	}
	if v := (compliance.Profile{}).Decide(time.Now(), shown, compliance.Callee{}, nil); v.Allowed() || !v.Opens.IsZero() {
		t.Error("who has no rules may call")
	}
}

// TestWordsTellTheData has what a refusal says of hours, in both languages.
func TestWordsTellTheData(t *testing.T) {
	t.Parallel()
	v := compliance.Shipped()["CO"].Decide(moment(t, "2026-01-20T01:30:00Z"), compliance.Call{CallerID: office},
		compliance.Callee{Zones: zones(t, "America/Bogota")}, nil)
	if len(v.Refusals) != 1 {
		t.Fatal(rulesOf(v))
	}
	for language, want := range map[string]string{
		"en": "calls on the clocks of all places where the person may be: mon-fri 07:00-19:00, sat 08:00-15:00, and not on public holidays of CO: mon 20:30 America/Bogota",
		"es": "se llama según la hora de todos los lugares donde pueda estar la persona: lun-vie 07:00-19:00, sáb 08:00-15:00, y no en festivos de CO: lun 20:30 America/Bogota",
	} {
		if got := v.Refusals[0].Text[language]; got != want {
			t.Errorf("%s", got)
		}
	}
}

// TestShipped: each profile rules what a campaign needs, today and for every purpose.
func TestShipped(t *testing.T) {
	t.Parallel()
	profiles := compliance.Shipped()
	if got := strings.Join(slices.Sorted(maps.Keys(profiles)), " "); got != "BR CO ES MX UK US" {
		t.Errorf("profiles %s", got)
	}
	now := moment(t, "2026-11-30T12:00:00Z")
	for id, p := range profiles {
		for _, purpose := range compliance.Purposes {
			terms := p.Terms(now, purpose)
			if terms.Abandon == nil || terms.MinRing == 0 || terms.Message == nil {
				t.Errorf("%s, %s: %+v", id, purpose, terms)
			}
			kinds := map[compliance.Kind]bool{}
			for _, r := range p.Rules {
				kinds[r.Kind] = kinds[r.Kind] || r.InForce(now) && r.Is(purpose)
			}
			if !kinds[compliance.KindHours] || !kinds[compliance.KindCallerID] {
				t.Errorf("%s, %s: no hours or no rule of the caller id", id, purpose)
			}
		}
		for _, r := range p.Rules {
			says := r.Says()
			if r.Law.In("en") == "" || r.Law.In("es") == "" || says["en"] == "" || says["es"] == "" || strings.Contains(says["en"]+says["es"], "%!") {
				t.Errorf("%s, %s: %q", id, r.ID, says)
			}
			if (r.Confirm["en"] == "") != (r.Confirm["es"] == "") {
				t.Errorf("%s, %s: what counsel should look at is in one language only", id, r.ID)
			}
		}
	}
}

// TestTermsAreTheStrictest: on the day on which a rule follows another both hold.
func TestTermsAreTheStrictest(t *testing.T) {
	t.Parallel()
	uk := compliance.Shipped()["UK"]
	for at, want := range map[string]float64{"2017-02-27T12:00:00Z": 3, "2017-02-28T12:00:00Z": 1, "2026-01-01T12:00:00Z": 1} {
		if got := uk.Terms(moment(t, at), ""); got.Abandon.Percent != want {
			t.Errorf("%s: %v, want %v", at, got.Abandon.Percent, want)
		}
	}
	own, faults := compliance.Read("own.yaml", `
profile: ours
name: {en: ours}
extends: US
read: 2026-11-30
rules:
  - {id: message-2, kind: message, within: 1s, says: [purpose, name], from: 2020-01-01, law: ours, basis: assumed}
  - {id: ring-2, kind: ring, least: 20s, from: 2020-01-01, law: ours, basis: assumed}
  - {id: abandon-2, kind: abandon, percent: 5, window: 24h, threshold: 1s, from: 2020-01-01, law: ours, basis: assumed}
`)
	if faults != nil {
		t.Fatal(faults)
	}
	terms := own.Terms(moment(t, "2026-01-01T12:00:00Z"), compliance.PurposeSales)
	if terms.Abandon.Percent != 3 || terms.MinRing != 20*time.Second || terms.Message.Within != time.Second || len(terms.Message.Says) != 4 {
		t.Errorf("%+v, %+v", terms, terms.Message)
	}
}

// TestDaysAreThoseOfEveryZone: a day, and a week, is over when it is over everywhere.
func TestDaysAreThoseOfEveryZone(t *testing.T) {
	t.Parallel()
	own, faults := compliance.Read("own.yaml", `
profile: ours
name: {en: ours}
read: 2026-11-30
rules:
  - {id: daily, kind: cap, counts: attempts, most: 2, per: day, channels: all, from: 2020-01-01, law: ours, basis: assumed}
  - {id: weekly, kind: cap, counts: attempts, most: 3, per: week, same: number, from: 2020-01-01, law: ours, basis: assumed}
`)
	if faults != nil {
		t.Fatal(faults)
	}
	contact := func(at, number string) compliance.Contact {
		return compliance.Contact{At: moment(t, at), Channel: compliance.ChannelCall, Number: number}
	}
	both := zones(t, "Europe/Madrid", "America/Bogota")
	monday := []compliance.Contact{contact("2026-01-19T10:00:00Z", office), contact("2026-01-19T22:30:00Z", bogota)} // 23:30 in Madrid
	week := []compliance.Contact{contact("2026-01-12T06:00:00Z", bogota), contact("2026-01-14T10:00:00Z", bogota), contact("2026-01-18T10:00:00Z", bogota)}
	for _, r := range []struct {
		name, at string
		history  []compliance.Contact
		opens    string
	}{
		{"Tuesday in Madrid, Monday in Bogotá", "2026-01-19T23:30:00Z", monday, "2026-01-20T05:00:00Z"},
		{"Tuesday in both", "2026-01-20T05:00:00Z", monday, "2026-01-20T05:00:00Z"},
		{"one of Monday alone", "2026-01-19T23:30:00Z", monday[:1], "2026-01-19T23:30:00Z"},
		{"Monday in Madrid, Sunday in Bogotá", "2026-01-19T01:00:00Z", week, "2026-01-19T05:00:00Z"},
		{"another number", "2026-01-19T01:00:00Z", append([]compliance.Contact{contact("2026-01-12T06:00:00Z", office)}, week[1:]...), "2026-01-19T01:00:00Z"},
	} {
		v := own.Decide(moment(t, r.at), compliance.Call{}, compliance.Callee{Number: bogota, Zones: both}, r.history)
		if got := v.Opens.UTC().Format(time.RFC3339); got != r.opens {
			t.Errorf("%s: opens %s (%s), want %s", r.name, got, rulesOf(v), r.opens)
		}
	}
	// Where nobody knows the zone, no day and no week of theirs is longer than this.
	if v := own.Decide(moment(t, "2026-01-20T10:00:00Z"), compliance.Call{}, compliance.Callee{Number: bogota}, monday); !v.Allowed() {
		t.Errorf("a day after the first of two: %s", rulesOf(v))
	}
	if v := own.Decide(moment(t, "2026-01-20T09:59:59Z"), compliance.Call{}, compliance.Callee{Number: bogota}, monday); v.Allowed() {
		t.Error("within a day of both, wherever they are")
	}
}

// TestCallsOfOthers: a rule is about what agents dial, and callbacks, where it says so: it refuses
// them, and counts what they were; else it knows nothing of them.
func TestCallsOfOthers(t *testing.T) {
	t.Parallel()
	now := moment(t, "2026-11-30T15:00:00Z")
	rule := func(id string, besides ...compliance.Maker) compliance.Rule {
		return compliance.Rule{ID: id, Kind: compliance.KindCap, From: "2020-01-01", Besides: besides,
			Detail: &compliance.Cap{Counts: compliance.CountConversations, Most: 1, Per: "day", Same: compliance.SamePerson}}
	}
	p := compliance.Profile{ID: "own", Rules: []compliance.Rule{rule("campaigns"), rule("agents", compliance.MakerAgents), rule("all", compliance.MakerAgents, compliance.MakerCallbacks)}}
	had := func(m compliance.Maker) []compliance.Contact {
		return []compliance.Contact{{At: now.Add(-time.Hour), Channel: compliance.ChannelCall, Number: bogota, Spoke: true, Maker: m}}
	}
	for _, r := range []struct {
		is, was compliance.Maker
		want    string
	}{
		{"", "", "campaigns agents all"}, {"", compliance.MakerAgents, "agents all"}, {"", compliance.MakerCallbacks, "all"},
		{compliance.MakerAgents, "", "agents all"}, {compliance.MakerAgents, compliance.MakerAgents, "agents all"}, {compliance.MakerAgents, compliance.MakerCallbacks, "all"},
		{compliance.MakerCallbacks, "", "all"}, {compliance.MakerCallbacks, compliance.MakerAgents, "all"}, {compliance.MakerCallbacks, compliance.MakerCallbacks, "all"},
	} {
		if got := rulesOf(p.Decide(now, compliance.Call{Maker: r.is}, compliance.Callee{Number: bogota, Zones: zones(t, "America/Bogota")}, had(r.was))); got != r.want {
			t.Errorf("of %q after %q: %q, want %q", r.is, r.was, got, r.want)
		}
	}
	if text := p.Rules[2].Says()["es"]; !strings.HasSuffix(text, "; también para lo que marcan los agentes; también para las devoluciones de llamada") || p.Rules[2].Says()["es"] != text {
		t.Error(text)
	}
}

// TestOwnRulesOnlyAdd: what a profile of one's own adds takes nothing away from the rules that
// it extends: not their time for an agent, nor what that is counted from, nor their window.
func TestOwnRulesOnlyAdd(t *testing.T) {
	t.Parallel()
	p, faults := compliance.Read("p.yaml", `
profile: ours
name: {en: Ours, es: La nuestra}
extends: UK
read: 2026-11-30
rules:
  - {id: half, kind: abandon, percent: 0.5, window: 720h, threshold: 20s, starts: greeting_end, from: 2020-01-01, law: ours, basis: assumed}
`)
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	uk := compliance.Shipped()["UK"].Terms(now, compliance.PurposeSales)
	own := p.Terms(now, compliance.PurposeSales)
	if own.Abandon.Threshold > uk.Abandon.Threshold {
		t.Errorf("a call is abandoned after %v by UK, and after %v by a profile that extends it", uk.Abandon.Threshold, own.Abandon.Threshold)
	}
	if own.Greeted() && !uk.Greeted() {
		t.Error("UK counts from the answer, and a profile that extends it from the end of the greeting")
	}
	if uk.Abandon.FalseMachines && !own.Abandon.FalseMachines {
		t.Error("UK counts people taken for machines, and a profile that extends it does not")
	}
	if own.Abandon.Window != uk.Abandon.Window {
		t.Errorf("the limit of %v%% over %v of UK is held by nobody: the pacer has %v%% over %v", uk.Abandon.Percent, uk.Abandon.Window, own.Abandon.Percent, own.Abandon.Window)
	}
}
