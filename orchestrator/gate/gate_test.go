package gate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/operadora/operadora/orchestrator"
	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
)

var madrid = gate.Gate{"madrid": {
	Dial: "PJSIP/{number}@trunk", Region: "ES", Allow: []string{"+34", "+44"}, Deny: []string{"+34960", "+4420"},
	Short: []string{"112", "50XX", "*72", "*34*900"},
}}

// reach asks a gate for a number at no time in particular.
func reach(g gate.Gate, pbx, number string) (string, error) {
	way, err := g.Outside(orchestrator.Outside{PBX: pbx, Number: number}, time.Time{})
	return way.Endpoint, err
}

func TestDestination(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, pbx, number, want string }{
		{"allowed", "madrid", "+34910000001", "PJSIP/+34910000001@trunk"},
		{"national", "madrid", "910000001", "PJSIP/+34910000001@trunk"},
		{"with 00", "madrid", "0034910000001", "PJSIP/+34910000001@trunk"},
		{"country code alone", "madrid", "34910000001", "PJSIP/+34910000001@trunk"},
		{"as people write it", "madrid", "+34 (91) 000-00.01", "PJSIP/+34910000001@trunk"},
		{"another country", "madrid", "+441614960000", "PJSIP/+441614960000@trunk"},
		{"another country, its trunk prefix", "madrid", "0044 (0)161 496 0000", "PJSIP/+441614960000@trunk"},
		{"short", "madrid", "112", "PJSIP/112@trunk"},
		{"short, any digit", "madrid", "5017", "PJSIP/5017@trunk"},
		{"feature code that is listed", "madrid", "*72", "PJSIP/*72@trunk"},
		{"short that is not listed", "madrid", "1004", ""},
		{"short, more digits", "madrid", "50170", ""},
		{"short, a star for a digit", "madrid", "50*7", ""},
		{"feature code that is not listed", "madrid", "*73", ""},
		{"feature code with more behind it", "madrid", "*72910000001", ""},
		{"country that is not allowed", "madrid", "+33140000000", ""},
		{"denied", "madrid", "+34960000001", ""},
		{"denied, a star inside", "madrid", "+34*960000001", ""},
		{"denied, a hash inside", "madrid", "+34960#000001", ""},
		{"denied, 00", "madrid", "0034960000001", ""},
		{"denied, national", "madrid", "960000001", ""},
		{"denied, as people write it", "madrid", "+34 960 00 00 01", ""},
		{"denied, the trunk prefix that the country does not have", "madrid", "+340960000001", ""},
		{"denied abroad, with its trunk prefix", "madrid", "00440 20 7946 0958", ""},
		{"premium", "madrid", "807123456", ""},
		{"premium, in full", "madrid", "+34807123456", ""},
		{"shared cost", "madrid", "902123456", ""},
		{"unknown PBX", "lima", "+34910000001", ""},
		{"empty", "madrid", "", ""},
		{"a plus", "madrid", "+", ""},
		{"too short", "madrid", "91000000", ""},
		{"too long", "madrid", "9100000012", ""},
		{"much too long", "madrid", strings.Repeat("9", 100), ""},
		{"second channel", "madrid", "910000001&PJSIP/x@trunk", ""},
		{"other host", "madrid", "910000001@evil", ""},
		{"option", "madrid", "910000001,30,g", ""},
		{"extension", "madrid", "910000001;ext=5", ""},
		{"newline", "madrid", "910000001\n1", ""},
		{"plus inside", "madrid", "91+0000001", ""},
		{"two pluses", "madrid", "++34910000001", ""},
		{"arabic digits", "madrid", "٩10000001", ""},
		{"fullwidth plus", "madrid", "＋34910000001", ""},
		{"letters", "madrid", "9100FLOWER", ""},
	}
	for _, r := range rows {
		got, err := reach(madrid, r.pbx, r.number)
		if got != r.want {
			t.Errorf("%s: got %q, want %q", r.name, got, r.want)
		}
		if (err == nil) != (r.want != "") || (err != nil && fault.KindOf(err) != fault.Denied) {
			t.Errorf("%s: error %v", r.name, err)
		}
	}
}

