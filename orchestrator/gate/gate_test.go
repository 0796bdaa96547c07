package gate_test

import (
	"strings"
	"testing"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
)

var madrid = gate.Gate{"madrid": {
	Dial: "PJSIP/{number}@trunk", Region: "ES", Allow: []string{"+34", "+44"}, Deny: []string{"+34960", "+4420"},
	Short: []string{"112", "50XX", "*72", "*34*900"},
}}

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
		got, err := madrid.Destination(r.pbx, r.number)
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
	open := gate.Gate{"madrid": {Dial: "PJSIP/00{digits}@trunk", Allow: []string{"+"}, Premium: true}}
	if got, err := open.Destination("madrid", "+34807123456"); err != nil || got != "PJSIP/0034807123456@trunk" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := open.Destination("madrid", "0034807123456"); err != nil || got != "PJSIP/0034807123456@trunk" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := open.Destination("madrid", "807123456"); err == nil {
		t.Errorf("without a region a national number went to %q", got)
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for endpoint, ok := range map[string]bool{
		"PJSIP/101": true, "SIP/ana.lopez-2": true, "Local/5@x": false, "PJSIP/101&PJSIP/102": false,
		"PJSIP/910@trunk": false, "": false, "PJSIP/": false, "PJSIP/101\n": false,
	} {
		if err := madrid.Endpoint("madrid", endpoint); (err == nil) != ok {
			t.Errorf("%q: %v", endpoint, err)
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
