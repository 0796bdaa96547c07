package gate_test

import (
	"testing"

	"github.com/operadora/operadora/orchestrator/fault"
	"github.com/operadora/operadora/orchestrator/gate"
)

var madrid = gate.Gate{"madrid": {
	Dial: "PJSIP/{number}@trunk", Allow: []string{"+34", "9", "112"}, Deny: []string{"+34807", "905"},
}}

func TestDestination(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, pbx, number, want string }{
		{"allowed", "madrid", "+34910000001", "PJSIP/+34910000001@trunk"},
		{"exact prefix", "madrid", "112", "PJSIP/112@trunk"},
		{"other prefix", "madrid", "+4420000000", ""},
		{"premium", "madrid", "+34807123456", ""},
		{"premium, national", "madrid", "905123456", ""},
		{"unknown PBX", "lima", "+34910000001", ""},
		{"empty", "madrid", "", ""},
		{"second channel", "madrid", "910&PJSIP/x@trunk", ""},
		{"other host", "madrid", "910@evil", ""},
		{"option", "madrid", "910,30,g", ""},
		{"newline", "madrid", "910\n1", ""},
		{"plus inside", "madrid", "91+0", ""},
		{"arabic digits", "madrid", "9١٢", ""},
		{"too long", "madrid", "9123456789012345", ""},
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
		{"no number in it", gate.Policy{Dial: "PJSIP/trunk"}, false},
		{"two channels", gate.Policy{Dial: "PJSIP/{number}@a&PJSIP/b"}, false},
		{"prefix with letters", gate.Policy{Allow: []string{"+3x"}}, false},
		{"negative length", gate.Policy{MaxDigits: -1}, false},
	}
	for _, r := range rows {
		if err := r.p.Validate(); (err == nil) != r.ok {
			t.Errorf("%s: %v", r.name, err)
		}
	}
}