func TestPremiumIsOpenedByPolicy(t *testing.T) {
	t.Parallel()
	open := gate.Gate{"madrid": {Dial: "PJSIP/00{digits}@trunk", Allow: []string{"+"}, Cost: gate.CostPremium}}
	if got, err := reach(open, "madrid", "+34807123456"); err != nil || got != "PJSIP/0034807123456@trunk" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := reach(open, "madrid", "0034807123456"); err != nil || got != "PJSIP/0034807123456@trunk" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := reach(open, "madrid", "807123456"); err == nil {
		t.Errorf("without a region a national number went to %q", got)
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for endpoint, ok := range map[string]bool{
		"PJSIP/101": true, "SIP/ana.lopez-2": true, "Local/5@x": false, "PJSIP/101&PJSIP/102": false,
		"PJSIP/910@trunk": false, "": false, "PJSIP/": false, "PJSIP/101\n": false,
	} {
		way, err := madrid.Phone(orchestrator.PhoneAt{PBX: "madrid", Endpoint: endpoint})
		if (err == nil) != ok || ok && way != endpoint {
			t.Errorf("%q: %q, %v", endpoint, way, err)
		}
	}
}

// TestReach: a phone at another PBX is rung over the trunk that the configuration
// names, and over no other.
func TestReach(t *testing.T) {
	t.Parallel()
	g := gate.Gate{"a": {Reach: gate.Reach{"f": "PJSIP/{endpoint}@to-f"}}, "f": {Reach: gate.Reach{"a": "sofia/gateway/to-a/9{endpoint}"}}}
	for _, row := range []struct {
		p    orchestrator.PhoneAt
		want string
	}{
		{orchestrator.PhoneAt{PBX: "a", At: "a", Endpoint: "PJSIP/101"}, "PJSIP/101"},
		{orchestrator.PhoneAt{PBX: "a", At: "f", Endpoint: "user/101"}, "PJSIP/101@to-f"},
		{orchestrator.PhoneAt{PBX: "f", At: "a", Endpoint: "PJSIP/ana.lopez-2"}, "sofia/gateway/to-a/9ana.lopez-2"},
		{orchestrator.PhoneAt{PBX: "a", At: "b", Endpoint: "PJSIP/101"}, ""},
		{orchestrator.PhoneAt{PBX: "b", At: "a", Endpoint: "PJSIP/101"}, ""},
		{orchestrator.PhoneAt{PBX: "a", At: "f", Endpoint: "user/101@elsewhere"}, ""},
	} {
		if way, err := g.Phone(row.p); way != row.want || (err == nil) != (row.want != "") {
			t.Errorf("%+v: %q, %v", row.p, way, err)
		}
	}
	for way, ok := range map[string]bool{
		"PJSIP/{endpoint}@to-f": true, "PJSIP/to-f/sip:{endpoint}@192.0.2.1:5060": true, "sofia/gateway/to-a/{endpoint}": true,
		"PJSIP/101@to-f": false, "Local/{endpoint}@x": false, "PJSIP/{endpoint}": false, "PJSIP/{endpoint}@a&PJSIP/102": false, "": false,
	} {
		if err := (gate.Reach{"f": way}).Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", way, err)
		}
	}
}

func TestPolicyValidate(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		p    gate.Policy
		ok   bool
	}{
		{"empty", gate.Policy{}, true},
		{"full", madrid["madrid"], true},
		{"everything", gate.Policy{Allow: []string{"+"}}, true},
		{"by a proxy", gate.Policy{Dial: "PJSIP/trunk/sip:{number}@proxy.example:5060"}, true},
		{"no number in it", gate.Policy{Dial: "PJSIP/trunk"}, false},
		{"two channels", gate.Policy{Dial: "PJSIP/{number}@a&PJSIP/b"}, false},
		{"no country", gate.Policy{Region: "Spain"}, false},
		{"prefix with letters", gate.Policy{Allow: []string{"+3x"}}, false},
		{"national prefix", gate.Policy{Region: "ES", Allow: []string{"91"}}, false},
		{"prefix with 00", gate.Policy{Deny: []string{"0034807"}}, false},
		{"prefix of no country", gate.Policy{Deny: []string{"+0"}}, false},
		{"hours", gate.Policy{Hours: []string{"mon-fri 09:00-20:00", "sat 10:00-24:00"}, Zone: "Europe/Madrid"}, true},
		{"hours of no day", gate.Policy{Hours: []string{"workdays 09:00-20:00"}}, false},
		{"hours that end before they begin", gate.Policy{Hours: []string{"fri 20:00-09:00"}}, false},
		{"hours past the day", gate.Policy{Hours: []string{"fri 20:00-24:30"}}, false},
		{"no time zone", gate.Policy{Zone: "Europe/Madird"}, false},
		{"no class of cost", gate.Policy{Cost: "cheap"}, false},
		{"a cap below 0", gate.Policy{MaxCalls: -1}, false},
		{"short with a plus", gate.Policy{Short: []string{"+112"}}, false},
		{"short that is a number", gate.Policy{Region: "ES", Short: []string{"910000001"}}, false},
		{"short that is a number in a small country", gate.Policy{Region: "AD", Short: []string{"823456"}}, false},
		{"short that could be any number", gate.Policy{Short: []string{"*XXXXXXXXX"}}, false},
	}
	for _, r := range rows {
		if err := r.p.Validate(); (err == nil) != r.ok {
			t.Errorf("%s: %v", r.name, err)
		}
	}
}

// TestRules: each rule refuses by its name, and what it does not say anything of passes.
func TestRules(t *testing.T) {
	t.Parallel()
	with := func(change func(*gate.Policy)) gate.Gate {
		p := gate.Policy{Dial: "PJSIP/{number}@trunk", Region: "ES", Allow: []string{"+"}, Deny: []string{"+1876"}}
		change(&p)
		return gate.Gate{"madrid": p}
	}
	hours := func(p *gate.Policy) {
		p.Hours, p.Zone = []string{"mon-fri 09:00-20:00", "sat-sun 10:00-14:00"}, "Europe/Madrid"
	}
	upTo := func(c gate.Cost) func(*gate.Policy) { return func(p *gate.Policy) { p.Cost = c } }
	asIs := func(*gate.Policy) {}
	summer := time.Date(2026, 7, 17, 0, 0, 0, 0, time.UTC) // a Friday, Madrid is two hours ahead
	rows := []struct {
		name   string
		change func(*gate.Policy)
		number string
		offNet bool
		at     time.Time
		rule   string // "" passes
	}{
		{"as it comes", asIs, "910000001", false, summer, ""},
		{"no trunk", func(p *gate.Policy) { p.Dial = "" }, "910000001", false, summer, "outbound.dial: "},
		{"forbidden prefix", asIs, "+18765551234", false, summer, "outbound.deny: "},
		{"no allowed prefix", func(p *gate.Policy) { p.Allow = []string{"+44"} }, "910000001", false, summer, "outbound.allow: "},
		{"from outside to outside", asIs, "910000001", true, summer, "outbound.outside_to_outside: "},
		{"from outside to outside, allowed", func(p *gate.Policy) { p.OutsideToOutside = true }, "910000001", true, summer, ""},
		{"before the hours", hours, "910000001", false, summer.Add(6*time.Hour + 59*time.Minute), "outbound.hours: "},
		{"within the hours", hours, "910000001", false, summer.Add(7 * time.Hour), ""},
		{"after the hours", hours, "910000001", false, summer.Add(18 * time.Hour), "outbound.hours: "},
		{"within Saturday's", hours, "910000001", false, summer.Add(33 * time.Hour), ""},
		{"within Friday's on a Saturday", hours, "910000001", false, summer.Add(39 * time.Hour), "outbound.hours: "},
		{"on Sunday", hours, "910000001", false, summer.Add(57 * time.Hour), ""},
		{"whether it could ever be called", hours, "910000001", false, time.Time{}, ""},
		{"free", upTo(gate.CostFree), "900123456", false, summer, ""},
		{"national where no more than free is", upTo(gate.CostFree), "910000001", false, summer, "outbound.cost: "},
		{"national", upTo(gate.CostNational), "910000001", false, summer, ""},
		{"mobile where no more than national is", upTo(gate.CostNational), "612345678", false, summer, "outbound.cost: "},
		{"mobile", upTo(gate.CostMobile), "612345678", false, summer, ""},
		{"international where no more than mobile is", upTo(gate.CostMobile), "+441614960000", false, summer, "outbound.cost: "},
		{"international", asIs, "+441614960000", false, summer, ""},
		{"premium", asIs, "807123456", false, summer, "outbound.cost: "},
		{"premium of another country", asIs, "+44 909 8790000", false, summer, "outbound.cost: "},
		{"premium, allowed", upTo(gate.CostPremium), "807123456", false, summer, ""},
	}
	for _, r := range rows {
		_, err := with(r.change).Outside(orchestrator.Outside{PBX: "madrid", Number: r.number, OffNet: r.offNet}, r.at)
		switch {
		case r.rule == "" && err != nil:
			t.Errorf("%s: %v", r.name, err)
		case r.rule != "" && (fault.KindOf(err) != fault.Denied || !strings.Contains(err.Error(), r.rule)):
			t.Errorf("%s: %v, want a refusal by %q", r.name, err, r.rule)
		}
	}
	way, err := with(func(p *gate.Policy) { p.MaxLength = time.Hour }).Outside(orchestrator.Outside{PBX: "madrid", Number: "910000001"}, summer)
	if err != nil || way.Most != time.Hour || way.Endpoint != "PJSIP/+34910000001@trunk" {
		t.Errorf("the way is %+v, %v", way, err)
	}
}

// TestMeter: caps hold for all calls of a trunk together; a call that was let go
// is let go again, and what has ended makes room.
func TestMeter(t *testing.T) {
	t.Parallel()
	var m gate.Meter
	now := time.UnixMilli(1_800_000_000_000)
	take := func(channel string, caps orchestrator.Caps, want time.Duration, rule string) {
		t.Helper()
		wait, err := m.Take(channel, caps, now)
		if rule == "" && (err != nil || wait != want) {
			t.Errorf("%s: waits %v, %v, want %v", channel, wait, err, want)
		}
		if rule != "" && (fault.KindOf(err) != fault.Denied || !strings.Contains(err.Error(), rule)) {
			t.Errorf("%s: %v, want a refusal by %q", channel, err, rule)
		}
	}
	two := orchestrator.Caps{Calls: 2}
	m.Count("adopted")
	take("a", two, 0, "")
	take("a", two, 0, "")
	take("b", two, 0, "outbound.max_calls: ")
	m.Free("adopted")
	m.Free("adopted")
	take("b", two, 0, "")
	take("c", two, 0, "outbound.max_calls: ")
	m = gate.Meter{}
	fast := orchestrator.Caps{PerSecond: 2}
	take("1", fast, 0, "")
	now = now.Add(400 * time.Millisecond)
	take("2", fast, 0, "")
	take("3", fast, 600*time.Millisecond, "")
	take("4", fast, time.Second, "")
	take("5", fast, 1600*time.Millisecond, "")
	take("6", fast, 2*time.Second, "")
	take("7", fast, 0, "outbound.calls_per_second: ")
	m.Free("7")
	now = now.Add(5 * time.Second)
	take("7", fast, 0, "")
	take("8", orchestrator.Caps{}, 0, "")
}

// TestNumberHasOneForm: a number that a trunk shows is the same however it is written, and
// what is none stays what it is.
func TestNumberHasOneForm(t *testing.T) {
	t.Parallel()
	g := gate.Gate{"madrid": {Region: "ES"}, "london": {Region: "GB"}, "open": {}}
	for _, r := range []struct{ pbx, shown, want string }{
		{"madrid", "910000001", "+34910000001"}, {"madrid", "34910000001", "+34910000001"}, {"madrid", "0034910000001", "+34910000001"},
		{"madrid", "+34910000001", "+34910000001"}, {"london", "02079460958", "+442079460958"}, {"open", "0034910000001", "+34910000001"},
		{"open", "910000001", "910000001"}, {"none", "910000001", "910000001"}, {"madrid", "101", "101"}, {"madrid", "anonymous", "anonymous"}, {"madrid", "", ""},
	} {
		if got := g.Number(r.pbx, r.shown); got != r.want {
			t.Errorf("%q on %s is %q, want %q", r.shown, r.pbx, got, r.want)
		}
	}
	for _, r := range []struct {
		pbx, number string
		want        []string
	}{
		{"madrid", "+34910000001", []string{"910000001"}}, {"london", "+442079460958", []string{"2079460958", "02079460958"}},
		{"madrid", "+442079460958", nil}, {"open", "+34910000001", nil}, {"madrid", "101", nil},
	} {
		if got := g.Forms(r.pbx, r.number); !slices.Equal(got, r.want) {
			t.Errorf("%s writes %s as %q, want %q", r.pbx, r.number, got, r.want)
		}
	}
	if got := g.Written("0034910000001"); !slices.Equal(got, []string{"0034910000001", "+34910000001"}) {
		t.Errorf("the numbers that it may be are %q", got)
	}
}
